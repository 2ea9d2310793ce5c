package privilege

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"countersign/internal/role"
	"countersign/trust"
)

const own = "arn:aws:iam::111122223333:role/team/worker"

// worker is a role with inline policies of these statements.
func worker(statements ...string) *role.Role {
	subject := &role.Role{ARN: own, Account: "111122223333", Partition: "aws", Access: &role.Access{}}
	for i, text := range statements {
		subject.Access.Inline = append(subject.Access.Inline, role.InlinePolicy{
			Name: fmt.Sprintf("p%d", i+1), Document: role.Document{JSON: []byte(`{"Version":"2012-10-17","Statement":[` + text + `]}`)},
		})
	}
	return subject
}

// allow, deny and so on make statements. Lists are parted by spaces.
func allow(actions, resources string) string {
	return statementOf("Allow", "Action", actions, resources, "")
}
func deny(actions, resources string) string {
	return statementOf("Deny", "Action", actions, resources, "")
}

func statementOf(effect, element, actions, resources, condition string) string {
	list := func(text string) string { return `["` + strings.Join(strings.Fields(text), `","`) + `"]` }
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return fmt.Sprintf(`{"Effect":%q,%q:%s,"Resource":%s%s}`, effect, element, list(actions), list(resources), condition)
}

const mfa = `{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`

// passedToLambda is the condition that IAM documents for PassRole.
const passedToLambda = `{"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}}`

func TestLevelsWorkedOutByHand(t *testing.T) {
	for _, test := range []struct {
		name       string
		statements []string
		want       Level
		way        string
		because    string // a part of it
		unknown    string // a part of one of them
	}{
		{"no policy", nil, None, "", "", ""},
		{"everything", []string{allow("*", "*")}, Administrator, "", `inline policy "p1", statement 1`, ""},
		{"everything, spelt with a service", []string{allow("*:*", "*")}, Administrator, "", "", ""},
		{"everything under a condition", []string{statementOf("Allow", "Action", "*", "*", mfa)}, Administrator, "", "under a condition that is not weighed", ""},
		{"every action on one bucket", []string{allow("*", "arn:aws:s3:::b/*")}, WritesData, "", "* on arn:aws:s3:::b/*", ""},
		{"all but IAM", []string{statementOf("Allow", "NotAction", "iam:* organizations:*", "*", "")}, CanBecomeAdministrator, "assume-role", "", ""},
		{"all but IAM, and IAM", []string{statementOf("Allow", "NotAction", "iam:*", "*", "") + "," + allow("iam:*", "*")}, Administrator, "", "", ""},
		{"everything, with a Deny of one thing", []string{allow("*", "*"), deny("s3:DeleteBucket", "*")}, Administrator, "", "", ""},
		{"everything, with a Deny of IAM and STS", []string{allow("*", "*"), deny("iam:* sts:*", "*")}, CanBecomeAdministrator, "update-function-code", "", ""},
		{"everything, with a Deny of IAM under a condition", []string{allow("*", "*"), statementOf("Deny", "Action", "iam:*", "*", mfa)}, Administrator, "", "", ""},
		{"everything, with a Deny of everything", []string{allow("*", "*"), deny("*", "*")}, None, "", "", ""},
		{"everything, with a Deny of all but reading", []string{allow("*", "*"), statementOf("Deny", "NotAction", "s3:Get* s3:List*", "*", "")}, ReadsData, "", "", ""},
		{"everything, with a Deny of all but reading of one bucket only", []string{allow("*", "*"), statementOf("Deny", "NotAction", "s3:Get*", "arn:aws:s3:::b/*", "")}, Administrator, "", "", ""},

		{"IAM", []string{allow("iam:*", "*")}, CanBecomeAdministrator, "put-role-policy-on-itself", "iam:PutRolePolicy", ""},
		{"a policy on itself", []string{allow("iam:PutRolePolicy", own)}, CanBecomeAdministrator, "put-role-policy-on-itself", "", ""},
		{"a policy on itself, in other letter case", []string{allow("IAM:putrolepolicy", own)}, CanBecomeAdministrator, "put-role-policy-on-itself", "", ""},
		{"a policy on one other role", []string{allow("iam:PutRolePolicy", "arn:aws:iam::111122223333:role/other")}, WritesData, "", "", ""},
		{"a policy on itself, denied", []string{allow("iam:PutRolePolicy", "*"), deny("iam:Put*", "arn:aws:iam::*:role/*")}, WritesData, "", "", ""},
		{"a policy on itself, denied for another role only", []string{allow("iam:PutRolePolicy", "*"), deny("iam:Put*", "arn:aws:iam::111122223333:role/other")}, CanBecomeAdministrator, "put-role-policy-on-itself", "", ""},
		{"a policy on itself, denied for all but others", []string{allow("iam:PutRolePolicy", own), `{"Effect":"Deny","Action":"iam:PutRolePolicy","NotResource":"arn:aws:iam::111122223333:role/other"}`}, None, "", "", ""},
		{"an attachment to any other role, and assuming it", []string{allow("iam:AttachRolePolicy", "arn:aws:iam::111122223333:role/apps/*"), allow("sts:AssumeRole", "arn:aws:iam::111122223333:role/apps/*")}, CanBecomeAdministrator, "attach-role-policy-and-assume", "", ""},
		{"keys of any user", []string{allow("iam:CreateAccessKey", "arn:aws:iam::111122223333:user/*")}, CanBecomeAdministrator, "create-access-key", "", ""},
		{"keys of one user", []string{allow("iam:CreateAccessKey", "arn:aws:iam::111122223333:user/bot")}, WritesData, "", "", "user/bot"},
		{"keys of users of another account", []string{allow("iam:CreateAccessKey", "arn:aws:iam::444455556666:user/*")}, WritesData, "", "", ""},
		{"its own keys, as a user would have", []string{allow("iam:CreateAccessKey iam:ListAccessKeys", "arn:aws:iam::*:user/${aws:username}")}, None, "", "", ""},
		{"versions of any policy", []string{allow("iam:CreatePolicyVersion", "*")}, CanBecomeAdministrator, "create-policy-version", "", ""},
		{"versions of policies of AWS", []string{allow("iam:CreatePolicyVersion", "arn:aws:iam::aws:policy/*")}, WritesData, "", "", ""},
		{"assuming any role", []string{allow("sts:AssumeRole", "*")}, CanBecomeAdministrator, "assume-role", "", ""},
		{"assuming one role", []string{allow("sts:AssumeRole", "arn:aws:iam::111122223333:role/deploy")}, None, "", "", "role/deploy"},
		{"assuming itself", []string{allow("sts:AssumeRole", own)}, None, "", "", ""},
		{"assuming one role of any account", []string{allow("sts:AssumeRole", "arn:aws:iam::*:role/reader")}, None, "", "", "role/reader"},

		{"any role for Lambda", []string{allow("iam:PassRole lambda:CreateFunction lambda:InvokeFunction", "*")}, CanBecomeAdministrator, "pass-role-to-lambda-and-invoke", "", ""},
		{"any role, without what runs it", []string{allow("iam:PassRole lambda:CreateFunction", "*")}, WritesData, "", "", ""},
		{"one role for Lambda", []string{allow("lambda:*", "arn:aws:lambda:*:*:function:app"), allow("iam:PassRole", "arn:aws:iam::111122223333:role/app")}, WritesData, "", "", "role/app"},
		{"any role for Lambda, of those that Lambda may have", []string{allow("lambda:CreateFunction lambda:InvokeFunction", "*"), statementOf("Allow", "Action", "iam:PassRole", "*", passedToLambda)}, CanBecomeAdministrator, "pass-role-to-lambda-and-invoke", "under a condition", ""},
		{"any role for Lambda, used for EC2", []string{allow("ec2:RunInstances", "*"), statementOf("Allow", "Action", "iam:PassRole", "*", passedToLambda)}, WritesData, "", "", ""},
		{"any role for EC2", []string{allow("ec2:RunInstances iam:PassRole", "*")}, CanBecomeAdministrator, "pass-role-to-ec2", "", ""},
		{"any role for a stack", []string{allow("cloudformation:Create* iam:Pass*", "*")}, CanBecomeAdministrator, "pass-role-to-cloudformation", "", ""},
		{"any role for a task", []string{allow("ecs:RegisterTaskDefinition ecs:RunTask iam:PassRole", "*")}, CanBecomeAdministrator, "pass-role-to-task", "", ""},
		{"code of any function", []string{allow("lambda:UpdateFunctionCode", "arn:aws:lambda:*:111122223333:function:*")}, CanBecomeAdministrator, "update-function-code", "", ""},
		{"code of one function, in any version", []string{allow("lambda:UpdateFunctionCode", "arn:aws:lambda:eu-west-1:111122223333:function:app:*")}, WritesData, "", "", "function:app"},
		{"commands on any instance", []string{allow("ssm:SendCommand", "*")}, CanBecomeAdministrator, "ssm-send-command", "", ""},
		{"one harmless command on any instance", []string{allow("ssm:SendCommand", "arn:aws:ssm:*:*:document/AWS-UpdateSSMAgent arn:aws:ec2:*:*:instance/*")}, WritesData, "", "", ""},
		{"a shell on any instance with a tag", []string{statementOf("Allow", "Action", "ssm:StartSession", "*", `{"StringEquals":{"ssm:resourceTag/team":"blue"}}`)}, CanBecomeAdministrator, "ssm-start-session", "under a condition", ""},
		{"a way without a condition goes before one with", []string{statementOf("Allow", "Action", "iam:PutRolePolicy", "*", mfa), allow("ssm:StartSession", "*")}, CanBecomeAdministrator, "ssm-start-session", "", ""},

		{"writing", []string{allow("s3:GetObject s3:PutObject", "*")}, WritesData, "", "s3:PutObject on *", ""},
		{"a whole service", []string{allow("dynamodb:*", "*")}, WritesData, "", "", ""},
		{"reading", []string{allow("s3:Get* s3:List*", "*")}, ReadsData, "", "s3:Get* on *", ""},
		{"reading, by a pattern that may be more", []string{allow("s3:G*", "*")}, WritesData, "", "", ""},
		{"reading everywhere", []string{allow("*:Describe*", "*")}, ReadsData, "", "", ""},
		{"writing, denied", []string{allow("s3:GetObject s3:PutObject", "*"), deny("s3:Put*", "*")}, ReadsData, "", "", ""},
		{"writing, denied elsewhere", []string{allow("s3:PutObject", "*"), deny("s3:Put*", "arn:aws:s3:::b/*")}, WritesData, "", "", ""},
		{"writing, denied for all but some", []string{allow("s3:PutObject", "arn:aws:s3:::b/*"), `{"Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3:::c/*"}`}, None, "", "", ""},
		{"logins only", []string{allow("sts:GetCallerIdentity sts:TagSession", "*")}, None, "", "", ""},

		{"no JSON", []string{`{`}, Unknown, "", "", `inline policy "p1": it is not valid JSON`},
		{"no Effect", []string{`{"Action":"*","Resource":"*"}`}, Unknown, "", "", `statement 1: Effect`},
		{"an Effect in small letters", []string{`{"Effect":"allow","Action":"*","Resource":"*"}`}, Unknown, "", "", "neither Allow nor Deny"},
		{"Action twice", []string{`{"Effect":"Allow","Action":"*","Action":"s3:GetObject","Resource":"*"}`}, Unknown, "", "", "twice"},
		{"Action and NotAction", []string{`{"Effect":"Allow","Action":"*","NotAction":"s3:GetObject","Resource":"*"}`}, Unknown, "", "", "both"},
		{"a policy of a resource", []string{`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`}, Unknown, "", "", "Principal"},
		{"a broken policy beside a reading one", []string{`{`, allow("s3:GetObject", "*")}, Unknown, "", "at least reads-data: s3:GetObject", "p1"},
		{"a broken policy beside everything", []string{`{`, allow("*", "*")}, Administrator, "", "", "p1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Of(worker(test.statements...), Read)
			if got.Level != test.want || got.Way != test.way || !strings.Contains(got.Because, test.because) {
				t.Errorf("%s, way %q, because %q; want %s, %q, %q", got.Level, got.Way, got.Because, test.want, test.way, test.because)
			}
			has := func(text string) bool { return strings.Contains(text, test.unknown) }
			if (test.unknown != "") != (len(got.Unknown) > 0) || test.unknown != "" && !slices.ContainsFunc(got.Unknown, has) {
				t.Errorf("unknown %q, want one with %q", got.Unknown, test.unknown)
			}
		})
	}
}

func TestABoundaryLimits(t *testing.T) {
	document := func(statement string) *role.Document {
		return &role.Document{JSON: []byte(`{"Statement":[` + statement + `]}`)}
	}
	for _, test := range []struct {
		name      string
		statement string
		boundary  *role.ManagedPolicy
		want      Level
		unknown   string
	}{
		{"everything to reading", allow("*", "*"), &role.ManagedPolicy{Document: document(allow("s3:Get*", "*"))}, ReadsData, ""},
		{"everything to everything", allow("*", "*"), &role.ManagedPolicy{Document: document(allow("*", "*"))}, Administrator, ""},
		{"everything to all but IAM and STS", allow("*", "*"), &role.ManagedPolicy{Document: document(statementOf("Allow", "NotAction", "iam:* sts:*", "*", ""))}, CanBecomeAdministrator, ""},
		{"IAM to what it is not", allow("iam:*", "*"), &role.ManagedPolicy{Document: document(allow("s3:*", "*"))}, None, ""},
		{"writing to other resources", allow("s3:PutObject", "arn:aws:s3:::b/*"), &role.ManagedPolicy{Document: document(allow("s3:*", "arn:aws:s3:::c/*"))}, None, ""},
		{"the passing of any role to one", allow("iam:PassRole ec2:RunInstances", "*"), &role.ManagedPolicy{Document: document(allow("ec2:*", "*") + "," + allow("iam:PassRole", "arn:aws:iam::111122223333:role/app"))}, WritesData, "role/app"},
		{"by its Deny", allow("*", "*"), &role.ManagedPolicy{Document: document(allow("*", "*") + "," + deny("*", "*"))}, None, ""},
		{"a boundary of AWS", allow("*", "*"), &role.ManagedPolicy{ARN: "arn:aws:iam::aws:policy/ReadOnlyAccess", Name: "ReadOnlyAccess"}, ReadsData, ""},
		{"a boundary that is not known limits nothing, and is said", allow("*", "*"), &role.ManagedPolicy{ARN: "arn:aws:iam::111122223333:policy/limit", Name: "limit"}, Administrator, "the permissions boundary, policy limit"},
	} {
		t.Run(test.name, func(t *testing.T) {
			subject := worker(test.statement)
			subject.Access.Boundary = test.boundary
			got := Of(subject, Read)
			if got.Level != test.want || !strings.Contains(strings.Join(got.Unknown, "; "), test.unknown) || (test.unknown == "") != (len(got.Unknown) == 0) {
				t.Errorf("%s %s (%s), unknown %q; want %s, unknown %q", got.Level, got.Way, got.Because, got.Unknown, test.want, test.unknown)
			}
		})
	}
}

// shelf is a library of the policies of an account.
type shelf map[string]string

func (s shelf) Find(arn string) (*role.Document, string) {
	text, ok := s[arn]
	if !ok {
		return nil, "it is not on the shelf"
	}
	return &role.Document{JSON: []byte(text)}, ""
}

func TestManagedPoliciesAreTakenFromTheTableElseFromTheSource(t *testing.T) {
	library := shelf{"arn:aws:iam::111122223333:policy/deploy": `{"Statement":[` + allow("iam:*", "*") + `]}`}
	for _, test := range []struct {
		arn     string
		want    Level
		unknown string
	}{
		{"arn:aws:iam::aws:policy/AdministratorAccess", Administrator, ""},
		{"arn:aws-us-gov:iam::aws:policy/AdministratorAccess", Administrator, ""},
		{"arn:aws:iam::111122223333:policy/AdministratorAccess", Unknown, "policy AdministratorAccess: it is not on the shelf"},
		{"arn:aws:iam::111122223333:policy/deploy", CanBecomeAdministrator, ""},
		{"arn:aws:iam::aws:policy/NobodyKnowsThis", Unknown, "policy NobodyKnowsThis: it is not on the shelf"},
	} {
		t.Run(test.arn, func(t *testing.T) {
			subject := worker()
			subject.Access.Library = library
			subject.Access.Attached = []role.ManagedPolicy{{ARN: test.arn, Name: test.arn[strings.LastIndexByte(test.arn, '/')+1:]}}
			got := Of(subject, Read)
			if got.Level != test.want || strings.Join(got.Unknown, "; ") != test.unknown {
				t.Errorf("%s, unknown %q; want %s, %q", got.Level, got.Unknown, test.want, test.unknown)
			}
		})
	}
}

func TestTheOwnPolicyNeedsNoWildcard(t *testing.T) {
	const arn = "arn:aws:iam::111122223333:policy/worker"
	subject := worker(allow("iam:CreatePolicyVersion", arn))
	if got := Of(subject, Read); got.Level != WritesData || len(got.Unknown) != 1 {
		t.Errorf("a policy that it does not carry: %+v", got)
	}
	subject.Access.Attached = []role.ManagedPolicy{{ARN: arn, Name: "worker", Document: &role.Document{JSON: []byte(`{"Statement":[]}`)}}}
	if got := Of(subject, Read); got.Way != "create-policy-version" {
		t.Errorf("a policy that it carries: %+v", got)
	}
}

func TestWhatTheSourceLacksIsUnknown(t *testing.T) {
	if got := Of(&role.Role{}, Read); got != nil {
		t.Errorf("a source that tells nothing: %+v", got)
	}
	subject := worker(allow("s3:GetObject", "*"))
	subject.Access.Lacks = []string{"the attached policies"}
	if got := Of(subject, Read); got.Level != Unknown || got.Unknown[0] != "the attached policies" {
		t.Errorf("got %+v", got)
	}
}

// An Allow is as wide as its unknown parts may make it, a Deny as narrow.
func TestUnknownPartsOfATemplate(t *testing.T) {
	unknown := trust.Value{Kind: trust.Unknown, On: "var.action"}
	statement := func(effect string, action trust.Value) trust.Value {
		return trust.Value{Kind: trust.Object, Members: []trust.Member{
			{Key: trust.Literal("Effect"), Value: trust.Literal(effect)},
			{Key: trust.Literal("Action"), Value: action},
			{Key: trust.Literal("Resource"), Value: trust.Literal("*")},
		}}
	}
	policy := func(statements ...trust.Value) *role.Role {
		tree := trust.Value{Kind: trust.Object, Members: []trust.Member{{Key: trust.Literal("Statement"), Value: trust.Value{Kind: trust.Array, Items: statements}}}}
		subject := worker()
		subject.Access.Inline = []role.InlinePolicy{{Name: "p", Document: role.Document{Tree: &tree}}}
		return subject
	}
	if got := Of(policy(statement("Allow", unknown)), Read); got.Level != Administrator || !strings.Contains(got.Unknown[0], "var.action") {
		t.Errorf("an Allow: %+v", got)
	}
	if got := Of(policy(statement("Allow", trust.Literal("*")), statement("Deny", unknown)), Read); got.Level != Administrator {
		t.Errorf("a Deny: %+v", got)
	}
	partly := trust.Value{Kind: trust.String, Parts: []trust.Part{{Text: "s3:Get"}, {On: "var.what"}}}
	if got := Of(policy(statement("Allow", partly)), Read); got.Level != ReadsData {
		t.Errorf("an action that is known in part: %+v", got)
	}
}
