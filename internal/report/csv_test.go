package report

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"countersign/internal/audit"
	"countersign/internal/rule"
)

// records reads RFC 4180: records of as many fields as the header, ended by CR
// LF; no field is a formula.
func records(t check, got []byte) []map[string]string {
	t.Helper()
	if n := bytes.Count(got, []byte("\n")); n != bytes.Count(got, []byte("\r\n")) {
		t.Error("not every line ends with CR LF")
	}
	rows, err := csv.NewReader(bytes.NewReader(got)).ReadAll()
	if err != nil {
		t.Fatalf("%v\n%s", err, got)
	}
	var made []map[string]string
	for _, row := range rows[1:] {
		record := map[string]string{}
		for i, value := range row {
			record[rows[0][i]] = value
			if value != "" && strings.ContainsRune("=+-@\t\r", rune(value[0])) {
				t.Errorf("%s is a formula: %s", rows[0][i], value)
			}
		}
		made = append(made, record)
	}
	return made
}

func TestCellsAreNoFormulas(t *testing.T) {
	for _, name := range []string{`=HYPERLINK("https://evil.example")`, "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"} {
		finding := severalReasons(t)
		finding.Role.Name, finding.Role.ARN, finding.Role.Source.Path = name, name, name
		finding.Place.Path = name
		finding.Verdict.DependsOn = []string{name}
		record := records(t, write(t, "csv", Options{AccountNames: map[string]string{account: name}}, []*rule.Finding{finding}, audit.Summary{}))[0]
		for _, column := range []string{"role", "arn", "path", "account_name", "depends_on"} {
			if want := "'" + printable(name); record[column] != want {
				t.Errorf("%s: %q, want %q", column, record[column], want)
			}
		}
	}
}

func TestCSVHasOneRecordForEachFinding(t *testing.T) {
	findings, summary := everything(t)
	got := records(t, write(t, "csv", Options{All: true}, findings, summary))
	if len(got) != len(findings) {
		t.Fatalf("%d records of %d findings", len(got), len(findings))
	}
	for i, record := range got {
		if record["verdict"] != string(findings[i].Verdict.Outcome) || record["fingerprint"] != findings[i].Fingerprint {
			t.Errorf("record %d: %v", i, record)
		}
	}
	first := got[0]
	for column, want := range map[string]string{
		"severity": "medium", "exploitable": "true", "waived": "false", "account": account, "role": "VendorAccess", "line": "50", "column": "53",
		"reasons": "external-id-pattern; no-condition", "external_accounts": "444455556666; 777788889999", "last_used": "",
	} {
		if first[column] != want {
			t.Errorf("%s is %q, want %q", column, first[column], want)
		}
	}
	if used := got[5]["last_used"]; used != "2026-11-02T20:42:12Z" {
		t.Errorf("last used %q", used)
	}
	if used := got[7]["last_used"]; used != "never" {
		t.Errorf("last used %q", used)
	}
}

// The order of columns is a promise: others come behind.
func TestTheColumnsOfCSVStay(t *testing.T) {
	const want = "fingerprint,rule,verdict,severity,exploitable,waived,account,account_name,role,arn,source,path,line,column,end_line,end_column," +
		"address,reasons,message,remedy,protection,warnings,depends_on,external_accounts,third_parties,witness,last_used,compliance,privilege,privilege_because,waiver,baseline,wider\r\n"
	if got := string(write(t, "csv", Options{}, nil, audit.Summary{})); got != want {
		t.Errorf("got %s", got)
	}
}
