package trust_test

import (
	"testing"

	"countersign/trust"
)

// TestVerdictsThatHangOnOneKey holds verdicts, worked out by hand, on single
// condition keys.
func TestVerdictsThatHangOnOneKey(t *testing.T) {
	const allow = `{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"`
	const deny = `{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":`
	for _, test := range []struct {
		name, statements string
		want             trust.Outcome
	}{
		// The key is missing, or "false" (IAM User Guide, "Global condition
		// context keys", aws:AssumedRoot).
		{"an assumed root that is false", allow + `,"Condition":{"Bool":{"aws:AssumedRoot":"false"}}}`, trust.Fail},
		{"an assumed root by text", allow + `,"Condition":{"StringEquals":{"aws:AssumedRoot":"false"}}}`, trust.Fail},
		{"an assumed root in other letters", allow + `,"Condition":{"StringEquals":{"aws:AssumedRoot":"False"}}}`, trust.NotApplicable},
		{"an assumed root that is there", allow + `,"Condition":{"Null":{"aws:AssumedRoot":"false"}}}`, trust.Fail},
		{"an assumed root that is true", allow + `,"Condition":{"Bool":{"aws:AssumedRoot":"true"}}}`, trust.NotApplicable},
		{"a Deny of assumed roots", allow + `},` + deny + `{"BoolIfExists":{"aws:AssumedRoot":"true"}}}`, trust.Fail}, // with "false"
		{"a Deny of who is no assumed root", allow + `},` + deny + `{"Bool":{"aws:AssumedRoot":"false"}}}`, trust.Fail},
		{"a Deny of both", allow + `},` + deny + `{"BoolIfExists":{"aws:AssumedRoot":["true","false"]}}}`, trust.NotApplicable},

		// Sessions of EC2 instances tell how their credentials were delivered;
		// users and other sessions do not (EC2 User Guide, "Instance metadata").
		{"credentials of the second metadata service", allow + `,"Condition":{"NumericGreaterThanEquals":{"ec2:RoleDelivery":"2.0"}}}`, trust.Fail},
		{"a Deny of the first", allow + `},` + deny + `{"NumericLessThan":{"ec2:RoleDelivery":"2.0"}}}`, trust.Fail},
		{"a Deny of all but the second", allow + `},` + deny + `{"NumericLessThanIfExists":{"ec2:RoleDelivery":"2.0"}}}`, trust.Fail},

		// A path has a slash behind every id, the last one too.
		{"a path", allow + `,"Condition":{"ForAnyValue:StringEquals":{"aws:PrincipalOrgPaths":"o-aaaaaaaaaa/r-ab12/ou-ab12-11111111/"}}}`, trust.Fail},
		{"a path without its last slash", allow + `,"Condition":{"ForAnyValue:StringEquals":{"aws:PrincipalOrgPaths":"o-aaaaaaaaaa/r-ab12/ou-ab12-11111111"}}}`, trust.NotApplicable},
		{"a path without a root", allow + `,"Condition":{"ForAnyValue:StringEquals":{"aws:PrincipalOrgPaths":"o-aaaaaaaaaa/"}}}`, trust.NotApplicable},
		{"a path of units without a root", allow + `,"Condition":{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-aaaaaaaaaa/ou-*"}}}`, trust.NotApplicable},
		{"any path in an organization", allow + `,"Condition":{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-aaaaaaaaaa/*"}}}`, trust.Fail},
		{"a Deny of all paths, and of who has none", allow + `},` + deny + `{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"*/"}}},` +
			deny + `{"Null":{"aws:PrincipalOrgID":"true"}}}`, trust.NotApplicable},

		// A network keeps the family it is written in, and a request from an
		// IPv4 address is no IPv6 request (the capture condition_ip.json and
		// "IP conditions" in docs/iam-evaluation.md of radkawar/stackd).
		{"a mapped network", allow + `,"Condition":{"IpAddress":{"aws:SourceIp":"::ffff:c000:200/120"}}}`, trust.NotApplicable},
		{"all but a mapped network", allow + `},` + deny + `{"IpAddress":{"aws:SourceIp":["::ffff:0:0/96","::/0"]}}},` +
			deny + `{"Null":{"aws:SourceIp":"true"}}}`, trust.Fail},
		{"all of both families", allow + `},` + deny + `{"IpAddress":{"aws:SourceIp":["0.0.0.0/0","::/0"]}}},` +
			deny + `{"Null":{"aws:SourceIp":"true"}}}`, trust.NotApplicable},
		{"leading zeros", allow + `,"Condition":{"IpAddress":{"aws:SourceIp":"192.000.002.0/024"}}}`, trust.Fail},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := `{"Version":"2012-10-17","Statement":[` + test.statements + `]}`
			verdict := trust.Decide(mustParse(t, []byte(text), trust.Parse), trust.Question{
				Subject: trust.Subject{Account: "111122223333", Partition: "aws"},
			})
			if verdict.Outcome != test.want {
				t.Errorf("%s, want %s; %s", verdict.Outcome, test.want, verdict.Problem)
			}
		})
	}
}
