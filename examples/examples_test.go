// Package examples holds no code, but a test that holds the tool to the tables
// of README.md.
package examples

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"countersign/internal/cli"
)

// row is one line of a table: what README.md says of a role.
type row struct {
	role, verdict string
	codes         []string
}

// table is a table of README.md with the arguments of the scan it speaks of.
type table struct {
	arguments []string
	rows      []row
}

func TestEveryRoleOfTheExamplesHasTheVerdictThatTheReadmeGivesIt(t *testing.T) {
	tables := append(readTables(t, "README.md"), readTables(t, "infrastructure/README.md")...)
	if len(tables) != 7 {
		t.Fatalf("%d tables", len(tables))
	}
	t.Chdir("..")
	for _, table := range tables {
		t.Run(strings.Join(table.arguments, " "), func(t *testing.T) {
			found := scan(t, table.arguments)
			for _, want := range table.rows {
				got, ok := found[want.role]
				if !ok {
					t.Errorf("%s: not in the results", want.role)
					continue
				}
				if got.verdict != want.verdict || !slices.Equal(got.codes, want.codes) {
					t.Errorf("%s: %s %v, README.md says %s %v", want.role, got.verdict, got.codes, want.verdict, want.codes)
				}
			}
		})
	}
}

func TestTheFirstTableOfAPageNamesEveryRole(t *testing.T) {
	first := []table{readTables(t, "README.md")[0], readTables(t, "infrastructure/README.md")[0]}
	t.Chdir("..")
	for _, table := range first {
		found := scan(t, table.arguments)
		for name := range found {
			if !slices.ContainsFunc(table.rows, func(r row) bool { return r.role == name }) {
				t.Errorf("%s is not in the table", name)
			}
		}
		if len(table.rows) != len(found) {
			t.Errorf("%d rows for %d roles", len(table.rows), len(found))
		}
	}
}

// readTables returns the tables of a page that follow a comment such as
// <!-- expect: examples/account.json -->.
func readTables(t *testing.T, page string) (tables []table) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	inside := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if arguments, ok := strings.CutPrefix(line, "<!-- expect: "); ok {
			tables = append(tables, table{arguments: strings.Fields(strings.TrimSuffix(arguments, "-->"))})
			inside = true
			continue
		}
		cells := strings.Split(line, "|")
		switch {
		case line == "":
			inside = false
		case !inside || len(cells) < 6 || strings.HasPrefix(line, "|--") || strings.HasPrefix(line, "| role |"):
		default:
			codes := strings.Fields(cells[3])
			slices.Sort(codes)
			last := &tables[len(tables)-1]
			last.rows = append(last.rows, row{strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2]), codes})
		}
	}
	return tables
}

// scan judges with the real program and returns what it says of each role: its
// verdict, and all codes of reasons, protection and warnings, sorted.
func scan(t *testing.T, arguments []string) map[string]row {
	t.Helper()
	var out, messages bytes.Buffer
	arguments = append([]string{"scan", "--all", "--format", "json", "--at", "2026-11-23"}, arguments...)
	if code := cli.Run(context.Background(), arguments, cli.Streams{In: &bytes.Buffer{}, Out: &out, Err: &messages}); code > 1 {
		t.Fatalf("exit code %d: %s", code, messages.String())
	}
	type coded struct{ Code string }
	var report struct {
		Results []struct {
			Name, Verdict     string
			Exploitable       bool
			Reasons, Warnings []coded
			Protection        []string
		}
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	found := map[string]row{}
	for _, result := range report.Results {
		codes := slices.Clone(result.Protection)
		for _, one := range slices.Concat(result.Reasons, result.Warnings) {
			if one.Code != result.Verdict { // says what an unknown depends on
				codes = append(codes, one.Code)
			}
		}
		slices.Sort(codes)
		if _, twice := found[result.Name]; twice {
			t.Errorf("%s is there twice", result.Name)
		}
		found[result.Name] = row{result.Name, result.Verdict, slices.Compact(codes)}
		if open := result.Verdict == "fail" && result.Name != "ChatVendor"; result.Exploitable != open {
			t.Errorf("%s: exploitable is %v", result.Name, result.Exploitable)
		}
	}
	return found
}
