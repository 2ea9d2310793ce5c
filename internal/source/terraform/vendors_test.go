package terraform

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Configurations as vendors, auditors and platform teams write them. What
// follows from each is worked out by hand; 444455556666 is the vendor's account.
func TestOnboardingAsVendorsWriteIt(t *testing.T) {
	want := map[string][]string{
		"monitoring": {"main.tf:42 aws_iam_role.integration pass"},             // an external ID, whatever it is
		"posture":    {`main.tf:13 aws_iam_role.posture["scan"] fail default`}, // the external ID is empty by default
		"scanner":    {"main.tf:13 aws_iam_role.scan pass default"},            // unless the account is the own one, and then it passes too
		"compliance": {
			"role/main.tf:22 module.role.aws_iam_role.vendor[0] pass",
			"role/main.tf:22 module.role_without.aws_iam_role.vendor[0] fail",
		},
		"deploy": {
			// Without MFA the role is open, if the account is another one.
			"main.tf:16 aws_iam_role.people unknown [var.tooling_account var.require_mfa]",
			"main.tf:28 aws_iam_role.github not-applicable",
			"main.tf:40 aws_iam_role.own not-applicable",
			"main.tf:47 aws_iam_role.both fail",
		},
		"platform": {
			`role/main.tf:37 module.roles["read"].aws_iam_role.this pass`,
			`role/main.tf:37 module.roles["write"].aws_iam_role.this pass`,
			`role/main.tf:37 module.roles["open"].aws_iam_role.this fail`,
		},
	}
	for dir, expected := range want {
		roles, incomplete := readFrom(t, FS(os.DirFS("testdata/vendors/"+dir)), ".", Options{Account: ownNumber})
		var got []string
		for _, r := range roles {
			got = append(got, line(r))
		}
		if difference := cmp.Diff(expected, got); difference != "" || len(incomplete) > 0 {
			t.Errorf("%s: %s%v", dir, difference, incomplete)
		}
	}
}

func TestPolicyVariablesOfADocumentAreSpeltAsIAMDoes(t *testing.T) {
	roles, _ := readFrom(t, FS(os.DirFS("testdata/vendors/platform")), ".", Options{Account: ownNumber})
	values := found(t, roles[0], "Statement", "*", "Condition", "StringEquals", "aws:PrincipalTag/team")
	if len(values.Items) != 2 || values.Items[1].Text != "${aws:username}" || values.Items[1].Range.Text() != `"&{aws:username}"` {
		t.Errorf("%+v", values.Items)
	}
}
