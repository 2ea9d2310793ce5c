package trust_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"countersign/trust"
)

func TestAnOperandThatIsNoARNAfterExpansion(t *testing.T) {
	const arn = "arn:aws:iam::444455556666:user/ci"
	tests := []struct {
		name, effect, operator, values string
		userAgent                      string
		want                           bool
	}{
		{"matches no Allow", "Allow", "ArnLike", `"${aws:referer}"`, arn, false},
		{"matches no Allow when negated either", "Allow", "ArnNotLike", `"${aws:referer}"`, arn, false},
		{"matches a Deny", "Deny", "ArnLike", `"${aws:referer}"`, arn, true},
		{"matches a Deny when negated too", "Deny", "ArnNotLike", `"${aws:referer}"`, arn, true},
		{"matches no Deny when the request is no ARN", "Deny", "ArnLike", `"${aws:referer}"`, "ci", false},
		{"does not keep another operand from matching an Allow", "Allow", "ArnLike", `["${aws:referer}","` + arn + `"]`, arn, true},
		{"a literal star from a variable is no wildcard", "Allow", "ArnLike", `"${*}"`, arn, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			condition := fmt.Sprintf(`{%q:{"aws:UserAgent":%s}}`, test.operator, test.values)
			context := trust.Context{"aws:UserAgent": {test.userAgent}, "aws:referer": {"plain"}}
			if got := holdsUnder(t, test.effect, condition, context); got != test.want {
				t.Errorf("%s: %t, want %t (section 2.6)", condition, got, test.want)
			}
		})
	}
}

func TestVariables(t *testing.T) {
	context := trust.Context{
		"aws:username":         {"ci"},
		"aws:PrincipalTag/Who": {"a*"},
		"aws:TagKeys":          {"ci"},
		"aws:referer":          {"aws:iam::444455556666:user"},
		"aws:RequestedRegion":  {""},
	}
	tests := []struct {
		name, source, operator, operand, value string
		want                                   bool
	}{
		{"takes the value of its key", "3.4", "StringEquals", "x-${aws:username}", "x-ci", true},
		{"ignores the letter case of its key", "3.4", "StringEquals", "${AWS:UserName}", "ci", true},
		{"ignores a default when there is a value", "3.4", "StringEquals", "${aws:username, 'zz'}", "ci", true},
		{"takes the default when the key is missing", "3.4", "StringEquals", "${aws:PrincipalTag/none, 'zz'}", "zz", true},
		{"has no value when the key is missing", "3.1", "StringEquals", "${aws:PrincipalTag/none}", "", false},
		{"without a value satisfies a negated operator", "3.1", "StringNotEquals", "${aws:PrincipalTag/none}", "x", true},
		{"without a value equals nothing even before a star", "3.1", "StringLike", "${aws:PrincipalTag/none}*", "x", false},
		{"that is empty is a value", "3.1", "StringEquals", "a${aws:RequestedRegion}", "a", true},
		{"does not fall back to its default when it is empty", "3.4", "StringEquals", "${aws:RequestedRegion, 'zz'}", "zz", false},
		{"brings in no wildcard", "3.4", "StringLike", "${aws:PrincipalTag/who}", "ab", false},
		{"brings in a literal star", "3.4", "StringLike", "${aws:PrincipalTag/who}", "a*", true},
		{"keeps the wildcards around it", "3.4", "StringLike", "*-${aws:username}-?", "a-ci-b", true},
		{"never has a value when its key is multivalued", "3.3", "StringEquals", "${aws:TagKeys}", "ci", false},
		{"never has a value when its key is multivalued, and no default helps", "3.3", "StringEquals", "${aws:TagKeys, 'zz'}", "zz", false},
		{"of a multivalued key satisfies a negated operator", "3.1", "StringNotEquals", "${aws:TagKeys}", "ci", true},
		{"escapes a star", "3.4", "StringLike", "a${*}", "ab", false},
		{"escapes a star under StringEquals too", "3.4", "StringEquals", "a${*}", "a*", true},
		{"escapes a question mark", "3.4", "StringLike", "a${?}", "a?", true},
		{"escapes a dollar sign", "3.4", "StringEquals", "${$}{x}", "${x}", true},
		{"is filled in under IgnoreCase", "3.4", "StringEqualsIgnoreCase", "${aws:username}", "CI", true},
		{"is filled in under ArnLike", "3.4", "ArnLike", "arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::4:user/ci", true},
		{"brings in colons that separate segments", "3.4", "ArnLike", "arn:${aws:referer}/c*", "arn:aws:iam::444455556666:user/ci", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			condition := fmt.Sprintf(`{%q:{"aws:UserAgent":%q}}`, test.operator, test.operand)
			context["aws:UserAgent"] = []string{test.value}
			if got := admits(t, condition, context); got != test.want {
				t.Errorf("%s with %q: %t, want %t (section %s)", condition, test.value, got, test.want, test.source)
			}
		})
	}
}

func TestVariablesArePlainTextInTheOldVersion(t *testing.T) {
	for _, version := range []string{`"Version":"2008-10-17",`, ""} {
		document := json.RawMessage(`{` + version + `"Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole",
			"Condition":{"StringEquals":{"aws:UserAgent":"${aws:username}"}}}}`)
		policy := mustParse(t, document, trust.Parse)
		for value, want := range map[string]bool{"ci": false, "${aws:username}": true} {
			got := trust.Evaluate(policy, requestWith(trust.Context{"aws:username": {"ci"}, "aws:UserAgent": {value}})).Granted
			if got != want {
				t.Errorf("version %q, value %q: %t, want %t (section 1.1)", version, value, got, want)
			}
		}
	}
}
