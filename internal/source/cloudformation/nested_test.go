package cloudformation

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/template"
)

// readTree reads one file of a directory.
func readTree(t testing.TB, files map[string]string, name string, options Options) result {
	t.Helper()
	tree := fstest.MapFS{}
	for path, text := range files {
		tree[path] = &fstest.MapFile{Data: []byte(text)}
	}
	return readInput(t, template.Input{
		Path: "here/" + name, FromRoot: "repository/" + name, Text: []byte(files[name]), FS: tree, Name: name,
	}, options)
}

func (r result) said() string {
	var said []string
	for _, f := range r.roles {
		said = append(said, f.said())
	}
	return strings.Join(said, "; ")
}

// trusting is a template of one role that trusts the parameter Vendor.
const trusting = `Parameters: {Vendor: {Type: String}}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: {Effect: Allow, Principal: {AWS: !Ref Vendor}, Action: 'sts:AssumeRole'}}
`

func TestANestedStackHasTheParametersOfItsParent(t *testing.T) {
	parent := `Parameters: {Who: {Type: String, Default: '444455556666'}}
Resources:
  Nested:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: ./parts/role.yaml, Parameters: {Vendor: !Ref Who}}
`
	r := readTree(t, map[string]string{"stacks/main.yaml": parent, "stacks/parts/role.yaml": trusting}, "stacks/main.yaml", Options{Account: own})
	if want := "Nested/Role fail (default)"; r.said() != want || len(r.incomplete) > 0 {
		t.Fatalf("got %q, %v; want %q", r.said(), r.incomplete, want)
	}
	role := r.roles[0]
	if role.Source.Path != "here/stacks/parts/role.yaml" || role.Source.FromRoot != "repository/stacks/parts/role.yaml" || role.Source.Line != 3 {
		t.Errorf("the role is at %+v", role.Source)
	}
	// What decides stands in the parent, in another file than the role.
	if at := role.verdict.Reasons[0].Range; at.File.Name != "here/stacks/main.yaml" || at.Text() != "'444455556666'" {
		t.Errorf("the reason is at %s: %s", at.File.Name, at.Text())
	}
	if !slices.Equal(r.used, []string{"stacks/parts/role.yaml"}) {
		t.Errorf("used %v", r.used)
	}
}

// The CDK gives nested stacks a place in a bucket, and says in the metadata which
// file goes there.
func TestNestedStacksOfTheCDKAreReadWhereTheyLie(t *testing.T) {
	files := map[string]string{
		"cdk.out/Main.template.json": `{"Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack",
 "Properties": {"TemplateURL": {"Fn::Sub": "https://s3.${AWS::Region}.amazonaws.com/assets/x.json"}, "Parameters": {"Vendor": "444455556666"}},
 "Metadata": {"aws:asset:path": "MainInner.nested.template.json", "aws:asset:property": "TemplateURL"}}}}`,
		"cdk.out/MainInner.nested.template.json": `{"Parameters": {"Vendor": {"Type": "String"}}, "Resources": {"Role": {"Type": "AWS::IAM::Role",
 "Properties": {"AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Principal": {"AWS": {"Ref": "Vendor"}}, "Action": "sts:AssumeRole"}}},
 "Metadata": {"aws:cdk:path": "Main/Inner/Role/Resource"}}}}`,
		"cdk.out/manifest.json": `{"artifacts": {"Main": {"environment": "aws://111122223333/eu-west-1", "properties": {"templateFile": "Main.template.json"}}}}`,
	}
	r := readTree(t, files, "cdk.out/Main.template.json", Options{})
	if want := "Inner/Role (Main/Inner/Role/Resource) fail"; r.said() != want || len(r.incomplete) > 0 || r.roles[0].Account != own {
		t.Fatalf("got %q, %v, want %q", r.said(), r.incomplete, want)
	}
	if at := r.roles[0].verdict.Reasons[0].Range; at.File.Name != "here/cdk.out/Main.template.json" || at.Text() != `"444455556666"` {
		t.Errorf("the reason is at %s: %s", at.File.Name, at.Text())
	}
}

func TestNestedTemplatesThatAreNotReadAreNamed(t *testing.T) {
	stack := func(location string) string {
		return "Resources:\n  Nested:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: " + location + "}\n"
	}
	for location, want := range map[string]string{
		"https://example.com/x.yaml":         "it lies at https://example.com/x.yaml",
		"!Sub 'https://${AWS::Region}/x'":    "its place depends on AWS::Region",
		"../outside.yaml":                    "../outside.yaml is outside of the scanned directory",
		"/etc/passwd":                        "/etc/passwd is outside of the scanned directory",
		"a/../../x.yaml":                     "a/../../x.yaml is outside of the scanned directory",
		"C:\\x.yaml":                         "outside of the scanned directory",
		"missing.yaml":                       "here/missing.yaml: file does not exist",
		"folder":                             "here/folder: it is no file",
		"main.yaml":                          "it contains itself",
		"noise.yaml":                         "here/noise.yaml is no template",
		"\"\\u0000\"":                        "is not read",
		"broken.yaml":                        "not YAML",
		"!GetAtt Bucket.WebsiteURL":          "its place depends on Bucket.WebsiteURL",
		"!Ref Location":                      "its place depends on Location, which the template does not declare",
		"'{{resolve:ssm:/template}}'":        "its place depends on {{resolve:ssm:/template}}",
		"!Join ['/', ['.', 'missing.yaml']]": "here/missing.yaml: file does not exist",
	} {
		files := map[string]string{"main.yaml": stack(location), "noise.yaml": "a: b", "broken.yaml": "Resources:\n  X: [", "folder/x": ""}
		r := readTree(t, files, "main.yaml", Options{})
		if len(r.incomplete) != 1 || !strings.Contains(r.incomplete[0].Reason, want) || len(r.roles) > 0 {
			t.Errorf("%s: got %v, want %q", location, r.incomplete, want)
		}
	}
}

func TestStacksThatContainEachOtherEnd(t *testing.T) {
	stack := func(names ...string) string {
		text := "Resources:\n"
		for i, name := range names {
			text += fmt.Sprintf("  N%d: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: %s}}\n", i, name)
		}
		return text
	}
	r := readTree(t, map[string]string{"a.yaml": stack("b.yaml"), "b.yaml": stack("a.yaml")}, "a.yaml", Options{})
	if len(r.incomplete) != 1 || !strings.Contains(r.incomplete[0].Reason, "it contains itself") {
		t.Errorf("got %v", r.incomplete)
	}
	// Ten stacks in each of nine files would be a thousand million.
	files := map[string]string{}
	for i := range 9 {
		next := fmt.Sprintf("f%d.yaml", i+1)
		files[fmt.Sprintf("f%d.yaml", i)] = stack(slices.Repeat([]string{next}, 10)...)
	}
	if r = readTree(t, files, "f0.yaml", Options{}); len(r.incomplete) == 0 {
		t.Error("nothing was said")
	}
}

func TestAStackSetsTemplateIsReadAtItsPlace(t *testing.T) {
	text := `Resources:
  Everywhere:
    Type: AWS::CloudFormation::StackSet
    Properties:
      Parameters:
        - {ParameterKey: Vendor, ParameterValue: '444455556666'}
      TemplateBody: |
        Parameters:
          Vendor: {Type: String}
        Resources:
          Reader:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Statement:
                  - Effect: Allow
                    Principal: {AWS: [!Ref AWS::AccountId, !Ref Vendor]}
                    Action: sts:AssumeRole
                  - Effect: Allow
                    Principal: {AWS: '555566667777'}
                    Action: sts:AssumeRole
`
	r := read(t, text, Options{Account: own})
	if want := "Everywhere/Reader fail"; r.said() != want || len(r.incomplete) > 0 {
		t.Fatalf("got %q, %v; want %q", r.said(), r.incomplete, want)
	}
	role := r.roles[0]
	if role.Account != "000000000001" || role.Source.Line != 11 || role.Source.Column != 11 {
		t.Errorf("the role is in %s at %d:%d", role.Account, role.Source.Line, role.Source.Column)
	}
	var places []string
	for _, reason := range role.verdict.Reasons {
		places = append(places, fmt.Sprintf("%d %s", reason.Range.Line(), reason.Range.Text()))
	}
	if want := "6 '444455556666'|20 '555566667777'"; strings.Join(places, "|") != want {
		t.Errorf("reasons at %q, want %q", places, want)
	}
}

// The account that a stack set is made in is a stranger to those that it makes
// stacks in, whether anybody knows the accounts or not.
func TestAStackSetsOwnAccountIsAnother(t *testing.T) {
	text := `Resources:
  Everywhere:
    Type: AWS::CloudFormation::StackSet
    Properties:
      Parameters: [{ParameterKey: Vendor, ParameterValue: !Ref AWS::AccountId}]
      TemplateURL: role.yaml
`
	for _, account := range []string{"", own} {
		r := readTree(t, map[string]string{"main.yaml": text, "role.yaml": trusting}, "main.yaml", Options{Account: account})
		if r.said() != "Everywhere/Role fail" {
			t.Errorf("in account %q: got %q, %v", account, r.said(), r.incomplete)
		}
	}
}

func TestAnAliasBombInAStackSetEnds(t *testing.T) {
	bomb := "        a: &a [x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'z'; c++ {
		bomb += fmt.Sprintf("        %c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c, ", c-1), 9), ", "))
	}
	role := "AssumeRolePolicyDocument: {Statement: *z}"
	text := "Resources:\n  S:\n    Type: AWS::CloudFormation::StackSet\n    Properties:\n      TemplateBody: |\n" + bomb +
		"        Resources: {R: {Type: AWS::IAM::Role, Properties: {" + role + "}}}\n"
	if r := read(t, text, Options{}); len(r.roles) != 1 || r.roles[0].verdict.Outcome == "pass" {
		t.Errorf("got %q, %v", r.said(), r.incomplete)
	}
}

func TestAnIncludedPieceIsReadWhereItLies(t *testing.T) {
	files := map[string]string{
		"main.yaml":  policyRole("", "{'Fn::Transform': {Name: 'AWS::Include', Parameters: {Location: trust.yaml}}}"),
		"trust.yaml": "Statement: {Effect: Allow, Principal: {AWS: '444455556666'}, Action: 'sts:AssumeRole'}",
	}
	r := readTree(t, files, "main.yaml", Options{Account: own})
	if r.said() != "Vendor fail" || r.roles[0].verdict.Reasons[0].Range.File.Name != "here/trust.yaml" {
		t.Errorf("got %q", r.said())
	}
	files["trust.yaml"] = "{'Fn::Transform': {Name: 'AWS::Include', Parameters: {Location: trust.yaml}}}"
	if r = readTree(t, files, "main.yaml", Options{Account: own}); r.said() != "Vendor unknown on AWS::Include trust.yaml" {
		t.Errorf("got %q", r.said())
	}
}

func TestFunctionsOfSAMHaveRolesWithTheirTrustPolicy(t *testing.T) {
	text := `Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    AssumeRolePolicyDocument:
      Version: '2012-10-17'
      Statement:
        - {Effect: Allow, Principal: {AWS: '444455556666'}, Action: 'sts:AssumeRole'}
Resources:
  Shared: {Type: AWS::Serverless::Function, Properties: {Handler: a.b}}
  Own:
    Type: AWS::Serverless::Function
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]
  Given: {Type: AWS::Serverless::Function, Properties: {Role: !GetAtt R.Arn}}
`
	if got, want := read(t, text, Options{Account: own}).said(), "SharedRole fail; OwnRole fail"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLoopsMakeRoles(t *testing.T) {
	const body = `
          Type: AWS::IAM::Role
          Properties:
            RoleName: !Sub 'reader-${Team}'
            AssumeRolePolicyDocument: {Statement: {Effect: Allow, Principal: {AWS: !Sub 'arn:aws:iam::${Team}:root'}, Action: 'sts:AssumeRole'}}
`
	loop := func(list string) string {
		return "Transform: AWS::LanguageExtensions\nParameters:\n  Given: {Type: CommaDelimitedList, Default: '111122223333,444455556666'}\n  Open: {Type: CommaDelimitedList}\nResources:\n" +
			"  Fn::ForEach::Teams:\n    - Team\n    - " + list + "\n    - R${Team}:" + body
	}
	for list, want := range map[string]string{
		"['111122223333', '444455556666']": "R111122223333 not-applicable; R444455556666 fail",
		"!Ref Given":                       "R111122223333 not-applicable (default); R444455556666 fail (default)",
		"!Ref Open":                        "R${parameter Open} unknown on parameter Open",
		"[]":                               "",
	} {
		if got := read(t, loop(list), Options{Account: own}).said(); got != want {
			t.Errorf("%s: got %q, want %q", list, got, want)
		}
	}
	nested := `Resources:
  Fn::ForEach::A:
    - A
    - ['1', '2']
    - Fn::ForEach::B:
        - B
        - [a-b, c]
        - R${A}&{B}: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}
`
	if got, want := read(t, nested, Options{Account: own}).said(), "R1ab not-applicable; R1c not-applicable; R2ab not-applicable; R2c not-applicable"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestALoopOverAMillionEndsAndSaysSo(t *testing.T) {
	list := "['" + strings.Join(strings.Split(strings.Repeat("x", 1000), ""), "','") + "']"
	text := "Resources:\n  Fn::ForEach::A:\n    - A\n    - " + list + "\n    - Fn::ForEach::B:\n        - B\n        - " + list +
		"\n        - R${A}${B}: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}\n"
	roles, said := 0, 0
	_, err := Read(template.Input{Path: "x.yaml", Text: []byte(text)}, Options{}, template.Output{
		Role:       func(*role.Role) error { roles++; return nil },
		Incomplete: func(audit.Incomplete) { said++ },
	})
	if err != nil || roles == 0 || roles > maxInstances || said != 1 {
		t.Errorf("%d roles, %d times said, %v", roles, said, err)
	}
}

func TestRolesExistUnderTheirCondition(t *testing.T) {
	conditional := func(declared, condition, policy string) string {
		return declared + "\nResources:\n  R:\n    Type: AWS::IAM::Role\n    Condition: " + condition + "\n    Properties:\n      AssumeRolePolicyDocument: " + policy + "\n"
	}
	const open = "{Statement: {Effect: Allow, Principal: {AWS: '444455556666'}, Action: 'sts:AssumeRole'}}"
	const guarded = "{Statement: {Effect: Allow, Principal: {AWS: '444455556666'}, Action: 'sts:AssumeRole', Condition: !If [HasId, {StringEquals: {'sts:ExternalId': !Ref Id}}, !Ref AWS::NoValue]}}"
	const hasID = "Parameters: {Id: {Type: String}}\nConditions: {HasId: !Not [!Equals [!Ref Id, '']]}"
	for name, test := range map[string]struct{ text, want string }{
		"true":    {conditional("Conditions: {C: !Equals [a, a]}", "C", open), "R fail"},
		"false":   {conditional("Conditions: {C: !Equals [a, b]}", "C", open), ""},
		"unknown": {conditional(hasID, "HasId", open), "R fail"},
		// The role exists only where its policy has the condition.
		"unknown, and the policy depends on it too": {conditional(hasID, "HasId", guarded), "R pass"},
	} {
		if got := read(t, test.text, Options{Account: own}).said(); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestNamesAndPathsAreTold(t *testing.T) {
	text := "Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties: {RoleName: !Sub 'vendor-${AWS::AccountId}', Path: /ext/, AssumeRolePolicyDocument: {Statement: []}}\n"
	role := read(t, text, Options{Account: own}).roles[0]
	if role.Name != "vendor-"+own || role.Path != "/ext/" || role.ARN != "arn:aws:iam::111122223333:role/ext/vendor-111122223333" {
		t.Errorf("got %q %q %q", role.Name, role.Path, role.ARN)
	}
	if role = read(t, text, Options{}).roles[0]; role.ARN != "" || role.Account != template.OwnAccount {
		t.Errorf("without an account: %q in %s", role.ARN, role.Account)
	}
}

func TestWhatCannotBeReadIsSaidWithItsPlace(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"a macro":                    {"Transform: [Count]\nResources:\n  A: {Type: AWS::X::Y}\n", "line 1, column 13: the macro Count may change every resource"},
		"a module":                   {"Resources:\n  A: {Type: My::Own::Role::MODULE}\n", "line 2, column 13: the module My::Own::Role::MODULE is not read"},
		"a section twice":            {"Resources:\n  A: {Type: AWS::X::Y}\nConditions: {}\nConditions: {}\n", `line 4, column 1: the key "Conditions" is repeated`},
		"a resource twice":           {"Resources:\n  A:\n    Type: AWS::X::Y\n  A:\n    Type: AWS::X::Y\n", `line 4, column 3: the key "A" is repeated`},
		"a resource twice in JSON":   {`{"Resources": {"A": {"Type": "AWS::X::Y"}, "A": {}}}`, `line 1, column 44: the key "A" is repeated`},
		"a template that is cut off": {"AWSTemplateFormatVersion: '2010-09-09'\nResources: {A: {", "not YAML"},
		"a cut-off template in JSON": {`{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"A": {`, "unexpected end of text"},
		"a resource that is cut off": {"Resources:\n  A: \n    Type: AWS::X::Y\n  B:\n    Type: [\n", "line "},
		"a loop of the wrong form":   {"Resources:\n  Fn::ForEach::A: [x]\n", "line 2, column 3: a malformed Fn::ForEach::A"},
		"a template that is no map":  {"AWSTemplateFormatVersion: x\nParameters: {}\nParameters: {}", "is repeated"},
		"text that is not UTF-8":     {"AWSTemplateFormatVersion: x\nResources: \xff", "line 2, column 12: invalid UTF-8"},
		"a tab":                      {"AWSTemplateFormatVersion: x\nResources:\n\tA: b", "not YAML"},
	} {
		r := read(t, test.text, Options{})
		if !r.isTemplate || len(r.incomplete) != 1 || !strings.Contains(r.incomplete[0].Reason, test.want) || r.incomplete[0].Source != "template.yaml" {
			t.Errorf("%s: template %v, got %+v, want %q", name, r.isTemplate, r.incomplete, test.want)
		}
	}
}

func TestOtherFilesAreNoTemplates(t *testing.T) {
	for _, text := range []string{"", "a: b", "[]", "Resources: x", "resources:\n  a: {type: x}", `{"Resources": {"A": 1}}`, "{", "\x00\x01", "Resources:\n  A: {Type: deployment}"} {
		if r := read(t, text, Options{}); r.isTemplate || len(r.incomplete) > 0 {
			t.Errorf("%q: %v", text, r)
		}
	}
}

func TestTemplatesAreToldByTheirText(t *testing.T) {
	for text, want := range map[string]bool{
		"AWSTemplateFormatVersion: x": true, `{"AWSTemplateFormatVersion": "x"}`: true, "Transform: AWS::Serverless-2016-10-31": true,
		"Resources:\n  A:\n    Type: 'AWS::IAM::Role'": true, `{"Resources":{"A":{"Type":"AWS::IAM::Role"}}}`: true,
		"kind: Role": false, "": false, "type: aws:iam:Role": false,
	} {
		if IsTemplate([]byte(text)) != want {
			t.Errorf("%q: want %v", text, want)
		}
	}
}

func TestParameterFilesOfEveryForm(t *testing.T) {
	for _, text := range []string{
		`[{"ParameterKey": "A", "ParameterValue": "012"}, {"ParameterKey": "B", "ParameterValue": "x,y"}, {"ParameterKey": "C", "UsePreviousValue": true}]`,
		`{"Parameters": {"A": "012", "B": "x,y"}, "Tags": {"C": "d"}}`,
		`{"A": "012", "B": ["x", "y"]}`, "A: 012\nB: x,y\n", `["A=012", "B=x,y"]`, "- A=012\n- B=x,y\n",
	} {
		got, err := ReadParameters("parameters.json", []byte(text))
		if err != nil || len(got) != 2 || got["A"] != "012" || got["B"] != "x,y" {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		`"A"`: "neither a map of parameters", `{"A": {"B": "c"}}`: "line 1, column 7: the parameter A has no text", `{`: "line 1, column 2", `[{"B": 1}]`: "without a parameter's name",
	} {
		if _, err := ReadParameters("parameters.json", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
