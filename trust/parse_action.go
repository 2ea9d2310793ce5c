package trust

import (
	"slices"
	"strings"
)

// trustActions are the actions, in lower case, that IAM stores in a trust
// policy.
var trustActions = []string{
	"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity",
	"sts:tagsession", "sts:setsourceidentity", "sts:setcontext",
}

func (p *parser) actions(v *Value, s *Statement) error {
	m, negated, err := alternatives(v, "Action", "NotAction")
	if err != nil {
		return err
	}
	if m == nil {
		return fault(v.Range, "the statement has neither Action nor NotAction", `add "Action": "sts:AssumeRole"`)
	}
	s.NotAction = negated
	s.Actions, err = p.patterns(m, syntax{wildcards: true}, true)
	if err != nil || p.rcp {
		return err
	}
	for i := range s.Actions {
		p.checkAction(&s.Actions[i])
	}
	return nil
}

// checkAction warns about what IAM does not store in a trust policy: "AssumeRole
// policy may only specify STS AssumeRole actions".
func (p *parser) checkAction(action *Operand) {
	if len(action.Pieces) > 0 && action.Pieces[0].Kind == LiteralPiece {
		start := action.Pieces[0].Text // in lower case
		isPattern := len(action.Pieces) > 1
		if isPattern && strings.HasPrefix(start, "sts:") || !isPattern && slices.Contains(trustActions, start) {
			return
		}
	}
	p.warn(codeWouldReject, action.Range, "IAM stores no action "+quote(action.Text)+
		" in a trust policy, only the STS actions that assume a role")
}

func (p *parser) resources(v *Value, s *Statement) error {
	m, negated, err := alternatives(v, "Resource", "NotResource")
	if err != nil || m == nil {
		return err
	}
	if !p.rcp {
		p.warn(codeWouldReject, m.Key.Range, "IAM stores no "+m.Key.Text+" in a trust policy: the resource is the role itself")
	}
	syntax := syntax{wildcards: true, variables: p.version == version2012}
	resources, err := p.patterns(m, syntax, false)
	if err != nil {
		return err
	}
	switch {
	case len(resources) > 0:
		s.Resources, s.NotResource = resources, negated
	case !negated:
		// No pattern matches no role. The empty pattern says the same, where
		// an empty list would mean every resource.
		s.Resources = []Operand{{Range: m.Value.Range}}
	}
	return nil
}

// patterns reads one string or a list of strings.
func (p *parser) patterns(m *Member, syntax syntax, ignoreCase bool) ([]Operand, error) {
	n := count(&m.Value)
	if n == 0 {
		p.warn(codeWouldReject, m.Value.Range, "the list of "+m.Key.Text+" is empty")
		return nil, nil
	}
	patterns := make([]Operand, n)
	for i := range patterns {
		v := item(&m.Value, i)
		text, ok := knownText(v)
		if !ok {
			return nil, wrongKind(v, m.Key.Text, "a string or a list of strings")
		}
		folded := text
		if ignoreCase {
			folded = lowerASCII(text)
		}
		patterns[i] = Operand{Text: text, Pieces: syntax.pieces(folded), Range: v.Range}
	}
	return patterns, nil
}
