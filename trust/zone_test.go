package trust_test

import (
	"fmt"
	"testing"

	"countersign/trust"
)

func TestTheZoneContainsItsAccountsAndOrganizations(t *testing.T) {
	zone := trust.Zone{Accounts: []string{"222233334444"}, Organizations: []string{"o-home11111"}}
	subject := trust.Subject{Account: "111122223333"}
	tests := []struct {
		name, account, organization string
		subject                     trust.Subject
		want                        bool
	}{
		{"the role's own account", "111122223333", "", subject, true},
		{"a trusted account", "222233334444", "", subject, true},
		{"a trusted account in a foreign organization", "222233334444", "o-evil22222", subject, true},
		{"a member of a trusted organization", "777788889999", "o-home11111", subject, true},
		{"a member of another organization", "777788889999", "o-evil22222", subject, false},
		{"a member of none", "777788889999", "", subject, false},
		{"the account in the role's ARN when nothing else names it", "111122223333", "", trust.Subject{}, true},
		{"not the account in the ARN when another is named", "111122223333", "", trust.Subject{Account: "999900001111"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request := userCaller()
			request.Account = test.account
			if test.organization != "" {
				request.Context["aws:PrincipalOrgID"] = []string{test.organization}
			}
			if got := zone.Contains(request, test.subject); got != test.want {
				t.Errorf("%t, want %t", got, test.want)
			}
		})
	}
}

func TestSecretsOfAPolicy(t *testing.T) {
	const arn = "arn:aws:iam::444455556666:role/ext-1"
	// Section 0 of the semantics, "Secret of the policy".
	tests := []struct {
		name, effect, condition, externalID string
		want                                bool
	}{
		{"a literal", "Allow", `{"StringEquals":{"sts:ExternalId":"acme-7"}}`, "acme-7", true},
		{"one of two literals", "Allow", `{"StringEquals":{"sts:ExternalId":["acme-7","acme-8"]}}`, "acme-8", true},
		{"another string", "Allow", `{"StringEquals":{"sts:ExternalId":"acme-7"}}`, "acme-8", false},
		{"another letter case", "Allow", `{"StringEquals":{"sts:ExternalId":"acme-7"}}`, "ACME-7", false},
		{"a literal in another letter case under IgnoreCase", "Allow", `{"StringEqualsIgnoreCase":{"sts:ExternalId":"acme-7"}}`, "ACME-7", true},
		{"a literal of a negated operator", "Allow", `{"StringNotEquals":{"sts:ExternalId":"acme-7"}}`, "acme-7", true},
		{"a literal of a Deny", "Deny", `{"StringNotEquals":{"sts:ExternalId":"acme-7"}}`, "acme-7", true},
		{"a literal under IfExists", "Allow", `{"StringEqualsIfExists":{"sts:ExternalId":"acme-7"}}`, "acme-7", true},
		{"a literal under a set operator", "Allow", `{"ForAnyValue:StringEquals":{"sts:ExternalId":"acme-7"}}`, "acme-7", true},
		{"the key in another letter case", "Allow", `{"StringEquals":{"STS:externalID":"acme-7"}}`, "acme-7", true},
		{"a literal of another key", "Allow", `{"StringEquals":{"sts:RoleSessionName":"acme-7"}}`, "acme-7", false},
		{"a pattern without wildcards", "Allow", `{"StringLike":{"sts:ExternalId":"acme-7"}}`, "acme-7", true},
		{"a pattern of question marks", "Allow", `{"StringLike":{"sts:ExternalId":"acme-?"}}`, "acme-7", true},
		{"not what such a pattern does not match", "Allow", `{"StringLike":{"sts:ExternalId":"acme-?"}}`, "acme-77", false},
		{"not a pattern with a star", "Allow", `{"StringLike":{"sts:ExternalId":"acme-*"}}`, "acme-7", false},
		{"an escaped star", "Allow", `{"StringEquals":{"sts:ExternalId":"acme${$}"}}`, "acme$", true},
		{"not a variable", "Allow", `{"StringEquals":{"sts:ExternalId":"${aws:PrincipalAccount}"}}`, "444455556666", false},
		{"not a variable's default", "Allow", `{"StringEquals":{"sts:ExternalId":"${aws:PrincipalTag/x, 'acme-7'}"}}`, "acme-7", false},
		{"an ARN", "Allow", `{"ArnEquals":{"sts:ExternalId":"` + arn + `"}}`, arn, true},
		{"not an ARN pattern", "Allow", `{"ArnLike":{"sts:ExternalId":"arn:aws:iam::444455556666:role/ext-*"}}`, arn, false},
		{"not the beginning of an ARN", "Allow", `{"ArnEquals":{"sts:ExternalId":"` + arn + `"}}`, "arn", false},
		{"a number", "Allow", `{"NumericEquals":{"sts:ExternalId":"42424242"}}`, "42424242", true},
		{"a number in another spelling", "Allow", `{"NumericNotEquals":{"sts:ExternalId":"42424242"}}`, "4.2424242e7", true},
		{"not a range of numbers", "Allow", `{"NumericLessThanEquals":{"sts:ExternalId":"42424242"}}`, "42424242", false},
		{"a date in another spelling", "Allow", `{"DateEquals":{"sts:ExternalId":"2030-01-01"}}`, "1893456000", true},
		{"not a range of dates", "Allow", `{"DateGreaterThanEquals":{"sts:ExternalId":"2030-01-01"}}`, "2030-01-01", false},
		{"base64 text", "Allow", `{"BinaryEquals":{"sts:ExternalId":"c2VjcmV0"}}`, "c2VjcmV0", true},
		{"not presence", "Allow", `{"Null":{"sts:ExternalId":"false"}}`, "false", false},
		{"not a truth value", "Allow", `{"Bool":{"sts:ExternalId":"true"}}`, "true", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			document := fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":%q,"Principal":{"AWS":"*"},"Action":"sts:TagSession","Condition":%s}}`,
				test.effect, test.condition)
			policy := mustParse(t, []byte(document), trust.Parse)
			request := userCaller()
			request.Context["sts:ExternalId"] = []string{test.externalID}
			request.Context["aws:PrincipalAccount"] = []string{"444455556666"}
			if got := trust.Countersigned(request, policy); got != test.want {
				t.Errorf("%s: %t, want %t", test.condition, got, test.want)
			}
		})
	}
}

func TestMFAIsACountersign(t *testing.T) {
	for value, want := range map[string]bool{"true": true, "false": false} {
		request := userCaller()
		request.Context["aws:MultiFactorAuthPresent"] = []string{value}
		if got := trust.Countersigned(request); got != want {
			t.Errorf("MFA %s: countersigned %t", value, got)
		}
	}
	if trust.Countersigned(userCaller()) {
		t.Error("countersigned with neither MFA nor an external ID")
	}
}
