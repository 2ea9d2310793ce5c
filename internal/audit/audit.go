// Package audit is the pipeline: roles come from sources, are judged by the
// rules with the zone of trust, and go, in a fixed order, to a sink.
package audit

import (
	"context"
	"time"

	"countersign/internal/baseline"
	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/internal/thirdparty"
	"countersign/internal/waiver"
	"countersign/trust"
)

// Source yields roles in an order of its own that never changes.
type Source interface {
	// Roles reads until the source is exhausted, the context ends or yield
	// returns an error, which it passes on. What cannot be read is told to
	// incomplete and the rest of the work goes on; the error that Roles
	// returns is for faults that end the source.
	Roles(ctx context.Context, yield func(Item) error, incomplete func(Incomplete)) error
}

// Item is a role that may still have to be taken out of its raw form, which
// the workers do, side by side. An error says that nothing can be told of the
// role, and makes the run incomplete; a role whose trust policy alone cannot
// be read has Document.Err set instead and becomes an error finding.
//
// Role is called once. The role, and the bytes of Document.JSON, need not stay
// as they are beyond the judgement: findings have a copy. The judgement may
// decode Document.JSON in its place.
type Item interface {
	Role() (*role.Role, error)
}

// Taken is a role that has been taken out of its raw form, or why it could not
// be.
type Taken struct {
	Subject *role.Role
	Err     error
}

// Role implements Item.
func (t Taken) Role() (*role.Role, error) { return t.Subject, t.Err }

// Size implements Sized.
func (t Taken) Size() int {
	if t.Subject == nil {
		return 0
	}
	return len(t.Subject.Trust.JSON)
}

// Sized is an Item that says how many bytes it holds on to, so that a few
// large ones fill a window as well as many small ones.
type Sized interface{ Size() int }

// Releaser is an Item whose memory can be used again, the role itself with it.
// Release is called once the item has been judged. What Complete and
// CompleteAccess filled in lives on.
type Releaser interface{ Release() }

// Skipper is a Source that passes over files with nothing to judge. Skipped
// is asked for once Roles has returned.
type Skipper interface{ Skipped() int }

// Finisher is a Source that has something left to do, or to close, once all its
// roles have been judged. Finish is called after Roles has returned; what goes
// wrong is told to incomplete.
type Finisher interface {
	Finish(incomplete func(Incomplete))
}

// Incomplete is something that could not be read or judged.
type Incomplete struct {
	Source  string // file, or what was asked
	Account string // empty where it concerns no account
	Reason  string // lower case, no full stop
	Hint    string // what to do about it; may be empty
}

// Options are what the judgement depends on beside the roles.
type Options struct {
	// Zone gives the zone of trust for a role: accounts may be trusted for
	// named roles only. It is called by several workers at once; the slices it
	// returns are never changed afterwards. Nil: nobody beside the role's own
	// account.
	Zone func(*role.Role) trust.Zone
	// Account and Partition stand in where a source cannot tell them.
	Account, Partition string
	// Organization is the id of the account's own organization, if known.
	Organization string
	// Members are the accounts of that organization; nil where not known.
	Members []string
	RCPs    []*trust.Policy
	// RCPsFor, when it is set, gives the resource control policies that bind a
	// role, beside RCPs: in an organization they differ from account to
	// account. It returns the same slice for equal answers, and is called by
	// several workers at once. Service-linked roles are bound by none.
	RCPsFor    func(*role.Role) []*trust.Policy
	Now        time.Time
	Severities map[string]rule.Severity // by rule, or "RULE/reason-code"
	// Parties knows who owns the accounts of outsiders, for warnings.
	Parties *thirdparty.Directory
	// Waivers accept findings; nil accepts none.
	Waivers *waiver.List
	// Baseline knows findings of an earlier run; nil when there is none.
	Baseline *baseline.Baseline
	// Concurrency is the number of workers; 0 means one for each processor.
	Concurrency int
	// Keep says which findings go to the sink; nil keeps fail, unknown and error.
	Keep func(*rule.Finding) bool
	// Progress, when set, is told now and then how many roles are done, from
	// the goroutine that called Run.
	Progress func(roles int)
}

// Sink takes findings, one at a time, in an order that depends on the sources
// alone.
type Sink interface {
	Finding(*rule.Finding) error
}

// Summary counts what an audit saw, findings that the sink did not get
// included.
//
// Waived counts those fails and unknowns that are accepted, which are counted
// under their verdict too.
type Summary struct {
	Roles, Fail, Pass, NotApplicable, Unknown, Error, Waived int
	// Worst is the highest severity of a failing finding that counts, see
	// [rule.Finding.Counts].
	Worst rule.Severity
	// WorstUnknown is the same for what could not be decided.
	WorstUnknown rule.Severity
	Incomplete   []Incomplete
	// Skipped counts files met in a directory that hold nothing to judge.
	Skipped int
	// Waivers tells of waivers that somebody should look at. Who calls Run asks
	// the list for them, where the whole of the roles was seen.
	Waivers []waiver.Note
	// Baseline is what became of the baseline; nil when there is none.
	Baseline *baseline.Outcome
}
