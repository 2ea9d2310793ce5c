package report

import (
	"bytes"
	"context"
	"testing"

	"countersign/internal/audit"
	"countersign/internal/report/schematest"
	"countersign/internal/role"
	"countersign/internal/rule"
	files "countersign/internal/source"

	"pgregory.net/rapid"
)

// ofTheExample writes the report of the invented account in examples, as of a
// fixed day.
func ofTheExample(t *testing.T, format string, options Options, concurrency int) []byte {
	t.Helper()
	var out bytes.Buffer
	options.Now = theDay
	options.Version = "1.2.3"
	writer, err := New(format, &out, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir("../..")
	found := files.NewFiles([]string{"examples/account.json"}, nil, files.Options{})
	summary, err := audit.Run(context.Background(), []audit.Source{found}, audit.Options{
		Now: options.Now, Concurrency: concurrency, Keep: func(*rule.Finding) bool { return true },
	}, writer)
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(summary); err != nil {
		t.Fatal(err)
	}
	t.Chdir("internal/report")
	return out.Bytes()
}

func TestReportsOfTheExampleAccountLookLikeTheGoldenFiles(t *testing.T) {
	for _, format := range Formats {
		t.Run(format.Name, func(t *testing.T) {
			got := ofTheExample(t, format.Name, sampleOptions, 2)
			switch format.Name {
			case "json":
				schematest.Document(t, got)
			case "jsonl":
				schematest.Lines(t, got)
			}
			sound(t, format.Name, got)
			if format.Name == "html" {
				got = rest(got)
			}
			golden(t, "account."+format.Name+".golden", got)
		})
	}
}

// check is what both tests and properties are.
type check interface {
	Helper()
	Errorf(string, ...any)
	Error(...any)
	Fatalf(string, ...any)
	Fatal(...any)
}

// sound holds a report to what is published of its format.
func sound(t check, format string, got []byte) {
	t.Helper()
	check := map[string]func(check, []byte){
		"sarif":    func(t check, got []byte) { validSARIF(t, got) },
		"markdown": validMarkdown,
		"github":   func(t check, got []byte) { annotations(t, got) },
		"junit":    func(t check, got []byte) { validJUnit(t, got) },
		"csv":      func(t check, got []byte) { records(t, got) },
		"ocsf":     func(t check, got []byte) { validOCSF(t, got) },
		"asff":     func(t check, got []byte) { validASFF(t, got) },
		"html":     selfContained,
	}[format]
	if check == nil {
		if format != "text" && format != "json" && format != "jsonl" {
			t.Errorf("nothing is known of the format %s", format)
		}
		return
	}
	check(t, got)
}

func TestReportsAreTheSameAtAnyConcurrency(t *testing.T) {
	for _, format := range Formats {
		if one, eight := ofTheExample(t, format.Name, Options{All: true}, 1), ofTheExample(t, format.Name, Options{All: true}, 8); !bytes.Equal(one, eight) {
			t.Errorf("%s differs", format.Name)
		}
	}
}

// strangersText draws what a stranger may have called something.
var strangersText = rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
	"", "=1+1", "::error::x", "a\n::error::x", "##[error]x", "%0A::error::x", "|", "```", "</details>", "<script>", "]]>", "&#64;", "@octocat",
	"[x](https://evil.example)", "{0}", "\"", "'", ",", ";", "\r\n", "\x00", "\x1b[2J", "\u202e", "\ufffe", "\xff\xfe", `\`, "a:b", "../../x", "/", "//evil.example/x", "?", "#",
}))

// Whatever names, paths, addresses and sentences are, each report is one of its
// format.
func TestReportsAreSoundWhateverTheNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(what string) string { return strangersText.Draw(t, what) }
		finding := judged(rapid.SampledFrom([]string{open, `{"Statement": []}`, `{`, twoOpenStatements}).Draw(t, "policy"), 1)
		finding.Role.Name, finding.Role.ARN, finding.Role.Path = draw("name"), draw("ARN"), draw("path of the role")
		finding.Role.Account = rapid.SampledFrom([]string{"", account}).Draw(t, "account")
		finding.Role.Partition = draw("partition")
		finding.Role.Source.Path, finding.Role.Source.FromRoot, finding.Role.Source.Address = draw("path"), draw("root"), draw("address")
		finding.Place.Path = finding.Role.Source.Path
		finding.Role.Also = []role.Source{{Path: draw("also"), Line: 1, Column: 1}}
		finding.Verdict.Problem, finding.Verdict.DependsOn = draw("problem"), []string{draw("depends on")}
		for i := range finding.Verdict.Reasons {
			finding.Verdict.Reasons[i].Sid, finding.Verdict.Reasons[i].Message = draw("Sid"), draw("message")
		}
		options := Options{All: true, AccountNames: map[string]string{account: draw("account name")}, Version: draw("version")}
		summary := audit.Summary{Incomplete: []audit.Incomplete{{Source: draw("source"), Account: draw("account"), Reason: draw("reason"), Hint: draw("hint")}}}
		for _, format := range Formats {
			var out bytes.Buffer
			writer, err := New(format.Name, &out, options)
			if err == nil {
				err = writer.Finding(finding)
			}
			if err == nil {
				err = writer.Close(summary)
			}
			if err != nil {
				t.Fatal(err)
			}
			sound(t, format.Name, out.Bytes())
		}
	})
}
