package waiver

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"
)

// List holds the waivers of a run and remembers what became of each. It may be
// used by several goroutines.
type List struct {
	now    time.Time
	inline Inline
	stated []*entry

	mu    sync.Mutex
	notes map[noteKey]*entry // of what stands at the roles
}

// entry is a waiver with what became of it.
type entry struct {
	Waiver
	expired bool

	mu      sync.Mutex
	covers  bool
	refused string // why it is not taken, for one that stands at a role
	// missed is a role that the waiver means and does not cover, since others
	// get in too.
	missed, besides string
}

// noteKey tells waivers at roles apart. Several roles may share one: those that
// one resource makes.
type noteKey struct {
	path string
	line int
	role string // for a tag
	text string
}

// New makes the list of a run as of a time.
func New(waivers []Waiver, inline Inline, now time.Time) *List {
	l := &List{now: now, inline: inline, notes: map[noteKey]*entry{}}
	for _, one := range waivers {
		l.stated = append(l.stated, &entry{Waiver: one, expired: one.Expired(now)})
	}
	return l
}

// Apply marks the finding of a rule on a role when a waiver covers it. Without a
// finding, for a role that needs none, it remembers the waivers that stand at
// the role.
func (l *List) Apply(id string, subject *role.Role, finding *rule.Finding) {
	if l == nil {
		return
	}
	if finding != nil && finding.Verdict.Outcome != trust.Fail && finding.Verdict.Outcome != trust.Undecided {
		finding = nil
	}
	here := l.at(subject)
	if finding == nil {
		return
	}
	for _, list := range [...][]*entry{l.stated, here} {
		for _, one := range list {
			l.hold(one, id, finding)
		}
	}
}

// hold marks a finding if a waiver covers it. The first one that does is named.
func (l *List) hold(one *entry, id string, finding *rule.Finding) {
	if one.refused != "" || !one.means(id, finding.Fingerprint, finding.Role) {
		return
	}
	if others := one.others(finding.Verdict); len(others) > 0 {
		one.miss(finding.Role.Title(), others)
		return
	}
	one.mu.Lock()
	one.covers = true
	one.mu.Unlock()
	switch told := one.Waiver.Waiver; {
	case one.expired:
		if finding.Lapsed == nil {
			finding.Lapsed = &told
		}
	case finding.Waiver == nil:
		finding.Waiver = &told
	}
}

func (e *entry) miss(title string, others []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if others := strings.Join(others, ", "); e.missed == "" || title < e.missed || title == e.missed && others < e.besides {
		e.missed, e.besides = title, others
	}
}

// State is what there is to say of a waiver.
type State string

const (
	// Expired waivers do not count any more.
	Expired State = "expired"
	// Unused waivers cover no result of the run.
	Unused State = "unused"
	// Refused are those at roles that are malformed, or that the settings
	// forbid.
	Refused State = "refused"
)

// Note tells of a waiver that somebody should look at.
type Note struct {
	State State
	Waiver
	Why string // lower case, no full stop
}

// Notes tells, once all roles have been seen, which waivers did not do what
// they were written for. The order depends on the waivers alone.
func (l *List) Notes() []Note {
	if l == nil {
		return nil
	}
	entries := slices.Clone(l.stated)
	l.mu.Lock()
	inline := make([]*entry, 0, len(l.notes))
	for _, one := range l.notes {
		inline = append(inline, one)
	}
	l.mu.Unlock()
	slices.SortFunc(inline, func(a, b *entry) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), strings.Compare(a.Rule, b.Rule),
			strings.Compare(a.Role, b.Role), strings.Compare(a.refused, b.refused))
	})
	var notes []Note
	for _, one := range append(entries, inline...) {
		if state, why := one.tell(); state != "" {
			notes = append(notes, Note{state, one.Waiver, why})
		}
	}
	return notes
}

func (e *entry) tell() (State, string) {
	switch {
	case e.refused != "":
		return Refused, e.refused
	case e.expired && e.covers:
		return Expired, "its last day is over, and what it covered counts again"
	case e.expired:
		return Expired, "its last day is over, and there is nothing left that it would cover"
	case e.covers:
		return "", ""
	case e.missed != "":
		return Unused, "role " + e.missed + " is open to others too: " + e.besides
	}
	return Unused, "there is no result that it covers"
}
