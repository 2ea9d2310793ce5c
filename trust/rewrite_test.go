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
		{"somebody who may be inside", []Value{all(aws(Literal(vendorRoot)), assume), all(aws(Value{Kind: Unknown, On: "var.account"}), assume)}, issuing("k3-Vq8sT"),
			"a principal that cannot be read (var.account) may be inside the zone of trust, and the change would affect it"},
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
