package report

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/rule"
	"countersign/trust"
)

// textWriter writes for people: accounts, in them roles, in them every reason
// with its place; at the end the sums and what was left out.
type textWriter struct {
	page
	options Options
	account string
	started bool
	compact bool // the last finding took its title line only
	fails   severityCounts
}

func newText(w io.Writer, options Options) Writer {
	return &textWriter{page: newPage(w, options), options: options}
}

func (t *textWriter) Finding(finding *rule.Finding) error {
	t.heading(finding.Role.KnownAccount())
	short := isShort(finding)
	t.apart(!short)
	t.compact = short
	t.title(finding, t.options.All)
	switch finding.Verdict.Outcome {
	case trust.Fail:
		t.fails[finding.Severity]++
		t.fail(finding)
	case trust.Undecided:
		t.undecided(finding)
	case trust.Broken:
		t.broken(finding)
	}
	t.warnings(finding)
	if !isSettled(finding.Verdict) {
		t.links(finding, true)
	}
	if !short {
		t.line()
	}
	return t.w.Flush()
}

// apart leaves a line between findings of one line and what is more than that.
func (t *textWriter) apart(longer bool) {
	if t.compact && longer {
		t.line()
	}
	t.compact = t.compact && !longer
}

// heading names the account when it is another than before.
func (t *textWriter) heading(account string) {
	if t.started && account == t.account {
		return
	}
	t.apart(true)
	t.started, t.account = true, account
	if account == "" {
		t.line(t.style.paint(bold, "account not known"))
	} else {
		t.line(t.style.paint(bold, "account "+t.options.nameAccount(account)))
	}
	t.line()
}

// nameAccount adds the user's own name to an account id.
func (o *Options) nameAccount(account string) string {
	if name := o.AccountNames[account]; name != "" {
		return printable(account) + " (" + printable(name) + ")"
	}
	return printable(account)
}

// nameOutsider adds the owner to an account id, where one is known.
func (o *Options) nameOutsider(account string) string {
	if party, ok := o.Parties.Lookup(account); ok {
		return printable(account) + " " + printable(party.String())
	}
	return printable(account)
}

// isShort reports whether a finding takes its title line only.
func isShort(finding *rule.Finding) bool {
	return isSettled(finding.Verdict) && len(finding.Verdict.Warnings) == 0
}

func isSettled(verdict *trust.Verdict) bool {
	return verdict.Outcome == trust.Pass || verdict.Outcome == trust.NotApplicable
}

// title is the line that begins a finding. With all verdicts in a report they
// take a wider column.
func (p *page) title(finding *rule.Finding, all bool) {
	verdict, color := finding.Verdict, outcomeColor(finding)
	severity := finding.Severity.String()
	note := ""
	switch verdict.Outcome {
	case trust.Pass:
		severity, note = "", strings.Join(verdict.Protection, ", ")
	case trust.NotApplicable:
		severity = ""
	case trust.Fail:
		if !verdict.Exploitable {
			note = "nobody can use it today"
		}
	case trust.Undecided:
		note = "the severity it has if it fails"
	case trust.Broken:
		severity = ""
	}
	width := len(trust.Undecided)
	if all {
		width = len(trust.NotApplicable)
	}
	outcome := fmt.Sprintf("%-*s", width, verdict.Outcome)
	p.w.WriteString(p.style.paint(color, fmt.Sprintf("%s  %-8s", outcome, severity)))
	p.w.WriteString("  " + p.style.paint(bold, printable(finding.Role.Title())))
	if word := settledWord(finding); word != "" {
		note = strings.TrimPrefix(note+"; "+word, "; ")
	}
	if note != "" {
		p.w.WriteString("  " + p.style.paint(dim, "("+printable(note)+")"))
	}
	p.line()
}

func outcomeColor(finding *rule.Finding) string {
	switch finding.Verdict.Outcome {
	case trust.Fail, trust.Undecided:
		return severityColor(finding.Severity)
	case trust.Broken:
		return bold + ";" + red
	case trust.Pass:
		return green
	}
	return dim
}

// identity names the role in full.
func (p *page) identity(finding *rule.Finding) {
	if arn := finding.Role.ARN; arn != "" {
		p.line("  ", p.style.paint(dim, printable(arn)))
	}
	if address := finding.Role.Source.Address; address != "" && address != finding.Role.Title() {
		p.line("  ", p.style.paint(dim, printable(address)))
	}
}

func (t *textWriter) fail(finding *rule.Finding) {
	verdict := finding.Verdict
	document := openDocument(finding, &t.options)
	t.identity(finding)
	t.reasons(finding, document)
	t.line()
	if verdict.Witness != nil {
		t.witness(verdict.Witness, document, false)
	}
	t.outsiders(verdict)
	t.worth(finding)
	t.elsewhere(finding)
	for i, remedy := range remediesFor(verdict) {
		t.field(once("to close", i), remedy.String())
	}
	t.assumed(finding)
	t.standing(finding)
}

// once gives a label to the first of several fields only.
func once(label string, i int) string {
	if i > 0 {
		return ""
	}
	return label
}

// reasons writes every way in, or as many as a scan shows.
func (t *textWriter) reasons(finding *rule.Finding, document *document) {
	all := finding.Verdict.Reasons
	for i := range all[:min(len(all), mostReasons)] {
		t.reason(finding, document, &all[i])
	}
	if more := len(all) - mostReasons; more > 0 {
		t.line()
		t.prose(2, count(more, "more reason", "more reasons"))
	}
}

// reason writes why a role fails, and shows where.
func (t *textWriter) reason(finding *rule.Finding, document *document, reason *trust.Reason) {
	t.line()
	code := printable(reason.Code)
	t.hang("  "+t.style.paint(bold, code)+": ", len(code)+4, printable(reason.Message))
	t.at(finding, document, reason.Range, statementName(reason.Statement, reason.Sid))
}

func statementName(index int, sid string) string {
	switch {
	case index < 0:
		return ""
	case sid == "":
		return fmt.Sprintf("statement %d", index+1)
	}
	return fmt.Sprintf(`statement %d "%s"`, index+1, clip(printable(sid), 40))
}

// at points to a place of the policy and shows it. A policy that does not stand
// in the file as it is gets shown re-indented, with line numbers of its own.
func (t *textWriter) at(finding *rule.Finding, document *document, place trust.Range, what string) {
	line, column := locate(finding, place)
	if line == 0 && !place.IsZero() && document.parsed && document.oneLine() {
		document = document.relaid()
	}
	if line == 0 {
		reported := reportedPlace(finding)
		line, column = reported.Line, reported.Column
		if shown := document.find(place); !shown.IsZero() {
			what = strings.TrimPrefix(fmt.Sprintf("%s, line %d of the policy", what, shown.Line()), ", ")
		}
	}
	t.arrow(reportedPath(finding), line, column, what)
	if shown := document.find(place); !shown.IsZero() {
		t.excerpt(document, shown, outcomeColor(finding))
	}
}

// arrow writes a place as editors understand it.
func (t *textWriter) arrow(path string, line, column int, what string) {
	where := printable(path)
	if line > 0 {
		where = fmt.Sprintf("%s:%d:%d", where, line, column)
	}
	if what != "" {
		what = "  " + t.style.paint(dim, what)
	}
	if where != "" || what != "" {
		t.line("    ", t.style.paint(cyan, "-->"), " ", where, what)
	}
}

// What a scan shows of one role. A policy can have any number of them.
const (
	mostReasons   = 10
	mostWarnings  = 10
	mostOutsiders = 8
)

// outsiders lists who gets in, those without a countersign first.
func (t *textWriter) outsiders(verdict *trust.Verdict) {
	outsiders := verdict.Outsiders
	unguarded := map[string]bool{}
	for _, outsider := range outsiders {
		unguarded[outsider.Account] = unguarded[outsider.Account] || outsider.Unguarded
	}
	var open, guarded []string
	for _, outsider := range outsiders {
		free, unseen := unguarded[outsider.Account]
		delete(unguarded, outsider.Account)
		name := t.options.nameOutsider(outsider.Account)
		if outsider.DependsOn != "" {
			name = "an account that depends on " + printable(outsider.DependsOn)
		}
		if outsider.Account == "*" {
			name = "every account that meets the conditions"
			if verdict.AnyAccount {
				name = "anyone, of any account"
			}
		}
		switch {
		case !unseen:
		case free:
			open = append(open, name)
		default:
			guarded = append(guarded, name)
		}
	}
	if len(open) > 0 {
		t.field("gets in", listed(open))
	}
	if len(guarded) > 0 {
		t.field("guarded", listed(guarded)+", with a countersign only")
	}
}

func listed(names []string) string {
	if extra := len(names) - mostOutsiders; extra > 0 {
		names = append(names[:mostOutsiders:mostOutsiders], fmt.Sprintf("and %d more", extra))
	}
	return strings.Join(names, ", ")
}

func (t *textWriter) undecided(finding *rule.Finding) {
	verdict := finding.Verdict
	t.identity(finding)
	if len(verdict.Reasons) == 0 {
		reported := reportedPlace(finding)
		t.arrow(reported.Path, reported.Line, reported.Column, "")
	}
	t.line()
	if verdict.Problem != "" {
		t.field("problem", printable(verdict.Problem))
	}
	t.dependsOn(verdict)
	t.worth(finding)
	t.assumed(finding)
	t.elsewhere(finding)
	t.standing(finding)
	if len(verdict.Reasons) > 0 {
		t.field("may fail", "for these reasons:")
		t.reasons(finding, openDocument(finding, &t.options))
		t.line()
	}
}

// dependsOn names what a verdict depends on, unless the problem does.
func (p *page) dependsOn(verdict *trust.Verdict) {
	label := "depends on"
	for _, name := range verdict.DependsOn {
		if !strings.Contains(verdict.Problem, name) {
			p.field(label, printable(name))
			label = ""
		}
	}
}

func (t *textWriter) broken(finding *rule.Finding) {
	t.identity(finding)
	t.line()
	t.prose(2, printable(finding.Verdict.Problem))
	document := openDocument(finding, &t.options)
	t.at(finding, document, document.fault(), "")
	t.line()
}

func (p *page) assumed(finding *rule.Finding) {
	if finding.Role.DefaultAssumed {
		p.field("assumed", "the defaults of parameters or variables stand for their values")
	}
}

func (p *page) warnings(finding *rule.Finding) {
	all := finding.Verdict.Warnings
	for i, warning := range all[:min(len(all), mostWarnings)] {
		text := warning.Code + ": " + warning.Message
		if line, _ := locate(finding, warning.Range); line > 0 {
			text += fmt.Sprintf(" (line %d)", line)
		}
		p.field(once("warning", i), printable(text))
	}
	if more := len(all) - mostWarnings; more > 0 {
		p.field("", count(more, "more warning", "more warnings"))
	}
}

// plainName is a role name as IAM allows it, which every shell takes as it is.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]{1,64}$`)

// links say where to read on, with the role's explanation first unless this is
// it.
func (p *page) links(finding *rule.Finding, explain bool) {
	commands := "countersign rules " + finding.Rule
	if name := finding.Role.Name; explain && plainName.MatchString(name) {
		commands = "countersign explain " + name + ", " + commands
	}
	p.field("see", commands)
	page := fmt.Sprintf("docs/rules/%s.md", finding.Rule)
	if reasons := finding.Verdict.Reasons; len(reasons) > 0 {
		page += "#" + printable(reasons[0].Code)
	}
	p.field("", page)
}

func (t *textWriter) Close(s audit.Summary) error {
	if len(t.options.Compliance) > 0 {
		t.evidence()
	}
	if !t.options.Quiet {
		t.summary(s)
	}
	t.incomplete(s.Incomplete)
	return t.w.Flush()
}
