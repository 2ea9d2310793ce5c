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
	specific func(*role.Role) []*trust.Policy
	common   *controls // where it gives none
	none     *controls
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

func newControlSets(options *Options) *controlSets {
	c := &controlSets{specific: options.RCPsFor}
	c.common, c.none = c.add(options.RCPs), c.add(nil)
	return c
}

// of returns what binds a role. Service-linked roles are bound by none
// (Organizations User Guide, "Resource control policies").
func (c *controlSets) of(subject *role.Role) *controls {
	if subject.ServiceLinked() {
		return c.none
	}
	if c.specific == nil {
		return c.common
	}
	specific := c.specific(subject)
	if len(specific) == 0 {
		return c.common
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
	c.known[key] = c.add(slices.Concat(c.common.policies, specific))
	return c.known[key]
}

func (c *controlSets) add(policies []*trust.Policy) *controls {
	c.next++
	return &controls{policies: policies, seesRole: slices.ContainsFunc(policies, seesRole), number: c.next}
}
