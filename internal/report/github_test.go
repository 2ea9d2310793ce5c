package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/rule"
)

// annotation is a workflow command as the runner reads it.
type annotation struct {
	command    string
	properties map[string]string
	message    string
}

// annotations reads workflow commands as the runner does (actions/runner,
// "ActionCommand"): a line that begins with "::", properties up to the next
// "::", both decoded; anything else is a line of the log.
func annotations(t check, got []byte) (found []annotation) {
	t.Helper()
	unescape := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
	for line := range strings.Lines(string(got)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.Contains(line, "##[") {
			t.Errorf("an old command in %s", line)
		}
		rest, ok := strings.CutPrefix(line, "::")
		if !ok {
			continue
		}
		head, message, ok := strings.Cut(rest, "::")
		if !ok {
			t.Fatalf("no command: %s", line)
		}
		command, properties, _ := strings.Cut(head, " ")
		read := annotation{command, map[string]string{}, unescape.Replace(message)}
		for _, property := range strings.Split(properties, ",") {
			name, value, ok := strings.Cut(property, "=")
			if !ok {
				t.Fatalf("no property: %q in %s", property, line)
			}
			read.properties[name] = unescape.Replace(value)
		}
		found = append(found, read)
	}
	return found
}

func TestAnnotationsAreReadAsTheyAreMeant(t *testing.T) {
	finding := severalReasons(t)
	finding.Role.Name, finding.Role.Source.Path = "50%, a: b::c", "a,b:c%.json"
	finding.Place.Path = ""
	got := annotations(t, write(t, "github", Options{}, []*rule.Finding{finding}, audit.Summary{Roles: 1, Fail: 1}))
	if len(got) != 1 {
		t.Fatalf("%d annotations", len(got))
	}
	want := map[string]string{
		"file": "a,b:c%.json", "line": "50", "endLine": "50", "col": "53", "endColumn": "99",
		"title": "IAM-050 (medium): 50%, a: b::c",
	}
	if diff := cmp.Diff(want, got[0].properties); diff != "" {
		t.Error(diff)
	}
	if got[0].command != "warning" || !strings.HasPrefix(got[0].message, "role 50%, a: b::c fails: a stranger") {
		t.Errorf("%+v", got[0])
	}
}

func TestHostileNamesMakeNoCommandsOfTheirOwn(t *testing.T) {
	for _, name := range []string{"x\n::error::owned", "::stop-commands::x", "##[add-mask]x", "x\r::error::y"} {
		finding := severalReasons(t)
		finding.Role.Name = name
		pass := passing(t)
		pass.Role.Name = name
		missing := []audit.Incomplete{{Source: name, Reason: name}}
		got := annotations(t, write(t, "github", Options{All: true}, []*rule.Finding{finding, pass}, audit.Summary{Roles: 2, Incomplete: missing}))
		if len(got) != 2 || got[0].command != "warning" || got[1].command != "error" {
			t.Errorf("%q makes %+v", name, got)
		}
	}
}

func TestCommandsSuitTheSeverity(t *testing.T) {
	for severity, command := range map[rule.Severity]string{
		rule.Critical: "error", rule.High: "error", rule.Medium: "warning", rule.Low: "notice",
	} {
		finding := severalReasons(t)
		finding.Severity = severity
		if got := annotations(t, write(t, "github", Options{}, []*rule.Finding{finding}, audit.Summary{})); got[0].command != command {
			t.Errorf("%s is a %s", severity, got[0].command)
		}
	}
	for _, finding := range []*rule.Finding{broken(t), undecided(t)} {
		want := map[string]string{"Broken": "error", "FromTemplate": "warning"}[finding.Role.Name]
		if got := annotations(t, write(t, "github", Options{}, []*rule.Finding{finding}, audit.Summary{})); got[0].command != want {
			t.Errorf("%s is a %s", finding.Role.Name, got[0].command)
		}
	}
}

func TestMoreAnnotationsThanGitHubShowsAreCounted(t *testing.T) {
	var findings []*rule.Finding
	for range 13 {
		findings = append(findings, severalReasons(t))
	}
	got := string(write(t, "github", Options{}, findings, audit.Summary{Roles: 13, Fail: 13}))
	if want := "13 roles: 13 fail (13 medium)\nGitHub shows 10 annotations of a kind; 3 more (warning) are in this log only\n"; !strings.HasSuffix(got, want) {
		t.Errorf("it ends with\n%s", got[max(0, len(got)-300):])
	}
}
