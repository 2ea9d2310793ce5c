package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"countersign/internal/fix/apply"
	"countersign/internal/fix/journal"
	"countersign/internal/fix/textdiff"
)

// undoing holds the flags of undo.
type undoing struct {
	changing
	profile, region string
	recover, print  bool
}

func (c *command) undo() *cobra.Command {
	var flags undoing
	command := &cobra.Command{
		Use:   "undo [CHANGE]",
		Short: "list the changes to live roles, or put the policy before one back",
		Long: `Without an argument it lists the changes that were made to live roles, from the
journal. With the id of one, or the end of the id, it puts the trust policy back
that the role had before, provided that the role still shows the one that the
change set; it shows the difference and asks first. With --recover it finds out
how changes ended that the journal does not know the end of, and finishes or
reverts them.`,
		Example: `  countersign undo
  countersign undo 4f2a
  countersign undo --print 4f2a > before.json
  countersign undo --recover finish`,
		Args: flags.check,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return flags.candidates(args), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(command *cobra.Command, args []string) error {
			from, err := flags.open()
			switch {
			case err != nil:
				return err
			case flags.recover:
				return c.recoverChanges(command.Context(), &flags, from, choiceOf(args))
			case len(args) == 0:
				return c.listChanges(from)
			case flags.print:
				return c.printBefore(from, args[0])
			}
			return c.undoChange(command.Context(), &flags, from, args[0])
		},
	}
	own := command.Flags()
	own.SortFlags = false
	registerCredentials(own, &flags.profile, &flags.region)
	flags.register(own)
	run := switchInGroup(own, "Run")
	run(&flags.recover, "recover", "find out how changes ended that were cut off; finish or revert behind it settles them")
	run(&flags.print, "print", "print the policy before the change, exactly, and change nothing")
	switchInGroup(own, "Output")(&flags.noColor, "no-color", "no colours; NO_COLOR and TERM=dumb ask for the same")
	flags.complete(command)
	return command
}

func (u *undoing) check(_ *cobra.Command, args []string) error {
	const usage = "countersign undo [CHANGE], or countersign undo --recover [finish|revert]"
	switch {
	case u.recover && u.print:
		return &misuse{"--recover and --print exclude each other", usage}
	case len(args) > 1:
		return &misuse{fmt.Sprintf("undo takes one change at a time, not %q as well", args[1]), usage}
	case u.print && len(args) == 0:
		return &misuse{"--print needs a change", "countersign undo --print CHANGE"}
	case u.recover && len(args) == 1:
		if err := oneOf(string(apply.Finish), string(apply.Revert))(args[0]); err != nil {
			var wrong *misuse
			errors.As(err, &wrong)
			return &misuse{"--recover: " + wrong.message, wrong.hint}
		}
	}
	return nil
}

// candidates completes the argument.
func (u *undoing) candidates(args []string) (names []string) {
	if len(args) > 0 {
		return nil
	}
	if u.recover {
		return []string{string(apply.Finish), string(apply.Revert)}
	}
	from, err := u.open()
	if err != nil {
		return nil
	}
	entries, _, _ := from.Entries() // a shell has no place for what went wrong
	for _, entry := range entries {
		names = append(names, entry.ID+"\t"+string(entry.State())+" "+entry.Role.Name)
	}
	return names
}

// listChanges prints the journal.
func (c *command) listChanges(from *journal.Journal) error {
	entries, err := c.entries(from)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		c.note("note: no change is written in the journal %s", from.Path())
		return nil
	}
	rows := [][]string{{"CHANGE", "WHEN", "STATE", "ROLE", "ACCOUNT", "WHO", ""}}
	open := 0
	for _, entry := range entries {
		if entry.Open() {
			open++
		}
		rows = append(rows, []string{
			entry.ID, entry.Begun().UTC().Format("2006-01-02 15:04 UTC"), string(entry.State()),
			entry.Role.Name, entry.Account, who(entry.Caller), remark(entry),
		})
	}
	if err := writeTable(c.streams.Out, rows); err != nil {
		return err
	}
	if open > 0 {
		c.note("note: how %s ended is not known", plural(open, "change"))
		c.hint("find it out: countersign undo --recover")
	}
	return nil
}

// entries reads the journal and tells what of it cannot be read.
func (c *command) entries(from *journal.Journal) ([]*journal.Entry, error) {
	entries, damages, err := from.Entries()
	for _, damage := range damages {
		c.note("incomplete: %s: %s", damage.Path, damage.Reason)
		c.code = exitIncomplete
	}
	for _, entry := range entries {
		for _, note := range entry.Notes {
			c.note("note: change %s: %s", entry.ID, note)
		}
	}
	return entries, err
}

// who is the part of an ARN that people know: "user/alice".
func who(arn string) string {
	if fields := strings.SplitN(arn, ":", 6); len(fields) == 6 {
		return fields[5]
	}
	return arn
}

func remark(entry *journal.Entry) string {
	switch {
	case entry.RevertedBy != "":
		return "undone by " + entry.RevertedBy
	case entry.Undoes != "":
		return strings.TrimSuffix("undoes "+entry.Undoes+"; "+entry.Reason(), "; ")
	}
	return entry.Reason()
}

// writeTable writes rows in columns; the last column is as wide as it is.
func writeTable(out io.Writer, rows [][]string) error {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i := range row {
			row[i] = strings.ReplaceAll(printable(row[i]), "\n", " ")
			widths[i] = max(widths[i], len([]rune(row[i])))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			fmt.Fprintf(&line, "%-*s  ", widths[i], cell)
		}
		if _, err := fmt.Fprintln(out, strings.TrimRight(line.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

// find returns the change that is meant.
func find(from *journal.Journal, ref string) (*journal.Entry, error) {
	entry, err := from.Find(ref)
	var wrong *journal.RefError
	if errors.As(err, &wrong) {
		return nil, &misuse{wrong.Error(), wrong.Hint()}
	}
	return entry, err
}

// printBefore prints a policy to the byte, for who puts it back by hand.
func (c *command) printBefore(from *journal.Journal, ref string) error {
	entry, err := find(from, ref)
	if err != nil {
		return err
	}
	if _, isTerminal := terminal(c.streams.Out); isTerminal {
		fmt.Fprintln(c.streams.Out, printable(entry.Before))
		return nil
	}
	_, err = io.WriteString(c.streams.Out, entry.Before)
	return err
}

// undoChange puts the policy before a change back.
func (c *command) undoChange(ctx context.Context, flags *undoing, from *journal.Journal, ref string) error {
	entry, err := find(from, ref)
	if err != nil {
		return err
	}
	if err := apply.Undoable(entry); err != nil {
		return err
	}
	if !flags.yes {
		if err := c.asks("give --yes to answer yes; the policy is shown by: countersign undo --print " + entry.ID); err != nil {
			return err
		}
	}
	session, err := flags.session(ctx, flags.profile, flags.region)
	if err != nil {
		return err
	}
	hold, err := c.hold(ctx, &flags.changing, from)
	if err != nil {
		return err
	}
	defer hold.Release()
	// Another process may have gone on with it while this one waited.
	if entry, err = find(from, entry.ID); err != nil {
		return err
	}
	if err := apply.Undoable(entry); err != nil {
		return err
	}
	seen := apply.Look(ctx, session, entry)
	if err := seen.Check(entry); err != nil {
		if differing := differingOf(err); differing != "" {
			c.note("%s", strings.TrimSuffix(differing, "\n"))
		}
		return err
	}
	c.showUndo(flags, entry, seen)
	if !flags.yes {
		sure, err := c.confirm(ctx, "put this policy back?")
		if err != nil {
			return err
		}
		if !sure {
			c.note("note: nothing was changed")
			return nil
		}
	}
	outcome := apply.Undo(ctx, session, hold, entry, changeOptions())
	c.tellOutcome(outcome)
	if outcome.Result != apply.Done {
		c.code = exitIncomplete
	}
	return nil
}

// showUndo shows what the undoing of a change does to its role.
func (c *command) showUndo(flags *undoing, entry *journal.Entry, seen apply.Sight) {
	out := c.streams.Out
	fmt.Fprintf(out, "%s\n", printable(entry.Role.ARN))
	fmt.Fprintf(out, "change %s of %s by %s\n", entry.ID, entry.Begun().UTC().Format(time.DateTime+" UTC"), printable(who(entry.Caller)))
	if was := entry.VerdictBefore; was.Outcome != "" {
		fmt.Fprintf(out, "with the policy before, the verdict was %s\n", printable(strings.TrimSpace(was.Outcome+" "+strings.Join(was.Reasons, ", "))))
	}
	showDiff(out, textdiff.JSON("live", "before "+entry.ID, []byte(seen.Policy), []byte(entry.Before)), flags.noColor)
}

func plural(count int, noun string) string {
	if count == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", count, noun)
}
