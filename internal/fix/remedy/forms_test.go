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
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"countersign/internal/cli"
	"countersign/internal/fix/remedy"
	"countersign/internal/fix/render"
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

// hostile draws texts of which some mean something in a shell, in YAML, in HCL
// or in CloudFormation.
func hostile() *rapid.Generator[string] {
	pieces := []string{
		"${", "$${", "%{", "%%{", "}", "$", "%", "'", `"`, `\`, "\n", "\r\n", "\t", "#", ": ", "- ", "!Ref x", "&a", "*a", "{{resolve:ssm:x}}",
		"END_OF_POLICY", "EOF", "yes", "null", "~", "0x1F", "1:20", "2012-10-17", "<<", "\u00e9", "e\u0301", "\u2028", "\U0001F600", "\x1b[2J", "\x00",
		"$(id)", "`id`", "${aws:username}", "${!x}", "Fn::Sub", "Ref", "000000000000", "a", "Team", "/", "=", "for",
	}
	return rapid.Custom(func(t *rapid.T) string {
		if rapid.Bool().Draw(t, "any") {
			return rapid.String().Draw(t, "text")
		}
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 5).Draw(t, "pieces"), "")
	})
}

// document draws a policy: its shape is that of IAM, its texts are not.
func document() *rapid.Generator[trust.Value] {
	return rapid.Custom(func(t *rapid.T) trust.Value {
		text := func(label string) trust.Value { return trust.Literal(hostile().Draw(t, label)) }
		object := func(members ...trust.Member) trust.Value {
			return trust.Value{Kind: trust.Object, Members: members}
		}
		member := func(key string, value trust.Value) trust.Member {
			return trust.Member{Key: trust.Literal(key), Value: value}
		}
		var statements []trust.Value
		for range rapid.IntRange(0, 3).Draw(t, "statements") {
			values := trust.Value{Kind: trust.Array}
			for range rapid.IntRange(0, 3).Draw(t, "values") {
				values.Items = append(values.Items, text("value"))
			}
			key := hostile().Draw(t, "key")
			numbers := rapid.SampledFrom([]string{"3600", "0", "-1", "1.50", "1e3", "123456789012345678901234567890"})
			statements = append(statements, object(
				member("Sid", text("sid")), member("Principal", object(member("AWS", text("principal")))),
				member("Condition", object(
					member("StringLike", object(member(key, values))),
					member("NumericEquals", object(member("aws:MultiFactorAuthAge", trust.Value{Kind: trust.Number, Text: numbers.Draw(t, "number")}))),
					member("Bool", object(member("k", trust.Value{Kind: trust.Bool, Text: "true"})))))))
		}
		return object(member("Version", trust.Literal("2012-10-17")), member("Statement", trust.Value{Kind: trust.Array, Items: statements}))
	})
}

// meant is what a tree says, as decoded JSON. Numbers that the readers of
// templates spell in other ways are strings in every template.
func meant(t fataler, v trust.Value) any {
	text, err := render.JSON(v, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, spelt := range []string{"-1", "1.50", "1e3", "123456789012345678901234567890"} {
		text = strings.ReplaceAll(text, `"aws:MultiFactorAuthAge":`+spelt+"}", `"aws:MultiFactorAuthAge":"`+spelt+`"}`)
	}
	return decoded(t, text)
}

func decoded(t fataler, text string) (v any) {
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return v
}

func TestHostileTextsComeThroughEveryForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := scanner()
		policy, inline := document().Draw(t, "policy"), document().Draw(t, "inline")
		r.Name, r.Path, r.Description = hostile().Draw(t, "name"), hostile().Draw(t, "path"), hostile().Draw(t, "description")
		r.Tags = rapid.MapOfN(hostile(), hostile(), 0, 3).Draw(t, "tags")
		for key := range r.Tags {
			if strings.HasPrefix(strings.ToLower(key), "aws:") {
				delete(r.Tags, key)
			}
		}
		r.Access.Inline = []role.InlinePolicy{{Name: "i" + hostile().Draw(t, "policy name"), Document: role.Document{Tree: &inline}}}
		r.Access.Attached = []role.ManagedPolicy{{ARN: "a" + hostile().Draw(t, "arn"), Name: hostile().Draw(t, "managed name")}}
		want := meant(t, policy)
		for form := range forms {
			var b strings.Builder
			err := remedy.Write(&b, form, remedy.Remedy{Role: r, Rewriting: &trust.Rewriting{Document: policy}})
			var refused *remedy.RefusedError
			switch {
			case err == nil:
			case asRefused(err, &refused):
				continue
			default:
				t.Fatalf("%s: %v", form, err)
			}
			text := b.String()
			switch form {
			case remedy.Policy, remedy.CLI, remedy.Console:
				got := decoded(t, policyIn(form, text))
				exact, _ := render.JSON(policy, "")
				if !cmp.Equal(got, decoded(t, exact)) {
					t.Fatalf("%s says another policy:\n%s", form, text)
				}
			case remedy.CloudFormationJSON, remedy.CloudFormationYAML:
				var template any
				if form == remedy.CloudFormationJSON {
					template = decoded(t, text)
				} else if err := yaml.Unmarshal([]byte(text), &template); err != nil {
					t.Fatalf("%v in\n%s", err, text)
				}
				checkTemplate(t, template, r, want, meant(t, inline), text)
			case remedy.Terraform:
				checkConfiguration(t, text, r, want, meant(t, inline))
			}
		}
	})
}

func asRefused(err error, into **remedy.RefusedError) bool {
	refused, ok := err.(*remedy.RefusedError)
	*into = refused
	return ok
}

// checkTemplate compares a template with the role.
func checkTemplate(t *rapid.T, template any, r *role.Role, policy, inline any, text string) {
	resources := template.(map[string]any)["Resources"].(map[string]any)
	if len(resources) != 1 {
		t.Fatalf("%d resources in\n%s", len(resources), text)
	}
	for _, resource := range resources {
		properties := resource.(map[string]any)["Properties"].(map[string]any)
		for name, want := range map[string]string{"RoleName": r.Name, "Path": pathOr(r), "Description": r.Description} {
			if got, _ := properties[name].(string); got != want {
				t.Fatalf("%s is %q, want %q in\n%s", name, got, want, text)
			}
		}
		tags, _ := properties["Tags"].([]any)
		if len(tags) != len(r.Tags) {
			t.Fatalf("%d tags, want %d", len(tags), len(r.Tags))
		}
		for _, one := range tags {
			if pair := one.(map[string]any); r.Tags[pair["Key"].(string)] != pair["Value"] {
				t.Fatalf("the tag %v in\n%s", pair, text)
			}
		}
		if got := properties["ManagedPolicyArns"].([]any)[0]; got != r.Access.Attached[0].ARN {
			t.Fatalf("the managed policy is %q in\n%s", got, text)
		}
		one := properties["Policies"].([]any)[0].(map[string]any)
		if one["PolicyName"] != r.Access.Inline[0].Name || !same(one["PolicyDocument"], inline) {
			t.Fatalf("the inline policy is not the same in\n%s", text)
		}
		if !same(properties["AssumeRolePolicyDocument"], policy) {
			t.Fatalf("the policy is not the same in\n%s", text)
		}
	}
}

// pathOr is the path that the ARN has where the role has none.
func pathOr(r *role.Role) string {
	if r.Path == "" && strings.HasSuffix(r.ARN, r.Name) {
		return strings.TrimSuffix("/"+strings.SplitN(r.ARN, ":role/", 2)[1], r.Name)
	}
	return r.Path
}

// same compares what JSON and YAML decode to.
func same(a, b any) bool {
	left, errLeft := json.Marshal(a)
	right, errRight := json.Marshal(b)
	return errLeft == nil && errRight == nil && bytes.Equal(left, right)
}

// checkConfiguration compares a Terraform configuration with the role.
func checkConfiguration(t *rapid.T, text string, r *role.Role, policy, inline any) {
	all := configuration(t, text)
	if len(all["aws_iam_role"]) != 1 || len(all["aws_iam_role_policy"]) != 1 || len(all["aws_iam_role_policy_attachment"]) != 1 {
		t.Fatalf("the resources are %v in\n%s", all, text)
	}
	one := all["aws_iam_role"][0]
	for name, want := range map[string]string{"name": r.Name, "path": pathOr(r), "description": r.Description} {
		if got, told := one[name]; told && got.AsString() != want || !told && want != "" {
			t.Fatalf("%s is not %q in\n%s", name, want, text)
		}
	}
	if r.Name != "" && all["import"][0]["id"].AsString() != r.Name {
		t.Fatalf("another role is adopted in\n%s", text)
	}
	tags := map[string]string{}
	if given, told := one["tags"]; told {
		for key, value := range given.AsValueMap() {
			tags[key] = value.AsString()
		}
	}
	if len(r.Tags) != len(tags) || len(tags) > 0 && !cmp.Equal(tags, r.Tags) {
		t.Fatalf("the tags are %q, want %q in\n%s", tags, r.Tags, text)
	}
	if got := all["aws_iam_role_policy_attachment"][0]["policy_arn"].AsString(); got != r.Access.Attached[0].ARN {
		t.Fatalf("the managed policy is %q in\n%s", got, text)
	}
	attached := all["aws_iam_role_policy"][0]
	if attached["name"].AsString() != r.Access.Inline[0].Name || !same(decoded(t, attached["policy"].AsString()), inline) {
		t.Fatalf("the inline policy is not the same in\n%s", text)
	}
	if !same(decoded(t, one["assume_role_policy"].AsString()), policy) {
		t.Fatalf("the policy is not the same in\n%s", text)
	}
}
