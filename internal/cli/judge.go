package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"countersign/internal/audit"
	"countersign/internal/report"
	"countersign/internal/rule"
	"countersign/internal/source"
	"countersign/internal/source/awslive/snapshot"
)

// judgement holds the flags of every command that judges roles.
type judgement struct {
	flags           *pflag.FlagSet
	formats         []string // that the command writes; none: those of a scan
	question        question
	deployment      deployment
	live            live
	outputs         outputs
	all             bool
	strict          bool
	quiet           bool
	noColor         bool
	showExternalIDs bool
	failOn          rule.Severity
	compliance      []string
	publishing      publishing
	staged          bool // of the command scan: judge what is staged in git
	baselines       baselines
	concurrency     int
}

func (j *judgement) register(command *cobra.Command) {
	flags := command.Flags()
	flags.SortFlags = false
	j.failOn = rule.Low
	j.flags = flags
	j.deployment.register(flags)
	j.question.register(flags)
	j.live.register(flags)
	if len(j.formats) == 0 {
		j.formats = formatNames()
	}
	j.outputs.register(flags, j.formats)
	shown, run := switchInGroup(flags, "Output"), switchInGroup(flags, "Run")
	shown(&j.all, "all", "also show roles that pass or that nobody from outside can assume")
	shown(&j.showExternalIDs, "show-external-ids", "do not redact the external IDs of your policies")
	inGroup(flags, "Output")(&words{&j.compliance, "ID[,ID]", checkFramework}, "compliance", "name the controls of these frameworks only, and count the results by control; countersign compliance lists them")
	shown(&j.noColor, "no-color", "no colours; NO_COLOR and TERM=dumb ask for the same")
	shown(&j.quiet, "quiet", "findings alone: no progress, no summary line, no notes")
	inGroup(flags, "Run")(&severity{&j.failOn}, "fail-on", "the least severity that makes the exit code 1: low, medium, high, critical")
	run(&j.strict, "strict", "results that could not be decided count as findings")
	inGroup(flags, "Run")(&number{&j.concurrency, 1024}, "concurrency", "so many roles are judged, and with --live accounts read, at a time; default: one for each processor, and 8 accounts")
	completions(command, j.formats)
}

// task is what a command wants of the pipeline.
type task struct {
	paths []string
	keep  func(*rule.Finding) bool // nil keeps what needs attention
	// only, when set, keeps the roles away that it does not want.
	only func(audit.Source) audit.Source
	// done, when set, is asked once everything is read whether that is an error.
	done func() error
	// text, when set, stands in for the format "text".
	text func(io.Writer, report.Options) report.Writer
	// open, when set, makes the reports in place of report.New.
	open func(format string, to io.Writer, options report.Options) (report.Writer, error)
	// inventory is set where findings are no reason for an exit code.
	inventory bool
}

// judge runs the pipeline and sets the exit code.
func (c *command) judge(ctx context.Context, j *judgement, t task) error {
	meter := &meter{}
	supply, err := c.supply(ctx, j, t.paths, meter)
	if err != nil {
		return err
	}
	defer supply.done()
	found, options, err := supply.join(&j.question)
	if err != nil {
		return err
	}
	reports, err := c.open(j, t, found, meter)
	if err != nil {
		return err
	}
	defer reports.drop()
	publisher, err := c.publisher(ctx, j, supply, found, meter)
	if err != nil {
		return err
	}
	var sink audit.Sink = reports
	if options.Baseline, err = j.baselines.known(t.paths, found); err != nil {
		return err
	}
	record, err := j.baselines.recorder(t.paths, found)
	if err != nil {
		return err
	}
	if record != nil {
		defer record.to.drop()
		sink = both{sink, record}
	}

	options.Concurrency = j.concurrency
	options.Keep = t.keep
	if len(j.compliance) > 0 {
		options.Keep = everything // the counts by control are of all roles
	}
	if publisher != nil {
		options.Keep = everything // an account where all roles pass is published to as well
		sink = both{sink, publisher}
	}
	options.Progress = func(roles int) { meter.roles.Store(int64(roles)) }
	screen, isTerminal := terminal(c.streams.Err)
	switch {
	case j.quiet:
	case isTerminal:
		meter.start(screen, width(screen))
	case supply.state != nil:
		meter.startLines(c.streams.Err)
	}
	if t.only != nil {
		for i, from := range supply.sources {
			supply.sources[i] = t.only(from)
		}
	}
	summary, err := audit.Run(ctx, supply.sources, options, sink)
	meter.finish()
	if err != nil {
		return err
	}
	if t.done != nil && ctx.Err() == nil {
		if err := t.done(); err != nil {
			c.tell(nil, summary)
			if len(summary.Incomplete) == 0 {
				return err
			}
			c.note("error: %v in what could be read", err)
			c.hint("it may be in what could not be read")
			c.code = exitIncomplete
			return nil
		}
	}
	if t.only == nil && !t.inventory && !j.staged && ctx.Err() == nil {
		summary.Waivers = options.Waivers.Notes()
	}
	if j.staged && summary.Baseline != nil {
		summary.Baseline.Resolved = nil // the rest was not looked at
	}
	if err := reports.finish(summary); err != nil {
		return err
	}
	if record != nil && ctx.Err() == nil {
		if err := record.keep(); err != nil {
			return err
		}
	}
	c.tell(reports, summary)
	if !j.quiet {
		c.tellWaivers(summary.Waivers)
		c.tellBaseline(&j.baselines, summary)
	}
	if summary.Roles == 0 && len(summary.Incomplete) == 0 && !j.quiet && !j.staged {
		c.note("note: there was no role to judge")
		switch {
		case j.live.wanted:
		case summary.Skipped == 0: // what was read is of a kind that is known
			c.hint("what was read holds no roles; was the account, or the filter, the one that is meant?")
		default:
			c.hint("name a file to be told why it holds none; countersign scan --help says what can be read")
		}
	}
	if t.inventory {
		summary.Worst, summary.WorstUnknown = rule.None, rule.None
	}
	c.code = exitCode(summary, j, ctx.Err() != nil)
	if publisher != nil && !c.published(j, publisher, summary) && c.code == exitClean {
		c.code = exitIncomplete
	}
	return nil
}

// supply opens what is to be judged: files, kept answers, or AWS.
func (c *command) supply(ctx context.Context, j *judgement, paths []string, meter *meter) (*supply, error) {
	if err := j.live.check(j.flags, paths, j.withoutLive()); err != nil {
		return nil, err
	}
	var found *supply
	var err error
	if j.staged {
		return c.fromIndex(j, paths)
	}
	switch paths, misuse := named(paths); {
	case j.live.wanted:
		// Settings that cannot be read are told before AWS is asked.
		if _, err := j.question.load(); err != nil {
			return nil, err
		}
		found, err = j.live.open(ctx, &j.question, j.concurrency, c.noting(j, meter))
	case misuse != nil:
		return nil, misuse
	case slices.ContainsFunc(paths, snapshot.Recognise):
		found, err = kept(paths)
	default:
		found, err = c.files(ctx, j, paths)
	}
	if err != nil {
		return nil, err
	}
	if found.session != nil && j.live.region == "" {
		j.live.region = found.session.Region() // what findings in ASFF are of
	}
	meter.bytes, meter.state = found.bytes, found.state
	return found, nil
}

// withoutLive names the flags of AWS that are for more than --live.
func (j *judgement) withoutLive() []string {
	switch {
	case j.publishing.to != "":
		return publishingFlags
	case slices.ContainsFunc(j.outputs, func(one output) bool { return one.format == "asff" }):
		return []string{"region"}
	}
	return nil
}

// files opens files and directories.
func (c *command) files(ctx context.Context, j *judgement, paths []string) (*supply, error) {
	options, err := j.sourceOptions()
	if err != nil {
		return nil, err
	}
	files := source.NewFiles(paths, &interruptible{ctx: ctx, from: c.streams.In}, options)
	return &supply{sources: []audit.Source{files}, bytes: files.Progress}, nil
}

// sourceOptions says what files are read with.
func (j *judgement) sourceOptions() (source.Options, error) {
	known, err := j.question.load()
	if err != nil {
		return source.Options{}, err
	}
	return j.deployment.settle(either(j.question.account, known.Account))
}

// exitCode says what a summary is worth. Who stopped a run knows that its
// results are incomplete, whatever they are.
func exitCode(summary audit.Summary, j *judgement, stopped bool) int {
	worst := summary.Worst
	if j.strict {
		worst = max(worst, summary.WorstUnknown)
	}
	switch {
	case stopped:
		return exitIncomplete
	case worst != rule.None && worst >= j.failOn:
		return exitFindings
	case summary.Error > 0 || len(summary.Incomplete) > 0:
		return exitIncomplete
	}
	return exitClean
}

// named checks the paths of a command line; none means the current directory.
func named(paths []string) ([]string, error) {
	if len(paths) == 0 {
		return []string{"."}, nil
	}
	stdins := 0
	for _, path := range paths {
		if path == "-" {
			if stdins++; stdins > 1 {
				return nil, &misuse{"standard input can be read once only", `give "-" once`}
			}
			continue
		}
		if _, err := os.Stat(path); err != nil {
			return nil, &misuse{fmt.Sprintf("cannot read %s: %s", path, cause(err)), "nothing was judged; is the path spelt as it should be?"}
		}
	}
	return paths, nil
}

// tell says on stderr what is incomplete, unless standard output says it.
func (c *command) tell(reports *reports, summary audit.Summary) {
	if reports != nil && reports.readable() {
		return
	}
	for _, missing := range summary.Incomplete {
		from := ""
		if missing.Source != "" {
			from = missing.Source + ": "
		}
		c.note("incomplete: %s%s", from, missing.Reason)
		c.hint(missing.Hint)
	}
}
