package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"countersign/internal/report"
	"countersign/internal/settings"
	"countersign/internal/thirdparty"
)

// judging are the flags that an inventory has no use for.
var judging = []string{"all", "show-external-ids", "compliance", "fail-on", "strict"}

// thirdParties is the command that lists who gets in.
func (c *command) thirdParties() *cobra.Command {
	flags := judgement{formats: report.PartyFormats}
	command := &cobra.Command{
		Use:   "third-parties [PATH ...]",
		Short: "list who from outside can assume which role, and how it is protected",
		Long: `Lists the third parties: whoever owns accounts outside of the zone of trust that get
into a role, with or without a countersign. For each it tells the roles, their
protection, when they were last used, and which external IDs are shared between
roles or third parties; the IDs themselves are not shown. It reads what scan reads.
It is an inventory: what it finds changes no exit code, which is 0, or 3 where
something could not be read or judged.`,
		Example: `  countersign third-parties account.json
  countersign third-parties --live --org --format csv --output parties.csv`,
		RunE: func(command *cobra.Command, paths []string) error {
			if err := unused(command.Flags()); err != nil {
				return err
			}
			return c.judge(command.Context(), &flags, task{
				paths: paths, keep: thirdparty.HasOutsiders, open: report.NewParties, inventory: true,
			})
		},
	}
	flags.register(command)
	for _, name := range judging {
		command.Flags().Lookup(name).Hidden = true
	}
	return command
}

// unused refuses flags that would do nothing.
func unused(flags *pflag.FlagSet) error {
	for _, name := range judging {
		if flags.Changed(name) {
			return &misuse{fmt.Sprintf("third-parties takes no --%s", name), "it lists who gets in and judges nothing: countersign scan does"}
		}
	}
	return nil
}

// owners joins the names that the user gave to accounts.
func owners(found settings.Settings) *thirdparty.Directory {
	var named []thirdparty.Owner
	for _, party := range found.ThirdParties {
		named = append(named, thirdparty.Owner(party))
	}
	for _, account := range found.Accounts {
		if account.Name != "" {
			named = append(named, thirdparty.Owner{Name: account.Name, Accounts: []string{account.ID}})
		}
	}
	return thirdparty.New(named)
}
