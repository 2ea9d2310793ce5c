package ansible

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/template"
	"countersign/trust"
)

// read gives every role in one line, with its verdict and where its first
// reason stands, and what was incomplete.
func read(t testing.TB, text string, files fstest.MapFS) (said, incomplete []string) {
	t.Helper()
	input := template.Input{Path: "here/roles/r/tasks/main.yml", FromRoot: "roles/r/tasks/main.yml", Text: []byte(text), FS: files, Name: "roles/r/tasks/main.yml"}
	_, err := Read(input, Options{Account: "111122223333"}, template.Output{
		Role: func(one *role.Role) error {
			line := fmt.Sprintf("%s %s@%d:%d ", one.Source.Address, one.Name, one.Source.Line, one.Source.Column)
			if one.DefaultAssumed {
				line += "(default) "
			}
			if one.Trust.Err != nil {
				said = append(said, line+"error "+one.Trust.Err.Error())
				return nil
			}
			policy, err := trust.Parse(*one.Trust.Tree)
			if err != nil {
				said = append(said, line+"error "+err.Error())
				return nil
			}
			verdict := trust.Decide(policy, trust.Question{Subject: trust.Subject{Account: one.Account}})
			line += string(verdict.Outcome)
			if len(verdict.DependsOn) > 0 {
				line += " on " + strings.Join(verdict.DependsOn, ";")
			}
			if len(verdict.Reasons) > 0 && verdict.Reasons[0].Range.File != nil {
				at := verdict.Reasons[0].Range
				line += fmt.Sprintf(" %s:%d %s", at.File.Name, at.Line(), at.Text())
			}
			said = append(said, line)
			return nil
		},
		Incomplete: func(i audit.Incomplete) { incomplete = append(incomplete, i.Reason) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return said, incomplete
}

func TestTasksThatMakeRolesAreFound(t *testing.T) {
	task := func(policy string) string {
		return "- name: vendor\n  amazon.aws.iam_role:\n    name: v\n    assume_role_policy_document: " + policy + "\n"
	}
	const json = `{"Statement":{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}}`
	const main = "here/roles/r/tasks/main.yml"
	tests := []struct{ name, text, want string }{
		{"JSON in a text", task("'" + json + "'"), "vendor v@1:3 fail " + main + `:4 "444455556666"`},
		{"a map", task("{Statement: {Effect: Allow, Principal: {AWS: 444455556666}, Action: 'sts:AssumeRole'}}"), "vendor v@1:3 fail " + main + ":4 444455556666"},
		{"an expression in JSON", task("|\n      " + strings.Replace(json, "444455556666", "{{ vendor }}", 1)), "vendor v@1:3 unknown on {{ vendor }} " + main + `:5 "{{ vendor }}"`},
		{"an expression in a map", task(`{Statement: {Effect: Allow, Principal: {AWS: "arn:aws:iam::{{ vendor }}:root"}, Action: 'sts:AssumeRole'}}`), "vendor v@1:3 unknown on {{ vendor }}"},
		{"an expression for the policy", task(`"{{ policy | to_json }}"`), "vendor v@1:3 unknown on {{ policy | to_json }}"},
		{"a file", task(`"{{ lookup('file', 'trust.json') }}"`), `vendor v@1:3 fail here/roles/r/files/trust.json:1 "444455556666"`},
		{"a file with a filter", task(`"{{ lookup('file', 'trust.json', convert_data=False) | from_json }}"`), `vendor v@1:3 fail here/roles/r/files/trust.json:1 "444455556666"`},
		{"a template", task(`"{{ lookup('template', 'trust.json.j2') }}"`), `vendor v@1:3 unknown on {{ vendor }}`},
		{"a file that is not there", task(`"{{ lookup('file', 'none.json') }}"`), "vendor v@1:3 unknown on the file none.json"},
		{"a file outside of the root", task(`"{{ lookup('file', '../../../../etc/passwd') }}"`), "vendor v@1:3 unknown on the file ../../../../etc/passwd"},
		{"an absolute file", task(`"{{ lookup('file', '/etc/passwd') }}"`), "vendor v@1:3 unknown on the file /etc/passwd"},
		{"a variable of the play", "- hosts: all\n  vars: {vendor: '444455556666'}\n  tasks:\n  - community.aws.iam_role:\n      name: v\n      assume_role_policy_document: {Statement: {Effect: Allow, Principal: {AWS: '{{ vendor }}'}, Action: 'sts:AssumeRole'}}\n",
			"iam_role v v@4:5 (default) fail " + main + ":6 '{{ vendor }}'"},
		{"the own account", "- amazon.aws.aws_caller_info:\n  register: me\n- iam_role:\n    name: v\n    assume_role_policy_document: {Statement: {Effect: Allow, Principal: {AWS: '{{ me.account }}'}, Action: 'sts:AssumeRole'}}\n", "iam_role v v@3:3 not-applicable"},
		{"a block", "- block:\n  - iam_role: {name: v, assume_role_policy_document: '" + json + "'}\n", "iam_role v v@2:5 fail"},
		{"a role that is removed", "- iam_role: {name: v, state: absent, assume_role_policy_document: '" + json + "'}\n", ""},
		{"statements of Jinja", task("'{% if x %}" + json + "{% endif %}'"), "vendor v@1:3 unknown on statements of Jinja in the policy"},
		{"arguments from a variable", "- name: vendor\n  iam_role: '{{ arguments }}'\n", "vendor @1:3 unknown on the arguments of iam_role"},
		{"a policy that is no JSON", task("'{'"), "vendor v@1:3 error"},
		{"text that Ansible leaves alone", task("{Statement: {Effect: Allow, Principal: {AWS: !unsafe '444455556666'}, Action: 'sts:AssumeRole'}}"), "vendor v@1:3 fail"},
		{"a secret", task("{Statement: {Effect: Allow, Principal: {AWS: '444455556666'}, Action: 'sts:AssumeRole', Condition: {StringEquals: {'sts:ExternalId': !vault 'x'}}}}"), "vendor v@1:3 pass"},
	}
	files := fstest.MapFS{
		"roles/r/files/trust.json":        {Data: []byte(json)},
		"roles/r/templates/trust.json.j2": {Data: []byte(strings.Replace(json, "444455556666", "{{ vendor }}", 1))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			said, incomplete := read(t, test.text, files)
			if got := strings.Join(said, "|"); !strings.HasPrefix(got, test.want) || test.want == "" && got != "" || len(incomplete) > 0 {
				t.Errorf("got %q, %q, want %q", got, incomplete, test.want)
			}
		})
	}
}

func FuzzPlaybook(f *testing.F) {
	f.Add("- iam_role:\n    name: '{{ a }}'\n    assume_role_policy_document: '{\"Statement\": [{{ b }}]}'\n")
	f.Add("- vars: &a {b: *a}\n  iam_role: {assume_role_policy_document: {a: '{{ b }}x{{ c }}'}}\n")
	f.Add("- block: [{iam_role: {assume_role_policy_document: \"{{ lookup('file', 'x') }}\"}}]\n")
	f.Fuzz(func(t *testing.T, text string) { read(t, text, fstest.MapFS{"roles/r/files/x": {Data: []byte("{}")}}) })
}
