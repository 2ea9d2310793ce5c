// Package report writes what an audit found, for people and for programs: one
// file for each format, and one table of their names.
//
// Findings are written as they come; nothing is kept but counts. External IDs
// of the policies that are shown are redacted unless Options say otherwise, and
// whatever could steer a terminal is shown escaped.
package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"countersign/internal/audit"
	"countersign/internal/compliance"
	"countersign/internal/rule"
	"countersign/internal/thirdparty"
	"countersign/trust"
)

// Writer takes the findings of one audit and, at its end, the summary. The
// writer below it is not closed. Errors are those of the writer below.
type Writer interface {
	audit.Sink
	Close(audit.Summary) error
}

// Options are what a report depends on beside the findings.
type Options struct {
	Color bool // terminal colours (text only)
	Width int  // columns of the terminal (text only); 0 means 80
	// ShowExternalIDs prints the external IDs of policies instead of a mask.
	ShowExternalIDs bool
	All             bool // also findings that pass or are not applicable
	Quiet           bool // findings alone, no summary line (text only)

	// AccountNames are the user's own names of accounts, by account id.
	AccountNames map[string]string
	// Parties knows who owns the accounts of outsiders.
	Parties *thirdparty.Directory
	// Compliance are the ids of the frameworks whose controls a report names;
	// none means all. Findings of rules that serve none of them are left out.
	Compliance []string
	Version    string // of this tool
	Zone       Zone
	// Scanned names what was read, as the user said it (html only).
	Scanned []string
	// Region is the AWS Region that findings are meant for (asff only); empty
	// means the first one of the role's partition.
	Region string
	// Now is when the audit took place; zero means the present.
	Now time.Time

	tally  tally   // of all findings, with Compliance; set by New
	opened *opened // the policy that was shown last; set by New
}

// Zone describes the zone of trust of an audit, for the reader of a report.
type Zone struct {
	Scope         string // "account" or "organization"; empty means "account"
	Organization  string // the accounts' own organization, where known
	Accounts      []ZoneAccount
	Organizations []string
}

// ZoneAccount is an account that is trusted beside the role's own.
type ZoneAccount struct {
	ID, Name string
	Roles    []string // the names of the roles it is trusted for; none means every role
}

// Format is one way to write a report.
type Format struct {
	Name    string
	Summary string // what it is for, in a few words
	open    func(io.Writer, Options) Writer
}

// Formats are all formats, the default one first.
var Formats = []Format{
	{"text", "for people at a terminal", newText},
	{"json", "one document (docs/schema/countersign.scan.v1.json)", newJSON},
	{"jsonl", "one result a line, then one line with the summary", newLines},
	{"sarif", "SARIF 2.1.0, for code scanning", newSARIF},
	{"markdown", "a comment for a pull request", newMarkdown},
	{"github", "annotations of GitHub Actions", newGitHub},
	{"junit", "JUnit XML, for test reports of pipelines", newJUnit},
	{"ocsf", "OCSF Compliance Findings, one JSON array", newOCSF},
	{"asff", "AWS Security Finding Format, one JSON array", newASFF},
	{"csv", "one finding a row, for spreadsheets", newCSV},
	{"html", "one page to read, filter, print and keep", newHTML},
}

// New makes a writer of the named format.
func New(format string, w io.Writer, options Options) (Writer, error) {
	names := make([]string, 0, len(Formats))
	for _, known := range Formats {
		if known.Name == format {
			if len(options.Compliance) > 0 {
				options.tally = tally{}
			}
			options.opened = &opened{}
			return &selection{known.open(w, options), options}, nil
		}
		names = append(names, known.Name)
	}
	return nil, fmt.Errorf("unknown format %q (%s)", format, strings.Join(names, ", "))
}

// selection leaves out what the reader did not ask for, whatever the format.
type selection struct {
	Writer
	options Options
}

func (s *selection) Finding(finding *rule.Finding) error {
	if len(s.options.Compliance) > 0 {
		if len(compliance.For(finding.Rule, s.options.Compliance)) == 0 {
			return nil
		}
		s.options.tally.count(finding)
	}
	switch finding.Verdict.Outcome {
	case trust.Pass, trust.NotApplicable:
		if !s.options.All {
			return nil
		}
	}
	return s.Writer.Finding(discreet(finding, &s.options))
}
