package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"countersign/internal/audit"
	"countersign/internal/rule"
)

// csvWriter writes RFC 4180: a header, then one record for each finding.
// Columns are added at the end only.
type csvWriter struct {
	options Options
	w       *csv.Writer
	started bool
}

var csvHeader = []string{
	"fingerprint", "rule", "verdict", "severity", "exploitable", "waived",
	"account", "account_name", "role", "arn",
	"source", "path", "line", "column", "end_line", "end_column", "address",
	"reasons", "message", "remedy", "protection", "warnings", "depends_on",
	"external_accounts", "third_parties", "witness", "last_used", "compliance", "privilege", "privilege_because", "waiver", "baseline", "wider",
}

func newCSV(w io.Writer, options Options) Writer {
	writer := csv.NewWriter(w)
	writer.UseCRLF = true
	return &csvWriter{options: options, w: writer}
}

func (c *csvWriter) head() {
	if !c.started {
		c.started = true
		_ = c.w.Write(csvHeader) // Flush tells the error
	}
}

func (c *csvWriter) Finding(finding *rule.Finding) error {
	c.head()
	told := newResult(finding, &c.options)
	controls, _ := requirements(finding, &c.options)
	record := []string{
		told.Fingerprint, told.Rule, string(told.Verdict), told.Severity, strconv.FormatBool(told.Exploitable), strconv.FormatBool(finding.Waiver != nil),
		text(told.Account), c.options.AccountNames[text(told.Account)], finding.Role.Title(), text(told.ARN),
		told.Source.Kind, text(told.Source.Path), figure(told.Source.Line), figure(told.Source.Column),
		figure(told.Source.EndLine), figure(told.Source.EndColumn), text(told.Source.Address),
		joinedList(reasonCodes(told)), whole(finding), advice(finding), joinedList(told.Protection), joinedList(warningCodes(told)),
		joinedList(told.DependsOn), joinedList(outsideAccounts(told)), joinedList(ownersOf(told)),
		witnessed(finding, told), lastUsedOf(told), joinedList(controls),
		levelOf(told), becauseOf(told), waiverOf(finding), string(finding.Standing), joinedList(finding.Wider),
	}
	for i := range record {
		record[i] = csvCell(record[i])
	}
	return c.w.Write(record)
}

func (c *csvWriter) Close(audit.Summary) error {
	c.head()
	c.w.Flush()
	return c.w.Error()
}

// csvCell keeps spreadsheets from taking a stranger's text for a formula
// (OWASP, "CSV Injection").
func csvCell(value string) string {
	risky := value != "" && strings.ContainsRune("=+-@\t\r", rune(value[0]))
	value = printable(value)
	if risky {
		return "'" + value
	}
	return value
}

func joinedList(items []string) string { return strings.Join(items, "; ") }

func warningCodes(told *result) []string {
	var codes []string
	for _, warning := range told.Warnings[:min(len(told.Warnings), mostWarnings)] {
		codes = append(codes, warning.Code)
	}
	return codes
}

// lastUsedOf is a time, "never" for a role that was not used in the time that
// IAM keeps, or nothing where that is not known.
func lastUsedOf(told *result) string {
	switch {
	case told.LastUsed == nil:
		return ""
	case told.LastUsed.At == nil:
		return "never"
	}
	return told.LastUsed.At.Format(time.RFC3339)
}

// waiverOf says who has accepted a finding until when, or nothing.
func waiverOf(finding *rule.Finding) string {
	if finding.Waiver == nil {
		return ""
	}
	return acceptance(finding.Waiver)
}

func text(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}

func figure(value *int) string {
	if value == nil {
		return ""
	}
	return strconv.Itoa(*value)
}
