package trust

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
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
	a := &admission{request: r, subject: subject, now: now, keys: newPresentKeys(r.Context)}
	for _, coupling := range []func() error{
		a.keysExist,
		a.checks,
		a.role,
		a.caller,
		a.mfa,
		a.parameters,
		a.sourceIdentity,
		a.tags,
		a.clock,
		a.network,
		a.organization,
		a.roleFacts,
	} {
		if err := coupling(); err != nil {
			return err
		}
	}
	return nil
}

// admission is one request while its couplings are looked at.
type admission struct {
	request Request
	subject Subject
	now     time.Time
	keys    presentKeys
}

// The legal forms of names. Word characters are ASCII (IAM API Reference:
// CreateUser, CreateRole; STS API Reference: AssumeRole).
var (
	legalAccount     = regexp.MustCompile(`^[0-9]{12}$`)
	legalPartition   = regexp.MustCompile(`^aws(-[a-z]+)*$`)
	legalName        = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)
	legalSessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	// An external ID has 2 to 1,224 characters: more than a repeat count may be.
	legalExternalID = regexp.MustCompile(`^[\w+=,.@:/-]+$`)
	legalPath       = regexp.MustCompile(`^/([\x21-\x7e]+/)?$`)
	legalUniqueID   = regexp.MustCompile(`^(AIDA|AROA)[A-Z0-9]{4,}$`)
)

const (
	longestExternalID = 1224
	longestPath       = 512
	longestMFAAge     = 129600 // seconds: 36 hours
)

// keyIs demands that a key is present with exactly that value.
func (a *admission) keyIs(key, want, why string) error {
	if value, ok := a.keys.single(lowerASCII(key)); !ok || value != want {
		return fmt.Errorf("%s is not %s", key, why)
	}
	return nil
}

// keysAbsent demands that none of the keys is present.
func (a *admission) keysAbsent(why string, keys ...string) error {
	for _, key := range keys {
		if _, ok := a.keys[lowerASCII(key)]; ok {
			return fmt.Errorf("%s is present %s", key, why)
		}
	}
	return nil
}

// checks demands sts:AssumeRole, and each other check at most once. Whether
// the others belong there is told by tags and sourceIdentity.
func (a *admission) checks() error {
	seen := map[string]bool{}
	for _, check := range a.request.Checks {
		switch check {
		case ActionAssumeRole, ActionTagSession, ActionSetSourceIdentity:
		default:
			return errors.New("a check is none of those that sts:AssumeRole makes")
		}
		if seen[check] {
			return fmt.Errorf("the check %s is made twice", check)
		}
		seen[check] = true
	}
	if !seen[ActionAssumeRole] {
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
	if !legalAccount.MatchString(a.request.Account) {
		return errors.New("the caller's account is not 12 digits")
	}
	if err := a.keyIs("aws:PrincipalAccount", a.request.Account, "the caller's account"); err != nil {
		return err
	}
	partition := partitionOf(a.request.Principal)
	switch home := partitionOf(a.request.Resource); {
	case !legalPartition.MatchString(partition):
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
	if !strings.HasPrefix(id, "AIDA") || !legalUniqueID.MatchString(id) {
		return errors.New("aws:userid is not the unique id of a user")
	}
	return cmp.Or(
		a.keyIs("aws:PrincipalArn", a.request.Principal, "the caller's ARN"),
		a.keyIs("aws:PrincipalType", "User", "that of a user"),
		a.keyIs("aws:username", name, "the user's name"),
	)
}

func (a *admission) roleSession(partition string) error {
	prefix := fmt.Sprintf("arn:%s:sts::%s:assumed-role/", partition, a.request.Account)
	rest, ok := strings.CutPrefix(a.request.Principal, prefix)
	name, session, cut := strings.Cut(rest, "/")
	if !ok || !cut || !legalName.MatchString(name) || !legalSessionName.MatchString(session) {
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
	if !strings.HasPrefix(id, "AROA") || !legalUniqueID.MatchString(id) || suffix != session {
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
	rest, ok := strings.CutPrefix(arn, fmt.Sprintf("arn:%s:iam::%s:%s/", partition, a.request.Account, kind))
	if !ok {
		return "", fmt.Errorf("not that of a %s of the caller's account", kind)
	}
	cut := strings.LastIndexByte(rest, '/') + 1
	path, name := "/"+rest[:cut], rest[cut:]
	if !legalPath.MatchString(path) || len(path) > longestPath {
		return "", errors.New("no legal path")
	}
	if !legalName.MatchString(name) {
		return "", errors.New("no legal name")
	}
	return name, nil
}

// mfa couples the MFA keys and aws:TokenIssueTime with the kind of caller. A
// role session can never show MFA; a long-term key shows no MFA key at all
// unless the code is in the call itself.
func (a *admission) mfa() error {
	const present, age, issued = "aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge", "aws:TokenIssueTime"
	_, hasToken := a.keys["aws:tokenissuetime"]
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
	if name, ok := a.keys.single("sts:rolesessionname"); !ok || !legalSessionName.MatchString(name) {
		return errors.New("sts:RoleSessionName is missing or has no legal form")
	}
	id, ok := a.keys.single("sts:externalid")
	if ok && (len(id) < 2 || len(id) > longestExternalID || !legalExternalID.MatchString(id)) {
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
	if _, ok := a.keys[lowerASCII(key)]; !ok {
		return nil
	}
	return a.keyIs(key, want, want)
}

// sourceIdentity couples both source identity keys with the check for them.
func (a *admission) sourceIdentity() error {
	passed, isPassed := a.keys.single("sts:sourceidentity")
	carried, isCarried := a.keys.single("aws:sourceidentity")
	switch checked := slices.Contains(a.request.Checks, ActionSetSourceIdentity); {
	case isPassed && !legalSessionName.MatchString(passed), isCarried && !legalSessionName.MatchString(carried):
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
