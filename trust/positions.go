package trust

import (
	"math/bits"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// The positions that the patterns of a constraint can be at, as sets of bits.

// advance consumes a character in one constraint. It reports false when the
// constraint can no longer hold.
func (se *search) advance(t *tracker, positions []uint64, c rune) bool {
	if t.fold && (!t.ascii || c < utf8.RuneSelf) {
		c = unicode.ToLower(c)
	}
	var buffer [2]uint16
	alive := t.negate
	for _, unit := range utf16.AppendRune(buffer[:0], c) {
		alive = t.negate
		for j, elems := range t.patterns {
			set := positions[t.offsets[j] : t.offsets[j]+len(elems)/64+1]
			se.effort.spend(len(set) + 1)
			if advanceSet(set, elems, unit, se.effort) {
				alive = true
			}
		}
	}
	return alive
}

// advanceSet moves a set of positions over one code unit, in place.
func advanceSet(set []uint64, elems []element, unit uint16, effort *effort) bool {
	var carry uint64 // position 64k reached from the word before
	for w := range set {
		var next uint64
		out := carry
		carry = 0
		for word := set[w]; word != 0; word &= word - 1 {
			bit := bits.TrailingZeros64(word)
			at := w*64 + bit
			if at == len(elems) || !elems[at].accepts(unit) {
				continue
			}
			switch {
			case elems[at].isRun():
				next |= 1 << bit
			case bit == 63:
				carry = 1
			default:
				next |= 1 << (bit + 1)
			}
		}
		effort.spend(bits.OnesCount64(set[w]))
		set[w] = out | next
	}
	return closeOver(set, elems)
}

// closeOver adds the positions behind runs, which may be empty, and reports
// whether the set holds anything.
func closeOver(set []uint64, elems []element) bool {
	any := false
	for w := range set {
		for bit := 0; bit < 64; bit++ {
			if set[w]>>bit == 0 {
				break
			}
			if set[w]&(1<<bit) == 0 {
				continue
			}
			any = true
			if at := w*64 + bit; at < len(elems) && elems[at].isRun() {
				set[(at+1)/64] |= 1 << ((at + 1) % 64)
			}
		}
	}
	return any
}
