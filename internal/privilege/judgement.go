package privilege

import (
	"fmt"
	"slices"
	"strings"
)

// judgement weighs the statements of one role.
type judgement struct {
	arn, account, partition string
	attached                []string // ARNs

	allows []source
	denies []*statement   // that surely apply
	limits [][]*statement // each allows what may be done at most
	ways   mask           // of all allows

	size    int      // of the patterns, in bytes
	missing []string // policies of the role that are not known
	caveats []string // what else is not known, or not weighed
	effort  int      // spent
}

// mostEffort bounds the comparisons for one role, so that policies made to be
// slow are not.
const mostEffort = 4_000_000

// spend counts effort, and reports whether there is some left.
func (j *judgement) spend(effort int) bool {
	j.effort += effort
	return j.effort <= mostEffort
}

// cost is what comparing each pattern with another takes.
func (s *set) cost(other string) int {
	cost := 1
	for _, p := range s.patterns {
		cost += 1 + len(p)*len(other)>>8
	}
	return cost
}

// source is a statement with the policy it stands in.
type source struct {
	*statement
	policy string
}

// reach is how far a resource goes among what an action is for.
type reach uint8

const (
	nothing reach = iota
	named         // one that is named exactly
	open          // any, or any of a pattern
)

// everyWord and everyOfIAM stand for actions of which nobody has heard: they
// are matched by wildcards alone.
const (
	everyWord  = "\x00:\x00"
	everyOfIAM = "iam:\x00"
)

// administrator says what allows everything; empty where nothing does.
func (j *judgement) administrator() string {
	all := j.allowed(everyWord, everything, "")
	if all == nil || j.allowed(everyOfIAM, everything, "") == nil || j.allowed("iam:putrolepolicy", j.self(), "") == nil {
		return ""
	}
	return all.place()
}

// way returns the first way to become an administrator, and what grants it;
// one that no condition restricts goes before.
func (j *judgement) way() (way *Way, because string) {
	for i := range Ways {
		candidate := &Ways[i]
		grants := j.grants(candidate)
		if grants == nil {
			continue
		}
		conditioned := false
		for _, grant := range grants {
			conditioned = conditioned || grant.conditioned
		}
		if way == nil || !conditioned {
			way, because = candidate, told(candidate, grants)
		}
		if !conditioned {
			break
		}
	}
	if way == nil {
		return nil, ""
	}
	j.caveats = withoutTargets(j.caveats)
	return way, because
}

// grants returns what allows each action that a way needs, nil when one is
// missing.
func (j *judgement) grants(way *Way) []*source {
	for i := range way.Needs {
		if !j.ways.has(way.Needs[i].number) {
			return nil
		}
	}
	grants := make([]*source, len(way.Needs))
	var exact []string
	for i := range way.Needs {
		need := &way.Needs[i]
		service := ""
		if need.lower == "iam:passrole" {
			service = way.Service
		}
		grant, how, resource := j.best(need.lower, j.target(need.On), service)
		switch how {
		case nothing:
			return nil
		case named:
			exact = append(exact, resource)
		}
		grants[i] = grant
	}
	if exact != nil {
		j.caveat(fmt.Sprintf("%s %s: it is not weighed what that may do", targetMark, strings.Join(exact, ", ")))
		return nil
	}
	return grants
}

// targetMark begins what is said of a target that is named exactly.
const targetMark = "it may act as, or change,"

// withoutTargets leaves out what does not matter to who becomes an
// administrator anyway.
func withoutTargets(caveats []string) (rest []string) {
	for _, text := range caveats {
		if !strings.HasPrefix(text, targetMark) {
			rest = append(rest, text)
		}
	}
	return rest
}

// told says what a way does and by what: actions of one statement together.
func told(way *Way, grants []*source) string {
	var by []string
	for i, grant := range grants {
		if slices.ContainsFunc(grants[:i], func(other *source) bool { return other.statement == grant.statement }) {
			continue
		}
		var actions []string
		for k, other := range grants {
			if action := way.Needs[k].Action; other.statement == grant.statement && !slices.Contains(actions, action) {
				actions = append(actions, action)
			}
		}
		by = append(by, fmt.Sprintf("%s by %s", strings.Join(actions, ", "), grant.place()))
	}
	return fmt.Sprintf("it %s: %s", way.Says, strings.Join(by, "; "))
}

// allowed returns what allows an action on any of the target, or nil.
func (j *judgement) allowed(action string, on target, service string) *source {
	grant, how, _ := j.best(action, on, service)
	if how != open {
		return nil
	}
	return grant
}

// best returns the statement that lets an action go furthest, how far, and on
// which resource. One that no condition restricts goes before others.
func (j *judgement) best(action string, on target, service string) (grant *source, how reach, resource string) {
	for i := range j.allows {
		s := &j.allows[i]
		if !s.actions.has(action) || !s.passes(service) {
			continue
		}
		for _, r := range s.resources.cells() {
			reached, at := j.survives(action, r, on, service)
			if reached > how || reached == how && how > nothing && grant.conditioned && !s.conditioned {
				grant, how, resource = s, reached, at
			}
		}
		if how == open && !grant.conditioned {
			break
		}
	}
	return grant, how, resource
}

// passes reports whether a statement lets a role be passed to a service.
func (s *statement) passes(service string) bool {
	if service == "" || s.passedTo == nil {
		return true
	}
	for _, p := range s.passedTo {
		if covers(p, service) {
			return true
		}
	}
	return false
}

// cells are the patterns of a set, or one for all of it where that is more than
// patterns can say.
func (s *set) cells() []string {
	if s.negated {
		return []string{"*"}
	}
	return s.patterns
}

// survives says how far an action that is allowed on a resource goes, with
// what denies and limits it, and on which resource.
func (j *judgement) survives(action, resource string, on target, service string) (how reach, at string) {
	how, at = on.reach(resource), resource
	for _, d := range j.denies {
		if how == nothing || !j.spend(1+d.resources.cost(resource)) {
			return nothing, ""
		}
		if d.actions.has(action) && on.denied(&d.resources, resource) {
			return nothing, ""
		}
	}
	for _, limit := range j.limits {
		most, limited := nothing, ""
		for _, s := range limit {
			if !s.actions.has(action) || !s.passes(service) {
				continue
			}
			if !j.spend(s.resources.cost(resource)) {
				return nothing, ""
			}
			for _, r := range s.resources.cells() {
				if reached := on.reach(r); reached > most && meets(r, resource) {
					most, limited = reached, r
				}
			}
		}
		if most < how {
			how, at = most, limited
		}
	}
	return how, at
}
