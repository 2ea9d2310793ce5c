// Package rule holds the rules: each turns one role and the question asked of
// it into a finding.
package rule

import (
	"fmt"

	"countersign/internal/privilege"
	"countersign/internal/role"
	"countersign/trust"
)

// Finding is what a rule says of one role.
type Finding struct {
	Fingerprint string
	Rule        string // "IAM-050"
	Role        *role.Role
	Severity    Severity
	Privilege   *privilege.Privilege // what the role may do; nil where nothing tells
	Verdict     *trust.Verdict
	Place       Place // where the statement or condition that decides stands

	// Waiver is set when the finding is accepted, Lapsed when it was and is not
	// any more.
	Waiver, Lapsed *Waiver
	// Standing is what a baseline makes of it, empty without one. Wider says
	// what is new of a role that the baseline knows.
	Standing Standing
	Wider    []string
	// Fix is the change of text that closes the role; nil where none was made.
	Fix *Fix
}

// Fix is a change of text that closes a role, exact to the byte.
type Fix struct {
	Does  string // what it does, for people
	Edits []Edit // in the order of files and places, apart from each other
	// HoldsIDs is set when a new text holds an external ID.
	HoldsIDs bool
}

// Edit puts a text in the place of what stands there, which may be nothing.
type Edit struct {
	Place
	Text string
}

// Counts reports whether the finding is one to act on: neither accepted nor
// known before.
func (f *Finding) Counts() bool { return f.Waiver == nil && f.Standing != Known }

// Place is a range of a file, 1-based, columns in Unicode code points.
type Place struct {
	Path                             string
	Line, Column, EndLine, EndColumn int
}

// Severity is what a finding is worth.
type Severity uint8

const (
	None Severity = iota // pass and not-applicable
	Low
	Medium
	High
	Critical
)

var severityNames = [...]string{"none", "low", "medium", "high", "critical"}

func (s Severity) String() string { return severityNames[s] }

// ParseSeverity reads one of low, medium, high, critical.
func ParseSeverity(text string) (Severity, error) {
	for i, name := range severityNames[1:] {
		if text == name {
			return Severity(i + 1), nil
		}
	}
	return None, fmt.Errorf("unknown severity %q (low, medium, high, critical)", text)
}
