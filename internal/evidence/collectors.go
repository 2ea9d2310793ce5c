package evidence

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"time"
)

// Collectors take the calls of many roles apart, so that logs are read once for
// all of them. What one call costs does not depend on how many roles there are,
// and their memory is bounded together. All roles are wanted before the first
// call is added; from then on it is safe for concurrent use.
type Collectors struct {
	since, until time.Time
	byRole       map[roleKey]*Collector
	all          []*Collector
	shared       *shared
}

// shared is what the collectors of a reading have in common.
type shared struct {
	sync.Mutex
	seen                   recent
	callers, manners, arns int // kept
}

// NewCollectors makes collectors of the calls between two times.
func NewCollectors(since, until time.Time) *Collectors {
	return &Collectors{since: since, until: until, byRole: map[roleKey]*Collector{}, shared: &shared{}}
}

// Want returns the collector of a role's calls. asked are the condition keys that
// matter, as [Asked] lists them: what else a call shows is not kept. A role that
// is wanted twice has one collector, which keeps what either asks for.
func (c *Collectors) Want(role Role, asked []string) *Collector {
	key := keyOfRole(role.Account, role.Name)
	one := c.byRole[key]
	if one == nil {
		one = &Collector{
			role: role, since: c.since, until: c.until, seed: maphash.MakeSeed(), shared: c.shared,
			callers: map[callerKey]*Caller{}, manners: map[string]*Manner{}, arns: map[callerKey]string{},
		}
		c.byRole[key] = one
		c.all = append(c.all, one)
	}
	one.asked = slices.Concat(one.asked, asked)
	slices.Sort(one.asked)
	one.asked = slices.Compact(one.asked)
	return one
}

// Of returns the collector of the role with an ARN, nil where none is wanted.
func (c *Collectors) Of(roleARN string) *Collector {
	account, name, ok := splitRole(roleARN)
	if !ok {
		return nil
	}
	return c.byRole[keyOfRole(account, name)]
}

// Add adds a call to those of its role, as [Collector.Add] does.
func (c *Collectors) Add(call *Call, recipient string) {
	if one := c.Of(call.RoleARN); one != nil {
		one.Add(call, recipient)
	}
}

// Accounts are those of the roles, sorted.
func (c *Collectors) Accounts() []string {
	var accounts []string
	for _, one := range c.all {
		accounts = append(accounts, one.role.Account)
	}
	slices.Sort(accounts)
	return slices.Compact(accounts)
}

// Span is the time that calls are collected of.
func (c *Collectors) Span() (since, until time.Time) { return c.since, c.until }

// roleKey is the same for all spellings of a role: the names of an account's roles
// differ by more than their letter case (IAM API Reference, CreateRole).
type roleKey struct{ account, name string }

func keyOfRole(account, name string) roleKey { return roleKey{account, strings.ToLower(name)} }
