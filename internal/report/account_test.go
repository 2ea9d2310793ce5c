package report

import (
	"bytes"
	"context"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/report/schematest"
	"countersign/internal/rule"
	files "countersign/internal/source"
)

// ofTheExample writes the report of the invented account in examples, as of a
// fixed day.
func ofTheExample(t *testing.T, format string, options Options, concurrency int) []byte {
	t.Helper()
	var out bytes.Buffer
	options.Now = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
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
			sound(t, format.Name, got)
			golden(t, "account."+format.Name+".golden", got)
		})
	}
}

// sound holds a report to what is published of its format.
func sound(t *testing.T, format string, got []byte) {
	t.Helper()
	check := map[string]func(*testing.T, []byte){
		"json":     func(t *testing.T, got []byte) { schematest.Document(t, got) },
		"jsonl":    func(t *testing.T, got []byte) { schematest.Lines(t, got) },
		"sarif":    func(t *testing.T, got []byte) { validSARIF(t, got) },
		"markdown": validMarkdown,
		"github":   func(t *testing.T, got []byte) { annotations(t, got) },
		"junit":    func(t *testing.T, got []byte) { validJUnit(t, got) },
		"csv":      func(t *testing.T, got []byte) { records(t, got) },
		"ocsf":     func(t *testing.T, got []byte) { validOCSF(t, got) },
		"asff":     func(t *testing.T, got []byte) { validASFF(t, got) },
	}[format]
	if check == nil {
		if format != "text" {
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
