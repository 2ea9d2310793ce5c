package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const rootText = `countersign reads the trust policies of IAM roles and decides, exactly, whether
somebody outside your zone of trust can assume a role without giving a
countersign: with neither an external ID nor MFA.`

const exitCodes = `  0  nothing at or above --fail-on: a pipeline may go on
  1  findings: somebody gets in without a countersign
  2  wrong use: a flag, a role's name or the settings are wrong, nothing was judged
  3  incomplete: something could not be read or judged, so that an absence of
     findings proves nothing
Findings win over incomplete. Results that could not be decided ("unknown") do
not count as findings unless --strict is given.`

// help is the command of that name: the flag --help in other words.
func (c *command) help() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "show what a command does and which flags it takes",
		RunE: func(command *cobra.Command, args []string) error {
			root := command.Root()
			about, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(root, strings.Join(args, " "))
			}
			help(about, nil)
			return nil
		},
	}
}

// groupKey is the annotation under which a flag says where help lists it.
const groupKey = "group"

// inGroup returns a function that adds flags which help lists under a heading.
func inGroup(flags *pflag.FlagSet, heading string) func(value pflag.Value, name, usage string) {
	return func(value pflag.Value, name, usage string) {
		flag := flags.VarPF(value, name, "", usage)
		flag.Annotations = map[string][]string{groupKey: {heading}}
	}
}

// switchInGroup is inGroup for flags without a value.
func switchInGroup(flags *pflag.FlagSet, heading string) func(into *bool, name, usage string) {
	return func(into *bool, name, usage string) {
		flags.BoolVar(into, name, false, usage)
		flags.Lookup(name).Annotations = map[string][]string{groupKey: {heading}}
	}
}

// help prints a command's help. It stays within 80 columns.
func help(command *cobra.Command, _ []string) {
	out := command.OutOrStdout()
	sheet := sheet{out, lookOn(out, false)}
	sheet.text(either(command.Long, command.Short))
	sheet.section("Usage")
	sheet.text("  " + usage(command))
	sheet.examples(command.Example)
	sheet.commands(command)
	for _, heading := range headings {
		sheet.flags(command, heading)
	}
	if codes := exitCodesOf(command); codes != "" {
		sheet.section("Exit codes")
		sheet.text(codes)
	}
	if command.HasAvailableSubCommands() {
		sheet.text("\nMore about a command: " + command.CommandPath() + " COMMAND --help")
	}
}

// headings are the groups of flags, in the order of help; the empty one holds
// the others.
var headings = []string{"Repair", "Evidence", "Files", "AWS", "Zone of trust", "Output", "Run", ""}

// exitCodesOf says what the exit codes of a command mean, where there is more to
// say than that 0 is well.
func exitCodesOf(command *cobra.Command) string {
	codes := command.Annotations[judges]
	if codes == asScan || !command.HasParent() {
		return exitCodes
	}
	return codes
}

// judges marks the commands whose exit code is a judgement. Its value is what the
// codes mean, or asScan.
const (
	judges = "judges"
	asScan = "as scan"
)

// sheet is a help text in the making.
type sheet struct {
	out  io.Writer
	look look
}

func (s sheet) text(text string)     { fmt.Fprintln(s.out, text) }
func (s sheet) section(title string) { fmt.Fprintf(s.out, "\n%s\n", s.look.strong(title)) }

func (s sheet) examples(text string) {
	if text != "" {
		s.section("Examples")
		s.text(text)
	}
}

func usage(command *cobra.Command) string {
	if !command.HasParent() {
		return command.Name() + " COMMAND [flags]"
	}
	return command.UseLine()
}

func (s sheet) commands(command *cobra.Command) {
	if !command.HasAvailableSubCommands() {
		return
	}
	s.section("Commands")
	var rows [][2]string
	for _, sub := range command.Commands() {
		if sub.IsAvailableCommand() {
			rows = append(rows, [2]string{strings.TrimPrefix(sub.Use, command.Name()+" "), sub.Short})
		}
	}
	s.table(rows)
}

// flags lists the flags of one group; the empty group holds those without one.
func (s sheet) flags(command *cobra.Command, group string) {
	var rows [][2]string
	for _, flag := range flagsOf(command, group) {
		rows = append(rows, flagRow(flag))
	}
	if len(rows) > 0 {
		s.section(either(group, "Other flags"))
		s.table(rows)
	}
}

func flagsOf(command *cobra.Command, group string) (found []*pflag.Flag) {
	command.Flags().VisitAll(func(flag *pflag.Flag) {
		in := ""
		if names := flag.Annotations[groupKey]; len(names) > 0 {
			in = names[0]
		}
		if in == group && !flag.Hidden {
			found = append(found, flag)
		}
	})
	return found
}

func flagRow(flag *pflag.Flag) [2]string {
	value, text := pflag.UnquoteUsage(flag)
	left := strings.TrimSpace("--" + flag.Name + " " + value)
	if flag.Shorthand != "" {
		left = "-" + flag.Shorthand + ", " + left
	}
	if flag.DefValue != "" && flag.DefValue != "false" && flag.DefValue != "0" {
		text += " (default " + flag.DefValue + ")"
	}
	return [2]string{left, text}
}

// table prints two columns, the right one wrapped.
func (s sheet) table(rows [][2]string) {
	const widest, line = 24, 80
	left := 0
	for _, row := range rows {
		left = max(left, min(len(row[0]), widest))
	}
	for _, row := range rows {
		name := row[0]
		if len(name) > left {
			fmt.Fprintf(s.out, "  %s\n", name)
			name = ""
		}
		for _, part := range wrapped(row[1], line-left-4) {
			fmt.Fprintf(s.out, "  %-*s  %s\n", left, name, part)
			name = ""
		}
	}
}

// wrapped breaks text at blanks into lines of at most so many columns.
func wrapped(text string, columns int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > columns {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(lines, line)
}
