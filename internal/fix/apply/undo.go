package apply

import (
	"context"
	"fmt"
	"time"

	"countersign/internal/fix/journal"
	"countersign/internal/source/awslive"
)

// Undoable says why a change cannot be undone, or nothing.
func Undoable(entry *journal.Entry) error {
	switch state := entry.State(); {
	case entry.Open():
		return &OpenError{entry.ID}
	case state == journal.Failed:
		return &UndoError{entry, "it changed nothing", ""}
	case state == journal.Superseded:
		return &UndoError{entry, "somebody else has given the role another policy since", byHand(entry)}
	case state == journal.Reverted:
		return &UndoError{entry, "it was undone by change " + entry.RevertedBy, ""}
	}
	return nil
}

// UndoError says that a change cannot be undone.
type UndoError struct {
	Entry        *journal.Entry
	reason, hint string
}

func (u *UndoError) Error() string {
	return fmt.Sprintf("change %s cannot be undone: %s", u.Entry.ID, u.reason)
}

// Hint says what else can be done.
func (u *UndoError) Hint() string { return u.hint }

// byHand says how the policy before is put back without us.
func byHand(entry *journal.Entry) string {
	return fmt.Sprintf("to put the policy before back by hand:\n"+
		"  countersign undo --print %s > before.json\n"+
		"  aws iam update-assume-role-policy --role-name %s --policy-document file://before.json",
		entry.ID, entry.Role.Name)
}

// Look reads the role of a change, after the journal's word for it.
func Look(ctx context.Context, session *awslive.Session, entry *journal.Entry) Sight {
	r := &run{session: session, editors: map[string]way{}}
	editor, err := r.editor(ctx, entry.Partition, entry.Account)
	if err != nil {
		return Sight{Err: err}
	}
	return look(ctx, editor, entry)
}

// NotOursError says that a role does not show the policy that a change set.
type NotOursError struct {
	MovedError
	Entry *journal.Entry
}

func (n *NotOursError) Error() string {
	if n.Live == "" {
		return fmt.Sprintf("change %s cannot be undone: the role has been deleted", n.Entry.ID)
	}
	return fmt.Sprintf("change %s cannot be undone: the role no longer shows the policy that it set", n.Entry.ID)
}

// Hint says what else can be done.
func (n *NotOursError) Hint() string {
	if n.Live == "" {
		return ""
	}
	return byHand(n.Entry)
}

// Check says why a change cannot be undone, given what its role shows, or
// nothing.
func (s Sight) Check(entry *journal.Entry) error {
	switch s.Shows {
	case ShowsAfter:
		return nil
	case ShowsUnknown:
		return s.Err
	}
	return &NotOursError{MovedError{entry.Live(), s.Policy}, entry}
}

// Undo puts the policy before a change back, to the byte, as a change of its
// own. The role has to show the policy that the change set.
func Undo(ctx context.Context, session *awslive.Session, hold *journal.Hold, entry *journal.Entry, options Options) Outcome {
	if err := Undoable(entry); err != nil {
		return Outcome{entry.Role.ARN, Refused, nil, err}
	}
	r, err := newRun(session, hold, options)
	if err != nil {
		return Outcome{entry.Role.ARN, Refused, nil, err}
	}
	return r.undo(ctx, entry)
}

func (r *run) undo(ctx context.Context, entry *journal.Entry) Outcome {
	return r.one(ctx, assignment{
		partition: entry.Partition, account: entry.Account,
		name: entry.Role.Name, arn: entry.Role.ARN, id: entry.Role.ID,
		before: entry.Live(), after: entry.Before, same: Equivalent,
		undoes:   entry.ID,
		verdicts: [2]journal.Verdict{entry.VerdictAfter, entry.VerdictBefore},
	})
}

// Choice is what to do about a change whose end is not known.
type Choice string

const (
	Finish Choice = "finish" // make it
	Revert Choice = "revert" // take it back
)

// Settled looks at the role of a change whose end is not known. As long as the
// change is so young that the role may yet come to show its policy, it looks
// again.
func Settled(ctx context.Context, session *awslive.Session, entry *journal.Entry, options Options) Sight {
	if options.settle == 0 {
		options.settle = settling
	}
	for nth := 1; ; nth++ {
		seen := Look(ctx, session, entry)
		left := time.Until(entry.Moved().Add(options.settle))
		if seen.Shows != ShowsBefore || left <= 0 || left > options.settle || ctx.Err() != nil {
			return seen
		}
		time.Sleep(min(pauseBefore(nth), left))
	}
}

// Recover brings a change to its end whose end is not known, given what its
// role was seen to show. What the role does not show any more is neither made
// nor taken back.
func Recover(ctx context.Context, session *awslive.Session, hold *journal.Hold, entry *journal.Entry, seen Sight, choice Choice, options Options) Outcome {
	r, err := newRun(session, hold, options)
	if err != nil {
		return Outcome{entry.Role.ARN, Refused, entry, err}
	}
	delete(r.open, entry.Role.ARN)
	switch {
	case seen.Shows == ShowsUnknown:
		return Outcome{entry.Role.ARN, Unconfirmed, entry, seen.Err}
	case seen.Shows == ShowsBefore && choice == Revert:
		return r.end(entry, Done, journal.Step{State: journal.Failed, Reason: "it was not made, and is not to be"}, nil)
	case seen.Shows == ShowsBefore:
		editor, err := r.editor(ctx, entry.Partition, entry.Account)
		if err != nil {
			return Outcome{entry.Role.ARN, Unconfirmed, entry, err}
		}
		if seen = look(ctx, editor, entry); seen.Shows == ShowsBefore {
			return r.carryOut(context.WithoutCancel(ctx), editor, entry, nil)
		}
	}
	outcome := r.concluded(entry, seen, nil, nil)
	if seen.Shows == ShowsAfter && choice == Revert && outcome.Result == Done {
		return r.undo(ctx, entry)
	}
	return outcome
}
