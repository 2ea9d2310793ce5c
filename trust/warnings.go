package trust

import (
	"slices"
	"strings"
)

// WarningCodes are the codes of [Warning], in the order of
// docs/rules/IAM-050.md.
var WarningCodes = []string{
	"external-id-guessable", "external-id-shared", codeDead, "external-id-placeholder",
	codeWouldReject, codeDeleted, "public-principal-with-secret",
}

// warnings points out what does not decide the verdict and deserves a look.
func (d *decision) warnings(parts []StatementPart) []Warning {
	var list []Warning
	warn := func(code string, r *rule, message string, at Range) {
		list = append(list, Warning{code, r.Index, message, at})
	}
	for _, part := range parts {
		if part.Role == Dead {
			list = append(list, Warning{codeDead, part.Statement, messageDead, part.Range}) // nameDead says which
		}
	}
	for _, r := range d.allows {
		if !r.actions[0] || !slices.ContainsFunc(r.entries, func(e *Principal) bool { return !d.inside(e) }) {
			continue
		}
		for i := range r.atoms {
			if a := &r.atoms[i]; a.Key == "sts:externalid" && a.keepsValue() {
				d.warnAboutID(r, a, warn)
			}
		}
	}
	for i := range d.ways {
		if w := &d.ways[i]; !w.open() && w.entry != nil && w.entry.Form == Anyone && hasKey(w.rule, "sts:externalid") && d.admitsFresh(w) {
			warn("public-principal-with-secret", w.rule, "the external ID is all that keeps every AWS account out", w.entry.Range)
		}
	}
	return append(list, d.sharedIDs()...)
}

// admitsFresh reports whether an account that nobody named gets in once it
// knows the external ID.
func (d *decision) admitsFresh(w *way) bool {
	_, st := d.through(w.rule, w.entry, &query{kinds: withoutMFA, outside: true, freshAccount: true})
	return st == satisfiable
}

func hasKey(r *rule, key string) bool {
	return slices.ContainsFunc(r.atoms, func(a atom) bool { return a.Key == key })
}

// keepsValue reports whether an atom compares the external ID for equality.
func (a *atom) keepsValue() bool {
	switch a.Operator.Family {
	case StringExact, StringIgnoreCase, StringPattern:
		return !a.Operator.Negated
	}
	return false
}

func (d *decision) warnAboutID(r *rule, a *atom, warn func(string, *rule, string, Range)) {
	for i := range a.Values {
		o := &a.Values[i]
		if hasVariable(o.Pieces) {
			continue
		}
		switch why := d.guessable(r, o); {
		case isPlaceholder(o.Text):
			warn("external-id-placeholder", r, "the external ID is a placeholder that was never filled in", o.Range)
		case why != "":
			warn("external-id-guessable", r, "the external ID is easy to guess: "+why, o.Range)
		}
	}
}

// guessable says why a value is easy to guess, or nothing.
func (d *decision) guessable(r *rule, o *Operand) string {
	compiled, ok := d.textPattern(o.Pieces)
	if !ok || o.Text == "" || !compiled.finite() {
		return ""
	}
	if !compiled.literal {
		return "each wildcard stands for one of some seventy characters"
	}
	text := strings.ToLower(o.Text)
	name := strings.ToLower(d.subject.Name)
	switch {
	case d.subject.Account != "" && strings.Contains(text, d.subject.Account):
		return "it contains the role's account id"
	case slices.ContainsFunc(r.Principals, func(p Principal) bool { return p.Account != "" && strings.Contains(text, p.Account) }):
		return "it contains the third party's account id"
	case len(name) >= shortestName && strings.Contains(text, name):
		return "it contains the role's name"
	case slices.Contains(commonIDs, text):
		return "it is a common word"
	case len(text) < 8:
		return "it has fewer than 8 characters"
	}
	return ""
}

// shortestName is how long a role's name has to be for its letters in an
// external ID to be no accident.
const shortestName = 4

// commonIDs are words that templates and examples put where an external ID
// belongs.
var commonIDs = []string{
	"externalid", "external-id", "external_id", "my-external-id", "myexternalid", "changeme", "change-me",
	"password", "secret", "12345678", "123456789", "1234567890",
}

// isPlaceholder reports whether a value was pasted unedited from a template.
func isPlaceholder(text string) bool {
	for _, pair := range [...][2]string{{"<", ">"}, {"{{", "}}"}, {"[", "]"}, {"${", "}"}} {
		if strings.HasPrefix(text, pair[0]) && strings.HasSuffix(text, pair[1]) && len(text) > len(pair[0])+len(pair[1]) {
			return true
		}
	}
	upper := strings.ToUpper(text)
	return text == upper && (strings.HasPrefix(upper, "YOUR") || strings.HasPrefix(upper, "REPLACE") || strings.HasPrefix(upper, "EXTERNAL_ID") || strings.HasPrefix(upper, "INSERT"))
}

// sharedIDs warns where one external ID serves several third parties, so that
// each could come in for the other.
func (d *decision) sharedIDs() []Warning {
	owner := map[string]string{}
	var list []Warning
	for i := range d.ways {
		w := &d.ways[i]
		if w.open() || w.entry == nil || w.entry.Account == "" {
			continue
		}
		for j := range w.rule.atoms {
			a := &w.rule.atoms[j]
			if a.Key != "sts:externalid" || !a.keepsValue() {
				continue
			}
			for k := range a.Values {
				o := &a.Values[k]
				if first, ok := owner[o.Text]; !ok {
					owner[o.Text] = w.entry.Account
				} else if first != w.entry.Account && o.Text != "" {
					list = append(list, Warning{"external-id-shared", w.rule.Index, "one external ID serves several third parties", o.Range})
				}
			}
		}
	}
	return slices.CompactFunc(list, func(a, b Warning) bool { return a == b })
}
