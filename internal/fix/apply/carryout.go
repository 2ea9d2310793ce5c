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

// sends is how often a policy is sent as long as no answer comes and the role
// shows the policy before.
const sends = 4

// carryOut sends an intended policy and finds out what became of it. The entry
// tells as much as the outcome, whatever happens.
func (r *run) carryOut(ctx context.Context, editor *awslive.Editor, entry *journal.Entry, judge func(string) (trust.Verdict, error)) Outcome {
	secrets := externalIDs(entry.Before, entry.After)
	for attempt := 1; ; attempt++ {
		err := editor.Update(ctx, entry.Role.Name, entry.After, secrets)
		var fault *awslive.Fault
		switch {
		case err == nil:
			if failure := r.step(entry, journal.Step{State: journal.Sent}); failure != nil {
				return Outcome{entry.Role.ARN, Unconfirmed, entry, fmt.Errorf("AWS has taken the policy, but %w", failure)}
			}
			return r.confirm(ctx, editor, entry, judge)
		case !errors.As(err, &fault) || !fault.Ambiguous():
			return r.end(entry, Failed, journal.Step{State: journal.Failed, Reason: err.Error()}, err)
		}
		// No answer came: the role itself tells whether it was done.
		seen := look(ctx, editor, entry)
		switch {
		case seen.Shows == ShowsAfter || seen.Shows == ShowsOther || seen.Shows == ShowsNoRole:
			return r.concluded(entry, seen, judge, err)
		case seen.Shows == ShowsBefore && attempt < sends:
			time.Sleep(pauseBefore(attempt)) // and nobody else's policy is overwritten
		default:
			return r.concluded(entry, r.watch(ctx, editor, entry), judge, err)
		}
	}
}

// confirm reads until the role shows the policy, or its time is over.
func (r *run) confirm(ctx context.Context, editor *awslive.Editor, entry *journal.Entry, judge func(string) (trust.Verdict, error)) Outcome {
	return r.concluded(entry, r.watch(ctx, editor, entry), judge, nil)
}

// watch looks until the role shows the new policy or the time to settle is over.
func (r *run) watch(ctx context.Context, editor *awslive.Editor, entry *journal.Entry) Sight {
	deadline := time.Now().Add(r.options.settle)
	for attempt := 1; ; attempt++ {
		seen := look(ctx, editor, entry)
		left := time.Until(deadline)
		if seen.Shows == ShowsAfter || seen.Shows == ShowsNoRole || left <= 0 {
			return seen
		}
		time.Sleep(min(pauseBefore(attempt), left))
	}
}

// pauseBefore is how long to wait after the nth look.
func pauseBefore(nth int) time.Duration {
	return min(100*time.Millisecond<<min(nth-1, 10), 2*time.Second)
}

// concluded writes down what the role was seen to show after its policy was
// sent. sending is what went wrong then, or nil.
func (r *run) concluded(entry *journal.Entry, seen Sight, judge func(string) (trust.Verdict, error), sending error) Outcome {
	reason := func(text string) error {
		if sending != nil {
			return &unclear{text, sending}
		}
		return errors.New(text)
	}
	switch seen.Shows {
	case ShowsAfter:
		step := journal.Step{State: journal.Confirmed, Live: seen.differing(entry)}
		if sending != nil {
			step.Reason = "no answer came, but the role shows it: " + sending.Error()
		}
		if err := again(judge, seen.Policy); err != nil {
			step.State, step.Reason = journal.Unconfirmed, err.Error()
			return r.end(entry, Unconfirmed, step, err)
		}
		return r.end(entry, Done, step, nil)
	case ShowsBefore:
		err := reason(fmt.Sprintf("after %v the role still shows the policy before", r.options.settle))
		return r.end(entry, Unconfirmed, journal.Step{State: journal.Unconfirmed, Reason: err.Error()}, err)
	case ShowsOther:
		err := reason("the role shows neither the policy before nor the one that was sent: somebody else has changed it")
		return r.end(entry, Superseded, journal.Step{State: journal.Superseded, Reason: err.Error(), Live: &seen.Policy}, err)
	case ShowsNoRole:
		err := reason("the role has been deleted")
		return r.end(entry, Superseded, journal.Step{State: journal.Superseded, Reason: err.Error()}, err)
	}
	err := fmt.Errorf("what the role shows could not be read: %w", seen.Err)
	return r.end(entry, Unconfirmed, journal.Step{State: journal.Unconfirmed, Reason: err.Error()}, err)
}

// unclear is a conclusion drawn after a call without an answer.
type unclear struct {
	text    string
	sending error
}

func (u *unclear) Error() string { return u.text + "; " + u.sending.Error() }
func (u *unclear) Unwrap() error { return u.sending }

// again judges what the role shows now.
func again(judge func(string) (trust.Verdict, error), policy string) error {
	if judge == nil {
		return nil
	}
	verdict, err := judge(policy)
	if err != nil {
		return fmt.Errorf("judging the role again: %w", err)
	}
	if !closed(verdict) {
		return fmt.Errorf("judged again, the verdict is %s", verdict.Outcome)
	}
	return nil
}

// end writes the step that a change ends with, or stays open with.
func (r *run) end(entry *journal.Entry, result Result, step journal.Step, why error) Outcome {
	if err := r.step(entry, step); err != nil {
		why = errors.Join(why, err)
		if result == Done {
			result = Unconfirmed
			why = fmt.Errorf("the role shows the policy, but %w", err)
		}
	}
	return Outcome{entry.Role.ARN, result, entry, why}
}

// step writes a step. Where the journal cannot be written nothing more is
// begun.
func (r *run) step(entry *journal.Entry, step journal.Step) error {
	if caller := r.session.Caller.ARN; caller != entry.Caller {
		step.Caller = caller
	}
	err := r.hold.Step(entry, step)
	if err != nil {
		r.halted = fmt.Errorf("the journal cannot be written: %w", err)
	}
	return err
}
