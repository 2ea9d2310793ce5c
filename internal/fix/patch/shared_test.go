package patch

import (
	"fmt"
	"strings"
	"testing"

	"countersign/trust"
)

// refusals spells what was refused.
func refusals(o outcome) string {
	var b strings.Builder
	for _, r := range o.patch.Refused {
		fmt.Fprintf(&b, "%s: %s | %s\n", r.Role.Source.Address, r.Reason, strings.ReplaceAll(r.Hint, "\n", " / "))
	}
	return b.String()
}

func TestATextThatMakesSeveralRolesIsEditedOnce(t *testing.T) {
	each := "resource \"aws_iam_role\" \"r\" {\n  for_each           = toset([\"a\", \"b\"])\n  name               = each.key\n  assume_role_policy = " + encodedPolicy + "\n}\n"
	o := patched(t, map[string]string{"main.tf": each}, Options{}, map[string]wish{"*": adding(0, externalID())})
	if len(o.patch.Edits) != 1 || len(o.patch.Edited) != 2 {
		t.Fatalf("got %+v", o.patch)
	}
	o = patched(t, map[string]string{"main.tf": each}, Options{}, map[string]wish{`aws_iam_role.r["a"]`: adding(0, externalID())})
	equal(t, refusals(o), `aws_iam_role.r["a"]: the same text makes aws_iam_role.r["a"] and aws_iam_role.r["b"], which do not change alike | give each of them a text of its own
`)
	if len(o.patch.Edits) != 0 {
		t.Errorf("edits: %+v", o.patch.Edits)
	}
	o = patched(t, map[string]string{"main.tf": each}, Options{}, map[string]wish{
		`aws_iam_role.r["a"]`: adding(0, externalID()), `aws_iam_role.r["b"]`: adding(0, externalID(literals("k3-99-other")...)),
	})
	if len(o.patch.Refused) != 2 || len(o.patch.Edits) != 0 {
		t.Errorf("got %+v", o.patch)
	}
}

const anchored = `Shared:
  Statement: &statement
    Effect: Allow
    Principal: {AWS: "444455556666"}
    Action: sts:AssumeRole
  Condition: &condition
    StringLike: {"sts:ExternalId": "*"}
Resources:
  One:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Statement: [*statement]}}
  Two:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Statement: [*statement]}}
  Three:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {AWS: "555566667777"}
            Action: sts:AssumeRole
            Condition: *condition
  Four:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - <<: *statement
            Sid: Four
`

func TestAnchorsAreEditedWhenEveryUseWantsIt(t *testing.T) {
	files := map[string]string{"t.yaml": anchored}
	o := patched(t, files, Options{}, map[string]wish{"Three": replacing(0, 0, externalID())})
	equal(t, lines(anchored, o.files["t.yaml"]), `-    StringLike: {"sts:ExternalId": "*"}
+    StringEquals: {"sts:ExternalId": "k3-99-vendor"}
`)
	o = patched(t, files, Options{}, map[string]wish{"One": adding(0, externalID()), "Two": adding(0, externalID())})
	if len(o.patch.Refused) != 2 || !strings.Contains(refusals(o), "makes One and Four") {
		t.Errorf("Four has the same text by a merge key, and another wish: %s", refusals(o))
	}
	o = patched(t, files, Options{}, map[string]wish{"Four": adding(0, externalID())})
	equal(t, lines(anchored, o.files["t.yaml"]), `+            Condition:
+              StringEquals:
+                sts:ExternalId: "k3-99-vendor"
`)
	without := anchored[:strings.Index(anchored, "  Four:")]
	o = patched(t, map[string]string{"t.yaml": without}, Options{}, map[string]wish{"One": adding(0, externalID()), "Two": adding(0, externalID())})
	equal(t, lines(without, o.files["t.yaml"]), `+    Condition: {StringEquals: {sts:ExternalId: "k3-99-vendor"}}
`)
}

func TestALocalIsEditedWhereItStands(t *testing.T) {
	text := "locals {\n  none = { Bool = { \"aws:MultiFactorAuthPresent\" = \"false\" } }\n}\n\n" +
		resource("jsonencode({ Statement = [{ Effect = \"Allow\", Principal = { AWS = \"444455556666\" }, Action = \"sts:AssumeRole\", Condition = local.none }] })")
	o := patched(t, map[string]string{"main.tf": text}, Options{}, map[string]wish{"aws_iam_role.r": replacing(0, 0, externalID())})
	equal(t, lines(text, o.files["main.tf"]), `-  none = { Bool = { "aws:MultiFactorAuthPresent" = "false" } }
+  none = { StringEquals = { "sts:ExternalId" = "k3-99-vendor" } }
`)
	two := text + strings.ReplaceAll(text[strings.Index(text, "resource"):], `"r"`, `"s"`)
	o = patched(t, map[string]string{"main.tf": two}, Options{}, map[string]wish{"aws_iam_role.r": replacing(0, 0, externalID())})
	if len(o.patch.Edits) != 0 || !strings.Contains(refusals(o), "makes aws_iam_role.r and aws_iam_role.s") {
		t.Errorf("got %s", refusals(o))
	}
}

func TestADocumentOfSeveralRolesAndAFileOfSeveralModules(t *testing.T) {
	two := documentPolicy + "\nresource \"aws_iam_role\" \"s\" {\n  assume_role_policy = data.aws_iam_policy_document.d.json\n}\n"
	o := patched(t, map[string]string{"main.tf": two}, Options{}, map[string]wish{"*": replacing(1, 0, externalID())})
	if len(o.patch.Edits) != 2 || len(o.patch.Edited) != 2 {
		t.Errorf("got %+v", o.patch)
	}
	policy := `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}]}`
	files := map[string]string{
		"main.tf": "module \"a\" {\n  source = \"./m\"\n}\nmodule \"b\" {\n  source = \"./m\"\n}\n",
		"m/r.tf":  resource(`file("${path.module}/p.json")`), "m/p.json": policy,
	}
	o = patched(t, files, Options{}, map[string]wish{"*": adding(0, externalID())})
	if len(o.patch.Edits) != 1 || len(o.patch.Edited) != 2 || !strings.Contains(o.files["m/p.json"], "k3-99-vendor") {
		t.Errorf("got %+v", o.patch)
	}
}

func TestARoleThatWouldChangeWithAnotherIsToldWhenTheResultIsRead(t *testing.T) {
	// Nothing of "other" stands in the document that it adds a statement to:
	// the only statement of that is replaced by one with the same Sid.
	text := `data "aws_iam_policy_document" "d" {
  statement {
    sid     = "A"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = ["444455556666", "111122223333"]
    }
  }
}

data "aws_iam_policy_document" "e" {
  source_policy_documents = [data.aws_iam_policy_document.d.json]
  statement {
    sid     = "A"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "other" {
  assume_role_policy = data.aws_iam_policy_document.e.json
}

` + resource("data.aws_iam_policy_document.d.json")
	tree := treeOf(map[string]string{"main.tf": text})
	plan := NewPlan(Options{})
	for _, one := range readTree(t, tree) {
		var changes []trust.Change
		if one.Source.Address == "aws_iam_role.r" {
			changes = splitting(0, 0)(t, one, parsed(t, one))
		}
		plan.Add(one, changes)
	}
	made := plan.Finish()
	after, err := made.Apply("main.tf", []byte(text))
	if err != nil || len(made.Edited) != 1 {
		t.Fatal(err, made)
	}
	faults := plan.verify(readTree(t, Overlay(tree, map[string][]byte{"main.tf": after})))
	if len(faults) != 1 || faults[0].Role.Source.Address != "aws_iam_role.other" || faults[0].Reason != "its policy would change with that of another role" {
		t.Errorf("got %+v", faults)
	}
}
