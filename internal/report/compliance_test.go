package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"countersign/internal/audit"
	"countersign/internal/compliance"
	"countersign/internal/report/schematest"
	"countersign/internal/rule"
)

// told reads the controls of every result of a JSON report.
func told(t *testing.T, text []byte) [][]control {
	t.Helper()
	var document struct {
		Results []struct {
			Compliance []control `json:"compliance"`
		} `json:"results"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	var all [][]control
	for _, one := range document.Results {
		all = append(all, one.Compliance)
	}
	return all
}

func TestAResultNamesEveryControlUnlessSomeAreAskedFor(t *testing.T) {
	findings := []*rule.Finding{passing(t)}
	all := write(t, "json", Options{All: true}, findings, audit.Summary{})
	schematest.Document(t, all)
	if got, want := len(told(t, all)[0]), len(compliance.For("IAM-050", nil)); got != want {
		t.Errorf("%d of %d controls", got, want)
	}
	some := write(t, "json", Options{All: true, Compliance: []string{"mas-notice-655"}}, findings, audit.Summary{})
	schematest.Document(t, some)
	want := control{"mas-notice-655", "4.1", "Administrative accounts", "adjacent"}
	if got := told(t, some)[0]; len(got) != 1 || got[0] != want {
		t.Errorf("got %+v", got)
	}
}

func TestFindingsOfRulesWithoutAControlAreLeftOut(t *testing.T) {
	other := passing(t)
	other.Rule = "IAM-999"
	findings := []*rule.Finding{other}
	without := write(t, "json", Options{All: true}, findings, audit.Summary{})
	if got := told(t, without); len(got) != 1 || len(got[0]) != 0 || bytes.Contains(without, []byte(`"compliance":null`)) {
		t.Errorf("got %+v in %s", got, without)
	}
	if got := told(t, write(t, "json", Options{All: true, Compliance: []string{"dora"}}, findings, audit.Summary{})); got != nil {
		t.Errorf("got %+v", got)
	}
}

// What a report leaves out counts all the same.
func TestCountsByControlAreOfAllRoles(t *testing.T) {
	findings := []*rule.Finding{passing(t), notApplicable(t), passing(t), broken(t)}
	got := string(write(t, "text", Options{Compliance: []string{"dora"}}, findings, audit.Summary{}))
	for _, want := range []string{"\nevidence for DORA 2022/2554\n", "\n    IAM-050: 2 pass, 1 not applicable, 1 error\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in:\n%s", want, got)
		}
	}
	if strings.Contains(got, "Guarded") {
		t.Errorf("a role that passes is shown:\n%s", got)
	}
}

func TestFrameworksFollowTheirSchema(t *testing.T) {
	var out bytes.Buffer
	if err := Frameworks(&out, compliance.Frameworks(), "1.2.3"); err != nil {
		t.Fatal(err)
	}
	schematest.Frameworks(t, out.Bytes())
}
