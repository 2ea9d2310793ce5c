package pulumi

import (
	"fmt"
	"strings"
	"testing"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/template"
	"countersign/trust"
)

// read gives every role in one line, with its verdict and where its first
// reason stands, and what was incomplete.
func read(t testing.TB, text string, config map[string]string) (said, incomplete []string, isProgram bool) {
	t.Helper()
	input := template.Input{Path: "Pulumi.yaml", FromRoot: "Pulumi.yaml", Text: []byte(text)}
	isProgram, err := Read(input, Options{Account: "111122223333", Config: config}, template.Output{
		Role: func(one *role.Role) error {
			line := fmt.Sprintf("%s@%d:%d ", one.Source.Address, one.Source.Line, one.Source.Column)
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
				line += " " + verdict.Reasons[0].Range.Text()
			}
			said = append(said, line)
			return nil
		},
		Incomplete: func(i audit.Incomplete) { incomplete = append(incomplete, i.Reason) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return said, incomplete, isProgram
}

const json = `{"Statement":{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}}`

func TestRolesOfProgramsAreFound(t *testing.T) {
	program := func(policy string) string {
		return `name: p
runtime: yaml
config: {vendor: {type: string, default: '444455556666'}, id: {type: string}}
variables:
  me: {fn::invoke: {function: 'aws:getCallerIdentity', return: accountId}}
  caller: {fn::invoke: {function: 'aws:index:getCallerIdentity'}}
  document:
    fn::invoke:
      function: aws:iam:getPolicyDocument
      arguments:
        statements:
          - actions: ['sts:AssumeRole']
            principals: [{type: AWS, identifiers: ['444455556666']}]
            conditions: [{test: StringEquals, variable: 'sts:ExternalId', values: ['${id}']}]
resources:
  r:
    type: aws:iam:Role
    properties: {assumeRolePolicy: ` + policy + "}\n"
	}
	toJSON := func(principal string) string {
		return "{fn::toJSON: {Statement: {Effect: Allow, Principal: {AWS: " + principal + "}, Action: 'sts:AssumeRole'}}}"
	}
	for name, test := range map[string]struct{ policy, want string }{
		"JSON in a text":            {"'" + json + "'", `fail "444455556666"`},
		"JSON with a configuration": {"'" + strings.Replace(json, "444455556666", "${vendor}", 1) + "'", `(default) fail "${vendor}"`},
		"toJSON":                    {toJSON("'444455556666'"), "fail '444455556666'"},
		"a configuration":           {toJSON("'${vendor}'"), "(default) fail '444455556666'"},
		"a value without default":   {toJSON("'${id}'"), "unknown on config id"},
		"the own account":           {toJSON("'${me}'"), "not-applicable"},
		"the own account in a text": {toJSON("'arn:aws:iam::${caller.accountId}:root'"), "not-applicable"},
		"a policy document":         {"'${document.json}'", "pass"},
		"another resource":          {"'${other.policy}'", "unknown on ${other.policy}"},
		"a text with a dollar sign": {toJSON("'$${vendor}'"), "not-applicable"},
		"join":                      {toJSON("{fn::join: [':', [arn, aws, iam, '', '444455556666', root]]}"), "fail"},
		"no policy":                 {"", "error"},
	} {
		said, incomplete, _ := read(t, program(test.policy), nil)
		if got := strings.Join(said, "|"); !strings.HasPrefix(got, "r@16:3 "+test.want) || len(incomplete) > 0 {
			t.Errorf("%s: got %q, %q, want %q", name, got, incomplete, test.want)
		}
	}
	said, _, _ := read(t, program(toJSON("'${vendor}'")), map[string]string{"vendor": "111122223333"})
	if want := "r@16:3 not-applicable"; len(said) != 1 || said[0] != want {
		t.Errorf("with a given value: got %q, want %q", said, want)
	}
}

func TestRolesOfPreviewsAndStacksAreFound(t *testing.T) {
	state := func(policy string) string {
		return `{"urn": "urn:pulumi:dev::p::aws:iam/role:Role::r", "type": "aws:iam/role:Role", "inputs": {"name": "n", "assumeRolePolicy": ` + policy + `}}`
	}
	text := `"` + strings.ReplaceAll(json, `"`, `\"`) + `"`
	const urn = "urn:pulumi:dev::p::aws:iam/role:Role::r@"
	for name, test := range map[string]struct{ text, want string }{
		"a preview":                {`{"steps": [{"op": "create", "newState": ` + state(text) + `}]}`, urn + `1:41 fail \"444455556666\"`},
		"a role that goes":         {`{"steps": [{"op": "delete", "newState": ` + state(text) + `}]}`, ""},
		"a stack":                  {`{"version": 3, "deployment": {"resources": [` + state(text) + `]}}`, urn + `1:45 fail \"444455556666\"`},
		"what is not yet known":    {`{"steps": [{"newState": ` + state(`"04da6b54-80e4-46f7-96ec-b56ff0331ba9"`) + `}]}`, urn + "1:25 unknown on what the preview does not know yet"},
		"a secret":                 {`{"steps": [{"newState": ` + state(`{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}`) + `}]}`, urn + "1:25 unknown on a secret"},
		"resources of other kinds": {`{"steps": [{"newState": {"type": "aws:s3:Bucket"}}], "x": "aws:iam/role:Role"}`, ""},
	} {
		said, incomplete, is := read(t, test.text, nil)
		if got := strings.Join(said, "|"); got != test.want || len(incomplete) > 0 || !is {
			t.Errorf("%s: got %q, %q, want %q", name, got, incomplete, test.want)
		}
	}
}

func FuzzProgram(f *testing.F) {
	f.Add("config: {a: {default: '${a}'}}\nresources: {r: {type: aws:iam:Role, properties: {assumeRolePolicy: '${a}${a}'}}}")
	f.Add(`{"steps": [{"newState": {"type": "aws:iam:Role", "inputs": {"assumeRolePolicy": "{}"}}}]}`)
	f.Add("variables: {d: {fn::invoke: {function: 'x:getPolicyDocument', arguments: {statements: [{conditions: [{}]}]}}}}\nresources: {r: {type: aws:iam:Role, properties: {assumeRolePolicy: '${d.json}'}}}")
	f.Fuzz(func(t *testing.T, text string) { read(t, text, nil) })
}
