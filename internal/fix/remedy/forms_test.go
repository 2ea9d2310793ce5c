package remedy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"countersign/internal/cli"
	"countersign/internal/fix/remedy"
	"countersign/internal/role"
	"countersign/trust"
)

// policyIn takes the policy out of a text for people or for a shell.
func policyIn(form remedy.Form, text string) string {
	start, end := "", ""
	switch form {
	case remedy.CLI:
		start, end = "'END_OF_POLICY' &&\n", "END_OF_POLICY\n"
	case remedy.Console:
		start, end = "by this one:\n\n", "\n5. "
	default:
		return text
	}
	_, text, _ = strings.Cut(text, start)
	text, _, _ = strings.Cut(text, end)
	return text
}

func TestOurOwnScanOfEachFormPasses(t *testing.T) {
	for name, one := range map[string]struct {
		role     *role.Role
		document trust.Value
		forms    map[remedy.Form]string
	}{
		"everything known": {scanner(), tree(t, closed), forms},
		"little known":     {bare(), tree(t, closed), forms},
		"a parameter":      {scanner(), unknownID(t, "parameter VendorExternalId"), templates},
		"a variable":       {scanner(), unknownID(t, "var.source"), templates},
	} {
		for form, file := range one.forms {
			t.Run(name+"/"+string(form), func(t *testing.T) {
				text := policyIn(form, written(t, form, one.role, one.document))
				if form == remedy.CLI || form == remedy.Console {
					file = "policy.json"
				}
				if got := verdicts(t, file, text); !cmp.Equal(got, []string{"pass"}) {
					t.Errorf("the verdicts are %v of\n%s", got, text)
				}
			})
		}
	}
}

// verdicts judges a file with the program.
func verdicts(t *testing.T, name, text string) (all []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, messages bytes.Buffer
	arguments := []string{"scan", "--all", "--format", "json", "--account", account, path}
	if code := cli.Run(context.Background(), arguments, cli.Streams{In: &bytes.Buffer{}, Out: &out, Err: &messages}); code != 0 {
		t.Errorf("exit code %d: %s%s", code, messages.String(), out.String())
	}
	var report struct{ Results []struct{ Verdict string } }
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	for _, result := range report.Results {
		all = append(all, result.Verdict)
	}
	return all
}

// The account that a template is deployed to is not known, and its own callers
// are named by it.
func TestATemplateNamesItsOwnAccountByItsVariable(t *testing.T) {
	r := scanner()
	r.Account, r.ARN = "000000000000", ""
	document := tree(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::000000000000:role/own","000000000000"]},"Action":"sts:AssumeRole"}]}`)
	for form, want := range map[remedy.Form][]string{
		remedy.CloudFormationYAML: {`- !Sub "arn:aws:iam::${AWS::AccountId}:role/own"`, "- !Ref AWS::AccountId"},
		remedy.CloudFormationJSON: {`"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/own"`, `"Ref": "AWS::AccountId"`},
		remedy.Terraform: {
			"data \"aws_caller_identity\" \"current\" {}\n",
			`"arn:aws:iam::${data.aws_caller_identity.current.account_id}:role/own"`, "\n            data.aws_caller_identity.current.account_id,\n",
		},
	} {
		got := written(t, form, r, document)
		for _, part := range want {
			if !strings.Contains(got, part) {
				t.Errorf("%s has no %s:\n%s", form, part, got)
			}
		}
		if got := verdicts(t, templates[form], got); !cmp.Equal(got, []string{"not-applicable"}) {
			t.Errorf("%s: the verdicts are %v", form, got)
		}
	}
}

// Fn::Sub has a meaning for ${ and HCL has one for ${ and %{.
func TestAPartOfATextKeepsItsOwnDollarSigns(t *testing.T) {
	document := unknownID(t, "X")
	replaceUnknown(&document, trust.Value{Kind: trust.String, Parts: []trust.Part{{Text: "${aws:a}%{$"}, {On: "parameter Stage"}, {Text: "%"}, {On: "parameter Stage"}, {Text: ""}}})
	for form, want := range map[remedy.Form]string{
		remedy.CloudFormationJSON: `{"Fn::Join":["",["${aws:a}%{$",{"Ref":"Stage"},"%",{"Ref":"Stage"},""]]}`,
		remedy.Terraform:          `"$${aws:a}%%{\u0024${var.stage}%${var.stage}"`,
	} {
		got := written(t, form, scanner(), document)
		if form == remedy.CloudFormationJSON {
			got = compact(t, got)
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s has no %s:\n%s", form, want, got)
		}
	}
	resource := configuration(t, written(t, remedy.Terraform, scanner(), document))[`aws_iam_role`][0]
	if got := compact(t, resource["assume_role_policy"].AsString()); !strings.Contains(got, `"sts:ExternalId":"${aws:a}%{$v-stage%v-stage"`) {
		t.Errorf("Terraform reads %s", got)
	}
}

func replaceUnknown(v *trust.Value, with trust.Value) {
	if v.Kind == trust.Unknown {
		*v = with
		return
	}
	for i := range v.Items {
		replaceUnknown(&v.Items[i], with)
	}
	for i := range v.Members {
		replaceUnknown(&v.Members[i].Value, with)
	}
}

func compact(t interface{ Fatal(...any) }, text string) string {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err, text)
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

// configuration evaluates the resources of a configuration, as Terraform would,
// by their type. Variables have their names with "v-" before them as values.
func configuration(t fataler, text string) map[string][]map[string]cty.Value {
	file, faults := hclsyntax.ParseConfig([]byte(text), "main.tf", hcl.InitialPos)
	if faults.HasErrors() {
		t.Fatalf("%v in\n%s", faults, text)
	}
	if formatted := string(hclwrite.Format([]byte(text))); formatted != text && !strings.ContainsFunc(text, isWide) {
		t.Fatalf("terraform fmt would change it (-want +got)\n%s", cmp.Diff(formatted, text))
	}
	variables, all := map[string]cty.Value{}, map[string][]map[string]cty.Value{}
	blocks := file.Body.(*hclsyntax.Body).Blocks
	for _, block := range blocks {
		if block.Type == "variable" {
			variables[block.Labels[0]] = cty.StringVal("v-" + block.Labels[0])
		}
	}
	context := &hcl.EvalContext{
		Functions: map[string]function.Function{"jsonencode": stdlib.JSONEncodeFunc},
		Variables: map[string]cty.Value{
			"var":  cty.ObjectVal(variables),
			"data": cty.ObjectVal(map[string]cty.Value{"aws_caller_identity": cty.ObjectVal(map[string]cty.Value{"current": cty.ObjectVal(map[string]cty.Value{"account_id": cty.StringVal("000000000000")})})}),
		},
	}
	for _, block := range blocks {
		if block.Type != "resource" && block.Type != "import" {
			continue
		}
		values := map[string]cty.Value{}
		for name, attribute := range block.Body.Attributes {
			if name == "to" || name == "role" {
				continue
			}
			value, faults := attribute.Expr.Value(context)
			if faults.HasErrors() {
				t.Fatalf("%s: %v in\n%s", name, faults, text)
			}
			values[name] = value
		}
		kind := block.Type
		if kind == "resource" {
			kind = block.Labels[0]
		}
		all[kind] = append(all[kind], values)
	}
	return all
}

// isWide reports letters of which terminals and terraform fmt may have another
// notion of width than one column.
func isWide(c rune) bool { return c > 0xff }

type fataler interface {
	Fatal(...any)
	Fatalf(string, ...any)
}

// A program that notes what it is called with stands for the AWS CLI: what
// matters is what the shell makes of the text.
func TestTheShellTakesTheCommandsAsTheyAreMeant(t *testing.T) {
	for _, name := range []string{"VendorScanner", "-odd=na+me.,@", `a'b"c $(touch owned) ; rm -rf * #`, "~", `\`} {
		t.Run(name, func(t *testing.T) {
			r := scanner()
			r.Name = name
			folder := t.TempDir()
			recorder := "#!/bin/sh\nprintf '%s\\n' \"$@\" END >> calls\nif [ \"$1\" = sts ]; then echo " + account + "; fi\n"
			for file, text := range map[string]string{"aws": recorder, "script.sh": written(t, remedy.CLI, r, tree(t, closed))} {
				if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			command := exec.Command("sh", "script.sh")
			command.Dir = folder
			command.Env = append(os.Environ(), "PATH="+folder+":"+os.Getenv("PATH"))
			if said, err := command.CombinedOutput(); err != nil || len(said) > 0 {
				t.Fatalf("%v: %s", err, said)
			}
			argument := "--role-name\n" + name
			if strings.HasPrefix(name, "-") {
				argument = "--role-name=" + name
			}
			get := "iam\nget-role\n" + argument + "\n--query\nRole.AssumeRolePolicyDocument\nEND\n"
			want := "sts\nget-caller-identity\n--query\nAccount\n--output\ntext\nEND\n" + get +
				"iam\nupdate-assume-role-policy\n" + argument + "\n--policy-document\nfile://trust-policy.json\nEND\n" + get
			calls, err := os.ReadFile(filepath.Join(folder, "calls"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, string(calls)); diff != "" {
				t.Errorf("the calls (-want +got)\n%s", diff)
			}
			policy, err := os.ReadFile(filepath.Join(folder, "trust-policy.json"))
			if err != nil || compact(t, string(policy)) != compact(t, closed) {
				t.Errorf("%v: the policy is %s", err, policy)
			}
		})
	}
}

func TestTheCommandsStopInAnotherAccount(t *testing.T) {
	folder := t.TempDir()
	for file, text := range map[string]string{
		"aws":       "#!/bin/sh\necho \"$1\" >> calls\necho 999988887777\n",
		"script.sh": written(t, remedy.CLI, scanner(), tree(t, closed)),
	} {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command("sh", "script.sh")
	command.Dir = folder
	command.Env = append(os.Environ(), "PATH="+folder+":"+os.Getenv("PATH"))
	said, err := command.CombinedOutput()
	calls, _ := os.ReadFile(filepath.Join(folder, "calls"))
	if err == nil || string(said) != "these credentials are of another account\n" || string(calls) != "sts\n" {
		t.Errorf("%v: said %q, called %q", err, said, calls)
	}
}
