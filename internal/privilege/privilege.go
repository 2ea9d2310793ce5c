// Package privilege says what a role may do, by the policies on it: whether it
// is an administrator, can become one by a known way, writes, reads, or does
// nothing.
//
// The answer is static and conservative: an Allow under a condition counts, a
// Deny under a condition does not, and what cannot be read is named. Nothing
// outside of the role's own policies is weighed: no policy of an organization,
// of a resource or of a session, and not the rights of other roles.
package privilege

import (
	"fmt"
	"slices"
	"strings"

	"countersign/internal/role"
)

// Level is what a role may do at most, as far as its policies are known.
type Level uint8

// The levels, from the least on. Unknown stands where a missing policy could
// allow anything.
const (
	None Level = iota
	ReadsData
	WritesData
	Unknown
	CanBecomeAdministrator
	Administrator
)

var levelNames = [...]string{"none", "reads-data", "writes-data", "unknown", "can-become-administrator", "administrator"}

// String is the level's name in reports.
func (l Level) String() string { return levelNames[l] }

// Privilege is what a role may do.
type Privilege struct {
	Level   Level
	Way     string   // the ID of the way to become an administrator, else empty
	Because string   // what decides, as a part of a sentence; may be empty
	Unknown []string // what was not known, or was not weighed
}

// Decisive reports whether somebody who gets in is, or can become, an
// administrator.
func (p *Privilege) Decisive() bool { return p != nil && p.Level >= CanBecomeAdministrator }

// Of weighs the policies of a role whose access is complete; nil where the
// source tells nothing of them. read is [Read], or remembers what it read; it
// is not asked for the same document twice.
func Of(subject *role.Role, read func(*role.Document) *Policy) *Privilege {
	access := subject.Access
	if access == nil {
		return nil
	}
	j := &judgement{arn: subject.ARN, account: subject.KnownAccount(), partition: subject.Partition}
	g := &gathering{judgement: j, access: access, read: read}
	g.gather()
	if j.size > largest {
		j.missing = append(j.missing, "its policies: together they are larger than IAM would hold")
		j.allows, j.denies = nil, nil
	}
	return j.answer()
}

// gathering brings the statements of a role's policies together.
type gathering struct {
	*judgement
	access *role.Access
	read   func(*role.Document) *Policy
}

func (g *gathering) gather() {
	for i := range g.access.Inline {
		inline := &g.access.Inline[i]
		g.take(fmt.Sprintf("inline policy %q", inline.Name), g.read(&inline.Document))
	}
	for i := range g.access.Attached {
		attached := &g.access.Attached[i]
		g.attached = append(g.attached, attached.ARN)
		name := nameOf(attached)
		policy, missing := g.managed(attached)
		if policy == nil {
			g.missing = append(g.missing, missing)
			continue
		}
		g.take(name, policy)
	}
	g.missing = append(g.missing, g.access.Lacks...)
	if bound := g.access.Boundary; bound != nil {
		g.bound(bound)
	}
}

// managed returns a managed policy, or says what is missing.
func (g *gathering) managed(policy *role.ManagedPolicy) (read *Policy, missing string) {
	if policy.Document == nil {
		if known := amountsTo(policy.ARN); known != nil {
			return known, ""
		}
	}
	if g.access.Resolve(policy); policy.Document == nil {
		return nil, with("policy "+nameOf(policy), policy.Missing)
	}
	return g.read(policy.Document), ""
}

// nameOf is what to call a managed policy.
func nameOf(policy *role.ManagedPolicy) string {
	switch {
	case policy.Name != "":
		return policy.Name
	case policy.ARN != "":
		return policy.ARN
	}
	return "(no name)"
}

func with(what, why string) string {
	if why == "" {
		return what
	}
	return what + ": " + why
}

// take adds the statements of a policy on the role.
func (g *gathering) take(name string, policy *Policy) {
	if policy.fault != nil {
		g.missing = append(g.missing, with(name, policy.fault.Error()))
		return
	}
	g.size += policy.size
	for _, on := range policy.unknown {
		g.caveat(fmt.Sprintf("%s depends on %s", name, on))
	}
	for i := range policy.statements {
		s := &policy.statements[i]
		if !s.deny {
			g.allows = append(g.allows, source{s, name})
			g.ways.join(s.ways)
			continue
		}
		g.deny(s)
	}
}

// deny adds a Deny that surely applies. One of everything but some actions, on
// all resources, is a limit like a boundary.
func (g *gathering) deny(s *statement) {
	switch {
	case s.conditioned:
	case s.actions.negated && !s.resources.negated && slices.ContainsFunc(s.resources.patterns, isEverything):
		exempt := statement{actions: set{patterns: s.actions.patterns}, resources: set{patterns: []string{"*"}}}
		exempt.ways = waysOf(&exempt.actions)
		g.limits = append(g.limits, []*statement{&exempt})
	default:
		g.denies = append(g.denies, s)
	}
}

// bound adds the permissions boundary. What cannot be read of it limits
// nothing.
func (g *gathering) bound(boundary *role.ManagedPolicy) {
	policy, missing := g.managed(boundary)
	switch {
	case policy == nil:
		g.caveat("the permissions boundary, " + missing)
		return
	case policy.fault != nil:
		g.caveat(with("the permissions boundary, policy "+nameOf(boundary), policy.fault.Error()))
		return
	}
	g.size += policy.size
	for _, on := range policy.unknown {
		g.caveat(fmt.Sprintf("the permissions boundary %s depends on %s", nameOf(boundary), on))
	}
	limit := []*statement{}
	for i := range policy.statements {
		if s := &policy.statements[i]; s.deny {
			g.deny(s)
		} else {
			limit = append(limit, s)
		}
	}
	g.limits = append(g.limits, limit)
}

// mostCaveats is how many of them are told.
const mostCaveats = 5

func (j *judgement) caveat(text string) {
	if !slices.Contains(j.caveats, text) {
		j.caveats = append(j.caveats, text)
	}
}

// answer puts the levels in order: the highest that is sure.
func (j *judgement) answer() *Privilege {
	p := j.level()
	if j.effort > mostEffort {
		j.missing = append(j.missing, "its policies: they are too complex to weigh")
	}
	if len(j.missing) > 0 && p.Level < Unknown {
		if p.Level > None {
			p.Because = fmt.Sprintf("at least %s: %s", p.Level, p.Because)
		}
		p.Level = Unknown
	}
	p.Unknown = append(slices.Clip(j.missing), j.caveats...)
	if more := len(p.Unknown) - mostCaveats; more > 1 {
		p.Unknown = append(p.Unknown[:mostCaveats:mostCaveats], fmt.Sprintf("and %d more", more))
	}
	return p
}

func (j *judgement) level() *Privilege {
	if because := j.administrator(); because != "" {
		return &Privilege{Level: Administrator, Because: because}
	}
	if way, because := j.way(); way != nil {
		return &Privilege{Level: CanBecomeAdministrator, Way: way.ID, Because: because}
	}
	return j.data()
}

// place says where a statement stands.
func (s *source) place() string {
	if s.plain {
		return s.policy
	}
	text := fmt.Sprintf("%s, statement %d", s.policy, s.index)
	if s.sid != "" {
		text = fmt.Sprintf("%s %q", text, s.sid)
	}
	if s.conditioned {
		text += ", under a condition that is not weighed"
	}
	return strings.TrimPrefix(text, ", ")
}
