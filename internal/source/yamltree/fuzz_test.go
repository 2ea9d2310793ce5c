package yamltree

import (
	"testing"

	"countersign/trust"
)

// FuzzRead holds that no text makes the reader panic, that every range lies in
// the file and in the order of the text, and that taking a document apart gives
// the entries that reading it as a whole gives.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"a: &x [1, *y]\nb: *x\n", "<<: {a: b}\nc: !Sub |\n  d\n", "- - - 'it''s'\n- \"\\u00e9\\\n  x\"\n", "---\na\n---\n? b\n: c\n...\n",
		"Resources:\n  A:\n    T: >-\n      x\n\n  B: # c\n    T: [a, {b: c}, ]\nZ: 1\n", `{"Resources": {"A": {"T": "\ud83d\ude00"}, "A": []}}`,
		"\ufeffa:\r\n  b\r\n", "a: !!str &b\nc: ! d\n", "a: |2\n   b\n  c\n", "é: [ü, 😀]\u2028b: c", "a: \"b\nResources:\n  X:\n   c\"\n", "%YAML 1.1\n---\na: b",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file := &trust.File{Text: text}
		documents, err := Read(file)
		for _, document := range documents {
			checkRanges(t, document, len(text), 0)
		}
		outline, openErr := Open(file, "Resources")
		if err != nil || openErr != nil || len(documents) != 1 {
			return
		}
		whole, _ := documents[0].Get("Resources")
		i := 0
		_ = outline.Each(func(key, value trust.Value, err error) error {
			if err != nil || i >= len(whole.Members) {
				t.Fatalf("entry %d: %v, of %d", i, err, len(whole.Members))
			}
			if m := whole.Members[i]; m.Key.Text != key.Text || m.Value.Range.Start != value.Range.Start || m.Value.Kind != value.Kind {
				t.Errorf("entry %d is %q at %d, read as a whole %q at %d", i, key.Text, value.Range.Start, m.Key.Text, m.Value.Range.Start)
			}
			i++
			return nil
		})
		if i != len(whole.Members) {
			t.Errorf("%d entries, read as a whole %d", i, len(whole.Members))
		}
	})
}

func checkRanges(t *testing.T, v trust.Value, size, depth int) {
	t.Helper()
	if r := v.Range; r.Start < 0 || r.End < r.Start || r.End > size {
		t.Fatalf("the range [%d, %d) of %d bytes", r.Start, r.End, size)
	}
	if depth > 6 {
		return // aliases make trees of any size
	}
	if v.Kind == trust.String {
		places := spans(v)
		for i := range places {
			if places[i].start < v.Range.Start || places[i].end > v.Range.End {
				t.Fatalf("a byte of %q is at [%d, %d)", v.Text, places[i].start, places[i].end)
			}
		}
	}
	for i := range min(len(v.Items), 20) {
		checkRanges(t, v.Items[i], size, depth+1)
	}
	for i := range min(len(v.Members), 20) {
		checkRanges(t, v.Members[i].Key, size, depth+1)
		checkRanges(t, v.Members[i].Value, size, depth+1)
	}
}
