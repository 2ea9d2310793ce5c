package patch

import "testing"

func TestPoliciesInJSON(t *testing.T) {
	const multi = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {
        "AWS": [
          "arn:aws:iam::444455556666:root",
          "arn:aws:iam::111122223333:root"
        ],
        "Service": "ec2.amazonaws.com"
      },
      "Action": "sts:AssumeRole"
    }
  ]
}
`
	tests := []struct {
		name, text string
		wish       wish
		want       string
	}{
		{"a condition for a statement of many lines", multi, adding(0, externalID()),
			"-      \"Action\": \"sts:AssumeRole\"\n+      \"Action\": \"sts:AssumeRole\",\n+      \"Condition\": {\n+        \"StringEquals\": {\n+          \"sts:ExternalId\": \"k3-99-vendor\"\n+        }\n+      }\n"},
		{"a principal that leaves", multi, splitting(0, 0),
			`-          "arn:aws:iam::444455556666:root",
+    },
+    {
+      "Effect": "Allow",
+      "Principal": {
+        "AWS": [
+          "arn:aws:iam::444455556666:root"
+        ]
+      },
+      "Action": "sts:AssumeRole",
+      "Condition": {
+        "StringEquals": {
+          "sts:ExternalId": "k3-99-vendor"
+        }
+      }
`},
		{"one line", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}]}`, adding(0, externalID()),
			`-{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}]}
+{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"k3-99-vendor"}}}]}
`},
		{"a lone statement that is split", `{ "Version": "2012-10-17", "Statement": { "Sid": "A", "Effect": "Allow", "Principal": { "AWS": ["444455556666", "111122223333"] }, "Action": "sts:AssumeRole" } }`, splitting(0, 0),
			`-{ "Version": "2012-10-17", "Statement": { "Sid": "A", "Effect": "Allow", "Principal": { "AWS": ["444455556666", "111122223333"] }, "Action": "sts:AssumeRole" } }
+{ "Version": "2012-10-17", "Statement": [{ "Sid": "A", "Effect": "Allow", "Principal": { "AWS": ["111122223333"] }, "Action": "sts:AssumeRole" }, { "Effect": "Allow", "Principal": { "AWS": ["444455556666"] }, "Action": "sts:AssumeRole", "Condition": { "StringEquals": { "sts:ExternalId": "k3-99-vendor" } } }] }
`},
		{"another key under an operator", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalAccount":"444455556666"}}}]}`, adding(0, externalID()),
			`-{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalAccount":"444455556666"}}}]}
+{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalAccount":"444455556666","sts:ExternalId":"k3-99-vendor"}}}]}
`},
		{"the operator alone", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole","Condition":{"StringEqualsIfExists":{"sts:ExternalId":"k3-99-vendor"}}}]}`, replacing(0, 0, externalID()),
			`-{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole","Condition":{"StringEqualsIfExists":{"sts:ExternalId":"k3-99-vendor"}}}]}
+{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"k3-99-vendor"}}}]}
`},
		{"the value alone", "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"444455556666\"},\n\"Action\":\"sts:AssumeRole\",\"Condition\":{\"StringEquals\":{\"sts:ExternalId\": []}}}]}", replacing(0, 0, externalID()),
			"-\"Action\":\"sts:AssumeRole\",\"Condition\":{\"StringEquals\":{\"sts:ExternalId\": []}}}]}\n+\"Action\":\"sts:AssumeRole\",\"Condition\":{\"StringEquals\":{\"sts:ExternalId\": \"k3-99-vendor\"}}}]}\n"},
		{"a condition that goes", "{\n\t\"Version\": \"2012-10-17\",\n\t\"Statement\": {\n\t\t\"Effect\": \"Allow\",\n\t\t\"Condition\": {\"Bool\": {\"aws:MultiFactorAuthPresent\": \"false\"}},\n\t\t\"Principal\": {\"AWS\": \"444455556666\"},\n\t\t\"Action\": \"sts:AssumeRole\"\n\t}\n}\n", replacing(0, 0, nil),
			"-\t\t\"Condition\": {\"Bool\": {\"aws:MultiFactorAuthPresent\": \"false\"}},\n"},
		{"a condition in the style of its neighbours", "{\n\t\"Version\": \"2012-10-17\",\n\t\"Statement\": {\n\t\t\"Effect\": \"Allow\",\n\t\t\"Principal\": {\"AWS\": \"444455556666\"},\n\t\t\"Action\": \"sts:AssumeRole\"\n\t}\n}\n", adding(0, externalID(), mfa()),
			"-\t\t\"Action\": \"sts:AssumeRole\"\n+\t\t\"Action\": \"sts:AssumeRole\",\n+\t\t\"Condition\": {\"StringEquals\": {\"sts:ExternalId\": \"k3-99-vendor\"}, \"Bool\": {\"aws:MultiFactorAuthPresent\": \"true\"}}\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, mark := range []string{"", "\ufeff"} {
				o := patched(t, map[string]string{"trust.json": mark + test.text}, Options{}, map[string]wish{"trust": test.wish})
				if len(o.patch.Refused) > 0 {
					t.Fatalf("refused: %+v", o.patch.Refused)
				}
				equal(t, lines(mark+test.text, o.files["trust.json"]), marked(test.want, mark, test.text))
			}
		})
	}
}

// marked is a difference of texts that begin with a byte order mark, as far as
// their first lines differ.
func marked(difference, mark, text string) string {
	if mark == "" || text[1] == '\n' {
		return difference
	}
	out := ""
	first := map[byte]bool{}
	for i := 0; i < len(difference); i++ {
		out += difference[i : i+1]
		if (i == 0 || difference[i-1] == '\n') && !first[difference[i]] && i+1 < len(difference) && difference[i+1] == '{' {
			first[difference[i]] = true
			out += mark
		}
	}
	return out
}
