package rule

import (
	"testing"

	"countersign/trust"
)

func TestSeverity(t *testing.T) {
	reasons := func(codes ...string) []trust.Reason {
		var list []trust.Reason
		for _, code := range codes {
			list = append(list, trust.Reason{Code: code})
		}
		return list
	}
	allow := func(principals ...trust.Principal) *trust.Policy {
		return &trust.Policy{Statements: []trust.Statement{{Effect: trust.Allow, Principals: principals}}}
	}
	named := allow(trust.Principal{Form: trust.Account, Account: "444455556666"})
	tests := []struct {
		name       string
		privileged bool
		policy     *trust.Policy
		verdict    trust.Verdict
		overrides  map[string]Severity
		want       Severity
	}{
		{name: "a fresh account gets in", verdict: trust.Verdict{Outcome: trust.Fail, Exploitable: true, AnyAccount: true}, want: Critical},
		{name: "named outsiders get in", verdict: trust.Verdict{Outcome: trust.Fail, Exploitable: true}, want: Medium},
		{name: "named outsiders get in to an administrator", privileged: true, verdict: trust.Verdict{Outcome: trust.Fail, Exploitable: true}, want: High},
		{name: "a fresh account gets in to an administrator", privileged: true, verdict: trust.Verdict{Outcome: trust.Fail, Exploitable: true, AnyAccount: true}, want: Critical},
		{name: "nobody can use an administrator today", privileged: true, verdict: trust.Verdict{Outcome: trust.Fail}, want: Low},
		{name: "an administrator that passes", privileged: true, verdict: trust.Verdict{Outcome: trust.Pass}, want: None},
		{name: "unknown, an administrator for named principals", privileged: true, policy: named, verdict: trust.Verdict{Outcome: trust.Undecided}, want: High},
		{
			name: "the user's word on an administrator", privileged: true, want: Low, overrides: map[string]Severity{"IAM-050": Low},
			verdict: trust.Verdict{Outcome: trust.Fail, Exploitable: true, Reasons: reasons("no-condition")},
		},
		{name: "nobody can use it today", verdict: trust.Verdict{Outcome: trust.Fail}, want: Low},
		{name: "a pass", verdict: trust.Verdict{Outcome: trust.Pass}, want: None},
		{name: "not applicable", verdict: trust.Verdict{Outcome: trust.NotApplicable}, want: None},
		{name: "an error", verdict: trust.Verdict{Outcome: trust.Broken}, want: None},
		{name: "unknown, for named principals", policy: named, verdict: trust.Verdict{Outcome: trust.Undecided}, want: Medium},
		{name: "unknown, for everyone", policy: allow(trust.Principal{Form: trust.Anyone}), verdict: trust.Verdict{Outcome: trust.Undecided}, want: Critical},
		{
			name: "unknown, for everyone but a few", want: Critical, verdict: trust.Verdict{Outcome: trust.Undecided},
			policy: &trust.Policy{Statements: []trust.Statement{{Effect: trust.Allow, NotPrincipal: true}}},
		},
		{
			name: "unknown, everyone in a Deny only", want: Medium, verdict: trust.Verdict{Outcome: trust.Undecided},
			policy: &trust.Policy{Statements: []trust.Statement{{Effect: trust.Deny, Principals: []trust.Principal{{Form: trust.Anyone}}}}},
		},
		{
			name: "the user's word on the rule", want: High, overrides: map[string]Severity{"IAM-050": High, "IAM-051": Low},
			verdict: trust.Verdict{Outcome: trust.Fail, Exploitable: true, AnyAccount: true, Reasons: reasons("no-condition")},
		},
		{
			name: "the user's word on the reason goes before that on the rule", want: Low,
			overrides: map[string]Severity{"IAM-050": High, "IAM-050/tag-only": Low},
			verdict:   trust.Verdict{Outcome: trust.Fail, Exploitable: true, Reasons: reasons("tag-only")},
		},
		{
			name: "the worst of several reasons", want: Medium, overrides: map[string]Severity{"IAM-050/tag-only": Low},
			verdict: trust.Verdict{Outcome: trust.Fail, Exploitable: true, Reasons: reasons("tag-only", "no-condition")},
		},
		{name: "no word turns a pass into a finding", overrides: map[string]Severity{"IAM-050": Critical}, verdict: trust.Verdict{Outcome: trust.Pass}, want: None},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := SeverityOf("IAM-050", test.policy, &test.verdict, test.privileged, test.overrides); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}
