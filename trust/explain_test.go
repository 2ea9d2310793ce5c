package trust_test

import (
	"slices"
	"strings"
	"testing"

	"countersign/trust"
)

func explanation(t *testing.T, policy string) ([]trust.Sentence, trust.Verdict) {
	t.Helper()
	verdict := trust.Decide(mustParse(t, []byte(policy), trust.Parse), trust.Question{
		Subject: trust.Subject{Account: "111122223333", Partition: "aws"},
	})
	return trust.Explain(&verdict), verdict
}

func TestAnExplanationBeginsWithTheAnswerAndPointsAtTheCause(t *testing.T) {
	const open = `{"Version":"2012-10-17","Statement":[{"Sid":"Vendor","Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole","Condition":{"StringEqualsIfExists":{"sts:ExternalId":"planted-secret-7"}}}]}`
	sentences, _ := explanation(t, open)
	if want := "A caller from outside the zone of trust can assume this role with neither MFA nor a secret external ID."; sentences[0].Text != want {
		t.Errorf("first sentence %q, want %q", sentences[0].Text, want)
	}
	reason := sentences[1]
	if want := `Statement 1 "Vendor": StringEqualsIfExists on the external ID holds when none is sent`; reason.Text != want {
		t.Errorf("reason %q, want %q", reason.Text, want)
	}
	if want := `"sts:ExternalId":"planted-secret-7"`; reason.Range.Text() != want {
		t.Errorf("the reason points at %q, want %q", reason.Range.Text(), want)
	}
	for _, s := range sentences {
		if strings.Contains(s.Text, "planted") {
			t.Errorf("%q shows the external ID", s.Text)
		}
	}
}

func TestEveryOutcomeHasItsAnswer(t *testing.T) {
	const allow = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%"},"Action":"sts:AssumeRole"&}]}`
	policy := func(principal, condition string) string {
		return strings.NewReplacer("%", principal, "&", condition).Replace(allow)
	}
	tests := []struct{ name, policy, want string }{
		{"everybody gets in", policy("*", ""), "Anybody with an AWS account"},
		{"a countersign is asked for", policy("444455556666", `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`), "and only with a countersign"},
		{"nobody from outside", policy("111122223333", ""), "No caller from outside"},
		{"an empty external ID", policy("444455556666", `,"Condition":{"StringEquals":{"sts:ExternalId":""}}`), "without any usable value"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sentences, verdict := explanation(t, test.policy)
			if !strings.Contains(sentences[0].Text, test.want) {
				t.Errorf("%s: %q, want %q in it", verdict.Outcome, sentences[0].Text, test.want)
			}
			protects := slices.ContainsFunc(sentences, func(s trust.Sentence) bool { return s.Text == "What protects it: MFA." })
			if protects != (verdict.Outcome == trust.Pass) {
				t.Errorf("says what protects: %t, for %s", protects, verdict.Outcome)
			}
		})
	}
}
