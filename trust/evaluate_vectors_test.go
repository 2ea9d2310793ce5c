package trust_test

import (
	"bufio"
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"countersign/trust"
	"countersign/trust/jsontree"
)

// witnessVector is the part of a vector that speaks of its witness.
type witnessVector struct {
	ID              string
	Title           string
	Policy          json.RawMessage
	RCPs            []json.RawMessage
	RoleAccount     string   `json:"role_account"`
	RoleOrg         string   `json:"role_org"`
	TrustedAccounts []string `json:"trusted_accounts"`
	TrustedOrgs     []string `json:"trusted_orgs"`
	Partition       string
	Now             string
	Expect          struct {
		CrossAccount bool `json:"cross_account"`
		Unprotected  bool `json:"external_unprotected"`
	}
	Witness *struct {
		Principal        string
		PrincipalKind    trust.CallerKind `json:"principal_kind"`
		PrincipalAccount string           `json:"principal_account"`
		Checks           []string
		Resource         string
		Context          map[string]json.RawMessage
	}
}

func TestEveryWitnessOfTheVectorsGetsInFromOutsideWithoutACountersign(t *testing.T) {
	witnesses := 0
	for _, vector := range readWitnessVectors(t) {
		if vector.Witness == nil {
			continue
		}
		witnesses++
		t.Run(vector.ID+" "+vector.Title, func(t *testing.T) { checkWitness(t, vector) })
	}
	if witnesses < 100 {
		t.Errorf("the file holds %d witnesses, which is suspiciously few", witnesses)
	}
}

// TestSampledRequestsAgreeWithTheVectors holds the evaluator against the
// verdicts that were worked out by hand: where nobody gets in, no sampled
// request may, and where somebody does, one of them should.
func TestSampledRequestsAgreeWithTheVectors(t *testing.T) {
	for _, vector := range readWitnessVectors(t) {
		t.Run(vector.ID+" "+vector.Title, func(t *testing.T) {
			policy, question := vector.question(t)
			all := append(slices.Clone(question.RCPs), policy)
			granted, open := false, false
			random := rand.New(rand.NewPCG(1, 2))
			for tries := 0; tries < 200 || tries < 5000 && (granted != vector.Expect.CrossAccount || open != vector.Expect.Unprotected); tries++ {
				request := trust.SampleRequests([]*trust.Policy{policy}, question, random, 1)[0]
				if question.Zone.Contains(request, question.Subject) || !trust.Granted(policy, question.RCPs, request) {
					continue
				}
				granted = true
				if !trust.Countersigned(request, all...) {
					open = true
					if !vector.Expect.Unprotected {
						t.Fatalf("gets in without a countersign: %+v", request)
					}
				}
			}
			if granted != vector.Expect.CrossAccount {
				t.Errorf("an outsider gets in: %t, want %t", granted, vector.Expect.CrossAccount)
			}
			if open != vector.Expect.Unprotected {
				t.Errorf("an outsider gets in without a countersign: %t, want %t", open, vector.Expect.Unprotected)
			}
		})
	}
}

// question returns the vector's policy and everything else it depends on.
func (v witnessVector) question(t *testing.T) (*trust.Policy, trust.Question) {
	t.Helper()
	question := trust.Question{
		Subject: trust.Subject{
			ARN:          "arn:aws:iam::" + v.RoleAccount + ":role/Target",
			Account:      v.RoleAccount,
			Partition:    "aws",
			Organization: v.RoleOrg,
		},
		Zone: trust.Zone{Accounts: v.TrustedAccounts, Organizations: v.TrustedOrgs},
		Now:  time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC),
	}
	if v.Partition != "" {
		question.Subject.Partition = v.Partition
	}
	if v.Now != "" {
		var err error
		if question.Now, err = time.Parse(time.RFC3339, v.Now); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range v.RCPs {
		question.RCPs = append(question.RCPs, mustParse(t, text, trust.ParseRCP))
	}
	return mustParse(t, v.Policy, trust.Parse), question
}

func checkWitness(t *testing.T, vector witnessVector) {
	policy, question := vector.question(t)
	request := trust.Request{
		Principal: vector.Witness.Principal,
		Kind:      vector.Witness.PrincipalKind,
		Account:   vector.Witness.PrincipalAccount,
		Checks:    vector.Witness.Checks,
		Resource:  vector.Witness.Resource,
		Context:   trust.Context{},
	}
	for key, raw := range vector.Witness.Context {
		request.Context[key] = contextValues(t, raw)
	}

	if err := request.Admissible(question.Subject, question.Now); err != nil {
		t.Errorf("not admissible: %v", err)
	}
	if question.Zone.Contains(request, question.Subject) {
		t.Error("the caller is inside the zone")
	}
	if trust.Countersigned(request, append(question.RCPs, policy)...) {
		t.Error("the request carries a countersign")
	}
	if !trust.Granted(policy, question.RCPs, request) {
		t.Errorf("not granted: %+v", trust.Evaluate(policy, request))
	}
}

func readWitnessVectors(t testing.TB) []witnessVector {
	t.Helper()
	file, err := os.Open("testdata/vectors.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var vectors []witnessVector
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var vector witnessVector
		if err := json.Unmarshal(lines.Bytes(), &vector); err != nil {
			t.Fatal(err)
		}
		vectors = append(vectors, vector)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return vectors
}

// contextValues reads a context value, which is a string or a list of strings.
func contextValues(t *testing.T, raw json.RawMessage) []string {
	t.Helper()
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}
	}
	var many []string
	if err := json.Unmarshal(raw, &many); err != nil {
		t.Fatalf("context value %s: %v", raw, err)
	}
	return many
}

func mustParse(t testing.TB, text []byte, parse func(trust.Value) (*trust.Policy, error)) *trust.Policy {
	t.Helper()
	tree, err := jsontree.Parse(&trust.File{Text: text})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	policy, err := parse(tree)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return policy
}
