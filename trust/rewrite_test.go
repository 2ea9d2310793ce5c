package trust

import (
	"errors"
	"strings"
	"testing"
)

// rewriteCase is a policy, what is asked for, and the statements that have to
// come out, worked out by hand.
type rewriteCase struct {
	name   string
	before []Value
	after  string // of the statements, as asJSON writes them
	remedy Remedy
	zone   Zone
	known  []string // outsiders
	locked string   // who is locked out
	gained string
}

func allow(members ...any) Value {
	return object(append([]any{"Effect", Literal("Allow")}, members...)...)
}

func listOf(texts ...string) Value {
	v := Value{Kind: Array}
	for _, text := range texts {
		v.Items = append(v.Items, Literal(text))
	}
	return v
}

var (
	assume       = []any{"Action", Literal(ActionAssumeRole)}
	vendorRoot   = "arn:aws:iam::444455556666:root"
	ownRoot      = "arn:aws:iam::111122223333:root"
	vendorPerson = "arn:aws:iam::444455556666:user/ops/mallory"
)

func aws(value Value) []any { return []any{"Principal", object("AWS", value)} }

func when(operator, key string, value Value) []any {
	return []any{"Condition", object(operator, object(key, value))}
}

func all(parts ...[]any) Value {
	var members []any
	for _, part := range parts {
		members = append(members, part...)
	}
	return allow(members...)
}

func issuing(id string) Remedy {
	return Remedy{ExternalID: func(string) (Value, bool) { return Literal(id), true }}
}

func mfa() Remedy { return Remedy{Require: RequireMFA} }

const plainVendor = `"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"sts:AssumeRole"`

var rewriteCases = []rewriteCase{
	{
		name: "a condition is added where there is none", remedy: issuing("k3-Vq8sT"),
		before: []Value{all(aws(Literal(vendorRoot)), assume)},
		after:  `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "a condition joins those that are there", remedy: issuing("k3-Vq8sT"),
		before: []Value{all(aws(Literal(vendorRoot)), assume, when("StringEquals", "aws:PrincipalTag/team", Literal("audit")))},
		after:  `[{` + plainVendor + `,"Condition":{"StringEquals":{"aws:PrincipalTag/team":"audit","sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "a wildcard is replaced, not joined", remedy: issuing("k3-Vq8sT"),
		before: []Value{all(aws(Literal(vendorRoot)), assume, when("StringLike", "sts:ExternalId", Literal("*")))},
		after:  `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name:   "IfExists goes and the external ID stays",
		before: []Value{all(aws(Literal(vendorRoot)), assume, when("StringEqualsIfExists", "sts:ExternalId", Literal("k3-Vq8sT")))},
		after:  `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name:   "of a list the wildcard goes and the external ID stays",
		before: []Value{all(aws(Literal(vendorRoot)), assume, when("StringLike", "sts:ExternalId", listOf("k3-Vq8sT", "k3-*")))},
		after:  `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "a negated condition is replaced", remedy: issuing("k3-Vq8sT"),
		before: []Value{all(aws(Literal(vendorRoot)), assume, when("StringNotEquals", "sts:ExternalId", Literal("old-Vq8sT")))},
		after:  `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "an empty external ID is filled in, and who gets in by it is told", remedy: issuing("k3-Vq8sT"),
		before: []Value{all(aws(Literal(vendorRoot)), assume, when("StringEquals", "sts:ExternalId", Literal("")))},
		after:  `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
		gained: vendorRoot,
	},
	{
		name: "MFA for people", remedy: mfa(),
		before: []Value{all(aws(Literal(vendorPerson)), assume)},
		after:  `[{"Effect":"Allow","Principal":{"AWS":"` + vendorPerson + `"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]`,
	},
	{
		name: "BoolIfExists becomes Bool; role sessions are told as locked out only where they came in", remedy: mfa(),
		before: []Value{all(aws(Literal(vendorRoot)), assume, when("BoolIfExists", "aws:MultiFactorAuthPresent", Literal("true")))},
		after:  `[{` + plainVendor + `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]`,
	},
	{
		name: "MFA asked of a whole account locks its role sessions out", remedy: Remedy{Require: RequireMFA, MaxMFAAge: 3600},
		before: []Value{all(aws(Literal(vendorRoot)), assume)},
		after:  `[{` + plainVendor + `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}}]`,
		locked: vendorRoot,
	},
	{
		name: "Bool false is turned round; who came in without MFA shows it", remedy: mfa(),
		before: []Value{all(aws(Literal(vendorPerson)), assume, when("Bool", "aws:MultiFactorAuthPresent", Literal("false")))},
		after:  `[{"Effect":"Allow","Principal":{"AWS":"` + vendorPerson + `"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]`,
	},
	{
		name: "an outsider beside the own account and a service gets a statement of its own", remedy: issuing("k3-Vq8sT"),
		before: []Value{allow("Sid", Literal("Trust"), "Principal", object("AWS", listOf(ownRoot, vendorRoot), "Service", Literal("ec2.amazonaws.com")), "Action", Literal(ActionAssumeRole))},
		after: `[{"Effect":"Allow","Sid":"Trust","Principal":{"AWS":["` + ownRoot + `"],"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"},` +
			`{"Effect":"Allow","Sid":"Trust2","Principal":{"AWS":"` + vendorRoot + `"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "two third parties get an external ID each",
		remedy: Remedy{ExternalID: func(account string) (Value, bool) {
			return Literal("issued-" + account), true
		}},
		before: []Value{all(aws(listOf(vendorRoot, "777788889999")), assume)},
		after: `[{"Effect":"Allow","Principal":{"AWS":["` + vendorRoot + `"]},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"issued-444455556666"}}},` +
			`{"Effect":"Allow","Principal":{"AWS":"777788889999"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"issued-777788889999"}}}]`,
	},
	{
		name: "everyone is split by account and by organization", remedy: issuing("k3-Vq8sT"),
		zone:   Zone{Accounts: []string{"222233334444"}, Organizations: []string{"o-exampleorg1"}},
		before: []Value{all(aws(Literal("*")), assume)},
		after: `[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalAccount":["111122223333","222233334444"]}}},` +
			`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-exampleorg1"}}},` +
			`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "an account that may belong to a trusted organization comes in by it as before", remedy: issuing("k3-Vq8sT"),
		zone:   Zone{Organizations: []string{"o-exampleorg1"}},
		before: []Value{all(aws(Literal(vendorRoot)), assume)},
		after: `[{` + plainVendor + `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-exampleorg1"}}},` +
			`{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "an account that is known to belong to none needs no split", remedy: issuing("k3-Vq8sT"),
		zone: Zone{Organizations: []string{"o-exampleorg1"}}, known: []string{"444455556666"},
		before: []Value{all(aws(Literal(vendorRoot)), assume)},
		after:  `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "everyone of another organization needs no split", remedy: issuing("k3-Vq8sT"),
		before: []Value{all(aws(Literal("*")), assume, when("StringEquals", "aws:PrincipalAccount", Literal("444455556666")))},
		after:  `[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalAccount":"444455556666","sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "the external ID that another statement asks the same account for is used",
		before: []Value{
			all(aws(Literal(vendorRoot)), assume, when("StringEquals", "sts:ExternalId", Literal("k3-Vq8sT"))),
			all(aws(Literal("arn:aws:iam::444455556666:role/collector")), assume),
		},
		after: `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}},` +
			`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/collector"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "a Deny that misses access keys is mended where nobody inside notices", remedy: mfa(),
		before: []Value{
			all(aws(Literal(vendorRoot)), assume),
			object("Effect", Literal("Deny"), "Principal", object("AWS", Literal("*")), "Action", Literal(ActionAssumeRole),
				"Condition", object("Bool", object("aws:MultiFactorAuthPresent", Literal("false")))),
		},
		after: `[{` + plainVendor + `},{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}]`,
	},
	{
		name: "a Deny that somebody inside would notice stays, and the Allow is closed", remedy: mfa(),
		before: []Value{
			all(aws(listOf(ownRoot, vendorRoot)), assume),
			object("Effect", Literal("Deny"), "Principal", object("AWS", Literal("*")), "Action", Literal(ActionAssumeRole),
				"Condition", object("Bool", object("aws:MultiFactorAuthPresent", Literal("false")))),
		},
		after: `[{"Effect":"Allow","Principal":{"AWS":["` + ownRoot + `"]},"Action":"sts:AssumeRole"},` +
			`{` + plainVendor + `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}},` +
			`{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}]`,
	},
	{
		name: "new statements of several split ones have Sids of their own", remedy: issuing("k3-Vq8sT"),
		before: []Value{
			allow("Sid", Literal("Trust1"), "Principal", object("AWS", listOf(ownRoot, vendorRoot)), "Action", Literal(ActionAssumeRole)),
			allow("Sid", Literal("Trust2"), "Principal", object("AWS", listOf(ownRoot, "777788889999")), "Action", Literal(ActionAssumeRole)),
		},
		after: `[{"Effect":"Allow","Sid":"Trust1","Principal":{"AWS":["` + ownRoot + `"]},"Action":"sts:AssumeRole"},` +
			`{"Effect":"Allow","Sid":"Trust3","Principal":{"AWS":"` + vendorRoot + `"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}},` +
			`{"Effect":"Allow","Sid":"Trust2","Principal":{"AWS":["` + ownRoot + `"]},"Action":"sts:AssumeRole"},` +
			`{"Effect":"Allow","Sid":"Trust4","Principal":{"AWS":"777788889999"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "an empty Sid is not copied", remedy: issuing("k3-Vq8sT"),
		before: []Value{allow("Sid", Literal(""), "Principal", object("AWS", listOf(ownRoot, vendorRoot)), "Action", Literal(ActionAssumeRole))},
		after: `[{"Effect":"Allow","Sid":"","Principal":{"AWS":["` + ownRoot + `"]},"Action":"sts:AssumeRole"},` +
			`{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		// A Deny for everyone may mean services, which show no MFA key at all:
		// with IfExists it would shut ec2.amazonaws.com out.
		name: "a Deny that a service would notice stays, and the Allow is closed", remedy: mfa(),
		before: []Value{
			allow("Principal", object("Service", Literal("ec2.amazonaws.com")), "Action", Literal(ActionAssumeRole)),
			all(aws(Literal(vendorPerson)), assume),
			denyWithoutMFA("Bool"),
		},
		after: `[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"},` +
			`{"Effect":"Allow","Principal":{"AWS":"` + vendorPerson + `"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}},` +
			`{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}]`,
	},
	{
		name: "a Deny of sts:AssumeRole is mended beside a SAML provider, who is asked for another action", remedy: mfa(),
		before: []Value{
			allow("Principal", object("Federated", Literal("arn:aws:iam::111122223333:saml-provider/idp")), "Action", Literal("sts:AssumeRoleWithSAML")),
			all(aws(Literal(vendorPerson)), assume),
			denyWithoutMFA("Bool"),
		},
		after: `[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/idp"},"Action":"sts:AssumeRoleWithSAML"},` +
			`{"Effect":"Allow","Principal":{"AWS":"` + vendorPerson + `"},"Action":"sts:AssumeRole"},` +
			`{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}]`,
	},
	{
		// Who is in an organization knows its id and got in with it; who is in
		// none had no value to send.
		name: "who had no value for a variable had no way in", remedy: issuing("k3-Vq8sT"),
		before: []Value{all(aws(Literal(vendorRoot)), assume, when("StringEquals", "sts:ExternalId", Literal("${aws:PrincipalOrgID}")))},
		after:  `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
		gained: vendorRoot,
	},
	{
		name: "who knew the value of a variable got in", remedy: issuing("k3-Vq8sT"),
		before: []Value{all(aws(Literal(vendorRoot)), assume, when("StringEquals", "sts:ExternalId", Literal("${aws:PrincipalAccount}")))},
		after:  `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "MFA may be asked for as fresh as can be", remedy: Remedy{Require: RequireMFA, MaxMFAAge: 1},
		before: []Value{all(aws(Literal(vendorPerson)), assume)},
		after: `[{"Effect":"Allow","Principal":{"AWS":"` + vendorPerson + `"},"Action":"sts:AssumeRole","Condition":` +
			`{"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"1"}}}]`,
	},
	{
		name: "both are asked for, each in the place of a useless condition", remedy: Remedy{Require: RequireBoth, ExternalID: issuing("k3-Vq8sT").ExternalID},
		before: []Value{allow("Principal", object("AWS", Literal(vendorPerson)), "Action", Literal(ActionAssumeRole), "Condition", object(
			"BoolIfExists", object("AWS:multifactorauthpresent", Literal("true")),
			"ForAllValues:StringEquals", object("sts:ExternalId", listOf("old-Vq8sT")),
			"Null", object("sts:ExternalId", listOf("true", "false"))))},
		after: `[{"Effect":"Allow","Principal":{"AWS":"` + vendorPerson + `"},"Action":"sts:AssumeRole","Condition":` +
			`{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"},"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]`,
	},
	{
		name: "an account that is named three times is asked once", remedy: issuing("k3-Vq8sT"),
		before: []Value{all(aws(listOf("444455556666", vendorRoot, "444455556666")), assume)},
		after:  `[{"Effect":"Allow","Principal":{"AWS":["444455556666","` + vendorRoot + `","444455556666"]},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "all statements that are open for an account are closed, also by NotAction", remedy: issuing("k3-Vq8sT"),
		before: []Value{
			all(aws(Literal(vendorRoot)), assume),
			all(aws(Literal("arn:aws:iam::444455556666:role/ops/collector")), []any{"NotAction", Literal("sts:TagSession")}),
		},
		after: `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}},` +
			`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/ops/collector"},"NotAction":"sts:TagSession","Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "a key that stands under an operator in another letter case is not doubled", remedy: Remedy{Require: RequireMFA},
		before: []Value{all(aws(Literal(vendorPerson)), assume, when("Bool", "aws:multifactorauthpresent", listOf("true", "false")))},
		after:  `[{"Effect":"Allow","Principal":{"AWS":"` + vendorPerson + `"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]`,
	},
	{
		name: "session tags and source identities are asked for the same", remedy: issuing("k3-Vq8sT"),
		before: []Value{all(aws(listOf(ownRoot, vendorRoot)), []any{"Action", listOf("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")})},
		after: `[{"Effect":"Allow","Principal":{"AWS":["` + ownRoot + `"]},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]},` +
			`{"Effect":"Allow","Principal":{"AWS":"` + vendorRoot + `"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
}

// denyWithoutMFA is a Deny for everyone who shows that there was no MFA.
func denyWithoutMFA(operator string) Value {
	return object("Effect", Literal("Deny"), "Principal", object("AWS", Literal("*")), "Action", Literal(ActionAssumeRole),
		"Condition", object(operator, object("aws:MultiFactorAuthPresent", Literal("false"))))
}

func rewriteQuestion(zone Zone) Question {
	return Question{
		Subject: Subject{ARN: "arn:aws:iam::111122223333:role/Target", Account: "111122223333", Partition: "aws", Name: "Target", Tags: map[string]string{}},
		Zone:    zone, Now: sampleNow,
	}
}

func TestRewritings(t *testing.T) {
	for _, test := range rewriteCases {
		t.Run(test.name, func(t *testing.T) {
			document := object("Version", Literal(version2012), "Statement", Value{Kind: Array, Items: test.before})
			policy, err := Parse(document)
			if err != nil {
				t.Fatal(err)
			}
			question := rewriteQuestion(test.zone)
			question.Outsiders = test.known
			result, err := Rewrite(policy, question, test.remedy)
			if err != nil {
				t.Fatal(err)
			}
			statements, _ := result.Document.Get("Statement")
			if got := asJSON(statements); got != test.after {
				t.Errorf("got  %s\nwant %s", got, test.after)
			}
			if result.Verdict.Outcome != Pass || !result.Proof.Complete() || len(result.Proof.Inside)+len(result.Proof.Federated) > 0 {
				t.Errorf("%s, proof %+v", describe(result.Verdict), result.Proof)
			}
			if got := names(result.Proof.LockedOut); got != test.locked {
				t.Errorf("locked out: %q, want %q", got, test.locked)
			}
			if got := names(result.Proof.Gained); got != test.gained {
				t.Errorf("gained: %q, want %q", got, test.gained)
			}
		})
	}
}

func names(list []Affected) string {
	var names []string
	for _, a := range list {
		names = append(names, a.Principal)
	}
	return strings.Join(names, " ")
}

func TestWhatCannotBeRewrittenIsSaidWithItsReason(t *testing.T) {
	tests := []struct {
		name   string
		before []Value
		remedy Remedy
		reason string
	}{
		{"nobody has issued an external ID", []Value{all(aws(listOf(vendorRoot, "*")), assume)}, Remedy{},
			"no external ID is given for account 444455556666, callers of any account"},
		{"a role cannot show MFA", []Value{all(aws(Literal("arn:aws:iam::444455556666:role/ci")), assume)}, mfa(),
			"a session of the role arn:aws:iam::444455556666:role/ci can never show MFA"},
		{"an external ID that nobody can send", []Value{all(aws(Literal(vendorRoot)), assume)}, issuing("no blanks please"),
			"the external ID is none that a caller can send"},
		{"everyone but a few", []Value{all([]any{"NotPrincipal", object("AWS", Literal(ownRoot))}, assume)}, issuing("k3-Vq8sT"),
			"statement 1 admits everyone but those whom it names (NotPrincipal)"},
		{"a Deny refuses the new external ID", []Value{
			all(aws(Literal(vendorRoot)), assume),
			object("Effect", Literal("Deny"), "Principal", object("AWS", Literal("*")), "Action", Literal(ActionAssumeRole),
				"Condition", object("StringLike", object("sts:ExternalId", Literal("k3-*")))),
		}, issuing("k3-Vq8sT"), "statement 2 denies callers who give the countersign"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			policy, err := Parse(object("Version", Literal(version2012), "Statement", Value{Kind: Array, Items: test.before}))
			if err != nil {
				t.Fatal(err)
			}
			_, err = Rewrite(policy, rewriteQuestion(Zone{}), test.remedy)
			if err == nil || err.Error() != test.reason {
				t.Errorf("%v, want %q", err, test.reason)
			}
		})
	}
}

func TestARewritingOfUnknownPartsHoldsForEveryCompletion(t *testing.T) {
	unknownTag := Value{Kind: Unknown, On: "var.team"}
	policy, err := Parse(object("Version", Literal(version2012), "Statement", Value{Kind: Array, Items: []Value{
		all(aws(listOf(ownRoot, vendorRoot)), assume, when("StringEquals", "aws:PrincipalTag/team", unknownTag)),
	}}))
	if err != nil {
		t.Fatal(err)
	}
	parameter := Remedy{ExternalID: func(string) (Value, bool) { return Value{Kind: Unknown, On: "VendorExternalId"}, true }}
	result, err := Rewrite(policy, rewriteQuestion(Zone{}), parameter)
	if err != nil {
		t.Fatal(err)
	}
	statements, _ := result.Document.Get("Statement")
	if len(statements.Items) != 2 || result.Verdict.Outcome != Pass || !result.Proof.Complete() {
		t.Fatalf("%s, %+v", asJSON(statements), result.Proof)
	}
	conditions, _ := statements.Items[1].Get("Condition")
	equals, _ := conditions.Get("StringEquals")
	id, _ := equals.Get("sts:ExternalId")
	team, _ := equals.Get("aws:PrincipalTag/team")
	if id.Kind != Unknown || id.On != "VendorExternalId" || team.On != "var.team" {
		t.Errorf("id %+v, team %+v", id, team)
	}
	var needs *NeedsExternalIDError
	if _, err = Rewrite(policy, rewriteQuestion(Zone{}), Remedy{}); !errors.As(err, &needs) {
		t.Errorf("%v", err)
	}
}

func TestAnExternalIDThatAParameterHoldsIsKept(t *testing.T) {
	file := &File{Name: "t", Text: []byte("0123456789")}
	parameter := Value{Kind: Unknown, On: "parameter Id", Range: Range{file, 2, 4}}
	policy, err := Parse(object("Version", Literal(version2012), "Statement", Value{Kind: Array, Items: []Value{
		all(aws(Literal(vendorRoot)), assume, when("StringEqualsIfExists", "sts:ExternalId", parameter)),
	}}))
	if err != nil {
		t.Fatal(err)
	}
	result, err := Rewrite(policy, rewriteQuestion(Zone{}), Remedy{})
	if err != nil {
		t.Fatal(err)
	}
	edits := result.Changes[0].Conditions
	if len(edits) != 1 || edits[0].New.Operator != "StringEquals" || edits[0].New.Values[0].On != "parameter Id" {
		t.Errorf("%+v", edits)
	}
	if !result.Proof.Complete() || len(result.Proof.LockedOut)+len(result.Proof.Gained) > 0 {
		t.Errorf("%+v", result.Proof)
	}
}

func TestARoleWhoseAccountNobodyKnowsIsSplitByAVariableAndProvedInFull(t *testing.T) {
	statement := all(aws(Literal("*")), assume)
	policy, err := Parse(object("Version", Literal(version2012), "Statement", statement)) // one without a list
	if err != nil {
		t.Fatal(err)
	}
	question, remedy := rewriteQuestion(Zone{}), issuing("k3-Vq8sT")
	question.Subject = Subject{}
	remedy.OwnAccount = Literal("${aws:ResourceAccount}")
	result, err := Rewrite(policy, question, remedy)
	if err != nil {
		t.Fatal(err)
	}
	const everyone = `"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"`
	statements, _ := result.Document.Get("Statement")
	if got, want := asJSON(statements), `[{`+everyone+`,"Condition":{"StringEquals":{"aws:PrincipalAccount":"${aws:ResourceAccount}"}}},`+
		`{`+everyone+`,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !result.Proof.Complete() || len(result.Proof.LockedOut)+len(result.Proof.Gained) > 0 {
		t.Errorf("%+v", result.Proof)
	}
	// Under the older version a variable is plain text, so there is no way to
	// write the account.
	policy, err = Parse(object("Version", Literal(version2008), "Statement", statement))
	if err != nil {
		t.Fatal(err)
	}
	remedy.OwnAccount = Value{}
	var cannot *CannotRewriteError
	if _, err = Rewrite(policy, question, remedy); !errors.As(err, &cannot) ||
		cannot.Reason != "statement 1 admits the role's own account among others, and which one that is is not known" {
		t.Errorf("%v", err)
	}
}

func TestASidThatAnExpressionMakesIsNotCopied(t *testing.T) {
	file := &File{Name: "t", Text: []byte(`!Sub "${Env}Trust", statement`)}
	sid := Value{Kind: String, Text: "prodTrust", Range: Range{file, 0, 18}}
	statement := allow("Sid", sid, "Principal", object("AWS", listOf(ownRoot, vendorRoot)), "Action", Literal(ActionAssumeRole))
	statement.Range = Range{file, 20, 29}
	policy, err := Parse(object("Version", Literal(version2012), "Statement", Value{Kind: Array, Items: []Value{statement}}))
	if err != nil {
		t.Fatal(err)
	}
	result, err := Rewrite(policy, rewriteQuestion(Zone{}), issuing("k3-Vq8sT"))
	if err != nil {
		t.Fatal(err)
	}
	if inserted := result.Changes[0].Insert; len(inserted) != 1 || memberNamed(inserted[0].Members, "Sid") != nil {
		t.Errorf("%s", asJSON(inserted[0]))
	}
}

func TestTheSizeOfAPolicyIsCountedWithoutWhiteSpace(t *testing.T) {
	// {"Version":"2012-10-17","Statement":[]} has 39 characters; blanks in a
	// string do not count either.
	document := object("Version", Literal(" 2012-10-17 "), "Statement", Value{Kind: Array})
	if got := Size(document); got != 39 {
		t.Errorf("%d", got)
	}
}
