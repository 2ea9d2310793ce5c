package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/rule"
	"countersign/trust"
)

// githubWriter writes workflow commands, which GitHub Actions shows as
// annotations of the files (GitHub Docs, "Workflow commands for GitHub
// Actions").
type githubWriter struct {
	options Options
	w       *bufio.Writer
	fails   severityCounts
	written map[string]int // by command
}

// mostAnnotations is how many annotations of a kind GitHub shows of one step.
const mostAnnotations = 10

func newGitHub(w io.Writer, options Options) Writer {
	return &githubWriter{options: options, w: bufio.NewWriter(w), written: map[string]int{}}
}

func (g *githubWriter) Finding(finding *rule.Finding) error {
	command := githubCommand(finding)
	if command == "" {
		_, err := g.w.WriteString(githubPlain(headline(finding)) + "\n")
		return err
	}
	if finding.Verdict.Outcome == trust.Fail {
		g.fails[finding.Severity]++
	}
	message := whole(finding)
	if why := settled(finding); why != "" {
		command, message = "notice", why+"\n"+message
	}
	if more := widened(finding); more != "" {
		message += "\n" + more
	}
	if request := witnessed(finding, newResult(finding, &g.options)); request != "" {
		message += "\nwitness: " + request
	}
	if todo := advice(finding); todo != "" {
		message += "\nto close: " + todo
	}
	title := finding.Rule + ": " + finding.Role.Title()
	if finding.Verdict.Outcome == trust.Fail {
		title = finding.Rule + " (" + finding.Severity.String() + "): " + finding.Role.Title()
	}
	return g.annotate(command, finding, title, message)
}

// githubCommand suits the severity; what passes is no annotation.
func githubCommand(finding *rule.Finding) string {
	switch finding.Verdict.Outcome {
	case trust.Broken:
		return "error"
	case trust.Undecided:
		return "warning"
	case trust.Fail:
		return map[string]string{"error": "error", "warning": "warning", "note": "notice"}[sarifLevel(finding)]
	}
	return ""
}

func (g *githubWriter) annotate(command string, finding *rule.Finding, title, message string) error {
	g.written[command]++
	var properties []string
	add := func(name, value string) { properties = append(properties, name+"="+githubProperty(value)) }
	number := func(name string, n int) {
		if n > 0 {
			add(name, fmt.Sprint(n))
		}
	}
	if finding != nil {
		// A file that is not in the work tree, such as standard input, is none to GitHub.
		if place := reportedPlace(finding); place.Path != "" && place.Path != "-" {
			add("file", fromRoot(finding, place.Path))
			number("line", place.Line)
			number("endLine", place.EndLine)
			// GitHub takes columns within one line only (REST API, "Check
			// runs", start_column).
			if place.EndLine == place.Line || place.EndLine == 0 {
				number("col", place.Column)
				number("endColumn", place.EndColumn)
			}
		}
	}
	add("title", title)
	_, err := fmt.Fprintf(g.w, "::%s %s::%s\n", command, strings.Join(properties, ","), githubData(message))
	return err
}

func (g *githubWriter) Close(s audit.Summary) error {
	for _, one := range s.Incomplete {
		text := one.Reason
		if one.Account != "" {
			text = "account " + g.options.nameAccount(one.Account) + ": " + text
		}
		if one.Source != "" {
			text = one.Source + ": " + text
		}
		if err := g.annotate("error", nil, "countersign: incomplete", text); err != nil {
			return err
		}
	}
	g.w.WriteString(githubPlain(summaryLine(s, &g.fails)) + "\n")
	for _, command := range []string{"error", "warning", "notice"} {
		if more := g.written[command] - mostAnnotations; more > 0 {
			fmt.Fprintf(g.w, "GitHub shows %d annotations of a kind; %d more (%s) are in this log only\n", mostAnnotations, more, command)
		}
	}
	return g.w.Flush()
}

// githubPlain is a line of the log that the runner takes for no command.
// Besides lines that begin with "::" it still obeys "##[" anywhere.
func githubPlain(text string) string {
	return strings.ReplaceAll(printable(text), "##[", "# #[")
}

// githubData and githubProperty escape as the runner decodes: the text of a
// command, and a property of it.
func githubData(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = githubPlain(line)
	}
	return githubDataEscapes.Replace(strings.Join(lines, "\n"))
}

func githubProperty(text string) string { return githubPropertyEscapes.Replace(githubPlain(text)) }

var (
	githubDataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubPropertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
