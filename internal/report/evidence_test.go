package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/evidence"
	"countersign/internal/report/schematest"
)

// observed is evidence with a caller of every outcome, and with text in it that
// would steer a terminal.
func observed() *Evidence {
	at := time.Date(2026, 11, 20, 4, 5, 6, 0, time.UTC)
	const secret = "planted-7f3e6a52"
	callers := []*evidence.Caller{
		{
			Identity: evidence.AWSAccount, Account: "777788889999", Principal: "AROAEXAMPLE0VENDOR01",
			First: at, Last: at.AddDate(0, 0, 2), Calls: 3, WithExternalID: 2,
			Manners: []*evidence.Manner{
				{ExternalID: secret, HasExternalID: true, Calls: 1}, {ExternalID: secret + "-2", HasExternalID: true, Calls: 1}, {Calls: 1},
			},
		},
		{
			Identity: evidence.AWSAccount, Account: "999999999999", Principal: "AIDA\x1b[31mEXAMPLE", ARN: "arn:aws:iam::999999999999:user/\u202eresu",
			First: at, Last: at, Calls: 1, Manners: []*evidence.Manner{{Calls: 1}},
		},
		{Identity: evidence.AssumedRole, Account: account, Principal: "AROAEXAMPLE0OWN00001", ARN: "arn:aws:iam::" + account + ":role/ci/deploy", First: at, Last: at, Calls: 1, Manners: []*evidence.Manner{{Calls: 1}}},
		{Identity: evidence.Root, Account: account, Principal: account, First: at, Last: at, Failed: 2, LastFailure: at, Errors: []string{"AccessDenied", "Evil\nline"}},
		{Identity: evidence.WebIdentityUser, Provider: "token.example.com", First: at, Last: at, Calls: 1, Manners: []*evidence.Manner{{Calls: 1}}},
		{Identity: evidence.AWSService, Service: "ec2.amazonaws.com", First: at, Last: at, Calls: 1, Manners: []*evidence.Manner{{Calls: 1}}},
	}
	found := &evidence.Evidence{
		Role:  evidence.Role{ARN: "arn:aws:iam::" + account + ":role/vendor", Account: account, Name: "vendor"},
		Since: at.AddDate(0, 0, -90), Until: at.AddDate(0, 0, 3), Callers: callers, Calls: 7, Failed: 2,
		Regions: []string{"eu-west-1", "us-east-1"}, Gaps: []string{"the logs have no record of 2026-11-01"}, MayCountTwice: true,
	}
	verdict := &evidence.Verdict{
		Safety: evidence.Breaking, Reasons: []string{"what becomes of one caller depends on what the log does not show", found.Gaps[0]},
		Callers: []evidence.CallerVerdict{
			{Caller: callers[0], Outcome: evidence.Breaks, Calls: 1, Last: at, Refused: true},
			{Caller: callers[1], Outcome: evidence.Unclear, Calls: 1, Last: at, DependsOn: []string{"whether the caller's own session was made with MFA", "the caller's tag te\x07am"}},
			{Caller: callers[2], Outcome: evidence.Complies},
			{Caller: callers[4], Outcome: evidence.Complies},
			{Caller: callers[5], Outcome: evidence.Complies},
		},
	}
	return &Evidence{
		Evidence: found, Verdict: verdict, Policy: "the proposed policy in new.json", Proposed: true,
		Notes:      []string{"the logs have records of eu-west-1, us-east-1; calls in other Regions are not in them"},
		Incomplete: []audit.Incomplete{{Source: "a.json.gz", Reason: "byte 7: the file ends in the middle of a JSON value", Hint: "fetch the file again"}},
	}
}

func TestEvidenceLooksLikeTheGoldenFiles(t *testing.T) {
	shown := sampleOptions
	shown.ShowExternalIDs = true
	colored := sampleOptions
	colored.Color = true
	withoutPolicy := observed()
	withoutPolicy.Verdict, withoutPolicy.NoPolicy = nil, "the role's trust policy is not known"
	for _, test := range []struct {
		file, format string
		found        *Evidence
		options      Options
	}{
		{"evidence.text.golden", "text", observed(), sampleOptions},
		{"evidence.shown.golden", "text", observed(), shown},
		{"evidence.color.golden", "text", observed(), colored},
		{"evidence.nopolicy.golden", "text", withoutPolicy, sampleOptions},
		{"evidence.json.golden", "json", observed(), sampleOptions},
	} {
		t.Run(test.file, func(t *testing.T) {
			var out bytes.Buffer
			if err := WriteEvidence(test.format, &out, test.found, test.options); err != nil {
				t.Fatal(err)
			}
			golden(t, test.file, out.Bytes())
			if test.format == "json" {
				schematest.Evidence(t, out.Bytes())
			}
			if strings.Contains(out.String(), "planted") != test.options.ShowExternalIDs {
				t.Error("the external ID is shown, or is not shown where it should be")
			}
			if !test.options.Color && strings.ContainsAny(out.String(), "\x1b\x07\u202e") {
				t.Error("control characters are written as they are")
			}
		})
	}
}
