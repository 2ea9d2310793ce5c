package terraform

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/role"
	"countersign/trust"
)

// found looks a path of keys up in a role's policy, with * for the first item.
func found(t *testing.T, r *role.Role, path ...string) trust.Value {
	t.Helper()
	if r.Trust.Tree == nil {
		t.Fatalf("no tree: %v", r.Trust.Err)
	}
	v := *r.Trust.Tree
	for _, key := range path {
		if key == "*" {
			if len(v.Items) == 0 {
				t.Fatalf("no items at %v: %+v", path, v)
			}
			v = v.Items[0]
			continue
		}
		var ok bool
		if v, ok = v.Get(key); !ok {
			t.Fatalf("no %s of %v", key, path)
		}
	}
	return v
}

// Every place is checked by what it cuts out of its file.
func TestPlacesCutTheirTextOutOfTheFile(t *testing.T) {
	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"k3-99"}}}]}`
	id := []string{"Statement", "*", "Condition", "StringEquals", "sts:ExternalId"}
	tests := []struct {
		name  string
		files map[string]string
		path  []string
		file  string
		want  string
	}{
		{"jsonencode", map[string]string{"main.tf": encoded("[" + secret + "]")}, id, "main.tf", `"k3-99-vendor"`},
		{"a statement of jsonencode", map[string]string{"main.tf": encoded("[" + secret + "]")}, id[:2], "main.tf", secret},
		{"a local in another file", map[string]string{"main.tf": encoded("[local.s]"), "x.tf": "# é\r\nlocals { s = " + secret + " }\n"}, id, "x.tf", `"k3-99-vendor"`},
		{"a default", map[string]string{"main.tf": encoded("[" + strings.Replace(secret, `"k3-99-vendor"`, "var.id", 1) + "]"), "variables.tf": "variable \"id\" { default = \"dflt-1\" }\n"}, id, "variables.tf", `"dflt-1"`},
		{"terraform.tfvars", map[string]string{"main.tf": "variable \"id\" { default = \"dflt-1\" }\n" + encoded("["+strings.Replace(secret, `"k3-99-vendor"`, "var.id", 1)+"]"), "terraform.tfvars": "id = \"set-1\"\n"}, id, "terraform.tfvars", `"set-1"`},
		{"an unknown variable where it is used", map[string]string{"main.tf": "variable \"id\" {}\n" + encoded("["+strings.Replace(secret, `"k3-99-vendor"`, "var.id", 1)+"]")}, id, "main.tf", "var.id"},
		{"a heredoc", map[string]string{"main.tf": "resource \"aws_iam_role\" \"r\" {\n assume_role_policy = <<E\n" + policy + "\nE\n}\n"}, id, "main.tf", `"k3-99"`},
		{"an indented heredoc", map[string]string{"main.tf": "resource \"aws_iam_role\" \"r\" {\n assume_role_policy = <<-E\r\n   " + strings.ReplaceAll(policy, ",", ",\r\n      ") + "\r\n  E\n}\n"}, id, "main.tf", `"k3-99"`},
		{"a heredoc behind an interpolation", map[string]string{"main.tf": "locals { a = \"444455556666\" }\nresource \"aws_iam_role\" \"r\" {\n assume_role_policy = <<E\n" + strings.Replace(policy, "444455556666", "${local.a}", 1) + "\nE\n}\n"}, id, "main.tf", `"k3-99"`},
		{"a statement of a heredoc with an interpolation", map[string]string{"main.tf": "locals { a = \"444455556666\" }\nresource \"aws_iam_role\" \"r\" {\n assume_role_policy = <<E\n" + strings.Replace(policy, "444455556666", "${local.a}", 1) + "\nE\n}\n"}, id[:2], "main.tf",
			strings.Replace(policy[strings.Index(policy, "[")+1:len(policy)-2], "444455556666", "${local.a}", 1)},
		{"a quoted policy", map[string]string{"main.tf": "resource \"aws_iam_role\" \"r\" {\n assume_role_policy = \"" + strings.ReplaceAll(policy, `"`, `\"`) + "\"\n}\n"}, id, "main.tf", `\"k3-99\"`},
		{"a file", map[string]string{"main.tf": "resource \"aws_iam_role\" \"r\" {\n assume_role_policy = file(\"${path.module}/p/trust.json\")\n}\n", "p/trust.json": "\uFEFF" + policy}, id, "p/trust.json", `"k3-99"`},
		{"templatefile", map[string]string{"main.tf": "resource \"aws_iam_role\" \"r\" {\n assume_role_policy = templatefile(\"trust.tpl\", { who = \"444455556666\" })\n}\n", "trust.tpl": strings.Replace(policy, "444455556666", "${who}", 1)}, id, "trust.tpl", `"k3-99"`},
		{"and what it is given", map[string]string{"main.tf": "resource \"aws_iam_role\" \"r\" {\n assume_role_policy = templatefile(\"trust.tpl\", { id = \"k3-99\" })\n}\n", "trust.tpl": strings.Replace(policy, `"k3-99"`, "${jsonencode(id)}", 1)}, id, "main.tf", `"k3-99"`},
		{"a policy document", map[string]string{"main.tf": documented("statement {\n" + principals444 + externalID + "}")}, append(id, "*"), "main.tf", `"k3-99-vendor"`},
		{"its statement", map[string]string{"main.tf": documented("statement {\n" + principals444 + externalID + "}")}, id[:2], "main.tf", "statement {\n" + principals444 + externalID + "}"},
		{"its condition", map[string]string{"main.tf": documented("statement {\n" + principals444 + externalID + "}")}, id, "main.tf", strings.TrimSpace(externalID)},
		{"a module's argument", map[string]string{"main.tf": "module \"m\" {\n source = \"./m\"\n id = \"arg-1\"\n}\n", "m/m.tf": "variable \"id\" {}\n" + encoded("["+strings.Replace(secret, `"k3-99-vendor"`, "var.id", 1)+"]")}, id, "main.tf", `"arg-1"`},
		{"JSON configuration", map[string]string{"main.tf.json": `{"resource":{"aws_iam_role":{"r":{"assume_role_policy":"${jsonencode({Statement = [{Effect = \"Allow\", Principal = {AWS = \"444455556666\"}, Action = \"sts:AssumeRole\", Condition = {StringEquals = {\"sts:ExternalId\" = \"k3-99\"}}}]})}"}}}}`}, id, "main.tf.json", `\"k3-99\"`},
		{"a policy in JSON configuration", map[string]string{"main.tf.json": `{"resource":{"aws_iam_role":{"r":{"assume_role_policy":"` + strings.ReplaceAll(policy, `"`, `\"`) + `"}}}}`}, id, "main.tf.json", `\"k3-99\"`},
		{"a document in JSON configuration", map[string]string{"main.tf.json": `{"data":{"aws_iam_policy_document":{"d":{"statement":[{"principals":{"type":"AWS","identifiers":["444455556666"]},"condition":{"test":"StringEquals","variable":"sts:ExternalId","values":["k3-99"]}}]}}},"resource":{"aws_iam_role":{"r":{"assume_role_policy":"${data.aws_iam_policy_document.d.json}"}}}}`}, append(id, "*"), "main.tf.json", `"k3-99"`},
		{"what stands in a model is placed at the call", map[string]string{"main.tf": "module \"m\" {\n source = \"cloudposse/iam-role/aws\"\n principals = { AWS = [\"444455556666\"] }\n}\n"}, id[:2], "main.tf", "module \"m\" {\n source = \"cloudposse/iam-role/aws\"\n principals = { AWS = [\"444455556666\"] }\n}"},
	}
	for _, test := range tests {
		roles, incomplete := read(t, test.files, ".", Options{Account: ownNumber})
		if len(roles) != 1 || len(incomplete) > 0 {
			t.Errorf("%s: %d roles, %v", test.name, len(roles), incomplete)
			continue
		}
		place := found(t, roles[0], test.path...).Range
		if place.IsZero() || place.File.Name != test.file {
			t.Errorf("%s: placed at %+v", test.name, place)
			continue
		}
		if difference := cmp.Diff(test.want, place.Text()); difference != "" {
			t.Errorf("%s: %s", test.name, difference)
		}
	}
}

func TestAReasonPointsAtTheBlockThatDecides(t *testing.T) {
	text := documented("statement {\n" + principals444 + strings.Replace(externalID, "StringEquals", "StringEqualsIfExists", 1) + "}")
	roles, _ := read(t, map[string]string{"main.tf": text}, ".", Options{Account: ownNumber})
	v := verdict(roles[0])
	if v.Outcome != trust.Fail || len(v.Reasons) == 0 {
		t.Fatalf("%+v", v)
	}
	if want := strings.TrimSpace(strings.Replace(externalID, "StringEquals", "StringEqualsIfExists", 1)); v.Reasons[0].Range.Text() != want {
		t.Errorf("%s points at %q", v.Reasons[0].Code, v.Reasons[0].Range.Text())
	}
}

func TestColumnsCountCodePoints(t *testing.T) {
	roles, _ := read(t, map[string]string{"main.tf": "/* é😀 */ resource \"aws_iam_role\" \"r\" {\r\n assume_role_policy = jsonencode({ Statement = [] })\r\n}\r\n"}, ".", Options{})
	if len(roles) != 1 || roles[0].Source.Line != 1 || roles[0].Source.Column != 10 {
		t.Errorf("%+v", roles)
	}
}
