package trust

// Requirement is the countersign that a rewritten policy asks outsiders for.
type Requirement string

const (
	RequireExternalID Requirement = "external-id"
	RequireMFA        Requirement = "mfa"
	RequireBoth       Requirement = "both"
)

func (r Requirement) externalID() bool { return r != RequireMFA }
func (r Requirement) mfa() bool        { return r == RequireMFA || r == RequireBoth }

// Remedy says how a policy is to be closed.
type Remedy struct {
	Require Requirement // empty means RequireExternalID
	// ExternalID gives the external ID that a third party issued, by its account
	// ("*" for outsiders whom nobody named), as a String, or as an Unknown leaf
	// whose On names the parameter that holds it. It reports false where there
	// is none; nil has none for anybody. A good external ID that the policy
	// already holds against the same account stands in.
	ExternalID func(account string) (Value, bool)
	// MaxMFAAge, in seconds, also bounds how long ago the MFA was shown; 0 does
	// not.
	MaxMFAAge int
	// OwnAccount is how the role's own account is to be written, where its
	// callers have to be told from outsiders; the zero Value means the
	// subject's account.
	OwnAccount Value
}

// Rewriting is the smallest change found that closes a role, with its proof.
type Rewriting struct {
	// Changes are those of the document, at most one for each statement, in
	// document order; none where nobody has to be kept out.
	Changes []Change
	// Document is the tree of the policy after the change: what stays has the
	// ranges it had, what is new has none. After is the policy, Verdict what
	// Decide says of it.
	Document Value
	After    *Policy
	Verdict  Verdict
	Proof    Proof
}

// Change is what happens to one statement. Its parts are independent: Out and
// Conditions change the statement where it stands; Insert comes right behind it.
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
// outsiders need the countersign. For each part, every request was searched for
// one that contradicts it.
type Proof struct {
	// Inside are requests from inside the zone of trust whose answer changes,
	// Federated the services, SAML and OIDC providers whose statements change.
	// What Rewrite returns has neither.
	Inside    []Affected
	Federated []string
	// Gained are outsiders who had no way in and have one now, with the
	// countersign: those whom a condition kept out that they could not meet.
	Gained []Affected
	// LockedOut are outsiders who got in and do not even with the countersign:
	// role sessions, where MFA is asked for.
	LockedOut []Affected
	// Open names the parts that could not be decided with a bounded effort.
	Open []string
}

// Complete reports whether nothing was left undecided.
func (p *Proof) Complete() bool { return len(p.Open) == 0 }

// CannotRewriteError says why no change of the text closes a role.
type CannotRewriteError struct {
	Reason string // lower case, no full stop
	Hint   string // what to do about it; may be empty
	Range  Range
}

func (e *CannotRewriteError) Error() string { return e.Reason }

// NeedsExternalIDError says that third parties have to issue external IDs
// before a role can be closed.
type NeedsExternalIDError struct {
	Accounts []string // of those without one; "*" for outsiders whom nobody named
}

func (e *NeedsExternalIDError) Error() string {
	return "no external ID is given for " + joined(e.Accounts)
}

func joined(accounts []string) string {
	text := ""
	for i, account := range accounts {
		if account == "*" {
			account = "callers of any account"
		} else {
			account = "account " + account
		}
		if i > 0 {
			text += ", "
		}
		text += account
	}
	return text
}
