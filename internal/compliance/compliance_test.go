package compliance

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"countersign/internal/rule"
)

func TestEveryRowIsComplete(t *testing.T) {
	full := func(table, heading string, found [][]string) {
		columns := strings.Split(heading, "\t")
		for _, row := range found {
			if len(row) != len(columns) {
				t.Errorf("%s: %d columns in %q", table, len(row), row)
			}
			for i, field := range row {
				if field == "" || field != strings.TrimSpace(field) {
					t.Errorf("%s: no good %s in %q", table, columns[min(i, len(columns)-1)], row)
				}
			}
		}
	}
	full("frameworks", "id\tname\tversion\tdocument", rows(frameworksText))
	full("controls", "framework\tcontrol\ttitle\trule\trelation\tevidence\tsource", rows(controlsText))
}

func TestEveryControlSaysWhatItIs(t *testing.T) {
	var known []string
	for _, one := range rule.Rules {
		known = append(known, one.ID)
	}
	slug := regexp.MustCompile(`^[a-z0-9]+([.-][a-z0-9]+)*$`)
	ids := map[string]bool{}
	for _, framework := range Frameworks() {
		if ids[framework.ID] || !slug.MatchString(framework.ID) {
			t.Errorf("%q stands there twice, or is no id", framework.ID)
		}
		ids[framework.ID] = true
		if len(framework.Controls) == 0 {
			t.Errorf("%s has no control", framework.ID)
		}
		controls := map[string]bool{}
		for _, control := range framework.Controls {
			name := framework.ID + " " + control.ID
			if key := control.ID + " " + control.Rule; controls[key] {
				t.Errorf("%s stands there twice", name)
			} else {
				controls[key] = true
			}
			if !slices.Contains([]Relation{Exact, Supports, Adjacent}, control.Relation) {
				t.Errorf("%s: relation %q", name, control.Relation)
			}
			if !slices.Contains(known, control.Rule) {
				t.Errorf("%s: there is no rule %q", name, control.Rule)
			}
			if !strings.HasSuffix(control.Evidence, ".") || strings.Contains(control.Evidence, ". ") || len(control.Evidence) < 40 {
				t.Errorf("%s: not one sentence: %q", name, control.Evidence)
			}
			if len(control.Source) < 10 {
				t.Errorf("%s: no source", name)
			}
		}
	}
}

// A rule gives evidence; it makes nobody compliant.
func TestNobodyIsCalledCompliant(t *testing.T) {
	for _, text := range []string{frameworksText, controlsText} {
		for _, word := range []string{"compliant", "complies", "in compliance", "certif", "satisfies", "fulfil"} {
			if strings.Contains(strings.ToLower(text), word) {
				t.Errorf("the data says %q", word)
			}
		}
	}
}

func TestTheFrameworksOfTheRuleAreThere(t *testing.T) {
	for _, id := range []string{"apra-cps-234", "apra-cpg-234", "mas-trm", "mas-notice-655", "nist-800-53-r4", "aws-well-architected", "aws-ftr"} {
		if len(For("IAM-050", []string{id})) == 0 {
			t.Errorf("%s is not there", id)
		}
	}
}

func TestForFiltersByRuleAndFramework(t *testing.T) {
	all, some := For("IAM-050", nil), For("IAM-050", []string{"mas-notice-655", "dora"})
	if len(some) != 2 || some[0].ID != "4.1" || some[1].ID != "Art. 28" {
		t.Errorf("got %+v", some)
	}
	if len(all) != len(rows(controlsText)) {
		t.Errorf("%d of %d controls", len(all), len(rows(controlsText)))
	}
	if got := For("IAM-999", nil); got != nil {
		t.Errorf("a rule that is none: %+v", got)
	}
	if got := For("IAM-050", []string{"none"}); got != nil {
		t.Errorf("a framework that is none: %+v", got)
	}
}

func TestAFrameworkIsFoundByItsIDAndSuggestedByItsName(t *testing.T) {
	if found, ok := Find("NIST-800-53-R4"); !ok || found.Title() != "NIST SP 800-53 Rev. 4" {
		t.Errorf("got %+v", found)
	}
	for id, want := range map[string]string{
		"nist-800-53-r5":   `did you mean "nist-800-53-r4"?`,
		"apra":             `did you mean "apra-cps-234"?`,
		"Well-Architected": `did you mean "aws-well-architected"?`,
		"zzzzzzzz":         "one of: apra-cps-234, ",
	} {
		if got := Suggest(id); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", id, got)
		}
	}
}

func TestEveryFrameworkIsInTheDocuments(t *testing.T) {
	page, err := os.ReadFile("../../docs/compliance.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range IDs() {
		if !strings.Contains(string(page), "`"+id+"`") {
			t.Errorf("docs/compliance.md has nothing about %s", id)
		}
	}
}
