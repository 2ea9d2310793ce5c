package trust

// Requirement is the countersign that a rewritten policy asks outsiders for.
type Requirement string

const (
	RequireExternalID Requirement = "external-id"
	RequireMFA        Requirement = "mfa"
	RequireBoth       Requirement = "both"
)

// Remedy says how a policy is to be closed.
type Remedy struct {
	Require Requirement
	// ExternalID gives the external ID that a third party issued, by its account
	// ("*" for outsiders whom nobody named), as a String, or as an Unknown leaf
	// whose On names the parameter that holds it. It reports false where there
	// is none; nil has none for anybody.
	ExternalID func(account string) (Value, bool)
	// MaxMFAAge, in seconds, also bounds how long ago the MFA was shown; 0 does
	// not.
	MaxMFAAge int
}

// Rewriting is the smallest change found that closes a role, with its proof.
type Rewriting struct {
	// Changes are those of the document, at most one for each statement, in
	// document order.
	Changes []Change
	// Document is the tree of the policy after the change: what stays has the
	// ranges it had, what is new has none. After is the policy, Verdict what
	// Decide says of it.
	Document Value
	After    *Policy
	Verdict  Verdict
	Proof    Proof
	// Warnings concern the countersign that is asked for from now on.
	Warnings []Warning
}

// Change is what happens to one statement. Its parts are independent: first
// Out, then Conditions change the statement where it stands; Insert comes right
// behind it.
type Change struct {
	Statement int // index in the policy before
	// Out are entries that leave the statement's Principal element. At least
	// one entry stays.
	Out        []Principal
	Conditions []ConditionEdit
	// Insert are new statements, as Objects: copies of this one for the
	// principals that left it, or for part of the callers it matched. What was
	// copied has the range it was copied from.
	Insert []Value
}

// ConditionEdit adds a condition (Old is nil), removes one (New is nil), or
// replaces one by another.
type ConditionEdit struct {
	Old *Condition
	New *NewCondition
}

// NewCondition is a condition to be written. A key stands once under an
// operator: no other condition of the statement has the same Operator and Key,
// once the edits are made.
type NewCondition struct {
	Operator string // "StringEquals"
	Key      string // "sts:ExternalId"
	// Values are Strings, or Unknown leaves; one of them is written as a scalar.
	Values []Value
}

// Proof is what has been shown of a rewriting, beside its verdict: that all
// outsiders need the countersign. Each part was searched for a request that
// contradicts it, exhaustively.
type Proof struct {
	// Inside are requests from inside the zone of trust whose answer changes,
	// Federated the services, SAML and OIDC providers whose statements change.
	// A rewriting that Rewrite returns has neither.
	Inside    []Affected
	Federated []string
	// Gained are outsiders who had no way in and have one now, with the
	// countersign: those whom a condition kept out that nobody could meet.
	Gained []Affected
	// LockedOut are outsiders who got in and do not even with the countersign:
	// role sessions, where MFA is asked for.
	LockedOut []Affected
	// Open names the parts that could not be decided with a bounded effort.
	Open []string
}

// CannotRewriteError says why no change of the text closes a role.
type CannotRewriteError struct {
	Reason string // lower case, no full stop
	Hint   string // what to do about it; may be empty
	Range  Range
}

func (e *CannotRewriteError) Error() string { return e.Reason }
