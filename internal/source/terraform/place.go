package terraform

import (
	"bytes"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"

	"countersign/trust"
)

// source is a text that expressions are parsed from.
type source struct {
	name string // the key in the registry, and hcl's file name
	file *trust.File
	// offsets maps the bytes of a text that was decoded from file, such as a
	// string of a .tf.json file, to the bytes of file; nil where they are the
	// same.
	offsets []int
	content []byte // then: the decoded text
	model   bool   // one of our own descriptions of a module
	lines   []int  // offsets of line starts, made on demand
}

// written is the text that expressions are parsed from.
func (s *source) written() []byte {
	if s.offsets != nil {
		return s.content
	}
	return s.file.Text
}

// place maps an hcl range to the file it stands in.
func (s *source) place(rng hcl.Range) trust.Range {
	start, end := rng.Start.Byte, rng.End.Byte
	if s.offsets != nil {
		start, end = s.offset(start), s.offset(end)
	}
	start = min(max(start, 0), len(s.file.Text))
	return trust.Range{File: s.file, Start: start, End: min(max(end, start), len(s.file.Text))}
}

func (s *source) offset(at int) int {
	return s.offsets[min(max(at, 0), len(s.offsets)-1)]
}

// position gives the 1-based line and column of an offset, in code points,
// without reading the file from its start every time.
func (s *source) position(offset int) (line, column int) {
	if s.lines == nil {
		for start := 0; start >= 0; {
			s.lines = append(s.lines, start)
			next := bytes.IndexByte(s.file.Text[start:], '\n')
			if start += next + 1; next < 0 {
				break
			}
		}
	}
	offset = min(offset, len(s.file.Text))
	line = sort.SearchInts(s.lines, offset+1)
	start := s.lines[line-1]
	return line, 1 + utf8.RuneCount(s.file.Text[start:offset])
}

// alignment maps every byte of a text to the offset in its file where it
// stands, with one more entry for the end; nil where that cannot be told.
func (p *piece) alignment() []int {
	if p.spelling == elsewise || p.raw.IsZero() {
		return nil
	}
	raw := p.raw.Text()
	offsets := make([]int, 0, len(p.text)+1)
	at := 0
	for i := 0; i < len(p.text); {
		size, taken := p.spelling.match(raw[at:], p.text[i:])
		if size == 0 {
			// Indentation and what ~ trims stand in the file only.
			if at < len(raw) && isSpace(raw[at]) {
				at++
				continue
			}
			return nil
		}
		for range taken {
			offsets = append(offsets, p.raw.Start+at)
		}
		at, i = at+size, i+taken
	}
	return append(offsets, p.raw.Start+at)
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

// match takes one character off raw that spells the first bytes of s: size
// bytes for taken.
func (s spelling) match(raw, want string) (size, taken int) {
	if raw == "" {
		return 0, 0
	}
	for _, escape := range []string{"$${", "%%{"} {
		if strings.HasPrefix(raw, escape) && strings.HasPrefix(want, escape[1:]) && !strings.HasPrefix(want, escape) {
			return 3, 2
		}
	}
	if s == quoted && raw[0] == '\\' {
		return matchEscape(raw, want)
	}
	if raw[0] == want[0] {
		return 1, 1
	}
	return 0, 0
}

// matchEscape is match for a backslash escape of a quoted template.
func matchEscape(raw, want string) (size, taken int) {
	if len(raw) < 2 {
		return 0, 0
	}
	_, runeSize := utf8.DecodeRuneInString(want)
	switch raw[1] {
	case 'u':
		return min(6, len(raw)), runeSize
	case 'U':
		return min(10, len(raw)), runeSize
	case 'n', 'r', 't', 'b', 'f', '"', '\\', '/':
		return 2, 1
	}
	return 0, 0
}
