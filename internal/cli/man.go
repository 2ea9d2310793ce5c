package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// man writes manual pages; whoever packages the program needs it, users do not.
func (c *command) man() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIRECTORY",
		Short:  "write manual pages, one for each command",
		Hidden: true,
		Args: func(command *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &misuse{"man takes one directory to write to", ""}
			}
			return nil
		},
		RunE: func(command *cobra.Command, args []string) error {
			if info, err := os.Stat(args[0]); err != nil || !info.IsDir() {
				return &misuse{fmt.Sprintf("%s is not a directory", args[0]), ""}
			}
			command.Root().DisableAutoGenTag = true
			header := &doc.GenManHeader{Section: "1", Source: "countersign " + version(), Manual: "countersign"}
			if err := doc.GenManTree(command.Root(), header, args[0]); err != nil {
				return fmt.Errorf("writing manual pages: %w", err)
			}
			return nil
		},
	}
}
