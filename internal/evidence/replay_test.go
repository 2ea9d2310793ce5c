package evidence

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/trust"
	"countersign/trust/jsontree"
)

const (
	roleARN = "arn:aws:iam::111122223333:role/vendor"
	vendor  = "444455556666"
)

var (
	now   = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	start = now.Add(-90 * 24 * time.Hour)
)

func policy(t testing.TB, text string) *trust.Policy {
	t.Helper()
	tree, err := jsontree.Parse(&trust.File{Text: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := trust.Parse(tree)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// allow makes a trust policy of one statement.
func allow(principal, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":%s,"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]%s}]}`, principal, condition)
}

// byRole and byUser are calls of another account, as the log of the role's account
// has them.
func byRole() Call {
	return Call{Action: AssumeRole, Identity: AWSAccount, Account: vendor, Principal: "AROAEXAMPLE0VENDOR01:sync"}
}

func byUser() Call {
	return Call{Action: AssumeRole, Identity: AWSAccount, Account: vendor, Principal: "AIDAEXAMPLE0VENDOR01"}
}

func with(call Call, change func(*Call)) Call {
	change(&call)
	return call
}

func externalID(id string) func(*Call) {
	return func(c *Call) { c.ExternalID, c.HasExternalID = id, true }
}

// seen collects calls, a day apart.
func seen(calls []Call, policies ...*trust.Policy) *Evidence {
	role, _ := ParseRole(roleARN)
	collector := NewCollectors(start, now).Want(role, Asked(policies...))
	for i := range calls {
		call := calls[i]
		call.ID, call.RoleARN, call.Time = fmt.Sprint(i), roleARN, start.AddDate(0, 0, i+1)
		collector.Add(&call, "111122223333")
	}
	return collector.Evidence()
}

func subject() trust.Subject {
	return trust.Subject{ARN: roleARN, Account: "111122223333", Partition: "aws"}
}

const (
	wholeAccount = `{"AWS":"arn:aws:iam::444455556666:root"}`
	needsID      = `{"StringEquals":{"sts:ExternalId":"right"}}`
	needsMFA     = `{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`
)

// The outcomes are worked out by hand from docs/semantics.md: which keys a call
// carries ("Caller kinds"), and what a condition makes of a key that is missing.
func TestWhatBecomesOfACall(t *testing.T) {
	tests := []struct {
		name          string
		call          Call
		before, after string // before is empty where it is not known
		want          Outcome
		dependsOn     string
	}{
		{"a role without an external ID, where one is needed", byRole(), "", allow(wholeAccount, needsID), Breaks, ""},
		{"a role with the external ID", with(byRole(), externalID("right")), "", allow(wholeAccount, needsID), Complies, ""},
		{"a role with another external ID", with(byRole(), externalID("wrong")), "", allow(wholeAccount, needsID), Breaks, ""},
		{"a role, where MFA is needed, which it can never show", byRole(), "", allow(wholeAccount, needsMFA), Breaks, ""},
		{"a user who passed an MFA code", with(byUser(), func(c *Call) { c.MFACode = true }), "", allow(wholeAccount, needsMFA), Complies, ""},
		{"a user without a code, whose session may show MFA", byUser(), "", allow(wholeAccount, needsMFA), Unclear, "whether the caller's own session was made with MFA"},
		{"a user without a code, with an access key", with(byUser(), func(c *Call) { c.Credentials = LongTerm }), "", allow(wholeAccount, needsMFA), Breaks, ""},
		{"a user whose session is known to show MFA", with(byUser(), func(c *Call) { c.SessionMFA = Yes }), "", allow(wholeAccount, needsMFA), Complies, ""},
		{"a user whose session is known to show none", with(byUser(), func(c *Call) { c.SessionMFA = No }), "", allow(wholeAccount, needsMFA), Breaks, ""},
		{"a user, where only sessions without MFA are refused", byUser(), "", allow(wholeAccount, `{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}`), Unclear, "whether the caller's own session was made with MFA"},
		{"a user with a code, where it must be fresh", with(byUser(), func(c *Call) { c.MFACode = true }), "", allow(wholeAccount, `{"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}`), Complies, ""},
		{"a user with a session of MFA of unknown age", with(byUser(), func(c *Call) { c.SessionMFA = Yes }), "", allow(wholeAccount, `{"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}`), Unclear, "how long ago the MFA of the caller's session was"},

		{"a role of the account, where one role is named", byRole(), "", allow(`{"AWS":"arn:aws:iam::444455556666:role/sync"}`, ""), Unclear, "which role of account 444455556666 called"},
		{"a user of the account, where one role is named", byUser(), "", allow(`{"AWS":"arn:aws:iam::444455556666:role/sync"}`, ""), Breaks, ""},
		{"a role that the log names", with(byRole(), func(c *Call) { c.ARN = "arn:aws:iam::444455556666:role/sync" }), "", allow(`{"AWS":"arn:aws:iam::444455556666:role/sync"}`, ""), Complies, ""},
		{"another role that the log names", with(byRole(), func(c *Call) { c.ARN = "arn:aws:iam::444455556666:role/jobs/sync" }), "", allow(`{"AWS":"arn:aws:iam::444455556666:role/sync"}`, ""), Breaks, ""},
		{
			"a role of which the policy as it is leaves one possibility", byRole(),
			allow(`{"AWS":"arn:aws:iam::444455556666:role/sync"}`, ""), allow(`{"AWS":"arn:aws:iam::444455556666:role/sync"}`, `{"StringEquals":{"aws:PrincipalAccount":"444455556666"}}`), Complies, "",
		},
		{
			"a role of which the policy as it is leaves another", byRole(),
			allow(`{"AWS":"arn:aws:iam::444455556666:role/sync"}`, ""), allow(`{"AWS":"arn:aws:iam::444455556666:role/other"}`, ""), Breaks, "",
		},
		{"a role by the pattern of its ARN", byRole(), "", allow(`{"AWS":"*"}`, `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/sync-*"}}`), Unclear, "which role of account 444455556666 called"},
		{"one session of one role", byRole(), allow(`{"AWS":"arn:aws:sts::444455556666:assumed-role/sync/sync"}`, ""), allow(`{"AWS":"arn:aws:sts::444455556666:assumed-role/sync/sync"}`, ""), Complies, ""},
		{"another session of that role", byRole(), "", allow(`{"AWS":"arn:aws:sts::444455556666:assumed-role/sync/other"}`, ""), Breaks, ""},
		{"another account", byRole(), "", allow(`{"AWS":"555566667777"}`, ""), Breaks, ""},

		{"an organization that is needed", byRole(), "", allow(wholeAccount, `{"StringEquals":{"aws:PrincipalOrgID":"o-exampleorg1"}}`), Unclear, "the organization of the caller's account"},
		{"any root of an organization", byRole(), "", allow(wholeAccount, `{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-exampleorg1/r-zz*"}}`), Unclear, "the organization of the caller's account"},
		{"any path in an organization", byRole(), "", allow(wholeAccount, `{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-exampleorg1/*"}}`), Unclear, "the organization of the caller's account"},
		{"a path in an organization", byRole(), "", allow(wholeAccount, `{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-exampleorg1/r-ab12/ou-ab12-11111111/*"}}`), Unclear, "the organization of the caller's account"},
		{"a tag of the caller", byRole(), "", allow(wholeAccount, `{"StringEquals":{"aws:PrincipalTag/team":"blue"}}`), Unclear, "the caller's tag team"},
		{"a key that AWS never sends", byRole(), "", allow(wholeAccount, `{"StringEquals":{"sts:External-Id":"right"}}`), Breaks, ""},
		{"two things that the log does not show", byUser(), "", allow(wholeAccount, `{"Bool":{"aws:MultiFactorAuthPresent":"true"},"StringEquals":{"aws:PrincipalTag/team":"blue"}}`), Unclear, "whether the caller's own session was made with MFA; the caller's tag team"},
		{"something not shown that does not matter", with(byRole(), externalID("wrong")), "", allow(wholeAccount, `{"StringEquals":{"sts:ExternalId":"right","aws:PrincipalTag/team":"blue"}}`), Breaks, ""},

		{"a source address that is allowed", with(byRole(), func(c *Call) { c.Keys = map[string][]string{"aws:sourceip": {"192.0.2.7"}} }), "", allow(wholeAccount, `{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`), Complies, ""},
		{"a source address that is not", with(byRole(), func(c *Call) { c.Keys = map[string][]string{"aws:sourceip": {"203.0.113.7"}} }), "", allow(wholeAccount, `{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`), Breaks, ""},
		{"an address that the log does not have", byRole(), "", allow(wholeAccount, `{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`), Unclear, "the address that the call came from"},
		{"a session name", with(byRole(), func(c *Call) { c.Keys = map[string][]string{"sts:rolesessionname": {"sync-1"}} }), "", allow(wholeAccount, `{"StringLike":{"sts:RoleSessionName":"sync-*"}}`), Complies, ""},
		{"tags that are passed", with(byRole(), func(c *Call) {
			c.PassesTags, c.Keys = true, map[string][]string{"aws:tagkeys": {"team"}, "aws:requesttag/team": {"blue"}}
		}), "", allow(wholeAccount, `{"StringEquals":{"aws:RequestTag/team":"blue"}}`), Complies, ""},
		{"tags that are asked for and were not passed", with(byRole(), func(c *Call) { c.Keys = map[string][]string{"aws:tagkeys": nil} }), "", allow(wholeAccount, `{"StringEquals":{"aws:RequestTag/team":"blue"}}`), Breaks, ""},
		{"tags without sts:TagSession", with(byRole(), func(c *Call) { c.PassesTags = true }), "", strings.Replace(allow(wholeAccount, ""), `"sts:TagSession",`, "", 1), Breaks, ""},
		{"a source identity without sts:SetSourceIdentity", with(byRole(), func(c *Call) { c.CarriesIdentity = true }), "", strings.Replace(allow(wholeAccount, ""), `,"sts:SetSourceIdentity"`, "", 1), Breaks, ""},
		{"an end of the grant that has come", byRole(), "", allow(wholeAccount, `{"DateLessThan":{"aws:CurrentTime":"2026-11-01T00:00:00Z"}}`), Breaks, ""},

		{"a role of the own account", Call{Action: AssumeRole, Identity: AssumedRole, Account: "111122223333", Principal: "AROAEXAMPLE0DEPLOY01:x", ARN: "arn:aws:iam::111122223333:role/ci/deploy"}, "", allow(`{"AWS":"arn:aws:iam::111122223333:role/ci/deploy"}`, ""), Complies, ""},
		{"a user of the own account without an external ID", Call{Action: AssumeRole, Identity: IAMUser, Account: "111122223333", Principal: "AIDAEXAMPLE0ALICE001", ARN: "arn:aws:iam::111122223333:user/alice", Credentials: LongTerm}, "", allow(`{"AWS":"111122223333"}`, needsID), Breaks, ""},
		{"a service that is named", Call{Action: AssumeRole, Identity: AWSService, InvokedBy: "ec2.amazonaws.com"}, "", allow(`{"Service":"ec2.amazonaws.com"}`, ""), Complies, ""},
		{"a service that is not", Call{Action: AssumeRole, Identity: AWSService, InvokedBy: "ec2.amazonaws.com"}, "", allow(wholeAccount, ""), Breaks, ""},
		{"a service for an account", Call{Action: AssumeRole, Identity: AWSService, InvokedBy: "ec2.amazonaws.com"}, "", allow(`{"Service":"ec2.amazonaws.com"}`, `{"StringEquals":{"aws:SourceAccount":"111122223333"}}`), Unclear, "the value of aws:sourceaccount"},
		{"SAML", Call{Action: AssumeRoleWithSAML, Identity: SAMLUser, Provider: "arn:aws:iam::111122223333:saml-provider/P", Keys: map[string][]string{"saml:aud": {"https://signin.aws.amazon.com/saml"}}},
			"", strings.Replace(allow(`{"Federated":"arn:aws:iam::111122223333:saml-provider/P"}`, `{"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml"}}`), "sts:AssumeRole\"", "sts:AssumeRoleWithSAML\"", 1), Complies, ""},
		{"OIDC from another repository", Call{Action: AssumeRoleWithWebIdentity, Identity: WebIdentityUser, Provider: "arn:aws:iam::111122223333:oidc-provider/token.example.com", Keys: map[string][]string{"token.example.com:sub": {"repo:b"}}},
			"", strings.Replace(allow(`{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.example.com"}`, `{"StringEquals":{"token.example.com:sub":"repo:a"}}`), "sts:AssumeRole\"", "sts:AssumeRoleWithWebIdentity\"", 1), Breaks, ""},
		{"a type that calls for no role", Call{Action: AssumeRole, Identity: IdentityCenterUser, Account: "111122223333"}, "", allow(`{"AWS":"111122223333"}`, ""), Unclear, "a caller of the type IdentityCenterUser, which cannot be replayed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			change := Change{After: policy(t, test.after), Subject: subject(), Now: now}
			if test.before != "" {
				change.Before = policy(t, test.before)
			}
			verdict := Replay(seen([]Call{test.call}, change.After, change.Before), change)
			got := verdict.Callers[0]
			if on := strings.Join(got.DependsOn, "; "); got.Outcome != test.want || on != test.dependsOn {
				t.Errorf("%s (%q), want %s (%q)", got.Outcome, on, test.want, test.dependsOn)
			}
			want := map[Outcome]Safety{Complies: Safe, Breaks: Breaking, Unclear: Unproven}[test.want]
			if verdict.Safety != want {
				t.Errorf("safety %s, want %s", verdict.Safety, want)
			}
			if (got.Calls == 1) != (test.want != Complies) {
				t.Errorf("%d calls affected", got.Calls)
			}
		})
	}
}

func TestNothingSeenProvesNothing(t *testing.T) {
	after := policy(t, allow(wholeAccount, ""))
	if verdict := Replay(seen(nil, after), Change{After: after, Subject: subject(), Now: now}); verdict.Safety != Unproven || !slices.Contains(verdict.Reasons, "no call that succeeded was seen") {
		t.Errorf("%+v", verdict)
	}
	failed := with(byRole(), func(c *Call) { c.ErrorCode = "AccessDenied" })
	if verdict := Replay(seen([]Call{failed}, after), Change{After: after, Subject: subject(), Now: now}); verdict.Safety != Unproven || len(verdict.Callers) != 0 {
		t.Errorf("failed calls alone: %+v", verdict)
	}
}

func TestAGapInWhatWasSeenLeavesItUnproven(t *testing.T) {
	after := policy(t, allow(wholeAccount, ""))
	found := seen([]Call{byRole()}, after)
	found.Gaps = []string{"no record of 2026-11-01"}
	if verdict := Replay(found, Change{After: after, Subject: subject(), Now: now}); verdict.Safety != Unproven || !slices.Equal(verdict.Reasons, found.Gaps) {
		t.Errorf("%+v", verdict)
	}
}

func TestACallerBreaksByItsLastCallThatWouldBeRefused(t *testing.T) {
	after := policy(t, allow(wholeAccount, needsID))
	calls := []Call{byRole(), byRole(), with(byRole(), externalID("right")), with(byUser(), externalID("right"))}
	verdict := Replay(seen(calls, after), Change{After: after, Subject: subject(), Now: now})
	if len(verdict.Callers) != 2 || verdict.Safety != Breaking {
		t.Fatalf("%+v", verdict)
	}
	role := verdict.Callers[1]
	if role.Outcome != Breaks || role.Calls != 2 || !role.Last.Equal(start.AddDate(0, 0, 2)) || role.Caller.Calls != 3 {
		t.Errorf("%+v", role)
	}
	if user := verdict.Callers[0]; user.Outcome != Complies {
		t.Errorf("%+v", user)
	}
}

func TestWhatThePolicyRefusesAlreadyIsSaid(t *testing.T) {
	closed := policy(t, allow(`{"AWS":"555566667777"}`, ""))
	verdict := Replay(seen([]Call{byRole()}, closed), Change{Before: closed, After: closed, Subject: subject(), Now: now})
	if got := verdict.Callers[0]; got.Outcome != Breaks || !got.Refused {
		t.Errorf("%+v", got)
	}
}

func TestAResourceControlPolicyHasItsSay(t *testing.T) {
	after := policy(t, allow(wholeAccount, ""))
	rcp := policy(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-exampleorg1"}}}]}`)
	verdict := Replay(seen([]Call{byRole()}, after, rcp), Change{After: after, RCPs: []*trust.Policy{rcp}, Subject: subject(), Now: now})
	if got := verdict.Callers[0]; got.Outcome != Unclear || got.DependsOn[0] != "the organization of the caller's account" {
		t.Errorf("%+v", got)
	}
}

func TestAPolicyWithPartsThatCannotBeReadDecidesNothing(t *testing.T) {
	tree, err := jsontree.Parse(&trust.File{Text: []byte(allow(wholeAccount, `{"StringEquals":{"sts:ExternalId":"x"}}`))})
	if err != nil {
		t.Fatal(err)
	}
	unknown(&tree)
	after, err := trust.Parse(tree)
	if err != nil {
		t.Fatal(err)
	}
	verdict := Replay(seen([]Call{byRole()}, after), Change{After: after, Subject: subject(), Now: now})
	if got := verdict.Callers[0]; got.Outcome != Unclear || got.DependsOn[0] != "parts of the policy that cannot be read" {
		t.Errorf("%+v", got)
	}
}

// unknown turns the value "x" of a tree into one that depends on a parameter.
func unknown(value *trust.Value) {
	for i := range value.Members {
		unknown(&value.Members[i].Value)
	}
	for i := range value.Items {
		unknown(&value.Items[i])
	}
	if value.Kind == trust.String && value.Text == "x" {
		*value = trust.Value{Kind: trust.Unknown, On: "Parameter"}
	}
}

func TestTheEffortOfAReplayIsBounded(t *testing.T) {
	var keys []string
	for i := range 60 {
		keys = append(keys, fmt.Sprintf(`"aws:PrincipalTag/t%d":["a","b","c"]`, i))
	}
	after := policy(t, allow(wholeAccount, `{"StringEquals":{`+strings.Join(keys, ",")+`}}`))
	began := time.Now()
	verdict := Replay(seen([]Call{byRole()}, after), Change{After: after, Subject: subject(), Now: now})
	if got := verdict.Callers[0]; got.Outcome != Unclear || got.DependsOn[0] != "more possibilities than can be tried" {
		t.Errorf("%+v", got)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
}
