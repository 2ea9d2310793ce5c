package audit

import (
	"context"
	"runtime"
	"sync"

	"countersign/internal/baseline"
	"countersign/internal/rule"
	"countersign/trust"
)

// A batch is handed to the workers when it is full, in one way or the other.
const (
	batchItems = 64
	batchBytes = 256 << 10
)

// Run judges every role of the sources and gives the findings to keep to the
// sink. One goroutine reads, workers judge batches of roles side by side, and
// the caller's own goroutine calls the sink with the findings in the order of
// the sources, so that neither results nor order depend on the concurrency.
// What is under way is bounded in number and in bytes.
//
// When the context ends, the roles read so far are judged, and the summary
// says that the run was interrupted. The error is the sink's.
func Run(ctx context.Context, sources []Source, options Options, sink Sink) (Summary, error) {
	return run(ctx, sources, newJudge(options, rule.Rules), sink)
}

func run(ctx context.Context, sources []Source, judge *judge, sink Sink) (Summary, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := judge.options.Concurrency
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	line := &line{
		ctx:     ctx,
		work:    make(chan *batch, 4*workers),
		ordered: make(chan *batch, 4*workers),
	}
	var working sync.WaitGroup
	working.Go(func() { line.read(sources) })
	for range workers {
		working.Go(func() { line.judge(&bench{judge: judge}) })
	}
	var summary Summary
	if judge.options.Baseline != nil {
		summary.Baseline = &baseline.Outcome{}
	}
	var err error
	for batch := range line.ordered {
		<-batch.done
		if err == nil {
			if err = batch.deliver(sink); err != nil {
				cancel() // the rest is read no more, and what is under way is let go
			}
		}
		summary.add(&batch.results)
		if judge.options.Progress != nil {
			judge.options.Progress(summary.Roles)
		}
	}
	working.Wait()
	if summary.Baseline != nil && ctx.Err() == nil {
		summary.Baseline.Resolved = judge.options.Baseline.Resolved()
	}
	for _, source := range sources {
		if skipper, ok := source.(Skipper); ok {
			summary.Skipped += skipper.Skipped()
		}
		if finisher, ok := source.(Finisher); ok {
			finisher.Finish(func(what Incomplete) { summary.Incomplete = append(summary.Incomplete, what) })
		}
	}
	return summary, err
}

// batch is a run of roles on its way through the pipeline.
type batch struct {
	items []Item
	size  int // bytes
	results
	done chan struct{} // closed when the results are there
}

// results are what became of a batch.
type results struct {
	findings   []*rule.Finding
	incomplete []Incomplete
	tally      Summary
	standings  baseline.Outcome
}

func (r *results) count(finding *rule.Finding) {
	worth := finding.Severity
	if !finding.Counts() {
		worth = rule.None
	}
	if finding.Waiver != nil {
		r.tally.Waived++
	}
	r.standings.Count(finding.Standing)
	switch finding.Verdict.Outcome {
	case trust.Fail:
		r.tally.Fail++
		r.tally.Worst = max(r.tally.Worst, worth)
	case trust.Pass:
		r.tally.Pass++
	case trust.NotApplicable:
		r.tally.NotApplicable++
	case trust.Undecided:
		r.tally.Unknown++
		r.tally.WorstUnknown = max(r.tally.WorstUnknown, worth)
	case trust.Broken:
		r.tally.Error++
	}
}

func (r *results) deliver(sink Sink) error {
	for _, finding := range r.findings {
		if err := sink.Finding(finding); err != nil {
			return err
		}
	}
	return nil
}

func (s *Summary) add(r *results) {
	s.Roles += r.tally.Roles
	s.Fail += r.tally.Fail
	s.Pass += r.tally.Pass
	s.NotApplicable += r.tally.NotApplicable
	s.Unknown += r.tally.Unknown
	s.Error += r.tally.Error
	s.Waived += r.tally.Waived
	if s.Baseline != nil {
		s.Baseline.Add(r.standings)
	}
	s.Worst = max(s.Worst, r.tally.Worst)
	s.WorstUnknown = max(s.WorstUnknown, r.tally.WorstUnknown)
	s.Incomplete = append(s.Incomplete, r.incomplete...)
}

// line is the way from the reader through the workers. A batch goes into both
// channels: work, from where any worker takes it, and ordered, which keeps the
// order and bounds what is under way.
type line struct {
	ctx     context.Context
	work    chan *batch
	ordered chan *batch
	filling *batch
}

func (l *line) read(sources []Source) {
	defer close(l.ordered)
	defer close(l.work)
	l.filling = newBatch()
	for _, source := range sources {
		if err := l.readSource(source); err != nil && l.ctx.Err() == nil {
			l.incomplete(Incomplete{Reason: err.Error()})
		}
	}
	if l.ctx.Err() != nil {
		l.incomplete(Incomplete{Reason: "interrupted before everything was read"})
	}
	l.send()
}

// readSource reads a source to its end. Its panic is the source's end, too.
func (l *line) readSource(source Source) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			l.incomplete(Incomplete{Reason: "reading ended early: " + internalFault(fault)})
		}
	}()
	return source.Roles(l.ctx, l.yield, l.incomplete)
}

func (l *line) yield(item Item) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	l.filling.items = append(l.filling.items, item)
	if sized, ok := item.(Sized); ok {
		l.filling.size += sized.Size()
	}
	if len(l.filling.items) == batchItems || l.filling.size >= batchBytes {
		l.send()
	}
	return nil
}

func (l *line) incomplete(what Incomplete) {
	l.filling.incomplete = append(l.filling.incomplete, what)
}

func (l *line) send() {
	l.ordered <- l.filling
	l.work <- l.filling
	l.filling = newBatch()
}

func newBatch() *batch {
	return &batch{items: make([]Item, 0, batchItems), done: make(chan struct{})}
}

func (l *line) judge(bench *bench) {
	for batch := range l.work {
		for _, item := range batch.items {
			bench.judgeItem(item, &batch.results)
			if releaser, ok := item.(Releaser); ok {
				releaser.Release()
			}
		}
		batch.items = nil
		close(batch.done)
	}
}
