package trust

import "slices"

// A finder searches one mode for a request: it picks an Allow statement for
// every check and, for every Deny statement, a reason why it does not match,
// and keeps what these choices demand of each slot. It goes back when a slot
// can no longer be filled.
type finder struct {
	*program
	mode     *mode
	trying   mode // what mode points to
	sites    []site
	linked   []linkedAtom
	derived  []derivation
	someTags []someTag // tags that have to be there
	query    *query
	found    *solution
	scratch  solution // where only the possibility is asked for
	literals []pattern
	choosing bool // among the ways to escape the Deny statements
	stuck    bool // some branch was neither solved nor refuted
}

// A site is what has been demanded of a slot so far.
type site struct {
	absentOK, presentOK bool
	constraints         []constraint
}

// someTag demands that one of the tag keys satisfies all of some constraints.
type someTag struct {
	slot        slot // slotTagKeys or slotTransitive
	constraints []constraint
}

// A query is the question a search answers.
type query struct {
	kinds []CallerKind
	// witness asks for the whole request, not only whether there is one.
	witness bool
	// outside asks for a caller outside the zone of trust.
	outside bool
	// withoutSecret asks for an external ID that is absent or invented.
	withoutSecret bool
	// freshAccount asks for an account that nobody named and that belongs to
	// no organization.
	freshAccount bool
	// noDenies leaves the Deny statements of the trust policy out, noRCPs those
	// of the RCPs.
	noDenies, noRCPs bool
	// without leaves one condition of the Allow statement out, withoutRule one
	// Deny statement.
	without     *Condition
	withoutRule *rule
	// contest says what else is asked of the request, where two policies are
	// held against each other.
	contest *contestQuery
}

// through searches for a request that one entry of one Allow statement lets in.
func (p *program) through(r *rule, entry *Principal, q *query) (*solution, status) {
	if !r.actions[0] {
		return nil, unsatisfiable
	}
	if p.effort.exhausted() {
		return nil, gaveUp
	}
	f := &p.finder
	f.program, f.query, f.found, f.stuck = p, q, nil, false
	p.interest.each(&f.trying, p.partitions, q.kinds, func(m *mode) bool {
		if q.freshAccount && m.organization || !q.contest.allows(f, m) {
			return false
		}
		f.begin(m)
		f.zoneDemands(q, func() bool {
			return f.enter(r, entry, q, func() bool {
				return f.checks(1, q, func() bool {
					return f.enterDenies(q.contest.denies(), q, func() bool { return f.escape(0, q) })
				})
			})
		})
		return f.found != nil || p.effort.exhausted()
	})
	switch {
	case f.found != nil:
		return f.found, satisfiable
	case f.stuck || p.effort.exhausted():
		return nil, gaveUp
	}
	return nil, unsatisfiable
}

func (f *finder) begin(m *mode) {
	f.mode = m
	if len(f.sites) == 0 {
		f.sites = slices.Grow(f.sites, len(f.slots))[:len(f.slots)]
	}
	for i := range f.sites {
		s := &f.sites[i]
		s.constraints = s.constraints[:0]
		s.presentOK = true
		s.absentOK = f.slots[i] != nil && f.slots[i].when(m) == optional
	}
	f.sites[slotPrincipal].absentOK, f.sites[slotUserID].absentOK = false, false
	f.linked, f.derived, f.someTags = f.linked[:0], f.derived[:0], f.someTags[:0]
}

// zoneDemands asks for a caller outside the zone, and for an invented external
// ID, as the query says.
func (f *finder) zoneDemands(q *query, next func() bool) bool {
	if q.outside {
		f.add(slotPrincipal, constraint{scope: principalAccount, patterns: f.trusted, negate: true})
		if f.mode.organization {
			orgs := make([]pattern, len(f.zone.Organizations))
			for i, id := range f.zone.Organizations {
				orgs[i] = literalPattern(id)
			}
			f.add(slotOrganization, constraint{scope: orgPathID, patterns: orgs, negate: true})
		}
	}
	if f.interest.members && f.interest.organization {
		f.memberDemands()
	}
	if q.freshAccount {
		f.add(slotPrincipal, constraint{scope: principalAccount, patterns: []pattern{literalPattern(f.freshAccount())}})
	}
	if q.contest != nil {
		f.side(q.contest.from)
	}
	if q.withoutSecret {
		for i := range f.secrets {
			f.add(slotExternalID, f.secrets[i])
		}
	}
	return next()
}

// memberDemands keeps the caller's account and its organization together, where
// the accounts of the role's organization are known.
func (f *finder) memberDemands() {
	f.add(slotPrincipal, constraint{scope: principalAccount, patterns: f.members, negate: !f.mode.member})
	if f.mode.organization {
		f.add(slotOrganization, constraint{scope: orgPathID, patterns: f.only(f.subject.Organization), negate: !f.mode.member})
	}
}

func (f *finder) add(s slot, c constraint) {
	f.sites[s].constraints = append(f.sites[s].constraints, c)
}

// enter demands that the statement matches by this entry: its principal and
// every condition.
func (f *finder) enter(r *rule, entry *Principal, q *query, next func() bool) bool {
	f.effort.spend(1)
	for i := range r.atoms {
		if r.atoms[i].Condition != q.without && f.settled(&r.atoms[i]) == never {
			return false
		}
	}
	return f.principal(r, entry, func() bool { return f.conditions(r, 0, q, next) })
}

func (f *finder) conditions(r *rule, i int, q *query, next func() bool) bool {
	if i == len(r.atoms) {
		return next()
	}
	if r.atoms[i].Condition == q.without {
		return f.conditions(r, i+1, q, next)
	}
	return f.demandOf(&r.atoms[i], true, func() bool { return f.conditions(r, i+1, q, next) })
}

// checks demands an Allow for each further check, by any statement.
func (f *finder) checks(i int, q *query, next func() bool) bool {
	checks := f.mode.checks()
	if i >= len(checks) {
		return next()
	}
	for _, r := range f.allows {
		if !r.actions[actionIndex(checks[i])] {
			continue
		}
		for _, entry := range r.entries {
			if f.enter(r, entry, q, func() bool { return f.checks(i+1, q, next) }) {
				return true
			}
		}
	}
	return false
}

func actionIndex(check string) int {
	switch check {
	case ActionTagSession:
		return 1
	case ActionSetSourceIdentity:
		return 2
	}
	return 0
}

// entriesOf lists the ways into a statement: its principals one by one, or, for
// the complement of a list, a single one without an entry.
func entriesOf(s *Statement) []*Principal {
	if s.NotPrincipal {
		return []*Principal{nil}
	}
	entries := make([]*Principal, len(s.Principals))
	for i := range s.Principals {
		entries[i] = &s.Principals[i]
	}
	return entries
}

// escape demands that no Deny statement from the i-th on matches.
func (f *finder) escape(i int, q *query) bool {
	if f.found != nil || f.effort.exhausted() {
		return f.found != nil
	}
	if i == 0 {
		if f.hopeless(q) {
			return false
		}
		f.choosing = true
		defer func() { f.choosing = false }()
	}
	for i < f.barriers(q) && !f.concerned(f.barrier(i, q), q) {
		i++
	}
	if i == f.barriers(q) {
		return f.finish()
	}
	r := f.barrier(i, q)
	next := func() bool { return f.escape(i+1, q) }
	f.effort.spend(4)
	for j := range r.atoms {
		if f.settled(&r.atoms[j]) == never {
			return next()
		}
	}
	if f.notPrincipal(r, next) {
		return true
	}
	for j := range r.atoms {
		if f.settled(&r.atoms[j]) == everytime {
			continue
		}
		if f.demandOf(&r.atoms[j], false, next) {
			return true
		}
	}
	return false
}

// barriers counts the statements that must not match: the Deny statements, and
// the Allow statements of policies that are to refuse the request.
func (f *finder) barriers(q *query) int { return len(f.denies) + len(q.contest.closed()) }

func (f *finder) barrier(i int, q *query) *rule {
	if i < len(f.denies) {
		return f.denies[i]
	}
	return q.contest.closed()[i-len(f.denies)]
}

// hopeless reports whether some Deny statement matches every caller of the
// mode.
func (f *finder) hopeless(q *query) bool {
	for i := range f.barriers(q) {
		if r := f.barrier(i, q); f.concerned(r, q) && f.everybody(r) {
			return true
		}
	}
	return false
}

func (f *finder) everybody(r *rule) bool {
	for i := range r.atoms {
		if f.settled(&r.atoms[i]) != everytime {
			return false
		}
	}
	return r.namesAnyone && !r.NotPrincipal
}

// concerned reports whether a Deny statement bears on any of the mode's checks.
func (f *finder) concerned(r *rule, q *query) bool {
	if isRCP := r.rcp != nil; isRCP && (q.noRCPs || !slices.Contains(r.rcp, f.mode.partition)) || !isRCP && q.noDenies || r == q.withoutRule {
		return false
	}
	for _, check := range f.mode.checks() {
		if r.actions[actionIndex(check)] {
			return true
		}
	}
	return false
}

// settled tells whether the mode alone decides a condition: always true, never,
// or it depends.
func (f *finder) settled(a *atom) verdict3 {
	switch a.info.class {
	case keyAbsent:
		return always(a.absent)
	case keyFact:
		text, ok := f.facts[a.Key]
		if !ok {
			return always(a.absent)
		}
		if !a.linked {
			return always(f.holdsNow(a, text))
		}
	case keyConstant:
		switch a.info.when(f.mode) {
		case absent:
			return always(a.absent)
		case present:
			if !a.linked {
				return always(f.holdsNow(a, a.info.text(f.mode)))
			}
		}
	default:
		if a.info.when(f.mode) == absent {
			return always(a.absent)
		}
	}
	return sometimes
}

// holdsNow is an operator's result on a known text.
func (f *finder) holdsNow(a *atom, text string) bool { return a.demands[1].accepts(text, f.effort) }

// accepts tells whether a text satisfies one of the alternatives.
func (d *demand) accepts(text string, effort *effort) bool {
	if d.verdict != sometimes {
		return d.verdict == everytime
	}
	for _, alternative := range d.alternatives {
		all := true
		for i := range alternative {
			all = all && alternative[i].holdsText(text, effort)
		}
		if all {
			return true
		}
	}
	return false
}

// demandOf demands a result of a condition and goes on with next for each way
// to get it, until one succeeds.
func (f *finder) demandOf(a *atom, want bool, next func() bool) bool {
	f.effort.spend(1)
	switch f.settled(a) {
	case everytime:
		return want && next()
	case never:
		return !want && next()
	}
	if a.linked {
		return f.link(a, want, next)
	}
	d := &a.demands[0]
	if want {
		d = &a.demands[1]
	}
	if a.info.class == keyTagKeys {
		return f.tagKeys(a, want, next)
	}
	if a.info.class == keyConstant {
		// Only an optional constant is left: there with its one text, or not.
		return (a.absent == want || d.accepts(a.info.text(f.mode), f.effort)) && next()
	}
	return f.place(a.info.slot, a.absent == want, d, next)
}

// place puts a demand on a slot and goes on with next.
func (f *finder) place(s slot, absentOK bool, d *demand, next func() bool) bool {
	if d.verdict != sometimes {
		return f.narrow(s, absentOK, d.verdict == everytime, nil, next)
	}
	for _, alternative := range d.alternatives {
		if f.narrow(s, absentOK, true, alternative, next) {
			return true
		}
	}
	return false
}

// narrow takes possibilities from a slot, goes on, and gives them back.
func (f *finder) narrow(s slot, absentOK, presentOK bool, more []constraint, next func() bool) bool {
	f.effort.spend(2)
	at := &f.sites[s]
	absentBefore, presentBefore, before := at.absentOK, at.presentOK, len(at.constraints)
	at.absentOK = at.absentOK && absentOK
	at.presentOK = at.presentOK && presentOK
	at.constraints = append(at.constraints, more...)
	ok := (at.absentOK || at.presentOK) && !f.effort.exhausted() && f.feasible(s) && next()
	at = &f.sites[s]
	at.absentOK, at.presentOK, at.constraints = absentBefore, presentBefore, at.constraints[:before]
	return ok
}

// feasible looks whether a slot can still be filled, so that hopeless choices
// end early. It is asked only among the ways to escape the Deny statements,
// which are many.
func (f *finder) feasible(s slot) bool {
	if !f.choosing || f.sites[s].absentOK {
		return true
	}
	f.effort.spend(25)
	_, st := f.solveSlot(s)
	return st != unsatisfiable
}
