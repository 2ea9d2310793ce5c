// Package apply gives live roles another trust policy, and takes that back.
//
// What the new policy is, others decide. This package sees to it that nothing
// is changed but what was judged, that nothing is changed without a word in the
// journal, and that what is told of a change is what the role shows. For each
// role: read it again, refuse if its policy is no longer the one that was
// judged, judge the new one, write the journal, update, read until the role
// shows it, judge again, write the journal.
//
// IAM has no update on condition, so who changes the same role in the moment
// between the reading and the update is overruled; the journal keeps the
// policy that was read.
package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"countersign/internal/fix/journal"
	"countersign/internal/source/awslive"
	"countersign/trust"
)

// Change is a new trust policy for a live role.
type Change struct {
	Account, Partition string
	Name, ARN          string
	// Before is the trust policy that was judged, After the one to put in its
	// place, as JSON text.
	Before, After string
	// Judge decides a trust policy of this role. After is sent only if its
	// verdict is pass or not-applicable.
	Judge func(policy string) (trust.Verdict, error)
}

// Options say how changes are made. The zero value will do.
type Options struct {
	// Tool goes into the journal: "countersign" with its version.
	Tool string
	// MaxChanges, when it is not 0, is how many changes are allowed; more are
	// refused before the first is made.
	MaxChanges int
	// PolicySize is the account's quota for role trust policies, in characters
	// without white space; 0 means 2,048, or 4,096 where the policy before is
	// larger than that already. See [Size].
	PolicySize int
	// Tell, when set, is told of each outcome as soon as it is known.
	Tell func(Outcome)

	settle time.Duration // how long a role may take to show its policy; 0 means settling
}

// settling is how long a role may take to show a new policy. IAM is eventually
// consistent and names no time (IAM User Guide, "Troubleshoot IAM").
const settling = 30 * time.Second

// Result is what became of a change.
type Result string

const (
	// Done: the role shows the new policy.
	Done Result = "done"
	// Refused: nothing was sent to AWS.
	Refused Result = "refused"
	// Failed: AWS did not do it.
	Failed Result = "failed"
	// Unconfirmed: the policy was sent, and the role was not seen to show it.
	Unconfirmed Result = "unconfirmed"
	// Superseded: the role shows a policy that is neither the one before nor
	// the one that was sent.
	Superseded Result = "superseded"
	// Left: not begun, because the run was interrupted or the journal could
	// not be written.
	Left Result = "left"
)

// Outcome is what became of one change.
type Outcome struct {
	ARN    string
	Result Result
	// Entry is the change in the journal; nil where nothing was written there,
	// and then nothing was sent.
	Entry *journal.Entry
	// Err says why, where the result is not Done. It may have a Hint() string;
	// a *[MovedError] has a Diff, too.
	Err error
}

// TooManyError says that more changes would be made than are allowed.
type TooManyError struct{ Wanted, Allowed int }

func (t *TooManyError) Error() string {
	return fmt.Sprintf("%d roles would be changed, and --max-changes allows %d; nothing was changed", t.Wanted, t.Allowed)
}

// Hint says what to do.
func (t *TooManyError) Hint() string {
	return "name the roles to change, or raise --max-changes"
}

// Run makes changes, one after the other and in their order, with the caller's
// own credentials in its account and through the session's role in others. The
// outcomes are those of the changes, in the same order. An account that cannot
// be reached fails its own changes and no others. When the context ends, the
// change under way is brought to its end and the others are left.
//
// The error is for what prevents all of it: a *[TooManyError], or a journal
// that cannot be read.
func Run(ctx context.Context, session *awslive.Session, hold *journal.Hold, changes []Change, options Options) ([]Outcome, error) {
	if options.MaxChanges > 0 && len(changes) > options.MaxChanges {
		return nil, &TooManyError{len(changes), options.MaxChanges}
	}
	r, err := newRun(session, hold, options)
	if err != nil {
		return nil, err
	}
	outcomes := make([]Outcome, len(changes))
	for i, change := range changes {
		outcomes[i] = r.one(ctx, assignment{
			partition: change.Partition, account: change.Account, name: change.Name, arn: change.ARN,
			before: change.Before, after: change.After, judge: change.Judge, same: Equal,
		})
		if options.Tell != nil {
			options.Tell(outcomes[i])
		}
	}
	return outcomes, nil
}

// run is the making of changes under one hold.
type run struct {
	session *awslive.Session
	hold    *journal.Hold
	options Options
	editors map[string]way
	open    map[string]string // role → the change whose end is not known
	halted  error             // why nothing more is begun
}

// way is the way into an account, or why there is none.
type way struct {
	editor *awslive.Editor
	err    error
}

func newRun(session *awslive.Session, hold *journal.Hold, options Options) (*run, error) {
	if options.settle == 0 {
		options.settle = settling
	}
	r := &run{session: session, hold: hold, options: options, editors: map[string]way{}, open: map[string]string{}}
	entries, _, err := hold.Journal().Entries()
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if entry.Open() {
			r.open[entry.Role.ARN] = entry.ID
		}
	}
	return r, nil
}

// editor opens the way into an account, once.
func (r *run) editor(ctx context.Context, partition, account string) (*awslive.Editor, error) {
	if partition != r.session.Caller.Partition {
		return nil, fmt.Errorf("the role is in the partition %q and the credentials are of %q", partition, r.session.Caller.Partition)
	}
	known, ok := r.editors[account]
	if !ok {
		known.editor, known.err = r.session.Editor(ctx, account)
		r.editors[account] = known
	}
	return known.editor, known.err
}

// errInterrupted is why changes are left when the context ends.
var errInterrupted = errors.New("interrupted before it was begun")

// one makes one change, or says why not.
func (r *run) one(ctx context.Context, a assignment) Outcome {
	if ctx.Err() != nil && r.halted == nil {
		r.halted = errInterrupted
	}
	if r.halted != nil {
		return Outcome{ARN: a.arn, Result: Left, Err: r.halted}
	}
	if id, open := r.open[a.arn]; open {
		return Outcome{ARN: a.arn, Result: Refused, Err: &OpenError{id}}
	}
	editor, err := r.editor(ctx, a.partition, a.account)
	if err != nil {
		return r.refused(ctx, a, err)
	}
	change, err := r.prepare(ctx, editor, a)
	if err != nil {
		return r.refused(ctx, a, err)
	}
	entry, err := r.hold.Intend(*change)
	if err != nil {
		r.halted = fmt.Errorf("the journal cannot be written: %w", err)
		return Outcome{ARN: a.arn, Result: Refused, Err: err}
	}
	// What is begun is ended, also when nobody wants to wait.
	outcome := r.carryOut(context.WithoutCancel(ctx), editor, entry, a.judge)
	if entry.Open() {
		r.open[a.arn] = entry.ID
	}
	return outcome
}

// refused is the outcome of a change that was not sent.
func (r *run) refused(ctx context.Context, a assignment, err error) Outcome {
	if ctx.Err() != nil {
		return Outcome{ARN: a.arn, Result: Left, Err: errInterrupted}
	}
	return Outcome{ARN: a.arn, Result: Refused, Err: err}
}

// OpenError says that it is not known how an earlier change of the role ended.
type OpenError struct{ ID string }

func (o *OpenError) Error() string {
	return "the journal does not know how change " + o.ID + " of this role ended"
}

// Hint says what to do.
func (o *OpenError) Hint() string { return "find it out: countersign undo --recover" }
