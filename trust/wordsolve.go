package trust

import (
	"slices"
	"strings"
)

// status is the answer of a search: a solution, the proof that there is none,
// or neither within the effort allowed.
type status uint8

const (
	unsatisfiable status = iota
	satisfiable
	gaveUp
)

// solve finds a value of the shape that satisfies every constraint, taken
// apart into its segments.
//
// Cheap guesses come first, because nearly every trust policy is settled by
// one: listed texts where a constraint lists them (and then nothing else can
// do), else natural examples. What is left goes to the exact search.
func (s *shape) solve(constraints []constraint, effort *effort) ([]string, status) {
	if len(constraints) == 0 && s.natural != nil {
		return s.natural, satisfiable
	}
	typed := false
	for i := range constraints {
		c := &constraints[i]
		if c.scope == wholeWord && c.isLiteral() {
			return s.solveListed(c, constraints, effort)
		}
		if s.tooLongFor(c) || s.leavesNothing(c, effort) {
			return nil, unsatisfiable
		}
		typed = typed || c.typed != nil
	}
	return s.solveSegments(constraints, typed, effort)
}

// tooLongFor reports whether every pattern that a constraint wants one of is
// longer than a word of one segment can be.
func (s *shape) tooLongFor(c *constraint) bool {
	if len(s.segments) != 1 || c.negate || len(c.patterns) == 0 || c.before != "" || c.after != "" {
		return false
	}
	for i := range c.patterns {
		if c.patterns[i].shortest() <= 2*s.segments[0].max { // a character has at most two code units
			return false
		}
	}
	return true
}

// leavesNothing reports whether a constraint excludes every word of the shape
// by a single pattern, as one that denies all ARNs does. A search finds that
// out, too, and takes a thousand times as long.
func (s *shape) leavesNothing(c *constraint, effort *effort) bool {
	if !c.negate || c.typed != nil || c.form != nil || c.before != "" || c.after != "" {
		return false
	}
	var outline []element
	for i := range c.patterns {
		if c.patterns[i].literal || c.patterns[i].finite() {
			continue
		}
		if outline == nil {
			outline = s.outline(c.scope, c.fold)
		}
		if c.patterns[i].covers(outline, effort) {
			return true
		}
	}
	return false
}

// outline is the shape within a scope, with what may stand in its open segments
// as wildcards.
func (s *shape) outline(at scope, fold bool) []element {
	outline := make([]element, 0, 64)
	for i := range s.segments {
		switch segment := &s.segments[i]; {
		case !at.holds(i):
		case segment.isFixed && fold:
			outline = appendUnits(outline, lower(segment.fixed))
		case segment.isFixed:
			outline = appendUnits(outline, segment.fixed)
		case segment.set.has(':'):
			outline = append(outline, anyRun)
		default:
			outline = append(outline, anyRunInSegment)
		}
	}
	return outline
}

// solveListed tries the texts that one constraint lists.
func (s *shape) solveListed(list *constraint, constraints []constraint, effort *effort) ([]string, status) {
	for i := range list.patterns {
		if effort.exhausted() {
			return nil, gaveUp
		}
		if text := list.patterns[i].text; len(s.segments) == 1 && !(s.segments[0].allows(text) && allHoldText(constraints, text, effort)) {
			continue
		}
		parts, ok := s.split(s, list.patterns[i].text)
		if ok && s.legal(parts) && allHold(constraints, parts, effort) {
			return parts, satisfiable
		}
	}
	if effort.exhausted() {
		return nil, gaveUp
	}
	return nil, unsatisfiable
}

// solveSegments fixes the segments that a constraint lists, one alternative
// after the other, and solves the rest.
func (s *shape) solveSegments(constraints []constraint, typed bool, effort *effort) ([]string, status) {
	if parts, ok := s.guess(constraints, effort); ok {
		return parts, satisfiable
	}
	for i := range constraints {
		c := &constraints[i]
		if !c.isLiteral() || s.segments[s.freeSegment(c.scope)].isFixed {
			continue
		}
		result := unsatisfiable
		for _, p := range c.patterns {
			if effort.exhausted() {
				return nil, gaveUp
			}
			at, text, ok := s.cut(c.scope, p.text)
			if !ok || !s.segments[at].allows(text) || !allHoldOf(constraints, at, text, effort) {
				continue
			}
			parts, st := s.fix(at, text).solveSegments(constraints, typed, effort)
			if st == satisfiable {
				return parts, st
			}
			if st == gaveUp {
				result = gaveUp
			}
		}
		return nil, result
	}
	if typed {
		return s.solveTyped(constraints, effort)
	}
	return s.search(constraints, effort)
}

// allHoldOf reports whether a segment's text satisfies the constraints that are
// about this segment alone.
func allHoldOf(constraints []constraint, segment int, text string, effort *effort) bool {
	for i := range constraints {
		c := &constraints[i]
		if int(c.scope.first) == segment && int(c.scope.last) == segment && !c.holdsText(c.before+text+c.after, effort) {
			return false
		}
	}
	return true
}

// fix returns the shape with the text of one segment settled.
func (s *shape) fix(at int, text string) *shape {
	fixed := *s
	fixed.segments = append([]segment(nil), s.segments...)
	fixed.segments[at] = segment{fixed: text, isFixed: true}
	fixed.natural = nil
	return &fixed
}

// freeSegment is the one segment of a scope that is not fixed; the first where
// there are several, or none.
func (s *shape) freeSegment(at scope) int {
	for i := int(at.first); i <= min(int(at.last), len(s.segments)-1); i++ {
		if !s.segments[i].isFixed {
			return i
		}
	}
	return int(at.first)
}

// cut takes the fixed segments of a scope off a text, so that what is left is
// the text of its one free segment.
func (s *shape) cut(at scope, text string) (segment int, rest string, ok bool) {
	free := s.freeSegment(at)
	for i := int(at.first); i <= min(int(at.last), len(s.segments)-1); i++ {
		switch {
		case i < free:
			text, ok = strings.CutPrefix(text, s.segments[i].fixed)
		case i > free:
			text, ok = strings.CutSuffix(text, s.segments[i].fixed)
			ok = ok && s.segments[i].isFixed
		default:
			ok = true
		}
		if !ok {
			return 0, "", false
		}
	}
	return free, text, true
}

// guess tries natural values: the examples of the segments, with the texts that
// constraints list, and what the wanted patterns look like when their wildcards
// are filled in.
func (s *shape) guess(constraints []constraint, effort *effort) ([]string, bool) {
	natural := s.natural
	if natural == nil {
		natural = s.withExamples().natural
	}
	parts := append(make([]string, 0, 8), natural...)
	for i := range constraints {
		if c := &constraints[i]; c.isLiteral() && len(c.patterns) == 1 && (len(s.segments) == 1 || c.scope != wholeWord) {
			if at, text, ok := s.cut(c.scope, c.patterns[0].text); ok {
				parts[at] = text
			}
		}
	}
	if s.legal(parts) && allHold(constraints, parts, effort) {
		return parts, true
	}
	for i := range constraints {
		c := &constraints[i]
		if c.negate || c.typed != nil || c.form != nil || c.before != "" || c.after != "" || c.isLiteral() {
			continue
		}
		for j := range min(len(c.patterns), 8) {
			if found, ok := s.guessPattern(&c.patterns[j], c.scope, parts, constraints, effort); ok {
				return found, true
			}
		}
	}
	return nil, false
}

func (s *shape) guessPattern(p *pattern, at scope, parts []string, constraints []constraint, effort *effort) ([]string, bool) {
	for _, filler := range [...]string{"", "x", "abcd", "0001", "666677778888"} {
		text, ok := p.instance(filler)
		if !ok {
			return nil, false
		}
		var candidate []string
		if len(s.segments) == 1 || at == wholeWord {
			if candidate, ok = s.split(s, text); !ok {
				continue
			}
		} else if at.first == at.last {
			candidate = append([]string(nil), parts...)
			candidate[at.first] = text
		} else {
			continue
		}
		if s.legal(candidate) && allHold(constraints, candidate, effort) {
			return candidate, true
		}
	}
	return nil, false
}

// instance fills the wildcards of a pattern. It reports false for long
// patterns, where guessing is not worth its cost.
func (p *pattern) instance(filler string) (string, bool) {
	if p.literal {
		return p.text, true
	}
	if len(p.elems) > 256 {
		return "", false
	}
	out := make([]rune, 0, len(p.elems)+16)
	for _, e := range p.elems {
		switch {
		case e.isRun():
			out = append(out, []rune(filler)...)
		case e < 0:
			out = append(out, '7')
		default:
			out = append(out, rune(e))
		}
	}
	return string(out), true
}

// solveTyped handles shapes under comparisons of numbers, dates or addresses.
// Candidates round the operands come first. Then the constraints on the text
// are searched alone, which proves that there is no solution when they have
// none, and offers further candidates when they have.
func (s *shape) solveTyped(constraints []constraint, effort *effort) ([]string, status) {
	at := s.typedSegment(constraints)
	if s.segments[at].isFixed {
		return s.solveFixedTyped(at, constraints, effort)
	}
	complete := true
	var texts []constraint
	for i := range constraints {
		c := &constraints[i]
		if c.typed == nil {
			texts = append(texts, *c)
			complete = complete && (c.negate && c.onlyLiterals() || !c.scope.holds(at))
		}
	}
	for _, text := range typedCandidates(constraints, len(texts)+1, s.segments[at].min) {
		if !s.segments[at].allows(text) {
			continue
		}
		fixed := s.fix(at, text)
		parts, ok := fixed.guess(constraints, effort)
		if ok {
			return parts, satisfiable
		}
		if len(s.segments) > 1 && len(texts) > 0 {
			var st status
			if parts, st = fixed.search(texts, effort); st == satisfiable && allHold(constraints, parts, effort) {
				return parts, satisfiable
			}
		}
	}
	if complete {
		// A set of numbers, instants or addresses that comparisons describe
		// holds, unless it is empty, an operand, a neighbour of one or the
		// middle between two; a few listed exceptions take a few neighbours.
		return nil, unsatisfiable
	}
	for range 8 {
		parts, st := s.search(texts, effort)
		if st != satisfiable {
			return nil, st
		}
		if allHold(constraints, parts, effort) {
			return parts, satisfiable
		}
		texts = append(texts, constraint{scope: wholeWord, negate: true, patterns: []pattern{literalPattern(wholeWord.of(parts))}})
	}
	return nil, gaveUp
}

// solveFixedTyped handles comparisons on a segment whose text is settled.
func (s *shape) solveFixedTyped(at int, constraints []constraint, effort *effort) ([]string, status) {
	var others []constraint
	for i := range constraints {
		c := &constraints[i]
		if c.typed == nil || int(c.scope.first) != at || c.scope.first != c.scope.last {
			others = append(others, *c)
		} else if !c.holdsText(s.segments[at].fixed, effort) {
			return nil, unsatisfiable
		}
	}
	if len(others) == len(constraints) {
		return nil, gaveUp
	}
	return s.solveSegments(others, slices.ContainsFunc(others, func(c constraint) bool { return c.typed != nil }), effort)
}

// typedSegment is the segment that the comparisons speak of: the account or the
// name of a principal, or the only one.
func (s *shape) typedSegment(constraints []constraint) int {
	for i := range constraints {
		if c := &constraints[i]; c.typed != nil {
			return min(int(c.scope.first), len(s.segments)-1)
		}
	}
	return 0
}

func (c *constraint) onlyLiterals() bool {
	for i := range c.patterns {
		if !c.patterns[i].literal {
			return false
		}
	}
	return c.typed == nil && c.form == nil
}

func allHoldText(constraints []constraint, text string, effort *effort) bool {
	for i := range constraints {
		c := &constraints[i]
		if !c.holdsText(c.before+text+c.after, effort) {
			return false
		}
	}
	return true
}

func allHold(constraints []constraint, parts []string, effort *effort) bool {
	for i := range constraints {
		if !constraints[i].holds(parts, effort) {
			return false
		}
	}
	return true
}
