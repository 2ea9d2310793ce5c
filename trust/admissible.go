package trust

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Admissible reports whether AWS could make this request: an IAM user or a
// role session that calls sts:AssumeRole on the subject at or after now, with a
// context in which every coupling of condition keys is respected. The error
// names the first coupling that is broken, and no value of the request.
// What the subject leaves unknown constrains nothing.
//
// Sources: IAM User Guide, "AWS global condition context keys", "IAM and AWS
// STS condition context keys", "Secure API access with MFA"; STS API
// Reference, AssumeRole (lengths and alphabets of its parameters).
func (r Request) Admissible(subject Subject, now time.Time) error {
	return newEvaluation(r).admissible(subject, now)
}

func (e *evaluation) admissible(subject Subject, now time.Time) error {
	a := &admission{request: e.request, subject: subject, now: now, keys: e.keys}
	for _, coupling := range couplings {
		if err := coupling(a); err != nil {
			return err
		}
	}
	return nil
}

var couplings = []func(*admission) error{
	(*admission).keysExist,
	(*admission).checks,
	(*admission).role,
	(*admission).caller,
	(*admission).mfa,
	(*admission).parameters,
	(*admission).sourceIdentity,
	(*admission).tags,
	(*admission).clock,
	(*admission).network,
	(*admission).organization,
	(*admission).roleFacts,
}

// admission is one request while its couplings are looked at.
type admission struct {
	request Request
	subject Subject
	now     time.Time
	keys    presentKeys
}

// The bounds of names and parameters (IAM API Reference: CreateUser,
// CreateRole; STS API Reference: AssumeRole), in characters.
const (
	longestName       = 64
	shortestParameter = 2 // external ID, session name, source identity
	longestExternalID = 1224
	longestPath       = 512
	shortestUniqueID  = 4      // behind AIDA or AROA
	longestMFAAge     = 129600 // seconds: 36 hours
)

// legalName reports whether a text has the form of a name: ASCII letters and
// digits and a few signs.
func legalName(text string, shortest int) bool {
	return shortest <= len(text) && len(text) <= longestName && consistsOf(text, isNameByte)
}

func legalExternalID(text string) bool {
	return shortestParameter <= len(text) && len(text) <= longestExternalID &&
		consistsOf(text, func(c byte) bool { return isNameByte(c) || c == ':' || c == '/' })
}

// legalPath reports whether a text is "/" or "/…/" in printable ASCII.
func legalPath(text string) bool {
	return text == "/" || len(text) > len("//") && len(text) <= longestPath &&
		text[0] == '/' && text[len(text)-1] == '/' &&
		consistsOf(text, func(c byte) bool { return '!' <= c && c <= '~' })
}

// legalUniqueID reports whether a text is a unique id with that prefix.
func legalUniqueID(text, prefix string) bool {
	rest, ok := strings.CutPrefix(text, prefix)
	return ok && len(rest) >= shortestUniqueID &&
		consistsOf(rest, func(c byte) bool { return 'A' <= c && c <= 'Z' || isDigit(c) })
}

func legalAccount(text string) bool { return len(text) == 12 && consistsOf(text, isDigit) }

func legalPartition(text string) bool {
	return strings.HasPrefix(text, "aws") &&
		consistsOf(text, func(c byte) bool { return 'a' <= c && c <= 'z' || c == '-' })
}

func consistsOf(text string, allowed func(byte) bool) bool {
	for i := range len(text) {
		if !allowed(text[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isNameByte(c byte) bool {
	return isASCIILetter(c) || isDigit(c) || strings.IndexByte("_+=,.@-", c) >= 0
}

// keyIs demands that a key is present with exactly that value.
func (a *admission) keyIs(key, want, why string) error {
	if values, _ := a.keys.get(key); len(values) != 1 || values[0] != want {
		return fmt.Errorf("%s is not %s", key, why)
	}
	return nil
}

// keysAbsent demands that none of the keys is present.
func (a *admission) keysAbsent(why string, keys ...string) error {
	for _, key := range keys {
		if _, ok := a.keys.get(key); ok {
			return fmt.Errorf("%s is present %s", key, why)
		}
	}
	return nil
}

// checks demands sts:AssumeRole, and each other check at most once. Whether
// the others belong there is told by tags and sourceIdentity.
func (a *admission) checks() error {
	for i, check := range a.request.Checks {
		switch check {
		case ActionAssumeRole, ActionTagSession, ActionSetSourceIdentity:
		default:
			return errors.New("a check is none of those that sts:AssumeRole makes")
		}
		if slices.Contains(a.request.Checks[:i], check) {
			return fmt.Errorf("the check %s is made twice", check)
		}
	}
	if !slices.Contains(a.request.Checks, ActionAssumeRole) {
		return fmt.Errorf("the check %s is missing", ActionAssumeRole)
	}
	return nil
}

// role demands that the request is for the subject.
func (a *admission) role() error {
	arn := a.request.Resource
	switch {
	case a.subject.ARN != "" && arn != a.subject.ARN:
		return errors.New("the resource is not the role in question")
	case arn == "":
		return nil
	case accountOf(arn) == "":
		return errors.New("the resource is no ARN")
	case a.subject.Account != "" && accountOf(arn) != a.subject.Account:
		return errors.New("the resource is not in the role's account")
	case a.subject.Partition != "" && partitionOf(arn) != a.subject.Partition:
		return errors.New("the resource is not in the role's partition")
	}
	return nil
}

// caller couples the caller's ARN, account and kind with the keys that AWS
// makes of them.
func (a *admission) caller() error {
	if !legalAccount(a.request.Account) {
		return errors.New("the caller's account is not 12 digits")
	}
	if err := a.keyIs("aws:PrincipalAccount", a.request.Account, "the caller's account"); err != nil {
		return err
	}
	partition := partitionOf(a.request.Principal)
	switch home := partitionOf(a.request.Resource); {
	case !legalPartition(partition):
		return errors.New("the caller's ARN names no partition")
	case home != "" && partition != home, a.subject.Partition != "" && partition != a.subject.Partition:
		return errors.New("the caller is of another partition than the role")
	}
	switch a.request.Kind {
	case UserKey, UserSession, UserKeyMFA, UserSessionMFA:
		return a.user(partition)
	case RoleSession:
		return a.roleSession(partition)
	}
	return errors.New("the caller is neither an IAM user nor a role session")
}

func (a *admission) user(partition string) error {
	name, err := a.pathAndName(a.request.Principal, partition, "user")
	if err != nil {
		return fmt.Errorf("the caller's ARN: %w", err)
	}
	id, _ := a.keys.single("aws:userid")
	if !legalUniqueID(id, "AIDA") {
		return errors.New("aws:userid is not the unique id of a user")
	}
	return cmp.Or(
		a.keyIs("aws:PrincipalArn", a.request.Principal, "the caller's ARN"),
		a.keyIs("aws:PrincipalType", "User", "that of a user"),
		a.keyIs("aws:username", name, "the user's name"),
	)
}

func (a *admission) roleSession(partition string) error {
	rest, ok := a.within(a.request.Principal, partition, "sts", "assumed-role/")
	name, session, cut := strings.Cut(rest, "/")
	if !ok || !cut || !legalName(name, 1) || !legalName(session, shortestParameter) {
		return errors.New("the caller's ARN is not that of a role session of its account")
	}
	arn, _ := a.keys.single("aws:principalarn")
	role, err := a.pathAndName(arn, partition, "role")
	if err != nil {
		return fmt.Errorf("aws:PrincipalArn: %w", err)
	}
	if role != name {
		return errors.New("aws:PrincipalArn is not the ARN of the session's role")
	}
	userid, _ := a.keys.single("aws:userid")
	id, suffix, _ := strings.Cut(userid, ":")
	if !legalUniqueID(id, "AROA") || suffix != session {
		return errors.New("aws:userid is not a role's unique id with the session name")
	}
	return cmp.Or(
		a.keyIs("aws:PrincipalType", "AssumedRole", "that of a role session"),
		a.keysAbsent("on a role session", "aws:username"),
	)
}

// pathAndName takes the ARN of a user or role of the caller's account apart
// and returns its name.
func (a *admission) pathAndName(arn, partition, kind string) (string, error) {
	rest, ok := a.within(arn, partition, "iam", kind)
	if !ok || !strings.HasPrefix(rest, "/") {
		return "", fmt.Errorf("not that of a %s of the caller's account", kind)
	}
	cut := strings.LastIndexByte(rest, '/') + 1
	if !legalPath(rest[:cut]) {
		return "", errors.New("no legal path")
	}
	if !legalName(rest[cut:], 1) {
		return "", errors.New("no legal name")
	}
	return rest[cut:], nil
}

// within returns what follows the prefix in the last segment of an ARN of the
// caller's account.
func (a *admission) within(arn, partition, service, prefix string) (rest string, ok bool) {
	segments, ok := parseARN(arn)
	if !ok || segments[1] != partition || segments[2] != service || segments[3] != "" || segments[4] != a.request.Account {
		return "", false
	}
	return strings.CutPrefix(segments[5], prefix)
}

// mfa couples the MFA keys and aws:TokenIssueTime with the kind of caller. A
// role session can never show MFA; a long-term key shows no MFA key at all
// unless the code is in the call itself.
func (a *admission) mfa() error {
	const present, age, issued = "aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge", "aws:TokenIssueTime"
	_, hasToken := a.keys.get(issued)
	switch a.request.Kind {
	case UserKey:
		return a.keysAbsent("with a long-term key", present, age, issued)
	case UserKeyMFA:
		return cmp.Or(a.keyIs(present, "true", "true with MFA"), a.mfaAge(),
			a.keysAbsent("with a long-term key", issued))
	}
	if !hasToken {
		return fmt.Errorf("%s is missing from temporary credentials", issued)
	}
	if a.request.Kind == UserSessionMFA {
		return cmp.Or(a.keyIs(present, "true", "true with MFA"), a.mfaAge())
	}
	return cmp.Or(a.keyIs(present, "false", "false in a session without MFA"), a.keysAbsent("without MFA", age))
}

// mfaAge demands whole seconds, as long as a session may last at most.
func (a *admission) mfaAge() error {
	age, _ := a.keys.single("aws:multifactorauthage")
	if seconds, ok := wholeSeconds(age); !ok || seconds < 0 || seconds > longestMFAAge {
		return errors.New("aws:MultiFactorAuthAge is not 0 to 129600 seconds")
	}
	return nil
}

// parameters holds what the caller passes to the legal forms of the API.
func (a *admission) parameters() error {
	if name, ok := a.keys.single("sts:rolesessionname"); !ok || !legalName(name, shortestParameter) {
		return errors.New("sts:RoleSessionName is missing or has no legal form")
	}
	if id, ok := a.keys.single("sts:externalid"); ok && !legalExternalID(id) {
		return errors.New("sts:ExternalId has no legal form")
	}
	if region, ok := a.keys.single("aws:requestedregion"); !ok || region == "" {
		return errors.New("aws:RequestedRegion is missing")
	}
	return cmp.Or(
		a.keyIs("aws:SecureTransport", "true", "true"),
		a.keyIs("aws:ViaAWSService", "false", "false"),
		a.keyIs("aws:PrincipalIsAWSService", "false", "false"),
		a.optional("aws:AssumedRoot", "false"),
	)
}

func (a *admission) optional(key, want string) error {
	if _, ok := a.keys.get(key); !ok {
		return nil
	}
	return a.keyIs(key, want, want)
}

// sourceIdentity couples both source identity keys with the check for them.
func (a *admission) sourceIdentity() error {
	passed, isPassed := a.keys.single("sts:sourceidentity")
	carried, isCarried := a.keys.single("aws:sourceidentity")
	switch checked := slices.Contains(a.request.Checks, ActionSetSourceIdentity); {
	case isPassed && !legalName(passed, shortestParameter), isCarried && !legalName(carried, shortestParameter):
		return errors.New("the source identity has no legal form")
	case isPassed && isCarried && passed != carried:
		return errors.New("sts:SourceIdentity is not the aws:SourceIdentity that the session carries")
	case checked && !isPassed && !isCarried:
		return fmt.Errorf("the check %s is made without a source identity", ActionSetSourceIdentity)
	case !checked && (isPassed || isCarried):
		return fmt.Errorf("a source identity is present without the check %s", ActionSetSourceIdentity)
	}
	return nil
}
