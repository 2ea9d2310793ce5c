package trust_test

import (
	"testing"

	"countersign/trust"
)

// Policies with variables as people write them: each has a verdict, none is too
// complex. The role's account is 111122223333.
func TestUsualVariablesAreDecided(t *testing.T) {
	const anybody, vendor = `{"AWS":"*"}`, `{"AWS":"444455556666"}`
	tests := []struct {
		name, principal, condition string
		want                       trust.Outcome
	}{
		{"the session is named after the user", vendor, `{"StringLike":{"sts:RoleSessionName":"${aws:username}"}}`, trust.Fail},
		{"the session is named after the user, and an external ID is asked for", vendor, `{"StringEquals":{"sts:RoleSessionName":"${aws:username}","sts:ExternalId":"a8f0-771"}}`, trust.Pass},
		{"the session name begins with the user's", vendor, `{"StringLike":{"sts:RoleSessionName":"${aws:username}-*"}}`, trust.Fail},
		{"the ARN is of the caller's own account, which says nothing", anybody, `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::${aws:PrincipalAccount}:role/ci-*"}}`, trust.Fail},
		{"the ARN is of the role's account", anybody, `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::${aws:ResourceAccount}:role/*"}}`, trust.NotApplicable},
		{"the user's name ends the ARN", vendor, `{"StringLike":{"aws:PrincipalArn":"*/${aws:username}"}}`, trust.Fail},
		{"the external ID is the caller's tag", vendor, `{"StringEquals":{"sts:ExternalId":"${aws:PrincipalTag/customer}"}}`, trust.Fail},
		{"the external ID holds the caller's account", vendor, `{"StringEquals":{"sts:ExternalId":"acct-${aws:PrincipalAccount}"}}`, trust.Fail},
		{"the external ID is none of the caller's", vendor, `{"StringNotEquals":{"sts:ExternalId":"${aws:PrincipalAccount}"},"Null":{"sts:ExternalId":"false"}}`, trust.Fail},
		{"the tag is the caller's", vendor, `{"StringEquals":{"aws:RequestTag/team":"${aws:PrincipalTag/team}"}}`, trust.NotApplicable}, // TagSession is not granted
		{"the source identity is the user's name", vendor, `{"StringEquals":{"sts:SourceIdentity":"${aws:username}"}}`, trust.NotApplicable},
		{"a user name that equals a tag and is listed", vendor, `{"StringEquals":{"aws:username":["${aws:PrincipalTag/owner}"],"aws:PrincipalTag/owner":["ann","bob"]}}`, trust.Fail},
		{"a user name that equals a tag and cannot", vendor, `{"StringEquals":{"aws:username":"${aws:PrincipalTag/owner}","aws:PrincipalTag/owner":"a/b"}}`, trust.NotApplicable},
		{"two variables in one value", vendor, `{"StringEquals":{"sts:RoleSessionName":"${aws:PrincipalAccount}-${aws:username}"}}`, trust.Fail},
		{"two variables in one value, and MFA", vendor, `{"StringEquals":{"sts:RoleSessionName":"${aws:PrincipalAccount}-${aws:username}"},"Bool":{"aws:MultiFactorAuthPresent":"true"}}`, trust.Pass},
		{"the organization is the role's own, which is not known", anybody, `{"StringEquals":{"aws:PrincipalOrgID":"${aws:ResourceOrgID}"}}`, trust.Undecided},
		{"a tag that equals another and does not", vendor, `{"StringEquals":{"aws:PrincipalTag/a":"${aws:PrincipalTag/b}"},"StringNotEquals":{"aws:PrincipalTag/a":"${aws:PrincipalTag/b}"}}`, trust.NotApplicable},
		{"a user name that equals a tag which differs from it", vendor, `{"StringEquals":{"aws:username":"${aws:PrincipalTag/b}"},"StringNotEquals":{"aws:PrincipalTag/b":"${aws:username}"}}`, trust.NotApplicable},
		{"a variable without a value", vendor, `{"StringEquals":{"sts:ExternalId":"${aws:SourceArn}"}}`, trust.NotApplicable},
		{"a variable without a value, negated", vendor, `{"StringNotEquals":{"sts:ExternalId":"${aws:SourceArn}"}}`, trust.Fail},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + test.principal + `,"Action":"sts:AssumeRole","Condition":` + test.condition + `}]}`
			verdict := trust.Decide(mustParse(t, []byte(text), trust.Parse), trust.Question{
				Subject: trust.Subject{Account: "111122223333", Partition: "aws"},
				Zone:    trust.Zone{Organizations: []string{"o-home111111"}},
			})
			if verdict.Outcome != test.want {
				t.Errorf("%s, want %s; %s", verdict.Outcome, test.want, verdict.Problem)
			}
		})
	}
}
