package trust

// An atom is one condition of a statement, made ready.
type atom struct {
	*Condition
	effect  Effect
	info    *keyInfo
	absent  bool      // the result when the key is missing
	linked  bool      // some operand has a variable that is not a fact of the role
	demands [2]demand // of a present value: wanted false, wanted true
}

// A demand is what a wanted result asks of a value that is present: the
// constraints of one of the alternatives.
type demand struct {
	verdict      verdict3
	alternatives [][]constraint
}

// atom makes a condition ready.
func (p *program) atom(a *atom, c *Condition, effect Effect) {
	*a = atom{Condition: c, effect: effect, info: p.key(c.Key, c.Spelling), absent: absentResult(c)}
	if !isTyped(c.Operator.Family) {
		for i := range c.Values {
			a.linked = p.variables(c.Values[i].Pieces) || a.linked
		}
	}
	if a.linked {
		return
	}
	if a.info.class == keyAbsent {
		return
	}
	patterns := p.patterns(c)
	a.demands[0], a.demands[1] = a.demand(patterns, false), a.demand(patterns, true)
}

// variables looks an operand's variables up, and reports whether the value of
// some of them differs between requests. Facts of the role do not.
func (p *program) variables(pieces []Piece) bool {
	differ := false
	for i := range pieces {
		if pieces[i].Kind == VariablePiece {
			info := p.key(pieces[i].Key, pieces[i].Key)
			differ = differ || info.class != keyFact && info.class != keyAbsent || info.multi
		}
	}
	return differ
}

// patterns compiles the operands of an operator that compares text.
func (p *program) patterns(c *Condition) []pattern {
	if isTyped(c.Operator.Family) || c.Operator.Family == BoolEqual || c.Operator.Family == NullTest {
		return nil
	}
	patterns := make([]pattern, 0, len(c.Values))
	for i := range c.Values {
		if pattern, ok := p.textPattern(c.Values[i].Pieces); ok {
			patterns = append(patterns, pattern)
		}
	}
	return patterns
}

// demand says what it takes for a present value to give the wanted result, for
// operands without variables.
func (a *atom) demand(patterns []pattern, want bool) demand {
	op := a.Operator
	switch {
	case op.Family == NullTest:
		return fixedDemand(anyOperand(a.Condition, func(o *Operand) bool { return !o.Bool }) == want)
	case op.Set == NoSetOperator && a.info.multi:
		// A scalar operator never matches a key of many values.
		return fixedDemand(!want)
	case op.Family == BoolEqual:
		c, verdict := boolConstraint(a.Condition, want)
		return a.one(verdict, c)
	case isTyped(op.Family) && a.info.isNoNumber():
		return fixedDemand(typedResult(a.Condition, "arn:") == want)
	case isTyped(op.Family):
		return a.one(sometimes, constraint{typed: a.Condition, want: want})
	}
	return a.textDemand(patterns, want)
}

// isNoNumber reports whether the key's values are never numbers, dates or
// addresses.
func (info *keyInfo) isNoNumber() bool {
	switch info.class {
	case keyPrincipal:
		return info.scope == wholeWord
	case keyUserID, keyOrganization, keyEndpointOrganization:
		return true
	}
	return false
}

func fixedDemand(holds bool) demand { return demand{verdict: always(holds)} }

func (a *atom) one(verdict verdict3, c constraint) demand {
	if verdict != sometimes {
		return demand{verdict: verdict}
	}
	c.scope = a.info.scope
	return demand{sometimes, [][]constraint{{c}}}
}

// textDemand is the demand of the operators that compare text.
func (a *atom) textDemand(patterns []pattern, want bool) demand {
	op := a.Operator
	matched := want != op.Negated
	switch op.Family {
	case ArnPattern:
		return a.arnDemand(patterns, want)
	case StringIgnoreCase:
		folded := make([]pattern, len(patterns))
		for i := range patterns {
			folded[i] = foldPattern(patterns[i])
		}
		return a.one(someOrFixed(patterns, matched), constraint{patterns: folded, fold: true, negate: !matched})
	}
	return a.one(someOrFixed(patterns, matched), constraint{patterns: patterns, negate: !matched})
}

// someOrFixed settles an operator whose operands match nothing at all.
func someOrFixed(patterns []pattern, matched bool) verdict3 {
	if len(patterns) == 0 {
		return always(!matched)
	}
	return sometimes
}

// arnDemand is the demand of the ARN operators. A value that is no ARN matches
// neither the plain nor the negated form. An operand that is no ARN satisfies
// nothing in an Allow and everything in a Deny, if the value is an ARN
// (semantics: section 2.6).
func (a *atom) arnDemand(patterns []pattern, want bool) demand {
	op := a.Operator
	compiled := make([]pattern, 0, len(patterns)+1)
	for i := range patterns {
		if p, ok := arnPattern(patterns[i].elements()); ok {
			compiled = append(compiled, p)
		} else if (a.effect == Deny) != op.Negated {
			compiled = append(compiled, isARN)
		}
	}
	at := a.info.scope
	isArn := constraint{scope: at, patterns: []pattern{isARN}}
	matching := constraint{scope: at, patterns: compiled}
	other := constraint{scope: at, patterns: compiled, negate: true}
	noArn := constraint{scope: at, patterns: []pattern{isARN}, negate: true}
	switch {
	case a.info.class == keyPrincipal && a.info.scope == wholeWord:
		if want != op.Negated {
			return a.one(someOrFixed(compiled, true), matching) // always an ARN
		}
		return a.one(someOrFixed(compiled, false), other)
	case op.Negated && want:
		return demand{sometimes, [][]constraint{{other, isArn}}}
	case op.Negated:
		return demand{sometimes, [][]constraint{{matching}, {noArn}}}
	case want:
		return a.one(someOrFixed(compiled, true), matching)
	}
	return a.one(someOrFixed(compiled, false), other)
}
