package audit

import (
	"slices"
	"sync"

	"countersign/internal/role"
	"countersign/trust"
)

// controls are the resource control policies that bind a role.
type controls struct {
	policies []*trust.Policy
	seesRole bool
	number   uint64 // names them in the key of a verdict
}

// controlSets remembers the controls of each slice that Options.RCPsFor gives.
type controlSets struct {
	base     []*trust.Policy
	specific func(*role.Role) []*trust.Policy
	mu       sync.Mutex
	known    map[sliceOf]*controls
	next     uint64
}

type sliceOf struct {
	first **trust.Policy
	size  int
}

// maxControlSets bounds what is remembered, as maxZones does.
const maxControlSets = 4096

func (c *controlSets) of(subject *role.Role) *controls {
	var specific []*trust.Policy
	if c.specific != nil {
		specific = c.specific(subject)
	}
	key := sliceOf{first(specific), len(specific)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.known[key]; ok {
		return known
	}
	if c.known == nil || len(c.known) >= maxControlSets {
		c.known = map[sliceOf]*controls{}
	}
	c.next++
	set := &controls{policies: slices.Concat(c.base, specific), number: c.next}
	set.seesRole = slices.ContainsFunc(set.policies, seesRole)
	c.known[key] = set
	return set
}
