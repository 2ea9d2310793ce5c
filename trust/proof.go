package trust

import "slices"

// prove makes the changes and shows what has to hold of them.
func (r *rewriter) prove(policy *Policy, question Question, changes []Change) (*Rewriting, error) {
	document, err := Apply(policy.document, changes)
	if err != nil {
		return nil, err
	}
	after, err := Parse(document)
	if err != nil {
		return nil, &CannotRewriteError{Reason: "the changed policy has no meaning: " + err.Error(), Range: policy.Range}
	}
	result := &Rewriting{Changes: changes, Document: document, After: after, Verdict: Decide(after, question)}
	switch result.Verdict.Outcome {
	case Pass:
	case NotApplicable:
		return nil, r.shutOut(after)
	case Undecided, Broken:
		return nil, &CannotRewriteError{Reason: "the changed policy cannot be judged: " + result.Verdict.Problem, Range: policy.Range}
	default:
		return nil, &CannotRewriteError{Reason: "the role is still open once the statements ask for the countersign", Range: policy.Range}
	}
	work := &work{effort: effort{left: comparingEffort}, open: &result.Proof.Open}
	eachCompletion(policy, after, question, &result.Proof.Open, func(before, after *Policy, question *Question, chosen map[string]Value) {
		r.chosen = chosen
		r.proveKnown(work, &result.Proof, before, after, question)
	})
	return result, insideUntouched(&result.Proof, policy, &question)
}

// insideUntouched refuses a change that somebody inside would notice.
func insideUntouched(proof *Proof, policy *Policy, question *Question) error {
	switch {
	case len(proof.Inside) > 0:
		if on, at := unknownPrincipal(policy.document); on != "" {
			return &CannotRewriteError{
				Reason: "a principal that cannot be read (" + on + ") may be inside the zone of trust, and the change would affect it",
				Hint:   "give the value of " + on + ", or change the policy by hand", Range: at,
			}
		}
		refusal := &CannotRewriteError{Range: policy.Range,
			Reason: "the change would also affect callers of account " + proof.Inside[0].Request.Account + ", who are inside the zone of trust",
			Hint:   "change the policy by hand"}
		switch question.Subject.Account {
		case "":
			refusal.Hint = "say which account the role is in (--account), or change the policy by hand"
		case proof.Inside[0].Request.Account:
			refusal.Reason = "the change would also affect callers of the role's own account"
		}
		return refusal
	case len(proof.Federated) > 0:
		return &CannotRewriteError{Reason: "the change would also affect " + proof.Federated[0], Range: policy.Range}
	}
	return nil
}

// unknownPrincipal names what an entry of some Principal element depends on, and
// where it stands.
func unknownPrincipal(document Value) (on string, at Range) {
	var look func(v Value, principal bool)
	look = func(v Value, principal bool) {
		if name := nameOf(v); principal && name != "" && on == "" {
			on, at = name, v.Range
		}
		for _, item := range v.Items {
			look(item, principal)
		}
		for _, m := range v.Members {
			look(m.Value, principal || m.Key.Text == "Principal")
		}
	}
	look(document, false)
	return on, at
}

// shutOut says why nobody from outside gets in once the countersign is asked
// for.
func (r *rewriter) shutOut(after *Policy) error {
	d := newDecision(after, &r.question, &effort{left: maxEffort})
	refusal := &CannotRewriteError{Reason: "with the countersign asked for, nobody from outside could get in at all", Range: r.decision.policy.Range}
	q := query{kinds: withMFAToo, outside: true}
	for _, deny := range d.denies {
		if q.withoutRule = deny; !d.anyWay(&q) {
			continue
		}
		refusal.Hint = "ask for what the Deny lets through, or change the Deny"
		if deny.rcp != nil {
			refusal.Reason = "a resource control policy denies callers who give the countersign"
			continue
		}
		refusal.Reason = "statement " + number(deny.Index) + " denies callers who give the countersign"
		refusal.Range = deny.Range
	}
	return refusal
}

// proveKnown adds what can be shown where nothing is unknown.
func (r *rewriter) proveKnown(w *work, proof *Proof, before, after *Policy, question *Question) {
	for _, from := range insideSides {
		q := query{kinds: withMFAToo}
		proof.Inside = addAffected(proof.Inside, w.seek(question, before, q, from, refuser{policy: after}))
		proof.Inside = addAffected(proof.Inside, w.seek(question, after, q, from, refuser{policy: before}))
	}
	for _, name := range federatedChanges(before, after) {
		proof.Federated = addOnce(proof.Federated, name)
	}
	proof.Gained = addAffected(proof.Gained, r.gained(w, before, after, question))
	proof.LockedOut = addAffected(proof.LockedOut, r.lockedOut(w, before, after, question))
}

// gained finds outsiders who get in after the change and did not before, with
// whatever external ID, and with MFA or without: what could make a difference is
// assumed in turn.
func (r *rewriter) gained(w *work, before, after *Policy, question *Question) []Affected {
	p := newProgram(before, question, &w.effort, after)
	var refusing []refuser
	add := func(policy *Policy) {
		if !slices.ContainsFunc(refusing, func(have refuser) bool { return sameStatements(have.policy, policy) }) {
			refusing = append(refusing, refuser{policy: policy})
		}
	}
	const loosely = true // an Allow that asks for a caller's own values was open to it
	for _, id := range idsToTry(before, after) {
		add(p.assume(before, withID(id), loosely))
		if r.remedy.Require.mfa() { // who shows MFA now may have come without
			add(p.assume(before, withID(id).withoutMFA(false), loosely))
			add(p.assume(before, withID(id).withoutMFA(true), loosely))
		}
	}
	return w.seek(question, after, query{kinds: withMFAToo, outside: true}, anywhere, refusing...)
}

// maxTriedIDs bounds the external IDs that are assumed in turn.
const maxTriedIDs = 8

// idsToTry are external IDs that the policies tell apart: none, one that nobody
// names, those that are named, and ones that fit their patterns.
func idsToTry(policies ...*Policy) []string {
	ids := []string{"", "invented-1"}
	for _, policy := range policies {
		eachKey(policy, func(key string, operands []string) {
			if key != "sts:externalid" {
				return
			}
			for _, text := range operands {
				if externalIDShape.legal([]string{text}) && len(ids) < maxTriedIDs && !slices.Contains(ids, text) {
					ids = append(ids, text)
				}
			}
		})
	}
	return ids
}

// sameStatements reports whether two policies that were made of one by assuming
// something kept the same.
func sameStatements(a, b *Policy) bool {
	return slices.EqualFunc(a.Statements, b.Statements, func(a, b Statement) bool {
		return a.Index == b.Index && len(a.Conditions) == len(b.Conditions)
	})
}

// lockedOut finds outsiders who got in before and do not after, neither as they
// came nor with the countersign that is asked of them.
func (r *rewriter) lockedOut(w *work, before, after *Policy, question *Question) []Affected {
	p := newProgram(before, question, &w.effort, after)
	const strictly = false // an external ID that has to equal a variable is not counted on
	var list []Affected
	for _, kinds := range r.kindsToTry() {
		for _, id := range r.issuedIDs() {
			assumed := given(func(string) (string, bool, bool) { return "", false, false })
			if id != "" {
				assumed = withID(id)
			}
			if r.remedy.Require.mfa() && kinds[0] != RoleSession {
				assumed = assumed.withMFA()
			}
			showing := refuser{policy: p.assume(after, assumed, strictly)}
			for _, rcp := range question.RCPs {
				showing.rcps = append(showing.rcps, p.assume(rcp, assumed, strictly))
			}
			c := newContest(question, &w.effort, before, refuser{policy: after}, showing)
			for _, e := range c.entrances() {
				if r.idOf(e) != id {
					continue
				}
				found, st := c.find(e, query{kinds: kinds, outside: true}, anywhere)
				switch st {
				case satisfiable:
					list = append(list, affectedBy(e, found, false))
				case gaveUp:
					*w.open = addOnce(*w.open, tooHard)
				}
			}
		}
	}
	return list
}

// kindsToTry are the kinds of callers, by what countersign they can give.
func (r *rewriter) kindsToTry() [][]CallerKind {
	if r.remedy.Require.mfa() {
		return [][]CallerKind{{UserKey, UserSession, UserKeyMFA, UserSessionMFA}, {RoleSession}}
	}
	return [][]CallerKind{withMFAToo}
}

// issuedIDs are the external IDs that are asked for, and none, which stands for
// the entries of which nothing new is asked.
func (r *rewriter) issuedIDs() []string {
	ids := []string{""}
	for i := range r.issued {
		if text := r.issuedText(&r.issued[i]); !slices.Contains(ids, text) {
			ids = append(ids, text)
		}
	}
	return ids
}

// idOf is the external ID that is asked of an entry's callers from now on.
func (r *rewriter) idOf(e entrance) string {
	for i := range r.issued {
		if one := &r.issued[i]; e.entry != nil && one.statement == e.rule.Index && one.principal == e.entry.Text {
			return r.issuedText(one)
		}
	}
	return ""
}

// issuedText is the external ID, as it is in the completion at hand where some
// of it is unknown.
func (r *rewriter) issuedText(i *issued) string { return completed(i.id, r.chosen).Text }
