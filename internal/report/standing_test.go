package report

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"countersign/internal/audit"
	"countersign/internal/report/schematest"
	"countersign/internal/rule"
	"countersign/internal/waiver"
	"countersign/trust"
)

// evilReason is what a stranger may write as a reason: it drives terminals, breaks
// lines, and is markup or a command to somebody.
const evilReason = "x\x1b[31m\r\n::error::y\n| a | b |\n</script>\u202e\u0085\x00\xff=1+1`@team` ]]> ${y} www.example.com"

func hostileWaiver() *rule.Waiver {
	return &rule.Waiver{Reason: evilReason, Owner: evilReason, Until: time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC), Path: "a\x1b.tf", Line: 7, Inline: true}
}

func TestNothingInAWaiverIsObeyed(t *testing.T) {
	findings, _ := everything(t)
	notes := []waiver.Note{{State: waiver.Refused, Waiver: waiver.Waiver{Waiver: *hostileWaiver(), Rule: "IAM-050", Role: evilReason}, Why: evilReason}}
	for _, finding := range findings {
		switch finding.Verdict.Outcome {
		case trust.Fail, trust.Undecided:
			finding.Waiver = hostileWaiver()
		default:
			finding.Lapsed = hostileWaiver()
		}
	}
	for _, format := range Formats {
		t.Run(format.Name, func(t *testing.T) {
			got := write(t, format.Name, sampleOptions, findings, audit.Summary{Roles: 2, Fail: 2, Waived: 2, Waivers: notes})
			switch format.Name {
			case "json":
				schematest.Document(t, got)
			case "jsonl":
				schematest.Lines(t, got)
			}
			if !utf8.Valid(got) {
				t.Error("it is not UTF-8")
			}
			for _, r := range string(got) {
				if r != '\n' && r != '\r' && r != '\t' && r != 0x200b && r != utf8.RuneError && !unicode.IsPrint(r) {
					t.Fatalf("%U stands there", r)
				}
			}
			if bytes.Contains(got, []byte("\r")) && format.Name != "csv" && format.Name != "html" {
				t.Error("a carriage return stands there")
			}
			for line := range strings.Lines(string(got)) {
				if strings.HasPrefix(line, "::error::y") || strings.HasPrefix(line, "| a | b |") {
					t.Errorf("a line of the reason's own: %s", line)
				}
			}
		})
	}
}

func TestWaivedFindingsAreMarkedInEveryFormat(t *testing.T) {
	plain := newSample(t, "Accepted", twoOpenStatements)
	plain.fails(rule.Medium, "arn:aws:iam::444455556666:user/mallory", trust.UserKey, trust.Reason{Code: "no-condition", Range: plain.find("sts:AssumeRole", 1)})
	plain.Waiver = &rule.Waiver{Reason: "the vendor is asked", Owner: "cloud", Until: time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC), Path: "countersign.yaml", Line: 7}
	for format, want := range map[string][]string{
		"text":     {"fail     medium    Accepted  (waived)", "waived     until 2027-03-31 by cloud: the vendor is asked (countersign.yaml:7)", "1 fail (1 medium); 1 waived"},
		"json":     {`"waiver":{"reason":"the vendor is asked","owner":"cloud","until":"2027-03-31","source":{"path":"countersign.yaml","line":7}}`, `"fail":1`, `"waived":1`},
		"jsonl":    {`"waiver":{"reason":"the vendor is asked"`},
		"sarif":    {`"suppressions":[{"kind":"external","status":"accepted","justification":"until 2027-03-31 by cloud: the vendor is asked"}]`},
		"markdown": {"### countersign: no role fails that is neither waived nor known", "| waived |", "the vendor is asked"},
		"github":   {"::notice ", "waived until 2027-03-31 by cloud: the vendor is asked"},
		"junit":    {`failures="0"`, `<skipped message="waived until 2027-03-31 by cloud: the vendor is asked; `},
		"ocsf":     {`"status":"Suppressed"`, `the vendor is asked`},
		"asff":     {`"Status":"SUPPRESSED"`},
		"csv":      {",until 2027-03-31 by cloud: the vendor is asked,,\r\n"},
	} {
		got := string(write(t, format, Options{Width: 80}, []*rule.Finding{plain.Finding}, audit.Summary{Roles: 1, Fail: 1, Waived: 1}))
		for _, one := range want {
			if !strings.Contains(got, one) {
				t.Errorf("%s does not say %q:\n%s", format, one, got)
			}
		}
	}
}
