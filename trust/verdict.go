package trust

import "time"

// Outcome is the answer of the rule.
type Outcome string

const (
	Fail          Outcome = "fail"
	Pass          Outcome = "pass"
	NotApplicable Outcome = "not-applicable"
	Undecided     Outcome = "unknown"
	Broken        Outcome = "error"
)

// Zone is the zone of trust: the role's own account, and whom the user trusts
// beside it. A caller of none of these is external.
type Zone struct {
	Accounts      []string // 12-digit ids, without the role's own
	Organizations []string // "o-…"
}

// Subject is the role whose trust policy is judged, as far as it is known.
type Subject struct {
	// ARN is the role's ARN; empty when not known.
	ARN string
	// Account is the role's own account; empty when not known, and then a
	// verdict holds only if it is the same for every account.
	Account string
	// Partition is "aws", "aws-cn", "aws-us-gov"; empty when not known, and
	// then callers of any partition are possible.
	Partition string
	// Organization is the id of the account's own organization; empty when
	// not known, and then aws:ResourceOrgID is unknown.
	Organization string
	// Tags are the role's tags; nil when not known.
	Tags map[string]string
	// Name is the role's name where no ARN tells it.
	Name string
}

// Question is everything beside the trust policy that the decision depends on.
type Question struct {
	Subject Subject
	Zone    Zone
	// RCPs are the resource control policies that bind the role's account.
	RCPs []*Policy
	// Members are the accounts of Subject.Organization, the own one included;
	// nil when not known, and then any account may be a member.
	Members []string
	// Outsiders are accounts that are known to belong to none of the zone's
	// organizations, such as a third party's: Compare and Rewrite take none of
	// their callers for one from inside.
	Outsiders []string
	// Now is the present: grants that ended before it are dead, grants that
	// begin later are live. The zero time is taken as time.Now() by callers;
	// Decide itself reads no clock and takes it as year 1.
	Now time.Time

	// For completions: the account's path in its organization, and whether an
	// account in the NotPrincipal of a Deny spares nobody.
	orgPath      string
	sparesNobody bool
}

// Verdict is the decision together with its diagnostic.
type Verdict struct {
	Outcome Outcome
	// Exploitable is set for a fail that somebody can use today. Witness is
	// then one complete request that is granted with neither MFA nor a secret
	// external ID, confirmed by Evaluate.
	Exploitable bool
	Witness     *Request
	// Reasons say why it fails, one for each open way in, in document order.
	Reasons []Reason
	// Protection names what keeps outsiders without a countersign out of a
	// role that passes: "external-id", "mfa", "deny", "rcp".
	Protection []string
	Warnings   []Warning
	// Outsiders are the external parties whom the policy lets in (whether
	// with or without a countersign), in document order.
	Outsiders []Outsider
	// Partial is set when others than Outsiders may get in as well: the search
	// ended before every entry was known, or the verdict is one of several that
	// what is unknown leaves possible.
	Partial bool
	// AnyAccount is set when an account that nobody has named, and that
	// belongs to no organization, gets in without a countersign.
	AnyAccount bool
	// Parts say what each statement contributes.
	Parts []StatementPart
	// DependsOn names what an unknown verdict depends on.
	DependsOn []string
	// Problem says why the outcome is error or unknown (too complex).
	Problem string
}

// Reason is one way in that lacks a countersign, and why.
type Reason struct {
	Code      string // stable; a section of docs/rules/IAM-050.md
	Statement int    // index of the statement
	Sid       string
	Message   string
	Range     Range // the condition, principal or statement that decides
}

// Outsider is an external party named (or not excluded) by a policy.
type Outsider struct {
	// Account is 12 digits, or "*" for anyone; empty where it cannot be read,
	// and then DependsOn names what it depends on.
	Account   string
	DependsOn string
	Statement int
	Principal string // the entry that lets it in, as it is spelt
	Unguarded bool   // gets in with neither MFA nor a secret external ID
	Range     Range
}

// StatementRole is what a statement does to outsiders.
type StatementRole string

const (
	Opens     StatementRole = "opens"      // lets an outsider in without a countersign
	Guarded   StatementRole = "guarded"    // lets outsiders in with a countersign only
	Inside    StatementRole = "inside"     // lets nobody from outside in
	NotAssume StatementRole = "not-assume" // does not allow sts:AssumeRole
	Dead      StatementRole = "dead"       // nobody can satisfy it
	Protects  StatementRole = "protects"   // a Deny without which the role would be open
	Idle      StatementRole = "idle"       // a Deny that does not change the verdict
)

// StatementPart is one statement's part in the verdict.
type StatementPart struct {
	Statement int
	Role      StatementRole
	Message   string
	Range     Range
}
