package report

import (
	"fmt"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/rule"
)

// summary is the last word on an audit, in one line where it fits.
func (t *textWriter) summary(s audit.Summary) {
	t.apart(true)
	color := green
	switch {
	case s.Fail > 0:
		color = red
	case s.Error+s.Unknown+len(s.Incomplete) > 0:
		color = yellow
	}
	for _, part := range wrap(summaryLine(s, &t.fails), t.width) {
		t.line(t.style.paint(bold+";"+color, part))
	}
	if len(s.Incomplete) > 0 {
		t.line()
	}
}

// severityCounts counts fails by severity.
type severityCounts [rule.Critical + 1]int

// summaryLine counts what an audit saw, in one line.
func summaryLine(s audit.Summary, fails *severityCounts) string {
	parts := []string{fmt.Sprintf("%d fail%s", s.Fail, fails)}
	for _, part := range []struct {
		n    int
		name string
	}{
		{s.Pass, "pass"},
		{s.NotApplicable, "not applicable"},
		{s.Unknown, "unknown"},
		{s.Error, "error"},
	} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.name))
		}
	}
	text := count(s.Roles, "role", "roles") + ": " + strings.Join(parts, ", ")
	if s.Waived > 0 {
		text += fmt.Sprintf("; %d waived", s.Waived)
	}
	if b := s.Baseline; b != nil {
		text += fmt.Sprintf("; against the baseline %d new, %d wider, %d known", b.New, b.Wider, b.Known)
	}
	if n := len(s.Incomplete); n > 0 {
		text += fmt.Sprintf("; %d incomplete", n)
	}
	if s.Skipped > 0 {
		text += "; " + count(s.Skipped, "file", "files") + " skipped"
	}
	return text
}

// String splits the number of fails, the worst first.
func (c *severityCounts) String() string {
	var parts []string
	for severity := rule.Critical; severity > rule.None; severity-- {
		if n := c[severity]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, severity))
		}
	}
	if parts == nil {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// incomplete lists what could not be read or judged, each with what to do.
func (t *textWriter) incomplete(list []audit.Incomplete) {
	if len(list) == 0 {
		return
	}
	t.apart(true)
	t.line(t.style.paint(bold, "incomplete: this could not be read or judged"))
	for _, one := range list {
		where := printable(one.Source)
		if one.Account != "" {
			where = strings.TrimSpace(where + " account " + t.options.nameAccount(one.Account))
		}
		if where != "" {
			where += ": "
		}
		t.hang("  ", 4, where+printable(one.Reason))
		if one.Hint != "" {
			t.hang("    "+t.style.paint(cyan, "hint")+": ", 10, printable(one.Hint))
		}
	}
}
