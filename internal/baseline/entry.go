// Package baseline keeps what a scan has found, so that a later one can tell
// what is new: for each finding who gets in and why, so that a role which opens
// wider is new again.
package baseline

import (
	"slices"
	"strings"

	"countersign/internal/privilege"
	"countersign/internal/rule"
	"countersign/trust"
)

// Entry is one finding that is known. Lists are sorted.
type Entry struct {
	Fingerprint string `json:"fingerprint"`

	// Rule, Role, Account, Path and Address are for people who read the file;
	// the fingerprint stands for them.
	Rule    string `json:"rule"`
	Role    string `json:"role"`
	Account string `json:"account"`
	Path    string `json:"path"`
	Address string `json:"address"`

	Verdict     trust.Outcome `json:"verdict"`
	Severity    string        `json:"severity"`
	Exploitable bool          `json:"exploitable"`
	// Anyone is set when accounts that nobody has named get in.
	Anyone bool `json:"anyone"`
	// Accounts get in without a countersign, "*" being whoever meets the
	// conditions.
	Accounts []string `json:"accounts"`
	Reasons  []string `json:"reasons"`
	// DependsOn names what is not known of it.
	DependsOn []string `json:"depends_on"`
	// Privilege is what the role may do; empty where nothing told.
	Privilege string `json:"privilege"`

	Reach
}

// NewEntry is what there is to know of a finding. Its policy is read again.
func NewEntry(finding *rule.Finding) Entry {
	subject, verdict := finding.Role, finding.Verdict
	title := subject.ARN
	if title == "" {
		title = subject.Title()
	}
	made := Entry{
		Fingerprint: finding.Fingerprint, Rule: finding.Rule,
		Role: title, Account: subject.KnownAccount(), Path: subject.Source.FromRoot, Address: subject.Source.Address,
		Verdict: verdict.Outcome, Severity: finding.Severity.String(),
		Exploitable: verdict.Exploitable, Anyone: verdict.AnyAccount,
		DependsOn: sorted(verdict.DependsOn),
		Reach:     reachOf(finding),
	}
	for i := range verdict.Outsiders {
		if one := &verdict.Outsiders[i]; one.Unguarded {
			made.Accounts = append(made.Accounts, accountOf(one))
		}
	}
	for i := range verdict.Reasons {
		made.Reasons = append(made.Reasons, verdict.Reasons[i].Code)
	}
	if finding.Privilege != nil {
		made.Privilege = finding.Privilege.Level.String()
	}
	made.Accounts, made.Reasons = sorted(made.Accounts), sorted(made.Reasons)
	return made
}

// accountOf is the account of an outsider, or what it depends on.
func accountOf(one *trust.Outsider) string {
	if one.Account == "" {
		return "depends on " + one.DependsOn
	}
	return one.Account
}

// sorted is a sorted copy, each once.
func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// wider says what a finding lets in, or lets do, that its entry does not; it is
// empty when the entry covers it. Where it cannot be told that a change is none
// for the worse, it counts as one.
func (e *Entry) wider(now *Entry) []string {
	var more []string
	add := func(text string) { more = append(more, text) }
	if e.Verdict != now.Verdict {
		add("it is " + string(now.Verdict) + ", it was " + string(e.Verdict))
	}
	if was, is := severity(e.Severity), severity(now.Severity); is > was {
		add("the severity is " + is.String() + ", it was " + was.String())
	}
	if now.Exploitable && !e.Exploitable {
		add("somebody can use it now")
	}
	if now.Anyone && !e.Anyone {
		add("any account gets in")
	}
	for _, account := range missing(now.Accounts, e.Accounts) {
		switch {
		case account == "*" && !now.Anyone:
			add("whoever meets the conditions gets in")
		case account != "*":
			add("account " + account + " gets in")
		}
	}
	for _, code := range missing(now.Reasons, e.Reasons) {
		add("another reason: " + code)
	}
	for _, name := range missing(now.DependsOn, e.DependsOn) {
		add("it depends on " + name)
	}
	if was := may(e.Privilege); was >= 0 && may(now.Privilege) > was {
		add("the role may do more: " + now.Privilege + ", it was " + e.Privilege)
	}
	if len(more) == 0 {
		more = e.Reach.wider(&now.Reach)
	}
	return more
}

// missing lists what one list has and another has not.
func missing(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(one string) bool { return slices.Contains(other, one) })
}

func severity(name string) rule.Severity {
	found, _ := rule.ParseSeverity(name) // checked when it was read
	return found
}

// may orders what roles may do. What is not known says nothing: sources differ
// in what they tell, and what decides is in the severity.
func may(name string) int {
	switch strings.TrimSpace(name) {
	case privilege.ReadsData.String():
		return 1
	case privilege.WritesData.String():
		return 2
	case privilege.CanBecomeAdministrator.String():
		return 3
	case privilege.Administrator.String():
		return 4
	case privilege.None.String():
		return 0
	}
	return -1
}
