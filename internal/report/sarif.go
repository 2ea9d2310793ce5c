package report

import (
	"io"
	"strings"

	"countersign/docs"
	"countersign/internal/audit"
	"countersign/internal/rule"
	"countersign/trust"
)

// sarifWriter writes SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange
// Format Version 2.1.0"). The rules are known beforehand, so results go out as
// they come, and what went wrong in the run follows them.
type sarifWriter struct {
	encoder
	results int
}

func newSARIF(w io.Writer, options Options) Writer {
	return &sarifWriter{encoder: newEncoder(w, options)}
}

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	// sourceRoot is what the paths of results are relative to.
	sourceRoot = "SRCROOT"
)

func (s *sarifWriter) Finding(finding *rule.Finding) error {
	if s.results == 0 {
		s.head()
	} else {
		s.text(",\n")
	}
	s.results++
	s.value(newSARIFResult(finding, &s.options))
	return s.err
}

func (s *sarifWriter) head() {
	s.text(`{"$schema":"` + sarifSchema + `","version":"2.1.0","runs":[{"tool":`)
	s.value(sarifTool{sarifDriver{
		Name: "countersign", Version: s.options.Version, Language: "en-US", Rules: sarifRules(s.options.Compliance),
	}})
	s.text(",\n\"language\":\"en-US\",\"newlineSequences\":[\"\\n\"],\"columnKind\":\"unicodeCodePoints\",\"originalUriBaseIds\":")
	s.value(map[string]sarifBase{sourceRoot: {sarifText{"the root of the git work tree, else the directory that was scanned"}}})
	s.text(",\n\"results\":[\n")
}

func (s *sarifWriter) Close(summary audit.Summary) error {
	if s.results == 0 {
		s.head()
	}
	s.text("\n],\n\"invocations\":[")
	s.value(s.invocation(summary))
	s.text("],\n\"properties\":")
	s.value(struct {
		Zone    zone           `json:"zone"`
		Summary map[string]int `json:"summary"`
	}{newZone(s.options.Zone), map[string]int{
		"roles": summary.Roles, "fail": summary.Fail, "pass": summary.Pass, "notApplicable": summary.NotApplicable,
		"unknown": summary.Unknown, "error": summary.Error, "waived": summary.Waived,
	}})
	s.text("}]}\n")
	return s.flush()
}

// invocation says whether everything was read, and what was not.
func (s *sarifWriter) invocation(summary audit.Summary) sarifInvocation {
	made := sarifInvocation{ExecutionSuccessful: len(summary.Incomplete) == 0}
	for _, missing := range summary.Incomplete {
		text := missing.Reason
		if missing.Account != "" {
			text = "account " + s.options.nameAccount(missing.Account) + ": " + text
		}
		if missing.Hint != "" {
			text += "; " + missing.Hint
		}
		notification := sarifNotification{Level: "error", Message: sarifMessage(text)}
		if missing.Source != "" {
			notification.Message = sarifMessage(missing.Source + ": " + text)
		}
		made.Notifications = append(made.Notifications, notification)
	}
	return made
}

// sarifRules describes the rules; help comes from their pages.
func sarifRules(frameworks []string) []sarifRule {
	var made []sarifRule
	for _, known := range rule.Rules {
		read := "See " + known.Page + ", or run: countersign rules " + known.ID
		made = append(made, sarifRule{
			ID: known.ID, Name: pascal(known.Title),
			Short:  sarifText{known.Title},
			Full:   sarifText{"Fails when " + known.Description + "."},
			Help:   sarifHelp{read, introduction(known.ID) + "\n\n" + read},
			Config: sarifConfiguration{"warning"},
			// GitHub takes 4.0 to 6.9 for medium, the rule's own risk
			// ("SARIF support for code scanning").
			Properties: map[string]any{
				"security-severity": "5.0", "tags": []string{"security", "aws", "iam"}, "precision": "very-high",
				"compliance": newControls(known.ID, frameworks),
			},
		})
	}
	return made
}

// introduction is the part of a rule's page that says what it checks and why.
// Its links lead into the page, so they are left out.
func introduction(id string) string {
	page, _ := docs.Rule(id)
	page, _, _ = strings.Cut(page, "\n## Audit\n")
	return innerLink.ReplaceAllString(page, "$1")
}

// sarifLevel is the level of a result. Only a fail has one.
func sarifLevel(finding *rule.Finding) string {
	if finding.Verdict.Outcome != trust.Fail {
		return "none"
	}
	switch finding.Severity {
	case rule.Critical, rule.High:
		return "error"
	case rule.Medium:
		return "warning"
	}
	return "note"
}

// securitySeverity is a number in the middle of the band that GitHub gives a
// severity.
var securitySeverity = map[rule.Severity]string{
	rule.Critical: "9.5", rule.High: "8.0", rule.Medium: "5.0", rule.Low: "2.0", rule.None: "0.0",
}

// sarifKind says what a result is ("result.kind", SARIF 3.27.9).
var sarifKind = map[trust.Outcome]string{
	trust.Fail: "fail", trust.Pass: "pass", trust.NotApplicable: "notApplicable",
	trust.Undecided: "open", trust.Broken: "review",
}
