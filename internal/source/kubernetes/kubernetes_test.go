package kubernetes

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/template"
	"countersign/trust"
)

// read gives every role in one line, with its verdict and where its first
// reason stands, and what was incomplete.
func read(t testing.TB, text string) (said, incomplete []string, isManifest bool) {
	t.Helper()
	isManifest, err := Read(template.Input{Path: "x.yaml", FromRoot: "x.yaml", Text: []byte(text)}, Options{Account: "111122223333"}, template.Output{
		Role: func(one *role.Role) error {
			line := fmt.Sprintf("%s %s@%d:%d ", one.Source.Address, one.Name, one.Source.Line, one.Source.Column)
			if one.Trust.Err != nil {
				said = append(said, line+"error "+one.Trust.Err.Error())
				return nil
			}
			policy, err := trust.Parse(*one.Trust.Tree)
			if err != nil {
				said = append(said, line+"error "+err.Error())
				return nil
			}
			verdict := trust.Decide(policy, trust.Question{Subject: trust.Subject{Account: one.Account}})
			line += string(verdict.Outcome) + strings.Join(verdict.DependsOn, ";")
			if len(verdict.Reasons) > 0 {
				at := verdict.Reasons[0].Range
				line += fmt.Sprintf(" %d:%d %s", at.Line(), at.Column(), at.Text())
			}
			said = append(said, line)
			return nil
		},
		Incomplete: func(i audit.Incomplete) { incomplete = append(incomplete, i.Reason) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return said, incomplete, isManifest
}

func file(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRolesOfControllersAreFound(t *testing.T) {
	said, incomplete, _ := read(t, file(t, "ack.yaml"))
	want := []string{
		`Role/ack-role ack-role@5:1 fail 16:30 "arn:aws:iam::222233334444:root"`,
		`Role/xp xp@21:1 not-applicable`,
		`Role/classic classic@30:1 fail 33:123 "*"`,
	}
	if strings.Join(said, "\n") != strings.Join(want, "\n") || len(incomplete) > 0 {
		t.Errorf("got %q, %q\nwant %q", said, incomplete, want)
	}
}

func TestHelmTemplatesAreSkippedVisibly(t *testing.T) {
	said, incomplete, isManifest := read(t, file(t, "helm-tpl.yaml"))
	if len(said) > 0 || len(incomplete) != 1 || !strings.HasPrefix(incomplete[0], "line 4, column 9: a Helm template") || !isManifest {
		t.Errorf("got %q, %q", said, incomplete)
	}
}

func TestOtherFormsOfManifests(t *testing.T) {
	const policy = `'{"Statement":{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}}'`
	const ack = "apiVersion: iam.services.k8s.aws/v1alpha1\nkind: Role\nmetadata: {name: r, namespace: n}\n"
	tests := []struct{ name, text, want string }{
		{"a list", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: iam.services.k8s.aws/v1alpha1\n  kind: Role\n  metadata: {name: r}\n  spec: {name: x, assumeRolePolicyDocument: " + policy + "}\n", "Role/r x@4:3 fail"},
		{"JSON", `{"apiVersion": "iam.services.k8s.aws/v1alpha1", "kind": "Role", "metadata": {"name": "r"}, "spec": {"name": "x", "assumeRolePolicyDocument": "{\"Statement\":[]}"}}`, "Role/r x@1:1 not-applicable"},
		{"a namespace", ack + "spec: {name: x, assumeRolePolicyDocument: " + policy + "}\n", "Role/n/r x@1:1 fail"},
		{"no policy", ack + "spec: {name: x}\n", "Role/n/r x@1:1 error line 1, column 1: the role has no trust policy"},
		{"a policy that is a map", ack + "spec: {name: x, assumeRolePolicyDocument: {Statement: []}}\n", "Role/n/r x@1:1 error line 4, column 43: the trust policy is not a text"},
		{"an expression of another language", ack + "spec: {name: x, assumeRolePolicyDocument: '${jsonencode(x)}'}\n", "Role/n/r x@1:1 error line 4, column 44: unexpected '$'"},
		{"a role that is adopted", "apiVersion: iam.services.k8s.aws/v1alpha1\nkind: Role\nmetadata: {name: r, annotations: {services.k8s.aws/adoption-policy: adopt}}\n", "Role/r r@1:1 unknownthe role that is adopted"},
		{"a composition", "apiVersion: apiextensions.crossplane.io/v1\nkind: Composition\nspec:\n  resources:\n  - base:\n      apiVersion: iam.aws.upbound.io/v1beta1\n      kind: Role\n      metadata: {name: r}\n      spec: {forProvider: {assumeRolePolicy: " + policy + "}}\n    patches: [{toFieldPath: spec.forProvider.description}]\n", "Role/r r@6:7 fail"},
		{"a composition that patches the policy", "apiVersion: apiextensions.crossplane.io/v1\nkind: Composition\nspec:\n  resources:\n  - base:\n      apiVersion: iam.aws.upbound.io/v1beta1\n      kind: Role\n      metadata: {name: r}\n      spec: {forProvider: {assumeRolePolicy: " + policy + "}}\n    patches: [{toFieldPath: spec.forProvider.assumeRolePolicy}]\n", "Role/r r@6:7 unknowna patch of the composition"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			said, incomplete, _ := read(t, test.text)
			if len(said) != 1 || !strings.HasPrefix(said[0], test.want) || len(incomplete) > 0 {
				t.Errorf("got %q, %q, want %q", said, incomplete, test.want)
			}
		})
	}
}

func TestABrokenDocumentDoesNotHideTheOthers(t *testing.T) {
	text := file(t, "ack.yaml") + "---\na: [\n---\na: b\n"
	said, incomplete, _ := read(t, text)
	if len(said) != 3 || len(incomplete) != 1 || !strings.HasPrefix(incomplete[0], "line 3") {
		t.Errorf("got %q, %q", said, incomplete)
	}
}

func TestRolesOfTheClusterAreNoRolesOfIAM(t *testing.T) {
	said, incomplete, isManifest := read(t, "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r}\n")
	if isManifest || len(said)+len(incomplete) > 0 {
		t.Errorf("got %q, %q", said, incomplete)
	}
}

func FuzzManifest(f *testing.F) {
	f.Add(file(f, "ack.yaml"))
	f.Add(file(f, "helm-tpl.yaml"))
	f.Add("apiVersion: iam.services.k8s.aws/v1\nkind: Role\nspec: {assumeRolePolicyDocument: *a}")
	f.Fuzz(func(t *testing.T, text string) {
		said, _, isManifest := read(t, text)
		if len(said) > 0 && !isManifest {
			t.Error("roles in a file that is said to have none")
		}
	})
}
