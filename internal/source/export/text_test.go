package export

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestMoveCountsLinesAndCodePoints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.SampledFrom([]string{"a", "\n", "\r\n", "ä", "€", "𝄞", " ", `"`, "long text with many letters"}))
		text := strings.Join(words.Draw(t, "words"), "")
		cut := rapid.IntRange(0, len(text)).Draw(t, "cut")
		for cut < len(text) && !utf8.RuneStart(text[cut]) {
			cut++
		}
		wantLine, wantColumn := 1, 1
		for _, c := range text {
			if wantColumn++; c == '\n' {
				wantLine, wantColumn = wantLine+1, 1
			}
		}
		line, column := move(1, 1, []byte(text[:cut]))
		line, column = move(line, column, []byte(text[cut:]))
		if line != wantLine || column != wantColumn {
			t.Fatalf("%q: line %d, column %d; want %d, %d", text, line, column, wantLine, wantColumn)
		}
	})
}

func TestRoleARNs(t *testing.T) {
	tests := []struct {
		arn  string
		want roleARN
	}{
		{"arn:aws:iam::111122223333:role/r", roleARN{"aws", "111122223333", "/", "r"}},
		{"arn:aws-cn:iam::111122223333:role/a/b/r", roleARN{"aws-cn", "111122223333", "/a/b/", "r"}},
		{"arn:aws:iam::111122223333:user/r", roleARN{}},
		{"arn:aws:iam::11112222333:role/r", roleARN{}},
		{"arn:aws:iam::11112222333x:role/r", roleARN{}},
		{"arn:aws:sts::111122223333:assumed-role/r/s", roleARN{}},
		{"arn::iam::111122223333:role/r", roleARN{}},
		{"", roleARN{}},
	}
	for _, test := range tests {
		if got, ok := parseRoleARN(test.arn); got != test.want || ok != (test.want != roleARN{}) {
			t.Errorf("%s: %v, %v; want %v", test.arn, got, ok, test.want)
		}
	}
}
