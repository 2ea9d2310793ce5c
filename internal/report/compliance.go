package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"countersign/internal/compliance"
	"countersign/internal/rule"
	"countersign/trust"
)

// control is a control that a result is evidence for. Its sentence and its
// source are told by countersign compliance: they are the same in every result.
type control struct {
	Framework string `json:"framework"`
	Control   string `json:"control"`
	Title     string `json:"title"`
	Relation  string `json:"relation"`
}

// newControls lists the controls of a rule. The list is the same for all
// results of a rule, so it is spelt once.
func newControls(rule string, frameworks []string) jsontext.Value {
	key := rule + "\x00" + strings.Join(frameworks, "\x00")
	if known, ok := spelt.Load(key); ok {
		return known.(jsontext.Value)
	}
	made := []control{}
	for _, one := range compliance.For(rule, frameworks) {
		made = append(made, control{one.Framework, one.ID, one.Title, string(one.Relation)})
	}
	text, err := json.Marshal(made)
	if err != nil { // strings always have a spelling
		text = []byte("[]")
	}
	spelt.Store(key, jsontext.Value(text))
	return text
}

var spelt sync.Map // jsontext.Value by rule and frameworks

// tally counts verdicts by rule, findings that a report leaves out included.
type tally map[string]map[trust.Outcome]int

func (t tally) count(finding *rule.Finding) {
	counts := t[finding.Rule]
	if counts == nil {
		counts = map[trust.Outcome]int{}
		t[finding.Rule] = counts
	}
	counts[finding.Verdict.Outcome]++
}

// String spells counts, the worst first.
func (t tally) String(rule string) string {
	var parts []string
	for _, outcome := range []trust.Outcome{trust.Fail, trust.Pass, trust.NotApplicable, trust.Undecided, trust.Broken} {
		if n := t[rule][outcome]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, strings.ReplaceAll(string(outcome), "-", " ")))
		}
	}
	if parts == nil {
		return "no role"
	}
	return strings.Join(parts, ", ")
}

// evidence lists the controls that were asked for, with what the results say
// to each.
func (t *textWriter) evidence() {
	for _, framework := range compliance.Frameworks() {
		if !slices.Contains(t.options.Compliance, framework.ID) {
			continue
		}
		t.apart(true)
		t.line(t.style.paint(bold, "evidence for "+framework.Title()))
		t.line()
		for _, one := range framework.Controls {
			lead := one.ID + "  "
			t.hang("  "+t.style.paint(bold, one.ID)+"  ", 2+len(lead), one.Title+" ("+string(one.Relation)+")")
			t.prose(4, one.Rule+": "+t.options.tally.String(one.Rule))
			t.prose(4, one.Evidence)
			t.line()
		}
	}
}

// frameworksSchemaName names the contract of
// docs/schema/countersign.compliance.v1.json.
const frameworksSchemaName = "countersign.compliance/v1"

type frameworkList struct {
	Schema     string      `json:"schema"`
	Tool       tool        `json:"tool"`
	Frameworks []framework `json:"frameworks"`
}

type framework struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Version  *string         `json:"version"`
	Document string          `json:"document"`
	Controls []listedControl `json:"controls"`
}

type listedControl struct {
	Control  string `json:"control"`
	Title    string `json:"title"`
	Rule     string `json:"rule"`
	Relation string `json:"relation"`
	Evidence string `json:"evidence"`
	Source   string `json:"source"`
}

// Frameworks writes frameworks with their controls as JSON.
func Frameworks(w io.Writer, listed []compliance.Framework, version string) error {
	made := frameworkList{Schema: frameworksSchemaName, Tool: tool{"countersign", version}}
	for _, one := range listed {
		next := framework{ID: one.ID, Name: one.Name, Version: orNull(one.Version), Document: one.Document}
		for _, c := range one.Controls {
			next.Controls = append(next.Controls, listedControl{c.ID, c.Title, c.Rule, string(c.Relation), c.Evidence, c.Source})
		}
		made.Frameworks = append(made.Frameworks, next)
	}
	e := newEncoder(w, Options{})
	e.value(made)
	e.text("\n")
	return e.flush()
}
