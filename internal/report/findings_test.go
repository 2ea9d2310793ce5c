package report

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"
)

// sample is a finding under construction: a role with a policy, and a verdict
// that speaks of pieces of the policy's text.
type sample struct {
	*rule.Finding
	t    testing.TB
	file *trust.File
}

const account = "111122223333"

func newSample(t testing.TB, name, policy string) *sample {
	file := &trust.File{Text: []byte(policy)}
	return &sample{
		t: t, file: file,
		Finding: &rule.Finding{
			Fingerprint: "cs1-" + strings.Repeat("0", 32),
			Rule:        "IAM-050",
			Role: &role.Role{
				ARN:     "arn:aws:iam::" + account + ":role/" + name,
				Name:    name,
				Account: account,
				Trust:   role.Document{JSON: file.Text, Line: 40, Column: 33},
				Source:  role.Source{Kind: role.AuthorizationDetails, Path: "dump.json", Line: 35, Column: 9},
			},
			Verdict: &trust.Verdict{},
		},
	}
}

// find returns the range of the nth occurrence (from 1) of a piece of the
// policy.
func (s *sample) find(piece string, nth int) trust.Range {
	s.t.Helper()
	at := 0
	for ; nth > 0; nth-- {
		next := bytes.Index(s.file.Text[at:], []byte(piece))
		if next < 0 {
			s.t.Fatalf("%q is not in the policy", piece)
		}
		at += next + 1
	}
	return trust.Range{File: s.file, Start: at - 1, End: at - 1 + len(piece)}
}

// span is the range from the first occurrence of one piece to the end of the
// next occurrence of another.
func (s *sample) span(from, to string) trust.Range {
	s.t.Helper()
	begin := s.find(from, 1)
	end := bytes.Index(s.file.Text[begin.Start:], []byte(to))
	if end < 0 {
		s.t.Fatalf("%q is not in the policy", to)
	}
	begin.End = begin.Start + end + len(to)
	return begin
}

func (s *sample) fails(severity rule.Severity, caller string, kind trust.CallerKind, reasons ...trust.Reason) *sample {
	s.Severity = severity
	s.Verdict.Outcome, s.Verdict.Reasons, s.Verdict.Exploitable = trust.Fail, reasons, caller != ""
	if caller != "" {
		s.Verdict.Witness = &trust.Request{
			Principal: caller, Kind: kind, Account: "444455556666",
			Checks:   []string{trust.ActionAssumeRole},
			Resource: s.Role.ARN,
			Context: trust.Context{
				"aws:PrincipalAccount": {"444455556666"},
				"aws:SourceIp":         {"198.51.100.7"},
				"aws:CurrentTime":      {"2026-11-23T00:00:00Z"},
			},
		}
	}
	s.Place = rule.PlaceOf(s.Role, reasons[0].Range)
	return s
}

// encoded makes the policy one that does not stand in the file verbatim.
func (s *sample) encoded() *sample {
	s.Role.Trust.Line, s.Role.Trust.Column = 0, 0
	s.Place = rule.PlaceOf(s.Role, trust.Range{})
	return s
}

const twoOpenStatements = `{
                                    "Version": "2012-10-17",
                                    "Statement": [
                                        {
                                            "Sid": "Vendor",
                                            "Effect": "Allow",
                                            "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
                                            "Action": ["sts:AssumeRole", "sts:TagSession"],
                                            "Condition": {
                                                "StringLike": {
                                                    "STS:externalid": ["acme-prod-7731", "acme-*"]
                                                }
                                            }
                                        },
                                        {
                                            "Effect": "Allow",
                                            "Principal": {"AWS": "arn:aws:iam::777788889999:user/consultant"},
                                            "Action": "sts:AssumeRole"
                                        },
                                        {
                                            "Effect": "Deny",
                                            "Principal": {"AWS": "*"},
                                            "Action": "sts:AssumeRole",
                                            "Condition": {"StringEquals": {"aws:RequestTag/team": "red"}}
                                        }
                                    ]
                                }`

// severalReasons fails by two statements, in a policy that stands in the file.
func severalReasons(t testing.TB) *rule.Finding {
	s := newSample(t, "VendorAccess", twoOpenStatements)
	s.fails(rule.Medium, "arn:aws:iam::444455556666:user/mallory", trust.UserKey,
		trust.Reason{
			Code: "external-id-pattern", Statement: 0, Sid: "Vendor",
			Message: "StringLike accepts endlessly many external IDs; a caller invents one that fits",
			Range:   s.span(`"STS:externalid"`, "]"),
		},
		trust.Reason{
			Code: "no-condition", Statement: 1,
			Message: "no condition asks for MFA or for an external ID",
			Range:   s.span("{\n                                            \"Effect\": \"Allow\"", "Role\"\n                                        }"),
		})
	s.Verdict.Witness.Checks = []string{trust.ActionAssumeRole, trust.ActionTagSession}
	s.Verdict.Witness.Context["sts:ExternalId"] = []string{"acme-0"}
	s.Verdict.Witness.Context["aws:RequestTag/team"] = []string{"blue"}
	s.Verdict.Outsiders = []trust.Outsider{
		{Account: "444455556666", Statement: 0, Principal: "arn:aws:iam::444455556666:root", Unguarded: true},
		{Account: "777788889999", Statement: 1, Principal: "arn:aws:iam::777788889999:user/consultant", Unguarded: true},
	}
	statement := func(nth int) trust.Range { return s.find("{\n                                            \"", nth) }
	s.Verdict.Parts = []trust.StatementPart{
		{Statement: 0, Role: trust.Opens, Message: "lets callers from outside in with neither MFA nor an external ID", Range: statement(1)},
		{Statement: 1, Role: trust.Opens, Range: statement(2)},
		{Statement: 2, Role: trust.Idle, Range: statement(3)},
	}
	s.Verdict.Warnings = []trust.Warning{
		{Code: "external-id-shared", Statement: 0, Message: "several values are accepted", Range: s.find(`"acme-prod-7731"`, 1)},
		{Code: "iam-would-reject", Statement: -1, Message: "the policy is longer than a trust policy may be by default"},
	}
	return s.Finding
}

// longLine is a policy on one line of 2,000 characters with the place that
// matters in its middle.
func longLine(t *testing.T) *rule.Finding {
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["` +
		strings.Repeat(`arn:aws:iam::111122223333:role/application-server","`, 17) +
		`444455556666"]},"Action":"sts:AssumeRole","Condition":{"StringLike":{"sts:ExternalId":"*"}}}`
	policy += strings.Repeat(" ", 2000-len(policy)-2) + "]}"
	s := newSample(t, "OneLine", policy)
	s.Role.Trust.Line, s.Role.Trust.Column = 7, 101
	s.Role.Source.Kind, s.Role.Source.Path = role.ListRoles, "roles.jsonl"
	s.fails(rule.Medium, "arn:aws:sts::444455556666:assumed-role/worker/session-1", trust.RoleSession,
		trust.Reason{Code: "external-id-any", Message: "every external ID is accepted", Range: s.find(`"sts:ExternalId":"*"`, 1)})
	s.Verdict.Witness.Context["sts:ExternalId"] = []string{"anything"}
	s.Verdict.Witness.Context["aws:MultiFactorAuthPresent"] = []string{"false"}
	s.Verdict.Outsiders = []trust.Outsider{{Account: "444455556666", Principal: "444455556666", Unguarded: true}}
	s.Verdict.Parts = []trust.StatementPart{{Role: trust.Opens, Range: s.span(`{"Effect"`, `}}}`)}}
	return s.Finding
}

// percentEncoded is a policy that has no place in the file.
func percentEncoded(t *testing.T) *rule.Finding {
	s := newSample(t, "Public", `{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":`+
		`{"StringNotEquals":{"sts:ExternalId":"acme-prod-7731"}}}}`)
	s.fails(rule.Critical, "arn:aws:iam::444455556666:user/mallory", trust.UserSession,
		trust.Reason{Code: "public-principal", Message: "the principal admits every AWS account", Range: s.find(`"*"`, 1)},
		trust.Reason{Code: "external-id-negated", Message: "every external ID but a few is accepted", Range: s.find(`"sts:ExternalId":"acme-prod-7731"`, 1)})
	s.Verdict.AnyAccount = true
	s.Verdict.Outsiders = []trust.Outsider{{Account: "*", Principal: "*", Unguarded: true}}
	s.Verdict.Parts = []trust.StatementPart{{Role: trust.Opens, Range: s.span(`{"Effect"`, `}}}`)}}
	return s.encoded().Finding
}

// wide has characters of two columns, a combining mark and tabs before the
// place that matters, and lines that end in CRLF.
func wide(t *testing.T) *rule.Finding {
	s := newSample(t, "Wide", "{\r\n\t\"Statement\": [\r\n\t\t{\"Sid\":\t\"請求書 é\", \"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"444455556666\"},\r\n"+
		"\t\t\"Condition\": {\"BoolIfExists\": {\"aws:MultiFactorAuthPresent\": \"true\"}},\r\n\t\t\"Action\": \"sts:AssumeRole\"}\r\n\t]\r\n}\r\n")
	s.Role.Account = "999900001111"
	s.fails(rule.High, "arn:aws:iam::444455556666:user/mallory", trust.UserKey,
		trust.Reason{Code: "mfa-if-exists", Sid: "請求書 é", Message: "BoolIfExists holds when the key is missing", Range: s.find(`"aws:MultiFactorAuthPresent": "true"`, 1)},
		trust.Reason{Code: "no-condition", Sid: "請求書 é", Message: "somebody gets in", Range: s.find(`"444455556666"`, 1)})
	s.Verdict.Outsiders = []trust.Outsider{{Account: "444455556666", Principal: "444455556666", Unguarded: true}}
	return s.Finding
}

// hostile tries to steer the terminal from every text that it controls.
func hostile(t *testing.T) *rule.Finding {
	const attack = "x\x1b[2J\x1b]0;owned\x07\u202egnp.exe\u009b31m\xff"
	s := newSample(t, attack, `{"Statement": [{"Sid": "`+attack+`", "Principal": "*", "Effect": "Allow", "Action": "sts:AssumeRole"}]}`)
	s.Role.Source.Path = "dump\n" + attack
	s.fails(rule.Critical, "arn:aws:iam::444455556666:user/mallory", trust.UserKey,
		trust.Reason{Code: "public-principal", Sid: attack, Message: "lets in " + attack, Range: s.find(`"*"`, 1)})
	s.Verdict.Warnings = []trust.Warning{{Code: "iam-would-reject", Message: attack}}
	s.Verdict.DependsOn = []string{attack}
	return s.Finding
}

// manyLines has a statement that is spread over more lines than an excerpt
// shows.
func manyLines(t *testing.T) *rule.Finding {
	s := newSample(t, "Spread", strings.ReplaceAll(
		`{@"Statement":@[@{@"Effect":@"Allow",@"Principal":@{@"AWS":@"444455556666"@},@"Action":@"sts:AssumeRole"@}@]@}`, "@", "\n\n"))
	return s.fails(rule.Medium, "arn:aws:iam::444455556666:user/mallory", trust.UserKey,
		trust.Reason{Code: "no-condition", Message: "no condition asks for MFA or for an external ID", Range: s.span("{\n\n\"Effect", "Role\"\n\n}")}).Finding
}

func emptyExternalID(t *testing.T) *rule.Finding {
	s := newSample(t, "Unissued", `{
  "Statement": {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"sts:ExternalId": ""}}}
}`)
	s.fails(rule.Low, "", "", trust.Reason{
		Code: "external-id-empty", Message: "the external ID condition has no usable value", Range: s.find(`"sts:ExternalId": ""`, 1),
	})
	s.Verdict.Parts = []trust.StatementPart{{Role: trust.Dead, Range: s.find(`{"Effect"`, 1)}}
	return s.Finding
}

func passing(t *testing.T, warnings ...trust.Warning) *rule.Finding {
	s := newSample(t, "Guarded", `{"Statement": {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "acme-prod-7731"}}}}`)
	s.Verdict.Outcome, s.Verdict.Protection, s.Verdict.Warnings = trust.Pass, []string{"external-id", "deny"}, warnings
	s.Verdict.Outsiders = []trust.Outsider{{Account: "444455556666", Principal: "444455556666"}}
	s.Role.LastUsed = role.LastUsed{Known: true, At: time.Date(2026, 11, 2, 20, 42, 12, 0, time.UTC)}
	return s.Finding
}

func notApplicable(t *testing.T) *rule.Finding {
	s := newSample(t, "Lambda", `{"Statement": []}`)
	s.Verdict.Outcome = trust.NotApplicable
	s.Role.LastUsed = role.LastUsed{Known: true}
	return s.Finding
}

func undecided(t *testing.T) *rule.Finding {
	s := newSample(t, "FromTemplate", `{"Statement": {"Effect": "Allow"}}`)
	s.Severity, s.Role.DefaultAssumed = rule.Medium, true
	s.Role.Source.Address = "module.vendor.aws_iam_role.this"
	s.Verdict.Outcome, s.Verdict.DependsOn = trust.Undecided, []string{"var.external_id", "var.partner_account"}
	return s.Finding
}

func tooComplex(t *testing.T) *rule.Finding {
	s := newSample(t, "Complex", `{"Statement": []}`)
	s.Severity = rule.Medium
	s.Verdict.Outcome, s.Verdict.Problem = trust.Undecided, "too complex to decide within the bounds of effort"
	return s.Finding
}

// accountless would fail in some accounts.
func accountless(t *testing.T) *rule.Finding {
	s := newSample(t, "AnyAccount", `{"Statement": {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"}}`)
	s.fails(rule.Medium, "", "", trust.Reason{Code: "no-condition", Message: "no condition asks for MFA or for an external ID", Range: s.find(`"444455556666"`, 1)})
	s.Role.Account = ""
	s.Verdict.Outcome, s.Verdict.DependsOn = trust.Undecided, []string{"the role's account (--account)"}
	s.Verdict.Problem = "the answer depends on what cannot be read: the role's account (--account)"
	return s.Finding
}

func broken(t *testing.T) *rule.Finding {
	s := newSample(t, "Broken", "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\"Effect\": \"allow\"}\n  ]\n}")
	s.Verdict.Outcome, s.Verdict.Problem = trust.Broken, `Effect is "allow" (it is Allow or Deny)`
	s.Place = rule.PlaceOf(s.Role, s.find(`"allow"`, 1))
	return s.Finding
}

// brokenSecret is no JSON, so nobody can tell where its external ID ends.
func brokenSecret(t *testing.T) *rule.Finding {
	s := newSample(t, "BrokenSecret", `{"Statement": {"Condition": {"StringEquals": {"sts:ExternalId": 'acme-prod-7731'}}}}`)
	s.Verdict.Outcome, s.Verdict.Problem = trust.Broken, `unexpected '\'', expected a value (strings stand in double quotation marks)`
	s.Place = rule.PlaceOf(s.Role, s.find(`'`, 1))
	return s.Finding
}

func unreadable(t *testing.T) *rule.Finding {
	s := newSample(t, "Unreadable", "")
	s.Role.ARN, s.Role.Account = "", ""
	s.Role.Trust = role.Document{Err: errors.New("bad percent escape")}
	s.Role.Source = role.Source{Kind: role.Live}
	s.Verdict.Outcome, s.Verdict.Problem = trust.Broken, "bad percent escape"
	return s.Finding
}

// everything is one report with every kind of finding.
func everything(t *testing.T) ([]*rule.Finding, audit.Summary) {
	findings := []*rule.Finding{
		severalReasons(t), longLine(t), percentEncoded(t), emptyExternalID(t), manyLines(t), passing(t),
		passing(t, trust.Warning{Code: "external-id-guessable", Message: "64 values fit"}),
		notApplicable(t), undecided(t), tooComplex(t), broken(t), brokenSecret(t),
		wide(t), hostile(t), unreadable(t), accountless(t),
	}
	return findings, audit.Summary{
		Roles: 16, Fail: 7, Pass: 2, NotApplicable: 1, Unknown: 3, Error: 3, Worst: rule.Critical,
		Incomplete: []audit.Incomplete{
			{Source: "exports/old.json.gz", Reason: "unexpected end of the compressed data", Hint: "download the file again"},
			{Account: "222233334444", Reason: "access denied when listing roles"},
		},
		Skipped: 3,
	}
}
