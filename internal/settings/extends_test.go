package settings_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"countersign/internal/rule"
	"countersign/internal/settings"
	"countersign/internal/waiver"
)

// noOrigins leaves out where settings stand.
var noOrigins = cmpopts.IgnoreFields(settings.Settings{}, "Origins")

// written makes files in a new directory and gives the path of one of them.
func written(t interface{ Fatal(...any) }, directory string, files map[string]string) func(string) string {
	for name, text := range files {
		path := filepath.Join(directory, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return func(name string) string { return filepath.Join(directory, filepath.FromSlash(name)) }
}

func TestHowFilesAreMerged(t *testing.T) {
	in := written(t, t.TempDir(), map[string]string{
		"central/base.yaml": `account: "111122223333"
organization: o-aaaaaaaaaa
zone:
  accounts: [{id: "444455556666"}]
  organizations: [{id: o-bbbbbbbbbb}]
third_parties:
  - {name: Acme, accounts: ["777788889999", "888899990000"]}
  - {name: Gone, accounts: ["999900001111"]}
external_ids:
  - {accounts: ["777788889999"], id: first-id}
severities: {IAM-050: high, IAM-050/mfa-false: low}
waivers:
  - {rule: IAM-050, role: a, reason: r, owner: o, until: 2027-01-01}
inline: {comments: false, tags: true}
`,
		"central/more.yaml": "account: \"222233334444\"\nzone: {accounts: [{id: \"555566667777\"}]}\n",
		"repo/countersign.yaml": `extends: [../central/base.yaml, ../central/more.yaml]
zone:
  accounts: [{id: "666677778888", name: tools}]
third_parties:
  - {name: Other, accounts: ["777788889999", "999900001111"]}
external_ids:
  - {accounts: ["777788889999"], id: second-id}
severities: {IAM-050/mfa-false: critical}
waivers:
  - {rule: IAM-050, role: b, third_party: Acme, reason: r, owner: o, until: 2027-01-01}
inline: {comments: true, tags: false}
`,
	})
	got, err := settings.Load(in("repo/countersign.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	until, _ := waiver.ParseUntil("2027-01-01")
	base, repo := in("central/base.yaml"), in("repo/countersign.yaml")
	accepted := func(role, path string, line int) waiver.Waiver {
		return waiver.Waiver{Rule: "IAM-050", Role: role, Waiver: rule.Waiver{Reason: "r", Owner: "o", Until: until, Path: path, Line: line}}
	}
	second := accepted("b", repo, 10)
	second.Party, second.ThirdParty = []string{"Acme"}, []string{"888899990000"}
	want := settings.Settings{
		Path: repo, Account: "222233334444", Organization: "o-aaaaaaaaaa",
		Accounts:      []settings.Account{{ID: "444455556666"}, {ID: "555566667777"}, {ID: "666677778888", Name: "tools"}},
		Organizations: []settings.Organization{{ID: "o-bbbbbbbbbb"}},
		ThirdParties:  []settings.ThirdParty{{Name: "Acme", Accounts: []string{"888899990000"}}, {Name: "Other", Accounts: []string{"777788889999", "999900001111"}}},
		ExternalIDs:   []settings.ExternalID{{Accounts: []string{"777788889999"}, ID: "second-id"}},
		Severities:    map[string]rule.Severity{"IAM-050": rule.High, "IAM-050/mfa-false": rule.Critical},
		Waivers:       []waiver.Waiver{accepted("a", base, 13), second},
		Inline:        waiver.Inline{Comments: waiver.Forbidden, Tags: waiver.Forbidden},
	}
	if diff := cmp.Diff(want, got, noOrigins); diff != "" {
		t.Error(diff)
	}
	var listed []string
	for _, one := range got.List(false) {
		where := "default"
		if one.Line > 0 {
			where = fmt.Sprintf("%s:%d", filepath.Base(one.Path), one.Line)
		}
		listed = append(listed, one.Key+" = "+one.Value+" @ "+where)
	}
	stated := []string{
		"account = 222233334444 @ more.yaml:1",
		"organization = o-aaaaaaaaaa @ base.yaml:2",
		"zone.accounts = 444455556666 @ base.yaml:4",
		"zone.accounts = 555566667777 @ more.yaml:2",
		"zone.accounts = 666677778888 (tools) @ countersign.yaml:3",
		"zone.organizations = o-bbbbbbbbbb @ base.yaml:5",
		"third_parties = Acme: 888899990000 @ base.yaml:7",
		"third_parties = Other: 777788889999, 999900001111 @ countersign.yaml:5",
		"external_ids = 777788889999: «redacted» @ countersign.yaml:7",
		"severities = IAM-050: high @ base.yaml:11",
		"severities = IAM-050/mfa-false: critical @ countersign.yaml:8",
		"waivers = IAM-050 on a until 2027-01-01 by o: r @ base.yaml:13",
		"waivers = IAM-050 on b for Acme until 2027-01-01 by o: r @ countersign.yaml:10",
		"inline.comments = false @ base.yaml:14",
		"inline.tags = false @ countersign.yaml:11",
	}
	if diff := cmp.Diff(stated, listed); diff != "" {
		t.Error(diff)
	}
}

func TestAFileThatIsExtendedTwiceCountsOnce(t *testing.T) {
	in := written(t, t.TempDir(), map[string]string{
		"base.yaml": "zone: {accounts: [{id: \"444455556666\"}]}\n",
		"one.yaml":  "extends: base.yaml\n", "two.yaml": "extends: ./base.yaml\n",
		"c.yaml": "extends: [one.yaml, two.yaml, base.yaml]\n",
	})
	got, err := settings.Load(in("c.yaml"))
	if err != nil || len(got.Accounts) != 1 || len(got.Origins.Files) != 4 {
		t.Errorf("%v, %v from %v", err, got.Accounts, got.Origins.Files)
	}
}

func TestExtendsFaults(t *testing.T) {
	directory := t.TempDir()
	in := written(t, directory, map[string]string{
		"circle.yaml": "extends: other.yaml\n", "other.yaml": "extends: [deep/../circle.yaml]\n", "deep/x": "",
		"itself.yaml":  "account: \"111122223333\"\nextends:\n  - itself.yaml\n",
		"missing.yaml": "extends: nowhere.yaml\n",
		"folder.yaml":  "extends: deep\n",
		"address.yaml": "extends: https://example.com/c.yaml\n",
		"home.yaml":    "extends: ~/c.yaml\n",
		"root.yaml":    "extends: /etc/c.yaml\n",
		"empty.yaml":   "extends: ''\n",
		"map.yaml":     "extends: {a: b}\n",
		"broken.yaml":  "extends: typo.yaml\n", "typo.yaml": "acount: 1\n",
		"party.yaml": "extends: typeless.yaml\nwaivers:\n  - {rule: IAM-050, role: r, third_party: Nobody, reason: r, owner: o, until: 2027-01-01}\n", "typeless.yaml": "",
		"ids.yaml": "extends: ids2.yaml\nexternal_ids: [{accounts: [\"777788889999\"], id: planted-id}]\n", "ids2.yaml": "external_ids: [{accounts: [\"888899990000\"], id: planted-id}]\n",
	})
	for i := range 40 {
		written(t, directory, map[string]string{fmt.Sprintf("chain%d.yaml", i): fmt.Sprintf("extends: chain%d.yaml\n", i+1)})
	}
	wide := "extends: ["
	for i := range 40 {
		written(t, directory, map[string]string{fmt.Sprintf("leaf%d.yaml", i): ""})
		wide += fmt.Sprintf("leaf%d.yaml,", i)
	}
	written(t, directory, map[string]string{"wide.yaml": wide + "]\n"})
	for name, want := range map[string]string{
		"circle":  "other.yaml:1:11: the files extend each other in a circle: circle.yaml, other.yaml, circle.yaml",
		"itself":  "itself.yaml:3:5: the files extend each other in a circle: itself.yaml, itself.yaml",
		"missing": "missing.yaml:1:10: cannot extend nowhere.yaml: no such file or directory",
		"folder":  "folder.yaml:1:10: cannot extend deep: it is no file",
		"address": `address.yaml:1:10: "https://example.com/c.yaml" is an address, and only files are read`,
		"home":    `home.yaml:1:10: "~/c.yaml" is not a relative path`,
		"root":    `root.yaml:1:10: "/etc/c.yaml" is not a relative path`,
		"empty":   "empty.yaml:1:10: is empty",
		"map":     "map.yaml:1:10: expected text, found a map",
		"broken":  `typo.yaml:1:1: unknown key "acount"`,
		"party":   `party.yaml:3:1: no third party is called "Nobody"`,
		"ids":     "ids.yaml:2:1: the external ID stands in ids2.yaml:1 too",
		"chain0":  "chain8.yaml:1:10: more than 32 files extend each other, or more than 8 deep",
		"wide":    "wide.yaml:1:",
	} {
		_, err := settings.Load(in(name + ".yaml"))
		var fault *settings.FileError
		if !errors.As(err, &fault) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := strings.ReplaceAll(fault.Error(), directory+string(filepath.Separator), ""); !strings.HasPrefix(got, want) || name != "wide" && got != want {
			t.Errorf("%s: got  %s\nwant %s", name, got, want)
		}
		if strings.Contains(fault.Error()+fault.Hint, "planted") {
			t.Errorf("%s shows an external ID", name)
		}
	}
}

// What an extended file forbids nobody allows again, whatever comes nearer; and
// whoever is trusted by one file is trusted by all that extend it.
func TestLawsOfMerging(t *testing.T) {
	directory := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		files := rapid.IntRange(1, 4).Draw(t, "files")
		forbidden, allowed := false, false
		for i := range files {
			text := ""
			if i > 0 {
				text = fmt.Sprintf("extends: f%d.yaml\n", i-1)
			}
			tags := rapid.SampledFrom([]string{"", "inline: {tags: true}\n", "inline: {tags: false}\n"}).Draw(t, "tags")
			forbidden, allowed = forbidden || strings.Contains(tags, "false"), allowed || strings.Contains(tags, "true")
			text += tags + fmt.Sprintf("zone: {accounts: [{id: \"%012d\"}]}\nseverities: {IAM-050: %s}\n", i+1, []string{"low", "medium", "high", "critical"}[i])
			written(t, directory, map[string]string{fmt.Sprintf("f%d.yaml", i): text})
		}
		got, err := settings.Load(filepath.Join(directory, fmt.Sprintf("f%d.yaml", files-1)))
		if err != nil {
			t.Fatal(err)
		}
		if got.Inline.AllowsTags() != (allowed && !forbidden) {
			t.Fatalf("tags count: %v; allowed %v, forbidden %v", got.Inline.AllowsTags(), allowed, forbidden)
		}
		if len(got.Accounts) != files || got.Severities["IAM-050"] != rule.Severity(files) {
			t.Fatalf("%v, %v", got.Accounts, got.Severities)
		}
	})
}
