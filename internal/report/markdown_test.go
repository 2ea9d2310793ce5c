package report

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"countersign/internal/audit"
	"countersign/internal/compliance"
	"countersign/internal/rule"
	"countersign/trust"
)

// mostOfGitHub is how many characters GitHub takes for a comment.
const mostOfGitHub = 65_536

// validMarkdown holds a comment to GitHub's bound and to its own shape: every
// row of the table has its five cells, every fold and fence is closed.
func validMarkdown(t check, got []byte) {
	t.Helper()
	text := string(got)
	if n := utf8.RuneCountInString(text); n > mostOfGitHub {
		t.Errorf("%d characters", n)
	}
	fence, folds, bars := "", 0, 0
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case fence != "":
			if line == fence {
				fence = ""
			}
		case strings.HasPrefix(line, "```"):
			fence = strings.TrimSuffix(line, "text")
		case line == "<details>":
			folds++
		case line == "</details>":
			folds--
		case strings.Contains(line, "details>"):
			t.Errorf("a fold in %s", line)
		case strings.HasPrefix(line, "| "):
			if bars == 0 {
				bars = strings.Count(line, "|")
			}
			if n := strings.Count(line, "|"); n != bars {
				t.Errorf("%d bars in %s", n, line)
			}
		case !strings.HasPrefix(line, "|"):
			bars = 0
		}
	}
	if fence != "" || folds != 0 {
		t.Errorf("a fence is not closed, or %d folds", folds)
	}
}

func TestMarkdownStaysWithinAComment(t *testing.T) {
	for _, n := range []int{0, 1, 50, 5000} {
		var findings []*rule.Finding
		for i := range n {
			finding := severalReasons(t)
			finding.Role.Name = fmt.Sprintf("Role%d", i)
			findings = append(findings, finding)
		}
		worst := percentEncoded(t)
		worst.Role.Name = "TheWorst"
		findings = append(findings, worst)
		var missing []audit.Incomplete
		for range n {
			missing = append(missing, audit.Incomplete{Source: strings.Repeat("long/", 500), Reason: "not JSON"})
		}
		got := write(t, "markdown", Options{}, findings, audit.Summary{Roles: n + 1, Fail: n + 1, Incomplete: missing})
		validMarkdown(t, got)
		// However many there are, the worst comes first.
		if first := strings.Split(string(got), "\n")[6]; !strings.HasPrefix(first, "| critical | <code>TheWorst</code>") {
			t.Errorf("of %d the first row is %s", n, first)
		}
		if n == 5000 {
			rows := strings.Count(string(got), "| medium |")
			if want := fmt.Sprintf("\n%d more are not shown", 5001-1-rows); rows < 100 || !strings.Contains(string(got), want) {
				t.Errorf("%d rows, and not %q", rows, want)
			}
		}
	}
}

// What GitHub or Markdown would read more into than letters.
var active = regexp.MustCompile("[<>`|*_~\\[\\]!#@\\\\]|://|www\\.|\n")

func TestAStrangersTextIsNoMarkdown(t *testing.T) {
	for _, text := range []string{
		"a|b", "`x`", "```", "<img src=x onerror=alert(1)>", "</details>", "@octocat", "#1", "owner/repo#1", "[x](https://evil.example)",
		"![x](y)", "**b**", "_i_", "~~s~~", "&lt;", "&#124;", `\|`, "https://evil.example", "www.evil.example", "a\nb", "\x1b[2J",
	} {
		for _, shown := range []string{
			strings.TrimSuffix(strings.TrimPrefix(markdownCode(text), "<code>"), "</code>"), markdownText(text),
		} {
			plain := regexp.MustCompile(`&(#\d+|amp|lt|gt|quot);`).ReplaceAllString(shown, "")
			if active.MatchString(plain) || strings.Contains(plain, "&") {
				t.Errorf("%q is shown as %s", text, shown)
			}
		}
	}
	if got, want := markdownText("by @octocat"), "by &#64;\u200boctocat"; got != want {
		t.Errorf("got %q", got)
	}
}

func TestHostileNamesBreakNoTableAndNoFence(t *testing.T) {
	s := newSample(t, "x|y`` ```\n</details>@octocat", `{"Statement": [{"Sid": "`+"``` \\n````"+`", "Principal": "*", "Effect": "Allow", "Action": "sts:AssumeRole"}]}`)
	s.Role.Source.Path = "a|b```\n.json"
	s.fails(rule.Critical, "arn:aws:iam::444455556666:user/mallory", trust.UserKey,
		trust.Reason{Code: "public-principal", Sid: "```", Message: "``` | @octocat", Range: s.find(`"*"`, 1)})
	s.Verdict.Warnings = []trust.Warning{{Code: "iam-would-reject", Message: "````\n````"}}
	got := write(t, "markdown", Options{}, []*rule.Finding{s.Finding}, audit.Summary{Roles: 1, Fail: 1, Incomplete: []audit.Incomplete{
		{Source: "a|b`", Account: "111122223333", Reason: "<b>@octocat"},
	}})
	validMarkdown(t, got)
	if strings.Contains(string(got), "<b>") {
		t.Errorf("HTML of a stranger:\n%s", got)
	}
}

func TestMarkdownCountsByControlWhereFrameworksAreAskedFor(t *testing.T) {
	findings := []*rule.Finding{severalReasons(t), passing(t), passing(t)}
	got := write(t, "markdown", Options{Compliance: compliance.IDs()}, findings, audit.Summary{Roles: 3, Fail: 1, Pass: 2})
	validMarkdown(t, got)
	for _, framework := range compliance.Frameworks() {
		if !strings.Contains(string(got), "\n| evidence for "+framework.Title()+" | relation | roles |\n") {
			t.Errorf("nothing of %s", framework.ID)
		}
	}
	if want := "| exact | IAM-050: 1 fail, 2 pass |\n"; !strings.Contains(string(got), want) {
		t.Errorf("%q is not in\n%s", want, got)
	}
}

func TestTheHeadingSaysWhatHasToBeKnown(t *testing.T) {
	for _, test := range []struct {
		summary audit.Summary
		want    string
	}{
		{audit.Summary{Roles: 3, Pass: 3}, "no role fails"},
		{audit.Summary{Roles: 3, Fail: 1}, "1 role fails"},
		{audit.Summary{Roles: 3, Fail: 2, Error: 1}, "2 roles fail"},
		{audit.Summary{Roles: 3, Error: 1}, "no failing role was found, and not everything could be judged"},
		{audit.Summary{Incomplete: []audit.Incomplete{{Reason: "x"}}}, "no failing role was found, and not everything could be judged"},
		{audit.Summary{Roles: 3, Unknown: 2}, "no failing role was found, 2 could not be decided"},
	} {
		got := write(t, "markdown", Options{}, nil, test.summary)
		if first, _, _ := strings.Cut(string(got), "\n"); first != "### countersign: "+test.want {
			t.Errorf("%+v: %s", test.summary, first)
		}
	}
}
