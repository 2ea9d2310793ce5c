package report

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"
)

func TestAnUnknownFormatIsRefusedWithTheKnownOnes(t *testing.T) {
	_, err := New("yaml", io.Discard, Options{})
	if err == nil || err.Error() != `unknown format "yaml" (text, json, jsonl, sarif, markdown, github, junit, ocsf, asff, csv, html)` {
		t.Errorf("got %v", err)
	}
}

func TestOnlyWhatNeedsAttentionIsShownUnlessAllIsAskedFor(t *testing.T) {
	for _, format := range Formats {
		findings := []*rule.Finding{passing(t), notApplicable(t)}
		for _, name := range []string{"Guarded", "Lambda"} {
			if got := string(write(t, format.Name, Options{}, findings, audit.Summary{})); strings.Contains(got, name) {
				t.Errorf("%s shows %s without --all:\n%s", format.Name, name, got)
			}
			if got := string(write(t, format.Name, Options{All: true}, findings, audit.Summary{})); !strings.Contains(got, name) {
				t.Errorf("%s does not show %s with --all:\n%s", format.Name, name, got)
			}
		}
	}
}

func TestWhatIsIncompleteIsNamedWhereItHasAName(t *testing.T) {
	summary := audit.Summary{Incomplete: []audit.Incomplete{
		{Reason: "interrupted before everything was read"},
		{Source: "a.json", Reason: "the file is UTF-16 text"},
		{Account: "111122223333", Reason: "access denied"},
	}}
	got := string(write(t, "text", Options{}, nil, summary))
	for _, want := range []string{
		"\n  interrupted before everything was read\n", "\n  a.json: the file is UTF-16 text\n", "\n  account 111122223333: access denied\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in:\n%s", want, got)
		}
	}
}

func TestNoColourCodesWithoutColour(t *testing.T) {
	findings, summary := everything(t)
	for _, format := range Formats {
		if got := write(t, format.Name, Options{All: true}, findings, summary); bytes.ContainsAny(got, "\x1b\x07\u009b\u202e") {
			t.Errorf("%s holds control characters:\n%q", format.Name, got)
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestAFailingWriterIsReported(t *testing.T) {
	full := errors.New("disk full")
	for _, format := range Formats {
		writer, err := New(format.Name, writerFunc(func([]byte) (int, error) { return 0, full }), Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = writer.Finding(severalReasons(t))
		if closed := writer.Close(audit.Summary{}); err == nil {
			err = closed
		}
		if !errors.Is(err, full) {
			t.Errorf("%s: got %v", format.Name, err)
		}
	}
}

func TestPlacesAreThoseOfTheScannedFile(t *testing.T) {
	const text = "{\"é\":\n \"b\"}"
	file := &trust.File{Text: []byte(text)}
	tree := trust.Value{Kind: trust.Object, Range: trust.Range{File: file, End: len(text)}}
	elsewhere := &trust.File{Name: "module.tf", Text: []byte(text)}
	first := func(f *trust.File) trust.Range { return trust.Range{File: f, Start: 5, End: 6} }  // ':' in line 1, column 5
	second := func(f *trust.File) trust.Range { return trust.Range{File: f, Start: 8, End: 9} } // '"' in line 2, column 2
	verbatim := role.Document{JSON: file.Text, Line: 10, Column: 21}
	for _, test := range []struct {
		name         string
		document     role.Document
		place        trust.Range
		line, column int
	}{
		{"the first line begins behind other text", verbatim, first(file), 10, 25},
		{"further lines begin where the file's do", verbatim, second(file), 11, 2},
		{"decoded text stands nowhere", role.Document{JSON: file.Text}, first(file), 0, 0},
		{"no range, no place", verbatim, trust.Range{}, 0, 0},
		{"a template's tree holds the file's own places", role.Document{Tree: &tree}, second(file), 2, 2},
		{"another file of a template cannot be told by a line", role.Document{Tree: &tree}, second(elsewhere), 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			finding := &rule.Finding{Role: &role.Role{Trust: test.document, Source: role.Source{Path: "main.tf"}}}
			line, column := locate(finding, test.place)
			if line != test.line || column != test.column {
				t.Errorf("got %d:%d, want %d:%d", line, column, test.line, test.column)
			}
		})
	}
}
