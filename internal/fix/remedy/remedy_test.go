package remedy_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/fix/remedy"
	"countersign/internal/role"
	"countersign/trust"
	"countersign/trust/jsontree"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// closed is a trust policy after its repair: a vendor with an external ID, people
// of a partner with MFA, and a service.
const closed = `{"Version":"2012-10-17","Statement":[` +
	`{"Sid":"Vendor","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"9f2c41d7-5e0b-4a86-b3d9-7c1e8a4f6025"}}},` +
	`{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::777788889999:user/ops/ann","arn:aws:iam::777788889999:user/ops/bo"]},"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"Bool":{"aws:MultiFactorAuthPresent":true},"StringLike":{"aws:PrincipalTag/team":"${aws:ResourceTag/team}"},"NumericLessThan":{"aws:MultiFactorAuthAge":3600}}},` +
	`{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

const account = "111122223333"

func tree(t testing.TB, text string) trust.Value {
	t.Helper()
	v, err := jsontree.Parse(&trust.File{Text: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// scanner is a role of which everything is known.
func scanner() *role.Role {
	return &role.Role{
		ARN: "arn:aws:iam::" + account + ":role/vendors/VendorScanner", Name: "VendorScanner", Path: "/vendors/",
		Account: account, Partition: "aws", Description: "Lets the vendor's scanner read",
		MaxSession: time.Hour, Tags: map[string]string{"team": "security", "cost centre": "4711", "aws:createdBy": "x"},
		Access: &role.Access{
			Attached: []role.ManagedPolicy{
				{ARN: "arn:aws:iam::aws:policy/SecurityAudit", Name: "SecurityAudit"},
				{ARN: "arn:aws:iam::111122223333:policy/more/scan-more", Name: "scan-more"},
			},
			Inline: []role.InlinePolicy{{Name: "read-bucket", Document: role.IdentityPolicy([]byte(
				`%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3AGetObject%22%2C%22Resource%22%3A%22arn%3Aaws%3As3%3A%3A%3Afindings%2F%24%7Baws%3Ausername%7D%2F%2A%22%7D%7D`))}},
			Boundary: &role.ManagedPolicy{ARN: "arn:aws:iam::111122223333:policy/boundary", Name: "boundary"},
		},
	}
}

// bare is a role of which a list of roles tells little.
func bare() *role.Role {
	return &role.Role{Name: "-odd=na+me.", Account: account}
}

func written(t testing.TB, form remedy.Form, r *role.Role, document trust.Value) string {
	t.Helper()
	var b strings.Builder
	if err := remedy.Write(&b, form, remedy.Remedy{Role: r, Rewriting: &trust.Rewriting{Document: document}}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var forms = map[remedy.Form]string{
	remedy.Policy: "policy.json", remedy.CLI: "commands.sh", remedy.Console: "console.txt",
	remedy.CloudFormationJSON: "template.json", remedy.CloudFormationYAML: "template.yaml", remedy.Terraform: "main.tf",
}

// unknownID is the policy of a vendor whose external ID a parameter holds.
func unknownID(t testing.TB, on string) trust.Value {
	v := tree(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"X"}}}]}`)
	replaceText(&v, "X", trust.Value{Kind: trust.Unknown, On: on})
	return v
}

func replaceText(v *trust.Value, text string, with trust.Value) {
	if v.Kind == trust.String && v.Text == text {
		*v = with
		return
	}
	for i := range v.Items {
		replaceText(&v.Items[i], text, with)
	}
	for i := range v.Members {
		replaceText(&v.Members[i].Value, text, with)
	}
}

func TestEachFormReadsAsItShould(t *testing.T) {
	for _, one := range []struct {
		folder   string
		role     *role.Role
		document trust.Value
		forms    map[remedy.Form]string
	}{
		{"known", scanner(), tree(t, closed), forms},
		{"little-known", bare(), tree(t, closed), forms},
		{"parameter", scanner(), unknownID(t, "parameter VendorExternalId"), templates},
	} {
		for form, file := range one.forms {
			t.Run(one.folder+"/"+string(form), func(t *testing.T) {
				got := written(t, form, one.role, one.document)
				path := filepath.Join("testdata", one.folder, file)
				if *update {
					if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		}
	}
}

var templates = map[remedy.Form]string{
	remedy.CloudFormationJSON: "template.json", remedy.CloudFormationYAML: "template.yaml", remedy.Terraform: "main.tf",
}

func TestAFormThatCannotHoldARoleIsRefusedWithAHint(t *testing.T) {
	changed := func(change func(*role.Role)) *role.Role {
		r := scanner()
		change(r)
		return r
	}
	choice := tree(t, closed)
	choice.Members[1].Value.Items[0].Members[1].Value = trust.Value{Kind: trust.Choice, On: "IsProduction", Items: []trust.Value{trust.Literal("Allow"), trust.Literal("Deny")}}
	action := tree(t, closed)
	action.Members[1].Value.Items[0].Members[3].Value = trust.Value{Kind: trust.Unknown, On: "parameter Actions"}
	inline := func(text string) func(*role.Role) {
		return func(r *role.Role) {
			r.Access.Inline = []role.InlinePolicy{{Name: "x", Document: role.IdentityPolicy([]byte(text))}}
		}
	}
	for _, test := range []struct {
		name               string
		form               remedy.Form
		role               *role.Role
		document           trust.Value
		wantReason, wantIn string // part of the hint
	}{
		{"an external ID that a parameter holds, as JSON", remedy.Policy, scanner(), unknownID(t, "parameter VendorExternalId"),
			"the policy depends on parameter VendorExternalId, and this form has to say all of it", "--as terraform"},
		{"the same in the console", remedy.Console, scanner(), unknownID(t, "var.id"),
			"the policy depends on var.id, and this form has to say all of it", "give the value itself"},
		{"no name for a command", remedy.CLI, changed(func(r *role.Role) { r.Name = "" }), tree(t, closed),
			"the name of the role is not known", "countersign fix PATH"},
		{"a name that drives a terminal", remedy.CLI, changed(func(r *role.Role) { r.Name = "a\x1b[2J" }), tree(t, closed),
			"the name of the role holds characters that no name in IAM has", ""},
		{"an account that nobody told", remedy.Policy, changed(func(r *role.Role) { r.Account = "" }),
			tree(t, `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"sts:AssumeRole"}]}`),
			"the account that the role is in is not known", "--account"},
		{"a choice", remedy.Terraform, scanner(), choice,
			"the policy depends on IsProduction, which a template of this role cannot refer to", "give the value"},
		{"a whole element that is not known", remedy.CloudFormationYAML, scanner(), action,
			"the policy depends on parameter Actions, which a template of this role cannot refer to", "give the value"},
		{"an expression", remedy.Terraform, scanner(), unknownID(t, "module.vendor.id[0]"),
			"the policy depends on module.vendor.id[0], which a template of this role cannot refer to", "give the value"},
		{"a policy that is not to be shown", remedy.Policy, changed(func(r *role.Role) { r.Trust.Sensitive = true }), tree(t, closed),
			"the source says that the trust policy is not to be shown", "where it is kept"},
		{"text that CloudFormation replaces", remedy.CloudFormationJSON, changed(func(r *role.Role) { r.Description = "{{resolve:ssm:x}}" }), tree(t, closed),
			"a text of the role has {{resolve: in it, which CloudFormation replaces", "--as cli"},
		{"a name that CloudFormation takes for a function", remedy.CloudFormationYAML, changed(inline(`{"Statement":{"Condition":{"StringEquals":{"Ref":"x"}}}}`)), tree(t, closed),
			"a policy of the role has the name Ref in it, which CloudFormation takes for a function", "--as cli"},
		{"letters that Terraform would put together", remedy.Terraform, changed(func(r *role.Role) { r.Tags = map[string]string{"k": "e\u0301"} }), tree(t, closed),
			"a text of the role is not in Unicode's normal form C, which Terraform would make of it", "--as cli"},
		{"text that is not UTF-8", remedy.Terraform, changed(func(r *role.Role) { r.Description = "\xff" }), tree(t, closed),
			"a text of the role is not UTF-8", ""},
		{"a form that there is not", "cdk", scanner(), tree(t, closed), `there is no form "cdk"`, "terraform"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			err := remedy.Write(&b, test.form, remedy.Remedy{Role: test.role, Rewriting: &trust.Rewriting{Document: test.document}})
			var refused *remedy.RefusedError
			if !errors.As(err, &refused) || err.Error() != test.wantReason || !strings.Contains(refused.Hint(), test.wantIn) {
				t.Errorf("%v (hint %q), want %q (%q)", err, refused, test.wantReason, test.wantIn)
			}
			if b.Len() > 0 {
				t.Errorf("it wrote %q", b.String())
			}
		})
	}
}

func TestWhatIsNotKnownOfARoleIsSaidByName(t *testing.T) {
	r := scanner()
	r.MaxSession, r.Description, r.Tags = 0, "", nil
	r.Access.Inline = append(r.Access.Inline,
		role.InlinePolicy{Name: "gone\n# x", Document: role.Document{Err: errors.New("no")}},
		role.InlinePolicy{Name: "twice", Document: role.IdentityPolicy([]byte(`{"Statement":[],"Statement":[]}`))},
		role.InlinePolicy{Name: "secret", Document: role.Document{JSON: []byte(`{}`), Sensitive: true}})
	r.Access.Attached = append(r.Access.Attached, role.ManagedPolicy{Name: "by-name"})
	const want = `the description, the longest session, the tags, the ARN of the managed policy by-name, ` +
		`the inline policy "gone\n# x", the inline policy twice and the inline policy secret.`
	for _, form := range []remedy.Form{remedy.CloudFormationYAML, remedy.Terraform} {
		got := written(t, form, r, tree(t, closed))
		if oneLine := strings.Join(strings.Fields(strings.ReplaceAll(got, "\n#", "")), " "); !strings.Contains(oneLine, want) {
			t.Errorf("%s does not say %s:\n%s", form, want, got)
		}
	}
	got := written(t, remedy.Terraform, r, tree(t, closed))
	if !strings.Contains(got, "ignore_changes = [description, max_session_duration, tags]") {
		t.Errorf("Terraform is not told to leave alone what is not known:\n%s", got)
	}
}

func TestARoleOfAStackIsSentToItsTemplate(t *testing.T) {
	r := scanner()
	r.Tags["aws:cloudformation:stack-name"] = "vendors"
	for _, form := range []remedy.Form{remedy.CloudFormationYAML, remedy.CloudFormationJSON, remedy.Terraform} {
		if got := written(t, form, r, tree(t, closed)); !strings.Contains(got, "stack vendors: change") {
			t.Errorf("%s does not say it:\n%s", form, got)
		}
	}
}

func TestAParameterOrVariableKeepsTheNameThatItsLanguageTakes(t *testing.T) {
	for _, test := range []struct {
		form     remedy.Form
		on, want string
	}{
		{remedy.Terraform, "var.vendorId", `"sts:ExternalId" = var.vendorId }`},
		{remedy.Terraform, "parameter VendorId", `"sts:ExternalId" = var.vendor_id }`},
		{remedy.Terraform, "var.count", `"sts:ExternalId" = var.count_value }`},
		{remedy.CloudFormationYAML, "parameter vendorId", "sts:ExternalId: !Ref vendorId\n"},
		{remedy.CloudFormationYAML, "var.vendor_id", "sts:ExternalId: !Ref VendorId\n"},
		{remedy.CloudFormationYAML, "parameter VendorScanner", "sts:ExternalId: !Ref VendorScanner2\n"}, // the role has it
		{remedy.CloudFormationYAML, "parameter Ref", "sts:ExternalId: !Ref Ref2\n"},
	} {
		if got := written(t, test.form, scanner(), unknownID(t, test.on)); !strings.Contains(got, test.want) {
			t.Errorf("%s for %s has no %s:\n%s", test.form, test.on, test.want, got)
		}
	}
}
