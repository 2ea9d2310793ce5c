package trust

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// sampleRemedy draws what is asked for: an external ID of its own for every
// account.
func sampleRemedy(t *rapid.T) Remedy {
	return Remedy{
		Require:    rapid.SampledFrom([]Requirement{RequireExternalID, RequireExternalID, RequireMFA, RequireBoth}).Draw(t, "require"),
		MaxMFAAge:  rapid.SampledFrom([]int{0, 0, 3600}).Draw(t, "mfa age"),
		ExternalID: func(account string) (Value, bool) { return Literal(issuedFor(account)), true },
	}
}

func issuedFor(account string) string {
	if account == "*" {
		return "issued-to-anyone"
	}
	return "issued-to-" + account[:4]
}

// showing adds a countersign to a request, where its caller can give it.
func showing(r Request, remedy Remedy, id string) Request {
	r.Context = maps.Clone(r.Context)
	if remedy.Require.externalID() {
		for key := range r.Context {
			if lower(key) == "sts:externalid" {
				delete(r.Context, key)
			}
		}
		r.Context["sts:ExternalId"] = []string{id}
	}
	if remedy.Require.mfa() && r.Kind != RoleSession {
		for key := range r.Context {
			if lower(key) == "aws:multifactorauthpresent" || lower(key) == "aws:multifactorauthage" {
				delete(r.Context, key)
			}
		}
		r.Context["aws:MultiFactorAuthPresent"], r.Context["aws:MultiFactorAuthAge"] = []string{"true"}, []string{assumedAge}
	}
	return r
}

func TestARewritingClosesTheRoleAndNobodyInsideNotices(t *testing.T) {
	tally := rewritingTally{refused: map[string]int{}}
	checkLaw(t, 400, func(t *rapid.T) {
		policy, question, remedy := mustParseTree(t, withSids(samplePolicy(t))), peopledQuestion(t), sampleRemedy(t)
		result := tally.rewrite(t, policy, question, remedy)
		if result == nil {
			return
		}
		again, err := Rewrite(result.After, question, remedy)
		if err != nil || len(again.Changes) > 0 {
			t.Fatalf("rewriting twice: %v", err)
		}
		change := sampledChange{policy, result.After, question, remedy, &result.Proof}
		tally.requests += change.check(t, 60)
	})
	t.Log(tally)
}

func TestARewritingOfADocumentWithUnknownPartsHoldsHoweverTheyTurnOut(t *testing.T) {
	tally := rewritingTally{refused: map[string]int{}}
	checkLaw(t, 200, func(t *rapid.T) {
		names := map[string]string{}
		policy, question, remedy := mustParseTree(t, hide(t, placed(withSids(samplePolicy(t))), "", names)), peopledQuestion(t), sampleRemedy(t)
		hidesAccount := rapid.IntRange(0, 2).Draw(t, "hides the account") == 0 && question.Subject.Organization == ""
		asked := question
		if hidesAccount {
			asked.Subject.Account, asked.Subject.ARN, asked.Subject.Partition = "", "", ""
			remedy.OwnAccount = Literal("${aws:ResourceAccount}")
		}
		if len(names) == 0 && !hidesAccount {
			return
		}
		result := tally.rewrite(t, policy, asked, remedy)
		if result == nil {
			return
		}
		for range 3 {
			chosen := map[string]Value{}
			for _, name := range slices.Sorted(maps.Keys(names)) {
				chosen[name] = anyValueFor(t, names[name])
			}
			t.Logf("completed with %v", chosen)
			before, after := mustParseTree(t, completed(policy.document, chosen)), mustParseTree(t, completed(result.Document, chosen))
			change := sampledChange{before, after, question, remedy, &result.Proof}
			tally.requests += change.check(t, 30)
		}
	})
	t.Log(tally)
}

// rewritingTally counts what a law has seen.
type rewritingTally struct {
	done, open, requests int
	refused              map[string]int
}

// rewrite asks for a rewriting that is proved in full; nil where there is none.
func (c *rewritingTally) rewrite(t *rapid.T, policy *Policy, question Question, remedy Remedy) *Rewriting {
	if Decide(policy, question).Outcome != Fail {
		return nil
	}
	result, err := Rewrite(policy, question, remedy)
	if err != nil {
		var cannot *CannotRewriteError
		if !errors.As(err, &cannot) {
			t.Fatal(err)
		}
		c.refused[cannot.Reason]++
		return nil
	}
	c.done++
	t.Logf("rewritten: %s", asJSON(result.Document))
	if result.Verdict.Outcome != Pass || len(result.Changes) == 0 {
		t.Fatalf("%s with %d changes", describe(result.Verdict), len(result.Changes))
	}
	for _, warning := range result.After.Warnings {
		if !slices.ContainsFunc(policy.Warnings, func(w Warning) bool { return w.Message == warning.Message }) {
			t.Fatalf("warned of now: %s", warning.Message)
		}
	}
	if len(result.Proof.Open) > 0 {
		c.open++
		return nil
	}
	return result
}

// peopledQuestion draws a question that may also tell who belongs to which
// organization.
func peopledQuestion(t *rapid.T) Question {
	q := question(t)
	if rapid.IntRange(0, 3).Draw(t, "outsiders known") == 0 {
		q.Outsiders = []string{sampleVendor}
	}
	if q.Subject.Organization != "" && rapid.IntRange(0, 3).Draw(t, "members known") == 0 {
		q.Members = []string{sampleOwn, sampleTrusted}
	}
	return q
}

// agrees reports whether a request has its caller where the question says.
func agrees(q *Question, r *Request) bool {
	organization, shown := newEvaluation(*r).keys.single("aws:principalorgid")
	if slices.Contains(q.Outsiders, r.Account) && !slices.Contains(q.Zone.Accounts, r.Account) && shown && slices.Contains(q.Zone.Organizations, organization) {
		return false
	}
	return q.Members == nil || slices.Contains(q.Members, r.Account) == (shown && organization == q.Subject.Organization)
}

// withSids numbers the statements of a document.
func withSids(document Value) Value {
	list, _ := document.Get("Statement")
	for i := range list.Items {
		list.Items[i].Members = append([]Member{sampleMember("Sid", Literal("Trust"+strconv.Itoa(i)))}, list.Items[i].Members...)
	}
	return document
}

// placed gives every part of a document a place of its own, as sources do.
func placed(v Value) Value {
	file, at := &File{Name: "sampled", Text: make([]byte, 1<<16)}, 0
	var place func(v Value) Value
	place = func(v Value) Value {
		at++
		v.Range = Range{file, at, at + 1}
		v.Items, v.Members = slices.Clone(v.Items), slices.Clone(v.Members)
		for i := range v.Items {
			v.Items[i] = place(v.Items[i])
		}
		for i := range v.Members {
			v.Members[i].Key, v.Members[i].Value = place(v.Members[i].Key), place(v.Members[i].Value)
		}
		return v
	}
	return place(v)
}

// sampledChange is a rewriting that is held against sampled requests.
type sampledChange struct {
	before, after *Policy
	question      Question
	remedy        Remedy
	proof         *Proof
}

// check samples requests that contradict what was proved.
func (c *sampledChange) check(t *rapid.T, n int) int {
	rcps := c.question.RCPs
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	for _, request := range sampleRequests(append([]*Policy{c.before, c.after}, rcps...), c.question, random, n) {
		if !agrees(&c.question, &request) {
			continue
		}
		was, is := Granted(c.before, rcps, request), Granted(c.after, rcps, request)
		inside := c.question.Zone.Contains(request, c.question.Subject)
		switch {
		case inside && was != is:
			t.Fatalf("inside: granted before %t, after %t: %+v", was, is, request)
		case inside:
		case is && !Countersigned(request, append([]*Policy{c.after}, rcps...)...):
			t.Fatalf("granted from outside without a countersign: %+v", request)
		case was && !is && len(c.proof.LockedOut) == 0 && !c.getsIn(request):
			t.Fatalf("locked out: %+v", request)
		case is && !was && len(c.proof.Gained) == 0 && !c.gotIn(request):
			t.Fatalf("gained: %+v", request)
		}
	}
	return n
}

// getsIn reports whether the caller gets in with some countersign that was
// issued.
func (c *sampledChange) getsIn(request Request) bool {
	ids := []string{issuedFor("*")}
	for _, account := range append(sampleAccounts, request.Account) {
		ids = append(ids, issuedFor(account))
	}
	return slices.ContainsFunc(ids, func(id string) bool {
		return Granted(c.after, c.question.RCPs, showing(request, c.remedy, id))
	})
}

// gotIn reports whether the caller got in before, with some external ID that the
// policies or its own request tell, or with none, and with MFA or without.
func (c *sampledChange) gotIn(request Request) bool {
	ids := []string{"", "zz-invented"}
	eachKey(c.before, func(key string, operands []string) {
		if key == "sts:externalid" {
			ids = append(ids, operands...)
		}
	})
	for _, values := range request.Context {
		ids = append(ids, values...)
		for _, value := range values {
			ids = append(ids, "x-"+value, "acme-"+value)
		}
	}
	for _, id := range ids {
		if id != "" && !externalIDShape.legal([]string{id}) {
			continue
		}
		for _, mfa := range []string{"", "false", "true"} {
			other := withKeys(request, id, mfa)
			if other.Admissible(c.question.Subject, c.question.Now) == nil && Granted(c.before, c.question.RCPs, other) {
				return true
			}
		}
	}
	return false
}

// withKeys is a request with another external ID and another word on MFA, empty
// for none: a user without a word comes with an access key, one with false in a
// session.
func withKeys(r Request, id, mfa string) Request {
	r.Context = maps.Clone(r.Context)
	drop := func(names ...string) {
		maps.DeleteFunc(r.Context, func(key string, _ []string) bool { return slices.Contains(names, lower(key)) })
	}
	drop("sts:externalid", "aws:multifactorauthpresent", "aws:multifactorauthage")
	if id != "" {
		r.Context["sts:ExternalId"] = []string{id}
	}
	if mfa != "" {
		r.Context["aws:MultiFactorAuthPresent"] = []string{mfa}
	}
	if mfa == "true" {
		r.Context["aws:MultiFactorAuthAge"] = []string{assumedAge}
	}
	if r.Kind == RoleSession {
		return r
	}
	_, session := r.Context.Lookup("aws:tokenissuetime")
	switch {
	case mfa == "":
		drop("aws:tokenissuetime")
		r.Kind = UserKey
	case mfa == "false":
		if now, _ := r.Context.Lookup("aws:currenttime"); !session {
			r.Context["aws:TokenIssueTime"] = now
		}
		r.Kind = UserSession
	case session:
		r.Kind = UserSessionMFA
	default:
		r.Kind = UserKeyMFA
	}
	return r
}
