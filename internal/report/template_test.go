package report

import (
	"bytes"
	"strings"
	"testing"

	"countersign/internal/diff"
	"countersign/internal/report/schematest"
	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"
	"countersign/trust/jsontree"
)

// fromTemplate makes the finding on a policy that stands in a larger file, as
// readers of templates do. The policy is what lies between the marks «».
func fromTemplate(t *testing.T, path, text string) *rule.Finding {
	t.Helper()
	before, rest, _ := strings.Cut(text, "«")
	inner, behind, ok := strings.Cut(rest, "»")
	if !ok {
		t.Fatal("no policy is marked")
	}
	file := &trust.File{Name: path, Text: []byte(before + inner + behind)}
	tree, err := jsontree.Parse(&trust.File{Text: []byte(inner)})
	if err != nil {
		t.Fatal(err)
	}
	tree = shifted(tree, file, len(before))
	parsed, err := trust.Parse(tree)
	if err != nil {
		t.Fatal(err)
	}
	verdict := trust.Decide(parsed, trust.Question{Subject: trust.Subject{Account: account}})
	subject := &role.Role{
		Name: "Planted", Account: account, Trust: role.Document{Tree: &tree},
		Source: role.Source{Kind: "cloudformation", Path: path, Address: "Planted", Line: 1, Column: 1},
	}
	finding := &rule.Finding{Fingerprint: "cs1-0123456789abcdef0123456789abcdef", Rule: "IAM-050", Role: subject, Verdict: &verdict, Severity: rule.Medium}
	if len(verdict.Reasons) > 0 {
		finding.Place = rule.PlaceOf(subject, verdict.Reasons[0].Range)
	}
	return finding
}

// shifted moves a tree into a larger file.
func shifted(v trust.Value, file *trust.File, by int) trust.Value {
	v.Range = trust.Range{File: file, Start: v.Range.Start + by, End: v.Range.End + by}
	for i := range v.Items {
		v.Items[i] = shifted(v.Items[i], file, by)
	}
	for i := range v.Members {
		v.Members[i].Key = shifted(v.Members[i].Key, file, by)
		v.Members[i].Value = shifted(v.Members[i].Value, file, by)
	}
	return v
}

const open = `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}]}`

// everywhere writes a finding in every format, and as an explanation.
func everywhere(t *testing.T, finding *rule.Finding, options Options) string {
	t.Helper()
	written, err := inEveryFormat(finding, options)
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	for _, text := range written {
		all.WriteString(text)
	}
	schematest.Document(t, []byte(written["json"]))
	if err := Explain(&all, finding, options); err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func TestExternalIDsOfOtherRolesOnTheSameLineAreNotShown(t *testing.T) {
	for name, text := range map[string]string{
		"before":                            `{"A":{"sts:ExternalId":"planted-secret"},"B":«` + open + `»}`,
		"behind":                            `{"B":«` + open + `»,"A":{"sts:ExternalId":"planted-secret"}}`,
		"in a variable of another spelling": `{ external_id = "planted-secret", policy = «` + open + `» }`,
		"in the line above":                 "external_id: planted-secret\n«" + open + "»",
	} {
		shown := everywhere(t, fromTemplate(t, "t.json", text), Options{Width: 200})
		if strings.Contains(shown, "planted-secret") {
			t.Errorf("%s: %s", name, shown)
		}
		if !strings.Contains(shown, `"444455556666"`) {
			t.Errorf("%s: the place itself is not shown: %s", name, shown)
		}
	}
}

func TestASensitivePolicyIsJudgedAndNeverShown(t *testing.T) {
	guarded := strings.Replace(open, `"Action"`, `"Condition":{"StringLike":{"sts:ExternalId":"planted-secret-*"}},"Action"`, 1)
	for _, policy := range []string{open, guarded} {
		finding := fromTemplate(t, "plan.json", "«"+policy+"»")
		finding.Role.Trust.Sensitive = true
		for _, options := range []Options{{}, {ShowExternalIDs: true}} {
			shown := everywhere(t, finding, options)
			if strings.Contains(shown, `"Effect"`) || strings.Contains(shown, "planted-secret") {
				t.Errorf("the policy is shown: %s", shown)
			}
			if !strings.Contains(shown, "marked as sensitive") {
				t.Errorf("nothing says why the policy is missing: %s", shown)
			}
		}
	}
}

func TestTheOtherPlaceOfARoleIsTold(t *testing.T) {
	finding := fromTemplate(t, "trust/policy.json", "«"+open+"»")
	finding.Role.Source = role.Source{Kind: role.Terraform, Path: "main.tf", Line: 7, Column: 1, Address: "aws_iam_role.r"}
	shown := everywhere(t, finding, Options{})
	for _, want := range []string{"--> trust/policy.json:1:52", "also       main.tf:7:1, the role", `"also":[{"kind":"terraform","path":"main.tf","line":7,"column":1`} {
		if !strings.Contains(shown, want) {
			t.Errorf("%s is not in %s", want, shown)
		}
	}
	finding = fromTemplate(t, "plan.json", "«"+open+"»")
	finding.Role.Source.Kind = role.TerraformPlan
	finding.Role.Also = []role.Source{{Kind: role.Terraform, Path: "main.tf", Line: 7, Column: 1, Address: "aws_iam_role.r"}}
	if shown := everywhere(t, finding, Options{}); !strings.Contains(shown, "also       main.tf:7:1, the configuration; where it differs, the plan decides") {
		t.Error(shown)
	}
}

func TestAnAccountThatNobodyTellsIsNotMadeUp(t *testing.T) {
	finding := fromTemplate(t, "t.json", "«"+open+"»")
	finding.Role.Account = "000000000000"
	written, err := inEveryFormat(finding, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(written["text"], "account not known") || !strings.Contains(written["json"], `"account":null`) {
		t.Error(written)
	}
}

func TestAComparisonHoldsToItsSchema(t *testing.T) {
	was, is := fromTemplate(t, "a.json", "«"+open+"»"), fromTemplate(t, "b.json", "«"+open+"»")
	comparison := &Comparison{Before: "main", After: "HEAD", Result: diff.Result{
		Opened:    []diff.Change{{Before: was, After: is, Was: trust.Fail, Is: trust.Fail, Wider: []string{"any account gets in"}}, {After: is, Is: trust.Fail}},
		Closed:    []diff.Change{{Before: was, Was: trust.Fail, Is: trust.Pass}, {Before: was, Was: trust.Fail}},
		Unchanged: 3,
	}}
	for _, one := range []*Comparison{comparison, {Before: "a", After: "b"}} {
		var out bytes.Buffer
		if err := Diff("json", &out, one, Options{Version: "test"}); err != nil {
			t.Fatal(err)
		}
		schematest.Diff(t, out.Bytes())
	}
	if err := Diff("jsonl", &bytes.Buffer{}, comparison, Options{}); err == nil {
		t.Error("a comparison is written in a format that there is not")
	}
}
