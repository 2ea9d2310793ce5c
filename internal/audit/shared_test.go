package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"testing"

	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"
	"countersign/trust/jsontree"

	"github.com/google/go-cmp/cmp"
)

// TestSharedVerdictsAreThoseOfTheRoleAlone holds every verdict that goes
// through what the audit remembers against a decision with all that is known
// of the role.
func TestSharedVerdictsAreThoseOfTheRoleAlone(t *testing.T) {
	source := &given{}
	for _, policy := range policies(t) {
		for _, name := range []string{"first", "second", "acme-role", "first"} {
			subject := roleOf(name, policy)
			switch name {
			case "second":
				subject.Details = heldTags{"team": "blue", "tenant": "t-2"}
			case "acme-role":
				subject.Tags = map[string]string{}
			}
			source.roles = append(source.roles, subject)
		}
		source.roles = append(source.roles, &role.Role{Name: "bare", Trust: role.Document{JSON: policy}})
	}
	var sink kept
	options := Options{Keep: func(*rule.Finding) bool { return true }}
	if _, err := Run(context.Background(), []Source{source}, options, &sink); err != nil {
		t.Fatal(err)
	}
	ranges := cmp.Comparer(func(a, b trust.Range) bool { return a.Start == b.Start && a.End == b.End })
	for i, finding := range sink.findings {
		if finding.Role.Details != nil {
			t.Errorf("the role of a finding is not complete: %+v", finding.Role)
		}
		want, ok := alone(source.roles[i])
		if !ok {
			continue
		}
		if difference := cmp.Diff(want, *finding.Verdict, ranges); difference != "" {
			t.Errorf("%s with %s: want -, got +:\n%s", source.roles[i].Name, source.roles[i].Trust.JSON, difference)
		}
	}
}

// policies are the trust policies of the test vectors, and some where the
// verdict depends on the role.
func policies(t *testing.T) [][]byte {
	t.Helper()
	text, err := os.ReadFile("../../trust/testdata/vectors.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	list := [][]byte{
		policyFor("444455556666", "the-acme-role-id"),
		policyFor("444455556666", "FIRST-and-only"),
		[]byte(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:ResourceTag/team":"blue"}}}]}`),
	}
	for line := range bytes.Lines(text) {
		var vector struct{ Policy json.RawMessage }
		if err := json.Unmarshal(line, &vector); err != nil {
			t.Fatal(err)
		}
		list = append(list, vector.Policy)
	}
	return list
}

// heldTags are tags that a source has held back.
type heldTags map[string]string

func (h heldTags) Fill(subject *role.Role) { subject.Tags = h }

func alone(subject *role.Role) (verdict trust.Verdict, ok bool) {
	subject.Complete()
	tree, err := jsontree.Parse(&trust.File{Text: subject.Trust.JSON})
	if err != nil {
		return verdict, false
	}
	policy, err := trust.Parse(tree)
	if err != nil {
		return verdict, false
	}
	return trust.Decide(policy, trust.Question{Subject: trust.Subject{
		ARN: subject.ARN, Account: subject.Account, Partition: subject.Partition, Tags: subject.Tags, Name: subject.Name,
	}}), true
}
