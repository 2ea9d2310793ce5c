package rawjson

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestMembersAreFoundWhateverTheIndentation holds the walk over an object, which
// takes spaces in large steps, against every width of them.
func TestMembersAreFoundWhateverTheIndentation(t *testing.T) {
	const object = `{"Arn":"a","Lists":[[],{},[1,{"b\\\"":"}]"}],-2.5e3,true,null],"Path":"\\","Tags":[{"Key":"k","Value":"{"}]}`
	want := []string{`Arn "a"`, `Lists [[],{},[1,{"b\\\"":"}]"}],-2.5e3,true,null]`, `Path "\\"`, `Tags [{"Key":"k","Value":"{"}]`}
	for width := range 40 {
		for _, prefix := range []string{"", " ", "\t", "\r"} {
			var indented bytes.Buffer
			if err := json.Indent(&indented, []byte(object), prefix, strings.Repeat(" ", width)); err != nil {
				t.Fatal(err)
			}
			var got []string
			EachMember(indented.Bytes(), func(m Member) bool {
				var value bytes.Buffer
				if err := json.Compact(&value, m.Value); err != nil {
					t.Errorf("width %d: %v in %q", width, err, m.Value)
				}
				if !bytes.HasPrefix(indented.Bytes()[m.Start:], m.Value) {
					t.Errorf("width %d: %q does not start at %d", width, m.Value, m.Start)
				}
				got = append(got, string(m.Key)+" "+value.String())
				return true
			})
			if !slices.Equal(want, got) {
				t.Errorf("width %d: %q, want %q", width, got, want)
			}
		}
	}
}
