package settings_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/rule"
	"countersign/internal/settings"
	"countersign/internal/waiver"
)

var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

// Every example of the page is read, and every key has a section.
func TestConfigurationPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	blocks := yamlBlock.FindAllStringSubmatch(page, -1)
	for _, block := range blocks {
		if _, err := settings.Parse("example", []byte(block[1])); err != nil {
			t.Errorf("%v in\n%s", err, block[1])
		}
	}
	for _, key := range []string{"account", "organization", "zone.accounts", "zone.organizations", "third_parties", "external_ids", "severities", "waivers", "inline", "extends"} {
		if !strings.Contains(page, "\n## "+key+"\n") {
			t.Errorf("no section about %s", key)
		}
	}
	if len(blocks) == 0 {
		t.Fatal("no example was found")
	}
	whole, err := settings.Parse("example", []byte(blocks[0][1]))
	if err != nil {
		t.Fatal(err)
	}
	want := settings.Settings{
		Path:         "example",
		Account:      "111122223333",
		Organization: "o-a1b2c3d4e5",
		Accounts: []settings.Account{
			{ID: "444455556666", Name: "shared tools"},
			{ID: "777788889999", Name: "backup vendor", Roles: []string{"backup-*", "RestoreTest"}},
		},
		Organizations: []settings.Organization{{ID: "o-exampleorgid", Name: "holding"}},
		ThirdParties: []settings.ThirdParty{
			{Name: "Example Audits", Kind: "auditor", Accounts: []string{"444433332222", "012345678901"}},
		},
		ExternalIDs: []settings.ExternalID{{Accounts: []string{"444433332222"}, ID: "x7Kq-41c09b"}},
		Severities:  map[string]rule.Severity{"IAM-050": rule.High, "IAM-050/public-principal": rule.Critical},
		Waivers: []waiver.Waiver{{
			Rule: "IAM-050", Role: "legacy-reader",
			Waiver: rule.Waiver{
				Reason: "the vendor's tool cannot send an external ID yet", Owner: "cloud team",
				Until: time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC), Path: "example", Line: 32,
			},
		}},
		Inline: waiver.Inline{Comments: waiver.Allowed, Tags: waiver.Forbidden},
	}
	if diff := cmp.Diff(want, whole, noOrigins); diff != "" {
		t.Errorf("the first example is not read as the page says: %s", diff)
	}
}
