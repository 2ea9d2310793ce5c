package rule

import "time"

// Waiver is somebody's word that a finding is accepted until a date.
type Waiver struct {
	Reason, Owner string
	Until         time.Time // midnight, UTC, of the last day on which it counts
	// Path and Line are where it stands; Line is 0 where that is no file, such
	// as for a tag of a role.
	Path string
	Line int
	// Inline is set when it stands at the role, not in the settings.
	Inline bool
}

// Standing is what a baseline makes of a finding.
type Standing string

const (
	// New is a finding that the baseline does not know.
	New Standing = "new"
	// Wider is one that it knows, of a role that was less open.
	Wider Standing = "wider"
	// Known is one that it knows as it is.
	Known Standing = "known"
)
