package audit

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"countersign/internal/rule"
	"countersign/internal/thirdparty"
)

// A known owner is a name, never a pass.
func TestNamingAnAccountChangesNoVerdictAndNoSeverity(t *testing.T) {
	// A vendor and a service of the list, two strangers, the own account, anyone.
	principals := []string{"464622532012", "127311923021", "444455556666", "777788889999", account, "*"}
	rapid.Check(t, func(t *rapid.T) {
		source := &given{}
		for i := range rapid.IntRange(1, 20).Draw(t, "roles") {
			principal := rapid.SampledFrom(principals).Draw(t, "principal")
			id := rapid.SampledFrom([]string{"", "9f2c41d7-5e0b-4a86", "x"}).Draw(t, "external ID")
			source.roles = append(source.roles, roleOf(fmt.Sprintf("r%d", i), policyFor(principal, id)))
		}
		var owners []thirdparty.Owner
		for _, named := range rapid.SliceOfDistinct(rapid.SampledFrom(principals), rapid.ID[string]).Draw(t, "named") {
			owners = append(owners, thirdparty.Owner{
				Name: "a well-known vendor", Kind: rapid.SampledFrom([]string{"", thirdparty.Vendor, thirdparty.AWS}).Draw(t, "kind"), Accounts: []string{named},
			})
		}
		judged := func(parties *thirdparty.Directory) ([]string, Summary) {
			var sink kept
			summary, err := Run(context.Background(), []Source{source}, Options{Parties: parties, Keep: func(*rule.Finding) bool { return true }}, &sink)
			if err != nil {
				t.Fatal(err)
			}
			return sink.lines, summary
		}
		unnamed, before := judged(nil)
		named, after := judged(thirdparty.New(owners))
		if diff := cmp.Diff(unnamed, named); diff != "" {
			t.Errorf("with names %v: %s", owners, diff)
		}
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("with names %v: %s", owners, diff)
		}
	})
}

func TestAServiceAccountIsWarnedOfAtEveryRoleThatLetsItIn(t *testing.T) {
	source := &given{}
	for i := range 3 {
		source.roles = append(source.roles, roleOf(fmt.Sprintf("r%d", i), policyFor("127311923021", "")))
	}
	var sink kept
	if _, err := Run(context.Background(), []Source{source}, Options{}, &sink); err != nil {
		t.Fatal(err)
	}
	if len(sink.findings) != 3 {
		t.Fatalf("%d findings", len(sink.findings))
	}
	for _, finding := range sink.findings {
		if warnings := finding.Verdict.Warnings; len(warnings) != 1 || warnings[0].Code != thirdparty.AWSServiceAccount {
			t.Errorf("%s: %+v", finding.Role.Name, warnings)
		}
	}
}
