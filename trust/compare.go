package trust

// Comparison says who is affected by a change of a trust policy.
type Comparison struct {
	// Gains are those who have a request granted after the change that was
	// refused before, Losses those of whom a request is refused that was
	// granted: one example for each entry of the policy that lets them in and
	// each side of the zone of trust they may come from.
	Gains, Losses []Affected
	// Federated names the services, SAML and OIDC providers whose statements
	// are not the same on both sides.
	Federated []string
	// Open names what could not be decided with a bounded effort.
	Open []string
}

// Affected is somebody whom a change affects, and an example: a request that is
// granted on one side of the change only.
type Affected struct {
	Account   string // 12 digits; "*" where nobody is named
	Principal string // the entry of the policy that lets them in, as it is spelt
	Statement int    // its statement, in the policy that grants the request
	Inside    bool   // the caller is inside the zone of trust
	Request   Request
}

// Compare answers who gains and who loses by a change, exactly, for callers
// that are IAM users and role sessions. Services and federated callers are
// compared by the statements that name them. Both documents have to be known;
// what the question leaves open is taken as the completions of both say.
func Compare(before, after *Policy, question Question) Comparison {
	var c Comparison
	work := &work{effort: effort{left: comparingEffort}, open: &c.Open}
	eachCompletion(before, after, question, &c.Open, func(before, after *Policy, question *Question, _ map[string]Value) {
		gains := work.differ(question, after, before)
		losses := work.differ(question, before, after)
		c.Gains, c.Losses = addAffected(c.Gains, gains), addAffected(c.Losses, losses)
		c.Federated = federatedChanges(before, after)
	})
	return c
}

// tooHard is what a search that ran out of effort leaves open.
const tooHard = "too complex: some requests could not be searched with a fixed amount of work"

// comparingEffort bounds the searches about one change.
const comparingEffort = 4 * maxEffort

// work is what the searches about one change share: their effort, and what they
// leave open.
type work struct {
	effort
	open *[]string
}

// differ finds requests that one policy grants and the other refuses.
func (w *work) differ(question *Question, granting, refusing *Policy) []Affected {
	var list []Affected
	for _, from := range [...]side{anywhere, fromOwn, fromZone, fromGroup} {
		q := query{kinds: withMFAToo, outside: from == anywhere}
		list = append(list, w.seek(question, granting, q, from, refuser{policy: refusing})...)
	}
	return list
}

// seek finds, for every entry of a policy, a request from one side that others
// refuse.
func (w *work) seek(question *Question, granting *Policy, q query, from side, refusing ...refuser) []Affected {
	if from == fromZone && len(question.Zone.Accounts) == 0 || from == fromGroup && len(question.Zone.Organizations) == 0 {
		return nil
	}
	c := newContest(question, &w.effort, granting, refusing...)
	var list []Affected
	for _, e := range c.entrances() {
		if !c.mayBe(e.entry, from, q.outside) {
			continue
		}
		found, st := c.find(e, q, from)
		switch st {
		case satisfiable:
			list = append(list, affectedBy(e, found, from != anywhere))
		case gaveUp:
			*w.open = addOnce(*w.open, tooHard)
		}
	}
	return list
}

func affectedBy(e entrance, example *Request, inside bool) Affected {
	one := Affected{Account: "*", Principal: "*", Statement: e.rule.Index, Inside: inside, Request: *example}
	if e.entry != nil {
		one.Principal = e.entry.Text
		one.Account = either(e.entry.Account, "*")
	}
	return one
}

func either(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// addAffected joins lists; who is told of already is not told again.
func addAffected(list, more []Affected) []Affected {
	for i := range more {
		known := false
		for j := range list {
			known = known || list[j].Principal == more[i].Principal && list[j].Statement == more[i].Statement && list[j].Inside == more[i].Inside
		}
		if !known {
			list = append(list, more[i])
		}
	}
	return list
}

// maxComparedCompletions bounds the combinations of unknown values for which two
// policies are compared.
const maxComparedCompletions = 64

// eachCompletion visits both policies and the question in every completion of
// what is unknown.
func eachCompletion(before, after *Policy, question Question, open *[]string, visit func(before, after *Policy, question *Question, chosen map[string]Value)) {
	c := completions{gaps: gapsOf(before, &question)}
	for _, g := range gapsOf(after, &question) {
		c.join(g)
	}
	total := 1
	for _, g := range c.gaps {
		if total *= len(g.options); total > maxComparedCompletions {
			*open = addOnce(*open, "too much is unknown to try every combination")
			return
		}
	}
	for n := range total {
		chosen := c.assignment(n)
		first, err := completedPolicy(before, chosen)
		second, err2 := completedPolicy(after, chosen)
		if err != nil || err2 != nil {
			if (err == nil) != (err2 == nil) {
				*open = addOnce(*open, "one of the policies has no meaning with some of the values that are unknown")
			}
			continue // neither is deployed like that
		}
		q := completedQuestion(question, chosen)
		visit(first, second, &q, chosen)
	}
}

// join adds a gap, or its options to the gap of that name.
func (c *completions) join(g gap) {
	for i := range c.gaps {
		if c.gaps[i].name == g.name {
			c.gaps[i].add(g.options)
			return
		}
	}
	c.gaps = append(c.gaps, g)
}
