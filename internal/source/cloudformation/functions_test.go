package cloudformation

import (
	"strings"
	"testing"
)

// vendorRole is a template with one role whose only principal is an expression.
// What is declared stands before the resources.
func vendorRole(declared, principal string) string {
	return declared + `
Resources:
  Vendor:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal:
              AWS: ` + principal + `
            Action: sts:AssumeRole
`
}

// The own account is 111122223333; every other one is a stranger's.
func TestPrincipalsAreEvaluated(t *testing.T) {
	tests := []struct{ name, declared, principal, want string }{
		{"a literal ARN", "", "arn:aws:iam::444455556666:root", "fail"},
		{"an account id without quotation marks", "", "444455556666", "fail"},
		{"an account id that starts with a zero", "", "012345678901", "fail"},
		{"the own account", "", "!Ref AWS::AccountId", "not-applicable"},
		{"the own account in a text", "", "!Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:root'", "not-applicable"},
		{"a text with names of its own", "", "!Sub ['arn:aws:iam::${A}:root', {A: '444455556666'}]", "fail"},
		{"a name of its own that hides a parameter", "Parameters: {A: {Type: String}}", "!Sub ['arn:aws:iam::${A}:root', {A: !Ref AWS::AccountId}]", "not-applicable"},
		{"white space in a placeholder", "", "!Sub 'arn:aws:iam::${ AWS::AccountId }:root'", "not-applicable"},
		{"a parameter's default", "Parameters: {A: {Type: String, Default: '444455556666'}}", "!Ref A", "fail (default)"},
		{"a default that is a number", "Parameters: {A: {Type: Number, Default: 012345678901}}", "!Sub 'arn:aws:iam::${A}:root'", "fail (default)"},
		{"a parameter without a default", "Parameters: {A: {Type: String}}", "!Ref A", "unknown on parameter A"},
		{"a parameter without a default, in a text", "Parameters: {A: {Type: String}}", "!Sub 'arn:aws:iam::${A}:root'", "unknown on parameter A"},
		{"a parameter of which every allowed value is a stranger", "Parameters: {A: {Type: String, AllowedValues: ['444455556666', '555566667777']}}", "!Ref A", "fail"},
		{"a parameter of which one allowed value is ours", "Parameters: {A: {Type: String, AllowedValues: ['444455556666', '111122223333']}}", "!Sub 'arn:aws:iam::${A}:root'",
			"unknown on parameter A (one of its allowed values)"},
		{"a list parameter", "Parameters: {A: {Type: CommaDelimitedList, Default: '111122223333, 444455556666'}}", "!Ref A", "fail (default)"},
		{"a list parameter of our accounts", "Parameters: {A: {Type: CommaDelimitedList, Default: '111122223333 , 111122223333'}}", "!Ref A", "not-applicable (default)"},
		{"an SSM parameter", "Parameters: {A: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /a}}", "!Ref A", "unknown on parameter A (SSM parameter /a)"},
		{"a name that is nowhere", "", "!Ref Nowhere", "unknown on Nowhere, which the template does not declare"},
		{"Join", "", "!Join ['', ['arn:aws:iam::', '444455556666', ':root']]", "fail"},
		{"Join of a list parameter", "Parameters: {A: {Type: CommaDelimitedList, Default: 'arn,aws,iam,,444455556666,root'}}", "!Join [':', !Ref A]", "fail (default)"},
		{"Join without what is no value", "", "!Join [':', [arn, aws, iam, '', !Ref AWS::NoValue, !Ref AWS::AccountId, root]]", "not-applicable"},
		{"Select", "", "!Select [1, ['444455556666', !Ref AWS::AccountId]]", "not-applicable"},
		{"Select with a text as the index", "", "!Select ['0', ['444455556666', !Ref AWS::AccountId]]", "fail"},
		{"Select beyond the list", "", "!Select [2, ['444455556666']]", "unknown on an item that Fn::Select does not find"},
		{"Split", "", "!Split [',', '111122223333,444455556666']", "fail"},
		{"Select of a Split", "", "!Select [4, !Split [':', 'arn:aws:iam::444455556666:root']]", "fail"},
		{"Select of a Split before what is unknown", "Parameters: {R: {Type: String}}",
			"!Select [4, !Split [':', !Sub 'arn:aws:iam::${AWS::AccountId}:role/${R}']]", "not-applicable"},
		{"Select of a Split behind what is unknown", "Parameters: {R: {Type: String}}",
			"!Select [1, !Split [':', !Sub '${R}:${AWS::AccountId}']]", "unknown on parameter R"},
		{"Split of a parameter", "Parameters: {A: {Type: String, Default: '444455556666,111122223333'}}", "!Split [',', !Ref A]", "fail (default)"},
		{"FindInMap", "Mappings: {M: {a: {b: '444455556666'}}}", "!FindInMap [M, a, b]", "fail"},
		{"FindInMap by the region, where all are strangers", "Mappings: {M: {eu-west-1: {b: '444455556666'}, us-east-1: {b: '555566667777'}}}",
			"!Sub ['arn:aws:iam::${X}:root', {X: !FindInMap [M, !Ref AWS::Region, b]}]", "fail"},
		{"FindInMap by the region, where one is ours", "Mappings: {M: {eu-west-1: {b: '444455556666'}, us-east-1: {b: '111122223333'}}}",
			"!FindInMap [M, !Ref 'AWS::Region', b]", "unknown on mapping M by AWS::Region"},
		{"FindInMap with a default", "Mappings: {M: {a: {b: '444455556666'}}}", "!FindInMap [M, z, b, {DefaultValue: !Ref AWS::AccountId}]", "not-applicable"},
		{"FindInMap of a key that is not there", "Mappings: {M: {a: {b: '444455556666'}}}", "!FindInMap [M, z, b]", "unknown on mapping M, which has no z"},
		{"ImportValue", "", "!ImportValue VendorArn", "unknown on export VendorArn"},
		{"ImportValue of a name that depends on the stack", "", "!ImportValue {'Fn::Sub': '${AWS::StackName}-arn'}", "unknown on export ${AWS::StackName}-arn"},
		{"a dynamic reference", "", "'{{resolve:ssm:/vendor/arn}}'", "unknown on {{resolve:ssm:/vendor/arn}}"},
		{"a dynamic reference in a text", "", "!Sub 'arn:aws:iam::{{resolve:ssm:/vendor}}:root'", "unknown on {{resolve:ssm:/vendor}}"},
		{"If, decided", "Conditions: {C: !Equals [a, a]}", "!If [C, '444455556666', !Ref AWS::AccountId]", "fail"},
		{"If, decided by a default", "Parameters: {P: {Type: String, Default: x}}\nConditions: {C: !Equals [!Ref P, a]}", "!If [C, '444455556666', !Ref AWS::AccountId]", "not-applicable (default)"},
		{"If, undecided, both strangers", "Parameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, a]}", "!If [C, '444455556666', '555566667777']", "fail"},
		{"If, undecided, one ours", "Parameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, a]}", "!If [C, '444455556666', !Ref AWS::AccountId]",
			"unknown on condition C (parameter P)"},
		{"Not", "Conditions: {C: !Not [!Equals [a, a]]}", "!If [C, '444455556666', !Ref AWS::AccountId]", "not-applicable"},
		{"And", "Conditions: {A: !Equals [a, a], C: !And [!Condition A, !Equals [b, a]]}", "!If [C, '444455556666', !Ref AWS::AccountId]", "not-applicable"},
		{"Or", "Conditions: {A: !Equals [a, a], C: !Or [!Equals [b, a], {Condition: A}]}", "!If [C, '444455556666', !Ref AWS::AccountId]", "fail"},
		{"And with a false operand beside an unknown one", "Parameters: {P: {Type: String}}\nConditions: {C: !And [!Equals [!Ref P, x], !Equals [b, a]]}", "!If [C, '444455556666', !Ref AWS::AccountId]", "not-applicable"},
		{"a condition that refers to itself", "Conditions: {C: !Not [!Condition C]}", "!If [C, '444455556666', !Ref AWS::AccountId]", "unknown on condition C (which refers to itself)"},
		{"a condition and its negation", "Parameters: {P: {Type: String}}\nConditions: {A: !Equals [!Ref P, a], B: !Not [!Condition A]}",
			"[!If [A, !Ref AWS::AccountId, '444455556666'], !If [B, !Ref AWS::AccountId, '444455556666']]", "fail"},
		{"a comparison with an allowed value", "Parameters: {P: {Type: String, AllowedValues: [a, b]}}\nConditions: {C: !Equals [!Ref P, z]}", "!If [C, '444455556666', !Ref AWS::AccountId]", "not-applicable"},
		{"a parameter that cannot be empty", "Parameters: {P: {Type: String, MinLength: 2}}\nConditions: {C: !Equals [!Ref P, '']}", "!If [C, '444455556666', !Ref AWS::AccountId]", "not-applicable"},
		{"a function that nobody knows", "", "!Rot13 x", "unknown on Fn::Rot13"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := read(t, vendorRole(test.declared, test.principal), Options{Account: own})
			if len(r.roles) != 1 || len(r.incomplete) > 0 {
				t.Fatalf("%d roles, incomplete: %v", len(r.roles), r.incomplete)
			}
			if got, want := r.roles[0].said(), "Vendor "+test.want; got != want {
				t.Errorf("got %q, want %q (%s)", got, want, r.roles[0].verdict.Problem)
			}
		})
	}
}

func TestPrincipalsOfTheTemplateItself(t *testing.T) {
	const user = `
  Probe: {Type: AWS::IAM::User, Properties: {UserName: probe, Path: /x/}}
  Fn: {Type: AWS::Serverless::Function}
`
	for principal, want := range map[string]string{
		"!GetAtt Probe.Arn":                              "Vendor not-applicable",
		"!GetAtt Vendor.Arn":                             "Vendor not-applicable",
		"!GetAtt FnRole.Arn":                             "Vendor not-applicable",
		"!GetAtt Custom.Arn":                             "Vendor unknown on Custom.Arn",
		"!Sub '${Probe.Arn}'":                            "Vendor not-applicable",
		"!Sub 'arn:aws:iam::444455556666:user/${Probe}'": "Vendor fail",
		"{'Fn::GetAtt': [Probe, Arn]}":                   "Vendor not-applicable",
	} {
		r := read(t, vendorRole("", principal)+user, Options{Account: own})
		if len(r.roles) != 1 || r.roles[0].said() != want {
			t.Errorf("%s: got %v, want %q", principal, r.roles[0].said(), want)
		}
	}
}

func TestGivenParametersWinOverDefaults(t *testing.T) {
	text := vendorRole("Parameters: {A: {Type: String, Default: '444455556666'}}", "!Ref A")
	r := read(t, text, Options{Account: own, Parameters: map[string]string{"A": own}})
	if got := r.roles[0].said(); got != "Vendor not-applicable" {
		t.Error(got)
	}
}

func TestAValueFromElsewhereHasThePlaceOfItsText(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"a default":              {vendorRole("Parameters: {A: {Type: String, Default: '444455556666'}}", "!Ref A"), "'444455556666'"},
		"an item of a list":      {vendorRole("Parameters: {A: {Type: CommaDelimitedList, Default: '111122223333, 444455556666'}}", "!Ref A"), "444455556666"},
		"a mapping":              {vendorRole("Mappings: {M: {a: {b: '444455556666'}}}", "!FindInMap [M, a, b]"), "'444455556666'"},
		"an item of a Split":     {vendorRole("", "!Split [',', '111122223333,444455556666']"), "444455556666"},
		"a branch":               {vendorRole("Conditions: {C: !Equals [a, a]}", "!If [C, '444455556666', x]"), "'444455556666'"},
		"a name of Sub's own":    {vendorRole("", "!Sub ['${A}', {A: '444455556666'}]"), "!Sub ['${A}', {A: '444455556666'}]"},
		"an alias of an account": {vendorRole("x: &vendor '444455556666'", "*vendor"), "'444455556666'"},
	} {
		holdsAt(t, name, read(t, test.text, Options{Account: own}).roles[0], test.text, test.want)
	}
}

// holdsAt checks that the first reason of a role stands where a text stands for
// the last time in the template.
func holdsAt(t *testing.T, name string, role found, text, want string) {
	t.Helper()
	if len(role.verdict.Reasons) == 0 {
		t.Errorf("%s: no reason, want %s", name, want)
		return
	}
	place := role.verdict.Reasons[0].Range
	if got := place.Text(); got != want || place.Start != strings.LastIndex(text, want) {
		t.Errorf("%s: %q at byte %d, want %q at %d", name, got, place.Start, want, strings.LastIndex(text, want))
	}
}

// policyRole is a template with one role whose policy is an expression.
func policyRole(declared, policy string) string {
	return declared + "\nResources:\n  Vendor:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: " + policy + "\n"
}

func TestPoliciesInEveryForm(t *testing.T) {
	const statement = `{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}`
	tests := []struct{ name, declared, policy, said, at string }{
		{"JSON in single quotation marks", "", `'{"Statement":` + statement + `}'`, "fail", `"444455556666"`},
		{"JSON in double quotation marks", "", `"` + strings.ReplaceAll(`{"Statement":`+statement+`}`, `"`, `\"`) + `"`, "fail", `\"444455556666\"`},
		{"JSON in a literal text", "", "|\n        {\n          \"Statement\": [\n" + "            " + statement + "\n        ]}", "fail", `"444455556666"`},
		{"JSON in a folded text", "", ">\n        {\n          \"Statement\":\n          " + statement + "\n        }", "fail", `"444455556666"`},
		{"JSON with a parameter", "Parameters: {V: {Type: String}}", "!Sub |\n        {\"Statement\": {\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"arn:aws:iam::${V}:root\"}, \"Action\": \"sts:AssumeRole\"}}",
			"unknown on parameter V", `"arn:aws:iam::${V}:root"`},
		{"JSON with an external ID from a parameter", "Parameters: {Id: {Type: String}}", "!Sub |\n        {\"Statement\": {\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"444455556666\"}, \"Action\": \"sts:AssumeRole\",\n        \"Condition\": {\"StringEquals\": {\"sts:ExternalId\": \"${Id}\"}}}}",
			"pass", ""},
		{"JSON with a parameter in the place of a value", "Parameters: {S: {Type: String}}", "!Sub '{\"Statement\": ${S}}'", "unknown on parameter S", ""},
		{"JSON joined from pieces", "Parameters: {V: {Type: String, Default: '444455556666'}}",
			`!Join ['', ['{"Statement":{"Effect":"Allow","Principal":{"AWS":"', !Ref V, '"},"Action":"sts:AssumeRole"}}']]`, "fail (default)", `"', !Ref V, '"`},
		{"JSON in a parameter", "Parameters: {P: {Type: String, Default: '{\"Statement\":" + statement + "}'}}", "!Ref P", "fail (default)", `"444455556666"`},
		{"a policy in a parameter without default", "Parameters: {P: {Type: String}}", "!Ref P", "unknown on parameter P", ""},
		{"ToJsonString", "Transform: AWS::LanguageExtensions", "{'Fn::ToJsonString': {Statement: {Effect: Allow, Principal: {AWS: '444455556666'}, Action: 'sts:AssumeRole'}}}", "fail", `'444455556666'`},
		{"a policy by condition", "Parameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, x]}", "!If [C, {Statement: []}, {Statement: {Effect: Allow, Principal: {AWS: !Ref AWS::AccountId}, Action: 'sts:AssumeRole'}}]", "not-applicable", ""},
		{"a statement by condition", "Parameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, x]}", "{Statement: [!If [C, {Effect: Allow, Principal: {AWS: '444455556666'}, Action: 'sts:AssumeRole'}, !Ref AWS::NoValue]]}",
			"unknown on condition C (parameter P)", `'444455556666'`},
		{"a condition element by condition", "Parameters: {Id: {Type: String}}\nConditions: {HasId: !Not [!Equals [!Ref Id, '']]}",
			"{Statement: [{Effect: Allow, Principal: {AWS: '444455556666'}, Action: 'sts:AssumeRole', Condition: !If [HasId, {StringEquals: {'sts:ExternalId': !Ref Id}}, !Ref AWS::NoValue]}]}",
			"unknown on condition HasId (parameter Id)", `'444455556666'`},
		{"an external ID whose default is empty", "Parameters: {Id: {Type: String, Default: ''}}",
			"{Statement: [{Effect: Allow, Principal: {AWS: '444455556666'}, Action: 'sts:AssumeRole', Condition: {StringEquals: {'sts:ExternalId': !Ref Id}}}]}", "fail (default)", `'sts:ExternalId'`},
		{"an external ID from the name of the stack", "", "{Statement: [{Effect: Allow, Principal: {AWS: '444455556666'}, Action: 'sts:AssumeRole', Condition: {StringEquals: {'sts:ExternalId': !Sub '${AWS::StackName}-x'}}}]}", "pass", ""},
		{"MFA as a boolean", "", "{Statement: [{Effect: Allow, Principal: {AWS: '444455556666'}, Action: 'sts:AssumeRole', Condition: {Bool: {'aws:MultiFactorAuthPresent': True}}}]}", "pass", ""},
		{"a policy variable in a Sub", "", "!Sub '{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"444455556666\"},\"Action\":\"sts:AssumeRole\",\"Condition\":{\"StringEquals\":{\"sts:ExternalId\":\"${!aws:username}\"}}}}'", "fail", `"sts:ExternalId":"${!aws:username}"`},
		{"a version without quotation marks", "", "{Version: 2012-10-17, Statement: {Effect: Allow, Principal: {AWS: '444455556666'}, Action: 'sts:AssumeRole'}}", "fail", `'444455556666'`},
		{"no policy", "", "", "error", ""},
		{"text that is no JSON", "", "'{'", "error", ""},
		{"a macro", "", "{'Fn::Transform': {Name: Trust}}", "unknown on macro Trust", ""},
		{"a macro beside other elements", "", "{Version: '2012-10-17', 'Fn::Transform': {Name: Trust}}", "unknown on macro Trust", ""},
		{"a loop over statements", "Transform: AWS::LanguageExtensions", "{Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {'Fn::ForEach::A': [A, ['444455556666'], {AWS: '${A}'}]}}]}", "fail", `'${A}'`},
		{"an element twice", "", "{Statement: [], Statement: []}", "error", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := read(t, policyRole(test.declared, test.policy), Options{Account: own})
			if len(r.roles) != 1 || len(r.incomplete) > 0 {
				t.Fatalf("%d roles, incomplete: %v", len(r.roles), r.incomplete)
			}
			if got, want := r.roles[0].said(), "Vendor "+test.said; got != want {
				t.Errorf("got %q, want %q (%s)", got, want, r.roles[0].verdict.Problem)
			}
			if test.at != "" {
				holdsAt(t, test.name, r.roles[0], policyRole(test.declared, test.policy), test.at)
			}
		})
	}
}
