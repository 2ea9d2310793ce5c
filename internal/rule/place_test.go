package rule

import (
	"testing"

	"countersign/internal/role"
	"countersign/trust"
)

func TestPlaces(t *testing.T) {
	text := &trust.File{Text: []byte("{\"ä\": [\n  1, 2]}")}
	at := func(start, end int) trust.Range { return trust.Range{File: text, Start: start, End: end} }
	source := role.Source{Path: "x.json", Line: 10, Column: 5}
	verbatim := role.Document{JSON: text.Text, Line: 12, Column: 31}
	tests := []struct {
		name     string
		document role.Document
		at       trust.Range
		want     Place
	}{
		{"the first line counts from the policy's column", verbatim, at(1, 5), Place{"x.json", 12, 32, 12, 35}},
		{"other lines count from the left", verbatim, at(11, 12), Place{"x.json", 13, 3, 13, 4}},
		{"a range over lines", verbatim, at(0, 17), Place{"x.json", 12, 31, 13, 9}},
		{"no range is the policy's place", verbatim, trust.Range{}, Place{"x.json", 12, 31, 0, 0}},
		{"a policy that is not verbatim is at the role", role.Document{JSON: text.Text}, at(1, 5), Place{"x.json", 10, 5, 0, 0}},
		{"a tree knows its own file", role.Document{Tree: &trust.Value{Range: at(0, 17)}}, at(1, 5), Place{"x.json", 1, 2, 1, 5}},
		{"a tree without a range is at its own place", role.Document{Tree: &trust.Value{Range: at(11, 12)}}, trust.Range{}, Place{"x.json", 2, 3, 2, 4}},
		{"a tree of no file is at the role", role.Document{Tree: &trust.Value{}}, trust.Range{}, Place{"x.json", 10, 5, 0, 0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := PlaceOf(&role.Role{Source: source, Trust: test.document}, test.at); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}
