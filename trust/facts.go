package trust

import (
	"slices"
	"strings"
)

// Facts of the role that the question leaves open, and the values that policies
// tell apart.

// looksAtRole reports whether a policy looks at facts of the role.
func looksAtRole(policy *Policy) bool {
	isFact := func(key string) bool { return strings.HasPrefix(key, "aws:resource") || isResourceTag(key) }
	for i := range policy.Statements {
		for j := range policy.Statements[i].Conditions {
			c := &policy.Statements[i].Conditions[j]
			if isFact(c.Key) {
				return true
			}
			for k := range c.Values {
				if slices.ContainsFunc(c.Values[k].Pieces, func(p Piece) bool { return p.Kind == VariablePiece && isFact(p.Key) }) {
					return true
				}
			}
		}
	}
	return false
}

// sparesAccount reports whether a Deny names a whole account in NotPrincipal.
// For such a statement AWS may check account, role and session one by one, so
// that naming the account may not be enough to spare its users and sessions
// (IAM User Guide, "NotPrincipal").
func sparesAccount(policy *Policy) bool {
	for i := range policy.Statements {
		s := &policy.Statements[i]
		if s.Effect == Deny && s.NotPrincipal && slices.ContainsFunc(s.Principals, func(p Principal) bool { return p.Form == Account }) {
			return true
		}
	}
	return false
}

// strangers are accounts that nobody is likely to name.
var strangers = [...]string{"666677778888", "909192939495"}

func literals(texts []string) []Value {
	values := make([]Value, 0, len(texts))
	for _, text := range texts {
		if !slices.ContainsFunc(values, func(v Value) bool { return v.Text == text }) {
			values = append(values, Literal(text))
		}
	}
	return values
}

// accountsNamed lists the accounts that a policy names anywhere.
func accountsNamed(policy *Policy) []string {
	var found []string
	for i := range policy.Statements {
		s := &policy.Statements[i]
		for j := range s.Principals {
			if account := s.Principals[j].Account; account != "" {
				found = append(found, account)
			}
		}
		for j := range s.Resources {
			found = append(found, accountsIn(s.Resources[j].Text)...)
		}
		for j := range s.Conditions {
			for k := range s.Conditions[j].Values {
				found = append(found, accountsIn(s.Conditions[j].Values[k].Text)...)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// accountsIn lists the runs of exactly twelve digits in a text.
func accountsIn(text string) []string {
	var found []string
	for i := 0; i < len(text); {
		end := i
		for end < len(text) && text[end] >= '0' && text[end] <= '9' {
			end++
		}
		if end-i == 12 {
			found = append(found, text[i:end])
		}
		i = max(end, i+1)
	}
	return found
}

// factGaps lists the facts of the role that conditions look at and the
// question does not tell.
func factGaps(policy *Policy, question *Question) []gap {
	var gaps []gap
	add := func(key string, operands []string) {
		var g gap
		switch {
		case key == "aws:resourceorgid" && question.Subject.Organization == "":
			g = gap{gapOrganization, append(literals(append(append(operands, question.Zone.Organizations...), "o-unknown0000")), Value{Kind: Absent})}
		case key == "aws:resourceorgpaths":
			g = gap{gapOrgPath, append(literals(append(operands, "o-unknown0000/r-ab12/")), Value{Kind: Absent})}
		case isResourceTag(key) && question.Subject.Tags == nil:
			g = gap{gapTag + key[strings.IndexByte(key, '/')+1:], append(literals(append(operands, "unknown")), Value{Kind: Absent})}
		default:
			return
		}
		at := slices.IndexFunc(gaps, func(have gap) bool { return have.name == g.name })
		if at < 0 {
			gaps, at = append(gaps, gap{name: g.name}), len(gaps)
		}
		gaps[at].add(g.options)
	}
	for _, p := range append([]*Policy{policy}, question.RCPs...) {
		eachKey(p, add)
	}
	return gaps
}

func isResourceTag(key string) bool {
	return strings.HasPrefix(key, "aws:resourcetag/") || strings.HasPrefix(key, "iam:resourcetag/")
}

// eachKey calls visit with every condition key, with literal texts it is held
// against, and with every variable.
func eachKey(policy *Policy, visit func(key string, operands []string)) {
	for i := range policy.Statements {
		for j := range policy.Statements[i].Conditions {
			c := &policy.Statements[i].Conditions[j]
			operands := comparable(c)
			for k := range c.Values {
				for _, piece := range c.Values[k].Pieces {
					if piece.Kind == VariablePiece {
						visit(piece.Key, nil)
					}
				}
			}
			visit(c.Key, operands)
		}
	}
}

// comparable lists texts that a condition's operands tell apart.
func comparable(c *Condition) []string {
	if isTyped(c.Operator.Family) {
		return typedCandidates([]constraint{{typed: c}}, 1, 0)
	}
	if c.Operator.Family == BoolEqual {
		return []string{"true"}
	}
	var texts []string
	for i := range c.Values {
		operand := pattern{elems: elementsOf(c.Values[i].Pieces)}
		if text, ok := operand.instance("x"); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// elementsOf compiles pieces, with the given elements in the place of every
// variable.
func elementsOf(pieces []Piece, variable ...element) []element {
	var elems []element
	for i := range pieces {
		switch pieces[i].Kind {
		case LiteralPiece:
			elems = appendUnits(elems, pieces[i].Text)
		case AnyRunPiece:
			elems = append(elems, anyRun)
		case AnyOnePiece:
			elems = append(elems, anyUnit)
		case VariablePiece:
			elems = append(elems, variable...)
		}
	}
	return elems
}
