package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"countersign/docs"
	"countersign/internal/rule"
	"countersign/internal/spelling"
	"countersign/internal/thirdparty"
	"countersign/trust"
)

func (c *command) rules() *cobra.Command {
	var noColor bool
	command := &cobra.Command{
		Use:   "rules [ID]",
		Short: "list the rules, or show the page of a rule or of a reason code",
		Long: `Lists the rules. With the id of a rule it shows the rule's page: what it checks,
why, and how to remedy it. With a reason code, alone or behind the rule's id, it
shows the section about that.`,
		Example: `  countersign rules
  countersign rules IAM-050
  countersign rules external-id-pattern`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &misuse{fmt.Sprintf("rules shows one page at a time, not %q as well", args[1]), "countersign rules [ID]"}
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return pages(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			look := lookOn(c.streams.Out, noColor)
			if len(args) == 0 {
				return listRules(c.streams.Out, look)
			}
			text, err := page(args[0])
			if err != nil {
				return err
			}
			if _, isTerminal := terminal(c.streams.Out); isTerminal {
				text = legible(text, look)
			}
			_, err = io.WriteString(c.streams.Out, text)
			return err
		},
	}
	switchInGroup(command.Flags(), "Output")(&noColor, "no-color", "no colours; NO_COLOR and TERM=dumb ask for the same")
	return command
}

func listRules(w io.Writer, look look) error {
	for _, known := range rule.Rules {
		if _, err := fmt.Fprintf(w, "%s  %s\n%s\n", look.strong(known.ID), known.Title, indented(known.Description, 9)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\nA rule's page: countersign rules %s\n", rule.Rules[0].ID)
	return err
}

func indented(text string, by int) string {
	margin := strings.Repeat(" ", by)
	return margin + strings.Join(wrapped(text, 80-by), "\n"+margin)
}

// page finds the page of a rule ("IAM-050"), or a section of it
// ("IAM-050#no-condition", "IAM-050/no-condition", "no-condition").
func page(name string) (string, error) {
	id, code, hasCode := strings.Cut(strings.Replace(name, "/", "#", 1), "#") // the settings spell it with a slash
	if text, ok := docs.Rule(strings.ToUpper(id)); ok {
		if !hasCode {
			return text + evidenceSection(strings.ToUpper(id)), nil
		}
		if section, ok := docs.Section(text, code); ok {
			return section, nil
		}
		return "", noSection(code)
	}
	if !hasCode {
		for _, known := range rule.Rules {
			text, _ := docs.Rule(known.ID)
			if section, ok := docs.Section(text, name); ok {
				return section, nil
			}
		}
	}
	return "", noSection(name)
}

func noSection(name string) error {
	return &misuse{
		fmt.Sprintf("there is no rule and no reason code %q", name),
		either(spelling.Suggest(name, pages()), "the rules are listed by: countersign rules"),
	}
}

// pages are the names that rules takes.
func pages() []string {
	var names []string
	for _, known := range rule.Rules {
		names = append(names, known.ID)
	}
	return slices.Concat(names, trust.ReasonCodes, trust.WarningCodes, []string{thirdparty.AWSServiceAccount})
}
