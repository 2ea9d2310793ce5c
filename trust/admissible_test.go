package trust_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"countersign/trust"
)

var (
	admissionNow     = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	admissionSubject = trust.Subject{
		ARN: roleARN, Account: "111122223333", Partition: "aws", Organization: "o-home11111", Tags: map[string]string{"env": "prod"},
	}
)

// completeRequest is a request of that kind in which every coupling of
// section 4 of the semantics is respected.
func completeRequest(kind trust.CallerKind) trust.Request {
	request := userCaller()
	if kind == trust.RoleSession {
		request = sessionCaller()
	}
	request.Kind = kind
	maps.Copy(request.Context, trust.Context{
		"aws:PrincipalAccount":      {"444455556666"},
		"aws:PrincipalIsAWSService": {"false"},
		"aws:ViaAWSService":         {"false"},
		"aws:SecureTransport":       {"true"},
		"aws:CurrentTime":           {"2026-11-22T14:00:00Z"},
		"aws:EpochTime":             {"1795356000"},
		"aws:RequestedRegion":       {"us-east-1"},
		"aws:SourceIp":              {"198.51.100.7"},
		"aws:ResourceAccount":       {"111122223333"},
		"aws:ResourceOrgID":         {"o-home11111"},
		"aws:ResourceTag/env":       {"prod"},
		"iam:ResourceTag/env":       {"prod"},
		"sts:RoleSessionName":       {"attack-01"},
		"aws:PrincipalType":         {"User"},
		"aws:userid":                {"AIDAEXAMPLECI"},
	})
	if kind == trust.RoleSession {
		request.Context["aws:PrincipalType"] = []string{"AssumedRole"}
		request.Context["aws:userid"] = []string{"AROAEXAMPLEID:nightly"}
	} else {
		request.Context["aws:username"] = []string{"ci"}
	}
	switch kind {
	case trust.UserSession, trust.RoleSession:
		request.Context["aws:MultiFactorAuthPresent"] = []string{"false"}
	case trust.UserKeyMFA, trust.UserSessionMFA:
		request.Context["aws:MultiFactorAuthPresent"] = []string{"true"}
		request.Context["aws:MultiFactorAuthAge"] = []string{"129600"}
	}
	if kind == trust.UserSession || kind == trust.RoleSession || kind == trust.UserSessionMFA {
		request.Context["aws:TokenIssueTime"] = []string{"2026-11-22T13:00:00Z"}
	}
	return request
}

var awsKinds = []trust.CallerKind{trust.UserKey, trust.UserSession, trust.RoleSession, trust.UserKeyMFA, trust.UserSessionMFA}

func TestCompleteRequestsOfEveryKindAreAdmissible(t *testing.T) {
	for _, kind := range awsKinds {
		request := completeRequest(kind)
		if err := request.Admissible(admissionSubject, admissionNow); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if err := request.Admissible(trust.Subject{}, time.Time{}); err != nil {
			t.Errorf("%s, nothing known of the role: %v", kind, err)
		}
	}
}

// change edits a request. An empty list of values takes a key away.
type change struct {
	keys  trust.Context
	other func(*trust.Request)
}

func (c change) apply(request *trust.Request) {
	for key, values := range c.keys {
		if len(values) == 0 {
			delete(request.Context, key)
		} else {
			request.Context[key] = values
		}
	}
	if c.other != nil {
		c.other(request)
	}
}

func with(key string, values ...string) change {
	return change{keys: trust.Context{key: values}}
}

func checking(checks ...string) func(*trust.Request) {
	return func(r *trust.Request) { r.Checks = append(r.Checks, checks...) }
}

func TestAdmissibleNamesTheCouplingThatIsBroken(t *testing.T) {
	const user, userToken, role, mfa = trust.UserKey, trust.UserSession, trust.RoleSession, trust.UserKeyMFA
	tests := []struct {
		name   string
		kind   trust.CallerKind
		change change
		want   string // part of the message; empty when the request stays admissible
	}{
		// Table 4.1.
		{"MFA absent with a long-term key", user, with("aws:MultiFactorAuthPresent", "false"), "aws:MultiFactorAuthPresent"},
		{"MFA present in a session", userToken, with("aws:MultiFactorAuthPresent"), "aws:MultiFactorAuthPresent"},
		{"MFA false in a role session", role, with("aws:MultiFactorAuthPresent", "true"), "aws:MultiFactorAuthPresent"},
		{"MFA true with MFA", mfa, with("aws:MultiFactorAuthPresent", "false"), "aws:MultiFactorAuthPresent"},
		{"no age without MFA", userToken, with("aws:MultiFactorAuthAge", "10"), "aws:MultiFactorAuthAge"},
		{"an age with MFA", mfa, with("aws:MultiFactorAuthAge"), "aws:MultiFactorAuthAge"},
		{"an age of at most 36 hours", mfa, with("aws:MultiFactorAuthAge", "129601"), "aws:MultiFactorAuthAge"},
		{"an age in whole seconds", mfa, with("aws:MultiFactorAuthAge", "0.5"), "aws:MultiFactorAuthAge"},
		{"no age before the authentication", mfa, with("aws:MultiFactorAuthAge", "-1"), "aws:MultiFactorAuthAge"},
		{"no token with a long-term key", user, with("aws:TokenIssueTime", "2026-11-22T13:00:00Z"), "aws:TokenIssueTime"},
		{"no token with a long-term key and MFA", mfa, with("aws:TokenIssueTime", "2026-11-22T13:00:00Z"), "aws:TokenIssueTime"},
		{"a token in a session", role, with("aws:TokenIssueTime"), "aws:TokenIssueTime"},
		{"users are of type User", user, with("aws:PrincipalType", "AssumedRole"), "aws:PrincipalType"},
		{"role sessions are of type AssumedRole", role, with("aws:PrincipalType", "User"), "aws:PrincipalType"},
		{"users have their name", user, with("aws:username", "other"), "aws:username"},
		{"role sessions have no user name", role, with("aws:username", "ci"), "aws:username"},
		{"the unique id of a user", user, with("aws:userid", "AROAEXAMPLEID"), "aws:userid"},
		{"a unique id of four characters", user, with("aws:userid", "AIDAABC"), "aws:userid"},
		{"a unique id in upper case", user, with("aws:userid", "AIDAexample"), "aws:userid"},
		{"the unique id of a role with the session", role, with("aws:userid", "AROAEXAMPLEID:daily"), "aws:userid"},
		{"the ARN of a user is the caller's", user, with("aws:PrincipalArn", "arn:aws:iam::444455556666:user/ci"), "aws:PrincipalArn"},
		{"the ARN of a session is not its principal ARN", role, with("aws:PrincipalArn", session), "aws:PrincipalArn"},
		{"the session is of that role", role, with("aws:PrincipalArn", "arn:aws:iam::444455556666:role/ops/other"), "aws:PrincipalArn"},
		{"the role has another path", role, with("aws:PrincipalArn", "arn:aws:iam::444455556666:role/a/b/scan"), ""},
		{"the role has no path", role, with("aws:PrincipalArn", "arn:aws:iam::444455556666:role/scan"), ""},
		{"the role has a path of two slashes", role, with("aws:PrincipalArn", "arn:aws:iam::444455556666:role//scan"), "path"},
		{"the role has a path of 513 characters", role, with("aws:PrincipalArn", "arn:aws:iam::444455556666:role/"+strings.Repeat("x", 511)+"/scan"), "path"},
		{"the role has a path with a blank", role, with("aws:PrincipalArn", "arn:aws:iam::444455556666:role/a b/scan"), "path"},
		{"a federated provider of a role session", role, with("aws:FederatedProvider", "accounts.google.com"), ""},
		{"no federated provider of a user", user, with("aws:FederatedProvider", "accounts.google.com"), "aws:federatedprovider"},
		{"an instance of a role session", role, with("ec2:SourceInstanceArn", "arn:aws:ec2:us-east-1:444455556666:instance/i-1"), ""},
		{"no source identity carried by a user", user, change{trust.Context{"aws:SourceIdentity": {"alice"}}, checking(trust.ActionSetSourceIdentity)}, "aws:sourceidentity"},
		{"the kind and the ARN agree", role, change{other: func(r *trust.Request) { r.Kind = trust.UserSession }}, "caller's ARN"},
		{"no services", user, change{other: func(r *trust.Request) { r.Kind = trust.ServiceCaller }}, "neither an IAM user nor a role session"},
		{"no SAML callers", user, change{other: func(r *trust.Request) { r.Kind = trust.SAMLCaller }}, "neither an IAM user nor a role session"},

		// Table 4.2.
		{"an external ID", user, with("sts:ExternalId", "a:b/c=d,e.f@g+h-i_9"), ""},
		{"an external ID of two characters", user, with("sts:ExternalId", "xy"), ""},
		{"an external ID of one", user, with("sts:ExternalId", "x"), "sts:ExternalId"},
		{"an empty external ID", user, with("sts:ExternalId", ""), "sts:ExternalId"},
		{"an external ID of 1,224 characters", user, with("sts:ExternalId", strings.Repeat("x", 1224)), ""},
		{"an external ID of 1,225", user, with("sts:ExternalId", strings.Repeat("x", 1225)), "sts:ExternalId"},
		{"an external ID with a star", user, with("sts:ExternalId", "acme-*"), "sts:ExternalId"},
		{"an external ID with a line break", user, with("sts:ExternalId", "acme\n"), "sts:ExternalId"},
		{"a session name", user, with("sts:RoleSessionName"), "sts:RoleSessionName"},
		{"a session name of two characters", user, with("sts:RoleSessionName", "x"), "sts:RoleSessionName"},
		{"a session name without a slash", user, with("sts:RoleSessionName", "a/b"), "sts:RoleSessionName"},
		{"a source identity with its check", user, change{trust.Context{"sts:SourceIdentity": {"alice"}}, checking(trust.ActionSetSourceIdentity)}, ""},
		{"a source identity without its check", user, with("sts:SourceIdentity", "alice"), "sts:SetSourceIdentity"},
		{"the check without a source identity", user, change{other: checking(trust.ActionSetSourceIdentity)}, "sts:SetSourceIdentity"},
		{"a carried source identity", role, change{trust.Context{"aws:SourceIdentity": {"alice"}, "sts:SourceIdentity": {"alice"}}, checking(trust.ActionSetSourceIdentity)}, ""},
		{"a carried source identity that changes", role, change{trust.Context{"aws:SourceIdentity": {"alice"}, "sts:SourceIdentity": {"bob"}}, checking(trust.ActionSetSourceIdentity)}, "sts:SourceIdentity"},
		{"a source identity of one character", user, change{trust.Context{"sts:SourceIdentity": {"a"}}, checking(trust.ActionSetSourceIdentity)}, "source identity"},
		{"session tags", user, change{trust.Context{"aws:TagKeys": {"team"}, "aws:RequestTag/Team": {""}}, checking(trust.ActionTagSession)}, ""},
		{"session tags without the check", user, change{keys: trust.Context{"aws:TagKeys": {"team"}, "aws:RequestTag/team": {"x"}}}, "sts:TagSession"},
		{"the check without session tags", user, change{other: checking(trust.ActionTagSession)}, "sts:TagSession"},
		{"a tag key without its tag", user, change{trust.Context{"aws:TagKeys": {"team"}}, checking(trust.ActionTagSession)}, "aws:RequestTag"},
		{"a tag without its key", user, change{trust.Context{"aws:TagKeys": {"team"}, "aws:RequestTag/team": {"x"}, "aws:RequestTag/env": {"x"}}, checking(trust.ActionTagSession)}, "aws:TagKeys"},
		{"a tag key twice", user, change{trust.Context{"aws:TagKeys": {"team", "TEAM"}, "aws:RequestTag/team": {"x"}}, checking(trust.ActionTagSession)}, "aws:TagKeys"},
		{"a transitive tag", user, change{trust.Context{"aws:TagKeys": {"team"}, "aws:RequestTag/team": {"x"}, "sts:TransitiveTagKeys": {"team"}}, checking(trust.ActionTagSession)}, ""},
		{"a transitive tag that is not passed", user, with("sts:TransitiveTagKeys", "team"), "sts:TransitiveTagKeys"},
		{"a tag value of 257 characters", user, with("aws:PrincipalTag/team", strings.Repeat("x", 257)), "too long"},
		{"a tag key of 129 characters", user, with("aws:PrincipalTag/"+strings.Repeat("x", 129), "y"), "too long"},
		{"an empty tag key", user, with("aws:PrincipalTag/", "y"), "aws:principaltag/"},
		{"a tag of the principal", user, with("aws:PrincipalTag/team", ""), ""},
		{"the account of the caller", user, with("aws:PrincipalAccount", "777788889999"), "aws:PrincipalAccount"},
		{"the account in the ARN", user, change{trust.Context{"aws:PrincipalAccount": {"777788889999"}}, func(r *trust.Request) { r.Account = "777788889999" }}, "caller's account"},
		{"an organization with its path", user, change{keys: trust.Context{"aws:PrincipalOrgID": {"o-evil22222"}, "aws:PrincipalOrgPaths": {"o-evil22222/r-ab12/"}}}, ""},
		{"an organization without a path", user, with("aws:PrincipalOrgID", "o-evil22222"), "aws:PrincipalOrgPaths"},
		{"a path without its last slash", user, change{keys: trust.Context{"aws:PrincipalOrgID": {"o-evil22222"}, "aws:PrincipalOrgPaths": {"o-evil22222/r-ab12/ou-ab12-11111111"}}}, "aws:PrincipalOrgPaths"},
		{"a path without a root", user, change{keys: trust.Context{"aws:PrincipalOrgID": {"o-evil22222"}, "aws:PrincipalOrgPaths": {"o-evil22222/"}}}, "aws:PrincipalOrgPaths"},
		{"a path without an organization", user, with("aws:PrincipalOrgPaths", "o-evil22222/r-ab12/"), "aws:PrincipalOrgPaths"},
		{"a path of another organization", user, change{keys: trust.Context{"aws:PrincipalOrgID": {"o-evil2222"}, "aws:PrincipalOrgPaths": {"o-evil22222/r-ab12/"}}}, "aws:PrincipalOrgPaths"},
		{"two paths", user, change{keys: trust.Context{"aws:PrincipalOrgID": {"o-a"}, "aws:PrincipalOrgPaths": {"o-a/r-1/", "o-a/r-2/"}}}, "aws:PrincipalOrgPaths"},
		{"no address", user, with("aws:SourceIp"), "aws:SourceIp"},
		{"an address that is none", user, with("aws:SourceIp", "198.51.100.0/24"), "aws:SourceIp"},
		{"an address and an endpoint", user, with("aws:SourceVpce", "vpce-1"), "aws:SourceVpce"},
		{"an endpoint", user, change{keys: trust.Context{"aws:SourceIp": nil, "aws:SourceVpc": {"vpc-1"}, "aws:SourceVpce": {"vpce-1"}, "aws:VpcSourceIp": {"10.0.0.5"}}}, ""},
		{"half an endpoint", user, change{keys: trust.Context{"aws:SourceIp": nil, "aws:SourceVpc": {"vpc-1"}, "aws:SourceVpce": {"vpce-1"}}}, "aws:VpcSourceIp"},
		{"two clocks", user, with("aws:EpochTime", "1795356001"), "aws:EpochTime"},
		{"no clock", user, with("aws:CurrentTime"), "aws:CurrentTime"},
		{"a clock before now", user, change{keys: trust.Context{"aws:CurrentTime": {"2026-11-22T13:59:59Z"}, "aws:EpochTime": {"1795355999"}}}, "past"},
		{"a clock after now", user, change{keys: trust.Context{"aws:CurrentTime": {"2036-11-22T14:00:00Z"}, "aws:EpochTime": {"2110975200"}}}, ""},
		{"a token from the future", role, with("aws:TokenIssueTime", "2026-11-22T14:00:01Z"), "aws:TokenIssueTime"},
		{"a role session of 12 hours", role, with("aws:TokenIssueTime", "2026-11-22T02:00:00Z"), ""},
		{"a role session of more", role, with("aws:TokenIssueTime", "2026-11-22T01:59:59Z"), "expired"},
		{"a user session of 36 hours", userToken, with("aws:TokenIssueTime", "2026-11-21T02:00:00Z"), ""},
		{"a user session of more", userToken, with("aws:TokenIssueTime", "2026-11-21T01:59:59Z"), "expired"},
		{"plain HTTP", user, with("aws:SecureTransport", "false"), "aws:SecureTransport"},
		{"through a service", user, with("aws:ViaAWSService", "true"), "aws:ViaAWSService"},
		{"by a service", user, with("aws:PrincipalIsAWSService"), "aws:PrincipalIsAWSService"},
		{"an assumed root", user, with("aws:AssumedRoot", "true"), "aws:AssumedRoot"},
		{"no region", user, with("aws:RequestedRegion"), "aws:RequestedRegion"},
		{"another account than the role's", user, with("aws:ResourceAccount", "444455556666"), "aws:ResourceAccount"},
		{"another organization than the role's", user, with("aws:ResourceOrgID", "o-evil22222"), "aws:ResourceOrgID"},
		{"another tag than the role's", user, with("aws:ResourceTag/env", "dev"), "aws:ResourceTag/env"},
		{"a tag that the role lacks", user, with("iam:ResourceTag/team", "blue"), "iam:ResourceTag/"},
		{"a tag of the role left out", user, with("aws:ResourceTag/env"), "aws:ResourceTag/"},
		{"a key that only services have", user, with("aws:SourceArn", "arn:aws:s3:::x"), "aws:sourcearn"},
		{"a key that nobody defines", user, with("sts:External-Id", "acme-7"), "sts:external-id"},
		{"a claim of an OIDC provider", role, with("token.actions.githubusercontent.com:sub", "repo:a/b"), "token.actions"},
		{"a single-valued key with two values", user, with("aws:UserAgent", "a", "b"), "more than one value"},
		{"a key twice", user, with("AWS:principalARN", userCI), "twice"},
		{"a check of another call", user, change{other: checking("sts:AssumeRoleWithSAML")}, "check"},
		{"a check twice", user, change{other: checking(trust.ActionAssumeRole)}, "twice"},
		{"no checks", user, change{other: func(r *trust.Request) { r.Checks = nil }}, "missing"},
		{"another role", user, change{other: func(r *trust.Request) { r.Resource += "2" }}, "resource"},
		{"a role in another account", user, change{other: func(r *trust.Request) { r.Resource = "arn:aws:iam::444455556666:role/Target" }}, "resource"},
		{"a caller without an account", user, change{other: func(r *trust.Request) { r.Account = "" }}, "12 digits"},
		{"a caller without a partition", user, change{other: func(r *trust.Request) { r.Principal = "ci" }}, "partition"},
		{"a token without a time", role, with("aws:TokenIssueTime", "13 o'clock"), "aws:TokenIssueTime"},
		{"an organization that is none", user, change{keys: trust.Context{"aws:PrincipalOrgID": {"home"}, "aws:PrincipalOrgPaths": {"home/r-1/"}}}, "aws:PrincipalOrgID"},
		{"a path outside the role's organization", user, with("aws:ResourceOrgPaths", "o-evil22222/r-1/"), "aws:ResourceOrgPaths"},
		{"another partition", user, change{trust.Context{"aws:PrincipalArn": {"arn:aws-cn:iam::444455556666:user/ci"}},
			func(r *trust.Request) { r.Principal = "arn:aws-cn:iam::444455556666:user/ci" }}, "partition"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request := completeRequest(test.kind)
			test.change.apply(&request)
			err := request.Admissible(admissionSubject, admissionNow)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("not admissible: %v", err)
			case test.want != "" && err == nil:
				t.Error("admissible")
			case test.want != "" && !strings.Contains(err.Error(), test.want):
				t.Errorf("%q does not speak of %q", err, test.want)
			}
		})
	}
}

func TestAdmissibleHoldsTheResourceToWhatIsKnownOfTheRole(t *testing.T) {
	tests := []struct {
		name, resource string
		subject        trust.Subject
		want           string
	}{
		{"nothing known", roleARN, trust.Subject{}, ""},
		{"no resource", "", trust.Subject{}, ""},
		{"no ARN", "Target", trust.Subject{}, "no ARN"},
		{"the account", roleARN, trust.Subject{Account: "999900001111"}, "account"},
		{"the partition", roleARN, trust.Subject{Partition: "aws-cn"}, "partition"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request := completeRequest(trust.UserKey)
			request.Resource = test.resource
			err := request.Admissible(test.subject, admissionNow)
			if (err != nil) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one of %q", err, test.want)
			}
		})
	}
}

func TestTheRolesOwnAccountIsInItsOwnOrganization(t *testing.T) {
	own := completeRequest(trust.UserKey)
	arn := "arn:aws:iam::111122223333:user/ci"
	own.Principal, own.Account = arn, "111122223333"
	maps.Copy(own.Context, trust.Context{"aws:PrincipalArn": {arn}, "aws:PrincipalAccount": {"111122223333"}})
	if err := own.Admissible(admissionSubject, admissionNow); err == nil {
		t.Error("admissible without an organization")
	}
	maps.Copy(own.Context, trust.Context{"aws:PrincipalOrgID": {"o-home11111"}, "aws:PrincipalOrgPaths": {"o-home11111/r-ab12/"}})
	if err := own.Admissible(admissionSubject, admissionNow); err != nil {
		t.Error(err)
	}
}

func TestAdmissibleKeepsExternalIDsToItself(t *testing.T) {
	const secret = "s3cr3t value"
	request := completeRequest(trust.UserKey)
	request.Context["sts:ExternalId"] = []string{secret}
	if err := request.Admissible(admissionSubject, admissionNow); err == nil || strings.Contains(fmt.Sprint(err), secret) {
		t.Errorf("error %v", err)
	}
}
