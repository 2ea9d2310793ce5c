package trust

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Places are found from marks along the text. Whatever the text, they are those
// that counting from its start gives.
func TestPlacesAreThoseOfCountingFromTheStart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "\n", "ä", "€", "𝄞", strings.Repeat("x", 700), strings.Repeat("é", 900), "\r\n"}), 0, 40).Draw(t, "pieces")
		file := &File{Text: []byte(strings.Join(pieces, ""))}
		offset := rapid.IntRange(0, len(file.Text)).Draw(t, "offset")
		for offset < len(file.Text) && file.Text[offset]&0xC0 == 0x80 {
			offset++ // ranges begin where characters do
		}
		before := string(file.Text[:offset])
		line := strings.Count(before, "\n") + 1
		column := len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
		at := Range{File: file, Start: offset, End: offset}
		if at.Line() != line || at.Column() != column {
			t.Fatalf("%d:%d, want %d:%d", at.Line(), at.Column(), line, column)
		}
		if endLine, endColumn := at.EndPosition(); endLine != line || endColumn != column {
			t.Fatalf("the end is %d:%d, want %d:%d", endLine, endColumn, line, column)
		}
	})
}

func TestALineBeginsBehindTheBreakBeforeIt(t *testing.T) {
	long := strings.Repeat("x", 5000)
	file := &File{Text: []byte("a\n" + long + "\r\n\nlast")}
	for number, want := range map[int]int{1: 0, 2: 2, 3: 2 + 5002, 4: 2 + 5003, 5: len(file.Text) + 1, 9: len(file.Text) + 1} {
		if got := file.LineStart(number); got != want {
			t.Errorf("line %d: %d, want %d", number, got, want)
		}
	}
}
