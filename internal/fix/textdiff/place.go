package textdiff

import (
	"math"
	"slices"
	"strings"
)

// settle moves every mere insertion and every mere removal as far down as it
// says the same there, as diff does, and joins those that then touch.
func settle(a, b []string, changes []change) []change {
	settled := make([]change, 0, len(changes)) // from the last one to the first
	for _, at := range slices.Backward(changes) {
		for at.slides(a, b, 1) {
			at.a, at.b = at.a+1, at.b+1
			if n := len(settled); n > 0 && settled[n-1].a == at.endA() && settled[n-1].b == at.endB() {
				at.removed, at.added = at.removed+settled[n-1].removed, at.added+settled[n-1].added
				settled = settled[:n-1]
			}
		}
		settled = append(settled, at)
	}
	slices.Reverse(settled)
	return settled
}

// place moves them up again to where they begin with the line that is indented
// the least: so an element of a list is shown from its own beginning to its
// own end, and not from the end of the element before.
func place(a, b []string, changes []change) []change {
	end := 0 // of the change before, in a
	for i, at := range changes {
		best := at.indent(a, b)
		for at.a > end+1 && at.slides(a, b, -1) {
			at.a, at.b = at.a-1, at.b-1
			if indent := at.indent(a, b); indent < best {
				best, changes[i] = indent, at
			}
		}
		end = changes[i].endA()
	}
	return changes
}

// slides reports whether a change can be told one line further down or, with
// -1, further up.
func (c change) slides(a, b []string, by int) bool {
	text, start, end := b, c.b, c.endB()
	switch {
	case c.added == 0:
		text, start, end = a, c.a, c.endA()
	case c.removed > 0:
		return false
	}
	if by < 0 {
		return c.a > 0 && c.b > 0 && text[start-1] == text[end-1]
	}
	return c.endA() < len(a) && c.endB() < len(b) && text[start] == text[end]
}

// indent is how far the first line of a change is indented. Blank lines begin
// nothing.
func (c change) indent(a, b []string) int {
	var line string
	if c.removed > 0 {
		line = a[c.a]
	} else {
		line = b[c.b]
	}
	text := strings.TrimLeft(line, " \t")
	if strings.TrimRight(text, "\r\n") == "" {
		return math.MaxInt
	}
	return len(line) - len(text)
}
