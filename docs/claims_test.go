package docs_test

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// example is a fenced block of a page together with the claim made of it in the
// comment right before it.
type example struct {
	page     string
	line     int // of the claim, 1-based
	section  string
	language string
	text     string
	claim    claim
}

// claim is what a comment says of the block below it: words, each with the
// values that follow it.
//
//	<!-- verdict: fail reason: no-condition -->
//	<!-- verdict: pass protection: mfa deny warning: iam-would-reject -->
//	<!-- verdict: fail reason: external-id-empty exploitable: false -->
//	<!-- template: verdict: pass -->
//	<!-- rcp: NAME -->  and  <!-- verdict: pass protection: mfa rcp with-rcp: NAME -->
type claim map[string][]string

var claimWords = []string{"verdict", "reason", "protection", "warning", "exploitable", "template", "rcp", "with-rcp"}

func (c claim) has(word string) bool { _, ok := c[word]; return ok }

func (c claim) one(word string) string {
	if len(c[word]) == 0 {
		return ""
	}
	return c[word][0]
}

// readExamples returns the claimed blocks of a page. A claim that no block
// follows, or that has an unknown word, fails the test: it would claim nothing.
func readExamples(t *testing.T, path string) []example {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var found []example
	section := ""
	lines := strings.Split(string(text), "\n")
	for i := 0; i < len(lines); i++ {
		if heading, ok := strings.CutPrefix(lines[i], "### "); ok {
			section = heading
		}
		if !strings.HasPrefix(lines[i], "<!--") {
			continue
		}
		at := example{page: path, line: i + 1, section: section, claim: readClaim(t, path, i+1, lines[i])}
		if i+1 == len(lines) || !strings.HasPrefix(lines[i+1], "```") {
			t.Fatalf("%s:%d: no block follows the claim", path, at.line)
		}
		at.language = strings.TrimPrefix(lines[i+1], "```")
		end := slices.Index(lines[i+2:], "```")
		if end < 0 {
			t.Fatalf("%s:%d: the block does not end", path, at.line)
		}
		at.text = strings.Join(lines[i+2:i+2+end], "\n") + "\n"
		found = append(found, at)
		i += 2 + end
	}
	return found
}

func readClaim(t *testing.T, path string, line int, comment string) claim {
	t.Helper()
	inside, ok := strings.CutSuffix(strings.TrimPrefix(comment, "<!--"), "-->")
	if !ok {
		t.Fatalf("%s:%d: a claim stands on one line", path, line)
	}
	read, word := claim{}, ""
	for _, field := range strings.Fields(inside) {
		if name, isWord := strings.CutSuffix(field, ":"); isWord {
			if !slices.Contains(claimWords, name) {
				t.Fatalf("%s:%d: unknown word %q in a claim", path, line, name)
			}
			word = name
			read[word] = nil
			continue
		}
		if word == "" {
			t.Fatalf("%s:%d: a claim begins with a word and a colon", path, line)
		}
		read[word] = append(read[word], field)
	}
	return read
}
