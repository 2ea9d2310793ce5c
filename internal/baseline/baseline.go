package baseline

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"countersign/internal/rule"
	"countersign/trust"
)

// Baseline holds findings of a run against a file. It may be used by several
// goroutines.
type Baseline struct {
	known  map[string][]*entry // by fingerprint
	lost   []string            // of the zone of trust
	commit string

	renames func(commit string) map[string]string
	once    sync.Once
	renamed map[string]string // path to what it was
}

type entry struct {
	Entry
	met atomic.Bool
}

// Options are what a baseline is held against beside findings.
type Options struct {
	// Zone is the zone of trust of this run.
	Zone Zone
	// Renames gives, for the paths of files that were renamed since a commit,
	// their paths then, all from the root of the work tree. It is asked once at
	// most, when a finding in a file is not known. Nil stands for none.
	Renames func(commit string) map[string]string
}

// New makes a baseline of a file.
func New(file *File, options Options) *Baseline {
	b := &Baseline{known: map[string][]*entry{}, commit: file.Commit, renames: options.Renames}
	b.lost = append(missing(file.Zone.Accounts, options.Zone.Accounts), missing(file.Zone.Organizations, options.Zone.Organizations)...)
	for i := range file.Entries {
		one := &entry{Entry: file.Entries[i]}
		b.known[one.Fingerprint] = append(b.known[one.Fingerprint], one)
	}
	return b
}

// Apply says of a finding whether it is new.
func (b *Baseline) Apply(finding *rule.Finding) {
	if b == nil || finding == nil {
		return
	}
	switch finding.Verdict.Outcome {
	case trust.Pass, trust.NotApplicable:
		return
	}
	entries := b.find(finding)
	for _, one := range entries {
		one.met.Store(true)
	}
	if finding.Verdict.Outcome == trust.Broken {
		return // the role is not known to be closed, and no more
	}
	if len(entries) == 0 {
		finding.Standing = rule.New
		return
	}
	now := NewEntry(finding)
	var least []string
	for i, one := range entries {
		more := one.wider(&now)
		if len(more) == 0 && len(b.lost) > 0 && !one.Anyone && slices.Contains(now.Accounts, "*") {
			more = []string{"the zone of trust is narrower: it has lost " + strings.Join(b.lost, ", ")}
		}
		if i == 0 || len(more) < len(least) {
			least = more
		}
	}
	finding.Standing = rule.Known
	if len(least) > 0 {
		finding.Standing, finding.Wider = rule.Wider, least
	}
}

// find gives the entries of a finding: those of its fingerprint, or else of the
// one that it had before its file was renamed.
func (b *Baseline) find(finding *rule.Finding) []*entry {
	if entries := b.known[finding.Fingerprint]; len(entries) > 0 {
		return entries
	}
	path := finding.Role.Source.FromRoot
	if finding.Role.ARN != "" || path == "" || b.renames == nil || b.commit == "" {
		return nil
	}
	b.once.Do(func() { b.renamed = b.renames(b.commit) })
	was, ok := b.renamed[path]
	if !ok {
		return nil
	}
	before := *finding.Role
	before.Source.FromRoot = was
	return b.known[rule.Fingerprint(finding.Rule, &before)]
}

// Outcome is what became of a baseline in a run.
type Outcome struct {
	New, Wider, Known int
	// Resolved are the entries that no finding has met: the roles are closed,
	// gone, or were not read.
	Resolved []Entry
}

// Count adds a finding to the outcome.
func (o *Outcome) Count(standing rule.Standing) {
	switch standing {
	case rule.New:
		o.New++
	case rule.Wider:
		o.Wider++
	case rule.Known:
		o.Known++
	}
}

// Add adds the counts of another outcome.
func (o *Outcome) Add(other Outcome) {
	o.New, o.Wider, o.Known = o.New+other.New, o.Wider+other.Wider, o.Known+other.Known
}

// Resolved lists the entries that no finding has met, in a fixed order.
func (b *Baseline) Resolved() []Entry {
	var left []Entry
	for _, entries := range b.known {
		for _, one := range entries {
			if !one.met.Load() {
				left = append(left, one.Entry)
			}
		}
	}
	slices.SortFunc(left, func(a, c Entry) int {
		return cmp.Or(strings.Compare(a.Role, c.Role), strings.Compare(a.Path, c.Path), strings.Compare(a.Fingerprint, c.Fingerprint))
	})
	return left
}
