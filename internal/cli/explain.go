package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"countersign/internal/audit"
	"countersign/internal/report"
	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/internal/spelling"
)

func (c *command) explain() *cobra.Command {
	var flags judgement
	command := &cobra.Command{
		Use:   "explain ROLE [PATH ...]",
		Short: "say why: the policy with notes at its lines, and the request that gets in",
		Long: `Explains the verdict on the roles called ROLE: a name, an ARN, the end of
an ARN from a "/" or ":" on, or the address of a resource. The verdict and the exit code are those of scan.`,
		Example: `  countersign explain vendor-reader account.json
  countersign explain 111122223333:role/ops/deploy exports/`,
		Annotations: map[string]string{judges: asScan},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || args[0] == "" {
				return &misuse{"explain needs a role", "countersign explain ROLE [PATH ...]; ROLE is a name, an ARN or the end of one, or an address"}
			}
			return nil
		},
		RunE: func(command *cobra.Command, args []string) error {
			wanted := &lookup{role: args[0]}
			return c.judge(command.Context(), &flags, task{
				paths: args[1:],
				keep:  everything,
				only:  func(source audit.Source) audit.Source { return &filtered{source, wanted} },
				text:  explainer,
				done:  wanted.result,
			})
		},
	}
	flags.register(command)
	return command
}

// everything keeps every finding.
func everything(*rule.Finding) bool { return true }

// lookup finds roles by name and remembers what came near.
type lookup struct {
	role  string
	found int
	near  []string
}

// nearest is how many names are suggested.
const nearest = 3

// wants reports whether a role is meant.
func (l *lookup) wants(r *role.Role) bool {
	if l.means(r) {
		l.found++
		return true
	}
	if _, near := spelling.Slips(l.role, r.Name); near && !slices.Contains(l.near, r.Name) {
		l.near = spelling.Nearest(l.role, append(l.near, r.Name), nearest)
	}
	return false
}

// means reports whether the words name a role: by its name, its ARN or the end of
// one from a separator on, or its address or the end of that.
func (l *lookup) means(r *role.Role) bool {
	address := r.Source.Address
	switch {
	case l.role == r.ARN, l.role == r.Name, l.role == address, strings.HasSuffix(address, "."+l.role):
		return true
	case strings.HasPrefix(l.role, "/"), strings.HasPrefix(l.role, ":"):
		return strings.HasSuffix(r.ARN, l.role)
	}
	return strings.HasSuffix(r.ARN, "/"+l.role) || strings.HasSuffix(r.ARN, ":"+l.role)
}

// result says, once everything is read, that nothing was found.
func (l *lookup) result() error {
	if l.found > 0 {
		return nil
	}
	hint := "the roles are listed by: countersign scan --all"
	if len(l.near) > 0 {
		hint = "did you mean " + strings.Join(l.near, " or ") + "?"
	}
	return &misuse{fmt.Sprintf("no role is called %q", l.role), hint}
}

// filtered is a source without the roles that are not meant.
type filtered struct {
	audit.Source
	wanted *lookup
}

// Roles implements audit.Source.
func (f *filtered) Roles(ctx context.Context, yield func(audit.Item) error, incomplete func(audit.Incomplete)) error {
	return f.Source.Roles(ctx, func(item audit.Item) error {
		found, err := item.Role()
		if err == nil && !f.wanted.wants(found) {
			return nil
		}
		return yield(audit.Taken{Subject: found, Err: err})
	}, incomplete)
}

// Skipped implements audit.Skipper.
func (f *filtered) Skipped() int {
	if from, ok := f.Source.(audit.Skipper); ok {
		return from.Skipped()
	}
	return 0
}

// Finish implements audit.Finisher.
func (f *filtered) Finish(incomplete func(audit.Incomplete)) {
	if from, ok := f.Source.(audit.Finisher); ok {
		from.Finish(incomplete)
	}
}

// explainer writes explanations as a report.
func explainer(w io.Writer, options report.Options) report.Writer {
	return &explanation{w, options, 0}
}

type explanation struct {
	w       io.Writer
	options report.Options
	roles   int
}

// Finding implements audit.Sink.
func (e *explanation) Finding(finding *rule.Finding) error {
	if e.roles++; e.roles > 1 {
		if _, err := fmt.Fprintln(e.w); err != nil {
			return err
		}
	}
	return report.Explain(e.w, finding, e.options)
}

// Close implements report.Writer. The explanations are whole without a summary;
// what is incomplete is told on stderr.
func (e *explanation) Close(audit.Summary) error { return nil }
