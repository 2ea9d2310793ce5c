package settings_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/rule"
	"countersign/internal/settings"
)

func TestParse(t *testing.T) {
	text := `# who is trusted
account: 012345678901
organization: o-a1b2c3d4e5
zone:
  accounts:
    - {id: "444455556666", name: shared tools}
    - id: 000011112222
      roles:
        - deploy-*
        - 2024
  organizations:
    - id: o-exampleorgid
      name: group
severities:
  IAM-050: high
  IAM-050/public-principal: critical
`
	want := settings.Settings{
		Path:         "countersign.yaml",
		Account:      "012345678901",
		Organization: "o-a1b2c3d4e5",
		Accounts: []settings.Account{
			{ID: "444455556666", Name: "shared tools"},
			{ID: "000011112222", Roles: []string{"deploy-*", "2024"}},
		},
		Organizations: []settings.Organization{{ID: "o-exampleorgid", Name: "group"}},
		Severities:    map[string]rule.Severity{"IAM-050": rule.High, "IAM-050/public-principal": rule.Critical},
	}
	got, err := settings.Parse("countersign.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, noOrigins); diff != "" {
		t.Error(diff)
	}
}

func TestAFileThatSaysNothingSetsNothing(t *testing.T) {
	for _, text := range []string{"", "\n", "# nothing yet\n", "---\n", "null\n"} {
		got, err := settings.Parse("c.yaml", []byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(settings.Settings{Path: "c.yaml"}, got, noOrigins); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestParseFaults(t *testing.T) {
	for name, test := range map[string]struct {
		text, want string
		hint       string // part of it
	}{
		"an unknown key names the nearest": {
			"zone:\n  acounts: []\n", `c.yaml:2:3: unknown key "acounts"`, `did you mean "accounts"?`,
		},
		"an unknown key among external IDs may be one": {
			"external_ids:\n  - accounts: [\"444455556666\"]\n    zebra-8842: id\n", `c.yaml:3:5: unknown key`, "known here: accounts, id",
		},
		"an unknown key that is near to none lists them": {
			"weather: []\n", `c.yaml:1:1: unknown key "weather"`, "known here: account, extends, external_ids, inline, organization, severities, third_parties, waivers, zone",
		},
		"an unknown key deep inside": {
			"zone:\n  accounts:\n    - id: \"444455556666\"\n      nmae: x\n", `c.yaml:4:7: unknown key "nmae"`, `did you mean "name"?`,
		},
		"a key that stands there twice": {
			"account: 111122223333\nzone: {}\naccount: 444455556666\n", `c.yaml:3:1: key "account" stands here twice, first in line 1`, "",
		},
		"an account id that lost a leading zero": {
			"account: 12345678901\n", `c.yaml:1:10: "12345678901" has 11 digits, an account id has 12`, `"012345678901"`,
		},
		"an account id that became a float": {
			"account: 1.2345678901e+10\n", `c.yaml:1:10: "1.2345678901e+10" is not an account id`, "12 digits",
		},
		"an account id with underscores, a number to YAML": {
			"account: 1111_2222_3333\n", `c.yaml:1:10: "1111_2222_3333" is not an account id`, "12 digits",
		},
		"an account id with hyphens": {
			"account: 1111-2222-3333\n", `c.yaml:1:10: "1111-2222-3333" is not an account id`, `"111122223333"`,
		},
		"an account id that is too long": {
			"account: 1111222233334\n", `c.yaml:1:10: "1111222233334" has 13 digits, an account id has 12`, "",
		},
		"digits of another script": {
			"account: ١١١١٢٢٢٢٣٣٣٣\n", `c.yaml:1:10: "١١١١٢٢٢٢٣٣٣٣" is not an account id`, "12 digits",
		},
		"an organizational unit for an organization": {
			"organization: ou-ab12-cdefghij\n", `c.yaml:1:15: "ou-ab12-cdefghij" is not an organization id`, "organizational unit",
		},
		"an account without id": {
			"zone:\n  accounts:\n    - name: tools\n", "c.yaml:3:7: an account without id", "111122223333",
		},
		"an account that is not a map": {
			"zone:\n  accounts:\n    - 444455556666\n", "c.yaml:3:7: expected a map of keys and values, found text", `write it as id: "444455556666"`,
		},
		"accounts that are no list": {
			"zone:\n  accounts:\n    id: x\n", "c.yaml:3:5: expected a list, found a map", "",
		},
		"no value": {
			"zone:\n", "c.yaml:1:6: expected a map of keys and values, found nothing", "",
		},
		"an empty list of roles, which would mean all": {
			"zone:\n  accounts:\n    - id: \"444455556666\"\n      roles: []\n", "c.yaml:4:14: no role is named", "leave roles out",
		},
		"a role given by its path": {
			"zone:\n  accounts:\n    - id: \"444455556666\"\n      roles: [ops/deploy]\n", `c.yaml:4:15: "ops/deploy" is not a role name`, "without its path",
		},
		"an unknown severity": {
			"severities:\n  IAM-050: severe\n", `c.yaml:2:12: unknown severity "severe" (low, medium, high, critical)`, "",
		},
		"an unknown rule": {
			"severities:\n  IAM-500: low\n", `c.yaml:2:3: unknown rule "IAM-500"`, `did you mean "IAM-050"?`,
		},
		"an unknown reason code": {
			"severities:\n  IAM-050/public-principle: low\n", `c.yaml:2:3: unknown reason code "public-principle"`, `did you mean "public-principal"?`,
		},
		"an alias": {
			"zone: &z {}\nseverities: *z\n", "c.yaml:2:13: expected a map of keys and values, found an alias (aliases are not read here)", "",
		},
		"a merge key": {
			"zone:\n  <<: {accounts: []}\n", `c.yaml:2:3: unknown key "<<"`, "",
		},
		"two documents": {
			"account: 111122223333\n---\naccount: 444455556666\n", "c.yaml:2:1: a settings file holds one document", "",
		},
		"a list at the top": {
			"- account\n", "c.yaml:1:1: expected a map of keys and values, found a list", "",
		},
		"no YAML at all": {
			"zone: [\n", "c.yaml:1:1: not YAML: did not find expected node content", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := settings.Parse("c.yaml", []byte(test.text))
			var fault *settings.FileError
			if !errors.As(err, &fault) {
				t.Fatalf("got %v, want a *FileError", err)
			}
			if fault.Error() != test.want {
				t.Errorf("got  %s\nwant %s", fault, test.want)
			}
			if !strings.Contains(fault.Hint, test.hint) {
				t.Errorf("hint %q does not say %q", fault.Hint, test.hint)
			}
		})
	}
}

func TestFindLooksUpToTheTopOfTheRepository(t *testing.T) {
	outside := t.TempDir()
	top := filepath.Join(outside, "repository")
	deep := filepath.Join(top, "a", "b")
	for _, directory := range []string{deep, filepath.Join(top, ".git")} {
		if err := os.MkdirAll(directory, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	find := func(from, want string) {
		t.Helper()
		got, err := settings.Find(from)
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("from %s: got %q, want %q", from, got, want)
		}
	}
	place := func(directory string) string {
		t.Helper()
		path := filepath.Join(directory, settings.FileName)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	above := place(outside)
	find(deep, "")
	find(outside, above)
	atTop := place(top)
	find(deep, atTop)
	nearest := place(filepath.Join(top, "a"))
	find(deep, nearest)
	find(top, atTop)
}

func TestFindAsksNoParentOutsideARepository(t *testing.T) {
	parent := t.TempDir()
	if err := os.WriteFile(filepath.Join(parent, settings.FileName), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	child := filepath.Join(parent, "child")
	if err := os.Mkdir(child, 0o755); err != nil {
		t.Fatal(err)
	}
	got, err := settings.Find(child)
	if err != nil || got != "" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestLoadFaults(t *testing.T) {
	directory := t.TempDir()
	large := filepath.Join(directory, "large.yaml")
	if err := os.WriteFile(large, make([]byte, 1<<20+1), 0o644); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(directory, "missing.yaml")
	for path, want := range map[string]string{
		large:     large + ": is larger than 1 MiB",
		missing:   missing + ": cannot be read: no such file or directory",
		directory: directory + ": cannot be read: is a directory",
	} {
		if _, err := settings.Load(path); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("account: 012345678901\nzone: {accounts: [{id: \"444455556666\", roles: [a*]}]}\nseverities: {IAM-050: low}\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := settings.Parse("c.yaml", text)
		var fault *settings.FileError
		if err != nil && !errors.As(err, &fault) {
			t.Errorf("an error of another kind: %v", err)
		}
		for _, account := range found.Accounts {
			if settings.CheckAccount(account.ID) != nil {
				t.Errorf("accepted account %q", account.ID)
			}
		}
	})
}
