package trust

import "slices"

// Policy variables are all that ties the values of two keys together. A
// condition that wants one key to equal literal text round a single variable is
// solved exactly: what was demanded of the key is demanded of the variable
// instead. Whatever else variables can say is solved by trying values for them;
// when that neither succeeds nor runs out of values, the search says so.

// linkedAtom is a condition with variables, and the result that is wanted.
type linkedAtom struct {
	*atom
	want bool
}

// matched reports whether an operand has to match.
func (l *linkedAtom) matched() bool { return l.want != l.Operator.Negated }

// derivation is a slot whose word follows from another key's.
type derivation struct {
	slot          slot
	from          *keyInfo
	before, after string
}

// link puts a condition with variables off until all others are placed.
func (f *finder) link(a *atom, want bool, next func() bool) bool {
	switch a.info.class {
	case keyConstant:
		return f.linkText(a, a.info.text(f.mode), want, next)
	case keyFact:
		return f.linkText(a, f.facts[a.Key], want, next)
	}
	s := a.info.slot
	if a.absent == want && f.sites[s].absentOK && f.narrow(s, true, false, nil, next) {
		return true
	}
	if a.Operator.Set == NoSetOperator && a.info.multi {
		return !want && f.narrow(s, false, true, nil, next)
	}
	if a.info.class == keyTagKeys {
		f.stuck = true
		return false
	}
	if a.Operator.Family == ArnPattern && a.Operator.Negated && !want && a.info.class != keyPrincipal {
		// A value that is no ARN does not even match the negated form.
		noArn := []constraint{{scope: a.info.scope, patterns: []pattern{isARN}, negate: true}}
		if f.narrow(s, false, true, noArn, next) {
			return true
		}
	}
	if a.equalsItself() {
		return want != a.Operator.Negated && f.narrow(s, false, true, nil, next)
	}
	return f.narrow(s, false, true, nil, func() bool { return f.postpone(a, want, next) })
}

// linkText settles a condition with variables on a known text, if no value of
// the variables can make an operand match; else it puts the condition off.
func (f *finder) linkText(a *atom, text string, want bool, next func() bool) bool {
	var loose []pattern
	for i := range a.Values {
		loose = append(loose, pattern{elems: elementsOf(a.Values[i].Pieces, anyRun)})
	}
	op := a.Operator
	if op.Family == ArnPattern && !isARN.match(text, f.effort) {
		return !want && next()
	}
	if d := a.textDemand(loose, !op.Negated); !d.accepts(text, f.effort) {
		return want == op.Negated && next()
	}
	return f.postpone(a, want, next)
}

// equalsItself reports whether an operand is the key's own value.
func (a *atom) equalsItself() bool {
	return a.Operator.Family != ArnPattern && slices.ContainsFunc(a.Values, func(o Operand) bool {
		return len(o.Pieces) == 1 && o.Pieces[0].Kind == VariablePiece && o.Pieces[0].Key == a.Key
	})
}

func (f *finder) postpone(a *atom, want bool, next func() bool) bool {
	f.linked = append(f.linked, linkedAtom{a, want})
	ok := next()
	f.linked = f.linked[:len(f.linked)-1]
	return ok
}

// finish fills the slots once everything is demanded of them.
func (f *finder) finish() bool {
	if len(f.linked) == 0 {
		return f.fill()
	}
	return f.resolve(0)
}

// resolve settles the i-th linked condition and those behind it.
func (f *finder) resolve(i int) bool {
	if i == len(f.linked) {
		return f.fillLinked()
	}
	l := &f.linked[i]
	if !l.matched() || l.info.class == keyConstant || l.info.class == keyFact {
		return f.resolve(i + 1) // checked against what was found
	}
	for j := range l.Values {
		ok := f.bind(l.Values[j].Pieces, nil, func(pieces []Piece) bool { return f.equate(l, pieces, i) })
		if ok {
			return true
		}
	}
	return false
}

// bind replaces the variables that the mode settles by their text, and tries
// both ways for those that may be absent. An operand with a variable that has
// no value never matches.
func (f *finder) bind(pieces, bound []Piece, next func([]Piece) bool) bool {
	for i := range pieces {
		piece := &pieces[i]
		if piece.Kind != VariablePiece {
			bound = append(bound, *piece)
			continue
		}
		info := f.variable(piece.Key)
		if info.multi {
			return false // a key of many values never resolves, default or not
		}
		text, state := f.variableText(piece, info)
		withText := func(text string) bool {
			return f.bind(pieces[i+1:], append(slices.Clip(bound), Piece{Kind: LiteralPiece, Text: text}), next)
		}
		withDefault := func() bool { return piece.HasDefault && withText(piece.Default) }
		switch state {
		case absent:
			return withDefault()
		case present:
			return withText(text)
		}
		kept := func() bool { return f.bind(pieces[i+1:], append(slices.Clip(bound), *piece), next) }
		site := &f.sites[info.slot]
		if info.when(f.mode) == present {
			return kept()
		}
		return site.presentOK && f.narrow(info.slot, false, true, nil, kept) ||
			site.absentOK && f.narrow(info.slot, true, false, nil, withDefault)
	}
	return next(bound)
}

// variable finds the slot behind a variable.
func (f *finder) variable(key string) *keyInfo { return f.key(key, key) }

// variableText gives the text of a variable that the mode settles: present with
// that text, or absent; optional means that it is read from a slot.
func (f *finder) variableText(piece *Piece, info *keyInfo) (string, presence) {
	switch info.class {
	case keyFact:
		text, ok := f.facts[piece.Key]
		return text, presentIf(ok)
	case keyConstant:
		if info.when(f.mode) == present {
			return info.text(f.mode), present
		}
		return "", absent
	case keyAbsent:
		return "", absent
	}
	if info.when(f.mode) == absent {
		return "", absent
	}
	return "", optional
}

// equate demands that the key of the i-th linked condition matches an operand
// whose variables are bound or read from slots.
func (f *finder) equate(l *linkedAtom, pieces []Piece, i int) bool {
	next := func() bool { return f.resolve(i + 1) }
	if !hasVariable(pieces) {
		compiled, _ := f.textPattern(pieces)
		d := l.textDemand([]pattern{compiled}, l.want)
		return f.place(l.info.slot, false, &d, next)
	}
	before, info, after, simple := f.single(pieces)
	key := l.info
	if simple && before == "" && after == "" && f.isPart(key) && !f.isPart(info) {
		key, info = info, key // equality goes both ways: the plain key follows
	}
	form := f.shape(key.slot, f.mode)
	if !simple || form == nil || len(form.segments) != 1 || info.slot == key.slot || !f.wanted(info.slot) || f.isDerived(key.slot) {
		return next()
	}
	if !form.segments[0].holds(before) || !form.segments[0].holds(after) {
		return false
	}
	moved := []constraint{{scope: info.scope, form: form, before: before, after: after}}
	for _, c := range f.sites[key.slot].constraints {
		c.scope, c.before, c.after = info.scope, c.before+before, after+c.after
		moved = append(moved, c)
	}
	f.derived = append(f.derived, derivation{key.slot, info, before, after})
	ok := f.narrow(info.slot, false, true, moved, next)
	f.derived = f.derived[:len(f.derived)-1]
	return ok
}

// isPart reports whether a key's value is read from a word of several segments.
func (f *finder) isPart(info *keyInfo) bool {
	form := f.shape(info.slot, f.mode)
	return form != nil && len(form.segments) > 1
}

// contradicted reports whether a condition forbids an equality that another one
// demands.
func (f *finder) contradicted() bool {
	for i := range f.linked {
		l := &f.linked[i]
		if l.matched() {
			continue
		}
		for j := range l.Values {
			before, info, after, ok := f.single(l.Values[j].Pieces)
			if ok && slices.ContainsFunc(f.derived, func(d derivation) bool {
				return d.before == before && d.after == after && (d.slot == l.info.slot && d.from == info ||
					before == "" && after == "" && d.slot == info.slot && d.from == l.info)
			}) {
				return true
			}
		}
	}
	return false
}

// single takes pieces apart that are literal text round one variable.
func (f *finder) single(pieces []Piece) (before string, info *keyInfo, after string, ok bool) {
	for i := range pieces {
		switch piece := &pieces[i]; {
		case piece.Kind == VariablePiece && !ok:
			info, ok = f.variable(piece.Key), true
		case piece.Kind == LiteralPiece && !ok:
			before += piece.Text
		case piece.Kind == LiteralPiece:
			after += piece.Text
		default:
			return "", nil, "", false
		}
	}
	return before, info, after, ok
}

func (f *finder) isDerived(s slot) bool {
	return slices.ContainsFunc(f.derived, func(d derivation) bool { return d.slot == s })
}

// fillDerived gives the slots that follow from others their words.
func (f *finder) fillDerived(sol *solution) {
	for i := len(f.derived) - 1; i >= 0; i-- {
		d := &f.derived[i]
		if parts := sol.words[d.from.slot]; parts != nil {
			sol.words[d.slot] = []string{d.before + d.from.scope.of(parts) + d.after}
		}
	}
}

// fillLinked fills the slots and holds the linked conditions against the
// result. Where one is not met, the variables are kept as they came out and the
// conditions placed with their text; failing that, other values are tried.
func (f *finder) fillLinked() bool {
	if f.contradicted() {
		return false
	}
	var excluded []slot
	defer func() {
		for _, s := range excluded {
			at := &f.sites[s]
			at.constraints = at.constraints[:len(at.constraints)-1]
		}
	}()
	for range 6 {
		if !f.fill() {
			if len(excluded) == 0 {
				return false
			}
			break // without what was forbidden there might be one
		}
		request := f.found.request(f.program)
		if f.linksHold(&request) {
			return true
		}
		f.found = nil
		if f.pinned(&request, 0) {
			return true
		}
		s, ok := f.exclude(&request)
		if !ok {
			break
		}
		excluded = append(excluded, s)
	}
	f.stuck = true
	return false
}

// linksHold evaluates the linked conditions on a request.
func (f *finder) linksHold(request *Request) bool {
	for i := range f.linked {
		l := &f.linked[i]
		values, ok := request.Context.Lookup(l.info.name)
		if !ok {
			if l.absent != l.want {
				return false
			}
			continue
		}
		d := l.textDemand(f.substituted(l, request), true)
		if d.accepts(values[0], f.effort) != l.want {
			return false
		}
	}
	return true
}

// substituted compiles a condition's operands with the request's text for the
// variables; operands with a variable without a value drop out.
func (f *finder) substituted(l *linkedAtom, request *Request) []pattern {
	var patterns []pattern
	for i := range l.Values {
		pieces, ok := make([]Piece, 0, len(l.Values[i].Pieces)), true
		for _, piece := range l.Values[i].Pieces {
			if piece.Kind == VariablePiece {
				info := f.variable(piece.Key)
				values, there := request.Context.Lookup(info.name)
				switch {
				case info.multi:
					ok = false
				case there:
					piece = Piece{Kind: LiteralPiece, Text: values[0]}
				case piece.HasDefault:
					piece = Piece{Kind: LiteralPiece, Text: piece.Default}
				default:
					ok = false
				}
			}
			pieces = append(pieces, piece)
		}
		if compiled, fine := f.textPattern(pieces); ok && fine {
			patterns = append(patterns, compiled)
		}
	}
	return patterns
}

// pinned keeps the variables of all linked conditions at a request's text and
// demands the conditions with it.
func (f *finder) pinned(request *Request, i int) bool {
	if i == len(f.linked) {
		if !f.fill() {
			return false
		}
		again := f.found.request(f.program)
		if f.linksHold(&again) {
			return true
		}
		f.found = nil
		return false
	}
	l := &f.linked[i]
	if l.info.class == keyConstant || l.info.class == keyFact {
		return f.pinned(request, i+1)
	}
	return f.pin(l, request, func() bool {
		d := l.textDemand(f.substituted(l, request), l.want)
		return f.place(l.info.slot, l.absent == l.want, &d, func() bool { return f.pinned(request, i+1) })
	})
}

// pin demands that the variables of a condition keep a request's text.
func (f *finder) pin(l *linkedAtom, request *Request, next func() bool) bool {
	pins := next
	for _, info := range f.variablesOf(l) {
		inner := pins
		values, there := request.Context.Lookup(info.name)
		pins = func() bool {
			if !there {
				return f.narrow(info.slot, true, false, nil, inner)
			}
			return f.limit(info.slot, info.scope, values[0], false, inner)
		}
	}
	return pins()
}

// variablesOf lists the keys read from slots by a condition's variables.
func (f *finder) variablesOf(l *linkedAtom) []*keyInfo {
	var infos []*keyInfo
	for i := range l.Values {
		for j := range l.Values[i].Pieces {
			piece := &l.Values[i].Pieces[j]
			if piece.Kind != VariablePiece {
				continue
			}
			info := f.variable(piece.Key)
			if _, state := f.variableText(piece, info); state == optional {
				infos = append(infos, info)
			}
		}
	}
	return infos
}

// exclude forbids the text that the first variable had.
func (f *finder) exclude(request *Request) (slot, bool) {
	for i := range f.linked {
		for _, info := range f.variablesOf(&f.linked[i]) {
			if values, there := request.Context.Lookup(info.name); there {
				f.add(info.slot, constraint{scope: info.scope, patterns: []pattern{literalPattern(values[0])}, negate: true})
				return info.slot, true
			}
		}
	}
	return 0, false
}
