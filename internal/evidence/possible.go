package evidence

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"countersign/trust"
)

// worlds lays out what a call may have been. problem says why it cannot be
// replayed at all.
func (r *replay) worlds(c *Caller, m *Manner) (w *worlds, problem string) {
	w = &worlds{base: trust.Request{Resource: r.change.Subject.ARN, Context: trust.Context{}}}
	r.facts(w, c)
	r.passed(w, c, m)
	switch c.Identity {
	case AWSAccount, IAMUser, AssumedRole:
		w.checked = true
		r.principal(w, c, m)
		r.mfa(w, m)
	case AWSService:
		r.service(w, c)
	case SAMLUser, WebIdentityUser:
		r.federated(w, c)
	default:
		return nil, "a caller of the type " + string(c.Identity) + ", which cannot be replayed"
	}
	for _, key := range r.asked {
		r.key(w, c, m, key)
	}
	return w, ""
}

// set returns an option that gives a key its values, or takes it away.
func set(key string, values ...string) option {
	return func(request *trust.Request) {
		if values == nil {
			delete(request.Context, key)
		} else {
			request.Context[key] = values
		}
	}
}

// facts adds what every request has, and what is known of the role.
func (r *replay) facts(w *worlds, c *Caller) {
	now := r.change.Now
	for key, value := range map[string]string{
		"aws:principalaccount":      c.Account,
		"aws:principalisawsservice": "false",
		"aws:viaawsservice":         "false",
		"aws:securetransport":       "true",
		"aws:currenttime":           now.Format("2006-01-02T15:04:05Z"),
		"aws:epochtime":             strconv.FormatInt(now.Unix(), 10),
		"aws:resourceaccount":       r.change.Subject.Account,
		"aws:resourceorgid":         r.change.Subject.Organization,
	} {
		if value != "" {
			w.base.Context[key] = []string{value}
		}
	}
	if organization := r.change.Subject.Organization; organization != "" && c.Account == r.change.Subject.Account {
		w.base.Context["aws:principalorgid"] = []string{organization}
		w.base.Context["aws:principalorgpaths"] = []string{organization + somePath}
	}
	for name, value := range r.change.Subject.Tags {
		w.base.Context["aws:resourcetag/"+name] = []string{value}
		w.base.Context["iam:resourcetag/"+name] = []string{value}
	}
}

const (
	somePath    = "/r-ab12/"
	someAddress = "198.51.100.7"
)

// passed adds what came with the call.
func (r *replay) passed(w *worlds, c *Caller, m *Manner) {
	w.base.Account = c.Account
	w.base.Checks = []string{"sts:" + m.Action}
	context := w.base.Context
	context["sts:rolesessionname"] = []string{"session"}
	context["aws:requestedregion"] = []string{globalRegion(r.partition())}
	context["aws:sourceip"] = []string{someAddress}
	for key, values := range m.Keys {
		if values != nil {
			context[key] = values
		}
	}
	if _, private := m.Keys["aws:vpcsourceip"]; private {
		delete(context, "aws:sourceip")
		for key, value := range map[string]string{"aws:sourcevpc": "vpc-0123456789abcdef0", "aws:sourcevpce": "vpce-0123456789abcdef0"} {
			if _, known := context[key]; !known {
				context[key] = []string{value}
			}
		}
	}
	if m.HasExternalID {
		context["sts:externalid"] = []string{m.ExternalID}
	}
	if m.PassesTags {
		w.base.Checks = append(w.base.Checks, trust.ActionTagSession)
		if _, known := context["aws:tagkeys"]; !known {
			context["aws:tagkeys"] = []string{"team"}
			context["aws:requesttag/team"] = []string{"team"}
		}
	}
	r.identity(w, m)
}

// identity adds the source identity, passed or carried by the caller's session,
// which then are the same.
func (r *replay) identity(w *worlds, m *Manner) {
	if !m.PassesIdentity && !m.CarriesIdentity {
		return
	}
	w.base.Checks = append(w.base.Checks, trust.ActionSetSourceIdentity)
	context := w.base.Context
	name := cmp.Or(first(m.Keys["sts:sourceidentity"]), first(m.Keys["aws:sourceidentity"]), "somebody")
	if m.PassesIdentity {
		context["sts:sourceidentity"] = []string{name}
	}
	if m.CarriesIdentity {
		context["aws:sourceidentity"] = []string{name}
	}
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func (r *replay) partition() string {
	if partition := r.change.Subject.Partition; partition != "" {
		return partition
	}
	if fields := strings.SplitN(r.change.Subject.ARN, ":", 3); len(fields) == 3 {
		return fields[1]
	}
	return "aws"
}

// globalRegion is where calls of the global endpoint of STS arrive.
func globalRegion(partition string) string {
	switch partition {
	case "aws-cn":
		return "cn-north-1"
	case "aws-us-gov":
		return "us-gov-west-1"
	}
	return "us-east-1"
}

// principal adds who may have called: the ARN that a record tells, or everybody
// in the account whom a policy can tell from others, and somebody whom none can.
func (r *replay) principal(w *worlds, c *Caller, m *Manner) {
	user, role := couldBe(c.Principal)
	var arns []string
	add := func(arn string) {
		_, name, isRole := splitRole(arn)
		account, isUser := userAccount(arn)
		if isRole && name != "" && role {
			account, _, _ = splitRole(arn)
		} else if !isUser || !user {
			return
		}
		if account == c.Account && !slices.Contains(arns, arn) {
			arns = append(arns, arn)
		}
	}
	if c.ARN != "" {
		add(c.ARN)
	}
	if len(arns) == 0 {
		iam := "arn:" + r.partition() + ":iam::" + c.Account + ":"
		r.principals(func(p *trust.Principal) {
			switch {
			case p.Account == c.Account && p.Form == trust.Session:
				add(iam + "role/" + p.RoleName)
			case p.Account == c.Account && p.Form != trust.Account:
				add(p.Text)
			}
		})
		r.operands("aws:principalarn", func(family trust.Family, operand *trust.Operand) {
			for _, text := range instances(family, operand, w.base.Context) {
				add(text)
			}
		})
		add(iam + "user/somebody-else")
		add(iam + "role/somebody-else")
	}
	options := make([]option, len(arns))
	for i, arn := range arns {
		options[i] = r.as(c, m, arn)
	}
	w.add("which "+either(user, role)+" of account "+c.Account+" called", options...)
}

func either(user, role bool) string {
	switch {
	case user && role:
		return "user or role"
	case user:
		return "user"
	}
	return "role"
}

// couldBe tells a user's principal id from a role's (IAM User Guide, "IAM
// identifiers").
func couldBe(principal string) (user, role bool) {
	switch {
	case strings.HasPrefix(principal, "AIDA"):
		return true, false
	case strings.HasPrefix(principal, "AROA"):
		return false, true
	}
	return true, true
}

func userAccount(arn string) (account string, ok bool) {
	fields := strings.SplitN(arn, ":", 6)
	if len(fields) < 6 || fields[0] != "arn" || fields[2] != "iam" || !strings.HasPrefix(fields[5], "user/") {
		return "", false
	}
	return fields[4], true
}

// as returns the option that the call was made by a user or a role.
func (r *replay) as(c *Caller, m *Manner, arn string) option {
	account, name, isRole := splitRole(arn)
	session := cmp.Or(m.Session, "session")
	id := c.Principal
	if isRole {
		if !strings.HasPrefix(id, "AROA") {
			id = "AROAEXAMPLE0000000000"
		}
		self := "arn:" + r.partition() + ":sts::" + account + ":assumed-role/" + name + "/" + session
		return func(request *trust.Request) {
			request.Principal, request.Kind = self, trust.RoleSession
			request.Context["aws:principalarn"] = []string{arn}
			request.Context["aws:principaltype"] = []string{"AssumedRole"}
			request.Context[userID] = []string{id + ":" + session}
		}
	}
	if !strings.HasPrefix(id, "AIDA") {
		id = "AIDAEXAMPLE0000000000"
	}
	user := arn[strings.LastIndexByte(arn, '/')+1:]
	return func(request *trust.Request) {
		request.Principal, request.Kind = arn, trust.UserKey
		request.Context["aws:principalarn"] = []string{arn}
		request.Context["aws:principaltype"] = []string{"User"}
		request.Context["aws:username"] = []string{user}
		request.Context[userID] = []string{id}
	}
}

const unsaidMFA = "whether the caller's own session was made with MFA"

// mfa adds how the caller may have come by its credentials. A session of a role
// can never show MFA (docs/semantics.md, "Caller kinds"), and a role passes no
// code.
func (r *replay) mfa(w *worlds, m *Manner) {
	var kinds []trust.CallerKind
	switch {
	case m.MFACode && m.Credentials == Temporary:
		kinds = []trust.CallerKind{trust.UserSessionMFA}
	case m.MFACode:
		kinds = []trust.CallerKind{trust.UserKeyMFA}
	case m.Credentials == LongTerm:
		kinds = []trust.CallerKind{trust.UserKey}
	case m.SessionMFA == Yes:
		kinds = []trust.CallerKind{trust.UserSessionMFA}
	case m.SessionMFA == No:
		kinds = []trust.CallerKind{trust.UserSession}
	case m.Credentials == Temporary:
		kinds = []trust.CallerKind{trust.UserSession, trust.UserSessionMFA}
	default:
		kinds = []trust.CallerKind{trust.UserKey, trust.UserSession, trust.UserSessionMFA}
	}
	issued := r.change.Now.Format("2006-01-02T15:04:05Z")
	options := make([]option, len(kinds))
	for i, kind := range kinds {
		options[i] = func(request *trust.Request) {
			if request.Kind != trust.RoleSession {
				request.Kind = kind
			}
			context := request.Context
			if request.Kind != trust.UserKey && request.Kind != trust.UserKeyMFA {
				context["aws:tokenissuetime"] = []string{issued}
			}
			switch request.Kind {
			case trust.UserKeyMFA, trust.UserSessionMFA:
				context[mfaPresent] = []string{"true"}
				context[mfaAge] = []string{"1"}
			case trust.UserSession, trust.RoleSession:
				context[mfaPresent] = []string{"false"}
			}
		}
	}
	w.add(unsaidMFA, options...)
}

const (
	mfaPresent = "aws:multifactorauthpresent"
	mfaAge     = "aws:multifactorauthage"
)

// service adds an AWS service as the caller.
func (r *replay) service(w *worlds, c *Caller) {
	names := []string{c.Service}
	if !strings.Contains(c.Service, ".amazonaws.com") { // "AWS Internal"
		r.principals(func(p *trust.Principal) {
			if p.Form == trust.Service && !slices.Contains(names, p.Text) {
				names = append(names, p.Text)
			}
		})
	}
	w.base.Kind = trust.ServiceCaller
	w.base.Context["aws:principalisawsservice"] = []string{"true"}
	delete(w.base.Context, "aws:principalaccount")
	options := make([]option, len(names))
	for i, name := range names {
		options[i] = func(request *trust.Request) {
			request.Principal = name
			request.Context["aws:principalservicename"] = []string{name}
		}
	}
	w.add("which service called", options...)
}

// federated adds a caller of a SAML or OIDC provider.
func (r *replay) federated(w *worlds, c *Caller) {
	w.base.Kind = trust.SAMLCaller
	if c.Identity == WebIdentityUser {
		w.base.Kind = trust.OIDCCaller
	}
	delete(w.base.Context, "aws:principalaccount")
	providers := []string{c.Provider}
	if !strings.HasPrefix(c.Provider, "arn:") {
		r.principals(func(p *trust.Principal) {
			if p.Form == trust.Federated && strings.HasSuffix(p.Text, "/"+c.Provider) && !slices.Contains(providers, p.Text) {
				providers = append(providers, p.Text)
			}
		})
	}
	options := make([]option, len(providers))
	for i, provider := range providers {
		options[i] = func(request *trust.Request) {
			request.Principal = provider
			request.Context["aws:federatedprovider"] = []string{provider}
		}
	}
	w.add("which provider signed the caller in", options...)
}
