package report

import (
	"fmt"
	"io"

	"countersign/internal/diff"
	"countersign/internal/rule"
	"countersign/trust"
)

// diffSchemaName names the contract of docs/schema/countersign.diff.v1.json.
const diffSchemaName = "countersign.diff/v1"

// Comparison is what lies between two sides, with their names.
type Comparison struct {
	diff.Result
	Before, After string
}

// DiffFormats are the formats that a comparison is written in, the default one
// first.
var DiffFormats = []string{"text", "json"}

// Diff writes a comparison. The writer below is not closed. Errors are those of
// the writer below.
func Diff(format string, w io.Writer, comparison *Comparison, options Options) error {
	for _, changes := range [...][]diff.Change{comparison.Opened, comparison.Closed, comparison.Undecided} {
		for i := range changes {
			for _, side := range [...]**rule.Finding{&changes[i].Before, &changes[i].After} {
				if *side != nil {
					*side = discreet(*side, &options)
				}
			}
		}
	}
	switch format {
	case "text":
		return diffText(w, comparison, options)
	case "json":
		return diffJSON(w, comparison, options)
	}
	return fmt.Errorf("unknown format %q of a comparison", format)
}

// diffText writes for people: what opens in full, the rest in a line each.
func diffText(w io.Writer, c *Comparison, options Options) error {
	options.All = true
	t := &textWriter{page: newPage(w, options), options: options}
	for i := range c.Opened {
		change := &c.Opened[i]
		finding := change.Finding()
		t.change("opened", red, change)
		t.fail(finding)
		t.warnings(finding)
		t.links(finding, true)
		t.line()
	}
	for i := range c.Undecided {
		change := &c.Undecided[i]
		t.change("undecided", yellow, change)
		if change.Is == trust.Broken {
			t.broken(change.Finding())
			continue
		}
		t.undecided(change.Finding())
		t.links(change.Finding(), true)
		t.line()
	}
	for i := range c.Closed {
		change := &c.Closed[i]
		t.change("closed", green, change)
		t.identity(change.Finding())
		t.line()
	}
	if !options.Quiet {
		t.compared(c)
	}
	t.incomplete(c.Incomplete)
	return t.w.Flush()
}

// change is the line that begins a role, and what it was before.
func (t *textWriter) change(what, color string, change *diff.Change) {
	finding := change.Finding()
	severity := finding.Severity.String()
	if change.Is != trust.Fail && change.Is != trust.Undecided {
		severity = ""
	}
	t.line(t.style.paint(color, fmt.Sprintf("%-9s  %-8s", what, severity)), "  ",
		t.style.paint(bold, printable(finding.Role.Title())), "  ", t.style.paint(dim, "("+course(change)+")"))
	for i, more := range change.Wider {
		t.field(once("wider", i), printable(more))
	}
}

// course says what became of a role.
func course(change *diff.Change) string {
	switch {
	case change.Was == "" && change.Unread:
		return "new, or in what could not be read before"
	case change.Was == "":
		return "new"
	case change.Unread:
		return "it was " + string(change.Was) + ", and may be in what could not be read now"
	case change.Is == "":
		return "removed; it was " + string(change.Was)
	case change.Was == change.Is:
		return "it failed before"
	}
	return fmt.Sprintf("%s, it was %s", change.Is, change.Was)
}

func (t *textWriter) compared(c *Comparison) {
	color := green
	switch {
	case len(c.Opened) > 0:
		color = red
	case len(c.Undecided)+len(c.Incomplete) > 0:
		color = yellow
	}
	text := fmt.Sprintf("%s to %s: %d opened, %d closed", c.Before, c.After, len(c.Opened), len(c.Closed))
	if n := len(c.Undecided); n > 0 {
		text += fmt.Sprintf(", %d undecided", n)
	}
	text += fmt.Sprintf(", %d unchanged", c.Unchanged)
	if c.Removed > 0 {
		text += fmt.Sprintf(", %d removed", c.Removed)
	}
	if n := len(c.Incomplete); n > 0 {
		text += fmt.Sprintf("; %d incomplete", n)
	}
	for _, part := range wrap(printable(text), t.width) {
		t.line(t.style.paint(bold+";"+color, part))
	}
	if len(c.Incomplete) > 0 {
		t.line()
	}
}

// comparison is the JSON document.
type comparison struct {
	Schema     string         `json:"schema"`
	Tool       tool           `json:"tool"`
	Zone       zone           `json:"zone"`
	Before     string         `json:"before"`
	After      string         `json:"after"`
	Summary    changesSummary `json:"summary"`
	Opened     []change       `json:"opened"`
	Closed     []change       `json:"closed"`
	Undecided  []change       `json:"undecided"`
	Incomplete []incomplete   `json:"incomplete"`
}

type changesSummary struct {
	Opened    int `json:"opened"`
	Closed    int `json:"closed"`
	Undecided int `json:"undecided"`
	Unchanged int `json:"unchanged"`
	Removed   int `json:"removed"`
}

type change struct {
	Before *trust.Outcome `json:"before"`
	After  *trust.Outcome `json:"after"`
	Wider  []string       `json:"wider"`
	Result *result        `json:"result"`
}

func diffJSON(w io.Writer, c *Comparison, options Options) error {
	all := func(changes []diff.Change) []change {
		var made []change
		for i := range changes {
			one := &changes[i]
			made = append(made, change{outcomeOrNull(one.Was), outcomeOrNull(one.Is), one.Wider, newResult(one.Finding(), &options)})
		}
		return made
	}
	e := newEncoder(w, options)
	e.value(comparison{
		Schema: diffSchemaName, Tool: tool{"countersign", options.Version}, Zone: newZone(options.Zone),
		Before: c.Before, After: c.After,
		Summary: changesSummary{len(c.Opened), len(c.Closed), len(c.Undecided), c.Unchanged, c.Removed},
		Opened:  all(c.Opened), Closed: all(c.Closed), Undecided: all(c.Undecided),
		Incomplete: newIncomplete(c.Incomplete),
	})
	e.text("\n")
	return e.flush()
}

func outcomeOrNull(outcome trust.Outcome) *trust.Outcome {
	if outcome == "" {
		return nil
	}
	return &outcome
}
