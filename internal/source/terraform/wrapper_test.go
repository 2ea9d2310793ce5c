package terraform

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const outsider = `"arn:aws:iam::444455556666:root"`

// The verdicts follow from the documentation of the modules' inputs; "default"
// stands where an input that the call leaves out went into the policy, or decided
// on what is in it.
func TestWellKnownModulesAreDescribedWhereTheirSourceIsNotThere(t *testing.T) {
	const assumable = "  source = \"terraform-aws-modules/iam/aws//modules/iam-assumable-role\"\n  version = \"~> 5.0\"\n  create_role = true\n  trusted_role_arns = [" + outsider + "]\n"
	const role6 = "  source = \"terraform-aws-modules/iam/aws//modules/iam-role\"\n  version = \"6.2.1\"\n  name = \"r\"\n"
	tests := []struct{ name, call, want string }{
		{"MFA is required by default", assumable, "pass default"},
		{"MFA is switched off", assumable + "  role_requires_mfa = false\n", "fail default"},
		{"an external ID takes its place", assumable + "  role_requires_mfa = false\n  role_sts_externalid = \"k3-99-vendor\"\n", "pass default"},
		{"a list of external IDs does too", assumable + "  role_requires_mfa = false\n  role_sts_externalid = [\"k3-99-vendor\"]\n", "pass default"},
		{"an external ID that is not known is one", assumable + "  role_requires_mfa = false\n  role_sts_externalid = [var.x]\n", "pass default"},
		{"whether MFA is required is not known", assumable + "  role_requires_mfa = var.x\n", "unknown [var.x == true] default"},
		{"version 6 takes statements", role6 + "  trust_policy_permissions = { V = { actions = [\"sts:AssumeRole\"], principals = [{ type = \"AWS\", identifiers = [" + outsider + "] }] } }\n", "fail default"},
		{"and conditions in them", role6 + "  trust_policy_permissions = { V = { actions = [\"sts:AssumeRole\"], principals = [{ type = \"AWS\", identifiers = [" + outsider + "] }], condition = [{ test = \"StringEquals\", variable = \"sts:ExternalId\", values = [\"k3-99-vendor\"] }] } }\n", "pass default"},
		{"the repository names the module too", strings.Replace(assumable, "terraform-aws-modules/iam/aws//", "git::https://github.com/terraform-aws-modules/terraform-aws-iam.git//", 1), "pass default"},
		{"cloudposse takes principals by kind", "  source = \"cloudposse/iam-role/aws\"\n  version = \"0.19.0\"\n  principals = { AWS = [" + outsider + "] }\n", "fail default"},
		{"and conditions beside them", "  source = \"cloudposse/iam-role/aws\"\n  principals = { AWS = [" + outsider + "] }\n  assume_role_conditions = [{ test = \"StringEquals\", variable = \"sts:ExternalId\", values = [\"k3-99-vendor\"] }]\n", "pass default"},
		{"a role for an identity provider", "  source = \"terraform-aws-modules/iam/aws//modules/iam-assumable-role-with-oidc\"\n  create_role = true\n", "not-applicable"},
	}
	for _, test := range tests {
		roles, incomplete := read(t, map[string]string{"main.tf": "variable \"x\" {}\nmodule \"m\" {\n" + test.call + "}\n"}, ".", Options{Account: ownNumber})
		if len(roles) != 1 || len(incomplete) > 0 {
			t.Errorf("%s: %d roles, %v", test.name, len(roles), incomplete)
			continue
		}
		_, got, _ := strings.Cut(line(roles[0]), "[0] ")
		if difference := cmp.Diff(test.want, got); difference != "" || !strings.HasPrefix(line(roles[0]), "main.tf:2 module.m.aws_iam_role.") {
			t.Errorf("%s: %s: %s", test.name, line(roles[0]), difference)
		}
	}
}

func TestAModuleThatIsNotThereIsSaid(t *testing.T) {
	for _, source := range []string{
		"terraform-aws-modules/vpc/aws", "git::https://user:secret@example.com/x.git?ref=1", "./nowhere", "../outside",
		"terraform-aws-modules/iam/aws//modules/iam-role\"\n  version = \"5.1.0", // there was none in version 5
	} {
		_, incomplete := read(t, map[string]string{"main.tf": "module \"m\" {\n  source = \"" + source + "\"\n}\n"}, ".", Options{})
		if len(incomplete) != 1 || incomplete[0].Line != 1 || incomplete[0].Column != 1 || strings.Contains(incomplete[0].Reason, "secret") {
			t.Errorf("%s: %+v", source, incomplete)
		}
	}
}

func TestWhatAMissingModuleGivesIsUnknownByName(t *testing.T) {
	roles, _ := read(t, map[string]string{"main.tf": `
module "hub" { source = "example.com/a/hub/aws" }
resource "aws_iam_role" "r" { assume_role_policy = module.hub.policy }
`}, ".", Options{Account: ownNumber})
	if len(roles) != 1 || line(roles[0]) != "main.tf:3 aws_iam_role.r unknown [module.hub.policy (remote source)]" {
		t.Errorf("%v", line(roles[0]))
	}
}
