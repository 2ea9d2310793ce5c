package report

import (
	"fmt"
	"strings"
	"time"

	"countersign/internal/baseline"
	"countersign/internal/rule"
	"countersign/internal/waiver"
	"countersign/trust"
)

// waived is who has accepted a finding, why, and until when.
type waived struct {
	Reason string       `json:"reason"`
	Owner  string       `json:"owner"`
	Until  string       `json:"until"`
	Source waiverSource `json:"source"`
}

// waiverSource is where a waiver stands; a tag of a role stands in no file.
type waiverSource struct {
	Path *string `json:"path"`
	Line *int    `json:"line"`
}

// waiverNote is a waiver that somebody should look at.
type waiverNote struct {
	State   waiver.State `json:"state"`
	Rule    *string      `json:"rule"`
	Role    *string      `json:"role"`
	Account *string      `json:"account"`
	Reason  *string      `json:"reason"`
	Owner   *string      `json:"owner"`
	Until   *string      `json:"until"`
	Source  waiverSource `json:"source"`
	Why     string       `json:"why"`
}

// baselineOutcome is what became of a baseline.
type baselineOutcome struct {
	New      int             `json:"new"`
	Wider    int             `json:"wider"`
	Known    int             `json:"known"`
	Resolved []resolvedEntry `json:"resolved"`
}

// resolvedEntry is a finding of the baseline that is not found any more.
type resolvedEntry struct {
	Fingerprint string        `json:"fingerprint"`
	Rule        string        `json:"rule"`
	Role        string        `json:"role"`
	Account     *string       `json:"account"`
	Path        *string       `json:"path"`
	Address     *string       `json:"address"`
	Verdict     trust.Outcome `json:"verdict"`
	Severity    string        `json:"severity"`
}

func newBaseline(outcome *baseline.Outcome) *baselineOutcome {
	if outcome == nil {
		return nil
	}
	made := &baselineOutcome{New: outcome.New, Wider: outcome.Wider, Known: outcome.Known}
	for i := range outcome.Resolved {
		one := &outcome.Resolved[i]
		made.Resolved = append(made.Resolved, resolvedEntry{
			one.Fingerprint, one.Rule, one.Role, orNull(one.Account), orNull(one.Path), orNull(one.Address), one.Verdict, one.Severity,
		})
	}
	return made
}

func newWaived(accepted *rule.Waiver) *waived {
	if accepted == nil {
		return nil
	}
	return &waived{accepted.Reason, accepted.Owner, lastDay(accepted), newWaiverSource(accepted)}
}

func newWaiverSource(accepted *rule.Waiver) waiverSource {
	return waiverSource{orNull(accepted.Path), positive(accepted.Line)}
}

func newWaiverNotes(notes []waiver.Note) []waiverNote {
	var made []waiverNote
	for i := range notes {
		one := &notes[i]
		made = append(made, waiverNote{
			State: one.State, Rule: orNull(one.Rule), Role: orNull(one.Role), Account: orNull(one.Account),
			Reason: orNull(one.Reason), Owner: orNull(one.Owner), Until: orNull(lastDay(&one.Waiver.Waiver)),
			Source: newWaiverSource(&one.Waiver.Waiver), Why: one.Why,
		})
	}
	return made
}

func lastDay(accepted *rule.Waiver) string {
	if accepted.Until.IsZero() {
		return ""
	}
	return accepted.Until.Format(time.DateOnly)
}

// acceptance says who has accepted what until when. The words in it are as they
// are: what can obey them has to be given printable text.
func acceptance(accepted *rule.Waiver) string {
	return "until " + lastDay(accepted) + " by " + accepted.Owner + ": " + accepted.Reason
}

// settled says in a few words why a finding does not count, empty when it does.
func settled(finding *rule.Finding) string {
	switch {
	case finding.Waiver != nil:
		return "waived " + acceptance(finding.Waiver)
	case finding.Standing == rule.Known:
		return "known to the baseline"
	}
	return ""
}

// settledWord is that in one word.
func settledWord(finding *rule.Finding) string {
	switch {
	case finding.Waiver != nil:
		return "waived"
	case finding.Standing == rule.Known:
		return "known"
	}
	return ""
}

// widened says what is new of a role that the baseline knows.
func widened(finding *rule.Finding) string {
	if finding.Standing != rule.Wider {
		return ""
	}
	return "wider than the baseline: " + strings.Join(finding.Wider, "; ")
}

// standing writes what waivers and a baseline make of a finding.
func (p *page) standing(finding *rule.Finding) {
	label := ""
	for _, one := range standings(finding) {
		if one.label == label {
			one.label = ""
		} else {
			label = one.label
		}
		p.field(one.label, one.text)
	}
}

// labelled is printable text with the word that stands before it.
type labelled struct{ label, text string }

// standings says what waivers and a baseline make of a finding.
func standings(finding *rule.Finding) []labelled {
	var made []labelled
	if accepted := finding.Waiver; accepted != nil {
		text := acceptance(accepted)
		if accepted.Line > 0 {
			text += fmt.Sprintf(" (%s:%d)", accepted.Path, accepted.Line)
		}
		made = append(made, labelled{"waived", printable(text)})
	}
	if lapsed := finding.Lapsed; lapsed != nil && finding.Waiver == nil {
		made = append(made, labelled{"waiver", printable("ended on " + lastDay(lapsed) + ", of " + lapsed.Owner + ": " + lapsed.Reason)})
	}
	switch finding.Standing {
	case rule.New:
		made = append(made, labelled{"baseline", "new"})
	case rule.Known:
		made = append(made, labelled{"baseline", "known"})
	case rule.Wider:
		for _, more := range finding.Wider {
			made = append(made, labelled{"wider", printable(more)})
		}
	}
	return made
}

// WaiverNote says which waiver somebody should look at, and why. The words in
// it are as they are.
func WaiverNote(note *waiver.Note) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s waiver", note.State)
	if note.Rule != "" {
		text.WriteString(" of " + note.Rule)
	}
	switch {
	case note.Line > 0:
		fmt.Fprintf(&text, " at %s:%d", note.Path, note.Line)
	case note.Role != "":
		text.WriteString(" in a tag of " + note.Role)
	}
	if note.State != waiver.Refused {
		fmt.Fprintf(&text, ", until %s by %s", lastDay(&note.Waiver.Waiver), note.Owner)
	}
	return text.String() + ": " + note.Why
}
