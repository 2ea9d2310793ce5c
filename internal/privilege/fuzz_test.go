package privilege

import (
	"strings"
	"testing"
	"time"

	"countersign/internal/role"
)

// A stranger's policy is read or refused, in bounded time, and never makes a
// role look less privileged than the other policies on it do.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "[]", `{"Statement":[]}`, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`,
		`{"Statement":[` + deny("*", "*") + `]}`,
		`{"Statement":[` + statementOf("Allow", "NotAction", "iam:*", "arn:aws:s3:::${aws:PrincipalTag/a}/*", passedToLambda) + `]}`,
		`{"Statement":[{"Effect":"Allow","Action":["a:*b*c?",7,null],"NotResource":["${","${aws:username}"],"Condition":{"StringLike":{"iam:PassedToService":{}}}}]}`,
		`{"Statement":[{"Effect":"Allow","Action":"` + strings.Repeat("*a", 600) + `","Resource":"` + strings.Repeat("?*", 900) + `"}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		began := time.Now()
		subject := worker(allow("s3:GetObject", "*"))
		subject.Access.Inline = append(subject.Access.Inline, role.InlinePolicy{Name: "x", Document: role.Document{JSON: text}})
		got := Of(subject, Read)
		if read := Read(&subject.Access.Inline[1].Document); read.fault != nil && got.Level < Unknown {
			t.Errorf("%q is refused, and the role is said to be %s", text, got.Level)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestPoliciesMadeToBeSlowAreNot(t *testing.T) {
	many := func(n int, text string) string {
		var all []string
		for i := range n {
			all = append(all, strings.Replace(text, "#", strings.Repeat("ab", i%40)+"*", 1))
		}
		return strings.Join(all, " ")
	}
	for name, statements := range map[string][]string{
		"many resources, each denied by none": {allow("s3:Get*", many(3000, "arn:aws:s3:::#b*a*b*a")), deny("s3:Get*", many(3000, "arn:aws:s3:::*a*b#c"))},
		"many actions, denied by none":        {allow(many(3000, "s3:Put#a*b"), "*"), deny(many(3000, "s3:*a*b#c"), "*")},
		"many passed roles":                   {allow("iam:PassRole lambda:*", many(3000, "arn:aws:iam::*:role/#b*a*b")), deny("iam:PassRole", many(3000, "arn:aws:iam::*:role/*a*b#c"))},
		"more than IAM holds":                 {allow("s3:Get*", many(9000, "arn:aws:s3:::#b*a*b*a"))},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			got := Of(worker(statements...), Read)
			if took := time.Since(began); took > time.Second {
				t.Errorf("it took %v", took)
			}
			if got.Level < ReadsData {
				t.Errorf("got %+v", got)
			}
		})
	}
}
