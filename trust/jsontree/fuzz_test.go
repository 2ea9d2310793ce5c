package jsontree

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"
	"unicode/utf8"

	"countersign/trust"
)

// policies are the trust policies of the test vectors.
func policies(t testing.TB) [][]byte {
	t.Helper()
	file, err := os.Open("../testdata/vectors.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var texts [][]byte
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var vector struct{ Policy json.RawMessage }
		if err := json.Unmarshal(lines.Bytes(), &vector); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, vector.Policy)
	}
	return texts
}

func FuzzParse(f *testing.F) {
	for _, text := range policies(f) {
		f.Add(text)
	}
	for _, text := range []string{
		"", "\ufeff{}", `{"a": 1, "a": [2, -0.5e+7, null]}`, `"\ud83d\ude00\u00e9\n"`, "[\"\xff\"]", `["\ud800"]`, `[1,]`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file := &trust.File{Text: text}
		v, err := Parse(file)
		if err != nil {
			checkFault(t, file, err)
			return
		}
		if bare := bytes.TrimPrefix(text, []byte("\ufeff")); !json.Valid(bare) {
			t.Fatalf("accepts %q, which is not JSON", text)
		}
		checkRanges(t, file, v, 0, len(text))
		again, err := parse(string(appendJSON(nil, v)))
		if err != nil || !equal(v, again) {
			t.Fatalf("%q written as JSON reads differently: %v", text, err)
		}
	})
}

// checkFault holds an error to its contract, and refusals to what the
// standard library refuses, save for the two things we refuse beyond it.
func checkFault(t *testing.T, file *trust.File, err error) {
	t.Helper()
	var fault *trust.SyntaxError
	if !errors.As(err, &fault) || fault.Message == "" || fault.Hint == "" {
		t.Fatalf("error %#v", err)
	}
	if r := fault.Range; r.File != file || r.Start < 0 || r.Start > r.End || r.End > len(file.Text) {
		t.Fatalf("range %d–%d of %d bytes", r.Start, r.End, len(file.Text))
	}
	beyond := []string{"half of a surrogate pair in a string", "nested too deep"}
	if utf8.Valid(file.Text) && json.Valid(file.Text) && !slices.Contains(beyond, fault.Message) {
		t.Fatalf("refuses valid JSON: %v", err)
	}
}

// checkRanges makes sure that every range lies inside its container's, in order,
// and cuts out text that reads as the value.
func checkRanges(t *testing.T, file *trust.File, v trust.Value, low, high int) int {
	t.Helper()
	if v.Range.File != file || v.Range.Start < low || v.Range.End <= v.Range.Start || v.Range.End > high {
		t.Fatalf("range %d–%d outside %d–%d", v.Range.Start, v.Range.End, low, high)
	}
	switch v.Kind {
	case trust.String:
		var text string
		if err := json.Unmarshal([]byte(v.Range.Text()), &text); err != nil || text != v.Text {
			t.Fatalf("%q reads as %q, have %q (%v)", v.Range.Text(), text, v.Text, err)
		}
	case trust.Bool, trust.Number:
		if v.Text != v.Range.Text() {
			t.Fatalf("text %q, range %q", v.Text, v.Range.Text())
		}
	case trust.Null:
		if v.Range.Text() != "null" {
			t.Fatalf("null stands at %q", v.Range.Text())
		}
	}
	at := v.Range.Start + 1
	for _, item := range v.Items {
		at = checkRanges(t, file, item, at, v.Range.End-1)
	}
	for _, member := range v.Members {
		at = checkRanges(t, file, member.Key, at, v.Range.End-1)
		at = checkRanges(t, file, member.Value, at, v.Range.End-1)
	}
	return v.Range.End
}

// appendJSON writes a tree as JSON.
func appendJSON(out []byte, v trust.Value) []byte {
	switch v.Kind {
	case trust.Null:
		return append(out, "null"...)
	case trust.Bool, trust.Number:
		return append(out, v.Text...)
	case trust.String:
		text, _ := json.Marshal(v.Text)
		return append(out, text...)
	case trust.Array:
		out = append(out, '[')
		for i, item := range v.Items {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendJSON(out, item)
		}
		return append(out, ']')
	}
	out = append(out, '{')
	for i, member := range v.Members {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendJSON(out, member.Key), ':')
		out = appendJSON(out, member.Value)
	}
	return append(out, '}')
}

// equal compares two trees without their places.
func equal(a, b trust.Value) bool {
	return a.Kind == b.Kind && a.Text == b.Text &&
		slices.EqualFunc(a.Items, b.Items, equal) &&
		slices.EqualFunc(a.Members, b.Members, func(a, b trust.Member) bool {
			return equal(a.Key, b.Key) && equal(a.Value, b.Value)
		})
}
