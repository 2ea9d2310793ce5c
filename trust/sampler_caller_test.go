package trust

import (
	"slices"
	"strconv"
	"strings"
)

var userKinds = []CallerKind{UserKey, UserKey, UserSession, UserKeyMFA, UserSessionMFA}

// caller chooses the kind, the account and the ARN of the caller.
func (m *requestMaker) caller() {
	m.kind = pick(m, append(slices.Clone(userKinds), RoleSession, RoleSession, RoleSession))
	m.account = pick(m, append(slices.Concat(m.accounts, m.accounts, m.question.Zone.Accounts, sampleAccounts), "999900001111"))
	m.partition = m.question.Subject.Partition
	if m.partition == "" {
		m.partition = pick(m, []string{"aws", "aws", "aws-cn"})
	}
	m.session = m.value("sts:RoleSessionName", sampleNames...)
	if m.chance(40) && m.namedPrincipal() || m.chance(60) && m.adopt(m.value("aws:PrincipalArn", "")) {
		return
	}
	path := pick(m, []string{"", "", "ops/"})
	name := m.value("aws:username", sampleNames...)
	if m.kind == RoleSession {
		m.adopt("arn:" + m.partition + ":iam::" + m.account + ":role/" + path + pick(m, sampleNames))
	} else {
		m.adopt("arn:" + m.partition + ":iam::" + m.account + ":user/" + path + name)
	}
}

// namedPrincipal takes on the identity of a principal entry.
func (m *requestMaker) namedPrincipal() bool {
	if len(m.principals) == 0 {
		return false
	}
	principal := pick(m, m.principals)
	if principal.Form == Session {
		m.session = principal.SessionName
		return m.adopt("arn:" + principal.Partition + ":iam::" + principal.Account + ":role/" + principal.RoleName)
	}
	return (principal.Form == User || principal.Form == Role) && m.adopt(principal.Text)
}

// adopt takes on the identity behind the ARN of a user or a role.
func (m *requestMaker) adopt(arn string) bool {
	segments, ok := parseARN(arn)
	if !ok || !twelveDigits.MatchString(segments[4]) {
		return false
	}
	kind, name, _ := strings.Cut(segments[5], "/")
	switch kind {
	case "user":
		m.principal = arn
		if m.kind == RoleSession {
			m.kind = pick(m, userKinds)
		}
	case "role":
		m.kind = RoleSession
		m.principal = "arn:" + segments[1] + ":sts::" + segments[4] + ":assumed-role/" + name[strings.LastIndex(name, "/")+1:] + "/" + m.session
	default:
		return false
	}
	m.arn, m.account, m.partition = arn, segments[4], segments[1]
	return true
}

func (m *requestMaker) resource() string {
	if m.question.Subject.ARN != "" {
		return m.question.Subject.ARN
	}
	return "arn:" + m.partition + ":iam::" + m.question.Subject.Account + ":role/" + m.question.Subject.Name
}

// identity sets the keys that follow from the caller.
func (m *requestMaker) identity() {
	m.set("aws:PrincipalAccount", m.account)
	m.set("aws:PrincipalArn", m.arn)
	id := m.value("aws:userid", "AIDASAMPLE0001", "AROASAMPLE0001")
	if m.kind == RoleSession {
		m.set("aws:PrincipalType", "AssumedRole")
		m.set("aws:MultiFactorAuthPresent", "false")
		id, _, _ = strings.Cut(id, ":")
		if !legalUniqueID(id, "AROA") {
			id = "AROASAMPLE0001"
		}
		m.set("aws:userid", id+":"+m.session)
		return
	}
	m.set("aws:PrincipalType", "User")
	m.set("aws:username", m.arn[strings.LastIndex(m.arn, "/")+1:])
	if !legalUniqueID(id, "AIDA") {
		id = "AIDASAMPLE0001"
	}
	m.set("aws:userid", id)
	switch m.kind {
	case UserSession:
		m.set("aws:MultiFactorAuthPresent", "false")
	case UserKeyMFA, UserSessionMFA:
		age, ok := m.secondsNear("aws:multifactorauthage")
		if !ok {
			age = pick(m, []int64{0, 10, 3600, longestMFAAge})
		}
		m.set("aws:MultiFactorAuthPresent", "true")
		m.set("aws:MultiFactorAuthAge", strconv.FormatInt(age, 10))
	}
}
