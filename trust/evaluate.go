package trust

import "slices"

// Decision is the answer to one request, together with its diagnostic.
type Decision struct {
	// Granted is set when every check is allowed by some statement and denied
	// by none. A request without checks is not granted.
	Granted bool
	Checks  []CheckDecision // one for each of the request's checks, in order
}

// CheckDecision says which statements match one permission check, by their
// index in the document.
type CheckDecision struct {
	Action string
	Allows []int // Allow statements that match
	Denies []int // Deny statements that match
}

// Allowed reports whether the check ends in Allow: some Allow statement
// matches and no Deny statement does (IAM User Guide, "Policy evaluation
// logic").
func (c CheckDecision) Allowed() bool { return len(c.Allows) > 0 && len(c.Denies) == 0 }

// Evaluate answers one concrete request by a role's trust policy alone. It
// takes the request as it is: whether AWS could make it is the question of
// [Request.Admissible].
//
// Nothing short-circuits: every statement is held against every check, so that
// the decision names all statements that have a part in it, and so that a Deny
// is seen also where nothing was allowed.
func Evaluate(policy *Policy, request Request) Decision {
	return newEvaluation(request).decide(policy)
}

func (e *evaluation) decide(policy *Policy) Decision {
	decision := Decision{Granted: len(e.request.Checks) > 0}
	for _, action := range e.request.Checks {
		check := CheckDecision{Action: action}
		lowered := lowerASCII(action)
		for i := range policy.Statements {
			statement := &policy.Statements[i]
			if !e.named(statement) || !e.applies(statement, lowered) {
				continue
			}
			if statement.Effect == Allow {
				check.Allows = append(check.Allows, statement.Index)
			} else {
				check.Denies = append(check.Denies, statement.Index)
			}
		}
		decision.Granted = decision.Granted && check.Allowed()
		decision.Checks = append(decision.Checks, check)
	}
	return decision
}

// Denies reports whether a resource control policy denies one of the request's
// checks. Its Allow statements restrict nothing: RCPFullAWSAccess is attached
// everywhere and cannot be taken away (Organizations User Guide, "RCP syntax").
// There, unlike in a trust policy, a Principal of "*" (the only one an RCP may
// have) also means services and federated callers.
func Denies(rcp *Policy, request Request) bool { return newEvaluation(request).denies(rcp) }

func (e *evaluation) denies(rcp *Policy) bool {
	for i := range rcp.Statements {
		statement := &rcp.Statements[i]
		if statement.Effect != Deny || !(namesEverybody(statement) || e.named(statement)) {
			continue
		}
		for _, action := range e.request.Checks {
			if e.applies(statement, lowerASCII(action)) {
				return true
			}
		}
	}
	return false
}

// Granted reports whether the request gets in: the trust policy grants it and
// none of the resource control policies denies it.
func Granted(policy *Policy, rcps []*Policy, request Request) bool {
	return newEvaluation(request).grants(policy, rcps)
}

func (e *evaluation) grants(policy *Policy, rcps []*Policy) bool {
	for _, rcp := range rcps {
		if e.denies(rcp) {
			return false
		}
	}
	return e.decide(policy).Granted
}

// evaluation is one request, ready to be held against statements.
type evaluation struct {
	request   Request
	partition string // of the caller; empty for a service
	home      string // the role's partition; the caller's where the role has no ARN
	keys      presentKeys
}

func newEvaluation(request Request) *evaluation {
	e := &evaluation{request: request, keys: newPresentKeys(request.Context)}
	e.partition = partitionOf(request.Principal)
	e.home = e.partition
	if request.Resource != "" {
		e.home = partitionOf(request.Resource)
	}
	return e
}

// partitionOf returns the second segment of an ARN, "" of any other text.
func partitionOf(arn string) string {
	segments, ok := parseARN(arn)
	if !ok {
		return ""
	}
	return segments[1]
}

// applies reports whether everything of the statement but its principal
// matches. The action is in lower case, as the statement's are.
func (e *evaluation) applies(statement *Statement, action string) bool {
	return e.covers(statement.Actions, action) != statement.NotAction &&
		e.concerns(statement) &&
		e.satisfied(statement)
}

// concerns reports whether the statement speaks of the requested role. A
// statement without resources speaks of every role.
func (e *evaluation) concerns(statement *Statement) bool {
	if len(statement.Resources) == 0 {
		return true
	}
	return e.covers(statement.Resources, e.request.Resource) != statement.NotResource
}

// covers reports whether one of the patterns matches the whole text.
func (e *evaluation) covers(patterns []Operand, text string) bool {
	return slices.ContainsFunc(patterns, func(operand Operand) bool { return e.like(operand.Pieces, text) })
}

func namesEverybody(statement *Statement) bool {
	return !statement.NotPrincipal && slices.ContainsFunc(statement.Principals,
		func(p Principal) bool { return p.Form == Anyone })
}

// named reports whether the statement's principals select the caller.
func (e *evaluation) named(statement *Statement) bool {
	return slices.ContainsFunc(statement.Principals, e.is) != statement.NotPrincipal
}

// is reports whether a principal entry selects the caller (IAM User Guide,
// "AWS JSON policy elements: Principal").
func (e *evaluation) is(p Principal) bool {
	switch p.Form {
	case Nobody, Deleted:
		return false
	case Anyone:
		return e.awsCaller()
	case Account:
		partition := p.Partition
		if partition == "" {
			partition = e.home
		}
		return e.awsCaller() && e.request.Account == p.Account && e.partition == partition
	case User, Role:
		// The ARN of a session names no path, so it is not the caller's ARN
		// that is compared, but the ARN of the user or role behind it.
		arn, ok := e.keys.single("aws:principalarn")
		return e.awsCaller() && ok && arn == p.Text
	case Session:
		return e.awsCaller() && e.request.Principal == p.Text
	case Service:
		return e.request.Kind == ServiceCaller && e.request.Principal == p.Text
	case Federated:
		return (e.request.Kind == SAMLCaller || e.request.Kind == OIDCCaller) && e.request.Principal == p.Text
	}
	panic("trust: principal of an unknown form")
}

// awsCaller reports whether the caller is an IAM user or a role session: the
// callers whom entries under "AWS" can select.
func (e *evaluation) awsCaller() bool {
	switch e.request.Kind {
	case UserKey, UserSession, RoleSession, UserKeyMFA, UserSessionMFA:
		return true
	}
	return false
}
