package yamltree

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"countersign/trust"
)

// span is the byte range of a file that a byte of a text was written as.
type span struct{ start, end int }

// spans tells for every byte of a string how it is written in the file. The
// result is nil when the string does not stand there as it is: then only the
// place of the whole is known.
func spans(v trust.Value) []span {
	raw := v.Range.Text()
	if raw == "" || v.Text == "" {
		return nil
	}
	a := aligner{raw: raw, base: v.Range.Start, spans: make([]span, 0, len(v.Text))}
	switch raw[0] {
	case '"', '\'':
		a.quote, a.pos = raw[0], 1
	case '|', '>':
		a.pos = strings.IndexByte(raw, '\n') + 1
	}
	for text := v.Text; text != ""; {
		r, size := utf8.DecodeRuneInString(text)
		if !a.next(r, size) {
			return nil
		}
		text = text[size:]
	}
	return a.spans
}

// aligner walks the decoded and the written text side by side. White space is
// folded in many ways, so that only what is no white space has to agree.
type aligner struct {
	raw   string
	base  int
	pos   int
	quote byte
	spans []span
}

func (a *aligner) next(r rune, size int) bool {
	if a.quote == '"' {
		a.skipContinuation()
	}
	switch {
	case a.quote == '"' && a.here() == '\\':
		a.take(size, a.escape())
		return true
	case unicode.IsSpace(r):
		width := 0
		if a.pos < len(a.raw) && isBlank(a.raw[a.pos]) {
			width = 1
		}
		a.take(size, width)
		return true
	}
	for isBlank(a.here()) {
		a.pos++
	}
	if a.quote == '"' && a.here() == '\\' {
		a.take(size, a.escape())
		return true
	}
	if a.pos >= len(a.raw) || !strings.HasPrefix(a.raw[a.pos:], string(r)) {
		return false
	}
	if a.quote == '\'' && r == '\'' {
		size1 := 2 // it is written twice
		a.take(size, size1)
		return true
	}
	a.take(size, size)
	return true
}

// here is the byte at the current position; 0 at the end.
func (a *aligner) here() byte {
	if a.pos < len(a.raw) {
		return a.raw[a.pos]
	}
	return 0
}

// skipContinuation passes over a line break that a backslash takes away, with
// the white space in front of the next line.
func (a *aligner) skipContinuation() {
	for a.here() == '\\' && a.pos+1 < len(a.raw) && (a.raw[a.pos+1] == '\n' || a.raw[a.pos+1] == '\r') {
		a.pos++
		for isBlank(a.here()) {
			a.pos++
		}
	}
}

// escape is the length of the escape at the current position.
func (a *aligner) escape() int {
	rest := a.raw[a.pos:]
	if len(rest) < 2 {
		return len(rest)
	}
	switch rest[1] {
	case 'x':
		return 4
	case 'u':
		isHigh := len(rest) > 7 && (rest[2] == 'd' || rest[2] == 'D') && strings.ContainsRune("89abAB", rune(rest[3]))
		if isHigh && rest[6] == '\\' && rest[7] == 'u' {
			return 12
		}
		return 6
	case 'U':
		return 10
	}
	return 2
}

// take notes that the next bytes of the text are written in so many bytes here.
func (a *aligner) take(size, width int) {
	end := min(a.pos+width, len(a.raw))
	for range size {
		a.spans = append(a.spans, span{a.base + a.pos, a.base + end})
	}
	a.pos = end
}

// Cutter cuts pieces out of a string, with their places.
type Cutter struct {
	from   trust.Value
	places []span
}

// NewCutter makes a cutter for a string.
func NewCutter(v trust.Value) *Cutter {
	if len(v.Text) > maxInside {
		return &Cutter{from: v}
	}
	return &Cutter{v, spans(v)}
}

// Cut returns the piece [from, to) of the text.
func (c *Cutter) Cut(from, to int) trust.Value {
	piece := trust.Value{Kind: trust.String, Text: c.from.Text[from:to], Range: c.from.Range}
	if c.places != nil && from < to {
		piece.Range.Start, piece.Range.End = c.places[from].start, c.places[to-1].end
	}
	return piece
}

// span is where the byte at i is written.
func (c *Cutter) span(i int) span {
	if c.places != nil {
		return c.places[i]
	}
	return span{c.from.Range.Start, c.from.Range.End}
}
