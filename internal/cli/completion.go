package cli

import (
	"github.com/spf13/cobra"

	"countersign/internal/report"
)

// completions tells shells what the flags of a judging command take.
func completions(command *cobra.Command) {
	var formats []string
	for _, format := range report.Formats {
		formats = append(formats, format.Name+"\t"+format.Summary)
	}
	nothing := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for flag, complete := range map[string]cobra.CompletionFunc{
		"format":        cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp),
		"zone":          cobra.FixedCompletions([]string{zoneAccount, zoneOrganization}, cobra.ShellCompDirectiveNoFileComp),
		"fail-on":       cobra.FixedCompletions(severities, cobra.ShellCompDirectiveNoFileComp),
		"config":        cobra.FixedCompletions([]string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt),
		"rcp":           cobra.FixedCompletions([]string{"json"}, cobra.ShellCompDirectiveFilterFileExt),
		"trust-account": nothing,
		"trust-org":     nothing,
		"org-id":        nothing,
		"account":       nothing,
		"at":            nothing,
		"concurrency":   nothing,
	} {
		if err := command.RegisterFlagCompletionFunc(flag, complete); err != nil {
			panic(err) // a name above is no flag: a mistake in this table
		}
	}
}
