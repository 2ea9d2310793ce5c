package patch

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclwrite"
)

func resource(policy string) string {
	return "resource \"aws_iam_role\" \"r\" {\n  name               = \"r\"\n  assume_role_policy = " + policy + "\n}\n"
}

const encodedPolicy = `jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Vendor" # keep this comment
        Effect    = "Allow"
        Principal = { AWS = ["arn:aws:iam::444455556666:root", "arn:aws:iam::111122223333:root"] }
        Action    = "sts:AssumeRole" # and this one
      },
    ]
  })`

const documentPolicy = `data "aws_iam_policy_document" "d" {
  statement {
    sid     = "Vendor"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::444455556666:root", "arn:aws:iam::111122223333:root"] # two
    }

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }

  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::777788889999:root"]
    }
    condition {
      test     = "StringLike"
      variable = "sts:ExternalId"
      values   = ["*"]
    }
  }
}

resource "aws_iam_role" "r" {
  assume_role_policy = data.aws_iam_policy_document.d.json
}
`

func TestConfigurationOfTerraform(t *testing.T) {
	tests := []struct {
		name, text string
		wish       wish
		want       string
	}{
		{"a condition in jsonencode", resource(encodedPolicy), adding(0, externalID()), `+        Condition = { StringEquals = { "sts:ExternalId" = "k3-99-vendor" } }
`},
		{"a statement of jsonencode that is split", resource(encodedPolicy), splitting(0, 0), `-        Principal = { AWS = ["arn:aws:iam::444455556666:root", "arn:aws:iam::111122223333:root"] }
+        Principal = { AWS = ["arn:aws:iam::111122223333:root"] }
+      {
+        Effect    = "Allow"
+        Principal = { AWS = ["arn:aws:iam::444455556666:root"] }
+        Action    = "sts:AssumeRole" # and this one
+        Condition = { StringEquals = { "sts:ExternalId" = "k3-99-vendor" } }
+      },
`},
		{"jsonencode with nested lines", resource(`jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Principal = {
        AWS = "444455556666"
      }
      Action = "sts:AssumeRole"
    }]
  })`), adding(0, externalID(), mfa()), `+      Condition = {
+        StringEquals = {
+          "sts:ExternalId" = "k3-99-vendor"
+        }
+        Bool = {
+          "aws:MultiFactorAuthPresent" = "true"
+        }
+      }
`},
		{"jsonencode in the manner of JSON", resource(`jsonencode({
    "Version": "2012-10-17",
    "Statement": [
      {
        "Effect": "Allow",
        "Principal": {"AWS": "444455556666"},
        "Action": "sts:AssumeRole"
      }
    ]
  })`), adding(0, externalID()), `-        "Action": "sts:AssumeRole"
+        "Action": "sts:AssumeRole",
+        "Condition": {"StringEquals": {"sts:ExternalId": "k3-99-vendor"}}
`},
		{"jsonencode on one line", resource(`jsonencode({ Version = "2012-10-17", Statement = { Effect = "Allow", Principal = { AWS = "444455556666" }, Action = "sts:AssumeRole" } })`), adding(0, externalID()),
			`-  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = { Effect = "Allow", Principal = { AWS = "444455556666" }, Action = "sts:AssumeRole" } })
+  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = { Effect = "Allow", Principal = { AWS = "444455556666" }, Action = "sts:AssumeRole", Condition = { StringEquals = { "sts:ExternalId" = "k3-99-vendor" } } } })
`},
		{"a condition that goes, with its comma", resource(`jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow",
      Principal = { AWS = "444455556666" },
      Action    = "sts:AssumeRole", # keep
      Condition = { Bool = { "aws:MultiFactorAuthPresent" = "false" } } # no use
    }]
  })`), replacing(0, 0, nil), `-      Action    = "sts:AssumeRole", # keep
-      Condition = { Bool = { "aws:MultiFactorAuthPresent" = "false" } } # no use
+      Action    = "sts:AssumeRole" # keep
`},
		{"an operator and a value", resource(`jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "444455556666" }
      Action    = "sts:AssumeRole"
      Condition = { StringLike = { "sts:ExternalId" = "*" } }
    }]
  })`), replacing(0, 0, externalID()), `-      Condition = { StringLike = { "sts:ExternalId" = "*" } }
+      Condition = { StringEquals = { "sts:ExternalId" = "k3-99-vendor" } }
`},
		{"a heredoc with a hole", "variable \"v\" {\n  type = string\n}\n" + resource(`<<-EOF
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Effect": "Allow",
          "Principal": { "AWS": ["arn:aws:iam::${var.v}:root", "111122223333"] },
          "Action": "sts:AssumeRole"
        }
      ]
    }
  EOF`), splitting(0, 0), `-          "Principal": { "AWS": ["arn:aws:iam::${var.v}:root", "111122223333"] },
+          "Principal": { "AWS": ["111122223333"] },
+        },
+        {
+          "Effect": "Allow",
+          "Principal": { "AWS": ["arn:aws:iam::${var.v}:root"] },
+          "Action": "sts:AssumeRole",
+          "Condition": { "StringEquals": { "sts:ExternalId": "k3-99-vendor" } }
`},
		{"a text in quotation marks", "variable \"v\" {\n  type = string\n}\n" + resource(`"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"${replace(var.v, "a", "b")}\"},\"Action\":\"sts:AssumeRole\"}]}"`), adding(0, externalID()),
			`-  assume_role_policy = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"${replace(var.v, "a", "b")}\"},\"Action\":\"sts:AssumeRole\"}]}"
+  assume_role_policy = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"${replace(var.v, "a", "b")}\"},\"Action\":\"sts:AssumeRole\",\"Condition\":{\"StringEquals\":{\"sts:ExternalId\":\"k3-99-vendor\"}}}]}"
`},
		{"a policy variable", resource(encodedPolicy), adding(0, &condition{Operator: "StringEquals", Key: "aws:PrincipalAccount", Values: literals("${aws:ResourceAccount}")}),
			`+        Condition = { StringEquals = { "aws:PrincipalAccount" = "$${aws:ResourceAccount}" } }
`},
		{"a condition in a policy document", documentPolicy, adding(0, externalID()), `+
+    condition {
+      test     = "StringEquals"
+      variable = "sts:ExternalId"
+      values   = ["k3-99-vendor"]
+    }
`},
		{"a policy variable in a policy document", documentPolicy, adding(1, &condition{Operator: "StringEquals", Key: "aws:PrincipalAccount", Values: literals("${aws:ResourceAccount}", "444455556666")}), `+    condition {
+      test     = "StringEquals"
+      variable = "aws:PrincipalAccount"
+      values   = ["&{aws:ResourceAccount}", "444455556666"]
+    }
`},
		{"a condition in place in a policy document", documentPolicy, replacing(1, 0, externalID()), `-      test     = "StringLike"
+      test     = "StringEquals"
-      values   = ["*"]
+      values   = ["k3-99-vendor"]
`},
		{"a condition that goes from a policy document", documentPolicy, replacing(1, 0, nil), `-    condition {
-      test     = "StringLike"
-      variable = "sts:ExternalId"
-      values   = ["*"]
-    }
`},
		{"a statement of a policy document that is split", documentPolicy, splitting(0, 0), `-      identifiers = ["arn:aws:iam::444455556666:root", "arn:aws:iam::111122223333:root"] # two
+      identifiers = ["arn:aws:iam::111122223333:root"] # two
+
+      identifiers = ["arn:aws:iam::444455556666:root"] # two
+    }
+
+    condition {
+      test     = "StringEquals"
+      variable = "sts:ExternalId"
+      values   = ["k3-99-vendor"]
+    }
+  }
+
+  statement {
+    actions = ["sts:AssumeRole"]
+    principals {
+      type        = "AWS"
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, end := range []string{"\n", "\r\n"} {
				text := strings.ReplaceAll(test.text, "\n", end)
				o := patched(t, map[string]string{"main.tf": text}, Options{}, map[string]wish{"aws_iam_role.r": test.wish})
				if len(o.patch.Refused) > 0 {
					t.Fatalf("refused: %+v", o.patch.Refused)
				}
				after := o.files["main.tf"]
				if strings.Count(after, "\n") != strings.Count(after, end) {
					t.Errorf("line ends are mixed: %q", after)
				}
				equal(t, strings.ReplaceAll(lines(text, after), "\r", ""), test.want)
				if wasFormatted(text) && !wasFormatted(after) {
					t.Errorf("no longer formatted:\n%s", after)
				}
			}
		})
	}
}

// wasFormatted reports whether terraform fmt would leave a text alone.
func wasFormatted(text string) bool {
	return bytes.Equal(hclwrite.Format([]byte(text)), []byte(text))
}
