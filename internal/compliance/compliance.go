// Package compliance holds, as data, the controls of frameworks that a rule
// gives evidence for. Evidence is all that it is: whether a control is met is
// for people to say.
package compliance

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"countersign/internal/spelling"
)

// Relation is how near a rule comes to a control.
type Relation string

const (
	Exact    Relation = "exact"    // the control asks for what the rule tests
	Supports Relation = "supports" // the rule tests a part of what the control asks for
	Adjacent Relation = "adjacent" // the rule touches what the control is about
)

// Framework is a standard, a law or a set of guidelines.
type Framework struct {
	ID       string // "nist-800-53-r4": what --compliance takes
	Name     string
	Version  string // empty where it has none
	Document string // publisher and title
	Controls []Control
}

// Title is the name with the version.
func (f *Framework) Title() string { return strings.TrimSpace(f.Name + " " + f.Version) }

// Control is a control of a framework that a rule gives evidence for.
type Control struct {
	Framework string // its ID
	ID        string // as the framework counts
	Title     string
	Rule      string // "IAM-050"
	Relation  Relation
	Evidence  string // one sentence: why the rule is evidence
	Source    string // where the control was seen
}

// Frameworks are all frameworks, with their controls. Nobody changes them.
func Frameworks() []Framework { return loaded() }

// IDs are the ids of all frameworks.
func IDs() []string {
	var ids []string
	for _, framework := range loaded() {
		ids = append(ids, framework.ID)
	}
	return ids
}

// Find returns a framework by its id, in any letter case.
func Find(id string) (*Framework, bool) {
	for i, framework := range loaded() {
		if strings.EqualFold(framework.ID, id) {
			return &loaded()[i], true
		}
	}
	return nil, false
}

// Suggest spells a hint for an id that is none.
func Suggest(id string) string {
	if hint := spelling.Suggest(id, IDs()); hint != "" {
		return hint
	}
	for _, framework := range loaded() {
		if id != "" && strings.Contains(strings.ToLower(framework.ID+" "+framework.Title()), strings.ToLower(id)) {
			return `did you mean "` + framework.ID + `"?`
		}
	}
	return "one of: " + strings.Join(IDs(), ", ")
}

// For returns the controls that a rule gives evidence for: of the frameworks
// with these ids, or of all where none is named.
func For(rule string, frameworks []string) []Control {
	var found []Control
	for _, framework := range loaded() {
		if len(frameworks) > 0 && !slices.Contains(frameworks, framework.ID) {
			continue
		}
		for _, control := range framework.Controls {
			if control.Rule == rule {
				found = append(found, control)
			}
		}
	}
	return found
}

var (
	//go:embed frameworks.tsv
	frameworksText string
	//go:embed controls.tsv
	controlsText string
)

// loaded reads the data once it is asked for. A test holds the files to their
// form.
var loaded = sync.OnceValue(func() []Framework {
	var frameworks []Framework
	for _, row := range rows(frameworksText) {
		frameworks = append(frameworks, Framework{ID: row[0], Name: row[1], Version: strings.TrimPrefix(row[2], "-"), Document: row[3]})
	}
	for _, row := range rows(controlsText) {
		at := slices.IndexFunc(frameworks, func(f Framework) bool { return f.ID == row[0] })
		frameworks[at].Controls = append(frameworks[at].Controls, Control{row[0], row[1], row[2], row[3], Relation(row[4]), row[5], row[6]})
	}
	return frameworks
})

// rows splits a table: comments, a heading, then rows.
func rows(text string) [][]string {
	var found [][]string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			found = append(found, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
		}
	}
	return found[1:]
}
