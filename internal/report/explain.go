package report

import (
	"fmt"
	"io"
	"strings"

	"countersign/internal/rule"
	"countersign/trust"
)

// Explain writes one finding at length: the policy with notes at its lines, the
// whole witness, what would close the role as lines to paste, and the verdict
// as a scan's text report has it.
func Explain(w io.Writer, finding *rule.Finding, options Options) error {
	e := &explanation{textWriter{page: newPage(w, options), options: options}}
	finding = discreet(finding, &e.options)
	e.head(finding)
	e.prose(2, trust.Explain(finding.Verdict)[0].Text)
	e.line()
	document := openDocument(finding, &e.options)
	e.policy(finding, document)

	verdict := finding.Verdict
	if verdict.Witness != nil {
		e.witness(verdict.Witness, document, true)
		e.line()
	}
	if len(verdict.Outsiders) > 0 || finding.Privilege != nil || finding.Role.LastUsed.Known {
		e.outsiders(verdict)
		e.worth(finding)
		e.line()
	}
	e.closing(verdict)
	e.dependsOn(verdict)
	e.assumed(finding)
	e.links(finding, false)
	e.line()
	e.title(finding, false)
	return e.w.Flush()
}

type explanation struct{ textWriter }

func (e *explanation) head(finding *rule.Finding) {
	e.line(e.style.paint(bold, printable(finding.Role.Title())))
	e.identity(finding)
	if account := finding.Role.KnownAccount(); account != "" {
		e.line("  account ", e.options.nameAccount(account))
	}
	reported := reportedPlace(finding)
	e.arrow(reported.Path, reported.Line, reported.Column, "")
	e.elsewhere(finding)
	e.line()
}

// policy shows the whole policy with its notes, and below it what has no place
// in it.
func (e *explanation) policy(finding *rule.Finding, document *document) {
	notes := notesOn(finding)
	if problem := finding.Verdict.Problem; problem != "" {
		notes = append(notes, note{document.fault(), "", problem, outcomeColor(finding)})
	}
	if document.parsed && document.oneLine() {
		document = document.relaid()
	}
	notes, loose := placed(document, notes)

	switch {
	case document.hidden != "":
		e.prose(2, document.hidden)
		loose = append(notes, loose...)
		e.line()
	case document.file != nil && len(document.file.Text) > 0:
		e.listing(document, notes)
		e.line()
	}
	for _, n := range loose {
		e.prose(2, n.placed())
	}
	if len(loose) > 0 {
		e.line()
	}
}

// note is something to say of a place of the policy.
type note struct {
	place  trust.Range
	code   string // may be empty
	text   string
	accent string // colour
}

func (n note) String() string {
	if n.code == "" {
		return printable(n.text)
	}
	return printable(n.code) + ": " + printable(n.text)
}

// placed is the note with the place it speaks of, for where that is not shown.
func (n note) placed() string {
	if n.place.File == nil || n.place.File.Name == "" {
		return n.String()
	}
	return fmt.Sprintf("%s:%d:%d: %s", printable(n.place.File.Name), n.place.Line(), n.place.Column(), n.String())
}

// roles say what a statement does to outsiders, where the verdict does not say
// it in words of its own.
var roles = map[trust.StatementRole]string{
	trust.Opens:     "lets outsiders in without a countersign",
	trust.Guarded:   "lets outsiders in with a countersign only",
	trust.Inside:    "lets nobody in from outside the zone of trust",
	trust.NotAssume: "does not allow sts:AssumeRole",
	trust.Dead:      "can be satisfied by nobody",
	trust.Protects:  "keeps out who has no countersign",
	trust.Idle:      "changes nothing for outsiders",
}

func notesOn(finding *rule.Finding) []note {
	verdict := finding.Verdict
	var notes []note
	for _, part := range verdict.Parts {
		text := part.Message
		if text == "" {
			text = roles[part.Role]
		}
		accent := cyan
		switch part.Role {
		case trust.Opens:
			accent = outcomeColor(finding)
		case trust.Guarded, trust.Protects:
			accent = green
		}
		notes = append(notes, note{part.Range, fmt.Sprintf("statement %d, %s", part.Statement+1, part.Role), text, accent})
	}
	for _, reason := range verdict.Reasons {
		notes = append(notes, note{reason.Range, reason.Code, reason.Message, outcomeColor(finding)})
	}
	for _, warning := range verdict.Warnings {
		notes = append(notes, note{warning.Range, "warning, " + warning.Code, warning.Message, yellow})
	}
	return notes
}

// closing says what would close the role, and shows the lines to paste.
func (e *explanation) closing(verdict *trust.Verdict) {
	remedies := remediesFor(verdict)
	if len(remedies) == 0 {
		return
	}
	for i, remedy := range remedies {
		e.field(once("to close", i), remedy.String())
	}
	blocks := merged(remedies)
	for _, block := range blocks {
		e.line()
		if len(blocks) > 1 && len(block.statements) > 0 {
			e.line(strings.Repeat(" ", labelColumns), statementNames(block.statements), ":")
		}
		for _, text := range block.lines() {
			e.line(strings.TrimRight(strings.Repeat(" ", labelColumns+2)+text, " "))
		}
	}
	e.line()
}
