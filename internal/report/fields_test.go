package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// field is what a published schema says of one field: its type ("string",
// "integer", "boolean", "object", "list", or "any", which holds anything),
// whether it has to be there once what holds it is there, the values or the
// most characters or items that it may have.
type field struct {
	kind     string
	required bool
	values   []any
	most     int
}

// fields are the fields of a document by path: "a.b[].c".
type fields map[string]field

// check holds a document to the fields: no other ones, and those of them that
// are required.
func (f fields) check(t check, path string, value any) {
	t.Helper()
	known := f[path]
	bad := func(format string, arguments ...any) {
		t.Errorf("%s: %s", path, fmt.Sprintf(format, arguments...))
	}
	if len(known.values) > 0 && !slices.Contains(known.values, value) {
		bad("%v is none of %v", value, known.values)
	}
	kind, size := "", 0
	switch value := value.(type) {
	case string:
		kind, size = "string", utf8.RuneCountInString(value)
		if value == "" {
			bad("is empty")
		}
	case bool:
		kind = "boolean"
	case float64:
		kind = "integer"
		if value != float64(int64(value)) {
			bad("%v", value)
		}
	case []any:
		kind, size = "list", len(value)
		if known.kind != "any" {
			for _, item := range value {
				f.check(t, path+"[]", item)
			}
		}
	case map[string]any:
		kind, size = "object", len(value)
		if known.kind != "any" {
			f.checkMembers(t, path, value)
		}
	}
	if known.kind != "any" && kind != known.kind {
		bad("is a %s, not a %s: %v", kind, known.kind, value)
	}
	if known.most > 0 && size > known.most {
		bad("%d, of at most %d", size, known.most)
	}
}

func (f fields) checkMembers(t check, path string, members map[string]any) {
	t.Helper()
	below := func(name string) string { return strings.TrimPrefix(path+"."+name, ".") }
	for name, value := range members {
		if _, ok := f[below(name)]; !ok {
			t.Errorf("%s is no field", below(name))
			continue
		}
		f.check(t, below(name), value)
	}
	for known, what := range f {
		name, inside := strings.CutPrefix(known, below(""))
		if !inside || strings.ContainsAny(name, ".[") || !what.required {
			continue
		}
		if _, ok := members[name]; !ok {
			t.Errorf("%s is missing", known)
		}
	}
}

// checkAll reads a JSON array of documents.
func (f fields) checkAll(t check, got []byte) []map[string]any {
	t.Helper()
	var all []map[string]any
	if err := json.Unmarshal(got, &all); err != nil {
		t.Fatalf("%v\n%s", err, got)
	}
	for _, one := range all {
		f.check(t, "", one)
	}
	return all
}
