package remedy_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"countersign/internal/fix/remedy"
	"countersign/internal/fix/render"
	"countersign/internal/role"
	"countersign/trust"
)

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
