package trust_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"countersign/trust"
)

// admits holds a context against one condition block in an Allow statement
// for everyone.
func admits(t *testing.T, condition string, context trust.Context) bool {
	t.Helper()
	return holdsUnder(t, "Allow", condition, context)
}

// holdsUnder reports whether a statement with that effect and condition block
// matches.
func holdsUnder(t *testing.T, effect, condition string, context trust.Context) bool {
	t.Helper()
	document := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
		{"Effect":%q,"Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":%s}]}`, effect, condition)
	check := trust.Evaluate(mustParse(t, []byte(document), trust.Parse), requestWith(context)).Checks[0]
	return len(check.Allows)+len(check.Denies) == 1
}

func requestWith(context trust.Context) trust.Request {
	return trust.Request{
		Principal: "arn:aws:iam::444455556666:user/mallory",
		Kind:      trust.UserKey,
		Account:   "444455556666",
		Checks:    []string{trust.ActionAssumeRole},
		Resource:  "arn:aws:iam::111122223333:role/Target",
		Context:   context,
	}
}

// situation is what a request carries under the key of a condition.
type situation int

const (
	missing    situation = iota // the key is absent
	oneEqual                    // single-valued key, equal to the operand
	oneOther                    // single-valued key, not equal
	setEqual                    // multivalued key, one element, equal
	setOther                    // multivalued key, one element, not equal
	setMixed                    // multivalued key, one element equal and one not
	situations                  // how many there are
)

// shapes is the truth table of sections 3.1 and 3.3 of the semantics, worked
// out by hand: for each prefix and suffix of an operator, whether it holds in
// each situation, first for a positive operator, then for a negated one.
//
// The columns are: missing, oneEqual, oneOther, setEqual, setOther, setMixed.
var shapes = []struct {
	prefix, suffix    string
	positive, negated [situations]bool
	source            string
}{
	{"", "", [situations]bool{false, true, false, false, false, false}, [situations]bool{true, false, true, false, false, false},
		"3.1 positive and negated; 3.3 a scalar operator never matches a multivalued key"},
	{"", "IfExists", [situations]bool{true, true, false, false, false, false}, [situations]bool{true, false, true, false, false, false},
		"3.1 any …IfExists; 3.3 not even IfExists matches a multivalued key"},
	{"ForAllValues:", "", [situations]bool{true, true, false, true, false, false}, [situations]bool{true, false, true, false, true, false},
		"3.1 true on a missing key, also negated; 3.3 every value"},
	{"ForAllValues:", "IfExists", [situations]bool{true, true, false, true, false, false}, [situations]bool{true, false, true, false, true, false},
		"3.1 also IfExists"},
	{"ForAnyValue:", "", [situations]bool{false, true, false, true, false, true}, [situations]bool{false, false, true, false, true, true},
		"3.1 false on a missing key, also negated; 3.3 some value differs"},
	{"ForAnyValue:", "IfExists", [situations]bool{false, true, false, true, false, true}, [situations]bool{false, false, true, false, true, true},
		"3.1 IfExists does not help ForAnyValue"},
}

// operators has one row for each operator, with an operand, a request value
// that satisfies the positive form and one that does not (section 3.2).
var operators = []struct {
	name    string
	negated bool
	operand string
	equal   string
	other   string
	family  string // the constant of trust.Family
}{
	{"StringEquals", false, `"ab"`, "ab", "AB", "StringExact"},
	{"StringNotEquals", true, `"ab"`, "ab", "AB", "StringExact"},
	{"StringEqualsIgnoreCase", false, `"aB"`, "Ab", "abc", "StringIgnoreCase"},
	{"StringNotEqualsIgnoreCase", true, `"aB"`, "Ab", "abc", "StringIgnoreCase"},
	{"StringLike", false, `"a*c?"`, "a:/\ncd", "a:/\nc", "StringPattern"},
	{"StringNotLike", true, `"a*c?"`, "a:/\ncd", "a:/\nc", "StringPattern"},
	{"ArnLike", false, `"arn:aws:iam::*:role/x*"`, "arn:aws:iam::444455556666:role/x:y", "arn:aws:iam::4:4:role/x", "ArnPattern"},
	{"ArnEquals", false, `"arn:aws:iam::*:role/x*"`, "arn:aws:iam::444455556666:role/x:y", "arn:aws:iam::4:4:role/x", "ArnPattern"},
	{"ArnNotLike", true, `"arn:aws:iam::*:role/x*"`, "arn:aws:iam::444455556666:role/x:y", "arn:aws:iam::4:4:role/x", "ArnPattern"},
	{"ArnNotEquals", true, `"arn:aws:iam::*:role/x*"`, "arn:aws:iam::444455556666:role/x:y", "arn:aws:iam::4:4:role/x", "ArnPattern"},
	{"NumericEquals", false, `"10"`, "1e1", "11", "NumericEqual"},
	{"NumericNotEquals", true, `"10"`, "+010.0", "11", "NumericEqual"},
	{"NumericLessThan", false, `"10"`, "9.99", "10", "NumericLess"},
	{"NumericLessThanEquals", false, `"10"`, "10.0", "10.01", "NumericLessOrEqual"},
	{"NumericGreaterThan", false, `"10"`, "10.01", "10", "NumericGreater"},
	{"NumericGreaterThanEquals", false, `"10"`, "10", "-10", "NumericGreaterOrEqual"},
	{"DateEquals", false, `"2030-01-01"`, "1893456000", "2030-01-01T00:00:01Z", "DateEqual"},
	{"DateNotEquals", true, `"2030-01-01"`, "2030-01-01T01:00:00+01:00", "2030-01-01T00:00:00.001Z", "DateEqual"},
	{"DateLessThan", false, `"2030-01-01T00:00:00Z"`, "2029-12-31T23:59:59.999Z", "2030-01-01T00:00:00Z", "DateLess"},
	{"DateLessThanEquals", false, `"2030-01-01T00:00:00Z"`, "2030-01-01T00:00:00Z", "2030-01-01T00:00:00.001Z", "DateLessOrEqual"},
	{"DateGreaterThan", false, `"1893456000"`, "2030-01-01T00:00:01Z", "2030-01-01T00:00:00Z", "DateGreater"},
	{"DateGreaterThanEquals", false, `"1893456000"`, "2030-01-01", "2029-12-31", "DateGreaterOrEqual"},
	{"Bool", false, `"true"`, "TRUE", "yes", "BoolEqual"},
	{"Bool", false, `"false"`, "yes", "true", "BoolEqual"},
	{"BinaryEquals", false, `"c2VjcmV0"`, "c2VjcmV0", "c2VjcmV1", "BinaryEqual"},
	{"IpAddress", false, `"203.0.113.7/24"`, "::ffff:203.0.113.200", "203.0.114.1", "IPAddress"},
	{"NotIpAddress", true, `"203.0.113.7/24"`, "203.0.113.0", "2001:db8::1", "IPAddress"},
	{"IpAddress", false, `"2001:db8::/32"`, "2001:db8:ffff::1", "2001:db9::", "IPAddress"},
}

func TestEveryOperatorAnswersMissingSingleAndMultivaluedKeysByTheTable(t *testing.T) {
	for _, operator := range operators {
		for _, shape := range shapes {
			want := shape.positive
			if operator.negated {
				want = shape.negated
			}
			for s := range situations {
				key, context := inSituation(s, operator.equal, operator.other)
				condition := fmt.Sprintf(`{"%s%s%s":{"%s":%s}}`, shape.prefix, operator.name, shape.suffix, key, operator.operand)
				if got := admits(t, condition, context); got != want[s] {
					t.Errorf("%s with %q: %t, want %t (%s)", condition, context, got, want[s], shape.source)
				}
			}
		}
	}
}

func inSituation(s situation, equal, other string) (key string, context trust.Context) {
	const single, multi = "aws:UserAgent", "aws:TagKeys"
	switch s {
	case oneEqual:
		return single, trust.Context{single: {equal}}
	case oneOther:
		return single, trust.Context{single: {other}}
	case setEqual:
		return multi, trust.Context{multi: {equal}}
	case setOther:
		return multi, trust.Context{multi: {other}}
	case setMixed:
		return multi, trust.Context{multi: {equal, other}}
	}
	return single, trust.Context{"aws:referer": {equal}}
}

func TestTheOperatorTableHasEveryFamily(t *testing.T) {
	tested := map[string]bool{"NullTest": true} // has its own table below
	for _, operator := range operators {
		tested[operator.family] = true
	}
	file, err := parser.ParseFile(token.NewFileSet(), "policy.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	families := 0
	for _, declaration := range file.Decls {
		group, ok := declaration.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		if kind, ok := group.Specs[0].(*ast.ValueSpec).Type.(*ast.Ident); !ok || kind.Name != "Family" {
			continue
		}
		for _, spec := range group.Specs {
			families++
			if name := spec.(*ast.ValueSpec).Names[0].Name; !tested[name] {
				t.Errorf("no row for the family %s", name)
			}
		}
	}
	if families == 0 {
		t.Error("policy.go declares no families: the test looks at the wrong place")
	}
}

func TestOperatorsOnOneValue(t *testing.T) {
	const (
		long     = "aws:UserAgent"
		agent    = `"aws:UserAgent"`
		arnOfCI  = "arn:aws:iam::444455556666:user/ci"
		upperSSS = "ſ" // long s: lower-case already, and not an "s"
	)
	tests := []struct {
		name      string
		source    string // section of the semantics
		condition string
		value     string
		want      bool
	}{
		{"an empty string is a value", "3.1", `{"Null":{` + agent + `:"false"}}`, "", true},
		{"a star needs no characters", "3.2", `{"StringLike":{` + agent + `:"*"}}`, "", true},
		{"a question mark needs one", "3.2", `{"StringLike":{` + agent + `:"?"}}`, "", false},
		{"a question mark is one UTF-16 unit, so a character beyond the BMP needs two", "3.2", `{"StringLike":{` + agent + `:"?"}}`, "😀", false},
		{"two question marks match a character beyond the BMP", "3.2", `{"StringLike":{` + agent + `:"??"}}`, "😀", true},
		{"StringLike is case-sensitive", "3.2", `{"StringLike":{` + agent + `:"A*"}}`, "ab", false},
		{"a star in StringEquals is a star", "3.2", `{"StringEquals":{` + agent + `:"a*"}}`, "ab", false},
		{"a star in StringEquals equals itself", "3.2", `{"StringEquals":{` + agent + `:"a*"}}`, "a*", true},
		{"letter case is ignored beyond ASCII", "3.2", `{"StringEqualsIgnoreCase":{` + agent + `:"É"}}`, "é", true},
		{"long s is no s", "3.2", `{"StringEqualsIgnoreCase":{` + agent + `:"s"}}`, upperSSS, false},
		{"sharp s is not ss", "3.2", `{"StringEqualsIgnoreCase":{` + agent + `:"ß"}}`, "SS", false},
		{"final sigma is not sigma", "3.2", `{"StringEqualsIgnoreCase":{` + agent + `:"Σ"}}`, "ς", false},
		{"values are ORed", "3.2", `{"StringEquals":{` + agent + `:["a","b"]}}`, "b", true},
		{"values of a negated operator are NORed", "3.2", `{"StringNotEquals":{` + agent + `:["a","b"]}}`, "b", false},
		{"no value of a negated operator equals", "3.2", `{"StringNotEquals":{` + agent + `:["a","b"]}}`, "c", true},

		{"ARN segments are matched one by one", "3.2", `{"ArnLike":{` + agent + `:"arn:aws:iam::*:user/ci"}}`, arnOfCI, true},
		{"a wildcard does not cross a colon", "3.2", `{"ArnLike":{` + agent + `:"arn:aws:*:user/ci::"}}`, arnOfCI, false},
		{"a star swallows no segment", "3.2", `{"ArnLike":{` + agent + `:"arn:aws:s3:::*"}}`, "arn:aws:iam::444455556666:x", false},
		{"the sixth segment keeps its colons", "3.2", `{"ArnLike":{` + agent + `:"arn:aws:sns:::a*d"}}`, "arn:aws:sns:::a:b:c:d", true},
		{"a star alone matches every ARN", "3.2", `{"ArnLike":{` + agent + `:"*"}}`, arnOfCI, true},
		{"a star alone matches nothing else", "3.2", `{"ArnLike":{` + agent + `:"*"}}`, "ci", false},
		{"ArnEquals takes wildcards too", "3.2", `{"ArnEquals":{` + agent + `:"arn:aws:iam::4444????6666:user/*"}}`, arnOfCI, true},
		{"what is no ARN matches no ArnLike", "3.2", `{"ArnLike":{` + agent + `:"arn:aws:iam::*:user/*"}}`, "ci", false},
		{"what is no ARN matches no ArnNotLike either", "3.2", `{"ArnNotLike":{` + agent + `:"arn:aws:iam::*:user/*"}}`, "ci", false},
		{"four colons are no ARN", "3.2", `{"ArnNotLike":{` + agent + `:"arn:aws:iam::*:user/*"}}`, "arn:aws:iam:x:y", false},
		{"an upper-case ARN prefix is none", "3.2", `{"ArnNotLike":{` + agent + `:"arn:aws:iam::*:user/*"}}`, "ARN:aws:iam::1:x", false},

		{"01 is 1", "3.2", `{"NumericEquals":{` + agent + `:1}}`, "01", true},
		{"+1 is 1", "3.2", `{"NumericEquals":{` + agent + `:1}}`, "+1", true},
		{"1e0 is 1", "3.2", `{"NumericEquals":{` + agent + `:1}}`, "1e0", true},
		{"what is no number equals no number", "3.2", `{"NumericEquals":{` + agent + `:"1"}}`, "one", false},
		{"what is no number is not equal to any", "3.2", `{"NumericNotEquals":{` + agent + `:"1"}}`, "one", true},
		{"what is no number is not less", "3.2", `{"NumericLessThan":{` + agent + `:"1"}}`, "one", false},
		{"digits beyond a float64 count", "3.2", `{"NumericEquals":{` + agent + `:"10000000000000000000000001"}}`, "10000000000000000000000002", false},
		{"one request number is enough for one of two operands", "3.2", `{"NumericGreaterThan":{` + agent + `:["100","5"]}}`, "7", true},

		{"a date is midnight UTC", "3.2", `{"DateEquals":{` + agent + `:"2030-01-01"}}`, "2030-01-01T00:00:00Z", true},
		{"what is no date equals no date", "3.2", `{"DateEquals":{` + agent + `:"2030-01-01"}}`, "soon", false},
		{"what is no date is not equal to any", "3.2", `{"DateNotEquals":{` + agent + `:"2030-01-01"}}`, "soon", true},

		{"Bool false matches what is not true", "3.2", `{"Bool":{` + agent + `:"false"}}`, "yes", true},
		{"Bool true matches in any letter case", "3.2", `{"Bool":{` + agent + `:"true"}}`, "tRuE", true},
		{"a Bool operand that is not true is false", "3.2, 8.1", `{"Bool":{` + agent + `:"yes"}}`, "false", true},
		{"both Bool operands mean presence", "3.2", `{"Bool":{` + agent + `:["true","false"]}}`, "maybe", true},
		{"a JSON true is the text true", "1.1", `{"Bool":{` + agent + `:true}}`, "true", true},

		{"invalid base64 equals nothing", "3.2", `{"BinaryEquals":{` + agent + `:"c2VjcmV0"}}`, "c2Vjcm V0", false},

		{"an address stands for itself", "3.2", `{"IpAddress":{` + agent + `:"203.0.113.7"}}`, "203.0.113.7", true},
		{"an address is not its neighbour", "3.2", `{"IpAddress":{` + agent + `:"203.0.113.7"}}`, "203.0.113.8", false},
		{"families never mix", "3.2", `{"IpAddress":{` + agent + `:"::/0"}}`, "203.0.113.7", false},
		{"a mapped address counts as IPv4", "3.2", `{"IpAddress":{` + agent + `:"0.0.0.0/0"}}`, "::ffff:203.0.113.7", true},
		{"an IPv6 network with host bits set matches nothing", "3.2", `{"IpAddress":{` + agent + `:"2001:db8::1/32"}}`, "2001:db8::1", false},
		{"and so its negation matches", "3.2", `{"NotIpAddress":{` + agent + `:"2001:db8::1/32"}}`, "2001:db8::1", true},
		{"what is no address matches not", "3.2", `{"IpAddress":{` + agent + `:"0.0.0.0/0"}}`, "localhost", false},
		{"what is no address matches not even the negation", "3.2", `{"NotIpAddress":{` + agent + `:"10.0.0.0/8"}}`, "localhost", false},

		{"an empty list never equals", "3.3", `{"StringEquals":{` + agent + `:[]}}`, "a", false},
		{"an empty list never equals under ForAllValues", "3.3", `{"ForAllValues:StringEquals":{` + agent + `:[]}}`, "a", false},
		{"nothing in an empty list equals", "3.3", `{"StringNotEquals":{` + agent + `:[]}}`, "a", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := admits(t, test.condition, trust.Context{long: {test.value}}); got != test.want {
				t.Errorf("%s with %q: %t, want %t (section %s)", test.condition, test.value, got, test.want, test.source)
			}
		})
	}
}

func TestNullAsksForPresenceOnly(t *testing.T) {
	present := trust.Context{"aws:UserAgent": {"x"}, "aws:TagKeys": {"a", "b"}, "aws:referer": {""}}
	tests := []struct {
		name, key, operand string
		want               bool
	}{
		{"true holds on an absent key", "sts:ExternalId", `"true"`, true},
		{"false fails on an absent key", "sts:ExternalId", `"false"`, false},
		{"true fails on a present key", "aws:UserAgent", `"true"`, false},
		{"false holds on a present key", "aws:UserAgent", `"false"`, true},
		{"an empty value is present", "aws:referer", `"false"`, true},
		{"a set is present", "aws:TagKeys", `"false"`, true},
		{"a set is not absent", "aws:TagKeys", `"true"`, false},
		{"other text reads as false", "aws:UserAgent", `"yes"`, true},
		{"any letter case is true", "sts:ExternalId", `"TRUE"`, true},
		{"either will do", "sts:ExternalId", `["false","true"]`, true},
		{"an empty list never holds", "sts:ExternalId", `[]`, false},
		{"the key's letter case is ignored", "AWS:USERAGENT", `"false"`, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			condition := fmt.Sprintf(`{"Null":{%q:%s}}`, test.key, test.operand)
			if got := admits(t, condition, present); got != test.want {
				t.Errorf("%s: %t, want %t (sections 3.1, 3.2)", condition, got, test.want)
			}
		})
	}
}

func TestSetOperatorsAskEveryOrSomeValue(t *testing.T) {
	tests := []struct {
		name, condition string
		values          []string
		want            bool
	}{
		{"every value is listed", `{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}`, []string{"a", "b", "a"}, true},
		{"one value is not listed", `{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}`, []string{"a", "c"}, false},
		{"no value is listed", `{"ForAllValues:StringNotEquals":{"aws:TagKeys":["a","b"]}}`, []string{"c", "d"}, true},
		{"some value is listed", `{"ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}}`, []string{"c", "b"}, true},
		{"some value differs", `{"ForAnyValue:StringNotEquals":{"aws:TagKeys":"a"}}`, []string{"a", "b"}, true},
		{"no value differs", `{"ForAnyValue:StringNotEquals":{"aws:TagKeys":"a"}}`, []string{"a"}, false},
		{"an empty element is compared", `{"ForAllValues:StringEquals":{"aws:TagKeys":"a"}}`, []string{""}, false},
		{"a set without elements is absent", `{"ForAllValues:StringEquals":{"aws:TagKeys":"a"}}`, []string{}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := admits(t, test.condition, trust.Context{"aws:TagKeys": test.values}); got != test.want {
				t.Errorf("%s with %q: %t, want %t (section 3.3)", test.condition, test.values, got, test.want)
			}
		})
	}
}

func TestEveryMultivaluedKeyEscapesScalarOperators(t *testing.T) {
	for key := range strings.FieldsSeq(`aws:TagKeys sts:TransitiveTagKeys aws:PrincipalOrgPaths aws:CalledVia aws:VpceOrgPaths
		aws:ResourceOrgPaths aws:PrincipalServiceNamesList aws:SourceOrgPaths cognito-identity.amazonaws.com:amr`) {
		for _, operator := range []string{"StringEquals", "StringNotEquals", "StringEqualsIfExists", "StringNotEqualsIfExists"} {
			condition := fmt.Sprintf(`{%q:{%q:"a"}}`, operator, key)
			for _, value := range []string{"a", "b"} {
				if admits(t, condition, trust.Context{key: {value}}) {
					t.Errorf("%s holds with %q (section 3.3)", condition, value)
				}
			}
		}
	}
}
