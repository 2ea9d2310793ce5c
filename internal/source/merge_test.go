package source

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"countersign/internal/audit"

	"github.com/google/go-cmp/cmp"
)

// write makes a directory of files.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	base := t.TempDir()
	for name, text := range files {
		path := filepath.Join(base, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return base
}

// met lists the roles of a directory as "kind path address", and where else
// each was found behind " + ".
func met(t *testing.T, base string, files *Files) (roles []string, rest outcome) {
	t.Helper()
	relative := func(path string) string {
		short, err := filepath.Rel(base, path)
		if err != nil {
			return path
		}
		return filepath.ToSlash(short)
	}
	err := files.Roles(context.Background(), func(item audit.Item) error {
		found, err := item.Role()
		if err != nil {
			return err
		}
		text := fmt.Sprintf("%s %s %s", found.Source.Kind, relative(found.Source.Path), found.Title())
		for _, also := range found.Also {
			text += " + " + string(also.Kind) + " " + relative(also.Path)
		}
		roles = append(roles, text)
		return nil
	}, func(what audit.Incomplete) {
		rest.Incomplete = append(rest.Incomplete, relative(what.Source)+": "+what.Reason)
	})
	if err != nil {
		t.Fatal(err)
	}
	rest.Skipped = files.Skipped()
	return roles, rest
}

const (
	vendorPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}]}`
	stack        = `{"Resources":{"R":{"Type":"AWS::IAM::Role","Properties":{"RoleName":"%s","AssumeRolePolicyDocument":` + vendorPolicy + `}}}}`
	nesting      = "Resources:\n  Inner:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: ./%s\n"
)

func resource(name string) string {
	return `resource "aws_iam_role" "` + name + `" {
  assume_role_policy = jsonencode(` + strings.ReplaceAll(vendorPolicy, `":`, `"=`) + `)
}
`
}

func plan(names ...string) string {
	var resources []string
	for _, name := range names {
		resources = append(resources, fmt.Sprintf(`{"address":"aws_iam_role.%s","mode":"managed","type":"aws_iam_role","name":"%[1]s","values":{"assume_role_policy":%q}}`, name, vendorPolicy))
	}
	return `{"format_version":"1.2","planned_values":{"root_module":{"resources":[` + strings.Join(resources, ",") + `]}}}`
}

func TestARoleThatIsSeenTwiceIsToldOnce(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{
			"a module is told by its caller",
			map[string]string{
				"live/main.tf":    "module \"v\" {\n  source = \"../modules/v\"\n}\n",
				"modules/v/a.tf":  resource("a"),
				"modules/alone.x": "", "modules/other/b.tf": resource("b"),
			},
			[]string{"terraform modules/v/a.tf module.v.aws_iam_role.a", "terraform modules/other/b.tf aws_iam_role.b"},
		},
		{
			"a nested template is told by the one that nests it",
			map[string]string{"a-inner.yaml": fmt.Sprintf(stack, "inner"), "main.yaml": fmt.Sprintf(nesting, "a-inner.yaml"), "z.json": fmt.Sprintf(stack, "z")},
			[]string{"cloudformation a-inner.yaml inner", "cloudformation z.json z"},
		},
		{
			"templates that nest each other are told, by the first",
			map[string]string{
				"a.yaml": fmt.Sprintf(nesting, "b.yaml"),
				"b.yaml": fmt.Sprintf(nesting, "a.yaml") + "  R:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: b\n      AssumeRolePolicyDocument: " + vendorPolicy + "\n",
			},
			[]string{"cloudformation b.yaml b"},
		},
		{
			"a policy in a file is told by the resource that reads it",
			map[string]string{
				"a-lone.json": vendorPolicy, "b-trust.json": vendorPolicy,
				"main.tf": "resource \"aws_iam_role\" \"r\" {\n  assume_role_policy = file(\"b-trust.json\")\n}\n",
			},
			[]string{"terraform main.tf aws_iam_role.r", "trust-policy a-lone.json a-lone"},
		},
		{
			"a plan stands in for the configuration beside it",
			map[string]string{"x/main.tf": resource("a") + resource("left"), "x/a-plan.json": plan("a", "more"), "y/main.tf": resource("a")},
			[]string{
				"terraform-plan x/a-plan.json a + terraform x/main.tf", "terraform-plan x/a-plan.json more",
				"terraform x/main.tf aws_iam_role.left", "terraform y/main.tf aws_iam_role.a",
			},
		},
		{
			"a plan elsewhere stands in for the only configuration that it fits",
			map[string]string{"out/plan.json": plan("a", "b"), "x/main.tf": resource("a"), "y/main.tf": resource("c")},
			[]string{"terraform-plan out/plan.json a + terraform x/main.tf", "terraform-plan out/plan.json b", "terraform y/main.tf aws_iam_role.c"},
		},
		{
			"a plan that fits two configurations stands for itself",
			map[string]string{"out/plan.json": plan("a"), "x/main.tf": resource("a"), "y/main.tf": resource("a")},
			[]string{"terraform-plan out/plan.json a", "terraform x/main.tf aws_iam_role.a", "terraform y/main.tf aws_iam_role.a"},
		},
		{
			"a plan of which the configuration has more stands for itself",
			map[string]string{"out/plan.json": plan("a"), "x/main.tf": resource("a") + resource("b")},
			[]string{"terraform-plan out/plan.json a", "terraform x/main.tf aws_iam_role.a", "terraform x/main.tf aws_iam_role.b"},
		},
		{
			"a state is told beside the configuration",
			map[string]string{"main.tf": resource("a"), "state.json": strings.Replace(plan("a"), "planned_values", "values", 1)},
			[]string{"terraform main.tf aws_iam_role.a", "terraform-state state.json a"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			base := write(t, test.files)
			got, rest := met(t, base, NewFiles([]string{base}, nil, Options{}))
			slices.Sort(got)
			slices.Sort(test.want)
			if difference := cmp.Diff(test.want, got); difference != "" {
				t.Error(difference, rest)
			}
		})
	}
}

func TestANamedConfigurationFileIsJudgedWithItsSiblings(t *testing.T) {
	base := write(t, map[string]string{
		"main.tf": "resource \"aws_iam_role\" \"r\" {\n  name = var.name\n  assume_role_policy = jsonencode({})\n}\nmodule \"m\" {\n  source = \"./m\"\n}\n",
		"vars.tf": "variable \"name\" {\n  default = \"known\"\n}\n" + resource("other"), "broken.tf": "resource {", "m/a.tf": resource("inner"),
	})
	got, rest := met(t, base, NewFiles([]string{filepath.Join(base, "main.tf")}, nil, Options{}))
	want := []string{"terraform main.tf known", "terraform m/a.tf module.m.aws_iam_role.inner"}
	if difference := cmp.Diff(want, got); difference != "" || len(rest.Incomplete) > 0 {
		t.Error(difference, rest)
	}
}

func TestEveryKindIsMetInOneWalk(t *testing.T) {
	base := write(t, map[string]string{
		"account.json":           listing,
		"cfn.yaml":               fmt.Sprintf(stack, "yaml"),
		"cfn.weird":              fmt.Sprintf(stack, "json"),
		"main.tf":                resource("tf"),
		"plan.json":              plan("planned"),
		"ack.yml":                "apiVersion: iam.services.k8s.aws/v1alpha1\nkind: Role\nmetadata:\n  name: ack\nspec:\n  name: ack\n  assumeRolePolicyDocument: '" + vendorPolicy + "'\n",
		"play.yaml":              "- hosts: all\n  tasks:\n    - amazon.aws.iam_role:\n        name: play\n        assume_role_policy_document: '" + vendorPolicy + "'\n",
		"serverless.yml":         "service: s\nprovider:\n  name: aws\nresources:\n  Resources:\n    R:\n      Type: AWS::IAM::Role\n      Properties:\n        RoleName: sls\n        AssumeRolePolicyDocument: " + vendorPolicy + "\n",
		"Pulumi.yaml":            "name: p\nruntime: yaml\nresources:\n  r:\n    type: aws:iam:Role\n    properties:\n      name: pulumi\n      assumeRolePolicy: '" + vendorPolicy + "'\n",
		"values.yaml":            "a: b\n",
		"README.md":              "# A page\n\nIt quotes:\n\n```yaml\nAWSTemplateFormatVersion: x\nResources:\n  R: {\n    Type: AWS::IAM::Role\n```\n",
		"stack":                  "# A template by any other name\nResources:\n  R:\n    Type: AWS::IAM::Role\n    Properties: {RoleName: plain, AssumeRolePolicyDocument: " + vendorPolicy + "}\n",
		"image.png":              "\x89PNG\x00\x00",
		"ignored/x.json":         listing,
		"terraform.tfvars":       "",
		".gitignore":             "ignored/\n",
		".terraform/m/main.tf":   resource("copy"),
		"node_modules/x/cfn.yml": fmt.Sprintf(stack, "module"),
	})
	got, rest := met(t, base, NewFiles([]string{base}, nil, Options{Exclude: []string{"node_modules"}}))
	want := []string{
		"ansible play.yaml play", "cloudformation cfn.weird json", "cloudformation cfn.yaml yaml", "cloudformation stack plain", "kubernetes ack.yml ack", "list-roles account.json r",
		"pulumi Pulumi.yaml pulumi", "serverless serverless.yml sls", "terraform main.tf aws_iam_role.tf", "terraform-plan plan.json planned",
	}
	slices.Sort(got)
	if difference := cmp.Diff(want, got); difference != "" {
		t.Error(difference)
	}
	// The values, the page, the image and the .gitignore file hold
	// nothing to judge.
	if rest.Skipped != 4 || len(rest.Incomplete) > 0 {
		t.Error(rest)
	}
}

func TestTheOrderIsTheSameEveryTime(t *testing.T) {
	files := map[string]string{}
	for i := range 60 {
		files[fmt.Sprintf("d%02d/t.yaml", i)] = fmt.Sprintf(stack, fmt.Sprint("role", i))
		files[fmt.Sprintf("d%02d/main.tf", i)] = strings.Repeat("# nothing\n", i*10) + resource("a")
	}
	base := write(t, files)
	first, _ := met(t, base, NewFiles([]string{base}, nil, Options{}))
	if len(first) != 120 {
		t.Fatalf("%d roles", len(first))
	}
	for range 5 {
		if again, _ := met(t, base, NewFiles([]string{base}, nil, Options{})); !slices.Equal(first, again) {
			t.Fatal(cmp.Diff(first, again))
		}
	}
}

func TestABrokenFileIsNamedAndTheRestGoesOn(t *testing.T) {
	base := write(t, map[string]string{
		"a.yaml": "AWSTemplateFormatVersion: 2010-09-09\nResources:\n  - {", "b.tf": "resource \"aws_iam_role\" \"x\" {", "c.json": plan("c")[:120], "d.json": fmt.Sprintf(stack, "d"),
	})
	got, rest := met(t, base, NewFiles([]string{base}, nil, Options{}))
	if difference := cmp.Diff([]string{"cloudformation d.json d"}, got); difference != "" {
		t.Error(difference)
	}
	for i, file := range []string{"a.yaml: ", "b.tf: line 1, column 1: ", "c.json: line 1, column 121: "} {
		if i >= len(rest.Incomplete) || !strings.HasPrefix(rest.Incomplete[i], file) {
			t.Errorf("%s is not told: %q", file, rest.Incomplete)
		}
	}
}

func TestTemplatesComeFromStandardInput(t *testing.T) {
	for text, want := range map[string]string{
		fmt.Sprintf(stack, "json"): "cloudformation - json", plan("p"): "terraform-plan - p",
		"Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties: {RoleName: y, AssumeRolePolicyDocument: " + vendorPolicy + "}\n": "cloudformation - y",
	} {
		got, rest := met(t, "", NewFiles([]string{"-"}, strings.NewReader(text), Options{}))
		if len(got) != 1 || got[0] != want || len(rest.Incomplete) > 0 {
			t.Errorf("%q, want %q; %v", got, want, rest)
		}
	}
}

func TestReadingEndsWithItsReader(t *testing.T) {
	base := write(t, map[string]string{"a.tf": resource("a")})
	for i := range 200 {
		if err := os.WriteFile(filepath.Join(base, fmt.Sprintf("t%d.json", i)), fmt.Appendf(nil, stack, "x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stop := fmt.Errorf("stop")
	roles := 0
	err := NewFiles([]string{base}, nil, Options{}).Roles(context.Background(), func(audit.Item) error { roles++; return stop }, func(audit.Incomplete) {})
	if err != stop || roles != 1 { //nolint:errorlint // the very error is passed on
		t.Errorf("%v after %d roles", err, roles)
	}
	ctx, cancel := context.WithCancel(context.Background())
	err = NewFiles([]string{base}, nil, Options{}).Roles(ctx, func(audit.Item) error { cancel(); return nil }, func(audit.Incomplete) {})
	if err == nil {
		t.Error("a run that was stopped ended well")
	}
}
