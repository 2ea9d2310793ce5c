package trust

import (
	"slices"
	"strings"
)

// Unknown parts of a document, and facts of the role that the question leaves
// open, are completed in every way that can make a difference: with the values
// that the policy and the zone name, and with ones that nobody names. A verdict
// is given only where all completions agree whether the role is open.

// maxCompletions bounds the combinations that are tried.
const maxCompletions = 256

// gap is something unknown, by name, and the values it may have.
type gap struct {
	name    string
	options []Value
}

// add joins options, each once.
func (g *gap) add(options []Value) {
	for _, option := range options {
		if !slices.ContainsFunc(g.options, func(have Value) bool { return sameValue(have, option) }) {
			g.options = append(g.options, option)
		}
	}
}

// The names of the gaps that are no part of the document.
const (
	gapAccount      = "the role's account (--account)"
	gapOrganization = "the account's organization (--org-id)"
	gapOrgPath      = "the account's path in its organization"
	gapTag          = "the role's tag "
	gapNotPrincipal = "how AWS reads an account in the NotPrincipal of a Deny"
)

// parseFirst parses a document; one with unknown parts through its first
// completion, to find out whether it has a meaning at all.
func parseFirst(document Value, rcp bool) (*Policy, error) {
	if document.Known() {
		policy, err := parseKnown(document, rcp)
		if err == nil {
			policy.aboutRole, policy.sparesAccount = looksAtRole(policy), sparesAccount(policy)
		}
		return policy, err
	}
	if document.Kind == Unknown {
		return &Policy{Version: version2008, document: document, open: true, Range: document.Range}, nil
	}
	first := map[string]Value{}
	for _, g := range documentGaps(document, &Question{}) {
		first[g.name] = g.options[0]
	}
	policy, err := parseKnown(completed(document, first), rcp)
	if err != nil {
		return nil, err
	}
	policy.document, policy.open, policy.aboutRole, policy.sparesAccount = document, true, true, sparesAccount(policy)
	return policy, nil
}

// gapsOf lists everything that is unknown.
func gapsOf(policy *Policy, question *Question) []gap {
	var gaps []gap
	if policy.open {
		gaps = documentGaps(policy.document, question)
	}
	if question.Subject.Account == "" {
		var named []string
		for _, p := range append([]*Policy{policy}, question.RCPs...) {
			named = append(named, accountsNamed(p)...)
		}
		gaps = append(gaps, gap{gapAccount, literals(append(named, strangers[0]))})
	}
	if policy.sparesAccount {
		gaps = append(gaps, gap{gapNotPrincipal, literals([]string{"spares it", "spares nobody"})})
	}
	return append(gaps, factGaps(policy, question)...)
}

// needsCompletion reports whether anything that matters is unknown.
func needsCompletion(policy *Policy, question *Question) bool {
	if policy.open || policy.sparesAccount || question.Subject.Account == "" {
		return true
	}
	aboutRole := policy.aboutRole
	for _, rcp := range question.RCPs {
		aboutRole = aboutRole || rcp.aboutRole
	}
	return aboutRole && len(factGaps(policy, question)) > 0
}

// completions are the verdicts of every combination, with what leads to each.
type completions struct {
	gaps     []gap
	verdicts []Verdict // in the order of a counter whose last digit is the last gap
}

// decideOpen decides every completion and merges the verdicts.
func decideOpen(policy *Policy, question Question) Verdict {
	if policy.document.Kind == Unknown {
		return Verdict{Outcome: Undecided, DependsOn: []string{policy.document.On}, Problem: "nothing of the policy can be read"}
	}
	c := completions{gaps: gapsOf(policy, &question)}
	total := 1
	for _, g := range c.gaps {
		if total *= len(g.options); total > maxCompletions {
			return Verdict{Outcome: Undecided, DependsOn: c.names(), Problem: "too much is unknown to try every combination", Warnings: policy.Warnings}
		}
	}
	effort := &effort{left: maxEffort}
	for n := range total {
		c.verdicts = append(c.verdicts, decideCompleted(policy, question, c.assignment(n), effort))
	}
	merged, worst := c.merge()
	unname(merged.Outsiders, policy.document)
	if slices.ContainsFunc(merged.Warnings, isDead) {
		if known, err := completedPolicy(policy, c.assignment(worst)); err == nil {
			of := completedQuestion(question, c.assignment(worst))
			merged.Warnings = nameDead(known, &of, merged.Warnings, true)
			unnameDead(merged.Warnings, &policy.document)
		}
	}
	return merged
}

// unname takes the accounts off outsiders whose entries are not known: a
// completion made them up.
func unname(outsiders []Outsider, document Value) {
	for i := range outsiders {
		o := &outsiders[i]
		if on := unknownAt(document, o.Range); on != "" {
			o.Account, o.Principal, o.DependsOn = "", on, on
		}
	}
}

// unknownAt names what a value at a place depends on, nothing if it is known.
func unknownAt(document Value, at Range) string {
	v, _ := valueAt(document, at)
	return nameOf(v)
}

// nameOf names what a text depends on, nothing if it is known.
func nameOf(v Value) string {
	if v.Kind == Unknown {
		return v.On
	}
	for _, part := range v.Parts {
		if part.On != "" {
			return part.On
		}
	}
	return ""
}

func (c *completions) names() []string {
	names := make([]string, len(c.gaps))
	for i := range c.gaps {
		names[i] = c.gaps[i].name
	}
	return names
}

// assignment is the n-th combination.
func (c *completions) assignment(n int) map[string]Value {
	chosen := make(map[string]Value, len(c.gaps))
	for i := len(c.gaps) - 1; i >= 0; i-- {
		options := c.gaps[i].options
		chosen[c.gaps[i].name] = options[n%len(options)]
		n /= len(options)
	}
	return chosen
}

// decideCompleted decides one completion.
func decideCompleted(policy *Policy, question Question, chosen map[string]Value, effort *effort) Verdict {
	known, err := completedPolicy(policy, chosen)
	if err != nil {
		return Verdict{Outcome: Broken, Problem: err.Error()}
	}
	return decideKnown(known, completedQuestion(question, chosen), effort)
}

// completedPolicy is a policy with its unknown parts chosen.
func completedPolicy(policy *Policy, chosen map[string]Value) (*Policy, error) {
	if !policy.open {
		return policy, nil
	}
	known, err := parseKnown(completed(policy.document, chosen), false)
	if err != nil {
		return nil, err
	}
	known.aboutRole, known.sparesAccount = looksAtRole(known), sparesAccount(known)
	return known, nil
}

// completedQuestion is a question with the facts it leaves open chosen.
func completedQuestion(question Question, chosen map[string]Value) Question {
	if account, ok := chosen[gapAccount]; ok {
		question.Subject.Account = account.Text
	}
	if org, ok := chosen[gapOrganization]; ok {
		question.Subject.Organization = org.Text
	}
	question.sparesNobody = chosen[gapNotPrincipal].Text == "spares nobody"
	tags := map[string]string{}
	for name, value := range chosen {
		if key, ok := strings.CutPrefix(name, gapTag); ok && value.Kind != Absent {
			tags[key] = value.Text
		}
		if name == gapOrgPath && value.Kind != Absent {
			question.orgPath = value.Text
		}
	}
	if question.Subject.Tags == nil {
		question.Subject.Tags = tags
	}
	return question
}

// merge draws one verdict from those of all completions. Where none fails, an
// outsider may still get in with a countersign in some of them: that is a pass.
// It also returns which completion the rest of the verdict is of.
func (c *completions) merge() (merged Verdict, worst int) {
	count := map[Outcome]int{}
	for i := range c.verdicts {
		count[c.verdicts[i].Outcome]++
		if severityOf(&c.verdicts[i]) > severityOf(&c.verdicts[worst]) {
			worst = i
		}
	}
	v := c.verdicts[worst]
	v.Partial = v.Partial || len(c.verdicts) > 1
	switch {
	case count[Fail] == len(c.verdicts), count[Fail] == 0 && count[Undecided] == 0 && count[Broken] == 0, count[Broken] == len(c.verdicts):
		return v, worst
	}
	v.Outcome, v.Exploitable, v.Witness = Undecided, false, nil
	v.DependsOn = c.deciding()
	if v.Problem == "" {
		v.Problem = "the answer depends on what cannot be read: " + strings.Join(v.DependsOn, ", ")
	}
	return v, worst
}

func severityOf(v *Verdict) int {
	switch {
	case v.Exploitable:
		return 5
	case v.Outcome == Fail:
		return 4
	case v.Outcome == Undecided:
		return 3
	case v.Outcome == Broken:
		return 2
	case v.Outcome == Pass:
		return 1
	}
	return 0
}

// deciding lists the gaps of which a change alone changes whether the role
// fails.
func (c *completions) deciding() []string {
	names := []string{}
	stride := len(c.verdicts)
	for i := range c.gaps {
		size := len(c.gaps[i].options)
		stride /= size
		for n := range c.verdicts {
			first := n - n/stride%size*stride
			if (c.verdicts[n].Outcome == Fail) != (c.verdicts[first].Outcome == Fail) {
				names = append(names, c.gaps[i].name)
				break
			}
		}
	}
	if len(names) == 0 {
		return c.names()
	}
	return names
}

// completed replaces what is unknown in a tree by the chosen values.
func completed(v Value, chosen map[string]Value) Value {
	switch v.Kind {
	case Unknown:
		value := chosen[v.On]
		value.Range = v.Range
		return value
	case Choice:
		at := min(len(chosen[v.On].Text), len(v.Items)-1) // the option's number, in strokes
		return completed(v.Items[at], chosen)
	}
	if len(v.Parts) > 0 {
		var b strings.Builder
		for _, part := range v.Parts {
			if part.On == "" {
				b.WriteString(part.Text)
			} else {
				b.WriteString(chosen[part.On].Text)
			}
		}
		v.Text, v.Parts = b.String(), nil
		return v
	}
	if v.Items != nil {
		items := make([]Value, 0, len(v.Items))
		for _, item := range v.Items {
			if item = completed(item, chosen); item.Kind != Absent {
				items = append(items, item)
			}
		}
		v.Items = items
	}
	if v.Members != nil {
		members := make([]Member, 0, len(v.Members))
		for _, m := range v.Members {
			m.Key, m.Value = completed(m.Key, chosen), completed(m.Value, chosen)
			if m.Key.Kind != Absent && m.Value.Kind != Absent {
				members = append(members, m)
			}
		}
		v.Members = members
	}
	return v
}
