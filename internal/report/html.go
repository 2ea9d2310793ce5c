package report

import (
	"bytes"
	"io"
	"regexp"
	"time"

	"countersign/internal/audit"
	"countersign/internal/rule"
	"countersign/trust"
)

// htmlWriter writes one page that needs nothing beside it: styles, script and
// pictures are in it, and it forbids itself to ask for anything.
//
// A page begins with the sums and shows the worst first, which is known at the
// end only. So what is written of each finding is kept until then, packed: of
// every finding a row, and of the first ones of each group all there is to know.
type htmlWriter struct {
	options Options
	w       io.Writer
	packer  packer
	text    bytes.Buffer // the piece that is being written
	groups  [len(htmlGroups)]htmlFindings
	anchors map[string]bool // the fingerprints that have a place in the page
	facts   facts
}

// htmlFindings are the findings of a group. Each of the first ones is there
// twice, since which of the two is shown is known at the end only.
type htmlFindings struct {
	found, detailed int
	details, rows   spool
}

// How much of the page is findings at length. The rest of them are rows, so
// that a browser can still cope.
const (
	mostDetailed    = 2000
	mostDetailBytes = 32 << 20
)

// htmlGroups are the groups of findings, the worst first. Those that have
// nothing to tell but how they end are rows from the start.
var htmlGroups = [...]struct {
	class, title, about string
	brief               bool
}{
	{"critical", "Critical", "", false},
	{"high", "High", "", false},
	{"medium", "Medium", "", false},
	{"low", "Low", "", false},
	{"error", "Could not be judged", "The trust policy has no meaning, or could not be read.", false},
	{"unknown", "Could not be decided", "It depends on something that cannot be read.", false},
	{"settled", "Waived or known", "Accepted for a time by somebody, or known to the baseline. They do not lift the score.", false},
	{"pass", "Pass", "Outsiders get in, and only with a countersign.", true},
	{"not-applicable", "Not applicable", "Nobody outside the zone of trust gets in.", true},
}

const (
	passGroup   = settledRank + 1
	closedGroup = settledRank + 2
)

func groupOf(finding *rule.Finding) int {
	switch finding.Verdict.Outcome {
	case trust.Pass:
		return passGroup
	case trust.NotApplicable:
		return closedGroup
	}
	return rankOf(finding)
}

func newHTML(w io.Writer, options Options) Writer {
	if options.Now.IsZero() {
		options.Now = time.Now()
	}
	return &htmlWriter{options: options, w: w, anchors: map[string]bool{}, facts: newFacts()}
}

func (h *htmlWriter) Finding(finding *rule.Finding) error {
	told := newResult(finding, &h.options)
	at := groupOf(finding)
	group := &h.groups[at]
	group.found++
	row := newHTMLRow(finding, told, &h.options)
	row.Class, row.Badge = htmlGroups[at].class, badgeOf(finding, at)
	anchor := ""
	if !htmlGroups[at].brief && group.detailed < mostDetailed && group.details.size < mostDetailBytes {
		group.detailed++
		// A role that was met twice has its place where it was met first.
		if anchor = finding.Fingerprint; h.anchors[anchor] || !isFingerprint.MatchString(anchor) {
			anchor = ""
		}
		h.anchors[anchor] = true
		if err := h.keep(&group.details, "finding", newHTMLFinding(finding, told, row, anchor, &h.options)); err != nil {
			return err
		}
	}
	h.facts.add(finding, row, at, group.found-1, anchor, &h.options)
	return h.keep(&group.rows, "row", row)
}

// isFingerprint is what can stand in an address as it is (docs/fingerprint.md).
var isFingerprint = regexp.MustCompile(`^cs[0-9]+-[0-9a-f]+$`)

// badgeOf is the word that stands before a finding.
func badgeOf(finding *rule.Finding, group int) string {
	switch {
	case group == settledRank:
		return settledWord(finding)
	case finding.Verdict.Outcome == trust.Fail:
		return finding.Severity.String()
	case group == closedGroup:
		return "not applicable"
	}
	return string(finding.Verdict.Outcome)
}

// keep writes a piece of the page and sets it aside.
func (h *htmlWriter) keep(to *spool, template string, data any) error {
	h.text.Reset()
	if err := pageTemplates.ExecuteTemplate(&h.text, template, data); err != nil {
		return err
	}
	return to.add(&h.packer, h.text.Bytes())
}

func (h *htmlWriter) Close(s audit.Summary) error {
	out := &pageWriter{w: h.w}
	out.show("head", h.head(s))
	detailed := h.detailed()
	out.show("map", h.facts.trustMap(h.options.All, detailed))
	out.show("findings", h.filters())
	for i := range h.groups {
		if h.groups[i].found > 0 {
			h.group(i, detailed[i], out)
		}
	}
	out.show("parties", h.facts.partyTable())
	out.show("compliance", h.evidence(s))
	out.show("tail", newHTMLTail())
	return out.err
}

// detailed says how many findings of each group are written at length.
func (h *htmlWriter) detailed() (most [len(htmlGroups)]int) {
	left := mostDetailed
	for i := range h.groups {
		most[i] = min(h.groups[i].detailed, left)
		left -= most[i]
	}
	return most
}

// group writes the findings of a group: so many of them at length, the others
// as rows.
func (h *htmlWriter) group(at, detailed int, out *pageWriter) {
	group, about := &h.groups[at], htmlGroups[at]
	out.show("group", htmlGroupHead{about.class, about.title, about.about, group.found})
	n := 0
	for piece, err := range group.details.pieces() {
		if n == detailed || err != nil {
			out.fail(err)
			break
		}
		n++
		_, _ = out.Write(piece)
	}
	const rowsInTable = 200 // what a browser lays out at a time
	n = 0
	for row, err := range group.rows.pieces() {
		out.fail(err)
		if n++; n <= detailed {
			continue
		}
		if before := n - 1 - detailed; before%rowsInTable == 0 {
			if before > 0 {
				out.show("rows-end", nil)
			}
			out.show("rows", htmlRows{
				Title: about.title, From: n, To: min(n+rowsInTable-1, group.found),
				Continued: before > 0, InShort: !about.brief,
			})
		}
		_, _ = out.Write(row)
	}
	if n > detailed {
		out.show("rows-end", nil)
	}
	out.show("group-end", nil)
}

type htmlGroupHead struct {
	Class, Title, About string
	Found               int
}

// htmlRows is a table of rows.
type htmlRows struct {
	Title     string
	From, To  int  // of the group's findings, from 1
	Continued bool // another table stands above
	InShort   bool // there would be more to tell
}

// pageWriter writes until something goes wrong, and remembers what.
type pageWriter struct {
	w   io.Writer
	err error
}

func (p *pageWriter) Write(text []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	n, err := p.w.Write(text)
	p.err = err
	return n, err
}

func (p *pageWriter) show(template string, data any) {
	if p.err == nil {
		p.fail(pageTemplates.ExecuteTemplate(p, template, data))
	}
}

func (p *pageWriter) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}
