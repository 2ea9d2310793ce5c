package cli

import (
	"context"
	"errors"
	"fmt"

	"countersign/internal/fix/apply"
	"countersign/internal/fix/journal"
	"countersign/internal/source/awslive"
)

// choiceOf is the argument of --recover; empty means to ask.
func choiceOf(args []string) apply.Choice {
	if len(args) == 0 {
		return ""
	}
	return apply.Choice(args[0])
}

// recoverChanges finds out how changes ended that the journal does not know the
// end of, and brings them to one. Without a choice it asks, and without a
// terminal it only tells.
func (c *command) recoverChanges(ctx context.Context, flags *undoing, from *journal.Journal, choice apply.Choice) error {
	open, err := c.openEntries(from)
	if err != nil || len(open) == 0 {
		return err
	}
	// While another process is changing roles, its changes are not over.
	hold, err := c.hold(ctx, &flags.changing, from)
	if err != nil {
		return err
	}
	defer hold.Release()
	session, err := flags.session(ctx, flags.profile, flags.region)
	if err != nil {
		return err
	}
	if open, err = c.openEntries(from); err != nil {
		return err
	}
	for _, entry := range open {
		if ctx.Err() != nil {
			return errors.New("interrupted; how the other changes ended is still not known")
		}
		if err := c.recoverChange(ctx, session, hold, entry, choice); err != nil {
			return err
		}
	}
	return nil
}

func (c *command) openEntries(from *journal.Journal) (open []*journal.Entry, err error) {
	entries, err := c.entries(from)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if entry.Open() {
			open = append(open, entry)
		}
	}
	if len(open) == 0 {
		c.note("note: how every change ended is known")
	}
	return open, nil
}

// recoverChange settles one change.
func (c *command) recoverChange(ctx context.Context, session *awslive.Session, hold *journal.Hold, entry *journal.Entry, choice apply.Choice) error {
	seen := apply.Settled(ctx, session, entry, changeOptions())
	fmt.Fprintf(c.streams.Out, "%s  %s  %s\n", entry.ID, printable(entry.Role.ARN), shown(seen))
	if seen.Shows == apply.ShowsUnknown {
		c.note("  %v", seen.Err)
		c.hint(hintOf(seen.Err))
		c.code = exitIncomplete
		return nil
	}
	if choice == "" && (seen.Shows == apply.ShowsBefore || seen.Shows == apply.ShowsAfter) {
		if c.asks("") != nil {
			c.hint("settle it: countersign undo --recover finish, or countersign undo --recover revert")
			c.code = exitIncomplete
			return nil
		}
		answer, err := c.ask(ctx, "finish it, revert it or leave it as it is? [f/r/L]")
		if err != nil {
			return err
		}
		switch answer {
		case "f", "finish":
			choice = apply.Finish
		case "r", "revert":
			choice = apply.Revert
		default:
			c.code = exitIncomplete
			return nil
		}
	}
	outcome := apply.Recover(ctx, session, hold, entry, seen, choice, changeOptions())
	c.tellOutcome(outcome)
	if outcome.Result != apply.Done {
		c.code = exitIncomplete
	}
	return nil
}

// shown says what a role was seen to show.
func shown(seen apply.Sight) string {
	switch seen.Shows {
	case apply.ShowsBefore:
		return "not applied: the role shows the policy before"
	case apply.ShowsAfter:
		return "applied: the role shows the new policy"
	case apply.ShowsOther:
		return "something else: the role shows neither the policy before nor the new one"
	case apply.ShowsNoRole:
		return "the role has been deleted"
	}
	return "not known"
}
