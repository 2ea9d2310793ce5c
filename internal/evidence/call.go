// Package evidence holds what CloudTrail shows of the callers of a role: who
// assumed it, when and how. It replays what was seen against a trust policy, and
// says whether a change of the policy would lock somebody out.
//
// It is plain data: what reads the logs is elsewhere. External IDs are kept as
// they were passed, since a replay needs them; whoever shows them redacts them.
package evidence

import (
	"strings"
	"time"

	"countersign/trust"
)

// Identity is the type of a record's userIdentity (CloudTrail User Guide,
// "CloudTrail userIdentity element").
type Identity string

const (
	// AWSAccount is a user or role session of another account, of which the
	// record in the role's account tells the account and the principal id only.
	AWSAccount         Identity = "AWSAccount"
	IAMUser            Identity = "IAMUser"
	AssumedRole        Identity = "AssumedRole"
	Root               Identity = "Root"
	FederatedUser      Identity = "FederatedUser"
	AWSService         Identity = "AWSService"
	SAMLUser           Identity = "SAMLUser"
	WebIdentityUser    Identity = "WebIdentityUser"
	IdentityCenterUser Identity = "IdentityCenterUser"
	Unknown            Identity = "Unknown"
)

// The calls that assume a role (STS API Reference). AssumeRoot and the sessions
// of GetSessionToken and GetFederationToken assume none.
const (
	AssumeRole                = "AssumeRole"
	AssumeRoleWithSAML        = "AssumeRoleWithSAML"
	AssumeRoleWithWebIdentity = "AssumeRoleWithWebIdentity"
)

// Answer is what a record says of something, or that it does not say.
type Answer uint8

const (
	Unsaid Answer = iota
	No
	Yes
)

// Credentials are what a caller signed its call with.
type Credentials uint8

const (
	UnknownCredentials Credentials = iota
	LongTerm                       // an access key of a user: AKIA…
	Temporary                      // a session: ASIA…
)

// Call is one call that assumes the role, or tries to. Fields are empty where the
// record does not say.
type Call struct {
	// ID is the same in every record of the call: the sharedEventID where the
	// record has one, else the eventID.
	ID      string
	Time    time.Time
	Action  string // AssumeRole, AssumeRoleWithSAML, AssumeRoleWithWebIdentity
	RoleARN string
	Region  string
	// ErrorCode is set when the call failed.
	ErrorCode string

	Identity  Identity
	Account   string // of the caller, 12 digits
	Principal string // the principal id: "AIDA…", "AROA…:session"
	// ARN is that of the user, or of the role behind the caller's session.
	ARN string
	// InvokedBy is the service that called, or through which the caller did.
	InvokedBy string
	// Provider is the ARN of the SAML or OIDC provider, or its host name.
	Provider    string
	Credentials Credentials

	ExternalID    string
	HasExternalID bool
	// MFACode says that the code of an MFA device came with the call.
	MFACode bool
	// SessionMFA is what the record says of MFA in the session that called.
	SessionMFA Answer
	// PassesIdentity says that a source identity came with the call,
	// CarriesIdentity that the caller's own session has one.
	PassesIdentity, CarriesIdentity bool
	// PassesTags says that session tags were passed or inherited.
	PassesTags bool
	// Keys are further condition keys of the request that the record shows, in
	// lower case, each with its values. A nil list says that the request did not
	// have the key; of a key that is not there the record says nothing.
	Keys map[string][]string
}

// Role says which role is meant. Within an account a role's name is unique,
// whatever its path (IAM API Reference, CreateRole).
type Role struct {
	ARN     string // empty where it is not known
	Account string
	Name    string
}

// ParseRole takes the ARN of a role apart.
func ParseRole(arn string) (role Role, ok bool) {
	account, name, ok := splitRole(arn)
	return Role{ARN: arn, Account: account, Name: name}, ok
}

// Is reports whether an ARN is that of the role.
func (r Role) Is(arn string) bool {
	account, name, ok := splitRole(arn)
	return ok && account == r.Account && strings.EqualFold(name, r.Name)
}

// splitRole returns the account and the name in the ARN of a role,
// arn:aws:iam::111122223333:role/path/name.
func splitRole(arn string) (account, name string, ok bool) {
	rest, ok := strings.CutPrefix(arn, "arn:")
	if !ok {
		return "", "", false
	}
	_, rest, _ = strings.Cut(rest, ":") // the partition
	rest, ok = strings.CutPrefix(rest, "iam::")
	if !ok {
		return "", "", false
	}
	account, rest, _ = strings.Cut(rest, ":")
	rest, ok = strings.CutPrefix(rest, "role/")
	name = rest[strings.LastIndexByte(rest, '/')+1:]
	return account, name, ok && trust.IsAccountID(account) && name != ""
}

// principalID is a principal id without the name of the session: "AROA…".
func principalID(principal string) string {
	id, _, _ := strings.Cut(principal, ":")
	return id
}

// sessionName is the name of the session in a principal id, empty for a user's.
func sessionName(principal string) string {
	_, session, _ := strings.Cut(principal, ":")
	return session
}
