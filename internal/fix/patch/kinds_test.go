package patch

import (
	"strings"
	"testing"
)

// What else holds policies is edited where it can be told what its texts mean.
func TestOtherKindsOfFiles(t *testing.T) {
	const statement = `
          - Effect: Allow
            Principal:
              AWS: "444455556666"
            Action: sts:AssumeRole
`
	const added = `+            Condition:
+              StringEquals:
+                sts:ExternalId: "k3-99-vendor"
`
	tests := []struct{ name, file, text, want string }{
		{"the Serverless Framework", "serverless.yml", "service: x\nprovider:\n  name: aws\nresources:\n  Resources:\n    R:\n      Type: AWS::IAM::Role\n      Properties:\n        AssumeRolePolicyDocument:\n         Statement:" + statement, added},
		{"Ansible", "play.yaml", "- hosts: localhost\n  tasks:\n    - name: r\n      amazon.aws.iam_role:\n        name: r\n        assume_role_policy_document:\n         Statement:" + statement, added},
		{"Pulumi", "Pulumi.yaml", "name: x\nruntime: yaml\nresources:\n  r:\n    type: aws:iam:Role\n    properties:\n      assumeRolePolicy:\n        fn::toJSON:\n         Statement:" + statement, added},
		{"Crossplane", "r.yaml", "apiVersion: iam.aws.upbound.io/v1beta1\nkind: Role\nmetadata: {name: r}\nspec:\n  forProvider:\n    assumeRolePolicy: |\n      {\n        \"Statement\": {\n          \"Effect\": \"Allow\",\n          \"Principal\": {\"AWS\": \"444455556666\"},\n          \"Action\": \"sts:AssumeRole\"\n        }\n      }\n",
			"-          \"Action\": \"sts:AssumeRole\"\n+          \"Action\": \"sts:AssumeRole\",\n+          \"Condition\": {\"StringEquals\": {\"sts:ExternalId\": \"k3-99-vendor\"}}\n"},
		{"a configuration that begins with a byte order mark", "main.tf", "\ufeff" + resource(encodedPolicy), "+        Condition = { StringEquals = { \"sts:ExternalId\" = \"k3-99-vendor\" } }\n"},
		{"a template that begins with a byte order mark", "t.yaml", "\ufeff" + stack(blockPolicy), added},
		{"flow style over several lines, with comments", "t.yaml", stack(" {\n        Statement: [{\n          Effect: Allow, # first\n          Principal: {AWS: \"444455556666\"}, # them\n          Action: \"sts:AssumeRole\" # all\n        }]\n      }\n"),
			"-          Action: \"sts:AssumeRole\" # all\n+          Action: \"sts:AssumeRole\", # all\n+          Condition: {StringEquals: {sts:ExternalId: \"k3-99-vendor\"}}\n"},
		{"a policy in a local", "main.tf", "locals {\n  policy = <<EOF\n{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"444455556666\"}, \"Action\": \"sts:AssumeRole\"}}\nEOF\n}\n" + resource("local.policy"),
			"-{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"444455556666\"}, \"Action\": \"sts:AssumeRole\"}}\n+{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"444455556666\"}, \"Action\": \"sts:AssumeRole\", \"Condition\": {\"StringEquals\": {\"sts:ExternalId\": \"k3-99-vendor\"}}}}\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := patched(t, map[string]string{test.file: test.text}, Options{}, map[string]wish{"*": adding(0, externalID())})
			if len(o.patch.Refused) > 0 {
				t.Fatalf("refused: %s", refusals(o))
			}
			equal(t, lines(test.text, o.files[test.file]), test.want)
		})
	}
}

func TestPolicyVariablesAreNotWrittenWhereTheyMeanSomethingElse(t *testing.T) {
	text := "name: x\nruntime: yaml\nresources:\n  r:\n    type: aws:iam:Role\n    properties:\n      assumeRolePolicy:\n        fn::toJSON:\n          Statement: {Effect: Allow, Principal: {AWS: \"444455556666\"}, Action: \"sts:AssumeRole\"}\n"
	o := patched(t, map[string]string{"Pulumi.yaml": text}, Options{}, map[string]wish{"*": adding(0, externalID(literals("${aws:username}")...))})
	if len(o.patch.Refused) != 1 || !strings.Contains(refusals(o), "has another meaning") {
		t.Errorf("got %s", refusals(o))
	}
}
