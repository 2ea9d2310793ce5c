package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"countersign/internal/report"
	"countersign/internal/settings"
)

// config is the command that shows the settings.
func (c *command) config() *cobra.Command {
	command := &cobra.Command{
		Use:   "config COMMAND",
		Short: "check the settings, or show them with the place of each",
		Long: `Reads the settings as the other commands do: countersign.yaml in the current
directory, or else in the nearest one above it up to the top of the git repository,
with the files that it extends. Another file may be named.`,
		Example: `  countersign config check
  countersign config show --format json ../central/countersign.yaml`,
		Args: cobra.ArbitraryArgs,
		RunE: func(command *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &misuse{"config needs a command", "countersign config check, or countersign config show"}
			}
			return &misuse{fmt.Sprintf("config has no command %q", args[0]), "countersign config check, or countersign config show"}
		},
	}
	command.AddCommand(c.configCheck(), c.configShow())
	return command
}

func (c *command) configCheck() *cobra.Command {
	at := time.Now()
	command := &cobra.Command{
		Use:   "check [FILE]",
		Short: "say whether the settings can be read, and which waivers have ended",
		Long: `Reads the settings and the files that they extend. The exit code is 0 if there is
nothing wrong with them, and 2 if there is; waivers that have ended are told of.`,
		Example: "  countersign config check",
		Args:    oneFile,
		RunE: func(_ *cobra.Command, args []string) error {
			found, err := c.settingsIn(args)
			if err != nil {
				return err
			}
			for _, file := range found.Origins.Files {
				fmt.Fprintf(c.streams.Out, "%s: ok\n", printable(file))
			}
			for i := range found.Waivers {
				if one := &found.Waivers[i]; one.Expired(at) {
					c.note("note: the waiver of %s at %s:%d by %s has ended on %s", one.Rule, one.Path, one.Line, one.Owner, one.Until.Format(time.DateOnly))
				}
			}
			return nil
		},
	}
	inGroup(command.Flags(), "Run")(&moment{&at}, "at", "tell which waivers have ended as of this time instead of now")
	command.Flags().Lookup("at").DefValue = ""
	return command
}

func (c *command) configShow() *cobra.Command {
	var show bool
	format := "text"
	command := &cobra.Command{
		Use:   "show [FILE]",
		Short: "show the settings in effect, each with the file and line that it comes from",
		Long: `Shows the settings in effect, those of extended files included, each with the file
and the line that it comes from. External IDs are redacted.`,
		Example: `  countersign config show
  countersign config show --format json`,
		Args: oneFile,
		RunE: func(_ *cobra.Command, args []string) error {
			found, err := c.settingsIn(args)
			if err != nil {
				return err
			}
			if format == "json" {
				return report.Settings(c.streams.Out, found.Origins.Files, stated(found.List(show)), version())
			}
			return listSettings(c.streams.Out, found.List(show))
		},
	}
	inGroup(command.Flags(), "Output")(&word{&format, "NAME", oneOf("text", "json")}, "format", "how to write it: text, json")
	switchInGroup(command.Flags(), "Output")(&show, "show-external-ids", "do not redact external IDs")
	complete(command, "format", "text", "json")
	return command
}

func oneFile(command *cobra.Command, args []string) error {
	if len(args) > 1 {
		return &misuse{fmt.Sprintf("%s takes one file, not %q as well", command.CommandPath(), args[1]), ""}
	}
	return nil
}

// settingsIn reads the settings that are named, or that other commands would
// take.
func (c *command) settingsIn(args []string) (settings.Settings, error) {
	question := question{}
	if len(args) == 1 {
		question.config = args[0]
	}
	found, err := question.load()
	if err == nil && found.Path == "" {
		err = &misuse{"there is no " + settings.FileName + " here", "it is looked for in this directory and above it, up to the top of the git repository"}
	}
	return found, err
}

func stated(list []settings.Stated) (made []report.StatedSetting) {
	for _, one := range list {
		made = append(made, report.StatedSetting{Key: one.Key, Value: one.Value, Path: one.Path, Line: one.Line})
	}
	return made
}

// listSettings writes one setting a line.
func listSettings(w io.Writer, list []settings.Stated) error {
	var b strings.Builder
	for i := range list {
		one := &list[i]
		where := "(default)"
		if one.Line > 0 {
			where = fmt.Sprintf("%s:%d", one.Path, one.Line)
		}
		fmt.Fprintf(&b, "%-18s  %s  %s\n", one.Key, oneLine(one.Value), oneLine(where))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// oneLine is printable text without line breaks.
func oneLine(text string) string {
	return strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(printable(text))
}
