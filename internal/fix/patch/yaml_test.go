package patch

import (
	"strings"
	"testing"
)

// stack is a template with one role that has the policy document given, which
// begins on a line of its own.
func stack(document string) string {
	return "Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:" + document + "  # the end\n  Z:\n    Type: AWS::SNS::Topic\n"
}

const blockPolicy = `
        Version: "2012-10-17"
        Statement:
          - Sid: Vendor       # keep me
            Effect: Allow
            Principal:
              AWS:
                - arn:aws:iam::444455556666:root  # them
                - arn:aws:iam::111122223333:root  # us
            Action: sts:AssumeRole  # all of it

          # second
          - Effect: Allow
            Principal: { Service: ec2.amazonaws.com }
            Action: [ "sts:AssumeRole" ]
`

func TestTemplatesInYAML(t *testing.T) {
	tests := []struct {
		name, document string
		wish           wish
		want           string
	}{
		{"a condition in block style, behind a comment", blockPolicy, adding(0, externalID()), `+            Condition:
+              StringEquals:
+                sts:ExternalId: "k3-99-vendor"
`},
		{"in flow style", blockPolicy, adding(1, mfa()), `+            Condition: { Bool: { aws:MultiFactorAuthPresent: "true" } }
`},
		{"a statement that is split", blockPolicy, splitting(0, 0), `-                - arn:aws:iam::444455556666:root  # them
+          - Effect: Allow
+            Principal:
+              AWS:
+                - arn:aws:iam::444455556666:root  # them
+            Action: sts:AssumeRole  # all of it
+            Condition:
+              StringEquals:
+                sts:ExternalId: "k3-99-vendor"
`},
		{"a lone statement becomes a list", `
        Version: '2012-10-17'
        Statement:
          Effect: Allow
          Principal:
            AWS: ['444455556666', '111122223333']
          Action: sts:AssumeRole
`, splitting(0, 0), `-          Effect: Allow
+        - Effect: Allow
-            AWS: ['444455556666', '111122223333']
+            AWS: ['111122223333']
+        - Effect: Allow
+          Principal:
+            AWS: ['444455556666']
+          Action: sts:AssumeRole
+          Condition:
+            StringEquals:
+              sts:ExternalId: 'k3-99-vendor'
`},
		{"compact lists", `
        Statement:
        - Effect: Allow
          Principal:
            AWS: '*'
          Action:
          - sts:AssumeRole
        Version: '2012-10-17'
`, adding(0, externalID()), `+          Condition:
+            StringEquals:
+              sts:ExternalId: 'k3-99-vendor'
`},
		{"another key under an operator, in block style", `
        Statement:
          - Condition:
              StringEquals:
                aws:PrincipalOrgID: o-aaaabbbbcc # ours
            Effect: Allow
            Principal: {AWS: '*'}
            Action: sts:AssumeRole
`, adding(0, externalID()), `+                sts:ExternalId: 'k3-99-vendor'
`},
		{"another operator", `
        Statement:
          - Condition:
              StringEquals:
                aws:PrincipalOrgID: o-aaaabbbbcc # ours
            Effect: Allow
            Principal: {AWS: '*'}
            Action: sts:AssumeRole
`, adding(0, mfa()), `+              Bool:
+                aws:MultiFactorAuthPresent: 'true'
`},
		{"flow style on one line", ` {Version: 2012-10-17, Statement: [{Effect: Allow, Principal: {AWS: "444455556666"}, Action: "sts:AssumeRole"}]}
`, adding(0, externalID()), `-      AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Allow, Principal: {AWS: "444455556666"}, Action: "sts:AssumeRole"}]}
+      AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Allow, Principal: {AWS: "444455556666"}, Action: "sts:AssumeRole", Condition: {StringEquals: {sts:ExternalId: "k3-99-vendor"}}}]}
`},
		{"a value in place", `
        Statement:
          - Effect: Allow
            Principal: {AWS: 444455556666}
            Action: sts:AssumeRole
            Condition: {StringLike: {"sts:ExternalId": "*"}} # any
`, replacing(0, 0, externalID()), `-            Condition: {StringLike: {"sts:ExternalId": "*"}} # any
+            Condition: {StringEquals: {"sts:ExternalId": "k3-99-vendor"}} # any
`},
		{"a block of values in place", `
        Statement:
          - Effect: Allow
            Principal: {AWS: 444455556666}
            Condition:
              StringLike:
                sts:ExternalId:
                  - "*"
                  - "a*"
            Action: sts:AssumeRole
`, replacing(0, 0, externalID()), `-              StringLike:
-                sts:ExternalId:
-                  - "*"
-                  - "a*"
+              StringEquals:
+                sts:ExternalId: "k3-99-vendor"
`},
		{"a condition that goes", `
        Statement:
          - Condition:
              Bool: {"aws:MultiFactorAuthPresent": "false"}
            Effect: Allow
            Principal: {AWS: 444455556666}
            Action: sts:AssumeRole
`, replacing(0, 0, nil), `-          - Condition:
-              Bool: {"aws:MultiFactorAuthPresent": "false"}
-            Effect: Allow
+          - Effect: Allow
`},
		{"JSON in a literal text", ` |
        {
          "Version": "2012-10-17",
          "Statement": [{
            "Effect": "Allow",
            "Principal": {"AWS": "444455556666"},
            "Action": "sts:AssumeRole"
          }]
        }
`, adding(0, externalID()), `-            "Action": "sts:AssumeRole"
+            "Action": "sts:AssumeRole",
+            "Condition": {"StringEquals": {"sts:ExternalId": "k3-99-vendor"}}
`},
		{"JSON in a folded text", ` >-
        {"Version":"2012-10-17",
        "Statement":[{"Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole"}]}
`, adding(0, externalID()), `-        "Statement":[{"Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole"}]}
+        "Statement":[{"Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"k3-99-vendor"}}}]}
`},
		{"JSON in single quotation marks", ` '{"Version":"2012-10-17","Statement":{"Sid":"","Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole"}}'
`, adding(0, externalID()), `-      AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":{"Sid":"","Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole"}}'
+      AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":{"Sid":"","Effect":"Allow","Principal":{"AWS":"222233334444"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"k3-99-vendor"}}}}'
`},
		{"JSON in double quotation marks", ` "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"222233334444\"},\"Action\":\"sts:AssumeRole\"}}"
`, adding(0, externalID()), `-      AssumeRolePolicyDocument: "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"222233334444\"},\"Action\":\"sts:AssumeRole\"}}"
+      AssumeRolePolicyDocument: "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"222233334444\"},\"Action\":\"sts:AssumeRole\",\"Condition\":{\"StringEquals\":{\"sts:ExternalId\":\"k3-99-vendor\"}}}}"
`},
		{"JSON in Fn::Sub", ` !Sub |
        {"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":["arn:${AWS::Partition}:iam::222233334444:root", "${AWS::AccountId}"]},"Action":"sts:AssumeRole"}}
`, splitting(0, 0), `-        {"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":["arn:${AWS::Partition}:iam::222233334444:root", "${AWS::AccountId}"]},"Action":"sts:AssumeRole"}}
+        {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["${AWS::AccountId}"]},"Action":"sts:AssumeRole"},{"Effect":"Allow","Principal":{"AWS":["arn:${AWS::Partition}:iam::222233334444:root"]},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"k3-99-vendor"}}}]}
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, end := range []string{"\n", "\r\n"} {
				text := strings.ReplaceAll(stack(test.document), "\n", end)
				o := patched(t, map[string]string{"t.yaml": text}, Options{}, map[string]wish{"R": test.wish})
				if len(o.patch.Refused) > 0 {
					t.Fatalf("refused: %+v", o.patch.Refused)
				}
				got := lines(text, o.files["t.yaml"])
				if end != "\n" {
					if strings.Count(o.files["t.yaml"], "\n") != strings.Count(o.files["t.yaml"], "\r\n") {
						t.Errorf("line ends are mixed: %q", o.files["t.yaml"])
					}
					got = strings.ReplaceAll(got, "\r", "")
				}
				equal(t, got, test.want)
			}
		})
	}
}
