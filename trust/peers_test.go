package trust_test

import (
	"strings"
	"testing"

	"countersign/trust"
)

// What other scanners get wrong, measured in November 2026 by running the
// decision code of each on policies with known answers. The role's account is
// 111122223333, 222233334444 is trusted.
var peerMistakes = []struct {
	name, statements string
	want             trust.Outcome
	partition        string
}{
	// Missed by one or more of them.
	{name: `Principal "*"`, statements: `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}`, want: trust.Fail},
	{name: `{"AWS":"*"}`, statements: `{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}`, want: trust.Fail},
	{name: "a bare account id", statements: `{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}`, want: trust.Fail},
	{name: "a third statement that is open", statements: `[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"},` +
		`{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"a8f0-77"}}},` +
		`{"Effect":"Allow","Principal":{"AWS":"777788889999"},"Action":"sts:AssumeRole"}]`, want: trust.Fail},
	{name: "BoolIfExists on MFA in an Allow", statements: vendor(`"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}`), want: trust.Fail},
	{name: "Bool with true and false", statements: vendor(`"Bool":{"aws:MultiFactorAuthPresent":["true","false"]}`), want: trust.Fail},
	{name: "Deny Bool false", statements: `[` + vendor("") + `,{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}]`, want: trust.Fail},
	{name: "StringLike with only a star", statements: vendor(`"StringLike":{"sts:ExternalId":"*"}`), want: trust.Fail},
	{name: "StringEqualsIfExists", statements: vendor(`"StringEqualsIfExists":{"sts:ExternalId":"a8f0-77"}`), want: trust.Fail},
	{name: "StringNotEquals", statements: vendor(`"StringNotEquals":{"sts:ExternalId":"a8f0-77"}`), want: trust.Fail},
	{name: "ForAllValues:StringEquals", statements: vendor(`"ForAllValues:StringEquals":{"sts:ExternalId":"a8f0-77"}`), want: trust.Fail},
	{name: "Null false", statements: vendor(`"Null":{"sts:ExternalId":"false"}`), want: trust.Fail},
	{name: "an empty list", statements: vendor(`"StringEquals":{"sts:ExternalId":[]}`), want: trust.Fail},
	{name: "sts:*", statements: action("sts:*"), want: trust.Fail},
	{name: "STS:AssumeRole", statements: action("STS:AssumeRole"), want: trust.Fail},
	{name: "sts:Assume?ole", statements: action("sts:Assume?ole"), want: trust.Fail},
	{name: "NotAction", statements: `{"Effect":"Allow","Principal":{"AWS":"444455556666"},"NotAction":"sts:TagSession"}`, want: trust.Fail},
	{name: "our account id in the name of a stranger's role", statements: `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/for-111122223333"},"Action":"sts:AssumeRole"}`, want: trust.Fail},
	{name: "the partition of China", partition: "aws-cn", statements: `{"Effect":"Allow","Principal":{"AWS":"arn:aws-cn:iam::444455556666:root"},"Action":"sts:AssumeRole"}`, want: trust.Fail},
	{name: "the partition of GovCloud", partition: "aws-us-gov", statements: `{"Effect":"Allow","Principal":{"AWS":"arn:aws-us-gov:iam::444455556666:root"},"Action":"sts:AssumeRole"}`, want: trust.Fail},

	// Flagged although safe.
	{name: "an external ID enforced by a Deny", statements: `[` + vendor("") + `,{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringNotEquals":{"sts:ExternalId":"a8f0-77"}}}]`, want: trust.Pass},
	{name: "MFA enforced by a Deny", statements: `[` + vendor("") + `,{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}]`, want: trust.Pass},
	{name: "an MFA age", statements: vendor(`"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}`), want: trust.Pass},
	{name: "condition keys in another letter case", statements: vendor(`"StringEquals":{"STS:externalid":"a8f0-77"}`), want: trust.Pass},
	{name: "a JSON boolean", statements: vendor(`"Bool":{"aws:MultiFactorAuthPresent":true}`), want: trust.Pass},
	{name: "StringEqualsIgnoreCase", statements: vendor(`"StringEqualsIgnoreCase":{"sts:ExternalId":"a8f0-77"}`), want: trust.Pass},
	{name: "ForAnyValue", statements: vendor(`"ForAnyValue:StringEquals":{"sts:ExternalId":"a8f0-77"}`), want: trust.Pass},
	{name: "the account's own principals", statements: `{"Effect":"Allow","Principal":{"AWS":["111122223333","arn:aws:iam::111122223333:role/app"]},"Action":"sts:AssumeRole"}`, want: trust.NotApplicable},
	{name: "a trusted account", statements: `{"Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole"}`, want: trust.NotApplicable},
	{name: "a stranger only in a Deny", statements: `[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"},{"Effect":"Deny","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}]`, want: trust.NotApplicable},
	{name: "sts:TagSession alone", statements: action("sts:TagSession"), want: trust.NotApplicable},
}

func vendor(condition string) string {
	return `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"sts:AssumeRole","Condition":{` + condition + `}}`
}

func action(name string) string {
	return strings.ReplaceAll(`{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"%"}`, "%", name)
}

func TestNoMistakeOfThePeersIsMade(t *testing.T) {
	for _, m := range peerMistakes {
		t.Run(m.name, func(t *testing.T) {
			partition := m.partition
			if partition == "" {
				partition = "aws"
			}
			verdict := trust.Decide(mustParse(t, []byte(`{"Version":"2012-10-17","Statement":`+m.statements+`}`), trust.Parse), trust.Question{
				Subject: trust.Subject{Account: "111122223333", Partition: partition},
				Zone:    trust.Zone{Accounts: []string{"222233334444"}},
			})
			if verdict.Outcome != m.want {
				t.Errorf("%s, want %s; %s %v", verdict.Outcome, m.want, verdict.Problem, verdict.Reasons)
			}
		})
	}
}

// A trap that a peer fell into: adding a trusted account made a passing role
// fail.
func TestTrustingAnAccountNeverMakesARoleFail(t *testing.T) {
	policy := mustParse(t, []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["444455556666","111122223333"]},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"a8f0-77"}}}]}`), trust.Parse)
	question := trust.Question{Subject: trust.Subject{Account: "111122223333", Partition: "aws"}}
	for _, trusted := range [][]string{nil, {"444455556666"}, {"777788889999"}, {"444455556666", "777788889999"}} {
		question.Zone.Accounts = trusted
		if verdict := trust.Decide(policy, question); verdict.Outcome == trust.Fail {
			t.Errorf("trusting %v: %s", trusted, verdict.Outcome)
		}
	}
}
