package fix

import (
	"fmt"
	"strings"
	"time"

	"countersign/internal/evidence"
	"countersign/internal/role"
	"countersign/trust"
)

// NotAsked is the reason of a change's safety where nobody asked for evidence.
const NotAsked = "no evidence was asked for"

// Unproven takes the safety of a change for unproven, and says why.
func (r *Repair) Unproven(reason string) {
	r.Safety = &evidence.Verdict{Safety: evidence.Unproven, Reasons: []string{reason}}
}

// Caller tells by which account and name CloudTrail knows a role. why says what of
// it is not known, where that is so.
func Caller(subject *role.Role) (known evidence.Role, why string) {
	known = evidence.Role{ARN: subject.ARN, Account: subject.KnownAccount(), Name: subject.Name}
	switch {
	case known.Account == "":
		return known, "the role's account is not known, so its calls are not: name it with --account"
	case known.Name == "":
		return known, "the role's name is not known before it is made, so its calls are not"
	}
	return known, ""
}

// Asked lists the condition keys that a replay against the change looks at.
func (r *Repair) Asked(question trust.Question) []string {
	return evidence.Asked(append([]*trust.Policy{r.Before, r.Rewriting.After}, question.RCPs...)...)
}

// Replay holds the calls that were seen of the role against the change.
func (r *Repair) Replay(seen *evidence.Evidence, question trust.Question, now time.Time) {
	r.Safety = evidence.Replay(seen, evidence.Change{
		Before: r.Before, After: r.Rewriting.After, RCPs: question.RCPs, Subject: question.Subject, Now: now,
	})
}

// Breaking reports whether somebody who was seen would be refused.
func (r *Repair) Breaking() bool {
	return r.Repaired() && r.Safety != nil && r.Safety.Safety == evidence.Breaking
}

// mostTold is how many callers are told one by one.
const mostTold = 10

// Safety tells in lines for people what a change does to those who were seen since
// a time. owner gives the name of an account's owner, empty where nobody knows it.
// None holds an external ID.
func Safety(verdict *evidence.Verdict, since time.Time, owner func(account string) string) (lines []string) {
	switch verdict.Safety {
	case evidence.Safe:
		seen := fmt.Sprintf("all %d callers seen since %s already comply", len(verdict.Callers), day(since))
		if len(verdict.Callers) == 1 {
			seen = fmt.Sprintf("the one caller seen since %s already complies", day(since))
		}
		return []string{"safe: " + seen}
	case evidence.Breaking:
		return callers(verdict, evidence.Breaks, "breaking: ", owner)
	}
	lines = append(lines, oneLine("unproven: "+strings.Join(verdict.Reasons, "; ")))
	return append(lines, callers(verdict, evidence.Unclear, "unclear: ", owner)...)
}

// callers tells each caller of whom the same becomes.
func callers(verdict *evidence.Verdict, outcome evidence.Outcome, lead string, owner func(string) string) (lines []string) {
	more := 0
	for i := range verdict.Callers {
		one := &verdict.Callers[i]
		switch {
		case one.Outcome != outcome:
		case len(lines) == mostTold:
			more++
		default:
			lines = append(lines, oneLine(lead+Who(one.Caller, owner)+", last "+day(one.Last)+", "+becomes(one)))
		}
	}
	if more > 0 {
		lines = append(lines, fmt.Sprintf("%sand %d more callers", lead, more))
	}
	return lines
}

// Who names a caller with its account and the account's owner.
func Who(caller *evidence.Caller, owner func(account string) string) string {
	if caller.Account == "" || caller.Service != "" {
		return caller.Title()
	}
	text := caller.Title() + " of account " + caller.Account
	if name := owner(caller.Account); name != "" {
		text += " (" + name + ")"
	}
	return text
}

// becomes says what becomes of a caller who does not comply, and why.
func becomes(one *evidence.CallerVerdict) string {
	if one.Outcome == evidence.Unclear {
		return "depends on " + strings.Join(one.DependsOn, "; ")
	}
	text := "would be refused"
	if len(one.Lacks) > 0 {
		text += ": " + strings.Join(one.Lacks, ", ")
	}
	if one.Refused {
		text += " (the policy as it is refuses it already)"
	}
	return text
}

// oneLine keeps names of strangers from beginning a line.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func day(at time.Time) string { return at.UTC().Format(time.DateOnly) }
