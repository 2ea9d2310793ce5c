package docs_test

import (
	"os"
	"strings"
	"testing"

	"countersign/internal/privilege"
)

func TestThePageOnPrivilegeListsEveryWay(t *testing.T) {
	text, err := os.ReadFile("privilege.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if id, found := strings.CutPrefix(line, "| `"); found {
			id, _, _ = strings.Cut(id, "`")
			rows[id] = line
		}
	}
	for _, way := range privilege.Ways {
		row := rows[way.ID]
		if !strings.Contains(row, "| "+way.Says+" |") || !strings.Contains(row, "| "+way.Source+" |") {
			t.Errorf("%s: the page has %q", way.ID, row)
		}
		for _, need := range way.Needs {
			if !strings.Contains(row, "`"+need.Action+"`") {
				t.Errorf("%s: the page does not name %s", way.ID, need.Action)
			}
		}
	}
}
