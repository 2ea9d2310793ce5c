package apply

import (
	"slices"
	"strings"
	"testing"
)

func TestWhichPoliciesAreTheSame(t *testing.T) {
	tests := []struct {
		name, a, b        string
		equal, equivalent bool
	}{
		{"the same text", open, open, true, true},
		{"white space and the order of names", `{"a":1,"b":[1,2]}`, "{\"b\": [1,\n2], \"a\": 1}", true, true},
		{"escapes", `{"a":"\u0041<"}`, `{"a":"A\u003c"}`, true, true},
		{"one value alone or in a list", `{"Action":"x"}`, `{"Action":["x"]}`, false, true},
		{"one statement alone or in a list", `{"Statement":{"Sid":"x"}}`, `{"Statement":[{"Sid":"x"}]}`, false, true},
		{"values in another order", `{"Action":["x","y"]}`, `{"Action":["y","x"]}`, false, true},
		{"statements in another order", `{"Statement":[{"Sid":"x"},{"Sid":"y"}]}`, `{"Statement":[{"Sid":"y"},{"Sid":"x"}]}`, false, false},
		{"an account and its ARN", `{"Principal":{"AWS":"111122223333"}}`, `{"Principal":{"AWS":"arn:aws:iam::111122223333:root"}}`, false, true},
		{"an account and its ARN, where it is no principal", `{"Condition":{"StringEquals":{"aws:PrincipalArn":"111122223333"}}}`, `{"Condition":{"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:root"}}}`, false, false},
		{"an account and a role of it", `{"Principal":{"AWS":"111122223333"}}`, `{"Principal":{"AWS":"arn:aws:iam::111122223333:role/root"}}`, false, false},
		{"true and its text", `{"a":true}`, `{"a":"true"}`, false, true},
		{"another value", `{"a":"x"}`, `{"a":"X"}`, false, false},
		{"another name", `{"a":"x"}`, `{"A":"x"}`, false, false},
		{"one name twice", `{"a":"x","a":"x"}`, `{"a":"x"}`, false, false},
		{"what a form the whole would take", open, stored, false, false},
		{"what IAM makes of it", guarded, stored, false, true},
		{"no JSON", `{`, `{ `, false, false},
	}
	for _, test := range tests {
		if got := Equal(test.a, test.b); got != test.equal {
			t.Errorf("%s: equal is %v", test.name, got)
		}
		if got := Equivalent(test.b, test.a); got != test.equivalent {
			t.Errorf("%s: equivalent is %v", test.name, got)
		}
	}
}

func TestTheSizeOfAPolicyLeavesWhiteSpaceOut(t *testing.T) {
	if got := Size("{ \"a\" :\r\n\t\"é b\" }"); got != 10 {
		t.Errorf("%d characters, want 10", got)
	}
}

func TestExternalIDsAreFoundWhereverTheyStand(t *testing.T) {
	policy := strings.Replace(guarded, `"StringEquals":{"sts:ExternalId":"`+externalID+`"}`, `"ForAnyValue:StringLike":{"STS:externalid":["one","two*"],"aws:PrincipalTag/x":"no"}`, 1)
	if got := externalIDs(policy, guarded, "no JSON"); !slices.Equal(got, []string{"one", "two*", externalID}) {
		t.Errorf("found %q", got)
	}
}
