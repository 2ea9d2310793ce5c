package trust_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"countersign/trust"
	"countersign/trust/jsontree"
)

const (
	roleARN = "arn:aws:iam::111122223333:role/Target"

	userCI   = "arn:aws:iam::444455556666:user/ops/ci"
	roleScan = "arn:aws:iam::444455556666:role/ops/scan"
	session  = "arn:aws:sts::444455556666:assumed-role/scan/nightly"
)

// The callers of the tests below.
func userCaller() trust.Request {
	return trust.Request{
		Principal: userCI, Kind: trust.UserKey, Account: "444455556666",
		Checks: []string{trust.ActionAssumeRole}, Resource: roleARN,
		Context: trust.Context{"aws:PrincipalArn": {userCI}},
	}
}

func sessionCaller() trust.Request {
	return trust.Request{
		Principal: session, Kind: trust.RoleSession, Account: "444455556666",
		Checks: []string{trust.ActionAssumeRole}, Resource: roleARN,
		Context: trust.Context{"aws:PrincipalArn": {roleScan}},
	}
}

func otherCaller(kind trust.CallerKind, principal, action string) trust.Request {
	return trust.Request{
		Principal: principal, Kind: kind, Account: "111122223333",
		Checks: []string{action}, Resource: roleARN, Context: trust.Context{},
	}
}

func TestPrincipalsSelectCallers(t *testing.T) {
	china := userCaller()
	china.Principal = "arn:aws-cn:iam::444455556666:user/ops/ci"
	china.Context = trust.Context{"aws:PrincipalArn": {china.Principal}}
	withoutRole := china
	withoutRole.Resource = ""
	ec2 := otherCaller(trust.ServiceCaller, "ec2.amazonaws.com", trust.ActionAssumeRole)
	const provider = "arn:aws:iam::111122223333:saml-provider/idp"
	saml := otherCaller(trust.SAMLCaller, provider, "sts:AssumeRoleWithSAML")
	const issuer = "arn:aws:iam::111122223333:oidc-provider/token.example.com"
	oidc := otherCaller(trust.OIDCCaller, issuer, "sts:AssumeRoleWithWebIdentity")

	// All rows are from section 1.2 of the semantics.
	tests := []struct {
		name      string
		principal string
		caller    trust.Request
		want      bool
	}{
		{"anyone is a user", `{"AWS":"*"}`, userCaller(), true},
		{"anyone is a role session", `{"AWS":"*"}`, sessionCaller(), true},
		{"a bare star means the same", `"*"`, userCaller(), true},
		{"anyone is no service", `{"AWS":"*"}`, ec2, false},
		{"anyone is no SAML caller", `{"AWS":"*"}`, saml, false},
		{"anyone is no OIDC caller", `{"AWS":"*"}`, oidc, false},
		{"an account is its users", `{"AWS":"444455556666"}`, userCaller(), true},
		{"an account is its role sessions", `{"AWS":"444455556666"}`, sessionCaller(), true},
		{"an account is not another", `{"AWS":"777788889999"}`, userCaller(), false},
		{"an account is no service", `{"AWS":"111122223333"}`, ec2, false},
		{"a root ARN is the account", `{"AWS":"arn:aws:iam::444455556666:root"}`, sessionCaller(), true},
		{"a root ARN of another partition is not", `{"AWS":"arn:aws-cn:iam::444455556666:root"}`, userCaller(), false},
		{"a bare account id is of the role's partition", `{"AWS":"444455556666"}`, china, false},
		{"a bare account id is of the caller's partition when the role is not known", `{"AWS":"444455556666"}`, withoutRole, true},
		{"a user is that user", `{"AWS":"` + userCI + `"}`, userCaller(), true},
		{"a user is matched with its path", `{"AWS":"arn:aws:iam::444455556666:user/ci"}`, userCaller(), false},
		{"a user is matched case by case", `{"AWS":"arn:aws:iam::444455556666:user/ops/CI"}`, userCaller(), false},
		{"a role is its sessions", `{"AWS":"` + roleScan + `"}`, sessionCaller(), true},
		{"a role is matched with its path, which the session's ARN lacks", `{"AWS":"arn:aws:iam::444455556666:role/scan"}`, sessionCaller(), false},
		{"a session is that session", `{"AWS":"` + session + `"}`, sessionCaller(), true},
		{"a session is not another", `{"AWS":"arn:aws:sts::444455556666:assumed-role/scan/daily"}`, sessionCaller(), false},
		{"a federated user may not call", `{"AWS":"arn:aws:sts::444455556666:federated-user/ci"}`, userCaller(), false},
		{"a wildcard inside an ARN is nobody", `{"AWS":"arn:aws:iam::444455556666:user/*"}`, userCaller(), false},
		{"a unique id is a deleted principal", `{"AWS":"AIDAEXAMPLEDELETED01"}`, userCaller(), false},
		{"a canonical user is nobody", `{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}`, userCaller(), false},
		{"entries are ORed", `{"AWS":["777788889999","444455556666"]}`, userCaller(), true},
		{"types are ORed", `{"Service":"ec2.amazonaws.com","AWS":"444455556666"}`, userCaller(), true},
		{"an empty list is nobody", `{"AWS":[]}`, userCaller(), false},
		{"a service is that service", `{"Service":"ec2.amazonaws.com"}`, ec2, true},
		{"a service is not another", `{"Service":"lambda.amazonaws.com"}`, ec2, false},
		{"a service is no user", `{"Service":"ec2.amazonaws.com"}`, userCaller(), false},
		{"a SAML provider is its callers", `{"Federated":"` + provider + `"}`, saml, true},
		{"an OIDC provider is its callers", `{"Federated":"` + issuer + `"}`, oidc, true},
		{"a provider is no other", `{"Federated":"` + provider + `"}`, oidc, false},
		{"a provider is no user", `{"Federated":"` + provider + `"}`, userCaller(), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for element, want := range map[string]bool{"Principal": test.want, "NotPrincipal": !test.want} {
				document := fmt.Sprintf(`{"Statement":{"Effect":"Allow",%q:%s,"Action":"sts:*"}}`, element, test.principal)
				policy := mustParse(t, []byte(document), trust.Parse)
				if got := trust.Evaluate(policy, test.caller).Granted; got != want {
					t.Errorf("%s %s: %t, want %t", element, test.principal, got, want)
				}
			}
		})
	}
}

func TestAStatementWithoutPrincipalSelectsNobody(t *testing.T) {
	policy := mustParse(t, []byte(`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}}`), trust.Parse)
	if trust.Evaluate(policy, userCaller()).Granted {
		t.Error("somebody got in")
	}
}

func TestActions(t *testing.T) {
	// All rows are from section 1.3 of the semantics.
	tests := []struct {
		name, action string
		want         bool
	}{
		{"letter case is ignored", `"STS:aSSUMErOLE"`, true},
		{"a star is any run", `"sts:*Role"`, true},
		{"a star alone is every action", `"*"`, true},
		{"a question mark is one character", `"sts:?ssumeRole"`, true},
		{"a question mark is not none", `"sts:AssumeRole?"`, false},
		{"another action", `"sts:AssumeRoleWithSAML"`, false},
		{"a pattern of other actions", `"sts:AssumeRoleWith*"`, false},
		{"another service", `"iam:AssumeRole"`, false},
		{"a trailing blank matches nothing", `"sts:AssumeRole "`, false},
		{"a comma separates nothing", `"sts:AssumeRole,sts:TagSession"`, false},
		{"one of many", `["sts:TagSession","sts:AssumeRole"]`, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for element, want := range map[string]bool{"Action": test.want, "NotAction": !test.want} {
				document := fmt.Sprintf(`{"Statement":{"Effect":"Allow","Principal":{"AWS":"*"},%q:%s}}`, element, test.action)
				if got := trust.Evaluate(mustParse(t, []byte(document), trust.Parse), userCaller()).Granted; got != want {
					t.Errorf("%s %s: %t, want %t", element, test.action, got, want)
				}
			}
		})
	}
}

func TestTheDecisionNamesEveryStatementThatHasAPart(t *testing.T) {
	policy := mustParse(t, []byte(`{"Statement":[
		{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"},
		{"Effect":"Allow","Principal":{"AWS":"777788889999"},"Action":"sts:AssumeRole"},
		{"Effect":"Deny","Principal":{"AWS":"444455556666"},"Action":"sts:TagSession"},
		{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:*"}]}`), trust.Parse)
	caller := userCaller()
	caller.Checks = []string{trust.ActionAssumeRole, trust.ActionTagSession}
	want := trust.Decision{Checks: []trust.CheckDecision{
		{Action: trust.ActionAssumeRole, Allows: []int{0, 3}},
		{Action: trust.ActionTagSession, Allows: []int{3}, Denies: []int{2}},
	}}
	if got := trust.Evaluate(policy, caller); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	caller.Checks = caller.Checks[:1]
	if !trust.Evaluate(policy, caller).Granted {
		t.Error("without session tags the Deny of sts:TagSession has no part")
	}
	caller.Checks = nil
	if trust.Evaluate(policy, caller).Granted {
		t.Error("a request without checks was granted")
	}
}

func TestResourceControlPoliciesOnlyDeny(t *testing.T) {
	const allow = `{"Statement":{"Effect":"Allow","Principal":{"AWS":"444455556666","Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`
	// Section 5 of the semantics.
	tests := []struct {
		name, statement string
		want            bool
	}{
		{"an Allow restricts nothing", `"Effect":"Allow","Action":"s3:*","Resource":"*"`, false},
		{"a Deny of the action denies", `"Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"`, true},
		{"a Deny of another action does not", `"Effect":"Deny","Action":"sts:TagSession","Resource":"*"`, false},
		{"the role itself is a resource", `"Effect":"Deny","Action":"*","Resource":"` + roleARN + `"`, true},
		{"a pattern of roles", `"Effect":"Deny","Action":"*","Resource":"arn:aws:iam::*:role/Tar*"`, true},
		{"another role", `"Effect":"Deny","Action":"*","Resource":["arn:aws:iam::111122223333:role/Else"]`, false},
		{"all roles but this one", `"Effect":"Deny","Action":"*","NotResource":"` + roleARN + `"`, false},
		{"all roles but another one", `"Effect":"Deny","Action":"*","NotResource":"arn:aws:iam::111122223333:role/Else"`, true},
		{"a condition that fails", `"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Null":{"aws:PrincipalArn":"true"}}`, false},
	}
	policy := mustParse(t, []byte(allow), trust.Parse)
	service := otherCaller(trust.ServiceCaller, "ec2.amazonaws.com", trust.ActionAssumeRole)
	service.Context = trust.Context{"aws:PrincipalArn": {"ec2"}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rcp := mustParse(t, []byte(`{"Version":"2012-10-17","Statement":{"Principal":"*",`+test.statement+`}}`), trust.ParseRCP)
			for _, caller := range []trust.Request{userCaller(), service} {
				if got := trust.Denies(rcp, caller); got != test.want {
					t.Errorf("%s: denied %t, want %t", caller.Principal, got, test.want)
				}
				if got := trust.Granted(policy, []*trust.Policy{rcp}, caller); got == test.want {
					t.Errorf("%s: granted %t", caller.Principal, got)
				}
			}
		})
	}
}

// FuzzEvaluate looks for policies and requests that make the evaluator fall
// over or contradict itself.
func FuzzEvaluate(f *testing.F) {
	for _, vector := range readWitnessVectors(f) {
		f.Add(string(vector.Policy), "sts:ExternalId", "acme-7", "acme-8")
	}
	f.Add(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"*"},"NotAction":"*",
		"Condition":{"ForAnyValue:StringNotLike":{"aws:TagKeys":"*?*?${aws:TagKeys,'x'}"}}}}`, "aws:tagkeys", "", "\xff")
	f.Fuzz(func(t *testing.T, text, key, value, second string) {
		tree, err := jsontree.Parse(&trust.File{Text: []byte(text)})
		if err != nil {
			return
		}
		policy, err := trust.Parse(tree)
		if err != nil {
			return
		}
		for _, caller := range []trust.Request{userCaller(), sessionCaller(), otherCaller(trust.ServiceCaller, "ec2.amazonaws.com", "sts:AssumeRole")} {
			caller.Checks = []string{trust.ActionAssumeRole, trust.ActionTagSession}
			caller.Context[key] = []string{value, second}[:1+len(second)%2]
			checkDecision(t, policy, caller)
		}
	})
}

// checkDecision holds a decision to what every decision promises.
func checkDecision(t *testing.T, policy *trust.Policy, caller trust.Request) {
	t.Helper()
	decision := trust.Evaluate(policy, caller)
	if again := trust.Evaluate(policy, caller); !reflect.DeepEqual(decision, again) {
		t.Fatalf("two answers to one request: %+v and %+v", decision, again)
	}
	if len(decision.Checks) != len(caller.Checks) {
		t.Fatalf("%d answers to %d checks", len(decision.Checks), len(caller.Checks))
	}
	granted := true
	for _, check := range decision.Checks {
		granted = granted && check.Allowed()
		if len(check.Allows)+len(check.Denies) > len(policy.Statements) {
			t.Fatalf("more statements match than there are: %+v", check)
		}
	}
	if decision.Granted != granted {
		t.Fatalf("granted %t with %+v", decision.Granted, decision.Checks)
	}
	// "*" means services too in a resource control policy, not in a trust policy.
	if decision.Granted && caller.Kind != trust.ServiceCaller && trust.Denies(policy, caller) {
		t.Fatalf("granted although a Deny of the same document matches")
	}
	trust.Countersigned(caller, policy)
	_ = caller.Admissible(trust.Subject{}, time.Time{})
}
