package trust_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"countersign/trust"
)

// parsed parses a policy that the test knows to have a meaning.
func parsed(t testing.TB, text string) *trust.Policy {
	t.Helper()
	policy, err := trust.Parse(tree(t, text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return policy
}

func TestAStatementKeepsItsPartsAndPlaces(t *testing.T) {
	policy := parsed(t, `{"Version": "2012-10-17", "Id": "x", "Statement": [
{"Sid": "First", "Effect": "Deny", "Principal": {"AWS": "*"}, "NotAction": ["STS:Tag*"],
 "Condition": {"StringNotLikeIfExists": {"STS:ExternalId": ["acme-*", 7, true]}}},
{"Effect": "Allow", "NotPrincipal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`)
	if policy.Version != "2012-10-17" || len(policy.Statements) != 2 || policy.Range.Line() != 1 {
		t.Fatalf("got %+v", policy)
	}
	first, second := policy.Statements[0], policy.Statements[1]
	if first.Index != 0 || first.Sid != "First" || first.Effect != trust.Deny || first.NotPrincipal || !first.NotAction || first.Range.Line() != 2 {
		t.Errorf("first statement %+v", first)
	}
	if second.Index != 1 || second.Sid != "" || second.Effect != trust.Allow || !second.NotPrincipal || second.NotAction || second.Range.Line() != 4 {
		t.Errorf("second statement %+v", second)
	}
	action := first.Actions[0]
	if action.Text != "STS:Tag*" || action.Pieces[0].Text != "sts:tag" || action.Pieces[1].Kind != trust.AnyRunPiece || action.Range.Text() != `"STS:Tag*"` {
		t.Errorf("action %+v", action)
	}
	c := first.Conditions[0]
	if c.Key != "sts:externalid" || c.Spelling != "STS:ExternalId" || c.KeyRange.Text() != `"STS:ExternalId"` ||
		c.Range.Text() != `"STS:ExternalId": ["acme-*", 7, true]` || c.Operator.Range.Text() != `"StringNotLikeIfExists"` {
		t.Errorf("condition %+v", c)
	}
	var values []string
	for _, v := range c.Values {
		values = append(values, v.Text+"@"+v.Range.Text())
	}
	if got := strings.Join(values, " "); got != `acme-*@"acme-*" 7@7 true@true` {
		t.Errorf("values %s", got)
	}
}

func TestTheVersionDecidesAboutVariables(t *testing.T) {
	for version, variable := range map[string]bool{`"Version": "2012-10-17",`: true, `"Version": "2008-10-17",`: false, ``: false} {
		policy := parsed(t, `{`+version+`"Statement": {`+allow+`, "Condition": {"StringEquals": {"a": "${b}"}}}}`)
		piece := policy.Statements[0].Conditions[0].Values[0].Pieces[0]
		if got := piece.Kind == trust.VariablePiece; got != variable {
			t.Errorf("%s: %+v, want a variable: %v", version, piece, variable)
		}
		if !variable && policy.Version != "2008-10-17" {
			t.Errorf("%s: version %s", version, policy.Version)
		}
	}
	// The place of Version does not matter.
	policy := parsed(t, `{"Statement": {`+allow+`, "Condition": {"StringEquals": {"a": "${b}"}}}, "Version": "2012-10-17"}`)
	if policy.Statements[0].Conditions[0].Values[0].Pieces[0].Kind != trust.VariablePiece {
		t.Error("a Version behind the statements is not heeded")
	}
}

func TestPrincipalForms(t *testing.T) {
	id := "444455556666"
	long := strings.Repeat("n", 64)
	tests := []struct {
		kind, text string
		form       trust.PrincipalForm
		detail     string // partition/account/role/session
		warning    string
	}{
		{"AWS", "*", trust.Anyone, "///", ""},
		{"AWS", id, trust.Account, "/" + id + "//", ""},
		{"AWS", "arn:aws:iam::444455556666:root", trust.Account, "aws/" + id + "//", ""},
		{"AWS", "arn:aws-us-gov:iam::444455556666:root", trust.Account, "aws-us-gov/" + id + "//", ""},
		{"AWS", "arn:aws-cn:iam::444455556666:user/ops/ci", trust.User, "aws-cn/" + id + "//", ""},
		{"AWS", "arn:aws:iam::444455556666:user/ci", trust.User, "aws/" + id + "//", ""},
		{"AWS", "arn:aws:iam::444455556666:role/a+b=c,d.e@f-g_h", trust.Role, "aws/" + id + "//", ""},
		{"AWS", "arn:aws:iam::444455556666:role/aws-service-role/x.amazonaws.com/X", trust.Role, "aws/" + id + "//", ""},
		{"AWS", "arn:aws:iam::444455556666:role/" + long, trust.Role, "aws/" + id + "//", ""},
		{"AWS", "arn:aws:sts::444455556666:assumed-role/deployer/nightly", trust.Session, "aws/" + id + "/deployer/nightly", ""},
		{"AWS", "arn:aws:sts::444455556666:federated-user/broker", trust.Nobody, "///", ""},
		{"AWS", "AIDAEXAMPLEDELETED01", trust.Deleted, "///", "deleted-principal"},
		{"AWS", "AROAEXAMPLEDELETED01", trust.Deleted, "///", "deleted-principal"},
		{"AWS", "ANPAEXAMPLEDELE1", trust.Deleted, "///", "deleted-principal"},
		{"AWS", "AROAEXAMPLE", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "aroaexampledeleted01", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "44445555666", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "4444555566667", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "4444-5555-6666", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "ec2.amazonaws.com", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "arn:aws:iam::444455556666:*", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "arn:aws:iam::*:root", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "arn:aws:iam::444455556666:role/a?c", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "arn:aws:iam::444455556666:role/a*/c", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "arn:aws:sts::444455556666:assumed-role/deployer/*", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "arn:aws:iam::444455556666:group/admins", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "arn:aws:iam::444455556666:Root", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "arn:aws:iam::444455556666:role/", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "arn:aws:iam::444455556666:role/path/", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "arn:aws:iam::444455556666:role/a b", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "arn:aws:iam::444455556666:role/é", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "arn:aws:iam::444455556666:role/" + long + "n", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "arn:aws:iam::44445555666:root", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "arn:aws:iam:us-east-1:444455556666:root", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "arn:awsome:iam::444455556666:root", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "arn:aws:sts::444455556666:root", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "arn:aws:sts::444455556666:assumed-role/deployer", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "arn:aws:sts::444455556666:assumed-role/path/deployer/nightly", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "arn:aws:sts::444455556666:assumed-role/deployer/x", trust.Nobody, "///", "iam-would-reject"},
		{"AWS", "arn:aws:iam::444455556666:assumed-role/deployer/nightly", trust.Nobody, "///", "iam-would-reject"},
		{"Service", "ec2.amazonaws.com", trust.Service, "///", ""},
		{"Federated", "cognito-identity.amazonaws.com", trust.Federated, "///", ""},
		{"CanonicalUser", "79a59df9", trust.Nobody, "///", "iam-would-reject"},
		{"*", "*", trust.Anyone, "///", "iam-would-reject"},
		{"*", "444455556666", trust.Nobody, "///", "iam-would-reject"},
	}
	for _, test := range tests {
		t.Run(test.kind+" "+test.text, func(t *testing.T) {
			policy := parsed(t, `{"Statement": {"Effect": "Allow", "Action": "sts:*", "Principal": {"`+test.kind+`": "`+test.text+`"}}}`)
			p := policy.Statements[0].Principals[0]
			detail := strings.Join([]string{p.Partition, p.Account, p.RoleName, p.SessionName}, "/")
			if p.Form != test.form || detail != test.detail || p.Text != test.text || p.Range.Text() != `"`+test.text+`"` {
				t.Errorf("got %+v, want form %d, %s", p, test.form, test.detail)
			}
			warning := ""
			for _, w := range policy.Warnings {
				warning += w.Code
			}
			if warning != test.warning {
				t.Errorf("warnings %v, want %q", policy.Warnings, test.warning)
			}
		})
	}
}

func TestPrincipalsOfAllTypesStandInOneList(t *testing.T) {
	policy := parsed(t, `{"Statement": {"Effect": "Allow", "Action": "sts:*", "Principal":
		{"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"], "AWS": 444455556666}}}`)
	var got []string
	for _, p := range policy.Statements[0].Principals {
		got = append(got, fmt.Sprint(p.Form, p.Text))
	}
	want := fmt.Sprint(trust.Service, "ec2.amazonaws.com") + " " + fmt.Sprint(trust.Service, "lambda.amazonaws.com") + " " + fmt.Sprint(trust.Account, "444455556666")
	if strings.Join(got, " ") != want {
		t.Errorf("principals %v, want %s", got, want)
	}
}

func TestEveryOperatorIsTakenApart(t *testing.T) {
	type shape struct {
		family  trust.Family
		negated bool
		value   string
	}
	bases := map[string]shape{
		"StringEquals":              {trust.StringExact, false, "x"},
		"StringNotEquals":           {trust.StringExact, true, "x"},
		"StringEqualsIgnoreCase":    {trust.StringIgnoreCase, false, "x"},
		"StringNotEqualsIgnoreCase": {trust.StringIgnoreCase, true, "x"},
		"StringLike":                {trust.StringPattern, false, "x"},
		"StringNotLike":             {trust.StringPattern, true, "x"},
		"ArnEquals":                 {trust.ArnPattern, false, "*"},
		"ArnNotEquals":              {trust.ArnPattern, true, "*"},
		"ArnLike":                   {trust.ArnPattern, false, "*"},
		"ArnNotLike":                {trust.ArnPattern, true, "*"},
		"NumericEquals":             {trust.NumericEqual, false, "1"},
		"NumericNotEquals":          {trust.NumericEqual, true, "1"},
		"NumericLessThan":           {trust.NumericLess, false, "1"},
		"NumericLessThanEquals":     {trust.NumericLessOrEqual, false, "1"},
		"NumericGreaterThan":        {trust.NumericGreater, false, "1"},
		"NumericGreaterThanEquals":  {trust.NumericGreaterOrEqual, false, "1"},
		"DateEquals":                {trust.DateEqual, false, "2030"},
		"DateNotEquals":             {trust.DateEqual, true, "2030"},
		"DateLessThan":              {trust.DateLess, false, "2030"},
		"DateLessThanEquals":        {trust.DateLessOrEqual, false, "2030"},
		"DateGreaterThan":           {trust.DateGreater, false, "2030"},
		"DateGreaterThanEquals":     {trust.DateGreaterOrEqual, false, "2030"},
		"Bool":                      {trust.BoolEqual, false, "true"},
		"BinaryEquals":              {trust.BinaryEqual, false, "eA=="},
		"IpAddress":                 {trust.IPAddress, false, "::/0"},
		"NotIpAddress":              {trust.IPAddress, true, "::/0"},
		"Null":                      {trust.NullTest, false, "true"},
	}
	prefixes := map[string]trust.SetOperator{"": trust.NoSetOperator, "ForAllValues:": trust.ForAllValues, "ForAnyValue:": trust.ForAnyValue}
	for base, shape := range bases {
		for prefix, set := range prefixes {
			for _, suffix := range []string{"", "IfExists"} {
				if base == "Null" && prefix+suffix != "" {
					continue
				}
				for _, fold := range []bool{false, true} {
					name := prefix + base + suffix
					if fold {
						name = strings.ToLower(name)
					}
					policy := parsed(t, condition(`{"`+name+`": {"a": "`+shape.value+`"}}`))
					op := policy.Statements[0].Conditions[0].Operator
					want := trust.Operator{Name: name, Family: shape.family, Negated: shape.negated, IfExists: suffix != "", Set: set, Range: op.Range}
					if op != want || op.Range.Text() != `"`+name+`"` {
						t.Errorf("%s: got %+v, want %+v", name, op, want)
					}
					if hasCode(policy, "iam-would-reject") != fold {
						t.Errorf("%s: warnings %v, want any: %v", name, policy.Warnings, fold)
					}
				}
			}
		}
	}
}

func TestOperandsAreReadyToCompare(t *testing.T) {
	operand := func(op, value string) trust.Operand {
		return parsed(t, condition(`{"`+op+`": {"a": `+value+`}}`)).Statements[0].Conditions[0].Values[0]
	}
	if o := operand("NumericEquals", `1.50`); o.Text != "1.50" || o.Number.RatString() != "3/2" || o.Pieces != nil {
		t.Errorf("number %+v", o)
	}
	if o := operand("DateEquals", `"2030-01-31"`); o.Millis != time.Date(2030, 1, 31, 0, 0, 0, 0, time.UTC).UnixMilli() {
		t.Errorf("date %+v", o)
	}
	for value, want := range map[string]bool{`"true"`: true, `true`: true, `"TRUE"`: true, `"false"`: false, `false`: false, `"yes"`: false, `1`: false, `" true"`: false} {
		if o := operand("Bool", value); o.Bool != want {
			t.Errorf("Bool %s is %v", value, o.Bool)
		}
		if o := operand("Null", value); o.Bool != want {
			t.Errorf("Null %s is %v", value, o.Bool)
		}
	}
	if o := operand("IpAddress", `"203.0.113.9/24"`); o.Prefix != netip.MustParsePrefix("203.0.113.0/24") {
		t.Errorf("network %+v", o)
	}
	if o := operand("IpAddress", `"2001:db8::1/32"`); o.Prefix.IsValid() {
		t.Errorf("network with host bits %+v", o)
	}
	if o := operand("BinaryEquals", `"YSo/"`); len(o.Pieces) != 1 || o.Pieces[0].Text != "YSo/" {
		t.Errorf("base64 %+v", o)
	}
	if o := operand("StringEquals", `"a*b"`); len(o.Pieces) != 1 || o.Pieces[0].Text != "a*b" {
		t.Errorf("exact text %+v", o)
	}
	if o := operand("StringLike", `"a*b"`); len(o.Pieces) != 3 {
		t.Errorf("pattern %+v", o)
	}
	if o := operand("StringEquals", `""`); o.Pieces != nil || o.Text != "" {
		t.Errorf("the empty string %+v", o)
	}
}

func TestOneKeyInTwoSpellingsIsTwoConditions(t *testing.T) {
	conditions := parsed(t, condition(`{"StringEquals": {"sts:ExternalId": "aa", "STS:EXTERNALID": "bb"}}`)).Statements[0].Conditions
	if len(conditions) != 2 || conditions[0].Key != conditions[1].Key || conditions[1].Spelling != "STS:EXTERNALID" {
		t.Errorf("conditions %+v", conditions)
	}
}

func TestAnEmptyResourceListMatchesNothing(t *testing.T) {
	statementOf := func(element string) trust.Statement {
		return parsed(t, statement(allow+`, `+element)).Statements[0]
	}
	// Resources without entries would mean every resource.
	if s := statementOf(`"Resource": []`); len(s.Resources) != 1 || s.Resources[0].Pieces != nil || s.NotResource {
		t.Errorf("Resource [] is %+v", s)
	}
	if s := statementOf(`"NotResource": []`); len(s.Resources) != 0 || s.NotResource {
		t.Errorf("NotResource [] is %+v", s)
	}
}
