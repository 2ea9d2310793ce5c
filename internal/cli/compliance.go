package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"countersign/internal/compliance"
	"countersign/internal/report"
)

// compliance is the command that lists frameworks and controls.
func (c *command) compliance() *cobra.Command {
	var noColor bool
	format := "text"
	command := &cobra.Command{
		Use:   "compliance [FRAMEWORK]",
		Short: "list the frameworks, or the controls of one, that the rules give evidence for",
		Long: `Lists the frameworks whose controls the rules give evidence for. With the id of a
framework it lists these controls: why the rule is evidence, how near it comes,
and where the control was seen. Whether a control is met is for people to say.`,
		Example: `  countersign compliance
  countersign compliance nist-800-53-r4
  countersign scan --compliance nist-800-53-r4 account.json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &misuse{fmt.Sprintf("compliance shows one framework at a time, not %q as well", args[1]), "countersign compliance [FRAMEWORK]"}
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return compliance.IDs(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			listed := compliance.Frameworks()
			if len(args) == 1 {
				found, ok := compliance.Find(args[0])
				if !ok {
					return checkFramework(args[0])
				}
				listed = []compliance.Framework{*found}
			}
			if format == "json" {
				return report.Frameworks(c.streams.Out, listed, version())
			}
			if len(args) == 0 {
				return listFrameworks(c.streams.Out, listed, lookOn(c.streams.Out, noColor))
			}
			_, err := io.WriteString(c.streams.Out, controlsOf(&listed[0], "", lookOn(c.streams.Out, noColor)))
			return err
		},
	}
	inGroup(command.Flags(), "Output")(&word{&format, "NAME", oneOf("text", "json")}, "format", "how to write it: text, json")
	switchInGroup(command.Flags(), "Output")(&noColor, "no-color", "no colours; NO_COLOR and TERM=dumb ask for the same")
	return command
}

// checkFramework accepts the id of a framework.
func checkFramework(id string) error {
	for _, known := range compliance.IDs() {
		if id == known {
			return nil
		}
	}
	return &misuse{fmt.Sprintf("unknown framework %q", id), compliance.Suggest(id)}
}

func listFrameworks(w io.Writer, listed []compliance.Framework, look look) error {
	var b strings.Builder
	for i := range listed {
		one := &listed[i]
		fmt.Fprintf(&b, "%s  %s, %s\n", look.strong(fmt.Sprintf("%-21s", one.ID)), one.Title(), controlCount(len(one.Controls)))
	}
	fmt.Fprintf(&b, "\nThe controls of a framework: countersign compliance %s\n", listed[0].ID)
	_, err := io.WriteString(w, b.String())
	return err
}

func controlCount(n int) string {
	if n == 1 {
		return "1 control"
	}
	return fmt.Sprintf("%d controls", n)
}

// controlsOf lists the controls of a framework that a rule gives evidence for,
// or, without a rule, that any does.
func controlsOf(framework *compliance.Framework, rule string, look look) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n%s\n", look.strong("evidence for "+framework.Title()), framework.ID, indented(framework.Document, 2))
	for _, control := range framework.Controls {
		if rule != "" && control.Rule != rule {
			continue
		}
		fmt.Fprintf(&b, "\n  %s  %s\n", look.strong(control.ID), control.Title)
		fmt.Fprintf(&b, "%s\n", indented(fmt.Sprintf("%s, %s: %s", control.Rule, control.Relation, control.Evidence), 4))
		fmt.Fprintf(&b, "%s\n", indented("seen in: "+control.Source, 4))
	}
	return b.String()
}

// evidenceSection is the section of a rule's page about frameworks.
func evidenceSection(rule string) string {
	var b strings.Builder
	b.WriteString("\n## Evidence for\n\nControls that this rule gives evidence for, and how near it comes to each. The rule\ndecides none of them. `countersign compliance FRAMEWORK` says why, and where the\ncontrol was seen.\n\n| framework | control | title | relation |\n|---|---|---|---|\n")
	for _, framework := range compliance.Frameworks() {
		for _, control := range framework.Controls {
			if control.Rule == rule {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", framework.ID, control.ID, control.Title, control.Relation)
			}
		}
	}
	return b.String()
}
