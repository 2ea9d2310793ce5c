package evidence

import (
	"slices"
	"strings"
	"time"

	"countersign/trust"
)

// userID is the key that holds the name of the caller's session.
const userID = "aws:userid"

// Asked lists the condition keys that policies look at, in lower case: what a
// collector has to keep of calls for a replay against them.
func Asked(policies ...*trust.Policy) []string {
	var asked []string
	for _, policy := range policies {
		if policy == nil {
			continue
		}
		for i := range policy.Statements {
			statement := &policy.Statements[i]
			for j := range statement.Principals {
				if statement.Principals[j].Form == trust.Session {
					asked = append(asked, userID)
				}
			}
			for j := range statement.Conditions {
				asked = append(asked, keysOf(&statement.Conditions[j])...)
			}
		}
	}
	slices.Sort(asked)
	return slices.Compact(asked)
}

// keysOf lists the keys of a condition: its own, and those of variables.
func keysOf(condition *trust.Condition) []string {
	keys := []string{condition.Key}
	for i := range condition.Values {
		for _, piece := range condition.Values[i].Pieces {
			if piece.Kind == trust.VariablePiece {
				keys = append(keys, piece.Key)
			}
		}
	}
	return keys
}

// Bounds of the effort, in requests that are evaluated.
const (
	mostWorlds = 4096      // of one manner
	mostEffort = 1_000_000 // of a replay
)

// replay holds manners against a change.
type replay struct {
	change  Change
	asked   []string
	effort  int
	spare   int  // effort for saying what calls lack, on which no outcome depends
	unknown bool // some of a policy cannot be read
}

func newReplay(change Change) *replay {
	if change.Subject.Account == "" {
		change.Subject.Account, _, _ = splitRole(change.Subject.ARN)
	}
	change.Now = change.Now.UTC().Truncate(time.Second)
	r := &replay{change: change, asked: Asked(change.policies()...), effort: mostEffort, spare: mostEffort}
	r.unknown = slices.ContainsFunc(change.policies(), (*trust.Policy).Open)
	return r
}

// answer is what becomes of one manner.
type answer struct {
	outcome   Outcome
	refused   bool
	dependsOn []string
	lacks     []string
}

func unclear(on ...string) answer { return answer{outcome: Unclear, dependsOn: on} }

func (r *replay) caller(c *Caller) CallerVerdict {
	verdict := CallerVerdict{Caller: c, Outcome: Complies}
	take := func(a answer, calls int, last time.Time) {
		if a.outcome == Complies || verdict.Outcome == Breaks && a.outcome == Unclear {
			return
		}
		if a.outcome != verdict.Outcome {
			verdict.Outcome, verdict.Calls, verdict.Last, verdict.DependsOn = a.outcome, 0, time.Time{}, nil
			verdict.Refused = a.refused
		}
		verdict.Calls += calls
		verdict.Last = later(verdict.Last, last)
		verdict.Refused = verdict.Refused && a.refused
		verdict.DependsOn = union(verdict.DependsOn, a.dependsOn)
		verdict.Lacks = union(verdict.Lacks, a.lacks)
	}
	for _, manner := range c.Manners {
		take(r.manner(c, manner), manner.Calls, manner.Last)
	}
	if c.Unkept > 0 {
		take(unclear("calls that differ in too many ways to be kept"), c.Unkept, c.Last)
	}
	return verdict
}

// union adds to a list what it does not have.
func union(list, more []string) []string {
	for _, one := range more {
		if !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	return list
}

// manner holds one manner of calling against the policy, in every world that the
// log leaves possible.
func (r *replay) manner(c *Caller, m *Manner) answer {
	if r.unknown {
		return unclear("parts of the policy that cannot be read")
	}
	worlds, problem := r.worlds(c, m)
	if problem != "" {
		return unclear(problem)
	}
	size := worlds.size()
	if size > mostWorlds || size > r.effort {
		return unclear(append([]string{"more possibilities than can be tried"}, worlds.names()...)...)
	}
	r.effort -= size
	possible, refused := r.possible(worlds, size)
	granted := make(map[int]bool, len(possible))
	for _, world := range possible {
		if trust.Granted(r.change.After, r.change.RCPs, worlds.request(world)) {
			granted[world] = true
		}
	}
	switch len(granted) {
	case len(possible):
		return answer{outcome: Complies}
	case 0:
		return answer{outcome: Breaks, refused: refused, lacks: r.lacks(worlds, possible, m)}
	}
	return unclear(worlds.decisive(possible, granted)...)
}

// possible leaves out the worlds that AWS would not let be, and those in which
// the policy as it is would have refused the call. refused says that it refuses
// the call in all of them: it was another policy then.
func (r *replay) possible(worlds *worlds, size int) (possible []int, refused bool) {
	admissible := make([]int, 0, size)
	for world := range size {
		request := worlds.request(world)
		if !worlds.checked || request.Admissible(r.change.Subject, r.change.Now) == nil {
			admissible = append(admissible, world)
		}
	}
	if len(admissible) == 0 {
		// What AWS logged was possible: it is our picture of it that is not.
		for world := range size {
			admissible = append(admissible, world)
		}
	}
	if r.change.Before == nil {
		return admissible, false
	}
	for _, world := range admissible {
		if trust.Granted(r.change.Before, r.change.RCPs, worlds.request(world)) {
			possible = append(possible, world)
		}
	}
	if len(possible) == 0 {
		return admissible, true
	}
	return possible, false
}

// operands calls visit for every value that a policy in question holds a key
// against.
func (r *replay) operands(key string, visit func(trust.Family, *trust.Operand)) {
	for _, policy := range r.change.policies() {
		for i := range policy.Statements {
			for j := range policy.Statements[i].Conditions {
				condition := &policy.Statements[i].Conditions[j]
				if condition.Key != key {
					continue
				}
				for k := range condition.Values {
					visit(condition.Operator.Family, &condition.Values[k])
				}
			}
		}
	}
}

// principals calls visit for every principal entry of the policies in question.
func (r *replay) principals(visit func(*trust.Principal)) {
	for _, policy := range r.change.policies() {
		for i := range policy.Statements {
			for j := range policy.Statements[i].Principals {
				visit(&policy.Statements[i].Principals[j])
			}
		}
	}
}

// asks reports whether a policy in question looks at a key.
func (r *replay) asks(key string) bool { return slices.Contains(r.asked, key) }

func isTagKey(key string) bool {
	return key == "aws:tagkeys" || key == "sts:transitivetagkeys" || strings.HasPrefix(key, "aws:requesttag/")
}
