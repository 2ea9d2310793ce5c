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
CloudFormation, SAM and CDK, Kubernetes, Pulumi, Ansible, Serverless.`,
		Example: `  countersign scan account.json
  aws iam get-account-authorization-details --filter Role | countersign scan -
  countersign scan --account 111122223333 infrastructure/
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
	complete(command, "publish", securityHub)
	return command
}
