package terraform

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// vendorModule is a module in the style of a vendor's onboarding: an account
// to trust and an external ID.
const vendorModule = `variable "accounts" { type = map(string) }
variable "external_id" {
  type    = string
  default = null
}
resource "aws_iam_role" "x" {
  for_each = var.accounts
  name     = "vendor-${each.key}"
  path     = "/vendors/"
  assume_role_policy = data.aws_iam_policy_document.trust[each.key].json
}
data "aws_iam_policy_document" "trust" {
  for_each = var.accounts
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${each.value}:root"]
    }
    dynamic "condition" {
      for_each = var.external_id[*]
      content {
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = [condition.value]
      }
    }
  }
}
output "names" { value = { for k, r in aws_iam_role.x : k => r.name } }
`

func lines(t *testing.T, files map[string]string, dir string, options Options) []string {
	t.Helper()
	roles, incomplete := read(t, files, dir, options)
	var got []string
	for _, r := range roles {
		got = append(got, line(r))
	}
	for _, i := range incomplete {
		got = append(got, i.Path+": "+i.Reason)
	}
	return got
}

func TestLocalModulesAreReadThroughTheirCallers(t *testing.T) {
	got := lines(t, map[string]string{
		"live/main.tf": `module "vendor" {
  source   = "../modules/vendor"
  for_each = toset(["one", "two"])
  accounts = { a = "444455556666" }
  external_id = each.key == "one" ? "k3-99" : null
}
output "n" { value = module.vendor["one"].names["a"] }
`,
		"modules/vendor/main.tf": vendorModule,
	}, "live", Options{Account: ownNumber})
	want := []string{
		`modules/vendor/main.tf:6 module.vendor["one"].aws_iam_role.x["a"] pass`,
		`modules/vendor/main.tf:6 module.vendor["two"].aws_iam_role.x["a"] fail`,
	}
	if difference := cmp.Diff(want, got); difference != "" {
		t.Error(difference)
	}
}

func TestAModuleAloneDependsOnItsVariables(t *testing.T) {
	got := lines(t, map[string]string{"main.tf": vendorModule}, ".", Options{Account: ownNumber})
	if len(got) != 1 || !strings.HasPrefix(got[0], `main.tf:6 aws_iam_role.x unknown [`) || !strings.Contains(got[0], "var.accounts") {
		t.Errorf("%q", got)
	}
}

func TestVariablesAreSetFromOutsideInTerraformsOrder(t *testing.T) {
	files := map[string]string{
		"main.tf":          "variable \"a\" { default = \"111122223333\" }\n" + encoded(`[{ Effect = "Allow", Principal = { AWS = var.a }, Action = "sts:AssumeRole" }]`),
		"terraform.tfvars": "a = \"444455556666\"\n",
		"z.auto.tfvars":    "a = \"555566667777\"\n",
		"b.auto.tfvars":    "a = \"666677778888\"\n",
	}
	principal := func(options Options) string {
		roles, _ := read(t, files, ".", options)
		if len(roles) != 1 || roles[0].DefaultAssumed {
			t.Fatalf("%+v", roles)
		}
		return found(t, roles[0], "Statement", "*", "Principal", "AWS").Text
	}
	if got := principal(Options{}); got != "555566667777" {
		t.Error(got)
	}
	fromFile := Options{VarFiles: []VarFile{{Name: "/elsewhere/x.tfvars", Text: []byte("a = \"777788889999\"")}}}
	if got := principal(fromFile); got != "777788889999" {
		t.Error(got)
	}
	fromFile.Vars = map[string]string{"a": "888899990000"}
	if got := principal(fromFile); got != "888899990000" {
		t.Error(got)
	}
}

func TestListsFromTheCommandLineAreExpressions(t *testing.T) {
	got := lines(t, map[string]string{"main.tf": vendorModule}, ".", Options{
		Account: ownNumber, Vars: map[string]string{"accounts": `{ q = "444455556666" }`, "external_id": "k3-99"},
	})
	if difference := cmp.Diff([]string{`main.tf:6 aws_iam_role.x["q"] pass`}, got); difference != "" {
		t.Error(difference)
	}
}

func TestModulesThatInitHasFetchedAreRead(t *testing.T) {
	got := lines(t, map[string]string{
		"env/main.tf": "module \"v\" {\n source = \"example.com/acme/vendor/aws\"\n accounts = { a = \"444455556666\" }\n}\n",
		"env/.terraform/modules/modules.json": `{"Modules":[{"Key":"","Source":"","Dir":"."},{"Key":"v","Source":"x","Dir":".terraform/modules/v"},` +
			`{"Key":"evil","Source":"x","Dir":"../../../etc"}]}`,
		"env/.terraform/modules/v/main.tf": vendorModule,
	}, "env", Options{Account: ownNumber})
	if difference := cmp.Diff([]string{`env/.terraform/modules/v/main.tf:6 module.v.aws_iam_role.x["a"] fail`}, got); difference != "" {
		t.Error(difference)
	}
}

func TestTofuFilesStandInForTerraformsAndOverridesComeLast(t *testing.T) {
	got := lines(t, map[string]string{
		"main.tf":          encoded("[" + open_ + "]"),
		"main.tofu":        "resource \"aws_iam_role\" \"t\" {\n assume_role_policy = jsonencode({ Statement = [" + open_ + "] })\n}\n",
		"fix_override.tf":  "resource \"aws_iam_role\" \"t\" {\n assume_role_policy = jsonencode({ Statement = [local.s] })\n}\nlocals { s = " + open_ + " }\n",
		"override.tf":      "locals { s = " + secret + " }\n",
		".hidden.tf":       "nonsense",
		"notes.tf.example": "nonsense",
	}, ".", Options{Account: ownNumber})
	if difference := cmp.Diff([]string{"main.tofu:1 aws_iam_role.t pass"}, got); difference != "" {
		t.Error(difference)
	}
}

func TestTheAccountComesFromTheProvider(t *testing.T) {
	for name, provider := range map[string]string{
		"allowed_account_ids": `allowed_account_ids = ["444455556666"]`,
		"assume_role":         "assume_role {\n role_arn = \"arn:aws:iam::444455556666:role/deploy\"\n }",
	} {
		roles, _ := read(t, map[string]string{"main.tf": "provider \"aws\" {\n region = \"eu-west-1\"\n " + provider + "\n}\n" + strings.Replace(encoded("["+open_+"]"), "{\n", "{\n name = \"n\"\n", 1)}, ".", Options{Account: ownNumber})
		if len(roles) != 1 || roles[0].Account != "444455556666" || roles[0].ARN != "arn:aws:iam::444455556666:role/n" || line(roles[0]) != "main.tf:7 aws_iam_role.r not-applicable" && name == "assume_role" {
			t.Errorf("%s: %+v %s", name, roles[0], line(roles[0]))
		}
	}
}

func TestARoleOfAnotherProviderIsInItsAccount(t *testing.T) {
	const policy = ` assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Principal = { AWS = data.aws_caller_identity.hub.account_id }, Action = "sts:AssumeRole" }] })`
	got := lines(t, map[string]string{"main.tf": `
provider "aws" {}
provider "aws" {
  alias = "hub"
  assume_role { role_arn = var.hub }
}
variable "hub" {}
data "aws_caller_identity" "hub" { provider = aws.hub }
resource "aws_iam_role" "there" {
 provider = aws.hub
` + policy + `
}
module "m" {
  source = "./m"
  providers = { aws = aws.hub }
}
`, "m/m.tf": "data \"aws_caller_identity\" \"hub\" {}\nresource \"aws_iam_role\" \"m\" {\n" + policy + "\n}\n"}, ".", Options{})
	want := []string{"main.tf:9 aws_iam_role.there not-applicable", "m/m.tf:2 module.m.aws_iam_role.m not-applicable"}
	if difference := cmp.Diff(want, got); difference != "" {
		t.Error(difference)
	}
}

func TestRootsAreTheModulesThatNobodyCalls(t *testing.T) {
	held := fstest.MapFS{}
	for name, text := range map[string]string{
		"a/m.tf": `module "x" { source = "../m" }`, "m/m.tf": `module "y" { source = "./deep" }`, "m/deep/m.tf": "",
		"alone/m.tf": "", "c1/m.tf": `module "x" { source = "../c2" }`, "c2/m.tf": `module "x" { source = "../c1" }`,
		"self/m.tf": `module "x" { source = "./" }`, "r/m.tf": `module "x" { source = "example.com/a/b/c" }`,
	} {
		held[name] = &fstest.MapFile{Data: []byte(text)}
	}
	got := Roots(FS(held), []string{"self", "r", "m", "m/deep", "a", "alone", "c1", "c2"})
	if difference := cmp.Diff([]string{"a", "alone", "c1", "r", "self"}, got); difference != "" {
		t.Error(difference)
	}
}
