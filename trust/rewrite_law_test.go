package trust

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
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
	done, refused, open, requests := 0, map[string]int{}, 0, 0
	checkLaw(t, 400, func(t *rapid.T) {
		policy, question, remedy := mustParseTree(t, samplePolicy(t)), question(t), sampleRemedy(t)
		if Decide(policy, question).Outcome != Fail {
			return
		}
		result, err := Rewrite(policy, question, remedy)
		if err != nil {
			var cannot *CannotRewriteError
			if !errors.As(err, &cannot) {
				t.Fatal(err)
			}
			refused[cannot.Reason]++
			return
		}
		done++
		t.Logf("rewritten: %s", asJSON(result.Document))
		if result.Verdict.Outcome != Pass || len(result.Changes) == 0 {
			t.Fatalf("%s with %d changes", describe(result.Verdict), len(result.Changes))
		}
		if len(result.Proof.Open) > 0 {
			open++
			return
		}
		again, err := Rewrite(result.After, question, remedy)
		if err != nil || len(again.Changes) > 0 {
			t.Fatalf("rewriting twice: %v", err)
		}
		all := append([]*Policy{policy, result.After}, question.RCPs...)
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		for _, request := range sampleRequests(all, question, random, 60) {
			requests++
			was, is := Granted(policy, question.RCPs, request), Granted(result.After, question.RCPs, request)
			inside := question.Zone.Contains(request, question.Subject)
			switch {
			case inside && was != is:
				t.Fatalf("inside: granted before %t, after %t: %+v", was, is, request)
			case inside:
			case is && !Countersigned(request, append([]*Policy{result.After}, question.RCPs...)...):
				t.Fatalf("granted from outside without a countersign: %+v", request)
			case was && !is && len(result.Proof.LockedOut) == 0:
				ids := []string{issuedFor("*")}
				for _, account := range append(sampleAccounts, request.Account) {
					ids = append(ids, issuedFor(account))
				}
				if !slices.ContainsFunc(ids, func(id string) bool { return Granted(result.After, question.RCPs, showing(request, remedy, id)) }) {
					t.Fatalf("locked out: %+v", request)
				}
			}
		}
	})
	t.Logf("%d rewritten, %d of them not proved in full, refused: %v, %d requests", done, open, refused, requests)
}
