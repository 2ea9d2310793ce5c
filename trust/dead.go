package trust

import "slices"

// A statement is dead where nobody can meet its conditions. Which of them is to
// blame is found by asking of each alone what was asked of all together.

const (
	codeDead    = "dead-condition"
	messageDead = "nobody can meet the conditions of this statement"
)

// deadEffort bounds that search, apart from the decision's own effort: what is
// told of a verdict never changes it.
const deadEffort = maxEffort / 4

// nameDead puts, in place of each warning that a statement is dead, one for
// every condition that nobody can meet even by itself. Facts of the role that
// were assumed are no ground to say so. Where no statement is dead it costs
// nothing.
func nameDead(policy *Policy, question *Question, warnings []Warning, assumed bool) []Warning {
	if !slices.ContainsFunc(warnings, isDead) {
		return warnings
	}
	p := newProgram(policy, question, &effort{left: deadEffort})
	defer p.release()
	var named []Warning
	for _, w := range warnings {
		at := slices.IndexFunc(p.allows, func(r *rule) bool { return r.Index == w.Statement })
		if isDead(w) && at >= 0 {
			named = append(named, p.deadConditions(p.allows[at], w, assumed)...)
		} else {
			named = append(named, w)
		}
	}
	return named
}

func isDead(w Warning) bool { return w.Code == codeDead }

// wordingEffort is what it takes to pick the words for a condition.
const wordingEffort = 2000

// mostNamed is how many dead conditions of one statement are told of.
const mostNamed = 10

// deadConditions tells which conditions of a dead statement nobody can meet by
// themselves, or else that nobody can meet them together.
func (p *program) deadConditions(r *rule, whole Warning, assumed bool) []Warning {
	unconditional := *r
	unconditional.atoms, unconditional.actions = nil, allActions
	reachable := !p.nobodyEnters(&unconditional)
	var list []Warning
	for i := range r.atoms {
		if p.effort.exhausted() {
			break
		}
		a, message := &r.atoms[i], ""
		switch by := p.barredBy(r, i, reachable); {
		case by == nothing || by == anything && a.info.class == keyFact && assumed:
			continue
		case by == anything:
			p.effort.spend(wordingEffort)
			message = "nobody can meet this condition: " + p.whyNobody(a)
		case by == principals:
			message = "nobody whom this statement means can meet this condition" + a.whyNoneOf(r)
		case by == furtherChecks:
			message = "nobody can meet this condition: " + a.whyUnchecked()
		}
		if list = append(list, Warning{codeDead, r.Index, message, a.Range}); len(list) == mostNamed {
			break
		}
	}
	switch {
	case len(list) > 0:
		return list
	case reachable && len(r.atoms) > 1:
		whole.Message += " together"
		whole.Range = span(r.atoms[0].Range, r.atoms[len(r.atoms)-1].Range)
	}
	return []Warning{whole}
}

var allActions = [3]bool{true, true, true}

// barrier is what a condition alone fails for.
type barrier uint8

const (
	nothing       barrier = iota // somebody meets it, or the search gave up
	anything                     // no caller whatsoever meets it
	principals                   // none of those whom the statement means
	furtherChecks                // its callers need an action that is allowed to none of them
)

// barredBy finds out what stops every caller who has to meet only the i-th
// condition of a statement.
func (p *program) barredBy(r *rule, i int, reachable bool) barrier {
	alone := *r
	alone.atoms = r.atoms[i : i+1]
	named, withinAction := alone, alone
	named.actions = allActions
	anybody := named
	anybody.entries = []*Principal{{Form: Anyone}}
	switch {
	case p.nobodyEnters(&anybody):
		return anything
	case !reachable:
		return nothing
	case p.nobodyEnters(&named):
		return principals
	}
	others := slices.Clone(p.allows)
	others[slices.Index(others, r)] = &withinAction
	if p.nobodyEnters(&withinAction, others...) {
		return furtherChecks
	}
	return nothing
}

// nobodyEnters reports whether it is certain that no caller gets in by a
// statement, whatever is denied. Further checks have to be allowed by one of the
// statements given, or by this one if none is given.
func (p *program) nobodyEnters(r *rule, allows ...*rule) bool {
	defer func(all []*rule) { p.allows = all }(p.allows)
	if p.allows = allows; len(allows) == 0 {
		p.allows = []*rule{r}
	}
	return !slices.ContainsFunc(r.entries, func(entry *Principal) bool {
		_, st := p.through(r, entry, &query{kinds: withMFAToo, noDenies: true, noRCPs: true})
		return st != unsatisfiable
	})
}

// unnameDead takes back what was told of conditions that cannot be read: a
// completion made them up.
func unnameDead(warnings []Warning, document *Value) {
	for i := range warnings {
		if w := &warnings[i]; isDead(*w) && !document.known() && (w.Range.IsZero() || document.unknownWithin(w.Range)) {
			w.Message = messageDead
		}
	}
}

// unknownWithin reports whether something unknown stands in a place.
func (v *Value) unknownWithin(at Range) bool {
	overlaps := v.Range.File == at.File && v.Range.Start < at.End && at.Start < v.Range.End
	contains := overlaps && v.Range.Start <= at.Start && at.End <= v.Range.End
	switch {
	case v.Kind == Unknown || len(v.Parts) > 0:
		return overlaps
	case v.Kind == Choice && overlaps && !contains:
		return true
	}
	for i := range v.Items {
		if v.Items[i].unknownWithin(at) {
			return true
		}
	}
	for i := range v.Members {
		if m := &v.Members[i]; m.Key.unknownWithin(at) || m.Value.unknownWithin(at) {
			return true
		}
	}
	return false
}
