package rule

import (
	"os"
	"strings"
	"testing"

	"countersign/internal/role"

	"pgregory.net/rapid"
)

func TestFingerprintsAreThoseOfTheDocument(t *testing.T) {
	page, err := os.ReadFile("../../docs/fingerprint.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		rows++
		cells := strings.Split(strings.TrimSpace(line), "|")
		for i, cell := range cells {
			cells[i] = strings.Trim(cell, " `")
		}
		subject := &role.Role{ARN: cells[2], Source: role.Source{FromRoot: cells[3], Address: cells[4]}}
		if got := Fingerprint(cells[1], subject); got != cells[6] {
			t.Errorf("%s: got %s", strings.TrimSpace(line), got)
		}
	}
	if rows < 5 {
		t.Errorf("%d rows of test vectors", rows)
	}
}

func TestARoleWithoutAddressGoesByItsName(t *testing.T) {
	source := role.Source{FromRoot: "policies/reader.json"}
	byName := &role.Role{Name: "reader", Source: source}
	source.Address = "reader"
	byAddress := &role.Role{Name: "other", Source: source}
	if Fingerprint("IAM-050", byName) != Fingerprint("IAM-050", byAddress) {
		t.Error("name and address give different fingerprints")
	}
}

func TestFingerprintsDependOnTheIdentityAlone(t *testing.T) {
	field := rapid.StringMatching(`[a:,/0-9]{0,6}`)
	type identity struct{ rule, arn, path, address string }
	of := func(i identity) string {
		return Fingerprint(i.rule, &role.Role{ARN: i.arn, Source: role.Source{FromRoot: i.path, Address: i.address, Line: len(i.path), Column: 7}})
	}
	rapid.Check(t, func(t *rapid.T) {
		draw := func() identity {
			i := identity{field.Draw(t, "rule"), field.Draw(t, "arn"), field.Draw(t, "path"), field.Draw(t, "address")}
			if i.arn != "" {
				i.path, i.address = "", ""
			}
			return i
		}
		if a, b := draw(), draw(); (a == b) != (of(a) == of(b)) {
			t.Fatalf("%v and %v", a, b)
		}
	})
}
