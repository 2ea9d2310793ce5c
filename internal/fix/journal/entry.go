package journal

import "time"

// State is how far a change has come.
type State string

const (
	// Intended: written down; AWS may have been asked or not.
	Intended State = "intended"
	// Sent: AWS has taken the policy; whether the role shows it is not known.
	Sent State = "sent"
	// Unconfirmed: the role has not shown the policy in the time given to it,
	// or it could not be found out what it shows.
	Unconfirmed State = "unconfirmed"
	// Confirmed: the role was read again and shows the policy.
	Confirmed State = "confirmed"
	// Failed: nothing was changed.
	Failed State = "failed"
	// Superseded: somebody else has given the role another policy.
	Superseded State = "superseded"
	// Reverted: a later change has put the policy before back. It is told by
	// that change and not by a step of its own.
	Reverted State = "reverted"
)

// ends says after which states nothing is open any more. It holds every state
// that a step can have.
var ends = map[State]bool{
	Intended: false, Sent: false, Unconfirmed: false,
	Confirmed: true, Failed: true, Superseded: true,
}

// Change is what is done to one role.
type Change struct {
	Tool string `json:"tool"` // "countersign" with its version
	// Caller is the ARN of the credentials at hand (sts:GetCallerIdentity),
	// Through that of the role that was assumed in the role's account; empty
	// for the caller's own account.
	Caller  string `json:"caller"`
	Through string `json:"through,omitempty"`

	Partition string `json:"partition"`
	Account   string `json:"account"`
	Role      Role   `json:"role"`
	// Before is the trust policy as AWS gave it, After as it is sent: exactly,
	// to the byte.
	Before        string  `json:"before"`
	After         string  `json:"after"`
	VerdictBefore Verdict `json:"verdict_before"`
	VerdictAfter  Verdict `json:"verdict_after"`
	// Undoes is the id of the change that this one takes back.
	Undoes string `json:"undoes,omitempty"`
}

// Role is the role that is changed. ID tells it from another that was made
// under the same name after it was deleted (IAM User Guide, "IAM identifiers").
type Role struct {
	Name string `json:"name"`
	ARN  string `json:"arn"`
	ID   string `json:"id"`
}

// Verdict is a verdict in short.
type Verdict struct {
	Outcome    string   `json:"outcome"` // of package trust; empty when not judged
	Reasons    []string `json:"reasons,omitempty"`
	Protection []string `json:"protection,omitempty"`
}

// Step is one line of an entry.
type Step struct {
	At    time.Time `json:"at"`
	State State     `json:"state"`
	// Reason says why, where the state does not say it all.
	Reason string `json:"reason,omitempty"`
	// Live is the policy that the role shows, where it is not After to the
	// byte.
	Live *string `json:"live,omitempty"`
	// Caller is who took the step, where it is not who began the change.
	Caller string `json:"caller,omitempty"`
}

// Entry is a change with the steps that it took. There is at least one.
type Entry struct {
	ID string
	Change
	Steps      []Step
	RevertedBy string   // the id of the change that undid this one
	Notes      []string // what of the file could not be read
}

func (e *Entry) last() *Step { return &e.Steps[len(e.Steps)-1] }

// State is the latest one.
func (e *Entry) State() State {
	if e.RevertedBy != "" {
		return Reverted
	}
	return e.last().State
}

// Reason is that of the latest step.
func (e *Entry) Reason() string { return e.last().Reason }

// Open reports whether it is not known how the change ended.
func (e *Entry) Open() bool { return !ends[e.last().State] }

// Begun is when the change was written down, Moved when its latest step was.
func (e *Entry) Begun() time.Time { return e.Steps[0].At }
func (e *Entry) Moved() time.Time { return e.last().At }

// Live is the policy that the role showed when it was last read for this
// change, or the one that was sent.
func (e *Entry) Live() string {
	for i := len(e.Steps) - 1; i >= 0; i-- {
		if live := e.Steps[i].Live; live != nil {
			return *live
		}
	}
	return e.After
}
