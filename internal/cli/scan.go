package cli

import (
	"github.com/spf13/cobra"
)

func (c *command) scan() *cobra.Command {
	var flags judgement
	command := &cobra.Command{
		Use:   "scan [PATH ...]",
		Short: "judge the roles in files, directories or standard input",
		Long: `Judges every role that is found in the given files and directories, "-" being
standard input; without any, in the current directory. What a file holds is told
by its content: the output of aws iam get-account-authorization-details,
list-roles or get-role, AWS Config items, or a trust policy, plain or gzipped;
or infrastructure as code: Terraform and OpenTofu with plans and states,
CloudFormation, SAM and CDK, Kubernetes, Pulumi, Ansible, Serverless.

With --staged it judges the roles that the next git commit changes, as they are
staged: those that stand in a staged file, and those that a staged file makes
another. The paths then say which of them count.`,
		Example: `  countersign scan account.json
  aws iam get-account-authorization-details --filter Role | countersign scan -
  countersign scan --account 111122223333 infrastructure/
  countersign scan --staged
  countersign scan --trust-account 444455556666 --format json --output scan.json .`,
		Annotations: map[string]string{judges: asScan},
		RunE: func(command *cobra.Command, paths []string) error {
			t := task{paths: paths}
			if flags.all {
				t.keep = everything
			}
			return c.judge(command.Context(), &flags, t)
		},
	}
	flags.register(command)
	flags.publishing.register(command.Flags())
	switchInGroup(command.Flags(), "Files")(&flags.staged, "staged", "judge what is staged in git, and of it the roles that the commit changes")
	flags.baselines.register(command.Flags())
	complete(command, "publish", securityHub)
	return command
}
