package patch

import (
	"strings"
	"testing"

	"countersign/trust"
)

func named(name string) trust.Value { return trust.Value{Kind: trust.Unknown, On: name} }

func TestParametersAreReferredToAndDeclared(t *testing.T) {
	const json = `{
  "Resources": {
    "R": {
      "Type": "AWS::IAM::Role",
      "Properties": {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"}]}
      }
    }
  }
}
`
	const yaml = `Description: "x"
Resources:
  R:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal:
              AWS: "444455556666"
            Action: sts:AssumeRole
`
	tests := []struct{ name, file, text, role, want string }{
		{"JSON", "t.json", json, "R", `-        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"}]}
+        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": {"Ref": "VendorId"}}}}]}
+  },
+  "Parameters": {
+    "VendorId": {
+      "Type": "String",
+      "Description": "The external ID that the third party gives when it assumes the role",
+      "NoEcho": true,
+      "MinLength": 2,
+      "MaxLength": 1224,
+      "AllowedPattern": "[\\w+=,.@:\\/-]*"
+    }
`},
		{"YAML", "t.yaml", yaml, "R", `+Parameters:
+  VendorId:
+    Type: String
+    Description: "The external ID that the third party gives when it assumes the role"
+    NoEcho: true
+    MinLength: 2
+    MaxLength: 1224
+    AllowedPattern: "[\\w+=,.@:\\/-]*"
+            Condition:
+              StringEquals:
+                sts:ExternalId: !Ref VendorId
`},
		{"YAML with parameters", "t.yaml", "Parameters:\n  Other: {Type: String}\n" + yaml, "R", `+  VendorId: {Type: String, Description: "The external ID that the third party gives when it assumes the role", NoEcho: true, MinLength: 2, MaxLength: 1224, AllowedPattern: "[\\w+=,.@:\\/-]*"}
+            Condition:
+              StringEquals:
+                sts:ExternalId: !Ref VendorId
`},
		{"Terraform", "main.tf", resource(encodedPolicy), "aws_iam_role.r", `+        Condition = { StringEquals = { "sts:ExternalId" = var.VendorId } }
+
+variable "VendorId" {
+  description = "The external ID that the third party gives when it assumes the role"
+  type        = string
+  sensitive   = true
+}
`},
		{"a heredoc", "main.tf", resource("<<EOF\n{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"444455556666\"},\"Action\":\"sts:AssumeRole\"}]}\nEOF"), "aws_iam_role.r",
			`-{"Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}]}
+{"Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"${var.VendorId}"}}}]}
+
+variable "VendorId" {
+  description = "The external ID that the third party gives when it assumes the role"
+  type        = string
+  sensitive   = true
+}
`},
		{"a policy document", "main.tf", documentPolicy, "aws_iam_role.r", `+
+    condition {
+      test     = "StringEquals"
+      variable = "sts:ExternalId"
+      values   = [var.VendorId]
+    }
+
+variable "VendorId" {
+  description = "The external ID that the third party gives when it assumes the role"
+  type        = string
+  sensitive   = true
+}
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := patched(t, map[string]string{test.file: test.text}, Options{Declare: true}, map[string]wish{test.role: adding(0, externalID(named("VendorId")))})
			if len(o.patch.Refused) > 0 {
				t.Fatalf("refused: %+v", o.patch.Refused)
			}
			equal(t, lines(test.text, o.files[test.file]), test.want)
			o = patched(t, map[string]string{test.file: test.text}, Options{}, map[string]wish{test.role: adding(0, externalID(named("VendorId")))})
			if len(o.patch.Refused) != 1 || !strings.Contains(o.patch.Refused[0].Reason, "VendorId") || len(o.patch.Edits) > 0 {
				t.Errorf("without a declaration: %+v", o.patch)
			}
		})
	}
}

func TestVariablesAreDeclaredWhereTheOthersAre(t *testing.T) {
	files := map[string]string{"a/main.tf": resource(encodedPolicy), "a/variables.tf": "variable \"x\" {\n  default = 1\n}\n"}
	wishes := map[string]wish{"aws_iam_role.r": adding(0, externalID(named("var.vendor_id")))}
	o := patched(t, files, Options{Declare: true}, wishes)
	if !strings.Contains(o.files["a/variables.tf"], "\n\nvariable \"vendor_id\" {\n") || strings.Contains(o.files["a/main.tf"], "variable \"vendor_id\"") {
		t.Errorf("got %s", o.all())
	}
	files["a/variables.tf"] = "variable \"vendor_id\" {}\n"
	o = patched(t, files, Options{}, wishes)
	if len(o.patch.Refused) > 0 || o.files["a/variables.tf"] != files["a/variables.tf"] {
		t.Errorf("got %+v %s", o.patch, o.all())
	}
}

func TestNothingCanBeReferredToInAPolicyFile(t *testing.T) {
	text := `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}]}`
	o := patched(t, map[string]string{"p.json": text}, Options{Declare: true}, map[string]wish{"p": adding(0, externalID(named("VendorId")))})
	if len(o.patch.Refused) != 1 || !strings.Contains(o.patch.Refused[0].Reason, "nothing can be referred to here") {
		t.Errorf("got %+v", o.patch)
	}
}
