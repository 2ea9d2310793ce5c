package report

import (
	"fmt"
	"io"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/compliance"
	"countersign/internal/rule"
	"countersign/trust"
)

// markdownWriter writes a comment for a pull request: the sums, a table of the
// findings with the worst first, and what there is to know of each, folded.
//
// The order and the sums are known at the end only, so rows and details are
// held until then, of each rank no more than a comment can hold.
type markdownWriter struct {
	options Options
	w       io.Writer
	ranks   [lowestRank + 1]markdownRank
	fails   severityCounts
	settled int // fails that are waived or known
}

// mostMarkdown is how long a comment on GitHub may be, 65,536 characters, less
// what a pipeline may put around it. Bytes are counted, so it is never longer.
const mostMarkdown = 64_000

// What the table takes at most, and where the list of what is incomplete ends.
const (
	mostTable      = mostMarkdown / 2
	mostIncomplete = 20
	mostCell       = 300 // bytes of a stranger's text in one cell
)

// markdownRank holds what is worth the same.
type markdownRank struct {
	found         int
	items         []markdownItem
	rows, details int // bytes of them
}

// markdownItem is what there is to show of a finding. Of a short one the row
// says all; other ones without details come behind the end.
type markdownItem struct {
	row, details string
	short        bool
}

// A finding's rank, the worst first: fails by severity, then what could not be
// judged, what could not be decided, what is waived or known, and the rest.
const (
	brokenRank    = int(rule.Critical)
	undecidedRank = brokenRank + 1
	settledRank   = undecidedRank + 1
	lowestRank    = settledRank + 1
)

func rankOf(finding *rule.Finding) int {
	if !finding.Counts() {
		return settledRank
	}
	switch finding.Verdict.Outcome {
	case trust.Fail:
		return int(rule.Critical) - max(int(finding.Severity), int(rule.Low))
	case trust.Broken:
		return brokenRank
	case trust.Undecided:
		return undecidedRank
	}
	return lowestRank
}

func newMarkdown(w io.Writer, options Options) Writer {
	return &markdownWriter{options: options, w: w}
}

func (m *markdownWriter) Finding(finding *rule.Finding) error {
	if finding.Verdict.Outcome == trust.Fail {
		m.fails[finding.Severity]++
		if !finding.Counts() {
			m.settled++
		}
	}
	rank := &m.ranks[rankOf(finding)]
	rank.found++
	if rank.rows > mostTable {
		return nil // its place would be behind the end
	}
	item := markdownItem{row: m.row(finding), short: isShort(finding)}
	if !item.short && rank.details <= mostMarkdown {
		item.details = m.folded(finding)
	}
	rank.items = append(rank.items, item)
	rank.rows += len(item.row)
	rank.details += len(item.details)
	return nil
}

// row is the line of the table.
func (m *markdownWriter) row(finding *rule.Finding) string {
	verdict := finding.Verdict
	worth := string(verdict.Outcome)
	switch {
	case settledWord(finding) != "":
		worth = settledWord(finding)
	case verdict.Outcome == trust.Fail:
		worth = finding.Severity.String()
	}
	var why []string
	for _, reason := range verdict.Reasons[:min(len(verdict.Reasons), 3)] {
		why = append(why, markdownCode(reason.Code))
	}
	if more := len(verdict.Reasons) - 3; more > 0 {
		why = append(why, count(more, "more", "more"))
	}
	for _, kind := range verdict.Protection {
		why = append(why, markdownCode(kind))
	}
	if len(why) == 0 && verdict.Problem != "" {
		why = append(why, markdownText(verdict.Problem))
	}
	if len(why) == 0 {
		for _, name := range verdict.DependsOn[:min(len(verdict.DependsOn), 3)] {
			why = append(why, markdownCode(name))
		}
	}
	account := ""
	if known := finding.Role.KnownAccount(); known != "" {
		account = markdownText(m.options.nameAccount(known))
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s |\n", worth, markdownCode(finding.Role.Title()), account,
		strings.Join(why, ", "), m.where(finding))
}

func (m *markdownWriter) where(finding *rule.Finding) string {
	place := reportedPlace(finding)
	name := fromRoot(finding, place.Path)
	switch {
	case name == "":
		return ""
	case place.Line > 0:
		name = fmt.Sprintf("%s:%d", name, place.Line)
	}
	return markdownCode(name)
}

// folded is what there is to know of a finding, behind its headline.
func (m *markdownWriter) folded(finding *rule.Finding) string {
	text := details(finding, m.options)
	const most = 6000
	if len(text) > most {
		text = text[:runeStart([]byte(text), most, 0)] + "\n  …"
	}
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fmt.Sprintf("<details>\n<summary>%s</summary>\n\n%stext\n%s\n%s\n\n</details>\n",
		markdownCode(finding.Role.Title())+": "+markdownText(headlineOf(finding)), fence, text, fence)
}

// headlineOf is the headline without the name.
func headlineOf(finding *rule.Finding) string {
	switch finding.Verdict.Outcome {
	case trust.Fail:
		return finding.Severity.String()
	case trust.Undecided:
		return obstacle(finding.Verdict)
	case trust.Broken:
		return finding.Verdict.Problem
	}
	return string(finding.Verdict.Outcome)
}

func (m *markdownWriter) Close(s audit.Summary) error {
	kept, total := m.worstFirst()
	head := m.heading(s) + "\n" + markdownText(summaryLine(s, &m.fails)) + "\n"
	tail := m.evidence() + m.incomplete(s)
	const spare = 300 // for the lines about what is left out
	room := mostMarkdown - len(head) - len(tail) - spare
	rows, shown := table(kept, min(mostTable, room), total)
	_, err := io.WriteString(m.w, head+rows+folds(kept[:shown], room-len(rows))+tail)
	return err
}

// worstFirst returns what may be shown, and how many findings there are.
func (m *markdownWriter) worstFirst() (kept []markdownItem, total int) {
	complete := true
	for i := range m.ranks {
		rank := &m.ranks[i]
		if complete {
			kept = append(kept, rank.items...)
		}
		complete = complete && rank.found == len(rank.items)
		total += rank.found
	}
	return kept, total
}

// heading says what has to be known at first sight.
func (m *markdownWriter) heading(s audit.Summary) string {
	switch open := s.Fail - m.settled; {
	case open > 0:
		return "### countersign: " + count(open, "role fails", "roles fail") + "\n"
	case s.Error > 0 || len(s.Incomplete) > 0:
		return "### countersign: no failing role was found, and not everything could be judged\n"
	case s.Fail > 0:
		return "### countersign: no role fails that is neither waived nor known\n"
	case s.Unknown > 0:
		return "### countersign: no failing role was found, " + fmt.Sprint(s.Unknown) + " could not be decided\n"
	}
	return "### countersign: no role fails\n"
}

// table writes as many rows as there is room for.
func table(kept []markdownItem, room, total int) (text string, shown int) {
	if len(kept) == 0 {
		return "", 0
	}
	text = "\n| severity | role | account | why | where |\n|---|---|---|---|---|\n"
	var out strings.Builder
	for _, item := range kept {
		if len(text)+out.Len()+len(item.row) > room {
			break
		}
		out.WriteString(item.row)
		shown++
	}
	if shown < total {
		fmt.Fprintf(&out, "\n%d more are not shown: a comment has no room for them.\n", total-shown)
	}
	return text + out.String(), shown
}

// folds writes the details of findings, as far as there is room.
func folds(items []markdownItem, room int) string {
	var out strings.Builder
	left := 0
	for _, item := range items {
		switch {
		case item.short:
		case left > 0 || item.details == "" || out.Len()+len(item.details)+1 > room:
			left++
		default:
			out.WriteString("\n" + item.details)
		}
	}
	if left > 0 {
		fmt.Fprintf(&out, "\nThe details of %d more are left out: a comment has no room for them.\n", left)
	}
	return out.String()
}

// evidence counts the results by the controls that were asked for.
func (m *markdownWriter) evidence() string {
	var out strings.Builder
	for _, asked := range m.options.Compliance {
		framework, ok := compliance.Find(asked)
		if !ok {
			continue
		}
		fmt.Fprintf(&out, "\n| evidence for %s | relation | roles |\n|---|---|---|\n", markdownText(framework.Title()))
		for _, one := range framework.Controls {
			fmt.Fprintf(&out, "| %s | %s | %s: %s |\n", markdownText(one.ID+" "+one.Title), one.Relation, one.Rule, m.options.tally.String(one.Rule))
		}
	}
	return out.String()
}

// incomplete lists what could not be read.
func (m *markdownWriter) incomplete(s audit.Summary) string {
	if len(s.Incomplete) == 0 {
		return ""
	}
	var out strings.Builder
	out.WriteString("\n**Incomplete**: this could not be read or judged.\n\n")
	for _, one := range s.Incomplete[:min(len(s.Incomplete), mostIncomplete)] {
		out.WriteString("- ")
		if one.Source != "" {
			out.WriteString(markdownCode(one.Source) + " ")
		}
		if one.Account != "" {
			out.WriteString("account " + markdownText(m.options.nameAccount(one.Account)) + " ")
		}
		out.WriteString(markdownText(one.Reason) + "\n")
	}
	if more := len(s.Incomplete) - mostIncomplete; more > 0 {
		fmt.Fprintf(&out, "- %d more\n", more)
	}
	return out.String()
}

// markdownCode shows a stranger's text as code, in which GitHub finds neither
// mentions nor references nor addresses.
func markdownCode(text string) string {
	if text == "" {
		return ""
	}
	return "<code>" + markdownEscapes.Replace(clipBytes(printable(text))) + "</code>"
}

// markdownText shows text so that nothing in it is Markdown or HTML, and that
// nobody is called by it.
func markdownText(text string) string {
	text = markdownEscapes.Replace(clipBytes(printable(text)))
	return strings.ReplaceAll(text, "&#64;", "&#64;\u200b")
}

// markdownEscapes spells everything that Markdown, GitHub or HTML reads more
// into (GitHub Flavored Markdown 6.1: any of it may be given as a reference).
var markdownEscapes = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;",
	"`", "&#96;", "|", "&#124;", "*", "&#42;", "_", "&#95;", "~", "&#126;", `\`, "&#92;",
	"[", "&#91;", "]", "&#93;", "!", "&#33;", "#", "&#35;", "@", "&#64;", "$", "&#36;", "://", "&#58;//", "www.", "&#119;ww.",
)

// clipBytes shortens text that would fill a cell or more.
func clipBytes(text string) string {
	if len(text) <= mostCell {
		return text
	}
	return text[:runeStart([]byte(text), mostCell, 0)] + "…"
}
