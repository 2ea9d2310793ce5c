package terraform

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The expected verdicts are read off the files by hand. 111122223333 is the
// role's own account.
func TestFixturesGetTheVerdictsThatTheirTextSays(t *testing.T) {
	want := map[string][]string{
		"tf-heredoc": {
			"main.tf:6 aws_iam_role.plain fail default",     // the variable's default is another account
			"main.tf:22 aws_iam_role.indented fail",         // the second of two statements
			"main.tf:40 aws_iam_role.quoted not-applicable", // a service only
		},
		"tf-json": {
			"main.tf.json:17 aws_iam_role.a fail default",
			"main.tf.json:18 aws_iam_role.b fail default",
		},
		"tf-jsonencode": {
			`main.tf:14 aws_iam_role.multi["a"] not-applicable default`, // the own account
			`main.tf:14 aws_iam_role.multi["b"] fail default`,
			"main.tf:30 aws_iam_role.cond fail default", // external_id is null by default; off has no instance
		},
		"tf-policydoc": {
			"main.tf:83 aws_iam_role.vendors fail default",            // beta has no external ID
			"main.tf:88 aws_iam_role.hardened not-applicable default", // a Deny for all but the own account
		},
		"tf-unknowns": {
			"main.tf:10 aws_iam_role.principal_unknown unknown [var.no_default]",
			"main.tf:21 aws_iam_role.extid_unknown pass",
			"main.tf:33 aws_iam_role.cond_unknown unknown [var.n > 1]",
			"main.tf:44 aws_iam_role.all_unknown unknown [data.terraform_remote_state.hub.outputs.trust]",
			"main.tf:48 aws_iam_role.count_unknown[0] pass",
		},
	}
	for dir, lines := range want {
		roles, incomplete := readFrom(t, FS(os.DirFS("testdata/"+dir)), ".", Options{Account: ownNumber})
		var got []string
		for _, r := range roles {
			if strings.Contains(r.Source.Address, ".each[") { // their organizations are no legal ids, see below
				continue
			}
			got = append(got, line(r))
		}
		if difference := cmp.Diff(lines, got); difference != "" || len(incomplete) > 0 {
			t.Errorf("%s: %s%v", dir, difference, incomplete)
		}
	}
}

func TestADocumentWithForEachHasItsOwnKeysInIt(t *testing.T) {
	roles, _ := readFrom(t, FS(os.DirFS("testdata/tf-policydoc")), ".", Options{Account: ownNumber})
	got := map[string]string{}
	for _, r := range roles {
		if strings.Contains(r.Source.Address, ".each[") {
			got[r.Source.Address] = found(t, r, "Statement", "*", "Condition", "StringEquals", "aws:PrincipalOrgID", "*").Text
		}
	}
	want := map[string]string{`aws_iam_role.each["x"]`: "o-x", `aws_iam_role.each["y"]`: "o-y"}
	if difference := cmp.Diff(want, got); difference != "" {
		t.Error(difference)
	}
}
