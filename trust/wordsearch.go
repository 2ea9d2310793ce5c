package trust

import (
	"slices"
	"unicode"
	"unicode/utf16"
)

// The exact search for a word: breadth first over the product of one automaton
// for each constraint, so that it finds a shortest word or proves that there is
// none. An automaton's state is the set of positions its patterns can be at.

// search is what stays the same during one search.
type search struct {
	shape    *shape
	trackers []tracker
	symbols  [][]rune // for each segment, the characters worth trying
	words    int      // length of a node's positions
	effort   *effort
}

// tracker follows one constraint.
type tracker struct {
	*constraint
	patterns [][]element
	offsets  []int // where each pattern's position set begins in a node
}

// node is a state of the search, linked to where it came from.
type node struct {
	parent    int
	char      rune
	segment   int
	count     int // characters in this segment
	slash     bool
	positions []uint64
}

func (s *shape) search(constraints []constraint, effort *effort) ([]string, status) {
	effort.spend(100)
	se := &search{shape: s, effort: effort}
	se.build(constraints)
	start := node{parent: -1, positions: make([]uint64, se.words)}
	for i := range se.trackers {
		if !se.enter(&se.trackers[i], start.positions, 0) {
			return nil, unsatisfiable
		}
	}
	parts, st := se.run(start)
	if st == satisfiable && !allHold(constraints, parts, effort) {
		return nil, gaveUp // lengths over several segments are not followed
	}
	return parts, st
}

func (se *search) build(constraints []constraint) {
	segments := len(se.shape.segments)
	var mentioned []rune
	for i := range constraints {
		c := &constraints[i]
		t := tracker{constraint: c}
		for j := range c.patterns {
			elems := c.patterns[j].elements()
			t.patterns = append(t.patterns, elems)
			t.offsets = append(t.offsets, se.words)
			se.words += len(elems)/64 + 1
			mentioned = appendRunes(mentioned, elems, c.fold)
		}
		se.trackers = append(se.trackers, t)
	}
	slices.Sort(mentioned)
	mentioned = slices.Compact(mentioned)
	se.symbols = make([][]rune, segments)
	for i := range se.shape.segments {
		se.symbols[i] = se.symbolsOf(i, mentioned)
	}
}

// appendRunes lists the characters a pattern names, with their other cases when
// it ignores case.
func appendRunes(runes []rune, elems []element, fold bool) []rune {
	for i, e := range elems {
		if e < 0 {
			continue
		}
		c := rune(e)
		if utf16.IsSurrogate(c) {
			if i+1 == len(elems) || elems[i+1] < 0 {
				continue
			}
			c = utf16.DecodeRune(c, rune(elems[i+1]))
		}
		runes = append(runes, c)
		if fold {
			for other := unicode.SimpleFold(c); other != c; other = unicode.SimpleFold(other) {
				runes = append(runes, other)
			}
			runes = append(runes, unicode.ToUpper(c))
		}
	}
	return runes
}

// symbolsOf lists the mentioned characters that a segment may hold, and one
// that nobody mentions: to every pattern the unmentioned ones are all alike.
func (se *search) symbolsOf(segment int, mentioned []rune) []rune {
	seg := &se.shape.segments[segment]
	if seg.isFixed {
		return nil
	}
	allowed := func(c rune) bool {
		if !seg.set.has(c) {
			return false
		}
		for i := range se.trackers {
			t := &se.trackers[i]
			if t.form != nil && t.scope.holds(segment) && !t.form.segments[0].set.has(c) {
				return false
			}
		}
		return true
	}
	var symbols []rune
	for _, c := range "xq0-/" + digitChars + lowerChars + upperChars + " _+=,.@:!#$%&'()*;<>?[]^`{|}~" {
		if _, named := slices.BinarySearch(mentioned, c); !named && allowed(c) {
			symbols = append(symbols, c)
			break
		}
	}
	for _, c := range mentioned {
		if allowed(c) {
			symbols = append(symbols, c)
		}
	}
	if seg.path && !slices.Contains(symbols, '/') {
		symbols = append(symbols, '/')
	}
	if seg.set.other {
		for c := rune(0xc0); c < 0x180; c++ {
			if _, named := slices.BinarySearch(mentioned, c); !named && unicode.IsLetter(c) && allowed(c) {
				return append(symbols, c)
			}
		}
	}
	return symbols
}

// run searches breadth first. Only the patterns' positions, the segment and the
// length that is still owed tell states apart; of two alike the one with fewer
// characters in its segment is enough.
func (se *search) run(start node) ([]string, status) {
	nodes := []node{start}
	seen := map[string]int{se.key(&start): 0}
	add := func(n node) {
		se.effort.spend(20 + len(n.positions))
		key := se.key(&n)
		if best, ok := seen[key]; ok && best <= n.count {
			return
		}
		seen[key] = n.count
		nodes = append(nodes, n)
	}
	for at := 0; at < len(nodes); at++ {
		if se.effort.exhausted() {
			return nil, gaveUp
		}
		n := nodes[at]
		seg := &se.shape.segments[n.segment]
		if seg.isFixed {
			if next, ok := se.fixed(n, at); ok {
				if next.segment == len(se.shape.segments) {
					return se.word(nodes, next), satisfiable
				}
				add(next)
			}
			continue
		}
		if n.count >= se.low(n.segment) && (!seg.path || n.count == 0 || n.slash && n.count > 1) {
			if next, ok := se.leave(n, at); ok {
				if next.segment == len(se.shape.segments) {
					return se.word(nodes, next), satisfiable
				}
				add(next)
			}
		}
		if n.count == se.high(n.segment) {
			continue
		}
		for _, c := range se.symbols[n.segment] {
			if next, ok := se.step(n, at, c); ok {
				add(next)
			}
		}
	}
	return nil, unsatisfiable
}

// low and high are the segment's bounds, narrowed by other keys that have to
// equal it.
func (se *search) low(segment int) int {
	low := se.shape.segments[segment].min
	for i := range se.trackers {
		if t := &se.trackers[i]; t.form != nil && se.isAll(t.scope, segment) {
			low = max(low, t.form.segments[0].min-len(t.before)-len(t.after))
		}
	}
	return low
}

func (se *search) high(segment int) int {
	high := se.shape.segments[segment].max
	for i := range se.trackers {
		if t := &se.trackers[i]; t.form != nil && se.isAll(t.scope, segment) {
			high = min(high, t.form.segments[0].max-len(t.before)-len(t.after))
		}
	}
	return high
}

// isAll reports whether a scope is exactly this segment.
func (se *search) isAll(s scope, segment int) bool {
	return int(s.first) == segment && min(int(s.last), len(se.shape.segments)-1) == segment
}

func (se *search) key(n *node) string {
	owed := se.low(n.segment)
	if se.shape.segments[n.segment].path {
		owed = max(owed, 2) // a slash alone is no path
	}
	owed = min(owed, n.count)
	key := make([]byte, 0, 8+8*len(n.positions))
	key = append(key, byte(n.segment), byte(owed), byte(owed>>8), 0)
	if n.slash {
		key[3] = 1
	}
	for _, word := range n.positions {
		key = append(key, byte(word), byte(word>>8), byte(word>>16), byte(word>>24),
			byte(word>>32), byte(word>>40), byte(word>>48), byte(word>>56))
	}
	return string(key)
}

// step consumes one character.
func (se *search) step(n node, at int, c rune) (node, bool) {
	next := node{parent: at, char: c, segment: n.segment, count: n.count + 1, slash: c == '/', positions: slices.Clone(n.positions)}
	return next, se.feed(next.positions, n.segment, c)
}

// fixed consumes a fixed segment whole and leaves it.
func (se *search) fixed(n node, at int) (node, bool) {
	next := node{parent: at, segment: n.segment, positions: slices.Clone(n.positions)}
	for _, c := range se.shape.segments[n.segment].fixed {
		if !se.feed(next.positions, n.segment, c) {
			return next, false
		}
	}
	return se.leave(next, at)
}

// leave ends a segment: constraints whose scope ends here have to hold, those
// whose scope begins next are set to their start.
func (se *search) leave(n node, at int) (node, bool) {
	next := node{parent: at, segment: n.segment + 1, positions: slices.Clone(n.positions)}
	last := len(se.shape.segments) - 1
	for i := range se.trackers {
		t := &se.trackers[i]
		if min(int(t.scope.last), last) == n.segment {
			if !se.accepted(t, next.positions) {
				return next, false
			}
			se.clear(t, next.positions)
		}
		if n.segment < last && !se.enter(t, next.positions, n.segment+1) {
			return next, false
		}
	}
	return next, true
}

// enter sets a constraint's patterns to their start when its scope begins with
// the segment.
func (se *search) enter(t *tracker, positions []uint64, segment int) bool {
	if int(t.scope.first) != segment || t.form != nil {
		return true
	}
	for j, elems := range t.patterns {
		set := positions[t.offsets[j] : t.offsets[j]+len(elems)/64+1]
		set[0] |= 1
		closeOver(set, elems)
	}
	for _, c := range t.before {
		if !se.advance(t, positions, c) {
			return false
		}
	}
	return true
}

func (se *search) clear(t *tracker, positions []uint64) {
	for j, elems := range t.patterns {
		clear(positions[t.offsets[j] : t.offsets[j]+len(elems)/64+1])
	}
}

// accepted tells whether the constraint holds of what it was fed.
func (se *search) accepted(t *tracker, positions []uint64) bool {
	if t.form != nil {
		return true // its characters and lengths were kept
	}
	if t.after != "" {
		positions = slices.Clone(positions)
		for _, c := range t.after {
			if !se.advance(t, positions, c) {
				return false
			}
		}
	}
	for j, elems := range t.patterns {
		end := len(elems)
		if positions[t.offsets[j]+end/64]&(1<<(end%64)) != 0 {
			return !t.negate
		}
	}
	return t.negate
}

// feed advances every constraint whose scope holds the segment.
func (se *search) feed(positions []uint64, segment int, c rune) bool {
	for i := range se.trackers {
		t := &se.trackers[i]
		if t.scope.holds(segment) && t.form == nil && !se.advance(t, positions, c) {
			return false
		}
	}
	return true
}

// word reads the found word backwards, segment by segment.
func (se *search) word(nodes []node, last node) []string {
	parts := make([]string, len(se.shape.segments))
	chars := make([][]rune, len(parts))
	for n := last; n.parent >= 0; n = nodes[n.parent] {
		if n.char != 0 {
			chars[n.segment] = append(chars[n.segment], n.char)
		}
	}
	for i := range parts {
		slices.Reverse(chars[i])
		if parts[i] = string(chars[i]); se.shape.segments[i].isFixed {
			parts[i] = se.shape.segments[i].fixed
		}
	}
	return parts
}
