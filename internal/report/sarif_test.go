package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"countersign/internal/audit"
	"countersign/internal/report/schematest"
	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"
)

// validSARIF holds a log to the schema of SARIF 2.1.0, which go-sarif carries
// within. What the schema does not know it would drop unseen, so unknown names
// are refused first.
func validSARIF(t check, log []byte) *sarif.Report {
	t.Helper()
	var read sarif.Report
	decoder := json.NewDecoder(bytes.NewReader(log))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&read); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	complete, err := sarif.FromBytes(log)
	if err != nil {
		t.Fatal(err)
	}
	if err := complete.Validate(); err != nil {
		t.Error(err)
	}
	return complete
}

func TestSARIFOfEveryKindOfFindingFitsTheSchema(t *testing.T) {
	findings, summary := everything(t)
	for _, options := range []Options{sampleOptions, {All: true}, {ShowExternalIDs: true}} {
		log := validSARIF(t, write(t, "sarif", options, findings, summary))
		run := log.Runs[0]
		if *run.ColumnKind != "unicodeCodePoints" {
			t.Errorf("columns are %s", *run.ColumnKind)
		}
		for _, result := range run.Results {
			if *result.RuleID != *run.Tool.Driver.Rules[result.RuleIndex].ID {
				t.Errorf("the rule of %s has another index", *result.RuleID)
			}
			// SARIF 3.27.10: a result that is no fail has the level "none".
			if (result.Kind != "fail") != (result.Level == "none") {
				t.Errorf("kind %s with level %s", result.Kind, result.Level)
			}
		}
	}
	validSARIF(t, write(t, "sarif", Options{}, nil, audit.Summary{}))
}

// The kinds are those of SARIF 3.27.9, the levels those that the usage page
// names.
func TestSARIFKindsAndLevels(t *testing.T) {
	severe := func(severity rule.Severity) *rule.Finding {
		finding := severalReasons(t)
		finding.Severity = severity
		return finding
	}
	for _, test := range []struct {
		finding     *rule.Finding
		kind, level string
	}{
		{severe(rule.Critical), "fail", "error"},
		{severe(rule.High), "fail", "error"},
		{severe(rule.Medium), "fail", "warning"},
		{severe(rule.Low), "fail", "note"},
		{passing(t), "pass", "none"},
		{notApplicable(t), "notApplicable", "none"},
		{undecided(t), "open", "none"},
		{broken(t), "review", "none"},
	} {
		got := newSARIFResult(test.finding, &Options{})
		if got.Kind != test.kind || got.Level != test.level {
			t.Errorf("%s, %v: got %s, %s", test.finding.Verdict.Outcome, test.finding.Severity, got.Kind, got.Level)
		}
	}
}

func TestSARIFSaysWhatIsIncomplete(t *testing.T) {
	log := validSARIF(t, write(t, "sarif", Options{}, nil, audit.Summary{Incomplete: []audit.Incomplete{
		{Source: "a.json", Reason: "not JSON", Hint: "export it again"}, {Account: "222233334444", Reason: "access denied"},
	}}))
	invocation := log.Runs[0].Invocations[0]
	if *invocation.ExecutionSuccessful {
		t.Error("an incomplete run is called successful")
	}
	var said []string
	for _, one := range invocation.ToolExecutionNotifications {
		said = append(said, *one.Message.Text)
	}
	if diff := cmp.Diff([]string{"a.json: not JSON; export it again", "account 222233334444: access denied"}, said); diff != "" {
		t.Error(diff)
	}
	if log := validSARIF(t, write(t, "sarif", Options{}, nil, audit.Summary{Roles: 1})); !*log.Runs[0].Invocations[0].ExecutionSuccessful {
		t.Error("a complete run is called unsuccessful")
	}
}

func TestSARIFPointsToTheReasonsAndToTheOtherPlaces(t *testing.T) {
	finding := severalReasons(t)
	finding.Role.Also = []role.Source{{Path: "main.tf", Line: 3, Column: 1}}
	got := newSARIFResult(finding, &Options{})
	// The policy begins at 40:33; its first reason stands in its line 11 with
	// 52 blanks before, the second in lines 15 to 19.
	want := sarifRegion{50, 53, 50, 99}
	if diff := cmp.Diff(want, *got.Locations[0].Physical.Region); diff != "" {
		t.Error(diff)
	}
	var related []string
	for _, one := range got.Related {
		related = append(related, one.Physical.Artifact.URI+" "+one.Message.Text)
	}
	if diff := cmp.Diff([]string{
		"dump.json no-condition: no condition asks for MFA or for an external ID", "main.tf the role is also here",
	}, related); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(sarifRegion{54, 41, 58, 42}, *got.Related[0].Physical.Region); diff != "" {
		t.Error(diff)
	}
}

func TestSARIFPathsAreRelativeURIs(t *testing.T) {
	for _, test := range []struct{ path, root, place, uri, base string }{
		{"infra/main.tf", "infra/main.tf", "", "infra/main.tf", sourceRoot},
		{"../other/main.tf", "other/main.tf", "", "other/main.tf", sourceRoot},
		{"/repo/infra/main.tf", "infra/main.tf", "", "infra/main.tf", sourceRoot},
		{"main.tf", "infra/main.tf", "policies/trust.json", "infra/policies/trust.json", sourceRoot},
		{"infra/main.tf", "infra/main.tf", "shared/trust.json", "shared/trust.json", sourceRoot},
		{"/elsewhere/main.tf", "", "", "file:///elsewhere/main.tf", ""},
		{"//evil.example/x", "", "", "file:///evil.example/x", ""},
		{"a b/ä#?.tf", "a b/ä#?.tf", "", "a%20b/%C3%A4%23%3F.tf", sourceRoot},
		{"a:b.tf", "a:b.tf", "", "./a:b.tf", sourceRoot},
		{"-", "-", "", "-", sourceRoot},
	} {
		finding := severalReasons(t)
		finding.Role.Source.Path, finding.Role.Source.FromRoot = test.path, test.root
		finding.Place.Path = test.place
		got := newSARIFResult(finding, &Options{}).Locations[0].Physical.Artifact
		if got.URI != test.uri || got.BaseID != test.base {
			t.Errorf("%s, %s: got %s from %q, want %s from %q", test.path, test.place, got.URI, got.BaseID, test.uri, test.base)
		}
	}
	live := severalReasons(t)
	live.Role.Source, live.Place = role.Source{Kind: role.Live}, rule.Place{}
	if got := newSARIFResult(live, &Options{}).Locations[0]; got.Physical != nil || got.Logical[0].FullName != live.Role.ARN {
		t.Errorf("a live role is at %v", got)
	}
}

func TestSARIFMessagesHoldNoLinksAndNoPlaceholders(t *testing.T) {
	s := newSample(t, "[free](https://evil.example) {0}", `{"Statement": []}`)
	s.Verdict.Outcome = trust.NotApplicable
	got := newSARIFResult(s.Finding, &Options{}).Message.Text
	if want := `role \[free\](https://evil.example) {{0}} is not concerned: nobody outside the zone of trust can assume it`; got != want {
		t.Errorf("got %s", got)
	}
}

func TestRulesInSARIFCarryTheirPages(t *testing.T) {
	for i, described := range sarifRules(nil) {
		if described.ID != rule.Rules[i].ID || !strings.HasPrefix(described.Help.Markdown, "# "+described.ID) ||
			!strings.Contains(described.Help.Text, rule.Rules[i].Page) || strings.Contains(described.Help.Markdown, "](#") {
			t.Errorf("%+v", described)
		}
	}
}

func TestSARIFHasTheEditsThatCloseARole(t *testing.T) {
	finding := severalReasons(t)
	finding.Fix = &rule.Fix{Does: "statement 1 asks for it {once}", Edits: []rule.Edit{
		{Place: rule.Place{Path: finding.Place.Path, Line: 3, Column: 5, EndLine: 3, EndColumn: 5}, Text: "\n\"[x]\": {}"},
		{Place: rule.Place{Path: finding.Place.Path, Line: 4, Column: 1, EndLine: 5, EndColumn: 1}, Text: ""},
	}}
	fixes := func(options Options) []*sarif.Fix {
		return validSARIF(t, write(t, "sarif", options, []*rule.Finding{finding}, audit.Summary{Roles: 1, Fail: 1})).Runs[0].Results[0].Fixes
	}
	made := fixes(Options{})
	if len(made) != 1 || len(made[0].ArtifactChanges) != 1 || len(made[0].ArtifactChanges[0].Replacements) != 2 {
		t.Fatalf("%+v", made)
	}
	first := made[0].ArtifactChanges[0].Replacements[0]
	if got := *first.InsertedContent.Text; got != "\n\"[x]\": {}" {
		t.Errorf("the text is %q", got)
	}
	finding.Fix.HoldsIDs = true
	if made = fixes(Options{}); len(made) != 0 {
		t.Error("a text with an external ID is shown")
	}
	if made = fixes(Options{ShowExternalIDs: true}); len(made) != 1 {
		t.Error("it is not shown where that is asked for")
	}
	schematest.Document(t, write(t, "json", Options{ShowExternalIDs: true}, []*rule.Finding{finding}, audit.Summary{Roles: 1, Fail: 1}))
}
