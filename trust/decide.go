package trust

import "slices"

// maxEffort bounds one decision, in steps of the pattern automata. A policy made
// to be slow gets "unknown (too complex)" within a tenth of a second.
const maxEffort = 3_000_000

// tooComplex is the problem of a verdict that ran out of effort.
const tooComplex = "too complex: the decision was given up after a fixed amount of work"

// Decide answers, exactly, whether a principal outside the zone of trust can
// assume the role with neither MFA nor a secret external ID, and says why.
//
// An exploitable fail is reported only after Evaluate has granted the witness;
// if the two disagree the outcome is error, with both views. Where the document
// has unknown parts, or the question leaves the role's account open, a verdict
// is given only if it is the same however they turn out; else the outcome is
// unknown and names what it depends on.
func Decide(policy *Policy, question Question) Verdict {
	if needsCompletion(policy, &question) {
		return decideOpen(policy, question)
	}
	verdict := decideKnown(policy, question, &effort{left: maxEffort})
	verdict.Warnings = nameDead(policy, &question, verdict.Warnings, false)
	return verdict
}

// decision is one decision under way.
type decision struct {
	*program
	question *Question
	ways     []way
	stuck    bool
}

// way is one entry of one Allow statement that lets outsiders in.
type way struct {
	rule  *rule
	entry *Principal // nil for the complement of a list
	// request is granted by it with neither MFA nor a secret external ID; nil
	// where there is none such.
	request *Request
	// withMFA is set when outsiders get in by showing MFA only; anyone, of an
	// open way, when an account that nobody named gets in.
	withMFA, anyone bool
}

func (w *way) open() bool { return w.request != nil }

var (
	unguarded = query{kinds: withoutMFA, outside: true, withoutSecret: true, witness: true}
	external  = query{kinds: withMFAToo, outside: true}
)

func decideKnown(policy *Policy, question Question, effort *effort) Verdict {
	d := newDecision(policy, &question, effort)
	verdict := d.verdict()
	d.release()
	return verdict
}

// newDecision finds every way in.
func newDecision(policy *Policy, question *Question, effort *effort) *decision {
	d := &decision{program: newProgram(policy, question, effort), question: question}
	var entrances []entrance
	for _, r := range d.allows {
		if !r.actions[0] {
			continue
		}
		for _, entry := range r.entries {
			if !d.inside(entry) {
				entrances = append(entrances, entrance{r, entry})
			}
		}
	}
	// Every entrance has its share of the effort, so that a hard one does not
	// hide an open one behind it, in whatever order they stand. What is left
	// goes to the hard ones, unless the role is open anyway.
	hard := d.tryAll(entrances, 4*len(entrances))
	if len(hard) > 0 && !slices.ContainsFunc(d.ways, func(w way) bool { return w.open() }) {
		hard = d.tryAll(hard, len(hard))
	}
	d.stuck = len(hard) > 0
	slices.SortStableFunc(d.ways, func(a, b way) int { return a.rule.Index - b.rule.Index })
	return d
}

// entrance is one entry of one Allow statement that may let outsiders in.
type entrance struct {
	rule  *rule
	entry *Principal
}

// tryAll tries entrances, each with its share of what effort is left, and
// returns those it could not settle.
func (d *decision) tryAll(entrances []entrance, shares int) []entrance {
	var hard []entrance
	total := d.effort
	share := total.left / max(shares, 1)
	for _, e := range entrances {
		d.effort = &effort{left: share}
		if !d.tryWay(e.rule, e.entry) {
			hard = append(hard, e)
		}
		total.spend(share - d.effort.left)
	}
	d.effort = total
	return hard
}

// inside reports whether an entry selects callers of the zone only.
func (d *decision) inside(entry *Principal) bool {
	if entry == nil || entry.Account == "" {
		return entry != nil && entry.Form != Anyone
	}
	return entry.Account == d.subject.Account || slices.Contains(d.zone.Accounts, entry.Account)
}

// tryWay finds out whether an entrance lets outsiders in, with a countersign or
// without. It reports false when that could not be settled.
func (d *decision) tryWay(r *rule, entry *Principal) bool {
	settled := true
	for _, q := range [...]*query{&unguarded, &external} {
		if q == &external && settled && !d.interest.mfa && !d.interest.externalID {
			return true // no countersign could make a difference
		}
		solution, st := d.through(r, entry, q)
		settled = settled && st != gaveUp
		if st == satisfiable && (settled || q == &unguarded) {
			w := way{rule: r, entry: entry}
			if q == &unguarded {
				request := solution.request(d.program)
				w.request = &request
				w.anyone = d.admitsAnyone(&w)
			} else {
				w.withMFA = solution.mode.mfa()
			}
			d.ways = append(d.ways, w)
			return true
		}
	}
	return settled
}

// verdict draws the conclusion. Reasons, protection and warnings are all
// gathered, whatever the outcome: nothing is cut short, so that every way in is
// told at once.
func (d *decision) verdict() Verdict {
	v := Verdict{Warnings: slices.Clone(d.policy.Warnings)}
	for i := range d.ways {
		w := &d.ways[i]
		if !w.open() {
			continue
		}
		if problem := d.confirm(w.request); problem != "" {
			return Verdict{Outcome: Broken, Problem: problem, Warnings: v.Warnings}
		}
		if v.Witness == nil {
			v.Witness = w.request
		}
	}
	switch {
	case v.Witness != nil:
		v.Outcome, v.Exploitable = Fail, true
		v.AnyAccount = slices.ContainsFunc(d.ways, func(w way) bool { return w.anyone })
		v.Reasons = d.reasons()
	default:
		if v.Reasons = d.emptyIDs(); len(v.Reasons) > 0 {
			v.Outcome = Fail
		} else if d.stuck {
			return Verdict{Outcome: Undecided, Problem: tooComplex, Warnings: v.Warnings}
		} else if len(d.ways) > 0 {
			v.Outcome = Pass
			v.Protection = d.protection()
		} else {
			v.Outcome = NotApplicable
		}
	}
	v.Outsiders, v.Partial = d.outsiders(), d.stuck
	v.Parts = d.parts(&v)
	v.Warnings = append(v.Warnings, d.warnings(v.Parts)...)
	return v
}

// confirm holds a witness against everything that shares no code with the
// search. It returns what does not agree, or nothing.
func (d *decision) confirm(request *Request) string {
	const disagree = "the solver and the evaluator disagree about a request: "
	e := newEvaluation(*request)
	switch {
	case !e.grants(d.policy, d.question.RCPs):
		return disagree + "the solver finds that " + request.Principal + " gets in, the evaluator refuses it"
	case d.zone.contains(e, d.subject):
		return disagree + "the solver takes " + request.Principal + " for an outsider, the evaluator does not"
	case e.countersigned([]*Policy{d.policy}) || e.countersigned(d.question.RCPs):
		return disagree + "the solver finds no countersign in the request of " + request.Principal + ", the evaluator does"
	}
	if err := e.admissible(d.subject, d.now); err != nil {
		return disagree + "the request that the solver made cannot be: " + err.Error()
	}
	return ""
}

// admitsAnyone reports whether an open way lets in an account that nobody
// named and that belongs to no organization.
func (d *decision) admitsAnyone(w *way) bool {
	if w.entry != nil && w.entry.Form != Anyone {
		return false
	}
	q := unguarded
	q.freshAccount, q.witness = true, false
	_, st := d.through(w.rule, w.entry, &q)
	return st == satisfiable
}

// anyWay runs a query over every way into every Allow statement.
func (d *decision) anyWay(q *query) bool {
	for _, r := range d.allows {
		for _, entry := range r.entries {
			if r.actions[0] && !(q.outside && d.inside(entry)) {
				if _, st := d.through(r, entry, q); st == satisfiable {
					return true
				}
			}
		}
	}
	return false
}

// protection tells what keeps outsiders without a countersign out: the
// countersigns that let them in, and the policies without which they would need
// none.
func (d *decision) protection() []string {
	var list []string
	if slices.ContainsFunc(d.ways, func(w way) bool { return !w.withMFA }) {
		list = append(list, "external-id")
	}
	if d.interest.mfa && d.anyWay(&query{kinds: onlyMFA, outside: true, withoutSecret: true}) {
		list = append(list, "mfa")
	}
	if len(list) == 0 {
		list = append(list, "external-id", "mfa") // either alone is not enough
	}
	if d.opensWithout(func(q *query) { q.noDenies = true }, false) {
		list = append(list, "deny")
	}
	if d.opensWithout(func(q *query) { q.noRCPs = true }, true) {
		list = append(list, "rcp")
	}
	return list
}

// opensWithout reports whether the role would be open if some Deny statements,
// of RCPs or of the trust policy, were not there.
func (d *decision) opensWithout(leave func(*query), rcp bool) bool {
	if !slices.ContainsFunc(d.denies, func(r *rule) bool { return (r.rcp != nil) == rcp }) {
		return false
	}
	q := unguarded
	q.witness = false
	leave(&q)
	return d.anyWay(&q)
}

// emptyIDs finds the Allow statements that lean on an external ID condition
// without any usable value: nobody can pass it today, but taking the condition
// for protection is the mistake that the rule's audit step names.
func (d *decision) emptyIDs() []Reason {
	var reasons []Reason
	for _, r := range d.allows {
		if !r.actions[0] {
			continue
		}
		for i := range r.atoms {
			a := &r.atoms[i]
			if !a.hasNoUsableID() {
				continue
			}
			q := unguarded
			q.without, q.witness = a.Condition, false
			for _, entry := range r.entries {
				if d.inside(entry) {
					continue
				}
				if _, st := d.through(r, entry, &q); st == satisfiable {
					reasons = append(reasons, r.reason("external-id-empty",
						"the external ID condition has no usable value; nobody can pass it today, and it protects nothing", a.Range))
					break
				}
			}
		}
	}
	return reasons
}

// hasNoUsableID reports whether an atom is an external ID condition that wants
// a value and lists none, or only the empty one.
func (a *atom) hasNoUsableID() bool {
	if a.Key != "sts:externalid" || a.Operator.Negated || a.Operator.Family == NullTest || a.absent {
		return false
	}
	return !slices.ContainsFunc(a.Values, func(o Operand) bool { return o.Text != "" })
}

// outsiders lists the external parties that get in.
func (d *decision) outsiders() []Outsider {
	var list []Outsider
	for i := range d.ways {
		w := &d.ways[i]
		o := Outsider{Account: "*", Statement: w.rule.Index, Principal: "*", Unguarded: w.open(), Range: w.rule.Range}
		if w.entry != nil {
			o.Principal, o.Range = w.entry.Text, w.entry.Range
			if w.entry.Account != "" {
				o.Account = w.entry.Account
			}
		}
		list = append(list, o)
	}
	return list
}

// parts tells what each statement contributes.
func (d *decision) parts(v *Verdict) []StatementPart {
	parts := make([]StatementPart, 0, len(d.policy.Statements))
	for _, r := range d.allows {
		role := d.allowRole(r)
		parts = append(parts, StatementPart{r.Index, role, partMessages[role], r.Range})
	}
	for _, r := range d.denies {
		if r.rcp == nil {
			role := d.denyRole(r, v)
			parts = append(parts, StatementPart{r.Index, role, partMessages[role], r.Range})
		}
	}
	slices.SortFunc(parts, func(a, b StatementPart) int { return a.Statement - b.Statement })
	return parts
}

var partMessages = map[StatementRole]string{
	Opens:     "lets callers from outside in with neither MFA nor an external ID",
	Guarded:   "lets callers from outside in, and only with a countersign",
	Inside:    "lets nobody from outside in",
	NotAssume: "does not allow sts:AssumeRole",
	Dead:      "nobody can meet its conditions",
	Protects:  "keeps out callers who would get in without a countersign",
	Idle:      "does not change the verdict",
}

func (d *decision) allowRole(r *rule) StatementRole {
	if !r.actions[0] {
		return NotAssume
	}
	role := Inside
	for i := range d.ways {
		if w := &d.ways[i]; w.rule == r {
			if w.open() {
				return Opens
			}
			role = Guarded
		}
	}
	if role == Inside && len(r.atoms) > 0 && d.isDead(r) {
		return Dead
	}
	return role
}

// isDead reports whether no caller at all, from inside or outside, can meet the
// conditions of a statement that names somebody.
func (d *decision) isDead(r *rule) bool {
	q := query{kinds: withMFAToo, noDenies: true, noRCPs: true}
	somebody := false
	for _, entry := range r.entries {
		if entry != nil && (entry.Form == Service || entry.Form == Federated) {
			return false
		}
		somebody = somebody || entry == nil || entry.Account != "" || entry.Form == Anyone
		if _, st := d.through(r, entry, &q); st != unsatisfiable {
			return false
		}
	}
	return somebody
}

func (d *decision) denyRole(r *rule, v *Verdict) StatementRole {
	if v.Outcome == Fail {
		// What is open stays open; the statement may still narrow it.
		return Idle
	}
	q := unguarded
	q.withoutRule, q.witness = r, false
	if d.anyWay(&q) {
		return Protects
	}
	return Idle
}
