package docs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"go.yaml.in/yaml/v3"

	"countersign/trust"
)

// The program does not read templates yet. Until it does, each template in the
// page has to be well-formed, and the one trust policy in it, taken out in the
// plainest way, has to be decided as claimed.
func TestEveryTemplateInThePageIsWellFormedAndItsPolicyIsDecidedAsThePageClaims(t *testing.T) {
	read := map[string]func([]byte) (any, error){
		"json":      policyInCloudFormationJSON,
		"yaml":      policyInCloudFormationYAML,
		"terraform": policyInTerraform,
	}
	seen := map[string]int{}
	for _, at := range readExamples(t, page) {
		if !at.claim.has("template") {
			continue
		}
		t.Logf("not read by the program yet: %s:%d (%s)", page, at.line, at.language)
		seen[at.language]++
		t.Run(fmt.Sprintf("line %d %s", at.line, at.language), func(t *testing.T) {
			policy, err := read[at.language]([]byte(at.text))
			if err != nil {
				t.Fatalf("%s:%d: %v", page, at.line, err)
			}
			text, err := json.Marshal(policy)
			if err != nil {
				t.Fatal(err)
			}
			at.text = string(text)
			verdict := trust.Decide(parse(t, at, trust.Parse), trust.Question{Subject: subject, Now: time.Unix(0, 0)})
			if got, want := string(verdict.Outcome), at.claim.one("verdict"); got != want {
				t.Errorf("%s:%d: verdict %s, the page claims %s\n%s", page, at.line, got, want, text)
			}
		})
	}
	// Three forms: MFA, external ID, both; Terraform in two ways.
	if seen["json"] != 3 || seen["yaml"] != 3 || seen["terraform"] != 6 {
		t.Errorf("templates by language: %v", seen)
	}
}

var errNoPolicy = errors.New("the template has no trust policy in the expected place")

func policyInCloudFormationJSON(text []byte) (any, error) {
	var template any
	if err := json.Unmarshal(text, &template); err != nil {
		return nil, err
	}
	return policyOfTheOnlyResource(template)
}

func policyInCloudFormationYAML(text []byte) (any, error) {
	var template any
	if err := yaml.Unmarshal(text, &template); err != nil {
		return nil, err
	}
	return policyOfTheOnlyResource(template)
}

func policyOfTheOnlyResource(template any) (any, error) {
	root, _ := template.(map[string]any)
	resources, _ := root["Resources"].(map[string]any)
	if len(resources) != 1 {
		return nil, errNoPolicy
	}
	for _, resource := range resources {
		fields, _ := resource.(map[string]any)
		properties, _ := fields["Properties"].(map[string]any)
		if policy := properties["AssumeRolePolicyDocument"]; policy != nil && fields["Type"] == "AWS::IAM::Role" {
			return policy, nil
		}
	}
	return nil, errNoPolicy
}

// policyInTerraform reads a resource whose assume_role_policy is a jsonencode
// call, or the data block that it names.
func policyInTerraform(text []byte) (any, error) {
	file, faults := hclsyntax.ParseConfig(text, page, hcl.InitialPos)
	if faults.HasErrors() {
		return nil, faults
	}
	var document *hclsyntax.Body
	for _, block := range file.Body.(*hclsyntax.Body).Blocks {
		switch {
		case block.Type == "data" && block.Labels[0] == "aws_iam_policy_document":
			document = block.Body
		case block.Type == "resource" && block.Labels[0] == "aws_iam_role":
			attribute := block.Body.Attributes["assume_role_policy"]
			if attribute == nil {
				return nil, errNoPolicy
			}
			call, ok := attribute.Expr.(*hclsyntax.FunctionCallExpr)
			if !ok && document != nil {
				return policyOfDocument(document)
			}
			if !ok || call.Name != "jsonencode" {
				return nil, errNoPolicy
			}
			return literal(call.Args[0])
		}
	}
	return nil, errNoPolicy
}

// policyOfDocument writes statement blocks as the policy that the provider
// makes of them.
func policyOfDocument(body *hclsyntax.Body) (any, error) {
	var statements []any
	for _, block := range body.Blocks {
		fields, err := attributes(block.Body)
		if err != nil {
			return nil, err
		}
		statement := map[string]any{"Effect": fields["effect"], "Action": fields["actions"]}
		principals, conditions := map[string]any{}, map[string]any{}
		for _, inner := range block.Body.Blocks {
			fields, err := attributes(inner.Body)
			if err != nil {
				return nil, err
			}
			switch inner.Type {
			case "principals":
				principals[fields["type"].(string)] = fields["identifiers"]
			case "condition":
				conditions[fields["test"].(string)] = map[string]any{fields["variable"].(string): fields["values"]}
			}
		}
		statement["Principal"], statement["Condition"] = principals, conditions
		statements = append(statements, statement)
	}
	return map[string]any{"Version": "2012-10-17", "Statement": statements}, nil
}

func attributes(body *hclsyntax.Body) (map[string]any, error) {
	values := map[string]any{}
	for name, attribute := range body.Attributes {
		value, err := literal(attribute.Expr)
		if err != nil {
			return nil, err
		}
		values[name] = value
	}
	return values, nil
}

// literal evaluates an expression that names nothing.
func literal(expression hclsyntax.Expression) (any, error) {
	value, faults := expression.Value(nil)
	if faults.HasErrors() {
		return nil, faults
	}
	text, err := ctyjson.SimpleJSONValue{Value: value}.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var plain any
	err = json.Unmarshal(text, &plain)
	return plain, err
}
