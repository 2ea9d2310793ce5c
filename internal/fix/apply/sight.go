package apply

import (
	"context"
	"errors"

	"countersign/internal/fix/journal"
	"countersign/internal/source/awslive"
)

// Shows is which policy of a change a role shows.
type Shows uint8

const (
	ShowsUnknown Shows = iota // the role could not be read
	ShowsBefore               // the one before
	ShowsAfter                // the one that the change set
	ShowsOther                // neither
	ShowsNoRole               // the role is gone, or another was made under its name
)

// Sight is what a role shows now.
type Sight struct {
	Shows  Shows
	Policy string // empty where there is no role
	Err    error  // why it could not be read
}

// look reads the role of a change.
func look(ctx context.Context, editor *awslive.Editor, entry *journal.Entry) Sight {
	live, err := editor.Role(ctx, entry.Role.Name)
	switch {
	case errors.Is(err, awslive.ErrNoRole):
		return Sight{Shows: ShowsNoRole}
	case err != nil:
		return Sight{Err: err}
	case live.ARN != entry.Role.ARN || live.ID != entry.Role.ID:
		return Sight{Shows: ShowsNoRole}
	}
	seen := Sight{Shows: ShowsOther, Policy: live.Policy}
	switch {
	case Equivalent(live.Policy, entry.Live()), Equivalent(live.Policy, entry.After):
		seen.Shows = ShowsAfter
	case Equivalent(live.Policy, entry.Before):
		seen.Shows = ShowsBefore
	}
	return seen
}

// differing returns the policy seen where it is not the one sent to the byte.
func (s Sight) differing(entry *journal.Entry) *string {
	if s.Policy == entry.After {
		return nil
	}
	return &s.Policy
}
