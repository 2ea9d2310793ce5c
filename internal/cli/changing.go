package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"countersign/internal/fix/apply"
	"countersign/internal/fix/journal"
	"countersign/internal/fix/textdiff"
	"countersign/internal/source/awslive"
)

// changing holds the flags of the commands that change live roles, beside those
// that say whose credentials they run with.
type changing struct {
	roleName, externalID string
	journal              string
	yes, wait            bool
	maxChanges           int // of fix; 0 sets no bound
	noColor              bool
}

// registerCredentials registers the flags that say whose credentials are used.
func registerCredentials(flags *pflag.FlagSet, profile, region *string) {
	group := inGroup(flags, "AWS")
	group(&word{profile, "NAME", notEmpty}, "profile", "the profile of the AWS configuration to use")
	group(&word{region, "NAME", notEmpty}, "region", "the AWS Region to ask in")
}

func (f *changing) register(flags *pflag.FlagSet) {
	group, run := inGroup(flags, "AWS"), switchInGroup(flags, "Run")
	group(&word{&f.roleName, "NAME", notEmpty}, "fix-role-name", "the role to assume in other accounts to change their roles; default "+awslive.DefaultFixRoleName)
	group(&word{&f.externalID, "VALUE", notEmpty}, "fix-role-external-id", "the external ID that this role asks for")
	inGroup(flags, "Run")(&word{&f.journal, "DIR", notEmpty}, "journal", "where changes are written down; default countersign/journal in $XDG_STATE_HOME or ~/.local/state")
	run(&f.yes, "yes", "do not ask before a role is changed")
	run(&f.wait, "wait", "while another process is changing roles, wait for it")
}

// complete tells shells what the flags take.
func (f *changing) complete(command *cobra.Command) {
	nothing := cobra.FixedCompletions(nil, cobra.ShellCompDirectiveNoFileComp)
	for _, flag := range []string{"fix-role-name", "fix-role-external-id"} {
		_ = command.RegisterFlagCompletionFunc(flag, nothing) // it fails for what is no flag
	}
	_ = command.RegisterFlagCompletionFunc("journal", cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs))
}

// open returns the journal, which need not exist.
func (f *changing) open() (*journal.Journal, error) {
	path := f.journal
	if path == "" {
		var err error
		if path, err = journal.DefaultPath(); err != nil {
			return nil, &misuse{err.Error(), "name a directory with --journal DIR"}
		}
	}
	return journal.At(path), nil
}

// session opens the way to AWS for changing roles.
func (f *changing) session(ctx context.Context, profile, region string) (*awslive.Session, error) {
	return awslive.Open(ctx, awslive.Options{
		Profile: profile, Region: region, RoleName: f.roleName, RoleExternalID: f.externalID, Changes: true,
	})
}

// hold takes the hold on the journal; with --wait as soon as it is free.
func (c *command) hold(ctx context.Context, f *changing, from *journal.Journal) (*journal.Hold, error) {
	hold, err := from.Hold(ctx, false)
	var held *journal.HeldError
	if !f.wait || !errors.As(err, &held) {
		return hold, err
	}
	c.note("note: %v; waiting", held)
	return from.Hold(ctx, true)
}

// changeOptions are those of the changes that this program makes.
func changeOptions() apply.Options {
	return apply.Options{Tool: "countersign " + version()}
}

// tellOutcome writes what became of a change: on standard output what was done,
// and on standard error what was not, with what to do about it.
func (c *command) tellOutcome(outcome apply.Outcome) { c.tellTo(c.streams.Out, outcome) }

// tellAside does the same, all of it on standard error.
func (c *command) tellAside(outcome apply.Outcome) { c.tellTo(c.streams.Err, outcome) }

func (c *command) tellTo(done io.Writer, outcome apply.Outcome) {
	name := ""
	if outcome.Entry != nil {
		name = "  (change " + outcome.Entry.ID + ")"
	}
	if outcome.Err == nil {
		fmt.Fprintf(done, "%-11s  %s%s\n", outcome.Result, printable(outcome.ARN), name)
		return
	}
	c.note("%-11s  %s%s\n  %v", outcome.Result, outcome.ARN, name, outcome.Err)
	if differing := differingOf(outcome.Err); differing != "" {
		c.note("%s", shifted(differing))
	}
	c.hint(hintOf(outcome.Err))
}

// differingOf returns the diff that an error carries.
func differingOf(err error) string {
	var differing interface{ Diff() string }
	if errors.As(err, &differing) {
		return differing.Diff()
	}
	return ""
}

func shifted(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ")
}

// showDiff writes a diff to a stream, in colour where that can be seen.
func showDiff(out io.Writer, diff string, noColor bool) {
	diff = printable(diff)
	if !noColor && colorful(out) {
		diff = textdiff.Color(diff)
	}
	fmt.Fprint(out, diff)
}
