package evidence

import (
	"fmt"
	"time"

	"countersign/trust"
)

// Outcome is what becomes of a caller under a trust policy, judged by the calls
// that it made.
type Outcome string

const (
	// Complies: every call would be granted just as it was made.
	Complies Outcome = "complies"
	// Breaks: some call would be refused, whatever the log does not show.
	Breaks Outcome = "breaks"
	// Unclear: it depends on what the log does not show.
	Unclear Outcome = "unclear"
)

// Safety is what a change does to those who were seen.
type Safety string

const (
	// Safe: somebody called, all of the span was seen, and everybody complies.
	Safe Safety = "safe"
	// Breaking: somebody who was seen would be refused.
	Breaking Safety = "breaking"
	// Unproven: nobody was seen to break, but that is not all there is to know.
	Unproven Safety = "unproven"
)

// Change is a trust policy that is proposed, and what decides beside it.
type Change struct {
	// Before is the policy as it is; nil where it is not known. What it refuses
	// today cannot be how a caller got in, which tells apart what the log leaves
	// open.
	Before *trust.Policy
	// After is the policy that the calls are held against. It may be Before.
	After *trust.Policy
	RCPs  []*trust.Policy
	// Subject is the role; its ARN or account should be known.
	Subject trust.Subject
	// Now is the time at which the calls are made again.
	Now time.Time
}

// policies are all that have a say.
func (c *Change) policies() []*trust.Policy {
	all := append([]*trust.Policy{c.After}, c.RCPs...)
	if c.Before != nil && c.Before != c.After {
		all = append(all, c.Before)
	}
	return all
}

// Verdict is the answer of a replay.
type Verdict struct {
	Safety Safety
	// Reasons say why the change is not proved to be safe, lower case, without
	// full stop. The callers who break are not among them.
	Reasons []string
	// Callers are those who succeeded at least once, in the order of Evidence.
	Callers []CallerVerdict
}

// CallerVerdict is what becomes of one caller.
type CallerVerdict struct {
	Caller  *Caller
	Outcome Outcome
	// Calls counts the calls that break, or of an unclear caller those that are
	// unclear, and Last is the time of the last of them. Both are zero for a
	// caller who complies.
	Calls int
	Last  time.Time
	// Refused is set for a caller who breaks, when the policy as it is refuses
	// its calls already: it has changed since they were made.
	Refused bool
	// Lacks says of a caller who breaks what would let its calls in, in words that
	// follow the caller ("sends no external ID"); empty where nothing of the kind
	// would.
	Lacks []string
	// DependsOn names what an unclear outcome depends on and the log does not
	// show.
	DependsOn []string
}

// Replay holds the calls that succeeded against a policy, each as it was made,
// as far as the log shows it: of what is not shown every possibility is tried.
// The evidence should have been collected with [Asked] of the policies; what was
// not kept counts as not shown. The effort is bounded by counted work: a caller
// with too many possibilities is unclear.
func Replay(seen *Evidence, change Change) *Verdict {
	r := newReplay(change)
	verdict := &Verdict{}
	for _, caller := range seen.Callers {
		if caller.Calls > 0 {
			verdict.Callers = append(verdict.Callers, r.caller(caller))
		}
	}
	verdict.settle(seen)
	return verdict
}

func (v *Verdict) settle(seen *Evidence) {
	unclear := 0
	v.Safety = Safe
	for i := range v.Callers {
		switch v.Callers[i].Outcome {
		case Breaks:
			v.Safety = Breaking
		case Unclear:
			unclear++
		}
	}
	if seen.Calls == 0 {
		v.Reasons = append(v.Reasons, "no call that succeeded was seen")
	}
	if unclear == 1 {
		v.Reasons = append(v.Reasons, "what becomes of one caller depends on what the log does not show")
	} else if unclear > 1 {
		v.Reasons = append(v.Reasons, fmt.Sprintf("what becomes of %d callers depends on what the log does not show", unclear))
	}
	v.Reasons = append(v.Reasons, seen.Gaps...)
	if v.Safety == Safe && len(v.Reasons) > 0 {
		v.Safety = Unproven
	}
}
