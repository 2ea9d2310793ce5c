package trust

import (
	"slices"
	"strconv"
)

// Rewrite finds the smallest change that lets outsiders in with the countersign
// only, and proves it: Decide passes what comes out, no request from inside the
// zone of trust, from a service or a federated caller changes its answer, and
// who gets in or out by it is told. A policy that does not fail is left as it is.
//
// Statements that name outsiders beside others are split, by principal, or for
// "*" by aws:PrincipalAccount and aws:PrincipalOrgID. A useless condition is
// replaced by one that works. Statements are added and Allow statements changed;
// a Deny statement is changed only where it was meant to ask for the countersign
// and misses callers who show no such key.
//
// The error is a [*NeedsExternalIDError], or a [*CannotRewriteError].
func Rewrite(policy *Policy, question Question, remedy Remedy) (*Rewriting, error) {
	if remedy.Require == "" {
		remedy.Require = RequireExternalID
	}
	verdict := Decide(policy, question)
	switch verdict.Outcome {
	case Pass, NotApplicable:
		return &Rewriting{Document: policy.document, After: policy, Verdict: verdict}, nil
	case Undecided, Broken:
		return nil, &CannotRewriteError{Reason: "its verdict is " + string(verdict.Outcome) + ": " + verdict.Problem,
			Hint: "what cannot be judged cannot be repaired", Range: policy.Range}
	}
	example, exampleQuestion := worstCompletion(policy, question)
	r := &rewriter{policy: example, document: policy.document, remedy: remedy, question: exampleQuestion, account: question.Subject.Account}
	r.decide()
	var refused error
	for _, plan := range [...]func() ([]Change, error){r.mendDenies, r.closeAllows, r.closeAllowsToOutsiders} {
		changes, err := plan()
		if err != nil {
			return nil, err
		}
		if len(changes) == 0 {
			continue
		}
		rewriting, err := r.prove(policy, question, changes)
		if err == nil {
			return rewriting, nil
		}
		if refused == nil {
			refused = err // the plainest plan tells best why
		}
	}
	if refused == nil {
		refused = &CannotRewriteError{Reason: "no statement was found to change", Range: policy.Range}
	}
	return nil, refused
}

// worstCompletion is a completion of the policy that fails.
func worstCompletion(policy *Policy, question Question) (*Policy, Question) {
	if !needsCompletion(policy, &question) {
		return policy, question
	}
	c := completions{gaps: gapsOf(policy, &question)}
	total := 1
	for _, g := range c.gaps {
		total *= len(g.options)
	}
	effort := &effort{left: maxEffort}
	worst, at := -1, 0
	for n := range total {
		verdict := decideCompleted(policy, question, c.assignment(n), effort)
		if severityOf(&verdict) > worst {
			worst, at = severityOf(&verdict), n
		}
	}
	chosen := c.assignment(at)
	known, err := completedPolicy(policy, chosen)
	if err != nil {
		return policy, question
	}
	return known, completedQuestion(question, chosen)
}

// rewriter plans the change of one policy without unknown parts.
type rewriter struct {
	*decision
	policy   *Policy
	document Value // may have unknown parts
	remedy   Remedy
	question Question
	account  string   // the role's, where the question tells it
	missing  []string // accounts without an external ID
	sids     *sidMaker
	issued   []issued
	// outsidersOnly has what asks for the countersign speak of outsiders alone.
	outsidersOnly bool
	// chosen are the values of unknown parts in the completion that is proved.
	chosen map[string]Value
}

// issued is the external ID that an entry's callers have to send.
type issued struct {
	statement int
	principal string
	account   string
	id        Value
}

func (r *rewriter) decide() {
	r.decision = newDecision(r.policy, &r.question, &effort{left: maxEffort})
}

// closeAllows changes every Allow statement that lets outsiders in without the
// countersign.
func (r *rewriter) closeAllows() ([]Change, error) {
	r.sids = newSidMaker(r.policy)
	var changes []Change
	for _, rule := range r.allows {
		out := r.outsidersOf(rule)
		if len(out) == 0 {
			continue
		}
		change, err := r.closeStatement(rule, out)
		if err != nil {
			return nil, err
		}
		changes = append(changes, change)
	}
	if len(r.missing) > 0 {
		return nil, &NeedsExternalIDError{Accounts: r.missing}
	}
	return changes, nil
}

// closeAllowsToOutsiders does the same by statements that match nobody inside:
// where some inside were kept out by the very condition that goes.
func (r *rewriter) closeAllowsToOutsiders() ([]Change, error) {
	r.outsidersOnly, r.issued, r.missing = true, nil, nil
	return r.closeAllows()
}

// outsidersOf lists the entries of a statement by which outsiders come in
// without the countersign, or would but for a condition that nobody can meet.
func (r *rewriter) outsidersOf(rule *rule) []*Principal {
	var list []*Principal
	for i := range r.ways {
		if w := &r.ways[i]; w.rule == rule && w.open() {
			list = append(list, w.entry)
		}
	}
	for i := range rule.atoms {
		a := &rule.atoms[i]
		if !rule.actions[0] || !a.hasNoUsableID() {
			continue
		}
		q := unguarded
		q.without, q.witness = a.Condition, false
		for _, entry := range rule.entries {
			if r.inside(entry) || slices.Contains(list, entry) {
				continue
			}
			if _, st := r.through(rule, entry, &q); st == satisfiable {
				list = append(list, entry)
			}
		}
	}
	return list
}

// closeStatement plans the change of one statement.
func (r *rewriter) closeStatement(rule *rule, out []*Principal) (Change, error) {
	if rule.NotPrincipal {
		return Change{}, &CannotRewriteError{Range: rule.Range,
			Reason: "statement " + number(rule.Index) + " admits everyone but those whom it names (NotPrincipal)",
			Hint:   "IAM stores no such trust policy; name the principals that are to come in, under Principal"}
	}
	if r.remedy.Require.mfa() {
		for _, entry := range out {
			if entry.Form == Role || entry.Form == Session {
				return Change{}, &CannotRewriteError{Range: entry.Range,
					Reason: "a session of the role " + entry.Text + " can never show MFA",
					Hint:   "ask machines for an external ID (--require external-id)"}
			}
		}
	}
	s := &splitting{rewriter: r, rule: rule}
	s.sort(out)
	return s.change()
}

func number(index int) string { return strconv.Itoa(index + 1) }

// idFor picks the external ID of an entry's callers: the one that is given, one
// that the statement's own conditions name, or one that another statement asks
// the same account for.
func (r *rewriter) idFor(rule *rule, entry *Principal) (values []Value, ok bool) {
	account := either(entry.Account, "*")
	if r.remedy.ExternalID != nil {
		if id, ok := r.remedy.ExternalID(account); ok {
			return []Value{id}, true
		}
	}
	if values := r.usableIDs(rule); len(values) > 0 {
		return values, true
	}
	for i := range r.ways {
		w := &r.ways[i]
		if w.rule != rule && !w.open() && w.entry != nil && w.entry.Account == entry.Account && entry.Account != "" {
			if values := r.usableIDs(w.rule); len(values) > 0 {
				return values[:1], true
			}
		}
	}
	return nil, false
}

// usableIDs lists the external IDs that a statement's conditions spell out and a
// caller can send.
func (r *rewriter) usableIDs(rule *rule) []Value {
	var values []Value
	for i := range rule.atoms {
		a := &rule.atoms[i]
		if a.Key != "sts:externalid" || !a.keepsValue() {
			continue
		}
		for j := range a.Values {
			o := &a.Values[j]
			literal := !slices.ContainsFunc(o.Pieces, func(p Piece) bool { return p.Kind != LiteralPiece })
			if literal && externalIDShape.legal([]string{o.Text}) && !isPlaceholder(o.Text) {
				values = append(values, r.leafAt(o))
			}
		}
	}
	return values
}

// leafAt is the value that an operand was read from, which may be unknown in the
// document.
func (r *rewriter) leafAt(o *Operand) Value {
	if leaf, found := valueAt(r.document, o.Range); found {
		return leaf
	}
	v := Literal(o.Text)
	v.Range = o.Range
	return v
}

// valueAt finds the text, or the unknown value, at a place.
func valueAt(v Value, at Range) (Value, bool) {
	if at.IsZero() || v.Range == at && v.Items == nil && v.Members == nil {
		return v, !at.IsZero()
	}
	for _, item := range v.Items {
		if leaf, found := valueAt(item, at); found {
			return leaf, true
		}
	}
	for _, m := range v.Members {
		if leaf, found := valueAt(m.Value, at); found {
			return leaf, true
		}
	}
	return Value{}, false
}

// mendDenies changes a Deny statement that was meant to ask for the countersign
// and misses callers who show no such key, if that alone closes the role and
// nobody inside notices.
func (r *rewriter) mendDenies() ([]Change, error) {
	for _, deny := range r.denies {
		if deny.rcp != nil {
			continue
		}
		for i := range deny.atoms {
			a := &deny.atoms[i]
			name, ok := r.mended(a)
			if !ok {
				continue
			}
			values := make([]Value, len(a.Values))
			for j := range a.Values {
				values[j] = r.leafAt(&a.Values[j])
			}
			changes := []Change{{Statement: deny.Index, Conditions: []ConditionEdit{{
				Old: a.Condition, New: &NewCondition{Operator: name, Key: a.Spelling, Values: values},
			}}}}
			if r.closes(changes) {
				return changes, nil
			}
		}
	}
	return nil, nil
}

// mended is the operator that a Deny should have had.
func (r *rewriter) mended(a *atom) (string, bool) {
	op := a.Operator
	switch a.Key {
	case "aws:multifactorauthpresent", "aws:multifactorauthage":
		return op.Name + "IfExists", r.remedy.Require == RequireMFA && op.Set == NoSetOperator && !op.IfExists && !op.Negated && op.Family != NullTest
	}
	return "", false
}

// closes reports whether changes alone make the policy pass, with nobody inside
// affected.
func (r *rewriter) closes(changes []Change) bool {
	document, err := Apply(r.policy.document, changes)
	if err != nil {
		return false
	}
	after, err := Parse(document)
	if err != nil || Decide(after, r.question).Outcome != Pass {
		return false
	}
	var proof Proof
	r.proveKnown(&work{effort: effort{left: comparingEffort}, open: &proof.Open}, &proof, r.policy, after, &r.question)
	return len(proof.Inside) == 0 && len(proof.Federated) == 0 && len(proof.Gained) == 0 && proof.Complete()
}
