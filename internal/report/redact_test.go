package report

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"
	"countersign/trust/jsontree"
)

// judged makes the finding that a policy leads to, as an audit would.
func judged(policy string, line int) *rule.Finding {
	s := newSample(nil, "Planted", policy)
	s.Role.Trust.Line = line
	tree, err := jsontree.Parse(s.file)
	var parsed *trust.Policy
	if err == nil {
		parsed, err = trust.Parse(tree)
	}
	var syntax *trust.SyntaxError
	if errors.As(err, &syntax) {
		s.Verdict.Outcome, s.Verdict.Problem = trust.Broken, syntax.Message+" ("+syntax.Hint+")"
		s.Place = rule.PlaceOf(s.Role, syntax.Range)
		return s.Finding
	}
	*s.Verdict = trust.Decide(parsed, trust.Question{Subject: trust.Subject{ARN: s.Role.ARN, Account: account, Partition: "aws"}})
	if s.Verdict.Outcome == trust.Fail {
		s.Severity = rule.Medium
	}
	if len(s.Verdict.Reasons) > 0 {
		s.Place = rule.PlaceOf(s.Role, s.Verdict.Reasons[0].Range)
	}
	return s.Finding
}

// inEveryFormat writes a finding in every way there is.
func inEveryFormat(finding *rule.Finding, options Options) (map[string]string, error) {
	options.All = true
	written := map[string]string{}
	for _, format := range Formats {
		var out bytes.Buffer
		writer, err := New(format.Name, &out, options)
		if err == nil {
			err = writer.Finding(finding)
		}
		if err == nil {
			err = writer.Close(audit.Summary{Roles: 1})
		}
		if err != nil {
			return nil, err
		}
		written[format.Name] = out.String()
	}
	var out bytes.Buffer
	err := Explain(&out, finding, options)
	written["explain"] = out.String()
	return written, err
}

// plantedSecret draws an external ID of letters that occur nowhere else in a
// report, so that four of them in a row give it away.
var plantedSecret = rapid.StringMatching(`[QXZ]{8,12}`)

var (
	keySpellings = rapid.SampledFrom([]string{
		"sts:ExternalId", "STS:EXTERNALID", "sts:externalid", `sts:External\u0049d`, `\u0073ts:ExternalId`,
		"sts:External-Id", "ExternalId",
	})
	operators = rapid.SampledFrom([]string{
		"StringEquals", "StringLike", "StringEqualsIgnoreCase", "StringNotEquals", "StringNotLike", "StringEqualsIfExists",
		"ForAnyValue:StringLike", "ForAllValues:StringEquals", "ArnLike", "NumericEquals", "DateLessThan", "Bool", "BinaryEquals",
		"IpAddress", "Null", "NoSuchOperator",
	})
	// %s is the planted text.
	valueForms = rapid.SampledFrom([]string{
		`"%s"`, `["%s"]`, `["other", "%s"]`, `"%s-*"`, `"*%s*"`, `"${aws:username}-%s"`, `"${aws:username, '%s'}"`, `"?%s"`,
		`"é\t%s"`, `["%s", "%[1]s"]`, `{"%s": "%[1]s"}`, `[["%s"]]`, `%s`, `'%s'`,
	})
)

// plantedPolicy draws a policy, mostly one with a meaning, that holds a secret
// under sts:ExternalId.
func plantedPolicy(t *rapid.T, secret string) string {
	condition := func() string {
		return fmt.Sprintf(`{"%s": {"%s": %s}}`, operators.Draw(t, "operator"), keySpellings.Draw(t, "key"),
			fmt.Sprintf(valueForms.Draw(t, "form"), secret))
	}
	principal := rapid.SampledFrom([]string{`"*"`, `{"AWS": "444455556666"}`, `{"AWS": "arn:aws:iam::111122223333:root"}`})
	var statements []string
	for range rapid.IntRange(1, 3).Draw(t, "statements") {
		statement := fmt.Sprintf(`{"Effect": "%s",@"Principal": %s,@"Action": "sts:AssumeRole",@"Condition": %s}`,
			rapid.SampledFrom([]string{"Allow", "Allow", "Deny", "allow"}).Draw(t, "effect"), principal.Draw(t, "principal"), condition())
		statements = append(statements, statement)
	}
	policy := `{"Statement": [@` + strings.Join(statements, ",@") + `]}`
	policy = strings.ReplaceAll(policy, "@", rapid.SampledFrom([]string{"", "\n", "\r\n    ", "\n\t\t", strings.Repeat(" ", 300)}).Draw(t, "space"))
	if rapid.IntRange(0, 5).Draw(t, "cut") == 0 {
		policy = policy[:rapid.IntRange(0, len(policy)).Draw(t, "length")]
	}
	return policy
}

func TestPlantedExternalIDsAppearInNoFormat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := plantedSecret.Draw(t, "secret")
		policy := plantedPolicy(t, secret)
		options := Options{Width: rapid.SampledFrom([]int{0, 40, 70, 200}).Draw(t, "width"), Color: rapid.Bool().Draw(t, "color")}
		written, err := inEveryFormat(judged(policy, rapid.IntRange(0, 1).Draw(t, "line")), options)
		if err != nil {
			t.Fatal(err)
		}
		for format, text := range written {
			upper := strings.ToUpper(text)
			for i := range len(secret) - 3 {
				if strings.Contains(upper, secret[i:i+4]) {
					t.Fatalf("%s gives %s away\npolicy: %s\n%s", format, secret, policy, text)
				}
			}
		}
	})
}

func TestExternalIDsAreShownOnDemand(t *testing.T) {
	finding := judged(`{"Statement": {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole",
		"Condition": {"StringLike": {"sts:ExternalId": "QXZQXZ-*"}}}}`, 1)
	written, err := inEveryFormat(finding, Options{ShowExternalIDs: true})
	if err != nil {
		t.Fatal(err)
	}
	for format, text := range written {
		if !strings.Contains(text, "QXZQXZ-") {
			t.Errorf("%s hides what it was asked to show:\n%s", format, text)
		}
	}
}

func TestExternalIDsOfATreeAreFound(t *testing.T) {
	for _, test := range []struct {
		name, policy string
		want         []string // the texts that are masked
	}{
		{"a scalar", `{"StringEquals": {"sts:ExternalId": "one"}}`, []string{`"one"`}},
		{"an array", `{"StringEquals": {"sts:ExternalId": ["one", "two"]}}`, []string{`"one"`, `"two"`}},
		{"any letter case of the key", `{"STS:EXTERNALID": "one"}`, []string{`"one"`}},
		{"a key with a slip in it", `{"sts:External-Id": "one", "ExternalId": "two", "aws:ExternlaId": "three", "sts:external_ids": "four"}`,
			[]string{`"one"`, `"two"`, `"three"`, `"four"`}},
		{"a key spelt with escapes", `{"sts:\u0045xternalId": "one"}`, []string{`"one"`}},
		{"a number and a boolean", `{"sts:ExternalId": [12345, true]}`, []string{`12345`, `true`}},
		{"a pattern", `{"sts:ExternalId": "acme-*"}`, []string{`"acme-*"`}},
		{"a misplaced object, its keys as well", `{"sts:ExternalId": {"one": "two"}}`, []string{`"one"`, `"two"`}},
		{"nothing in an empty value or in stars", `{"sts:ExternalId": ["", "*", "**", null]}`, nil},
		{"nothing under other keys", `{"aws:PrincipalTag/sts:ExternalId": "one", "Sid": "two", "sts:SourceIdentity": "three", "aws:userid": "four"}`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := &trust.File{Text: []byte(test.policy)}
			tree, err := jsontree.Parse(file)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, place := range externalIDs(tree)[file] {
				got = append(got, place.Text())
			}
			if fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("masked %q, want %q", got, test.want)
			}
		})
	}
}

func TestASecretWithinAnotherHidesAllOfIt(t *testing.T) {
	file := &trust.File{Text: []byte(`{"Condition": {"StringEquals": {"sts:ExternalId": ["zebra", "zebra-8842-stripes"]}}}`)}
	tree, err := jsontree.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := secretsOf(&tree).clean("a zebra-8842-stripes and a zebra"), "a "+mask+" and a "+mask; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A tree that stands in no file has nothing to mask by its place; what is shown
// of its witness is masked all the same.
func TestASecretOfATreeWithoutAFileIsHidden(t *testing.T) {
	tree := trust.Value{Kind: trust.Object, Members: []trust.Member{{
		Key: trust.Literal("Condition"), Value: trust.Value{Kind: trust.Object, Members: []trust.Member{{
			Key: trust.Literal("StringEqualsIfExists"), Value: trust.Value{Kind: trust.Object, Members: []trust.Member{{
				Key: trust.Literal("sts:ExternalId"), Value: trust.Literal("zebra-8842"),
			}}},
		}}},
	}}}
	finding := &rule.Finding{Role: &role.Role{Trust: role.Document{Tree: &tree}}, Verdict: &trust.Verdict{}}
	document := openDocument(finding, &Options{})
	request := document.withoutSecrets(&trust.Request{Context: trust.Context{"aws:PrincipalTag/customer": {"zebra-8842"}}})
	if got := request.Context["aws:PrincipalTag/customer"]; len(got) != 1 || got[0] != mask {
		t.Errorf("it shows %q", got)
	}
	if laid := string(document.relaid().file.Text); strings.Contains(laid, "zebra") {
		t.Errorf("it shows %s", laid)
	}
}
