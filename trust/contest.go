package trust

import "slices"

// A contest searches for a request that one policy grants and others refuse.
// Refusing is granting turned round: of some permission check, no Allow
// statement matches, or a Deny statement does. So the statements of a refusing
// policy join the search among those that must not match, or that must.
type contest struct {
	*program
	question *Question
	granting *Policy
	refusing []refusal
	choices  int // of a way to refuse for each
}

// maxChoices bounds the choices of ways to refuse.
const maxChoices = 1000

// refuser is a trust policy, with the RCPs over it where they are not those of
// the question, that has to refuse the request.
type refuser struct {
	policy *Policy
	rcps   []*Policy
}

// refusal is a refuser and its ways to refuse.
type refusal struct {
	refuser
	ways []refusalWay
}

// refusalWay is one way to refuse: the check that is not allowed, with the
// Allow statements that must not match, or the Deny statement that has to.
type refusalWay struct {
	check  int // as in rule.actions
	closed []*rule
	denied entrance // rule is nil where nothing is denied
}

// side is where the caller of a request belongs to.
type side uint8

const (
	anywhere  side = iota
	fromOwn        // the role's own account
	fromZone       // another account of the zone of trust
	fromGroup      // an organization of the zone, and none of its accounts
)

var insideSides = [...]side{fromOwn, fromZone, fromGroup}

// contestQuery is what a contest asks beside a query.
type contestQuery struct {
	from  side
	ways  []refusalWay // one of each refusing policy
	rules []*rule      // what must not match, of all ways
	enter []entrance   // the Deny statements that have to match
}

func (q *contestQuery) closed() []*rule {
	if q == nil {
		return nil
	}
	return q.rules
}

func (q *contestQuery) denies() []entrance {
	if q == nil {
		return nil
	}
	return q.enter
}

// allows reports whether a mode can have such a request.
func (q *contestQuery) allows(f *finder, m *mode) bool {
	if q == nil {
		return true
	}
	for i := range q.ways {
		if !m.makes(q.ways[i].check) {
			return false
		}
	}
	switch own := f.subject.Organization; q.from {
	case fromOwn:
		// Where the own account's organization is known, its callers show it.
		return own == "" || !f.interest.organization || m.organization
	case fromGroup:
		return m.organization && len(f.zone.Organizations) > 0
	}
	return true
}

// makes reports whether the mode's requests undergo a check.
func (m *mode) makes(check int) bool {
	switch check {
	case 1:
		return m.tags
	case 2:
		return m.identity != noIdentity
	}
	return true
}

// side keeps the caller on one side of the zone of trust.
func (f *finder) side(from side) {
	account := func(patterns []pattern, negate bool) {
		f.add(slotPrincipal, constraint{scope: principalAccount, patterns: patterns, negate: negate})
	}
	switch from {
	case fromOwn:
		account(f.trusted[:1], false)
		if own := f.subject.Organization; own != "" && f.mode.organization {
			f.add(slotOrganization, constraint{scope: orgPathID, patterns: f.only(own)})
		}
	case fromZone:
		account(f.trusted[1:], false)
		account(f.trusted[:1], true)
	case fromGroup:
		account(f.trusted, true)
		account(f.outsiders, true)
		orgs := make([]pattern, len(f.zone.Organizations))
		for i, id := range f.zone.Organizations {
			orgs[i] = literalPattern(id)
		}
		f.add(slotOrganization, constraint{scope: orgPathID, patterns: orgs})
	}
}

// enterDenies demands that each of some Deny statements matches.
func (f *finder) enterDenies(list []entrance, q *query, next func() bool) bool {
	if len(list) == 0 {
		return next()
	}
	if r := list[0].rule; r.rcp != nil && !slices.Contains(r.rcp, f.mode.partition) {
		return false
	}
	return f.enter(list[0].rule, list[0].entry, q, func() bool { return f.enterDenies(list[1:], q, next) })
}

// newContest makes the policies ready. All contests about one change share an
// effort.
func newContest(question *Question, effort *effort, granting *Policy, refusing ...refuser) *contest {
	c := &contest{question: question, granting: granting}
	others := make([]*Policy, len(refusing))
	for i := range refusing {
		others[i] = refusing[i].policy
	}
	c.program = newProgram(granting, question, effort, others...)
	// What only the checks for tags and source identities tell apart, and what
	// the zone's organizations do.
	for _, r := range c.allows {
		c.interest.tags = c.interest.tags || r.actions[1]
		c.interest.identity = c.interest.identity || r.actions[2]
	}
	c.interest.organization = c.interest.organization || len(question.Zone.Organizations) > 0
	c.choices = 1
	for _, one := range refusing {
		ways := c.waysToRefuse(one)
		c.refusing = append(c.refusing, refusal{one, ways})
		c.choices = min(c.choices*len(ways), maxChoices+1)
	}
	return c
}

// waysToRefuse lists how a policy, or an RCP over it, can refuse a request.
func (c *contest) waysToRefuse(from refuser) []refusalWay {
	var ways []refusalWay
	rules := make([]*rule, len(from.policy.Statements))
	for i := range from.policy.Statements {
		rules[i] = c.rule(&from.policy.Statements[i])
	}
	for _, rcp := range from.rcps {
		for i := range rcp.Statements {
			s := &rcp.Statements[i]
			if covered := c.coveredIn(s); s.Effect == Deny && len(covered) > 0 {
				r := c.rule(s)
				r.rcp = covered
				rules = append(rules, r)
			}
		}
	}
	for check, possible := range [...]bool{true, c.interest.tags, c.interest.identity} {
		if !possible {
			continue
		}
		way := refusalWay{check: check}
		for _, r := range rules {
			if r.Effect == Allow && r.actions[check] {
				closed := *r
				closed.actions = [3]bool{}
				closed.actions[check] = true
				way.closed = append(way.closed, &closed)
			}
		}
		ways = append(ways, way)
		for _, r := range rules {
			if r.Effect == Deny && r.actions[check] {
				for _, entry := range entriesOf(r.Statement) {
					ways = append(ways, refusalWay{check: check, denied: entrance{r, entry}})
				}
			}
		}
	}
	return ways
}

// find searches for a request that gets in by one entry of the granting policy
// and that every other policy refuses. The request is confirmed by Evaluate; one
// that is not counts as not found out.
func (c *contest) find(e entrance, q query, from side) (*Request, status) {
	q.witness = true
	if c.choices > maxChoices {
		return nil, gaveUp
	}
	answer := unsatisfiable
	var found *Request
	c.combine(nil, func(ways []refusalWay) bool {
		own := q
		own.contest = newContestQuery(from, ways)
		solution, st := c.through(e.rule, e.entry, &own)
		if st == satisfiable {
			request := solution.request(c.program)
			if c.confirm(&request, from) {
				found, answer = &request, satisfiable
				return true
			}
			st = gaveUp
		}
		if st == gaveUp {
			answer = gaveUp
		}
		return false
	})
	return found, answer
}

func newContestQuery(from side, ways []refusalWay) *contestQuery {
	q := &contestQuery{from: from, ways: ways}
	for i := range ways {
		q.rules = append(q.rules, ways[i].closed...)
		if ways[i].denied.rule != nil {
			q.enter = append(q.enter, ways[i].denied)
		}
	}
	return q
}

// combine tries every choice of a way for each refusing policy until try says
// that it is done.
func (c *contest) combine(chosen []refusalWay, try func([]refusalWay) bool) bool {
	if len(chosen) == len(c.refusing) {
		return try(chosen)
	}
	for _, way := range c.refusing[len(chosen)].ways {
		if c.combine(append(chosen[:len(chosen):len(chosen)], way), try) {
			return true
		}
	}
	return false
}

// mayBe reports whether an entry can select callers from a side at all.
func (c *contest) mayBe(entry *Principal, from side, outside bool) bool {
	if entry == nil || entry.Account == "" {
		return entry == nil || entry.Form == Anyone
	}
	own, trusted := entry.Account == c.subject.Account, slices.Contains(c.zone.Accounts, entry.Account)
	switch from {
	case fromOwn:
		return own
	case fromZone:
		return trusted && !own
	case fromGroup:
		return !own && !trusted
	}
	return !outside || !own && !trusted
}

// confirm holds a request against everything that shares no code with the
// search. What the refusing policies were made of is theirs to say.
func (c *contest) confirm(request *Request, from side) bool {
	e := newEvaluation(*request)
	if !e.grants(c.granting, c.question.RCPs) || e.admissible(c.subject, c.now) != nil {
		return false
	}
	for i := range c.refusing {
		if e.grants(c.refusing[i].policy, c.refusing[i].rcps) {
			return false
		}
	}
	return c.zone.contains(e, c.subject) == (from != anywhere)
}

// entrances are the ways into the granting policy.
func (c *contest) entrances() []entrance {
	var list []entrance
	for _, r := range c.allows {
		for _, entry := range r.entries {
			if r.actions[0] {
				list = append(list, entrance{r, entry})
			}
		}
	}
	return list
}
