package cli

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"countersign/internal/compliance"
	"countersign/internal/report"
)

// completion writes the script that makes a shell complete our command lines.
func (c *command) completion() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:       "completion SHELL",
		Short:     "print the completion script for bash, zsh, fish or powershell",
		Example:   "  source <(countersign completion bash)",
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &misuse{"completion takes one shell", "one of: bash, zsh, fish, powershell"}
			}
			return oneOf(shells...)(args[0])
		},
		RunE: func(command *cobra.Command, args []string) error {
			err := writeCompletion(command.Root(), args[0], c.streams.Out)
			if err != nil {
				return fmt.Errorf("writing the completion script: %w", err)
			}
			return nil
		},
	}
}

func writeCompletion(root *cobra.Command, shell string, w io.Writer) error {
	switch shell {
	case "zsh":
		return root.GenZshCompletion(w)
	case "fish":
		return root.GenFishCompletion(w, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(w)
	}
	return root.GenBashCompletionV2(w, true)
}

// completions tells shells what the flags of a judging command take.
func completions(command *cobra.Command, names []string) {
	var formats []string
	for _, name := range names {
		at := slices.IndexFunc(report.Formats, func(f report.Format) bool { return f.Name == name })
		if at >= 0 && command.Name() != "third-parties" {
			name += "\t" + report.Formats[at].Summary
		}
		formats = append(formats, name)
	}
	nothing := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	directories := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	for flag, complete := range map[string]cobra.CompletionFunc{
		"format":        cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp),
		"zone":          cobra.FixedCompletions([]string{zoneAccount, zoneOrganization}, cobra.ShellCompDirectiveNoFileComp),
		"compliance":    cobra.FixedCompletions(compliance.IDs(), cobra.ShellCompDirectiveNoFileComp),
		"fail-on":       cobra.FixedCompletions(severities, cobra.ShellCompDirectiveNoFileComp),
		"config":        cobra.FixedCompletions([]string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt),
		"rcp":           cobra.FixedCompletions([]string{"json"}, cobra.ShellCompDirectiveFilterFileExt),
		"trust-account": nothing,
		"trust-org":     nothing,
		"org-id":        nothing,
		"account":       nothing,
		"at":            nothing,
		"concurrency":   nothing,

		"exclude":        nothing,
		"parameter":      nothing,
		"parameter-file": cobra.FixedCompletions([]string{"json", "yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt),
		"var":            nothing,
		"var-file":       cobra.FixedCompletions([]string{"tfvars", "json"}, cobra.ShellCompDirectiveFilterFileExt),

		"profile":          nothing,
		"region":           nothing,
		"role-name":        nothing,
		"role-external-id": nothing,
		"accounts":         nothing,
		"exclude-accounts": nothing,
		"ou":               nothing,
		"save":             directories,
		"resume":           directories,
	} {
		if err := command.RegisterFlagCompletionFunc(flag, complete); err != nil {
			panic(err) // a name above is no flag: a mistake in this table
		}
	}
}

// complete tells shells the values of one flag.
func complete(command *cobra.Command, flag string, values ...string) {
	err := command.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // it is no flag: a mistake in the caller
	}
}
