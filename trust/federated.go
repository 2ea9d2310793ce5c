package trust

import (
	"slices"
	"strconv"
	"strings"
)

// Services, SAML and OIDC callers are no callers of sts:AssumeRole from another
// account, and the search knows no requests of theirs. What a policy says to
// them is what the statements say that name them: where these are the same,
// every request of theirs has the same answer.

// otherFederated stands for those whom no statement names: an Allow or Deny with
// NotPrincipal speaks of them, too.
const otherFederated = "services and providers that no statement names"

// federatedChanges names the services and providers whose statements differ.
func federatedChanges(before, after *Policy) []string {
	var changed []string
	for _, party := range append(federatedIn(before, after), Principal{Text: otherFederated}) {
		if !slices.Equal(statementsFor(before, &party), statementsFor(after, &party)) {
			changed = append(changed, party.Text)
		}
	}
	return changed
}

func federatedIn(policies ...*Policy) []Principal {
	var parties []Principal
	for _, policy := range policies {
		for i := range policy.Statements {
			for _, p := range policy.Statements[i].Principals {
				if isFederated(&p) && !slices.ContainsFunc(parties, func(have Principal) bool { return have.Text == p.Text }) {
					parties = append(parties, p)
				}
			}
		}
	}
	return parties
}

func isFederated(p *Principal) bool { return p.Form == Service || p.Form == Federated }

// federatedActions are the actions that are checked for a service, and for the
// callers of a provider (Service Authorization Reference, "AWS STS").
var federatedActions = map[PrincipalForm][]string{
	Service:   {"sts:assumerole", "sts:tagsession", "sts:setsourceidentity", "sts:setcontext"},
	Federated: {"sts:assumerolewithsaml", "sts:assumerolewithwebidentity", "sts:tagsession", "sts:setsourceidentity"},
}

// statementsFor lists what a policy says to a service or provider, each
// statement once and in a form that does not depend on spelling or order.
func statementsFor(policy *Policy, party *Principal) []string {
	var list []string
	for i := range policy.Statements {
		s := &policy.Statements[i]
		named := slices.ContainsFunc(s.Principals, func(p Principal) bool { return isFederated(&p) && p.Text == party.Text })
		if named != s.NotPrincipal || deniesEverybody(s, party) {
			list = append(list, normalForm(policy, s))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// deniesEverybody reports whether a Deny for everyone may hit a party that other
// statements name: such a Deny means services, too, which is why AWS has them
// spared by aws:PrincipalIsAWSService (IAM User Guide, "Global condition context
// keys").
func deniesEverybody(s *Statement, party *Principal) bool {
	if s.Effect != Deny || !namesEverybody(s) {
		return false
	}
	e := newEvaluation(Request{})
	return slices.ContainsFunc(federatedActions[party.Form], func(action string) bool {
		return e.covers(s.Actions, action) != s.NotAction
	})
}

// normalForm spells everything of a statement but whom it names.
func normalForm(policy *Policy, s *Statement) string {
	var b strings.Builder
	field := func(texts ...string) {
		for _, text := range texts {
			b.WriteString(strconv.Quote(text))
		}
		b.WriteByte('\n')
	}
	field(strconv.Itoa(int(s.Effect)), strconv.FormatBool(s.NotAction), strconv.FormatBool(s.NotResource))
	field(sortedTexts(s.Actions)...)
	field(sortedTexts(s.Resources)...)
	conditions := make([]string, len(s.Conditions))
	for i := range s.Conditions {
		c := &s.Conditions[i]
		version := ""
		if slices.ContainsFunc(c.Values, func(o Operand) bool { return strings.Contains(o.Text, "${") }) {
			version = policy.Version
		}
		conditions[i] = strings.Join(append([]string{version, strings.ToLower(c.Operator.Name), c.Key}, sortedTexts(c.Values)...), "\x00")
	}
	slices.Sort(conditions)
	field(conditions...)
	return b.String()
}

func sortedTexts(operands []Operand) []string {
	texts := make([]string, len(operands))
	for i := range operands {
		texts[i] = operands[i].Text
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}
