package yamltree

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"countersign/trust"
)

func readOne(t testing.TB, text string) trust.Value {
	t.Helper()
	documents, err := Read(&trust.File{Name: "x.yaml", Text: []byte(text)})
	if err != nil || len(documents) != 1 {
		t.Fatalf("%d documents, %v", len(documents), err)
	}
	return documents[0]
}

func TestValuesKeepTheirKindTextAndPlace(t *testing.T) {
	tests := []struct {
		name, text string // the value is that of the key v
		kind       trust.Kind
		value      string
		place      string
	}{
		{"plain text", "v: sts:AssumeRole # why", trust.String, "sts:AssumeRole", "sts:AssumeRole"},
		{"plain text of two lines", "v: one\n  two\nw: x", trust.String, "one two", "one\n  two"},
		{"single quotation marks", "v: 'it''s' # x", trust.String, "it's", "'it''s'"},
		{"double quotation marks", `v: "a\"b\u00e9" `, trust.String, `a"bé`, `"a\"b\u00e9"`},
		{"double quotation marks over lines", "v: \"a\n  b\"", trust.String, "a b", "\"a\n  b\""},
		{"a literal text", "v: |\n  one\n  two\n\nw: x", trust.String, "one\ntwo\n", "|\n  one\n  two"},
		{"a literal text without its last line end", "v: |-\n  one\nw: x", trust.String, "one", "|-\n  one"},
		{"a literal text with deeper lines", "v: |\n  one\n    two\n  three\nw: x", trust.String, "one\n  two\nthree\n", "|\n  one\n    two\n  three"},
		{"a literal text that starts deeper", "v: |1\n   one\n two\nw: x", trust.String, "  one\ntwo\n", "|1\n   one\n two"},
		{"a folded text", "v: >\n  one\n  two\nw: x", trust.String, "one two\n", ">\n  one\n  two"},
		{"a literal text at the end", "v: |\n  one", trust.String, "one", "|\n  one"},
		{"an account id with a zero in front", "v: 012345678901", trust.Number, "012345678901", "012345678901"},
		{"an octal number", "v: 0123", trust.Number, "0123", "0123"},
		{"a date", "v: 2012-10-17", trust.String, "2012-10-17", "2012-10-17"},
		{"a truth", "v: True", trust.Bool, "true", "True"},
		{"a text like a truth", "v: 'true'", trust.String, "true", "'true'"},
		{"nothing", "v:\nw: x", trust.Null, "", ""},
		{"a null", "v: ~", trust.Null, "", "~"},
		{"an empty list", "v: []", trust.Array, "", "[]"},
		{"a list in brackets", "v: [a, 'b' , ] # x", trust.Array, "", "[a, 'b' , ]"},
		{"a list over lines", "v: [\n  a, # one\n  b\n  ]\nw: x", trust.Array, "", "[\n  a, # one\n  b\n  ]"},
		{"a map in braces", "v: {a: b, c: }", trust.Object, "", "{a: b, c: }"},
		{"a map in braces with a key alone", "v: {a}", trust.Object, "", "{a}"},
		{"a list in lines", "v:\n  - a\n  - b # x\nw: x", trust.Array, "", "- a\n  - b"},
		{"a list in lines, not indented", "v:\n- a\n- b\nw: x", trust.Array, "", "- a\n- b"},
		{"a map in lines", "v:\n  a: b\n  c: |\n    d\n\nw: x", trust.Object, "", "a: b\n  c: |\n    d"},
		{"a tag", "v: !Ref Name", trust.Object, "", "!Ref Name"},
		{"a tag with a list below", "v: !Join\n  - a\n  - [b]\nw: x", trust.Object, "", "!Join\n  - a\n  - [b]"},
		{"a tag alone", "v: !Ref\nw: x", trust.Object, "", "!Ref"},
		{"a tag of YAML", "v: !!str 123", trust.String, "123", "123"},
		{"an anchor", "v: &name text", trust.String, "text", "text"},
		{"an anchor of a map", "v: &name\n  a: b\nw: x", trust.Object, "", "a: b"},
		{"an anchor of nothing", "v: &name\nw: x", trust.Null, "", ""},
		{"an alias", "w: &name [text]\nv: *name", trust.Array, "", "[text]"},
		{"text behind wide characters", "é: x\nü: [é😀]\nv: 'ß' ", trust.String, "ß", "'ß'"},
		{"text behind a byte order mark", "\ufeffv: text", trust.String, "text", "text"},
		{"text with carriage returns", "a: b\r\nv: |\r\n  one\r\n  two\r\nw: x\r\n", trust.String, "one\ntwo\n", "|\r\n  one\r\n  two"},
		{"JSON", `{"v": "a\/b"}`, trust.String, "a/b", `"a\/b"`},
		{"JSON with a comment is YAML", "{\"v\": \"a\" # x\n}", trust.String, "a", `"a"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v, found := readOne(t, test.text).Get("v")
			if !found || v.Kind != test.kind || v.Text != test.value || v.Range.Text() != test.place {
				t.Errorf("kind %d, text %q, place %q; want %d, %q, %q", v.Kind, v.Text, v.Range.Text(), test.kind, test.value, test.place)
			}
		})
	}
}

func TestMergeKeysGiveWhatAMapDoesNotHave(t *testing.T) {
	v, _ := readOne(t, "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nv:\n  <<: [*a, *b]\n  x: own\n").Get("v")
	var got []string
	for _, m := range v.Members {
		got = append(got, m.Key.Text+"="+m.Value.Text)
	}
	if want := "x=own y=2 z=4"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestDuplicateKeysAreKept(t *testing.T) {
	v := readOne(t, "a: 1\nb: 2\na: 3\n")
	if len(v.Members) != 3 {
		t.Fatalf("%d members, want 3", len(v.Members))
	}
	var fault *trust.SyntaxError
	if !errors.As(Repeated(v), &fault) || fault.Range.Line() != 3 || !strings.Contains(fault.Hint, "line 1") {
		t.Errorf("the fault is %v", fault)
	}
}

func TestFaultsNameTheirPlace(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a tab in front", "a:\n\tb: c", "line 2, column 2: not YAML"},
		{"a list that is not closed", "a: [b\nc: d", "not YAML"},
		{"invalid UTF-8", "a: b\nc: \xff", "line 2, column 4: invalid UTF-8: byte 0xff"},
		{"a control character", "a: b\x01", "line 1, column 5: control character U+0001"},
		{"UTF-16", "\xff\xfea\x00", "line 1, column 1: the file is UTF-16 text"},
		{"UTF-16 without a mark", "a\x00:\x00", "line 1, column 1: the file is UTF-16 text"},
		{"an anchor that contains itself", "a: &a\n  b: *a", `line 2, column 6: the anchor "a" contains itself`},
		{"an alias of nothing", "a: *b", "unknown anchor"},
		{"deep nesting", strings.Repeat("- ", 200) + "a", "nested too deep"},
		{"JSON that is cut off", `{"a": [1, 2`, "unexpected end of text"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Read(&trust.File{Text: []byte(test.text)})
			var fault *trust.SyntaxError
			if !errors.As(err, &fault) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestDocumentsAreReadOneByOneAndABrokenOneAlone(t *testing.T) {
	text := "# first\n---\na: 1\n---\nb: [\n---\nc: 3\n"
	var got []string
	Each(&trust.File{Text: []byte(text)}, func(v trust.Value, err error) {
		if err != nil {
			got = append(got, "fault")
			return
		}
		got = append(got, fmt.Sprintf("%s@%d", v.Members[0].Key.Text, v.Range.Line()))
	})
	if want := "a@3 fault c@7"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

// outlined lists the entries of Resources with where their values stand.
func outlined(t *testing.T, text string) (entries []string, top []string) {
	t.Helper()
	outline, err := Open(&trust.File{Text: []byte(text)}, "Resources")
	if err != nil {
		t.Fatal(err)
	}
	err = outline.Each(func(key, value trust.Value, err error) error {
		if err != nil {
			entries = append(entries, key.Text+": "+err.Error())
			return nil
		}
		entries = append(entries, fmt.Sprintf("%s@%d:%d %s", key.Text, key.Range.Line(), key.Range.Column(), value.Range.Text()))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range outline.Top.Members {
		top = append(top, m.Key.Text)
	}
	return entries, top
}

func TestAnOutlineReadsTheSameWhetherItIsTakenApartOrNot(t *testing.T) {
	tests := []struct{ name, text, want, top string }{
		{"block style", "A: 1\nResources:\n  # one\n  X:\n    T: a\n\n  'Y': # two\n    T: b\nZ: 2\n", "X@4:3 T: a|Y@7:3 T: b", "A Resources Z"},
		{"carriage returns", "A: 1\r\nResources:\r\n  X:\r\n    T: a\r\n  Y:\r\n    T: b\r\nZ: 2\r\n", "X@3:3 T: a|Y@5:3 T: b", "A Resources Z"},
		{"flow style within", "Resources:\n  X: {T: a}\n  Y: {T: b}\n", "X@2:3 {T: a}|Y@3:3 {T: b}", "Resources"},
		{"aliases between entries", "Resources:\n  X:\n    T: &a [b]\n  Y:\n    T: *a\n", "X@2:3 T: &a [b]|Y@4:3 T: *a", "Resources"},
		{"aliases of what stands before", "A: &a [b]\nResources:\n  X:\n    T: 1\n  Y:\n    T: *a\n    U: é\n", "X@3:3 T: 1|Y@5:3 T: *a\n    U: é", "A Resources"},
		{"an anchor that is set again", "A: &a [b]\nResources:\n  X:\n    T: &a [c]\n  Y:\n    T: *a\n", "X@3:3 T: &a [c]|Y@5:3 T: *a", "A Resources"},
		{"a quoted text that breaks the depth", "Resources:\n  X:\n    T: \"a\n  Y:\n   b\"\n  Z:\n    T: c\n", "X@2:3 T: \"a\n  Y:\n   b\"|Z@6:3 T: c", "Resources"},
		{"a literal text like an entry", "D: |\n  Resources:\n    X:\nResources:\n  Y:\n    T: |\n      Z:\n        T: a\n", "Y@5:3 T: |\n      Z:\n        T: a", "D Resources"},
		{"the document's start", "---\nResources:\n  X:\n    T: a\n", "X@3:3 T: a", "Resources"},
		{"JSON", "{\"A\": 1, \"Resources\": {\n \"X\": {\"T\": \"a}\"},\n \"Y\" : [{}]}, \"Z\": null}\n", "X@2:2 {\"T\": \"a}\"}|Y@3:2 [{}]", "A Resources Z"},
		{"JSON without entries", `{"Resources": {}, "A": 1}`, "", "Resources A"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			entries, top := outlined(t, test.text)
			if got := strings.Join(entries, "|"); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
			if got := strings.Join(top, " "); got != test.top {
				t.Errorf("the document has %q, want %q", got, test.top)
			}
		})
	}
}

func TestABrokenEntryDoesNotHideTheOthers(t *testing.T) {
	entries, _ := outlined(t, "Resources:\n  X:\n    T: a\n  Y:\n    T: [b\n  Z:\n    T: c\n")
	if len(entries) != 3 || entries[0] != "X@2:3 T: a" || entries[2] != "Z@6:3 T: c" || !strings.Contains(entries[1], "Y: line ") {
		t.Errorf("got %q", entries)
	}
}

func TestTextsWithinTextsKeepTheirPlaces(t *testing.T) {
	for _, text := range []string{
		`v: '{"a": ["it''s", "b"]}'`,
		`v: "{\"a\": [\"it's\", \"\u0062\"]}"`,
		"v: \"{\\\"a\\\":\\\n   [\\\"it's\\\",\n   \\\"b\\\"]}\"",
		"v: |\n  {\"a\":\n\n    [\"it's\", \"b\"]}\n",
		"v: >-\n  {\"a\":\n  [\"it's\",\n  \"b\"]}\n",
		"v: >\r\n  {\"a\":\r\n\r\n  [\"it's\",\r\n  \"b\"]}\r\n",
		`{"v": "{\"a\": [\"it's\", \"b\"]}"}`,
	} {
		v, _ := readOne(t, text).Get("v")
		inner, err := Inside(v)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		list, _ := inner.Get("a")
		if len(list.Items) != 2 || list.Items[1].Text != "b" {
			t.Errorf("%q: got %v", text, list)
			continue
		}
		place := list.Items[1].Range.Text()
		if place = strings.NewReplacer(`\"`, `"`, `\u0062`, "b").Replace(place); place != `"b"` {
			t.Errorf("%q: the second item is at %q", text, place)
		}
	}
}

func TestUnknownPiecesOfATextBecomeUnknownParts(t *testing.T) {
	v, _ := readOne(t, `v: '{"a": "x-ID-y", "b": LIST, "c": "ID"}'`).Get("v")
	text := NewText(v.Range)
	from := 0
	for _, mark := range []string{"ID", "LIST", "ID"} {
		at := from + strings.Index(v.Text[from:], mark)
		text.Add(v, from, at)
		text.AddUnknown("parameter "+mark, text.Place(v, at, at+len(mark)))
		from = at + len(mark)
	}
	text.Add(v, from, len(v.Text))
	tree, err := text.JSON()
	if err != nil {
		t.Fatal(err)
	}
	a, _ := tree.Get("a")
	b, _ := tree.Get("b")
	c, _ := tree.Get("c")
	if len(a.Parts) != 3 || a.Parts[0].Text != "x-" || a.Parts[1].On != "parameter ID" || a.Range.Text() != `"x-ID-y"` {
		t.Errorf("a is %+v at %q", a.Parts, a.Range.Text())
	}
	if b.Kind != trust.Unknown || b.On != "parameter LIST" || b.Range.Text() != "LIST" {
		t.Errorf("b is %+v at %q", b, b.Range.Text())
	}
	if len(c.Parts) != 1 || c.Parts[0].On != "parameter ID" {
		t.Errorf("c is %+v", c)
	}
}
