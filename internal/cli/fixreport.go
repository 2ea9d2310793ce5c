package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"countersign/internal/fix"
	"countersign/internal/report"
	"countersign/trust"
)

// fixFormats are the formats that fix writes.
var fixFormats = []string{textFormat, "json", sarifFormat}

const sarifFormat = "sarif"

// writeSARIF writes the open roles as scan does, each with its change where that
// can be told whole.
func (r *repairing) writeSARIF(to io.Writer, options report.Options) error {
	writer, err := report.New(sarifFormat, to, options)
	if err != nil {
		return err
	}
	for _, one := range r.repairs {
		if err := writer.Finding(one.Finding); err != nil {
			return err
		}
	}
	return writer.Close(r.summary)
}

// writeFix writes what the repairs are: as text the diff on standard output, so
// that it can be piped to patch or git apply, and what there is to say of it on
// standard error.
func (c *command) writeFix(f *fixing, wanted outputs, r *repairing) error {
	err := c.writeTo(wanted, func(to io.Writer, one output) error {
		if one.format == textFormat {
			return c.writeDiff(f, to, one.path == stdout, r)
		}
		if one.format == sarifFormat {
			return r.writeSARIF(to, c.optionsFor(one, f.reportOptions(c, r.settings)))
		}
		return writeFixJSON(f, to, r)
	})
	if err != nil {
		return err
	}
	c.tellRepairs(f, r)
	c.tell(nil, r.summary)
	return nil
}

func (c *command) writeDiff(f *fixing, to io.Writer, shown bool, r *repairing) error {
	diff := r.diff()
	if shown {
		if _, isTerminal := terminal(c.streams.Out); isTerminal {
			showDiff(c.streams.Out, diff, f.noColor)
			return nil
		}
	}
	_, err := io.WriteString(to, diff)
	return err
}

// tellRepairs tells each repair, and their number, on standard error.
func (c *command) tellRepairs(f *fixing, r *repairing) {
	closed := 0
	for _, repair := range r.repairs {
		if repair.Repaired() {
			closed++
		}
		if !f.quiet {
			c.tellRepair(f, r, repair)
		}
	}
	if !f.quiet {
		for _, note := range r.seen.notes {
			c.note("note: %s", note)
		}
	}
	switch {
	case f.quiet:
	case len(r.repairs) == 0:
		c.note("no role is open")
	default:
		verb := "would close"
		if f.write {
			verb = "closes"
		}
		in := " in " + plural(len(r.files.After), "file")
		if f.live.wanted || f.as != "" {
			in = ""
		}
		c.note("%s %d of %s%s%s", verb, closed, plural(len(r.repairs), "open role"), in, r.safeties(f))
		if closed > 0 && !f.asksEvidence() {
			c.hint(f.howToAsk())
		}
	}
}

func (c *command) tellRepair(f *fixing, r *repairing, repair *fix.Repair) {
	name := repair.Finding.Role.Title() + "  " + repair.Place()
	if !repair.Repaired() {
		c.note("open     %s\n  %s", name, repair.Reason)
		c.hint(repair.Hint)
		return
	}
	facts := fix.Describe(repair, trust.Requirement(f.demand.require), trust.DefaultQuota)
	lines := append([]string{"close    " + name}, facts.Does...)
	if len(facts.Proved) > 0 {
		lines = append(lines, "proved: "+strings.Join(facts.Proved, ";\n    "))
	}
	if f.asksEvidence() {
		lines = append(lines, fix.Safety(repair.Safety, r.seen.since, r.owner)...)
	}
	for _, text := range facts.Warns {
		lines = append(lines, "note: "+text)
	}
	c.note("%s", strings.Join(lines, "\n  "))
}

// The JSON contract countersign.fix/v1 (docs/schema).
type fixDocument struct {
	Schema   string       `json:"schema"`
	Require  string       `json:"require"`
	Evidence *fixEvidence `json:"evidence"`
	Repairs  []fixRepair  `json:"repairs"`
	Files    []fixFile    `json:"files"`
	Summary  fixSummary   `json:"summary"`
	Missing  []fixGap     `json:"incomplete"`
}

type fixRepair struct {
	Fingerprint string   `json:"fingerprint"`
	ARN         *string  `json:"arn"`
	Name        *string  `json:"name"`
	Account     *string  `json:"account"`
	Path        *string  `json:"path"`
	Address     *string  `json:"address"`
	Closed      bool     `json:"closed"`
	Reason      *string  `json:"reason"`
	Hint        *string  `json:"hint"`
	Missing     []string `json:"external_id_missing_for"`
	Does        []string `json:"does"`
	Proved      []string `json:"proved"`
	Notes       []string `json:"notes"`
	LockedOut   []string `json:"locked_out"`
	Gained      []string `json:"gained"`
	Complete    bool     `json:"proof_complete"`
	Characters  int      `json:"characters"`

	Safety *fixSafety `json:"safety"`
}

type fixFile struct {
	Path string `json:"path"`
	Diff string `json:"diff"`
}

type fixSummary struct {
	Open   int  `json:"open"`
	Closed int  `json:"closed"`
	Wrote  bool `json:"written"`
}

type fixGap struct {
	Source string `json:"source"`
	Reason string `json:"reason"`
}

func writeFixJSON(f *fixing, to io.Writer, r *repairing) error {
	document := fixDocument{
		Schema: "countersign.fix/v1", Require: f.demand.require,
		Repairs: []fixRepair{}, Files: []fixFile{}, Missing: []fixGap{},
		Evidence: r.jsonEvidence(f),
		Summary:  fixSummary{Open: len(r.repairs), Wrote: f.write},
	}
	for _, repair := range r.repairs {
		one := jsonRepair(f, r, repair)
		if one.Closed {
			document.Summary.Closed++
		}
		document.Repairs = append(document.Repairs, one)
	}
	for _, path := range r.files.Paths() {
		document.Files = append(document.Files, fixFile{path, r.diffOf(path)})
	}
	for _, gap := range r.summary.Incomplete {
		document.Missing = append(document.Missing, fixGap{gap.Source, gap.Reason})
	}
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}

func jsonRepair(f *fixing, r *repairing, repair *fix.Repair) fixRepair {
	subject := repair.Finding.Role
	one := fixRepair{
		Fingerprint: repair.Finding.Fingerprint, ARN: orNull(subject.ARN), Name: orNull(subject.Name), Account: orNull(subject.KnownAccount()),
		Path: orNull(subject.Source.Path), Address: orNull(subject.Source.Address), Closed: repair.Repaired(),
		Reason: orNull(repair.Reason), Hint: orNull(repair.Hint), Missing: orEmpty(repair.Missing),
		Does: []string{}, Proved: []string{}, Notes: []string{}, LockedOut: []string{}, Gained: []string{},
	}
	if !repair.Repaired() {
		return one
	}
	facts := fix.Describe(repair, trust.Requirement(f.demand.require), trust.DefaultQuota)
	one.Does, one.Proved, one.Notes = orEmpty(facts.Does), orEmpty(facts.Proved), orEmpty(facts.Warns)
	proof := &repair.Rewriting.Proof
	one.Safety = r.jsonSafety(repair.Safety)
	one.Complete, one.Characters = proof.Complete(), repair.Size
	for i := range proof.LockedOut {
		one.LockedOut = append(one.LockedOut, proof.LockedOut[i].Principal)
	}
	for i := range proof.Gained {
		one.Gained = append(one.Gained, proof.Gained[i].Principal)
	}
	return one
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
