package patch

import "testing"

func TestConfigurationInJSON(t *testing.T) {
	// configured is a .tf.json file with a policy document of statements.
	configured := func(statements string) string {
		return `{
  "data": {
    "aws_iam_policy_document": {
      "d": {
        "statement": ` + statements + `
      }
    }
  },
  "resource": {
    "aws_iam_role": {
      "r": {"assume_role_policy": "${data.aws_iam_policy_document.d.json}"}
    }
  }
}
`
	}
	text := func(policy string) string {
		return "{\n  \"variable\": {\"v\": {}},\n  \"resource\": {\"aws_iam_role\": {\"r\": {\"assume_role_policy\": \"" + policy + "\"}}}\n}\n"
	}
	const one = `[
          {
            "actions": ["sts:AssumeRole"],
            "principals": [{"type": "AWS", "identifiers": ["arn:aws:iam::444455556666:root", "111122223333"]}],
            "condition": {"test": "StringLike", "variable": "sts:ExternalId", "values": ["*"]}
          }
        ]`
	tests := []struct {
		name, text string
		wish       wish
		want       string
	}{
		{"a condition beside one", configured(one), adding(0, mfa()), `-            "condition": {"test": "StringLike", "variable": "sts:ExternalId", "values": ["*"]}
+            "condition": [{"test": "StringLike", "variable": "sts:ExternalId", "values": ["*"]}, {"test": "Bool", "variable": "aws:MultiFactorAuthPresent", "values": ["true"]}]
`},
		{"a condition in place", configured(one), replacing(0, 0, externalID(literals("${aws:PrincipalAccount}")...)), `-            "condition": {"test": "StringLike", "variable": "sts:ExternalId", "values": ["*"]}
+            "condition": {"test": "StringEquals", "variable": "sts:ExternalId", "values": ["&{aws:PrincipalAccount}"]}
`},
		{"a condition that goes", configured(one), replacing(0, 0, nil), `-            "principals": [{"type": "AWS", "identifiers": ["arn:aws:iam::444455556666:root", "111122223333"]}],
-            "condition": {"test": "StringLike", "variable": "sts:ExternalId", "values": ["*"]}
+            "principals": [{"type": "AWS", "identifiers": ["arn:aws:iam::444455556666:root", "111122223333"]}]
`},
		{"the first condition", configured(`{"actions": ["sts:AssumeRole"], "principals": {"type": "AWS", "identifiers": ["444455556666"]}}`), adding(0, externalID()),
			`-        "statement": {"actions": ["sts:AssumeRole"], "principals": {"type": "AWS", "identifiers": ["444455556666"]}}
+        "statement": {"actions": ["sts:AssumeRole"], "principals": {"type": "AWS", "identifiers": ["444455556666"]}, "condition": [{"test": "StringEquals", "variable": "sts:ExternalId", "values": ["k3-99-vendor"]}]}
`},
		{"a lone statement that is split", configured(`{"actions": ["sts:AssumeRole"], "principals": {"type": "AWS", "identifiers": ["444455556666", "111122223333"]}}`), splitting(0, 0),
			`-        "statement": {"actions": ["sts:AssumeRole"], "principals": {"type": "AWS", "identifiers": ["444455556666", "111122223333"]}}
+        "statement": [{"actions": ["sts:AssumeRole"], "principals": {"type": "AWS", "identifiers": ["111122223333"]}}, {"actions": ["sts:AssumeRole"], "principals": {"type": "AWS", "identifiers": ["444455556666"]}, "condition": [{"test": "StringEquals", "variable": "sts:ExternalId", "values": ["k3-99-vendor"]}]}]
`},
		{"a policy in a text", text(`{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"${var.v}\"},\"Action\":\"sts:AssumeRole\"}]}`), adding(0, externalID(literals("${aws:username}")...)),
			`-  "resource": {"aws_iam_role": {"r": {"assume_role_policy": "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"${var.v}\"},\"Action\":\"sts:AssumeRole\"}]}"}}}
+  "resource": {"aws_iam_role": {"r": {"assume_role_policy": "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"${var.v}\"},\"Action\":\"sts:AssumeRole\",\"Condition\":{\"StringEquals\":{\"sts:ExternalId\":\"$${aws:username}\"}}}]}"}}}
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := patched(t, map[string]string{"main.tf.json": test.text}, Options{}, map[string]wish{"aws_iam_role.r": test.wish})
			if len(o.patch.Refused) > 0 {
				t.Fatalf("refused: %s", refusals(o))
			}
			equal(t, lines(test.text, o.files["main.tf.json"]), test.want)
		})
	}
}
