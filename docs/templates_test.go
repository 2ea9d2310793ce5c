package docs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"countersign/internal/cli"
)

// fileNames are what a template of each language is saved as.
var fileNames = map[string]string{"json": "template.json", "yaml": "template.yaml", "terraform": "main.tf"}

func TestEveryTemplateInThePageIsJudgedAsThePageClaims(t *testing.T) {
	seen := map[string]int{}
	for _, at := range readExamples(t, page) {
		if !at.claim.has("template") {
			continue
		}
		seen[at.language]++
		t.Run(fmt.Sprintf("line %d %s", at.line, at.language), func(t *testing.T) {
			name := fileNames[at.language]
			if name == "" {
				t.Fatalf("%s:%d: no templates are written in %q", page, at.line, at.language)
			}
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, []byte(at.text), 0o600); err != nil {
				t.Fatal(err)
			}
			verdicts := scanned(t, path)
			if want := at.claim.one("verdict"); len(verdicts) != 1 || verdicts[0] != want {
				t.Errorf("%s:%d: the verdicts are %v, the page claims %s", page, at.line, verdicts, want)
			}
		})
	}
	// Three forms: MFA, external ID, both; Terraform in two ways.
	if seen["json"] != 3 || seen["yaml"] != 3 || seen["terraform"] != 6 {
		t.Errorf("templates by language: %v", seen)
	}
}

// scanned judges a file with the program, and returns the verdicts.
func scanned(t *testing.T, path string) (verdicts []string) {
	t.Helper()
	var out, messages bytes.Buffer
	arguments := []string{"scan", "--all", "--format", "json", "--account", subject.Account, "--at", "1970-01-01", path}
	if code := cli.Run(context.Background(), arguments, cli.Streams{In: &bytes.Buffer{}, Out: &out, Err: &messages}); code > 1 {
		t.Fatalf("exit code %d: %s%s", code, messages.String(), out.String())
	}
	var report struct{ Results []struct{ Verdict string } }
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	for _, result := range report.Results {
		verdicts = append(verdicts, result.Verdict)
	}
	return verdicts
}
