package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/report/schematest"
	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"
)

const plantedID = "zebra-prod-7731-crossing"

// partyFindings are roles of two parties that share an external ID, one open to
// anyone, and one that a stranger named.
func partyFindings(t *testing.T) []*rule.Finding {
	t.Helper()
	guarded := func(name, account string) *rule.Finding {
		s := newSample(t, name, `{"Statement": {"Effect": "Allow", "Principal": {"AWS": "`+account+`"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "`+plantedID+`"}}}}`)
		s.Verdict.Outcome, s.Verdict.Protection = trust.Pass, []string{"external-id"}
		s.Verdict.Outsiders = []trust.Outsider{{Account: account, Principal: account}}
		return s.Finding
	}
	logs, audits := guarded("DatadogLogs", "464622532012"), guarded("Audits", "777788889999")
	logs.Role.LastUsed = role.LastUsed{Known: true, At: time.Date(2026, 11, 2, 20, 42, 12, 0, time.UTC)}
	metrics := newSample(t, "DatadogMetrics", `{"Statement": {"Effect": "Allow", "Principal": {"AWS": "865078226113"}, "Action": "sts:AssumeRole"}}`)
	metrics.fails(rule.Medium, "arn:aws:iam::865078226113:user/mallory", trust.UserKey, trust.Reason{Code: "no-condition"})
	metrics.Verdict.Outsiders = []trust.Outsider{{Account: "865078226113", Unguarded: true}}
	metrics.Role.LastUsed = role.LastUsed{Known: true}
	unclear := undecided(t)
	unclear.Verdict.Outsiders = []trust.Outsider{{Account: "444455556666", Unguarded: true}}
	return []*rule.Finding{logs, metrics.Finding, percentEncoded(t), audits, unclear, notApplicable(t), hostileParty(t)}
}

// hostileParty tries to steer terminals and spreadsheets.
func hostileParty(t *testing.T) *rule.Finding {
	s := newSample(t, "=cmd|' /C calc'!A0\x1b[2J", `{"Statement": {"Effect": "Allow", "Principal": {"AWS": "222233334444"}, "Action": "sts:AssumeRole"}}`)
	s.Role.ARN = ""
	s.Role.Source.Path, s.Role.Source.Address = "@dump\x1b]0;owned\x07", "+module.a"
	s.fails(rule.Medium, "", "", trust.Reason{Code: "no-condition"})
	s.Verdict.Outsiders = []trust.Outsider{{Account: "222233334444", Unguarded: true}}
	return s.Finding
}

func writeParties(t *testing.T, format string, options Options, findings []*rule.Finding, summary audit.Summary) []byte {
	t.Helper()
	var out bytes.Buffer
	writer, err := NewParties(format, &out, options)
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range findings {
		if err := writer.Finding(finding); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(summary); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var partySummary = audit.Summary{Roles: 9, Fail: 3, Pass: 2, NotApplicable: 2, Unknown: 1, Error: 1, Incomplete: []audit.Incomplete{
	{Source: "exports/old.json.gz", Reason: "unexpected end of the compressed data", Hint: "download the file again"},
}}

func TestInventoriesLookLikeTheGoldenFiles(t *testing.T) {
	for _, format := range PartyFormats {
		got := writeParties(t, format, sampleOptions, partyFindings(t), partySummary)
		if format == "json" {
			schematest.Parties(t, got)
		}
		golden(t, "third-parties."+format+".golden", got)
		golden(t, "third-parties-empty."+format+".golden", writeParties(t, format, Options{}, nil, audit.Summary{Roles: 2}))
	}
	schematest.Parties(t, writeParties(t, "json", Options{}, nil, audit.Summary{}))
}

// Sharing is told without the external ID, whatever is asked for.
func TestNoInventoryShowsAnExternalID(t *testing.T) {
	for _, format := range PartyFormats {
		for _, shown := range []bool{false, true} {
			got := string(writeParties(t, format, Options{ShowExternalIDs: shown}, partyFindings(t), partySummary))
			for _, piece := range strings.Split(plantedID, "-") {
				if piece != "prod" && strings.Contains(got, piece) {
					t.Errorf("%s shows %q:\n%s", format, piece, got)
				}
			}
			if !strings.Contains(got, "#1") && !strings.Contains(got, `"group":1`) {
				t.Errorf("%s does not tell what is shared:\n%s", format, got)
			}
		}
	}
}

func TestInventoriesSteerNoTerminalAndNoSpreadsheet(t *testing.T) {
	for _, format := range PartyFormats {
		got := writeParties(t, format, Options{}, partyFindings(t), partySummary)
		if bytes.ContainsAny(got, "\x1b\x07") {
			t.Errorf("%s holds control characters:\n%q", format, got)
		}
	}
	records, err := csv.NewReader(bytes.NewReader(writeParties(t, "csv", Options{}, partyFindings(t), partySummary))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records {
		for _, cell := range record {
			if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
				t.Errorf("a spreadsheet may run %q", cell)
			}
		}
	}
}

// A name of the user's changes the label, and nothing about the role.
func TestANameInAnInventoryChangesNoVerdict(t *testing.T) {
	roles := func(options Options) map[string][3]any {
		var document struct {
			Parties []struct{ Roles []partyRole } `json:"third_parties"`
		}
		if err := json.Unmarshal(writeParties(t, "json", options, partyFindings(t), partySummary), &document); err != nil {
			t.Fatal(err)
		}
		found := map[string][3]any{}
		for _, party := range document.Parties {
			for _, one := range party.Roles {
				found[one.Name] = [3]any{one.Verdict, one.Severity, one.Unguarded}
			}
		}
		return found
	}
	named, unnamed := roles(sampleOptions), roles(Options{})
	if len(named) == 0 || len(named) != len(unnamed) {
		t.Fatalf("%d and %d roles", len(named), len(unnamed))
	}
	for name, want := range unnamed {
		if named[name] != want {
			t.Errorf("%s: %v with a name, %v without", name, named[name], want)
		}
	}
}

func TestAnInventoryThatCannotBeWrittenSaysSo(t *testing.T) {
	for _, format := range PartyFormats {
		writer, err := NewParties(format, failing{}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := writer.Close(audit.Summary{}); !errors.Is(err, errFull) {
			t.Errorf("%s: got %v", format, err)
		}
	}
	if _, err := NewParties("sarif", nil, Options{}); err == nil || err.Error() != `unknown format "sarif" (text, json, csv)` {
		t.Errorf("got %v", err)
	}
}

var errFull = errors.New("the disk is full")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }
