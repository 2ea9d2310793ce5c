package trust

// A policy under the assumption that some keys of the request have certain
// values, or are absent: conditions on them are settled and go.

// given says what is assumed of a key in lower case: its text, or that it is
// absent; ok is false where nothing is assumed.
type given func(key string) (text string, present, ok bool)

// withID assumes an external ID, or, of the empty text, none.
func withID(id string) given {
	return func(key string) (string, bool, bool) {
		return id, id != "", key == "sts:externalid"
	}
}

// assumedAge is how long ago MFA was shown, in seconds, where it is assumed.
const assumedAge = "0"

// withMFA assumes that MFA was shown, beside what else is assumed.
func (g given) withMFA() given {
	return func(key string) (string, bool, bool) {
		switch key {
		case "aws:multifactorauthpresent":
			return "true", true, true
		case "aws:multifactorauthage":
			return assumedAge, true, true
		}
		return g(key)
	}
}

// withoutMFA assumes that none was shown: by a session, or with a long-term
// access key.
func (g given) withoutMFA(session bool) given {
	return func(key string) (string, bool, bool) {
		switch key {
		case "aws:multifactorauthpresent":
			return "false", session, true
		case "aws:multifactorauthage":
			return "", false, true
		}
		return g(key)
	}
}

// assume settles the conditions of a policy. What a condition with variables
// says of an assumed key depends on the rest of the request. In a Deny it is
// taken to hold. In an Allow it is taken not to, or, loosely, to hold wherever
// the variables have values: a caller knows its own, and can send them.
func (p *program) assume(policy *Policy, assumed given, loosely bool) *Policy {
	settled := *policy
	settled.Statements = nil
	for i := range policy.Statements {
		s := policy.Statements[i]
		s.Conditions = nil
		holds := true
		for j := range policy.Statements[i].Conditions {
			c := &policy.Statements[i].Conditions[j]
			text, present, ok := assumed(c.Key)
			if !ok {
				s.Conditions = append(s.Conditions, *c)
				continue
			}
			var a atom
			p.atom(&a, c, s.Effect)
			switch {
			case !present:
				holds = holds && a.absent
			case !a.linked:
				holds = holds && a.demands[1].accepts(text, p.effort)
			case s.Effect == Allow && !loosely:
				holds = false
			case s.Effect == Allow:
				s.Conditions = append(s.Conditions, variablesThere(c)...)
			}
		}
		if holds {
			settled.Statements = append(settled.Statements, s)
		}
	}
	return &settled
}

// variablesThere are conditions that hold where the variables of a condition
// have values, so far as it needs them.
func variablesThere(c *Condition) []Condition {
	if c.Operator.Negated || len(c.Values) != 1 {
		return nil
	}
	var list []Condition
	for _, piece := range c.Values[0].Pieces {
		if piece.Kind == VariablePiece && !piece.HasDefault {
			list = append(list, Condition{
				Operator: Operator{Name: "Null", Family: NullTest}, Key: piece.Key, Spelling: piece.Key,
				Values: []Operand{{Text: "false"}}, Range: c.Range,
			})
		}
	}
	return list
}
