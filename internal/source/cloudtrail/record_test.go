package cloudtrail

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"countersign/internal/evidence"

	"github.com/google/go-cmp/cmp"
)

const (
	roleARN = "arn:aws:iam::111122223333:role/ops/vendor"
	// secret is the external ID in the records of these tests.
	secret = "planted-7f3e6a52"
)

// event makes a record of a call. The members are those of the examples in the
// IAM User Guide, "Logging IAM and AWS STS API calls with AWS CloudTrail"; the
// values are invented.
func event(identity, parameters, more string) string {
	return fmt.Sprintf(`{"eventVersion":"1.08","userIdentity":%s,"eventTime":"2026-11-20T04:05:06Z",`+
		`"eventSource":"sts.amazonaws.com","eventName":"AssumeRole","awsRegion":"us-east-2","sourceIPAddress":"192.0.2.101",`+
		`"userAgent":"aws-cli/2","requestParameters":{"roleArn":"%s","roleSessionName":"work"%s},`+
		`"responseElements":{"credentials":{"accessKeyId":"ASIASECRET","sessionToken":"token"}},`+
		`"eventID":"e-1","eventType":"AwsApiCall","recipientAccountId":"111122223333"%s}`, identity, roleARN, parameters, more)
}

// collect reads a text as a log file and returns what was collected of the role.
func collect(t testing.TB, text string, asked ...string) *evidence.Evidence {
	t.Helper()
	to := newCollectors(asked...)
	r := newReader(to)
	if err := r.read(context.Background(), strings.NewReader(text)); err != nil || r.broken > 0 {
		t.Fatalf("reading: %v, %d broken: %v", err, r.broken, r.why)
	}
	return to.Of(roleARN).Evidence()
}

func newCollectors(asked ...string) *evidence.Collectors {
	role, _ := evidence.ParseRole(roleARN)
	to := evidence.NewCollectors(time.Date(2026, 8, 25, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
	to.Want(role, asked)
	return to
}

// The userIdentity of every type in the CloudTrail User Guide, "CloudTrail
// userIdentity element", and what it tells of the caller.
func TestCallersOfEveryTypeAreTold(t *testing.T) {
	tests := []struct {
		name, identity string
		want           evidence.Caller
		credentials    evidence.Credentials
		mfa            evidence.Answer
	}{
		{
			name:     "a user of another account",
			identity: `{"type":"AWSAccount","principalId":"AIDAQRSTUVWXYZEXAMPLE","accountId":"777788889999"}`,
			want:     evidence.Caller{Identity: evidence.AWSAccount, Account: "777788889999", Principal: "AIDAQRSTUVWXYZEXAMPLE"},
		},
		{
			name:     "a role of another account",
			identity: `{"type":"AWSAccount","principalId":"AROAIDPPEZS35WEXAMPLE:nightly","accountId":"777788889999"}`,
			want:     evidence.Caller{Identity: evidence.AWSAccount, Account: "777788889999", Principal: "AROAIDPPEZS35WEXAMPLE"},
		},
		{
			name:        "a user of the own account with an access key",
			identity:    `{"type":"IAMUser","principalId":"AIDAJ45Q7YFFAREXAMPLE","arn":"arn:aws:iam::111122223333:user/staff/alice","accountId":"111122223333","accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"alice"}`,
			want:        evidence.Caller{Identity: evidence.IAMUser, Account: "111122223333", Principal: "AIDAJ45Q7YFFAREXAMPLE", ARN: "arn:aws:iam::111122223333:user/staff/alice"},
			credentials: evidence.LongTerm,
		},
		{
			name:        "a user of the own account in a session made with MFA",
			identity:    `{"type":"IAMUser","principalId":"AIDAJ45Q7YFFAREXAMPLE","arn":"arn:aws:iam::111122223333:user/alice","accountId":"111122223333","accessKeyId":"ASIAIOSFODNN7EXAMPLE","userName":"alice","sessionContext":{"attributes":{"mfaAuthenticated":"true","creationDate":"2026-11-20T01:00:00Z"}}}`,
			want:        evidence.Caller{Identity: evidence.IAMUser, Account: "111122223333", Principal: "AIDAJ45Q7YFFAREXAMPLE", ARN: "arn:aws:iam::111122223333:user/alice", WithSessionMFA: 1},
			credentials: evidence.Temporary, mfa: evidence.Yes,
		},
		{
			name:        "a role of the own account, whose ARN with its path is that of the issuer",
			identity:    `{"type":"AssumedRole","principalId":"AROAIDPPEZS35WEXAMPLE:s1","arn":"arn:aws:sts::111122223333:assumed-role/deployer/s1","accountId":"111122223333","accessKeyId":"ASIAIOSFODNN7EXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAIDPPEZS35WEXAMPLE","arn":"arn:aws:iam::111122223333:role/ci/deployer","accountId":"111122223333","userName":"deployer"},"attributes":{"mfaAuthenticated":"false","creationDate":"2026-11-20T01:00:00Z"}}}`,
			want:        evidence.Caller{Identity: evidence.AssumedRole, Account: "111122223333", Principal: "AROAIDPPEZS35WEXAMPLE", ARN: "arn:aws:iam::111122223333:role/ci/deployer"},
			credentials: evidence.Temporary, mfa: evidence.No,
		},
		{
			name:     "the root user, who cannot succeed",
			identity: `{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333","accessKeyId":""}`,
			want:     evidence.Caller{Identity: evidence.Root, Account: "111122223333", Principal: "111122223333", ARN: "arn:aws:iam::111122223333:root"},
		},
		{
			name:     "a session of GetFederationToken",
			identity: `{"type":"FederatedUser","principalId":"111122223333:bob","arn":"arn:aws:sts::111122223333:federated-user/bob","accountId":"111122223333","accessKeyId":"ASIAIOSFODNN7EXAMPLE"}`,
			want:     evidence.Caller{Identity: evidence.FederatedUser, Account: "111122223333", Principal: "111122223333", ARN: "arn:aws:sts::111122223333:federated-user/bob"}, credentials: evidence.Temporary,
		},
		{
			name:     "a service of AWS",
			identity: `{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}`,
			want:     evidence.Caller{Identity: evidence.AWSService, Service: "ec2.amazonaws.com"},
		},
		{
			name:     "somebody of IAM Identity Center",
			identity: `{"type":"IdentityCenterUser","accountId":"111122223333","onBehalfOf":{"userId":"544894e8-80c1-707f-60e3-3ba6510dfac1","identityStoreArn":"arn:aws:identitystore::111122223333:identitystore/d-9067642ac7"},"credentialId":"EXAMPLEVHULjJdTUdPJfofVa1sufHDoj7aYcOYcxFVllWR_Whr1fEXAMPLE"}`,
			want:     evidence.Caller{Identity: evidence.IdentityCenterUser, Account: "111122223333"},
		},
		{
			name:     "nobody knows who",
			identity: `{"type":"Unknown","principalId":"x"}`,
			want:     evidence.Caller{Identity: evidence.Unknown, Principal: "x"},
		},
		{
			name:     "no type at all",
			identity: `{}`,
			want:     evidence.Caller{Identity: evidence.Unknown},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			found := collect(t, `{"Records":[`+event(test.identity, "", "")+`]}`)
			if len(found.Callers) != 1 {
				t.Fatalf("%d callers", len(found.Callers))
			}
			got := *found.Callers[0]
			manner := got.Manners[0]
			if manner.Credentials != test.credentials || manner.SessionMFA != test.mfa {
				t.Errorf("credentials %d, MFA of the session %d", manner.Credentials, manner.SessionMFA)
			}
			at := time.Date(2026, 11, 20, 4, 5, 6, 0, time.UTC)
			test.want.Calls, test.want.First, test.want.Last = 1, at, at
			got.Manners = nil
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The records are those of AssumeRoleWithSAML and AssumeRoleWithWebIdentity in the
// IAM User Guide, with other values.
func TestFederatedCallersAreToldByTheirProvider(t *testing.T) {
	saml := `{"userIdentity":{"type":"SAMLUser","principalId":"SampleUkh1i4+ExamplexL/jEvs=:SamlExample","userName":"SamlExample","identityProvider":"bdGOnTesti4+ExamplexL/jEvs="},
		"eventTime":"2026-11-19T19:14:36Z","eventSource":"sts.amazonaws.com","eventName":"AssumeRoleWithSAML","awsRegion":"us-east-2","sourceIPAddress":"192.0.2.101","userAgent":"x",
		"requestParameters":{"sAMLAssertionID":"_c0046cEXAMPLE","roleSessionName":"Mine","sourceIdentity":"MySAMLUser","principalTags":{"CostCenter":"987654"},"transitiveTagKeys":["CostCenter"],"durationSeconds":3600,
			"roleArn":"` + roleARN + `","principalArn":"arn:aws:iam::111122223333:saml-provider/Shibboleth"},
		"responseElements":{"subjectType":"transient","issuer":"https://server.example.com/idp/shibboleth","nameQualifier":"bdGOnTesti4","subject":"SamlExample","audience":"https://signin.aws.amazon.com/saml","credentials":{"sessionToken":"t"}},
		"eventID":"e-2","eventType":"AwsApiCall","recipientAccountId":"111122223333"}`
	web := `{"userIdentity":{"type":"WebIdentityUser","principalId":"accounts.google.com:app:user","userName":"user","identityProvider":"accounts.google.com"},
		"eventTime":"2026-11-19T01:39:51Z","eventSource":"sts.amazonaws.com","eventName":"AssumeRoleWithWebIdentity","awsRegion":"us-east-2","sourceIPAddress":"192.0.2.101","userAgent":"x",
		"requestParameters":{"durationSeconds":3600,"roleArn":"` + roleARN + `","roleSessionName":"Mine"},
		"responseElements":{"provider":"accounts.google.com","subjectFromWebIdentityToken":"user","audience":"app"},
		"eventID":"e-3","eventType":"AwsApiCall","recipientAccountId":"111122223333"}`
	found := collect(t, `{"Records":[`+saml+","+web+`]}`, "saml:aud", "saml:sub_type", "accounts.google.com:aud", "accounts.google.com:sub", "aws:tagkeys")
	if len(found.Callers) != 2 {
		t.Fatalf("%d callers", len(found.Callers))
	}
	google, shibboleth := found.Callers[0], found.Callers[1]
	if google.Provider != "accounts.google.com" || shibboleth.Provider != "arn:aws:iam::111122223333:saml-provider/Shibboleth" {
		t.Errorf("providers %q and %q", google.Provider, shibboleth.Provider)
	}
	keys := shibboleth.Manners[0].Keys
	if keys["saml:aud"][0] != "https://signin.aws.amazon.com/saml" || keys["saml:sub_type"][0] != "transient" ||
		keys["aws:tagkeys"][0] != "CostCenter" || keys["aws:requesttag/costcenter"][0] != "987654" ||
		!shibboleth.Manners[0].PassesTags || !shibboleth.Manners[0].PassesIdentity {
		t.Errorf("SAML: %+v", shibboleth.Manners[0])
	}
	if keys := google.Manners[0].Keys; keys["accounts.google.com:aud"][0] != "app" || keys["accounts.google.com:sub"][0] != "user" {
		t.Errorf("OIDC: %+v", google.Manners[0])
	}
}

const vendor = `{"type":"AWSAccount","principalId":"AROAIDPPEZS35WEXAMPLE:nightly","accountId":"777788889999"}`

func TestWhatWasPassedIsTold(t *testing.T) {
	parameters := `,"externalId":"` + secret + `","serialNumber":"arn:aws:iam::777788889999:mfa/x","sourceIdentity":"dana",` +
		`"tags":[{"key":"Team","value":"Blue"}],"incomingTransitiveTags":{"Cost":"1"},"transitiveTagKeys":["Team"]`
	found := collect(t, event(vendor, parameters, `,"vpcEndpointId":"vpce-1"`),
		"aws:requesttag/team", "sts:sourceidentity", "aws:sourcevpce", "aws:sourceip", "sts:rolesessionname", "aws:userid")
	caller := found.Callers[0]
	want := &evidence.Manner{
		Action: evidence.AssumeRole, ExternalID: secret, HasExternalID: true, MFACode: true, PassesIdentity: true, PassesTags: true, Session: "nightly",
		Keys: map[string][]string{
			"aws:tagkeys": {"Cost", "Team"}, "aws:requesttag/team": {"Blue"}, "aws:requesttag/cost": {"1"},
			"sts:transitivetagkeys": {"Team"}, "sts:sourceidentity": {"dana"}, "aws:sourcevpce": {"vpce-1"}, "aws:sourceip": nil,
			"sts:rolesessionname": {"work"},
		},
		First: caller.First, Last: caller.Last, Calls: 1,
	}
	if diff := cmp.Diff(want, caller.Manners[0]); diff != "" {
		t.Error(diff)
	}
	if caller.WithExternalID != 1 || caller.WithMFACode != 1 {
		t.Errorf("counts %+v", caller)
	}
}

func TestASourceIdentityThatTheSessionCarriesIsSeenInTheResponse(t *testing.T) {
	text := strings.Replace(event(vendor, "", ""), `"responseElements":{`, `"responseElements":{"sourceIdentity":"dana",`, 1)
	manner := collect(t, text, "aws:sourceidentity").Callers[0].Manners[0]
	if !manner.CarriesIdentity || manner.PassesIdentity || manner.Keys["aws:sourceidentity"][0] != "dana" {
		t.Errorf("%+v", manner)
	}
}

func TestFailedCallsAreCountedApart(t *testing.T) {
	found := collect(t, event(vendor, `,"externalId":"guess"`, `,"errorCode":"AccessDenied","errorMessage":"no"`))
	caller := found.Callers[0]
	if found.Calls != 0 || found.Failed != 1 || caller.Errors[0] != "AccessDenied" || len(caller.Manners) != 0 || caller.LastFailure.IsZero() {
		t.Errorf("%+v", caller)
	}
}

func TestWhatIsNoCallForTheRoleIsNotCounted(t *testing.T) {
	session := `{"type":"AssumedRole","principalId":"AROAROLE00EXAMPLE0000:work","arn":"arn:aws:sts::111122223333:assumed-role/vendor/work","accountId":"111122223333","sessionContext":{"sessionIssuer":{"type":"Role","arn":"` + roleARN + `"}}}`
	other := strings.Replace
	for name, record := range map[string]string{
		"an event that the assumed session made": other(event(session, "", ""), `"eventName":"AssumeRole"`, `"eventName":"GetCallerIdentity"`, 1),
		"a call of the session for another role": other(event(session, "", ""), `"roleArn":"`+roleARN, `"roleArn":"arn:aws:iam::111122223333:role/other`, 1),
		"a role of that name in another account": other(event(vendor, "", ""), "::111122223333:role/ops/vendor", "::444455556666:role/ops/vendor", 1),
		"an event of another service":            other(event(vendor, "", ""), "sts.amazonaws.com", "example.amazonaws.com", 1),
		"an Insights event":                      other(event(vendor, "", ""), `"eventName":"AssumeRole"`, `"insightDetails":{"eventName":"AssumeRole"}`, 1),
		"a call before the time asked for":       other(event(vendor, "", ""), "2026-11-20T", "2026-08-20T", 1),
		"a call after the time asked for":        other(event(vendor, "", ""), "2026-11-20T", "2026-11-24T", 1),
		"a record of the caller's account":       other(event(vendor, "", ""), `"recipientAccountId":"111122223333"`, `"recipientAccountId":"777788889999"`, 1),
	} {
		if found := collect(t, `{"Records":[`+record+`]}`); len(found.Callers) != 0 {
			t.Errorf("%s is counted: %+v", name, found.Callers[0])
		}
	}
}

func TestTheSameEventCountsOnce(t *testing.T) {
	one := event(vendor, "", `,"sharedEventID":"shared"`)
	twin := strings.Replace(one, `"eventID":"e-1"`, `"eventID":"e-2"`, 1)
	caller := event(`{"type":"AssumedRole","principalId":"AROAIDPPEZS35WEXAMPLE:nightly","arn":"arn:aws:sts::777788889999:assumed-role/sync/nightly","accountId":"777788889999","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::777788889999:role/jobs/sync"}}}`, "", `,"sharedEventID":"shared"`)
	caller = strings.Replace(caller, `"recipientAccountId":"111122223333"`, `"recipientAccountId":"777788889999"`, 1)
	for _, order := range [][]string{{one, twin, caller}, {caller, one, twin}, {twin, caller, one}} {
		found := collect(t, `{"Records":[`+strings.Join(order, ",")+`]}`)
		if found.Calls != 1 || len(found.Callers) != 1 || found.Callers[0].ARN != "arn:aws:iam::777788889999:role/jobs/sync" {
			t.Errorf("%d calls of %+v", found.Calls, found.Callers)
		}
	}
}

func TestARolesNameIsFoundHoweverItIsEscaped(t *testing.T) {
	text := strings.NewReplacer("AssumeRole", `\u0041ssumeRole`, "ops/vendor", `ops\/v\u0065ndor`).Replace(event(vendor, "", ""))
	if found := collect(t, `{"Records":[`+text+`]}`); found.Calls != 1 {
		t.Errorf("%d calls", found.Calls)
	}
}

func TestARecordWithAMemberTwiceIsReported(t *testing.T) {
	to := newCollectors()
	r := newReader(to)
	text := `{"Records":[` + event(vendor, "", `,"eventName":"AssumeRole"`) + `]}`
	if err := r.read(context.Background(), strings.NewReader(text)); err != nil || r.broken != 1 || !strings.Contains(r.why.Error(), "eventName is there twice") {
		t.Errorf("%v, %d broken: %v", err, r.broken, r.why)
	}
}
