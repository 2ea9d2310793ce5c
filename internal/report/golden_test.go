package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/report/schematest"
	"countersign/internal/rule"
	"countersign/internal/thirdparty"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-golden +got):\n%s", path, diff)
	}
}

// theDay is when the sample reports are made.
var theDay = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

var sampleOptions = Options{
	Now:          theDay,
	Scanned:      []string{"examples/account.json"},
	Width:        80,
	AccountNames: map[string]string{account: "production", "777788889999": "Acme Audits"},
	Parties:      thirdparty.New([]thirdparty.Owner{{Name: "Acme Audits", Kind: "auditor", Accounts: []string{"777788889999"}}}),
	Version:      "1.2.3",
	Zone: Zone{
		Organization:  "o-exampleorg1",
		Accounts:      []ZoneAccount{{ID: "222233334444", Name: "shared services"}, {ID: "333344445555", Roles: []string{"Deploy"}}},
		Organizations: []string{"o-partner3333"},
	},
}

// write makes a whole report.
func write(t *testing.T, format string, options Options, findings []*rule.Finding, summary audit.Summary) []byte {
	t.Helper()
	var out bytes.Buffer
	writer, err := New(format, &out, options)
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range findings {
		if err := writer.Finding(finding); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(summary); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestReportsLookLikeTheGoldenFiles(t *testing.T) {
	findings, summary := everything(t)
	with := func(change func(*Options)) Options {
		options := sampleOptions
		change(&options)
		return options
	}
	for _, test := range []struct {
		file, format string
		options      Options
	}{
		{"text.golden", "text", sampleOptions},
		{"text-all.golden", "text", with(func(o *Options) { o.All = true })},
		{"text-compliance.golden", "text", with(func(o *Options) { o.Compliance = []string{"aws-ftr", "mas-notice-655"} })},
		{"text-color.golden", "text", with(func(o *Options) { o.Color, o.All = true, true })},
		{"text-narrow.golden", "text", with(func(o *Options) { o.Width = 50 })},
		{"text-quiet-shown.golden", "text", with(func(o *Options) { o.Quiet, o.ShowExternalIDs = true, true })},
		{"report.json.golden", "json", with(func(o *Options) { o.All, o.Compliance = true, []string{"mas-notice-655"} })},
		{"report.html.golden", "html", with(func(o *Options) { o.All = true })},
		{"report.jsonl.golden", "jsonl", with(func(o *Options) { o.Compliance = []string{"mas-notice-655"} })},
	} {
		t.Run(test.file, func(t *testing.T) {
			got := write(t, test.format, test.options, findings, summary)
			switch test.format {
			case "json":
				schematest.Document(t, got)
			case "jsonl":
				schematest.Lines(t, got)
			case "html":
				selfContained(t, got)
				got = rest(got)
			}
			golden(t, test.file, got)
		})
	}
}

func TestEmptyReportsLookLikeTheGoldenFiles(t *testing.T) {
	for _, format := range Formats {
		got := write(t, format.Name, Options{Now: theDay}, nil, audit.Summary{Roles: 2, Pass: 2})
		switch format.Name {
		case "json":
			schematest.Document(t, got)
		case "jsonl":
			schematest.Lines(t, got)
		case "html":
			selfContained(t, got)
			got = rest(got)
		}
		golden(t, "empty."+format.Name+".golden", got)
	}
}

func TestExplanationsLookLikeTheGoldenFiles(t *testing.T) {
	findings, _ := everything(t)
	for _, finding := range findings {
		name := finding.Role.Name
		if !plainName.MatchString(name) {
			name = "Hostile"
		}
		if name == "Guarded" && len(finding.Verdict.Warnings) > 0 {
			name = "GuardedWarned"
		}
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := Explain(&out, finding, sampleOptions); err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("explain", name+".golden"), out.Bytes())
		})
	}
}
