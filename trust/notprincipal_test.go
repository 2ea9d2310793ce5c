package trust_test

import (
	"testing"

	"countersign/trust"
)

// Under a Deny, AWS may not take an account in NotPrincipal for its users and
// sessions: whoever is not named is denied, of a named account nobody can tell.
func TestADenyThatSparesAnAccount(t *testing.T) {
	policy := mustParse(t, []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"},
		{"Effect":"Deny","NotPrincipal":{"AWS":["444455556666","111122223333"]},"Action":"sts:AssumeRole"}]}`), trust.Parse)
	question := trust.Question{Subject: trust.Subject{Account: "111122223333", Partition: "aws"}}

	verdict := trust.Decide(policy, question)
	if verdict.Outcome != trust.Undecided || len(verdict.DependsOn) != 1 {
		t.Errorf("a stranger's account is spared: %s %v, want unknown, depending on one thing", verdict.Outcome, verdict.DependsOn)
	}
	question.Zone.Accounts = []string{"444455556666"}
	if verdict := trust.Decide(policy, question); verdict.Outcome != trust.NotApplicable {
		t.Errorf("only trusted accounts are spared: %s, want not-applicable", verdict.Outcome)
	}
}
