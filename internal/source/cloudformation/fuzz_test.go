package cloudformation

import (
	"os"
	"testing"
	"testing/fstest"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/template"
)

// FuzzTemplate holds that no text makes the reader panic or go on for ever, and
// that every role has a policy or a reason why there is none, and a place in the
// file.
func FuzzTemplate(f *testing.F) {
	for _, name := range []string{"cfn-json/template.json", "cfn-yaml/template.yaml", "cfn-yaml-hard/template.yaml", "sam/template.yaml", "cdk/cdk.out/VendorStack.template.json"} {
		text, err := os.ReadFile("testdata/iac/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	for _, principal := range []string{
		"!Select [1, !Split [',', !Sub '${A}${B.C}']]", "!If [C, !Ref A, {'Fn::FindInMap': [M, !Ref 'AWS::Region', b]}]",
		"!Join ['', [!Ref 'AWS::NoValue', !If [C, a, !Ref 'AWS::NoValue']]]", "!Sub ['${X}', {X: !Ref L}]", "{'Fn::ForEach::I': [I, !Ref L, {'a${I}': '&{I}'}]}",
	} {
		f.Add(vendorRole("Parameters: {A: {Type: String, AllowedValues: [a, b]}, L: {Type: CommaDelimitedList, Default: 'a, b'}}\nMappings: {M: {a: {b: c}}}\nConditions: {C: !Or [!Condition C, !Equals [!Ref A, b]]}", principal))
	}
	f.Add("Resources: {N: {Type: AWS::CloudFormation::StackSet, Properties: {TemplateBody: !Sub '{\"Resources\": ${A}}'}}, M: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: self.yaml}}}")
	f.Fuzz(func(t *testing.T, text string) {
		tree := fstest.MapFS{"self.yaml": {Data: []byte(text)}}
		input := template.Input{Path: "x.yaml", Text: []byte(text), FS: tree, Name: "x.yaml"}
		isTemplate, err := Read(input, Options{}, template.Output{
			Role: func(one *role.Role) error {
				if (one.Trust.Tree == nil) == (one.Trust.Err == nil) {
					t.Errorf("%s has a policy and a fault, or neither", one.Source.Address)
				}
				if one.Source.Line < 1 || one.Source.Column < 1 {
					t.Errorf("%s is at line %d, column %d", one.Source.Address, one.Source.Line, one.Source.Column)
				}
				decide(one)
				return nil
			},
			Incomplete: func(i audit.Incomplete) {
				if i.Reason == "" || i.Source == "" {
					t.Errorf("an empty fault: %+v", i)
				}
			},
		})
		if err != nil {
			t.Error(err, isTemplate)
		}
	})
}
