// Package deploy_test holds what this directory and docs/aws-permissions.md
// tell people to deploy to the rule that the project checks.
package deploy_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"countersign/trust"
	"countersign/trust/jsontree"
)

const auditAccount, externalID = "111122223333", "Jw8rV2nq5TzK0cYx"

// decide judges a trust policy in an account that is not the audit account.
func decide(t *testing.T, policy []byte) trust.Verdict {
	t.Helper()
	tree, err := jsontree.Parse(&trust.File{Text: policy})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := trust.Parse(tree)
	if err != nil {
		t.Fatalf("%v in %s", err, policy)
	}
	return trust.Decide(parsed, trust.Question{Subject: trust.Subject{
		ARN: "arn:aws:iam::444455556666:role/countersign-audit", Account: "444455556666", Partition: "aws",
	}})
}

func passes(t *testing.T, policy []byte) {
	t.Helper()
	verdict := decide(t, policy)
	if verdict.Outcome != trust.Pass || !slices.Equal(verdict.Protection, []string{"external-id"}) {
		t.Errorf("verdict %s, protection %v, reasons %+v", verdict.Outcome, verdict.Protection, verdict.Reasons)
	}
}

func TestThePermissionsPagePasses(t *testing.T) {
	text, err := os.ReadFile("../docs/aws-permissions.md")
	if err != nil {
		t.Fatal(err)
	}
	trusts, permits := 0, 0
	for _, block := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllSubmatch(text, -1) {
		if !json.Valid(block[1]) {
			t.Errorf("this is no JSON:\n%s", block[1])
			continue
		}
		if strings.Contains(string(block[1]), `"Principal"`) {
			trusts++
			passes(t, block[1])
			continue
		}
		permits++
		readsOnly(t, block[1])
	}
	if trusts != 1 || permits != 3 {
		t.Errorf("the page has %d trust policies and %d permission policies, want 1 and 3", trusts, permits)
	}
}

// readsOnly checks that a permission policy allows nothing but reading.
func readsOnly(t *testing.T, policy []byte) {
	t.Helper()
	var document struct{ Statement []struct{ Action any } }
	if err := json.Unmarshal(policy, &document); err != nil {
		t.Fatal(err)
	}
	reading := regexp.MustCompile(`^(iam:Get|iam:List|organizations:Describe|organizations:List|sts:AssumeRole$)[A-Za-z]*$`)
	for _, statement := range document.Statement {
		actions, ok := statement.Action.([]any)
		if !ok {
			actions = []any{statement.Action}
		}
		for _, action := range actions {
			if !reading.MatchString(action.(string)) {
				t.Errorf("%v does more than read", action)
			}
		}
	}
}

func TestTheCloudFormationRolePassesAndReadsOnly(t *testing.T) {
	text, err := os.ReadFile("cloudformation/audit-role.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources struct {
			AuditRole struct {
				Properties struct {
					AssumeRolePolicyDocument any `yaml:"AssumeRolePolicyDocument"`
					Policies                 []struct {
						PolicyDocument any `yaml:"PolicyDocument"`
					} `yaml:"Policies"`
				} `yaml:"Properties"`
			} `yaml:"AuditRole"`
		} `yaml:"Resources"`
	}
	filled := strings.NewReplacer(
		`!Sub "arn:${AWS::Partition}:iam::${AuditAccountId}:root"`, `"arn:aws:iam::`+auditAccount+`:root"`,
		"!Ref ExternalId", externalID,
	).Replace(string(text))
	if err := yaml.Unmarshal([]byte(filled), &template); err != nil {
		t.Fatal(err)
	}
	role := template.Resources.AuditRole.Properties
	passes(t, asJSON(t, role.AssumeRolePolicyDocument))
	if len(role.Policies) != 1 {
		t.Fatalf("%d policies, want 1", len(role.Policies))
	}
	readsOnly(t, asJSON(t, role.Policies[0].PolicyDocument))
}

func asJSON(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
