package serverless

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/cloudformation"
	"countersign/internal/source/template"
	"countersign/trust"
)

// read gives every role in one line, with its verdict and where its first
// reason stands, and what was incomplete.
func read(t testing.TB, text string, files fstest.MapFS) (said, incomplete []string, isConfiguration bool) {
	t.Helper()
	input := template.Input{Path: "here/serverless.yml", FromRoot: "serverless.yml", Text: []byte(text), FS: files, Name: "serverless.yml"}
	isConfiguration, err := Read(input, cloudformation.Options{Account: "111122223333"}, template.Output{
		Role: func(one *role.Role) error {
			line := fmt.Sprintf("%s@%s:%d ", one.Source.Address, one.Source.Path, one.Source.Line)
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
	return said, incomplete, isConfiguration
}

const head = "service: s\nprovider: {name: aws, stage: \"${opt:stage, 'dev'}\"}\ncustom: {vendor: '444455556666', chain: '${self:custom.vendor}', loop: '${self:custom.loop}'}\n"

func resource(principal string) string {
	return "Role:\n  Type: AWS::IAM::Role\n  Properties:\n    AssumeRolePolicyDocument: {Statement: {Effect: Allow, Principal: {AWS: " + principal + "}, Action: 'sts:AssumeRole'}}\n"
}

func resources(principal string) string {
	return head + "resources:\n  Resources:\n    " + strings.ReplaceAll(resource(principal), "\n", "\n    ")
}

func TestRolesInResourcesAreFound(t *testing.T) {
	const here = "Role@here/serverless.yml:6 "
	for name, test := range map[string]struct{ text, want string }{
		"CloudFormation":                   {resources("!Sub 'arn:aws:iam::${AWS::AccountId}:root'"), here + "not-applicable"},
		"an own value":                     {resources("'${self:custom.vendor}'"), here + "fail here/serverless.yml:3 '444455556666'"},
		"an own value in a text":           {resources("'arn:aws:iam::${self:custom.vendor}:root'"), here + "fail"},
		"an own value through another":     {resources("'${self:custom.chain}'"), here + "fail"},
		"an own value in a Sub":            {resources("!Sub 'arn:${AWS::Partition}:iam::${self:custom.vendor}:root'"), here + "fail"},
		"a value that refers to itself":    {resources("'${self:custom.loop}'"), here + "unknown on a configuration that is too large"},
		"a fallback":                       {resources("\"${self:custom.none, '444455556666'}\""), here + "fail"},
		"an option":                        {resources("'${opt:vendor}'"), here + "unknown on ${opt:vendor}"},
		"an option in a Sub":               {resources("!Sub 'arn:${AWS::Partition}:iam::${opt:vendor}:root'"), here + "unknown on ${opt:vendor}"},
		"the own account":                  {resources("'${aws:accountId}'"), here + "not-applicable"},
		"a list of resources":              {head + "resources:\n  - ${file(parts/role.yml)}\n", "Role@here/parts/role.yml:1 fail here/parts/role.yml:4 '444455556666'"},
		"a role in a file of its own":      {head + "resources:\n  Resources:\n    Role: ${file(parts/role.yml):Role}\n", here + "fail here/parts/role.yml:4 '444455556666'"},
		"no resources":                     {head, ""},
		"resources that are a file inside": {head + "resources: ${file(parts/role.yml)}\n", "Role@here/parts/role.yml:1 fail"},
	} {
		files := fstest.MapFS{"parts/role.yml": {Data: []byte(resource("'444455556666'"))}}
		said, incomplete, _ := read(t, test.text, files)
		if got := strings.Join(said, "|"); !strings.HasPrefix(got, test.want) || test.want == "" && got != "" || len(incomplete) > 0 {
			t.Errorf("%s: got %q, %q, want %q", name, got, incomplete, test.want)
		}
	}
}

func TestFilesOutsideOfTheRootAreNotRead(t *testing.T) {
	for location, want := range map[string]string{"../x.yml": "outside of the scanned directory", "/etc/passwd": "outside", "none.yml": "is not read"} {
		_, incomplete, _ := read(t, head+"resources: ${file("+location+")}\n", fstest.MapFS{})
		if len(incomplete) != 1 || !strings.Contains(incomplete[0], want) {
			t.Errorf("%s: got %q, want %q", location, incomplete, want)
		}
	}
}

func TestOtherFilesAreNoConfigurations(t *testing.T) {
	if _, _, is := read(t, "services:\n  web: {}\n", nil); is {
		t.Error("a file of Compose is taken for a configuration")
	}
}

func FuzzConfiguration(f *testing.F) {
	f.Add(resources("'${self:custom.loop}x${opt:a}'"))
	f.Add(head + "resources: [\"${file(a.yml)}\", {Resources: *a}]")
	f.Fuzz(func(t *testing.T, text string) { read(t, text, fstest.MapFS{"a.yml": {Data: []byte("a: '${self:}'")}}) })
}
