package trust_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/trust"
	"countersign/trust/jsontree"
)

// deadWarnings are the warnings of dead statements, each with the text that it
// points at.
func deadWarnings(t *testing.T, policy, account string) []string {
	t.Helper()
	verdict := trust.Decide(mustParse(t, []byte(policy), trust.Parse), trust.Question{
		Subject: trust.Subject{Account: account, Partition: "aws"},
		Now:     time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	})
	var told []string
	for _, w := range verdict.Warnings {
		if w.Code == "dead-condition" {
			told = append(told, w.Message+" @ "+w.Range.Text())
		}
	}
	return told
}

const deadTemplate = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole","Condition":{%s}}]}`

func TestADeadConditionIsNamedWithItsReason(t *testing.T) {
	const (
		vendor = "444455556666"
		role   = "arn:aws:iam::444455556666:role/Deploy"
		nobody = "nobody can meet this condition: "
	)
	long := strings.Repeat("x", 1300)
	tests := []struct{ principal, operator, condition, want string }{
		// Keys that are not sent.
		{vendor, "StringEquals", `"sts:External-Id": "x1y2"`, nobody + `AWS sends no key "sts:External-Id" (did you mean sts:ExternalId?)`},
		{vendor, "StringEquals", `"sts:ExternalID ": "x1y2"`, nobody + `AWS sends no key "sts:ExternalID " (did you mean sts:ExternalId?)`},
		{vendor, "Bool", `"aws:MultiFactorAuthPresnt": "true"`, nobody + `AWS sends no key "aws:MultiFactorAuthPresnt" (did you mean aws:MultiFactorAuthPresent?)`},
		{vendor, "StringEquals", `"aws:PrincipalOrgld": "o-a1b2c3d4e5"`, nobody + `AWS sends no key "aws:PrincipalOrgld" (did you mean aws:PrincipalOrgID?)`},
		{vendor, "StringEquals", `"s3:prefix": "x1y2"`, nobody + `AWS sends no key "s3:prefix" with sts:AssumeRole`},
		{vendor, "ArnLike", `"aws:SourceArn": "arn:aws:sns:*:444455556666:*"`, nobody + "aws:SourceArn is there only in calls that an AWS service makes"},
		{vendor, "StringEquals", `"AWS:sourceaccount": "444455556666"`, nobody + "aws:SourceAccount is there only in calls that an AWS service makes"},
		{vendor, "StringEquals", `"token.actions.githubusercontent.com:sub": "repo:a/b"`, nobody + `"token.actions.githubusercontent.com:sub" is there only in calls of sts:AssumeRoleWithWebIdentity`},
		{vendor, "StringEquals", `"SAML:aud": "https://signin.aws.amazon.com/saml"`, nobody + `"SAML:aud" is there only in calls of sts:AssumeRoleWithSAML`},
		{vendor, "StringEquals", `"x1y2": "sts:ExternalId"`, nobody + "the key and its value have changed places"},
		// External IDs that cannot be sent.
		{vendor, "StringEquals", `"sts:ExternalId": "x"`, nobody + "the external ID has 1 character, and STS takes 2 to 1,224"},
		{vendor, "StringLike", `"sts:ExternalId": "?"`, nobody + "the external ID has 1 character, and STS takes 2 to 1,224"},
		{vendor, "StringEquals", `"sts:ExternalId": "` + long + `"`, nobody + "the external ID has 1,300 characters, and STS takes 2 to 1,224"},
		{vendor, "StringEquals", `"sts:ExternalId": "planted 7"`, nobody + "an external ID cannot hold a space"},
		{vendor, "StringEquals", `"sts:ExternalId": "planted*7"`, nobody + `an external ID cannot hold "*"`},
		{vendor, "StringLike", `"sts:ExternalId": "planted#*"`, nobody + `an external ID cannot hold "#"`},
		{vendor, "StringEquals", `"sts:ExternalId": "planté"`, nobody + "an external ID cannot hold the character U+00E9"},
		{vendor, "StringEquals", `"sts:ExternalId": "${aws:foo"`, nobody + `an external ID cannot hold "$", and a "${" without "}" is no policy variable`},
		{vendor, "StringEquals", `"sts:ExternalId": "${aws:foo}"`, nobody + "AWS sends no key for the policy variable in its value"},
		{vendor, "StringEquals", `"sts:ExternalId": ["x", "planted 7"]`, nobody + "the external ID has 1 character, and STS takes 2 to 1,224; an external ID cannot hold a space"},
		{vendor, "StringEquals", `"sts:ExternalId": []`, nobody + "it lists no value"},
		// Other keys.
		{vendor, "DateLessThan", `"aws:CurrentTime": "2025-12-31T23:59:59Z"`, nobody + "its time is over"},
		{vendor, "NumericLessThanEquals", `"aws:EpochTime": "1700000000"`, nobody + "its time is over"},
		{vendor, "DateGreaterThan", `"aws:CurrentTime": "9999-12-31T23:59:59Z"`, nobody + "AWS sends no value of aws:CurrentTime that DateGreaterThan could accept"},
		{vendor, "NumericGreaterThan", `"aws:MultiFactorAuthAge": "200000"`, nobody + "aws:MultiFactorAuthAge is 0 to 129,600 seconds"},
		{vendor, "Bool", `"aws:SecureTransport": "false"`, nobody + `aws:SecureTransport is always "true"`},
		{vendor, "StringEquals", `"aws:PrincipalType": "Account"`, nobody + `aws:PrincipalType is always "AssumedRole" or "User"`},
		{vendor, "Null", `"aws:PrincipalArn": "true"`, nobody + "AWS sends aws:PrincipalArn with every call"},
		{vendor, "StringLike", `"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"`, nobody + "aws:PrincipalOrgPaths has many values, and StringLike compares a single one (write ForAnyValue:StringLike)"},
		{vendor, "ForAnyValue:StringEquals", `"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111"`, nobody + "the path of an organization has a slash behind every id, o-…/r-…/ou-…/"},
		{vendor, "StringEquals", `"aws:PrincipalOrgID": "a1b2c3d4e5"`, nobody + `the id of an organization begins with "o-"`},
		{vendor, "StringEquals", `"aws:PrincipalAccount": "4444-5555-6666"`, nobody + `an account id cannot hold "-"`},
		{vendor, "StringEquals", `"aws:PrincipalAccount": "44445555666"`, nobody + "the account id has 11 characters, and AWS takes 12"},
		{vendor, "ArnEquals", `"aws:PrincipalArn": "arn:aws:iam::444455556666:root"`, nobody + "AWS sends no value of aws:PrincipalArn that fits"},
		{vendor, "StringEquals", `"aws:PrincipalArn": "arn:aws:iam::444455556666:root"`, nobody + "the root user of an account cannot assume roles"},
		{vendor, "StringEquals", `"aws:PrincipalArn": "arn:aws:sts::444455556666:assumed-role/Deploy/ci"`, nobody + "aws:PrincipalArn of a session is the ARN of its role, arn:aws:iam::…:role/…"},
		{vendor, "StringEquals", `"aws:PrincipalArn": "arn:aws:iam::444455556666:role/*"`, nobody + "StringEquals takes * and ? for plain characters, not for wildcards"},
		{vendor, "StringNotLike", `"aws:PrincipalArn": "*"`, nobody + "it refuses every value that aws:PrincipalArn can have"},
		{vendor, "ArnLike", `"aws:PrincipalArn": "Deploy"`, nobody + "ArnLike compares ARNs, and what stands here is none"},
		{vendor, "StringEquals", `"sts:RoleSessionName": "a b"`, nobody + "a session name cannot hold a space"},
		// Conditions that others could meet.
		{role, "Bool", `"aws:MultiFactorAuthPresent": "true"`, "nobody whom this statement means can meet this condition: a role's session never shows MFA"},
		{role, "StringLike", `"aws:username": "*"`, "nobody whom this statement means can meet this condition: a role's session has no aws:username"},
		{vendor, "StringEquals", `"aws:PrincipalAccount": "777788889999"`, "nobody whom this statement means can meet this condition"},
		{vendor, "StringEquals", `"aws:RequestTag/team": "a"`, nobody + "it asks for callers who pass session tags, and no statement allows them sts:TagSession"},
		{vendor, "StringEquals", `"sts:SourceIdentity": "alice"`, nobody + "it asks for callers with a source identity, and no statement allows them sts:SetSourceIdentity"},
	}
	for _, test := range tests {
		for _, account := range []string{"111122223333", ""} { // a bare trust policy does not say whose it is
			policy := fmt.Sprintf(deadTemplate, test.principal, `"Null": {"aws:userid": "false"}, "`+test.operator+`": {`+test.condition+`}`)
			want := []string{test.want + " @ " + test.condition}
			if test.operator == "Null" {
				policy = fmt.Sprintf(deadTemplate, test.principal, `"Null": {"aws:userid": "false", `+test.condition+`}`)
			}
			got := deadWarnings(t, policy, account)
			if !slices.Equal(got, want) {
				t.Errorf("%s {%s}, role of account %q:\n got %q\nwant %q", test.operator, test.condition, account, got, want)
			}
		}
	}
}

func TestDeadConditionsAreToldOneByOne(t *testing.T) {
	const vendor = "444455556666"
	tests := []struct {
		name, policy string
		want         []string
	}{
		{"two dead ones and a live one",
			fmt.Sprintf(deadTemplate, vendor, `"StringEquals": {"sts:ExternalId": "x", "aws:PrincipalType": "User"}, "Bool": {"aws:SecureTransport": "false"}`),
			[]string{
				`nobody can meet this condition: the external ID has 1 character, and STS takes 2 to 1,224 @ "sts:ExternalId": "x"`,
				`nobody can meet this condition: aws:SecureTransport is always "true" @ "aws:SecureTransport": "false"`,
			}},
		{"two that contradict each other",
			fmt.Sprintf(deadTemplate, vendor, `"StringEquals": {"sts:ExternalId": "5e0b4a86"}, "StringNotLike": {"sts:ExternalId": "5e*"}`),
			[]string{`nobody can meet the conditions of this statement together @ "sts:ExternalId": "5e0b4a86"}, "StringNotLike": {"sts:ExternalId": "5e*"`}},
		{"of two statements only the dead one",
			`{"Version":"2012-10-17","Statement":[
				{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"StringEquals":{"sts:ExternalId":"5e0b4a86"}}},
				{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:RequestTag/team":"a","sts:ExternalId":"x"}}}]}`,
			[]string{`nobody can meet this condition: the external ID has 1 character, and STS takes 2 to 1,224 @ "sts:ExternalId":"x"`}},
		{"tags that the statement itself allows are not to blame",
			`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"StringEquals":{"aws:RequestTag/team":"a","sts:ExternalId":"x"}}}}`,
			[]string{`nobody can meet this condition: the external ID has 1 character, and STS takes 2 to 1,224 @ "sts:ExternalId":"x"`}},
		{"principals whom nobody is, whatever the condition",
			fmt.Sprintf(deadTemplate, "arn:aws-cn:iam::444455556666:root", `"StringEquals": {"sts:ExternalId": "5e0b4a86"}`),
			[]string{"nobody can meet the conditions of this statement @ " + `{"Effect":"Allow","Principal":{"AWS":"arn:aws-cn:iam::444455556666:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals": {"sts:ExternalId": "5e0b4a86"}}}`}},
		{"variables under the version without",
			`{"Version":"2008-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"${aws:userid}"}}}}`,
			[]string{`nobody can meet this condition: an external ID cannot hold "$", and policy variables need "Version": "2012-10-17" and one of the String or Arn operators @ "sts:ExternalId":"${aws:userid}"`}},
		{"none", fmt.Sprintf(deadTemplate, vendor, `"StringEquals": {"sts:ExternalId": "5e0b4a86"}`), nil},
	}
	for _, test := range tests {
		if got := deadWarnings(t, test.policy, "111122223333"); !slices.Equal(got, test.want) {
			t.Errorf("%s:\n got %q\nwant %q", test.name, got, test.want)
		}
	}
}

func TestWhatWasMadeUpForADeadConditionIsNotTold(t *testing.T) {
	const text = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x"},"StringLike":{"aws:PrincipalType":"User"}}}]}`
	for unknown, want := range []string{
		// The first completion takes the unknown key for an external ID, too.
		0: "nobody can meet the conditions of this statement",
		1: "nobody can meet this condition: the external ID has 1 character, and STS takes 2 to 1,224",
	} {
		document, err := jsontree.Parse(&trust.File{Text: []byte(text)})
		if err != nil {
			t.Fatal(err)
		}
		key := &document.Members[1].Value.Items[0].Members[3].Value.Members[unknown].Value.Members[0].Key
		*key = trust.Value{Kind: trust.Unknown, On: "var.key", Range: key.Range}
		policy, err := trust.Parse(document)
		if err != nil {
			t.Fatal(err)
		}
		verdict := trust.Decide(policy, trust.Question{Subject: trust.Subject{Account: "111122223333", Partition: "aws"}})
		if len(verdict.Warnings) != 1 || verdict.Warnings[0].Message != want {
			t.Errorf("key %d unknown: %+v, want only %q", unknown, verdict.Warnings, want)
		}
	}
}
