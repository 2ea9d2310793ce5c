package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"countersign/internal/audit"
	"countersign/internal/diff"
	"countersign/internal/report"
	"countersign/internal/revision"
	"countersign/internal/rule"
	"countersign/internal/source"
)

func (c *command) diff() *cobra.Command {
	flags := judgement{formats: report.DiffFormats}
	command := &cobra.Command{
		Use:   "diff BEFORE AFTER",
		Short: "say which roles a change opens and closes",
		Long: `Judges the roles of two sides and tells what lies between them: BEFORE and AFTER
are paths, or revisions of the git repository in the current directory, which
may be written BEFORE..AFTER; BEFORE...AFTER begins where the two part. A path
goes before a revision of the same name. Roles are told apart by their file and
address, or by their ARN. The exit code is 1 only for roles that open.`,
		Example: `  countersign diff main..HEAD
  countersign diff main .
  countersign diff before.json after.json`,
		Annotations: map[string]string{judges: asScan},
		RunE: func(command *cobra.Command, args []string) error {
			return c.compare(command.Context(), &flags, args)
		},
	}
	flags.register(command)
	flags.live.hide(command.Flags())
	return command
}

// side is one of the two that are compared.
type side struct {
	name    string
	files   *source.Files
	base    string // see diff.NewSide
	roles   *diff.Side
	summary audit.Summary
}

func (c *command) compare(ctx context.Context, j *judgement, args []string) error {
	if j.live.wanted {
		return &misuse{"diff compares files, and --live was given", "keep the answers with --save, and compare the two directories"}
	}
	if err := j.live.check(j.flags, nil, nil); err != nil {
		return err
	}
	wanted, err := j.outputs.settle()
	if err != nil {
		return err
	}
	options, err := j.sourceOptions()
	if err != nil {
		return err
	}
	sides, err := openSides(args, options)
	if err != nil {
		return err
	}
	found, how, err := j.question.settle()
	if err != nil {
		return err
	}
	how.Keep, how.Concurrency = everything, j.concurrency
	for _, one := range sides {
		one.roles = diff.NewSide(one.base)
		if one.summary, err = audit.Run(ctx, []audit.Source{one.files}, how, one.roles); err != nil {
			return err
		}
		one.roles.Partial = len(one.summary.Incomplete) > 0
	}
	comparison := &report.Comparison{
		Result: diff.Compare(sides[0].roles, sides[1].roles), Before: sides[0].name, After: sides[1].name,
	}
	comparison.Incomplete = append(sides[0].summary.Incomplete, sides[1].summary.Incomplete...)
	if err := c.writeComparison(wanted, comparison, j.reportOptions(c, found)); err != nil {
		return err
	}
	c.code = comparisonCode(comparison, sides, j, ctx.Err() != nil)
	return nil
}

// comparisonCode is what a comparison is worth: what was open before is no
// reason to stop a change.
func comparisonCode(comparison *report.Comparison, sides [2]*side, j *judgement, stopped bool) int {
	worst := rule.None
	counted := comparison.Opened
	if j.strict {
		counted = slices.Concat(counted, comparison.Undecided)
	}
	for i := range counted {
		if finding := counted[i].Finding(); finding.Waiver == nil {
			worst = max(worst, finding.Severity)
		}
	}
	switch {
	case stopped:
		return exitIncomplete
	case worst != rule.None && worst >= j.failOn:
		return exitFindings
	case len(comparison.Incomplete) > 0 || sides[0].summary.Error+sides[1].summary.Error > 0:
		return exitIncomplete
	}
	return exitClean
}

func (c *command) writeComparison(wanted outputs, comparison *report.Comparison, options report.Options) error {
	err := c.writeTo(wanted, func(to io.Writer, one output) error {
		return report.Diff(one.format, to, comparison, c.optionsFor(one, options))
	})
	if err != nil {
		return err
	}
	if !slices.Contains(wanted, output{textFormat, stdout}) {
		c.tell(nil, audit.Summary{Incomplete: comparison.Incomplete})
	}
	return nil
}

// openSides finds out what is to be compared.
func openSides(args []string, options source.Options) ([2]*side, error) {
	var sides [2]*side
	names, fork, err := sideNames(args)
	if err != nil {
		return sides, err
	}
	paths := 0
	for i, name := range names {
		if name == "-" {
			return sides, &misuse{"diff does not read standard input", "save it to a file first; each side is a path or a git revision"}
		}
		if _, err := os.Stat(name); err == nil && len(args) == 2 {
			sides[i] = &side{name: name, files: source.NewFiles([]string{name}, nil, options)}
			paths++
			continue
		}
		tree, err := openRevision(name, names, fork && i == 0)
		if err != nil {
			return sides, err
		}
		sides[i] = &side{name: tree.Name, files: source.NewTree(tree, tree.Name+":", options)}
	}
	if paths == len(sides) { // they may lie anywhere
		for _, one := range sides {
			one.base = one.name
		}
	}
	return sides, nil
}

// sideNames splits BEFORE..AFTER. fork says that the first side is where the
// two part.
func sideNames(args []string) (names [2]string, fork bool, err error) {
	usage := &misuse{"diff needs two sides", "countersign diff BEFORE AFTER; each is a path or a git revision, or both together main..HEAD"}
	switch len(args) {
	case 2:
		names = [2]string(args)
	case 1:
		before, after, ok := strings.Cut(args[0], "...")
		if fork = ok; !ok {
			before, after, ok = strings.Cut(args[0], "..")
		}
		if !ok {
			return names, false, usage
		}
		names = [2]string{either(before, "HEAD"), either(after, "HEAD")}
	default:
		return names, false, usage
	}
	if names[0] == "" || names[1] == "" {
		return names, false, usage
	}
	return names, fork, nil
}

func openRevision(name string, both [2]string, fork bool) (*revision.Tree, error) {
	repository, err := revision.Open(".")
	if errors.Is(err, revision.ErrNone) {
		return nil, &misuse{fmt.Sprintf("%s is no path, and the current directory is in no git repository", name), "revisions are those of the repository in the current directory"}
	}
	if err != nil {
		return nil, err
	}
	var tree *revision.Tree
	if fork {
		tree, err = repository.Base(both[0], both[1])
	} else {
		tree, err = repository.Tree(name)
	}
	if err != nil {
		return nil, &misuse{fmt.Sprintf("%s is neither a path nor a revision that is known here: %v", name, err), "is a path misspelt? the branches and tags are listed by: git for-each-ref"}
	}
	return tree, nil
}
