package trust

// CallerKind is how a caller came by its credentials. It decides which keys
// AWS puts into the request context (semantics: docs/semantics.md, "Caller
// kinds").
type CallerKind string

const (
	// UserKey is an IAM user with a long-term access key: no MFA keys at all.
	UserKey CallerKind = "iam-user-long-term-key"
	// UserSession is an IAM user's session (GetSessionToken, console) without MFA.
	UserSession CallerKind = "iam-user-session-without-mfa"
	// RoleSession is a session of a role, which can never show MFA.
	RoleSession CallerKind = "role-session"
	// UserKeyMFA is an IAM user with a long-term key who passes SerialNumber
	// and TokenCode in the AssumeRole call itself.
	UserKeyMFA CallerKind = "iam-user-long-term-key-with-mfa"
	// UserSessionMFA is an IAM user's session that was made with MFA.
	UserSessionMFA CallerKind = "iam-user-session-with-mfa"
	// ServiceCaller is an AWS service acting on its own behalf.
	ServiceCaller CallerKind = "service"
	// SAMLCaller and OIDCCaller call AssumeRoleWithSAML and
	// AssumeRoleWithWebIdentity.
	SAMLCaller CallerKind = "saml"
	OIDCCaller CallerKind = "oidc"
)

// The permission checks STS makes for a request.
const (
	ActionAssumeRole        = "sts:AssumeRole"
	ActionTagSession        = "sts:TagSession"
	ActionSetSourceIdentity = "sts:SetSourceIdentity"
)

// Request is one complete call that would assume a role.
type Request struct {
	// Principal is the caller's ARN as sts:GetCallerIdentity shows it: the
	// user's ARN, or the assumed-role ARN of a session (without path). For a
	// service it is the service's name, for SAML and OIDC the provider's ARN.
	Principal string
	Kind      CallerKind
	Account   string // the caller's account id
	// Checks are the actions that all have to be allowed: always
	// sts:AssumeRole (or the federated form), sts:TagSession when session tags
	// are passed, sts:SetSourceIdentity when a source identity is passed or
	// carried.
	Checks   []string
	Resource string // the role's ARN
	Context  Context
}

// Context holds the condition keys that are present, each with its values. A
// single-valued key has exactly one. Keys may be spelt in any letter case, but
// each once.
type Context map[string][]string

// Lookup returns the values of a key, spelt in any letter case, and whether it
// is present. Letters beyond A to Z have one case here.
func (c Context) Lookup(key string) ([]string, bool) {
	if values, ok := c[key]; ok {
		return values, true
	}
	for name, values := range c {
		if equalASCII(name, key) {
			return values, true
		}
	}
	return nil, false
}
