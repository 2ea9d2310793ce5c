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
const assumedAge = "30"

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
// says of an assumed key depends on the rest of the request: loosely is taken
// for its result, so that the answer errs on a known side.
func (p *program) assume(policy *Policy, assumed given, loosely func(Effect) bool) *Policy {
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
			holds = holds && p.settle(c, s.Effect, text, present, loosely)
		}
		if holds {
			settled.Statements = append(settled.Statements, s)
		}
	}
	return &settled
}

// settle is a condition's result on an assumed value.
func (p *program) settle(c *Condition, effect Effect, text string, present bool, loosely func(Effect) bool) bool {
	var a atom
	p.atom(&a, c, effect)
	switch {
	case !present:
		return a.absent
	case a.linked:
		return loosely(effect)
	}
	return a.demands[1].accepts(text, p.effort)
}
