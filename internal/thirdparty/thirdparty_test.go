package thirdparty

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/trust"
)

func TestLookup(t *testing.T) {
	directory := New([]Owner{
		{Name: "Example Audits", Kind: "auditor", Accounts: []string{"444455556666"}},
		{Name: "our Datadog", Accounts: []string{"464622532012", "444455556666"}},
	})
	shipped := Party{Name: "Datadog", Kind: "vendor", Source: "known_aws_accounts", Seen: "2025-09-17"}
	for _, test := range []struct {
		name      string
		directory *Directory
		account   string
		want      Party
		words     string
	}{
		{"an account of the list", directory, "865078226113", shipped, "Datadog (vendor, per known_aws_accounts 2025-09-17)"},
		{"without settings the list is known", nil, "464622532012", shipped, "Datadog (vendor, per known_aws_accounts 2025-09-17)"},
		{"the user's name goes before the list", directory, "464622532012", Party{Name: "our Datadog", Source: "settings"}, "our Datadog (per settings)"},
		{"the first of two names counts", directory, "444455556666", Party{Name: "Example Audits", Kind: "auditor", Source: "settings"}, "Example Audits (auditor, per settings)"},
		{"an account of a service", nil, "127311923021", Party{Name: "ELB logs", Kind: "aws", Source: "known_aws_accounts", Seen: "2025-09-17"}, "ELB logs (AWS, per known_aws_accounts 2025-09-17)"},
		{"an account that its owner gave up", nil, "068664126052", Party{Name: "DoIt", Kind: "vendor", Source: "known_aws_accounts", Seen: "2025-09-17", Retired: true}, "DoIt (vendor, retired, per known_aws_accounts 2025-09-17)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := test.directory.Lookup(test.account)
			if diff := cmp.Diff(test.want, got); diff != "" || !ok {
				t.Errorf("known: %v: %s", ok, diff)
			}
			if got.String() != test.words {
				t.Errorf("reads %q, want %q", got, test.words)
			}
		})
	}
	for _, account := range []string{"", "*", "111122223333", "account_id", "# Owners of AWS account ids."} {
		if party, ok := directory.Lookup(account); ok {
			t.Errorf("%q belongs to %v", account, party)
		}
	}
}

// The documentation of AWS uses these ids in its examples: they are nobody's.
func TestNoAccountOfExamplesIsInTheList(t *testing.T) {
	for _, account := range []string{
		"000000000000", "012345678901", "111111111111", "111122223333", "123456789012", "222233334444", "444455556666", "777788889999",
	} {
		if party, ok := known()[account]; ok {
			t.Errorf("%s belongs to %v", account, party)
		}
	}
}

func TestEveryLineOfTheListIsComplete(t *testing.T) {
	id, url := regexp.MustCompile(`^[0-9]{12}$`), regexp.MustCompile(`^https?://\S+$`)
	last, lines, dated := "", 0, 0
	for _, line := range strings.Split(strings.TrimSuffix(accounts, "\n"), "\n") {
		if date, ok := strings.CutPrefix(line, "# seen "); ok {
			dated++
			if _, err := time.Parse(time.DateOnly, date); err != nil {
				t.Error(err)
			}
		}
		fields := strings.Split(line, "\t")
		if strings.HasPrefix(line, "#") || fields[0] == "account_id" {
			continue
		}
		lines++
		if len(fields) != 5 {
			t.Errorf("%d fields in %q", len(fields), line)
			continue
		}
		if !id.MatchString(fields[0]) || fields[0] <= last {
			t.Errorf("%q is no account, or not behind %q", fields[0], last)
		}
		last = fields[0]
		if strings.TrimSpace(fields[1]) == "" || !slices.Contains([]string{Vendor, AWS}, fields[2]) ||
			fields[3] != "" && !url.MatchString(fields[3]) || !slices.Contains([]string{"yes", "retired"}, fields[4]) {
			t.Errorf("incomplete: %q", line)
		}
	}
	if dated != 1 || lines != len(known()) || lines == 0 {
		t.Errorf("%d dates, %d lines, %d accounts", dated, lines, len(known()))
	}
	if !strings.Contains(accounts, "fwdcloudsec/known_aws_accounts") || !strings.Contains(accounts, "c2922af") || !strings.Contains(accounts, "Apache-2.0") {
		t.Error("the list does not name its source")
	}
}

func TestAnAccountOfAnAWSServiceIsWarnedOfOnce(t *testing.T) {
	var none *Directory
	outsiders := []trust.Outsider{
		{Account: "444455556666", Statement: 0},
		{Account: "127311923021", Statement: 1, Unguarded: true},
		{Account: "127311923021", Statement: 2},
		{Account: "464622532012", Statement: 2},
		{Account: "*", Statement: 3},
	}
	got := none.Warnings(outsiders)
	if len(got) != 1 || got[0].Code != AWSServiceAccount || got[0].Statement != 1 || !strings.Contains(got[0].Message, "127311923021") || !strings.Contains(got[0].Message, "ELB logs") {
		t.Errorf("got %+v", got)
	}
	ours := New([]Owner{{Name: "our own loggers", Accounts: []string{"127311923021"}}})
	if got := ours.Warnings(outsiders); got != nil {
		t.Errorf("the user knows whose it is, and is warned: %+v", got)
	}
}
