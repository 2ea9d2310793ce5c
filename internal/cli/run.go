// Package cli is the command line: flags and settings in, results on stdout,
// messages on stderr, an exit code out.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Streams are what a run reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Exit codes; help.go gives the reason beside each.
const (
	exitClean      = 0
	exitFindings   = 1
	exitWrongUse   = 2
	exitIncomplete = 3
)

// Interruptible returns a context that ends with the first Ctrl-C, so that what
// is known can be told; a second one ends the process at once. It also turns a
// closed stdout from a deadly signal into a write error, so that temporary files
// are removed.
func Interruptible() (context.Context, context.CancelFunc) {
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// Run runs one command line, without the program's name, and returns the
// process's exit code.
func Run(ctx context.Context, args []string, streams Streams) int {
	command := &command{streams: streams}
	root := command.root()
	root.SetArgs(args)
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	if err := root.ExecuteContext(ctx); err != nil {
		return command.failed(err)
	}
	return command.code
}

// command is one run of the program.
type command struct {
	streams Streams
	code    int
}

// misuse is a mistake of the person at the keyboard.
type misuse struct {
	message string // lower case, no full stop
	hint    string // what would be right
}

func (m *misuse) Error() string { return m.message }

// failed tells an error that ended the run and returns the exit code.
func (c *command) failed(err error) int {
	if errors.Is(err, syscall.EPIPE) {
		return exitIncomplete // nobody is listening any more
	}
	fmt.Fprintf(c.streams.Err, "error: %s\n", printable(err.Error()))
	var wrongUse *misuse
	if errors.As(err, &wrongUse) {
		c.hint(wrongUse.hint)
		return exitWrongUse
	}
	c.hint(hintOf(err))
	if breaking := (*breakingError)(nil); errors.As(err, &breaking) {
		return exitFindings // the roles stay open
	}
	return exitIncomplete
}

func (c *command) hint(text string) {
	if text != "" {
		fmt.Fprintf(c.streams.Err, "hint: %s\n", printable(text))
	}
}

// note tells something that is neither a result nor a fault.
func (c *command) note(format string, values ...any) {
	fmt.Fprintln(c.streams.Err, printable(fmt.Sprintf(format, values...)))
}

// root is the tree of commands.
func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "countersign",
		Version:       version(),
		Short:         "decide exactly whether a stranger can assume an IAM role",
		Long:          rootText,
		Args:          cobra.ArbitraryArgs,
		RunE:          c.noCommand,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.Flags().Bool("version", false, "print the version")
	root.SetVersionTemplate(versionLine())
	root.CompletionOptions.DisableDefaultCmd = true // ours says what it does in our words
	root.AddCommand(c.scan(), c.explain(), c.fix(), c.diff(), c.evidence(), c.undo(), c.thirdParties(), c.rules(), c.compliance(), c.config(), c.version(), c.completion(), c.man())
	root.SetHelpCommand(c.help())
	root.SetFlagErrorFunc(flagMisuse)
	root.SetHelpFunc(help)
	root.SetUsageFunc(func(command *cobra.Command) error { help(command, nil); return nil })
	root.PersistentFlags().BoolP("help", "h", false, "show this help")
	return root
}

// noCommand answers a command line that names no command there is. It must not
// end well: a pipeline that forgets the command has judged nothing.
func (c *command) noCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		root.SetOut(c.streams.Err)
		help(root, nil)
		c.code = exitWrongUse
		return nil
	}
	return unknownCommand(root, args[0])
}
