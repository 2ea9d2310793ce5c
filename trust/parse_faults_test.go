package trust_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"countersign/trust"
)

// allow is a statement without the elements that a test brings.
const allow = `"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "444455556666"}`

// statement wraps elements in a policy of one statement, each on a line:
// the statement stands on line 2.
func statement(elements string) string {
	return "{\"Version\": \"2012-10-17\", \"Statement\": [\n{" + elements + "}\n]}"
}

// condition wraps a Condition element, on line 3, in such a policy.
func condition(block string) string {
	return statement(allow + ",\n\"Condition\": " + block)
}

func TestADocumentWithoutMeaningIsRefusedAtItsPlace(t *testing.T) {
	tests := []struct {
		name, text   string
		line, column int
		place        string // what the range cuts out; "" when it is long
		message      string
		hint         string // a part of it
	}{
		{"a list as policy", `[]`, 1, 1, "[]", "a policy is a list", "an object with Statement"},
		{"a policy inside a string", `"{}"`, 1, 1, `"{}"`, "a policy is a string", "an object with Statement"},
		{"an unknown element of the policy", `{"Statment": []}`, 1, 2, `"Statment"`, `unknown element "Statment" in a policy`, "did you mean Statement?"},
		{"an element in the wrong letter case", `{"statement": []}`, 1, 2, `"statement"`, `unknown element "statement" in a policy`, "did you mean Statement? allowed are Version, Id and Statement"},
		{"an element like no other", `{"Xyzzy": 1}`, 1, 2, `"Xyzzy"`, `unknown element "Xyzzy" in a policy`, "allowed are Version, Id and Statement"},
		{"no Statement", `{"Version": "2012-10-17"}`, 1, 1, "", "the policy has no Statement", `"Statement"`},
		{"a repeated Statement", `{"Statement": [], "Statement": []}`, 1, 19, `"Statement"`, `the key "Statement" is repeated`, "each key once"},
		{"an unknown version", `{"Version": "2012-10-18", "Statement": []}`, 1, 13, `"2012-10-18"`, `unknown version "2012-10-18"`, `"2012-10-17"`},
		{"a number as version", `{"Version": 2012, "Statement": []}`, 1, 13, "2012", "Version is a number", "a string"},
		{"a number as Id", `{"Id": 7, "Statement": []}`, 1, 8, "7", "Id is a number", "a string"},
		{"null as Statement", `{"Statement": null}`, 1, 15, "null", "Statement is null", "an object or a list of objects"},
		{"a string as Statement", `{"Statement": "x"}`, 1, 15, `"x"`, "Statement is a string", "an object or a list of objects"},
		{"a list in the list of statements", `{"Statement": [[]]}`, 1, 16, `[]`, "a statement is a list", "an object"},

		{"an unknown element of a statement", statement(allow + `, "Condtion": {}`), 2, 87, `"Condtion"`, `unknown element "Condtion" in a statement`, "did you mean Condition? allowed are Sid, Effect,"},
		{"a plural", statement(`"Effect": "Allow", "Principals": {}`), 2, 21, `"Principals"`, `unknown element "Principals" in a statement`, "did you mean Principal?"},
		{"a repeated element", statement(allow + `, "Effect": "Deny"`), 2, 87, `"Effect"`, `the key "Effect" is repeated`, "a list of values, or a second statement"},
		{"a number as Sid", statement(`"Sid": 1, ` + allow), 2, 9, "1", "Sid is a number", "a string"},
		{"no Effect", statement(`"Action": "sts:*"`), 2, 1, `{"Action": "sts:*"}`, "the statement has no Effect", `"Effect": "Allow"`},
		{"an effect in lower case", statement(`"Effect": "allow"`), 2, 12, `"allow"`, `unknown effect "allow"`, "did you mean Allow? allowed are Allow and Deny"},
		{"a boolean as effect", statement(`"Effect": true`), 2, 12, "true", "Effect is a boolean", `"Allow" or "Deny"`},
		{"neither Action nor NotAction", statement(`"Effect": "Deny", "Principal": "*"`), 2, 1, "", "the statement has neither Action nor NotAction", `"Action": "sts:AssumeRole"`},
		{"Action and NotAction", statement(`"Effect": "Deny", "NotAction": [], "Principal": "*", "Action": []`), 2, 55, `"Action"`, "the statement has both Action and NotAction", "keep one of them"},
		{"a number as action", statement(`"Effect": "Deny", "Principal": "*", "Action": 7`), 2, 48, "7", "Action is a number", "a string or a list of strings"},
		{"a list in the list of actions", statement(`"Effect": "Deny", "Principal": "*", "NotAction": [["sts:*"]]`), 2, 52, `["sts:*"]`, "NotAction is a list", "a string or a list of strings"},
		{"Principal and NotPrincipal", statement(allow + `, "NotPrincipal": {}`), 2, 87, `"NotPrincipal"`, "the statement has both Principal and NotPrincipal", "keep one of them"},
		{"Resource and NotResource", statement(allow + `, "Resource": "*", "NotResource": "*"`), 2, 104, `"NotResource"`, "the statement has both Resource and NotResource", "keep one of them"},
		{"null as resource", statement(allow + `, "Resource": null`), 2, 99, `null`, "Resource is null", "a string or a list of strings"},

		{"an ARN as Principal", statement(`"Effect": "Allow", "Action": "sts:*", "Principal": "arn:aws:iam::444455556666:root"`), 2, 53, "", `Principal is the bare string "arn:aws:iam::444455556666:root"`, `{"AWS": "444455556666"}; only "*"`},
		{"a service as Principal", statement(`"Effect": "Allow", "Action": "sts:*", "Principal": "ec2.amazonaws.com"`), 2, 53, "", `Principal is the bare string "ec2.amazonaws.com"`, `{"Service": "ec2.amazonaws.com"}`},
		{"a list as Principal", statement(`"Effect": "Allow", "Action": "sts:*", "Principal": ["*"]`), 2, 53, `["*"]`, "Principal is a list", `"*" or an object`},
		{"null as Principal", statement(`"Effect": "Allow", "Action": "sts:*", "Principal": null`), 2, 53, "null", "Principal is null", `"*" or an object`},
		{"an unknown principal type", statement(`"Effect": "Allow", "Action": "sts:*", "Principal": {"Aws": "*"}`), 2, 54, `"Aws"`, `unknown element "Aws" in a principal`, "did you mean AWS?"},
		{"a principal type like no other", statement(`"Effect": "Allow", "Action": "sts:*", "Principal": {"444455556666": "*"}`), 2, 54, `"444455556666"`, `unknown element "444455556666" in a principal`, "stands behind its type"},
		{"a repeated principal type", statement(`"Effect": "Allow", "Action": "sts:*", "Principal": {"AWS": "*", "AWS": "*"}`), 2, 66, `"AWS"`, `the key "AWS" is repeated`, "each key once"},
		{"an object as principal", statement(`"Effect": "Allow", "Action": "sts:*", "Principal": {"AWS": {}}`), 2, 61, `{}`, "a principal of type AWS is an object", "a string or a list of strings"},
		{"a number as service", statement(`"Effect": "Allow", "Action": "sts:*", "Principal": {"Service": [7]}`), 2, 66, `7`, "a principal of type Service is a number", "a string or a list of strings"},

		{"a list as Condition", condition(`[]`), 3, 14, "[]", "Condition is a list", "an object of operators"},
		{"null as Condition", condition(`null`), 3, 14, "null", "Condition is null", "an object of operators"},
		{"an unknown operator", condition(`{"StringEqual": {}}`), 3, 15, `"StringEqual"`, `unknown condition operator "StringEqual"`, "did you mean StringEquals?"},
		{"an unknown operator with a set operator", condition(`{"ForAllValue:StringLike": {}}`), 3, 15, `"ForAllValue:StringLike"`, `unknown condition operator "ForAllValue:StringLike"`, "did you mean ForAllValues:StringLike?"},
		{"an operator like no other", condition(`{"Frobnicate": {}}`), 3, 15, `"Frobnicate"`, `unknown condition operator "Frobnicate"`, "operators are StringEquals, StringNotEquals,"},
		{"NullIfExists", condition(`{"NullIfExists": {}}`), 3, 15, `"NullIfExists"`, `unknown condition operator "NullIfExists"`, "write Null"},
		{"ForAllValues:Null", condition(`{"ForAllValues:Null": {}}`), 3, 15, `"ForAllValues:Null"`, `unknown condition operator "ForAllValues:Null"`, "write Null"},
		{"ForAnyValue:Null in another letter case", condition(`{"foranyvalue:null": {}}`), 3, 15, `"foranyvalue:null"`, `unknown condition operator "foranyvalue:null"`, "write Null"},
		{"BoolNotEquals", condition(`{"BoolNotEquals": {}}`), 3, 15, `"BoolNotEquals"`, `unknown condition operator "BoolNotEquals"`, "no negated form"},
		{"NotBool", condition(`{"NotBoolIfExists": {}}`), 3, 15, `"NotBoolIfExists"`, `unknown condition operator "NotBoolIfExists"`, "no negated form"},
		{"BinaryNotEquals", condition(`{"BinaryNotEquals": {}}`), 3, 15, `"BinaryNotEquals"`, `unknown condition operator "BinaryNotEquals"`, "no negated form"},
		{"a set operator twice", condition(`{"ForAllValues:ForAnyValue:Bool": {}}`), 3, 15, "", `unknown condition operator "ForAllValues:ForAnyValue:Bool"`, ""},
		{"IfExists twice", condition(`{"BoolIfExistsIfExists": {}}`), 3, 15, "", `unknown condition operator "BoolIfExistsIfExists"`, ""},
		{"a key where the operator should stand", condition(`{"sts:ExternalId": "s3cret-1"}`), 3, 15, `"sts:ExternalId"`, `unknown condition operator "sts:ExternalId"`, "stands inside an operator"},
		{"a repeated operator", condition(`{"Bool": {}, "Bool": {}}`), 3, 27, `"Bool"`, `the key "Bool" is repeated`, "each key once"},
		{"a value where the key should stand", condition(`{"StringEquals": "s3cret-1"}`), 3, 31, `"s3cret-1"`, "what stands under StringEquals is a string", "an object of keys"},
		{"a list of keys", condition(`{"StringEquals": []}`), 3, 31, `[]`, "what stands under StringEquals is a list", "an object of keys"},
		{"a repeated key", condition(`{"Bool": {"a": 1, "b": 2, "a": 1}}`), 3, 40, `"a"`, `the key "a" is repeated`, "each key once"},
		{"null as value", condition(`{"Bool": {"a": null}}`), 3, 29, "null", `a value for "a" is null`, "a string, a number, true or false"},
		{"null among values", condition(`{"Bool": {"a": ["x", null]}}`), 3, 35, "null", `a value for "a" is null`, "a string, a number, true or false"},
		{"an object as value", condition(`{"Bool": {"a": {"b": "s3cret-1"}}}`), 3, 29, "", `a value for "a" is an object`, "a string, a number, true or false"},
		{"a list in the list of values", condition(`{"Bool": {"a": [["s3cret-1"]]}}`), 3, 30, "", `a value for "a" is a list`, "a string, a number, true or false"},
		{"a word as number", condition(`{"NumericEquals": {"sts:ExternalId": ["7", "s3cret-1"]}}`), 3, 57, `"s3cret-1"`, `malformed number for "sts:ExternalId" under NumericEquals`, "a decimal number"},
		{"a boolean as number", condition(`{"NumericLessThan": {"a": true}}`), 3, 40, `true`, `malformed number for "a" under NumericLessThan`, "a decimal number"},
		{"a variable as number", condition(`{"NumericLessThan": {"a": "${aws:EpochTime}"}}`), 3, 40, "", `malformed number for "a" under NumericLessThan`, "a decimal number"},
		{"a word as date", condition(`{"DateLessThan": {"a": "tomorrow"}}`), 3, 37, `"tomorrow"`, `malformed date for "a" under DateLessThan`, "a date such as"},
		{"a word as address", condition(`{"NotIpAddress": {"a": "10.0.0"}}`), 3, 37, `"10.0.0"`, `malformed address for "a" under NotIpAddress`, "a CIDR block"},
		{"an address with a bad mask", condition(`{"IpAddress": {"a": "10.0.0.0/33"}}`), 3, 34, "", `malformed address for "a" under IpAddress`, "a CIDR block"},
		{"an address with a zone", condition(`{"IpAddress": {"a": "fe80::1%eth0"}}`), 3, 34, "", `malformed address for "a" under IpAddress`, "a CIDR block"},
		{"base64 without padding", condition(`{"BinaryEquals": {"sts:ExternalId": "c2VjcmV0LQ"}}`), 3, 50, "", `malformed base64 for "sts:ExternalId" under BinaryEquals`, "with its padding"},
		{"base64 with a line break", condition(`{"BinaryEquals": {"a": "c2Vj\ncmV0"}}`), 3, 37, "", `malformed base64 for "a" under BinaryEquals`, "with its padding"},
		{"base64 in the URL alphabet", condition(`{"BinaryEquals": {"a": "__--"}}`), 3, 37, "", `malformed base64 for "a" under BinaryEquals`, "with its padding"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := trust.Parse(tree(t, test.text))
			var fault *trust.SyntaxError
			if !errors.As(err, &fault) {
				t.Fatalf("error %v, want a syntax error", err)
			}
			if fault.Message != test.message || !strings.Contains(fault.Hint, test.hint) {
				t.Errorf("got %q (hint %q), want %q (hint with %q)", fault.Message, fault.Hint, test.message, test.hint)
			}
			if line, column := fault.Range.Line(), fault.Range.Column(); line != test.line || column != test.column {
				t.Errorf("at %d:%d, want %d:%d", line, column, test.line, test.column)
			}
			if test.place != "" && fault.Range.Text() != test.place {
				t.Errorf("place %q, want %q", fault.Range.Text(), test.place)
			}
			if strings.Contains(fault.Message+fault.Hint, "s3cret") {
				t.Error("the error shows a condition value")
			}
		})
	}
}

func TestLongNamesAreCutInMessages(t *testing.T) {
	name := strings.Repeat("é", 10_000)
	_, err := trust.Parse(tree(t, `{"`+name+`": 1}`))
	want := `line 1, column 2: unknown element "` + strings.Repeat("é", 32) + `…" in a policy`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAnErrorOfADocumentWithoutAPlaceSaysWhatIsWrong(t *testing.T) {
	_, err := trust.Parse(trust.Literal("x"))
	if err == nil || err.Error() != "a policy is a string" {
		t.Errorf("got %v", err)
	}
}

func TestWarnings(t *testing.T) {
	user := `"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": `
	tests := []struct {
		name, text string
		want       []string // code statement "place"
	}{
		{"a clean policy", statement(allow), nil},
		{"an empty list of statements", `{"Statement": []}`, []string{`iam-would-reject -1 []`}},
		{"no principal element", `{"Statement": {"Effect": "Allow", "Action": "sts:*"}}`, []string{`iam-would-reject 0 {"Effect": "Allow", "Action": "sts:*"}`}},
		{"an empty principal element", statement(user + `{}`), []string{`iam-would-reject 0 {}`}},
		{"an empty list as principal element", statement(user + `[]`), []string{`iam-would-reject 0 []`}},
		{"the bare star", statement(user + `"*"`), []string{`iam-would-reject 0 "*"`}},
		{"the legacy star", statement(user + `{"*": "*"}`), []string{`iam-would-reject 0 "*"`}},
		{"something else behind the legacy star", statement(user + `{"*": "444455556666"}`), []string{`iam-would-reject 0 "444455556666"`}},
		{"the star of type AWS", statement(user + `{"AWS": "*"}`), nil},
		{"a canonical user", statement(user + `{"CanonicalUser": "79a5"}`), []string{`iam-would-reject 0 "79a5"`}},
		{"a deleted principal", statement(user + `{"AWS": ["AROAEXAMPLEDELETED01", "444455556666"]}`), []string{`deleted-principal 0 "AROAEXAMPLEDELETED01"`}},
		{"a wildcard in an ARN", statement(user + `{"AWS": "arn:aws:iam::444455556666:role/*"}`), []string{`iam-would-reject 0 "arn:aws:iam::444455556666:role/*"`}},
		{"free text", statement(user + `{"AWS": "bob"}`), []string{`iam-would-reject 0 "bob"`}},
		{"NotPrincipal", statement(`"Effect": "Deny", "Action": "sts:AssumeRole", "NotPrincipal": {"AWS": "444455556666"}`), []string{`iam-would-reject 0 "NotPrincipal"`}},
		{"Resource", statement(allow + `, "Resource": "*"`), []string{`iam-would-reject 0 "Resource"`}},
		{"NotResource", statement(allow + `, "NotResource": []`), []string{`iam-would-reject 0 "NotResource"`, `iam-would-reject 0 []`}},
		{"the bare star as action", statement(`"Effect": "Deny", "Action": "*", "Principal": {"AWS": "*"}`), []string{`iam-would-reject 0 "*"`}},
		{"an action of another service", statement(`"Effect": "Deny", "Action": ["sts:Assume*", "s3:GetObject"], "Principal": {"AWS": "*"}`), []string{`iam-would-reject 0 "s3:GetObject"`}},
		{"a misspelt action", statement(`"Effect": "Deny", "Action": "sts:TagSessions", "Principal": {"AWS": "*"}`), []string{`iam-would-reject 0 "sts:TagSessions"`}},
		{"an action in capitals", statement(`"Effect": "Deny", "Action": "STS:TAGSESSION", "Principal": {"AWS": "*"}`), nil},
		{"an empty list of actions", statement(`"Effect": "Deny", "Action": [], "Principal": {"AWS": "*"}`), []string{`iam-would-reject 0 []`}},
		{"an operator in another letter case", condition(`{"bool": {"a": "true"}}`), []string{`iam-would-reject 0 "bool"`}},
		{"one key in two spellings", condition(`{"Bool": {"a": "true", "A": "true"}}`), []string{`iam-would-reject 0 "A"`}},
		{"one key under two operators", condition(`{"Bool": {"a": "true"}, "Null": {"A": "true"}}`), nil},
		{"an empty list of values", condition(`{"Bool": {"a": []}}`), []string{`iam-would-reject 0 []`}},
		{"an empty condition", condition(`{}`), nil},
		{"an operator without keys", condition(`{"Bool": {}}`), nil},
		{"a pattern that is no ARN", condition(`{"ArnLike": {"a": ["arn:aws:iam::*:role/x", "*", "role/x", "arn:*", "urn:a:b:c:d:e"]}}`), []string{`iam-would-reject 0 "role/x"`, `iam-would-reject 0 "arn:*"`, `iam-would-reject 0 "urn:a:b:c:d:e"`}},
		{"patterns that may be ARNs", condition(`{"ArnEquals": {"a": ["${aws:PrincipalArn}", "*:*:*:*:*:*", "a?n:aws:s3:::b", "arn:aws:s3:::${aws:username}"]}}`), nil},
		{"a Bool that is neither true nor false", condition(`{"Bool": {"a": "yes"}, "Null": {"a": "yes"}}`), nil},
		{"a Sid with a space", statement(`"Sid": "a b", ` + allow), []string{`iam-would-reject 0 "a b"`}},
		{"an empty Sid", statement(`"Sid": "", ` + allow), nil},
		{"a Sid used twice", `{"Statement": [{"Sid": "a", ` + allow + `}, {"Sid": "A", ` + allow + `}, {"Sid": "a", ` + allow + `}]}`, []string{`iam-would-reject 2 "a"`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			policy, err := trust.Parse(tree(t, test.text))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range policy.Warnings {
				got = append(got, fmt.Sprintf("%s %d %s", w.Code, w.Statement, w.Range.Text()))
			}
			if strings.Join(got, "\n") != strings.Join(test.want, "\n") {
				t.Errorf("warnings\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

func TestARCPMayHaveWhatATrustPolicyMayNot(t *testing.T) {
	text := `{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
		{"Effect": "Deny", "Principal": "*", "Action": ["sts:AssumeRole", "s3:*"], "NotResource": "arn:aws:iam::*:role/${aws:PrincipalTag/a}-*"}]}`
	policy, err := trust.ParseRCP(tree(t, text))
	if err != nil || len(policy.Warnings) > 0 {
		t.Fatalf("%v, warnings %v", err, policy.Warnings)
	}
	deny := policy.Statements[1]
	if !deny.NotResource || len(deny.Resources) != 1 || len(deny.Resources[0].Pieces) != 6 {
		t.Errorf("NotResource %v, resources %+v", deny.NotResource, deny.Resources)
	}
}
