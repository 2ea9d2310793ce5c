package trust

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
)

// An element is one position of a compiled pattern: a UTF-16 code unit, or one
// of the wildcards below. The …InSegment forms do not match a colon: in an ARN
// pattern a wildcard stays within its segment, save in the last one.
type element int32

const (
	anyUnit          element = -1
	anyRun           element = -2
	anyUnitInSegment element = -3
	anyRunInSegment  element = -4
)

func (e element) isRun() bool { return e == anyRun || e == anyRunInSegment }

// accepts reports whether the element may consume the unit.
func (e element) accepts(unit uint16) bool {
	switch e {
	case anyUnit, anyRun:
		return true
	case anyUnitInSegment, anyRunInSegment:
		return unit != ':'
	}
	return e == element(unit)
}

// pattern is a compiled operand: the strings it matches. A pattern without
// wildcards is kept as text alone.
type pattern struct {
	literal bool
	text    string // literal
	elems   []element
}

func literalPattern(text string) pattern { return pattern{literal: true, text: text} }

// elements returns the pattern as elements, also when it is a literal.
func (p pattern) elements() []element {
	if !p.literal {
		return p.elems
	}
	return appendUnits(make([]element, 0, len(p.text)), p.text)
}

func appendUnits(elems []element, text string) []element {
	for _, c := range text {
		if c < 0x10000 {
			elems = append(elems, element(c))
			continue
		}
		high, low := utf16.EncodeRune(c)
		elems = append(elems, element(high), element(low))
	}
	return elems
}

// finite reports whether the pattern matches finitely many strings.
func (p pattern) finite() bool {
	for _, e := range p.elems {
		if e.isRun() {
			return false
		}
	}
	return true
}

// shortest is the length, in UTF-16 code units, of the shortest text that
// matches.
func (p pattern) shortest() int {
	if p.literal {
		return 0
	}
	n := 0
	for _, e := range p.elems {
		if !e.isRun() {
			n++
		}
	}
	return n
}

// match tells whether the pattern matches the whole text. It backtracks to the
// last run only: in an ARN pattern the colons between segments are literals, so
// an earlier run can never help.
func (p pattern) match(text string, effort *effort) bool {
	if p.literal {
		return p.text == text
	}
	var buffer [96]uint16
	units := toUnits(buffer[:0], text)
	at, i, runAt, runFrom := 0, 0, -1, 0
	steps := 0
	for i < len(units) {
		steps++
		switch {
		case at < len(p.elems) && p.elems[at].isRun():
			runAt, runFrom = at, i
			at++
			continue
		case at < len(p.elems) && p.elems[at].accepts(units[i]):
			at, i = at+1, i+1
			continue
		case runAt >= 0 && p.elems[runAt].accepts(units[runFrom]):
			runFrom++
			at, i = runAt+1, runFrom
			continue
		}
		effort.spend(steps)
		return false
	}
	for at < len(p.elems) && p.elems[at].isRun() {
		at++
	}
	effort.spend(steps)
	return at == len(p.elems)
}

// covers reports whether the pattern surely matches everything that an outline
// of units and runs stands for: a run of the outline is matched by a run alone.
func (p pattern) covers(outline []element, effort *effort) bool {
	effort.spend(len(p.elems) + len(outline))
	takes := func(e, what element) bool {
		if what.isRun() {
			return e == anyRun || e == anyRunInSegment && what == anyRunInSegment
		}
		return e.accepts(uint16(what))
	}
	at, i, runAt, runFrom := 0, 0, -1, 0
	for i < len(outline) {
		switch {
		case at < len(p.elems) && p.elems[at].isRun():
			runAt, runFrom = at, i
			at++
		case at < len(p.elems) && takes(p.elems[at], outline[i]):
			at, i = at+1, i+1
		case runAt >= 0 && takes(p.elems[runAt], outline[runFrom]):
			runFrom++
			at, i = runAt+1, runFrom
		default:
			return false
		}
	}
	for at < len(p.elems) && p.elems[at].isRun() {
		at++
	}
	return at == len(p.elems)
}

func toUnits(units []uint16, text string) []uint16 {
	for _, c := range text {
		units = utf16.AppendRune(units, c)
	}
	return units
}

// lower is simple lower-casing rune by rune, as StringEqualsIgnoreCase does; it
// does not fold (long s stays itself).
func lower(text string) string { return strings.Map(unicode.ToLower, text) }

// foldPattern lower-cases the literals of a pattern.
func foldPattern(p pattern) pattern {
	if p.literal {
		return literalPattern(lower(p.text))
	}
	elems := make([]element, len(p.elems))
	for i, e := range p.elems {
		if e >= 0 && !utf16.IsSurrogate(rune(e)) {
			e = element(unicode.ToLower(rune(e)))
		}
		elems[i] = e
	}
	return pattern{elems: elems}
}

// foldASCII lower-cases the letters A to Z of a pattern.
func (p pattern) foldASCII() pattern {
	if p.literal {
		return literalPattern(lowerASCII(p.text))
	}
	elems := slices.Clone(p.elems)
	for i, e := range elems {
		if 'A' <= e && e <= 'Z' {
			elems[i] = e | 0x20
		}
	}
	return pattern{elems: elems}
}

// arnPattern confines wildcards to their segments. It reports false when the
// elements are no ARN pattern: fewer than five colons, or a first segment that
// is never "arn".
func arnPattern(elems []element) (pattern, bool) {
	if len(elems) == 1 && elems[0] == anyRun {
		return isARN, true
	}
	first := len(elems)
	for i, e := range elems {
		if e == ':' {
			first = i
			break
		}
	}
	head := pattern{elems: elems[:first]}
	if !head.match("arn", nil) {
		return pattern{}, false
	}
	out := append(make([]element, 0, len(elems)+3), 'a', 'r', 'n')
	colons := 0
	for _, e := range elems[first:] {
		if colons < 5 {
			switch e {
			case ':':
				colons++
			case anyUnit:
				e = anyUnitInSegment
			case anyRun:
				e = anyRunInSegment
			}
		}
		out = append(out, e)
	}
	return pattern{elems: out}, colons == 5
}

// isARN matches what the ARN operators take for an ARN: "arn" and at least five
// colons.
var isARN = pattern{elems: []element{
	'a', 'r', 'n', ':', anyRunInSegment, ':', anyRunInSegment, ':', anyRunInSegment, ':', anyRunInSegment, ':', anyRun,
}}

// effort bounds the work of one decision by counting it, never by the clock, so
// that a verdict is the same on every machine. A nil effort is unbounded.
type effort struct{ left int }

func (e *effort) spend(steps int) {
	if e != nil {
		e.left -= steps
	}
}

func (e *effort) exhausted() bool { return e != nil && e.left <= 0 }
