// Package diff says what a change does to roles: which it opens, which it
// closes, and which it leaves as they were.
package diff

import (
	"cmp"
	"path/filepath"
	"slices"
	"strconv"

	"countersign/internal/audit"
	"countersign/internal/rule"
	"countersign/trust"
)

// Result is what a change does.
type Result struct {
	// Opened are the roles that fail now and did not before, or fail in more
	// ways or for more callers than before.
	Opened []Change
	// Closed are the roles that failed before and do not fail now.
	Closed []Change
	// Undecided are the roles that cannot be judged now, and could before or
	// were not there; and those that failed and are not there, where not all
	// that is there now could be read.
	Undecided []Change
	// Unchanged counts the other roles that are there now, Removed those that
	// are there no more and did not fail.
	Unchanged, Removed int
	// Incomplete is what could not be read or judged, on both sides.
	Incomplete []audit.Incomplete
}

// Change is one role before and after.
type Change struct {
	// Before is nil for a role that is new, After for one that is gone. At
	// least one is set; of roles that did not matter before only the outcome is
	// known.
	Before, After *rule.Finding
	// Was and Is are the outcomes, empty where the role is not there.
	Was, Is trust.Outcome
	// Wider says what is new of a role that failed before: accounts that get
	// in, reasons.
	Wider []string
	// Unread is set where the role is missing on a side that could not be read
	// in full: it may be there nevertheless.
	Unread bool
}

// Finding is what to show: the role as it is now, else as it was.
func (c *Change) Finding() *rule.Finding {
	if c.After != nil {
		return c.After
	}
	return c.Before
}

// Side gathers the findings of one side. It implements audit.Sink.
type Side struct {
	base  string // that the paths of roles count from, see NewSide
	roles map[string]*state
	order []string
	// Partial is set by who reads the side when something could not be read.
	Partial bool
}

// state is a role of one side. Of roles that neither fail nor are undecided
// the finding is let go.
type state struct {
	outcome trust.Outcome
	finding *rule.Finding
	moved   string // what the role goes by when its file has another name
}

// NewSide makes a side whose roles are told apart by their paths: below base,
// or from the root of the repository where base is empty. Roles with an ARN
// are told apart by that.
func NewSide(base string) *Side {
	return &Side{base: base, roles: map[string]*state{}}
}

// Finding implements audit.Sink.
func (s *Side) Finding(finding *rule.Finding) error {
	one := &state{outcome: finding.Verdict.Outcome}
	switch one.outcome {
	case trust.Fail, trust.Undecided, trust.Broken:
		one.finding = finding
	}
	first := s.identity(finding)
	identity := first
	for n := 2; s.roles[identity] != nil; n++ { // several of one identity are told apart by their order
		identity = first + "\x00" + strconv.Itoa(n)
	}
	one.moved = finding.Rule + "\x00" + address(finding)
	s.roles[identity] = one
	s.order = append(s.order, identity)
	return nil
}

// identity is what a role goes by on both sides.
func (s *Side) identity(finding *rule.Finding) string {
	if arn := finding.Role.ARN; arn != "" && finding.Role.Source.Address == "" {
		return finding.Rule + "\x00" + arn
	}
	path := finding.Role.Source.FromRoot
	if s.base != "" {
		path = finding.Role.Source.Path
		if relative, err := filepath.Rel(s.base, path); err == nil {
			path = filepath.ToSlash(relative)
		}
	}
	return finding.Rule + "\x00" + path + "\x00" + address(finding)
}

func address(finding *rule.Finding) string {
	return cmp.Or(finding.Role.Source.Address, finding.Role.ARN, finding.Role.Name)
}

// Compare says what lies between two sides.
func Compare(before, after *Side) Result {
	var result Result
	matched := match(before, after)
	told := map[string]bool{}
	for _, identity := range after.order {
		is := after.roles[identity]
		was := before.roles[matched[identity]]
		told[matched[identity]] = was != nil
		result.add(was, is, before.Partial)
	}
	for _, identity := range before.order {
		if !told[identity] {
			result.add(before.roles[identity], nil, after.Partial)
		}
	}
	return result
}

// match finds for each role its counterpart: the same identity, or else the
// only other role of that address that has none, in a file of another name.
func match(before, after *Side) map[string]string {
	matched := map[string]string{}
	gone, come := map[string][]string{}, map[string][]string{}
	for _, identity := range after.order {
		if before.roles[identity] != nil {
			matched[identity] = identity
		} else {
			moved := after.roles[identity].moved
			come[moved] = append(come[moved], identity)
		}
	}
	for _, identity := range before.order {
		if after.roles[identity] == nil {
			moved := before.roles[identity].moved
			gone[moved] = append(gone[moved], identity)
		}
	}
	for moved, now := range come {
		if then := gone[moved]; len(now) == 1 && len(then) == 1 {
			matched[now[0]] = then[0]
		}
	}
	return matched
}

// add takes in what became of a role. partial is set where the side on which it
// is missing, if it is, could not be read in full.
func (r *Result) add(was, is *state, partial bool) {
	change := Change{Unread: partial && (was == nil || is == nil)}
	if was != nil {
		change.Before, change.Was = was.finding, was.outcome
	}
	if is != nil {
		change.After, change.Is = is.finding, is.outcome
	}
	failed, fails := change.Was == trust.Fail, change.Is == trust.Fail
	unsettled := func(outcome trust.Outcome) bool { return outcome == trust.Undecided || outcome == trust.Broken }
	switch {
	case fails && failed:
		if change.Wider = wider(change.Before, change.After); len(change.Wider) > 0 {
			r.Opened = append(r.Opened, change)
		} else {
			r.Unchanged++
		}
	case fails:
		r.Opened = append(r.Opened, change)
	case unsettled(change.Is) && !unsettled(change.Was), failed && change.Unread:
		r.Undecided = append(r.Undecided, change)
	case failed:
		r.Closed = append(r.Closed, change)
	case is == nil:
		r.Removed++
	default:
		r.Unchanged++
	}
}

// wider says what a role that failed before lets in that it did not: callers of
// other accounts, in other ways.
func wider(before, after *rule.Finding) []string {
	var more []string
	was, is := before.Verdict, after.Verdict
	if is.Exploitable && !was.Exploitable {
		more = append(more, "somebody can use it now")
	}
	if is.AnyAccount && !was.AnyAccount {
		more = append(more, "any account gets in")
	}
	known := unguarded(was)
	for _, account := range unguarded(is) {
		if account != "*" && !slices.Contains(known, account) {
			more = append(more, "account "+account+" gets in")
		}
	}
	for _, reason := range is.Reasons {
		text := "another reason: " + reason.Code
		isKnown := func(r trust.Reason) bool { return r.Code == reason.Code }
		if !slices.ContainsFunc(was.Reasons, isKnown) && !slices.Contains(more, text) {
			more = append(more, text)
		}
	}
	return more
}

// unguarded lists the accounts that get in without a countersign.
func unguarded(verdict *trust.Verdict) []string {
	var accounts []string
	for _, outsider := range verdict.Outsiders {
		if outsider.Unguarded && !slices.Contains(accounts, outsider.Account) {
			accounts = append(accounts, outsider.Account)
		}
	}
	return accounts
}
