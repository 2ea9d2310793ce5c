package patch

import (
	"strings"
	"testing"

	"countersign/internal/role"
	"countersign/internal/source/template"
	"countersign/trust"
)

// withOperator replaces a condition by one of another operator with the same
// values, as a policy that was parsed has them: an unknown value has a text
// that was made up.
func withOperator(name string, numbers ...int) wish {
	return func(_ tester, _ *role.Role, policy *trust.Policy) []trust.Change {
		old := policy.Statements[0].Conditions[0]
		made := &trust.NewCondition{Operator: name, Key: old.Spelling}
		for _, n := range numbers {
			v := trust.Literal(old.Values[n].Text)
			v.Range = old.Values[n].Range
			made.Values = append(made.Values, v)
		}
		return []trust.Change{{Statement: 0, Conditions: []trust.ConditionEdit{{Old: &old, New: made}}}}
	}
}

// editedText makes the edits of one file without reading it again.
func editedText(t *testing.T, name, text string, changes wish) string {
	t.Helper()
	plan := NewPlan(Options{})
	for _, one := range readTree(t, treeOf(map[string]string{name: text})) {
		plan.Add(one, changes(t, one, parsed(t, one)))
	}
	made := plan.Finish()
	if len(made.Refused) > 0 {
		t.Fatalf("refused: %+v", made.Refused)
	}
	after, err := made.Apply(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return lines(text, string(after))
}

func TestValuesThatStayAreNotWrittenAnew(t *testing.T) {
	const template = `Parameters:
  Id: {Type: String}
` + "Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n        Statement:\n" + `          - Effect: Allow
            Principal: {AWS: "444455556666"}
            Action: sts:AssumeRole
            Condition:
              StringEqualsIfExists:
                sts:ExternalId: !Ref Id   # theirs
`
	equal(t, editedText(t, "t.yaml", template, withOperator("StringEquals", 0)), `-              StringEqualsIfExists:
+              StringEquals:
`)
	configuration := "variable \"id\" { type = string }\n" + resource(`jsonencode({
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "444455556666" }
      Action    = "sts:AssumeRole"
      Condition = { StringLike = { "sts:ExternalId" = ["a*", "${var.id}-x", "b-2"] } }
    }]
  })`)
	equal(t, editedText(t, "main.tf", configuration, withOperator("StringEquals", 1)), `-      Condition = { StringLike = { "sts:ExternalId" = ["a*", "${var.id}-x", "b-2"] } }
+      Condition = { StringEquals = { "sts:ExternalId" = ["${var.id}-x"] } }
`)
	document := strings.Replace(documentPolicy, `["*"]`, `["*", "k3-99-vendor"]`, 1)
	document = document[:strings.Index(document, "  statement {")] + document[strings.Index(document, "  statement {\n    actions"):]
	equal(t, editedText(t, "main.tf", document, withOperator("StringEquals", 1)), `-      test     = "StringLike"
+      test     = "StringEquals"
-      values   = ["*", "k3-99-vendor"]
+      values   = ["k3-99-vendor"]
`)
}

func TestTheOwnAccountIsReferredToWhereNobodyKnowsIt(t *testing.T) {
	own := &trust.NewCondition{Operator: "StringEquals", Key: "aws:PrincipalAccount", Values: literals(template.OwnAccount)}
	equal(t, editedText(t, "t.yaml", stack(blockPolicy), adding(0, own)), `+            Condition:
+              StringEquals:
+                aws:PrincipalAccount: !Ref AWS::AccountId
`)
	plan := NewPlan(Options{})
	for _, one := range readTree(t, treeOf(map[string]string{"main.tf": resource(encodedPolicy)})) {
		plan.Add(one, adding(0, own)(t, one, nil))
	}
	if made := plan.Finish(); len(made.Refused) != 1 || !strings.Contains(made.Refused[0].Reason, "--account") {
		t.Errorf("got %+v", made)
	}
}
