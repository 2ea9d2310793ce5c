// Package deploy_test holds what this directory and docs/aws-permissions.md
// tell people to deploy to the rule that the project checks.
package deploy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"countersign/internal/cli"
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
	reading, changing, found := strings.Cut(string(text), "\n## Changing roles\n")
	if !found {
		t.Fatal("the page has no section about changing roles")
	}
	changing, history, found := strings.Cut(changing, "\n## Evidence from CloudTrail\n")
	if !found {
		t.Fatal("the page has no section about evidence")
	}
	page(t, reading, readsOnly, 1, 3)
	page(t, changing, changesTrustOnly, 1, 3)
	page(t, history, looksUpOnly, 0, 1)
}

// page checks the policies in a part of the page, and how many there are.
func page(t *testing.T, text string, permits func(*testing.T, []byte), wantTrusts, wantPermits int) {
	t.Helper()
	trusts, permitting := 0, 0
	for _, block := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(text, -1) {
		if !json.Valid([]byte(block[1])) {
			t.Errorf("this is no JSON:\n%s", block[1])
			continue
		}
		if strings.Contains(block[1], `"Principal"`) {
			trusts++
			passes(t, []byte(block[1]))
			continue
		}
		permitting++
		permits(t, []byte(block[1]))
	}
	if trusts != wantTrusts || permitting != wantPermits {
		t.Errorf("there are %d trust policies and %d permission policies, want %d and %d", trusts, permitting, wantTrusts, wantPermits)
	}
}

// readsOnly checks that a permission policy allows nothing but reading.
func readsOnly(t *testing.T, policy []byte) {
	t.Helper()
	allowsOnly(t, policy, regexp.MustCompile(`^(iam:Get|iam:List|organizations:Describe|organizations:List|sts:AssumeRole$)[A-Za-z]*$`))
}

// changesTrustOnly checks that a permission policy allows nothing but to read
// and to change trust policies.
func changesTrustOnly(t *testing.T, policy []byte) {
	t.Helper()
	allowsOnly(t, policy, regexp.MustCompile(`^(iam:GetRole|iam:UpdateAssumeRolePolicy|sts:AssumeRole)$`))
}

// looksUpOnly checks that a permission policy allows nothing but to look up
// events.
func looksUpOnly(t *testing.T, policy []byte) {
	t.Helper()
	allowsOnly(t, policy, regexp.MustCompile(`^(cloudtrail:LookupEvents|account:ListRegions)$`))
}

func allowsOnly(t *testing.T, policy []byte, permitted *regexp.Regexp) {
	t.Helper()
	var document struct {
		Statement []struct {
			Effect string
			Action any
		}
	}
	if err := json.Unmarshal(policy, &document); err != nil {
		t.Fatal(err)
	}
	for _, statement := range document.Statement {
		if statement.Effect == "Deny" {
			continue
		}
		actions, ok := statement.Action.([]any)
		if !ok {
			actions = []any{statement.Action}
		}
		for _, action := range actions {
			if !permitted.MatchString(action.(string)) {
				t.Errorf("%v is more than is needed", action)
			}
		}
	}
}

func TestTheCloudFormationRolesPassAndMayDoNothingElse(t *testing.T) {
	for name, permits := range map[string]func(*testing.T, []byte){
		"audit-role.yaml": readsOnly,
		"fix-role.yaml":   changesTrustOnly,
	} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile("cloudformation/" + name)
			if err != nil {
				t.Fatal(err)
			}
			var template struct {
				Resources map[string]struct {
					Properties struct {
						AssumeRolePolicyDocument any `yaml:"AssumeRolePolicyDocument"`
						Policies                 []struct {
							PolicyDocument any `yaml:"PolicyDocument"`
						} `yaml:"Policies"`
					} `yaml:"Properties"`
				} `yaml:"Resources"`
			}
			filled := strings.NewReplacer(
				`!Sub "arn:${AWS::Partition}:iam::${AuditAccountId}:root"`, `"arn:aws:iam::`+auditAccount+`:root"`,
				"!Ref OperatorArn", "arn:aws:iam::"+auditAccount+":role/security-operator",
				"!Ref ExternalId", externalID,
				"!Sub ", "",
			).Replace(string(text))
			if err := yaml.Unmarshal([]byte(filled), &template); err != nil {
				t.Fatal(err)
			}
			if len(template.Resources) != 1 {
				t.Fatalf("%d resources, want 1", len(template.Resources))
			}
			for _, role := range template.Resources {
				passes(t, asJSON(t, role.Properties.AssumeRolePolicyDocument))
				if len(role.Properties.Policies) != 1 {
					t.Fatalf("%d policies, want 1", len(role.Properties.Policies))
				}
				permits(t, asJSON(t, role.Properties.Policies[0].PolicyDocument))
			}
		})
	}
}

func TestOurOwnScanOfWhatIsDeployedPasses(t *testing.T) {
	var out bytes.Buffer
	code := cli.Run(context.Background(), []string{"scan", "--all", "."}, cli.Streams{Out: &out, Err: &out})
	if text := out.String(); code != 0 || strings.Count(text, "(external-id)") != 4 || !strings.Contains(text, "4 roles: 0 fail, 4 pass") {
		t.Errorf("exit code %d:\n%s", code, text)
	}
}

func asJSON(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
