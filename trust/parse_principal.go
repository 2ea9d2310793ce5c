package trust

import (
	"errors"
	"strings"
)

// principalTypes are the keys of a Principal element. "*" is a legacy form.
var principalTypes = []string{"AWS", "Service", "Federated", "CanonicalUser", "*"}

func (p *parser) principals(v *Value, s *Statement) error {
	m, negated, err := alternatives(v, "Principal", "NotPrincipal")
	if err != nil {
		return err
	}
	if m == nil {
		p.warn(codeWouldReject, v.Range, "the statement names no principal, so that it applies to nobody")
		return nil
	}
	s.NotPrincipal = negated
	if negated {
		p.warn(codeWouldReject, m.Key.Range, "IAM stores no NotPrincipal in a trust policy")
	}
	s.Principals, err = p.principalElement(m)
	if err == nil && len(s.Principals) == 0 {
		p.warn(codeWouldReject, m.Value.Range, m.Key.Text+" is empty: it names nobody")
	}
	return err
}

// principalElement reads "*", or an object of lists by type.
func (p *parser) principalElement(m *Member) ([]Principal, error) {
	v := &m.Value
	switch text, ok := knownText(v); {
	case ok && text == "*":
		p.warnLegacyStar(v)
		return []Principal{{Form: Anyone, Text: text, Range: v.Range}}, nil
	case ok:
		return nil, fault(v.Range, m.Key.Text+" is the bare string "+quote(text), bareHint(text))
	case v.Kind == Array && len(v.Items) == 0:
		return nil, nil
	case v.Kind != Object:
		return nil, wrongKind(v, m.Key.Text, `"*" or an object such as {"AWS": "arn:aws:iam::444455556666:root"}`)
	}
	if err := checkPrincipalTypes(v.Members); err != nil {
		return nil, err
	}
	total := 0
	for i := range v.Members {
		total += count(&v.Members[i].Value)
	}
	principals := make([]Principal, 0, total)
	for i := range v.Members {
		entries := &v.Members[i]
		if count(&entries.Value) == 0 {
			p.warn(codeWouldReject, entries.Value.Range, "the list of "+entries.Key.Text+" principals is empty")
		}
		for j := range count(&entries.Value) {
			principal, err := p.principal(entries.Key.Text, item(&entries.Value, j))
			if err != nil {
				return nil, err
			}
			principals = append(principals, principal)
		}
	}
	return principals, nil
}

func checkPrincipalTypes(members []Member) error {
	err := checkElements(members, principalTypes, "a principal")
	var fault *SyntaxError
	if errors.As(err, &fault) && strings.HasPrefix(fault.Hint, "allowed are") {
		fault.Hint += `; an ARN or account id stands behind its type: {"AWS": "444455556666"}`
	}
	return err
}

func bareHint(text string) string {
	if strings.HasSuffix(text, ".amazonaws.com") {
		return `a service is written {"Service": ` + quote(text) + `}`
	}
	return `a principal is written {"AWS": "444455556666"}; only "*" may stand alone`
}

// warnLegacyStar is for "*" outside the type AWS, which a resource control
// policy needs and a trust policy may not have: IAM calls it an invalid
// principal "STAR".
func (p *parser) warnLegacyStar(v *Value) {
	if !p.rcp {
		p.warn(codeWouldReject, v.Range, `IAM stores no principal "*" in a trust policy, only {"AWS": "*"}, which means the same`)
	}
}

// principal reads one entry behind its type.
func (p *parser) principal(kind string, v *Value) (Principal, error) {
	// An account id without quotation marks is a number in YAML.
	text, ok := v.Text, v.Kind == Number && kind == "AWS"
	if !ok {
		text, ok = knownText(v)
	}
	if !ok {
		return Principal{}, wrongKind(v, "a principal of type "+kind, "a string or a list of strings")
	}
	principal := Principal{Text: text, Range: v.Range}
	switch kind {
	case "Service":
		principal.Form = Service
	case "Federated":
		principal.Form = Federated
	case "CanonicalUser":
		p.warn(codeWouldReject, v.Range, "IAM stores no CanonicalUser in a trust policy; it matches nobody")
	case "*":
		if text == "*" {
			principal.Form = Anyone
			p.warnLegacyStar(v)
		} else {
			p.warnNobody(&principal)
		}
	default:
		p.awsPrincipal(&principal)
	}
	return principal, nil
}

// awsPrincipal finds the form of an entry of type AWS (IAM User Guide, "AWS JSON
// policy elements: Principal").
func (p *parser) awsPrincipal(principal *Principal) {
	text := principal.Text
	switch {
	case text == "*":
		principal.Form = Anyone
	case IsAccountID(text):
		principal.Form, principal.Account = Account, text
	case isUniqueID(text):
		principal.Form = Deleted
		p.warn(codeDeleted, principal.Range, quote(text)+
			" is what IAM shows in place of a principal that was deleted; it matches nobody")
	case !principal.readARN():
		p.warnNobody(principal)
	}
}

func (p *parser) warnNobody(principal *Principal) {
	message := quote(principal.Text) + " is not a principal; it matches nobody"
	if strings.HasPrefix(principal.Text, "arn:") && strings.ContainsAny(principal.Text, "*?") {
		message = "a wildcard is not allowed inside a principal's ARN; " + quote(principal.Text) + " matches nobody"
	}
	p.warn(codeWouldReject, principal.Range, message)
}

// readARN sets the form, and what belongs to it, from an ARN. It reports false,
// and leaves the principal as it is, for what is no principal's ARN.
func (principal *Principal) readARN() bool {
	segments, ok := parseARN(principal.Text)
	partition, service, region, account, resource := segments[1], segments[2], segments[3], segments[4], segments[5]
	if !ok || !isPartition(partition) || region != "" || !IsAccountID(account) {
		return false
	}
	read := Principal{Partition: partition, Account: account}
	kind, name, _ := strings.Cut(resource, "/")
	switch {
	case service == "iam" && resource == "root":
		read.Form = Account
	case service == "iam" && kind == "user" && isPathAndName(name):
		read.Form = User
	case service == "iam" && kind == "role" && isPathAndName(name):
		read.Form = Role
	case service == "sts" && kind == "assumed-role":
		read.Form = Session
		read.RoleName, read.SessionName, _ = strings.Cut(name, "/")
		if !isName(read.RoleName, 1) || !isName(read.SessionName, 2) {
			return false
		}
	case service == "sts" && kind == "federated-user" && isName(name, 2):
		// GetFederationToken credentials may not call AssumeRole.
		read = Principal{}
	default:
		return false
	}
	read.Text, read.Range = principal.Text, principal.Range
	*principal = read
	return true
}

func isPartition(text string) bool {
	rest, ok := strings.CutPrefix(text, "aws")
	if !ok || rest == "" {
		return ok
	}
	return rest[0] == '-' && len(rest) > 1 && strings.Trim(rest, "-abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// IsAccountID reports whether a text has the form of an account's id: 12 digits
// (AWS Account Management Reference Guide, "View AWS account identifiers").
func IsAccountID(text string) bool {
	digits, rest := cutDigits(text)
	return len(digits) == 12 && rest == ""
}

// isUniqueID recognizes AIDA…, AROA… and the other unique ids (IAM User Guide,
// "IAM identifiers").
func isUniqueID(text string) bool {
	return len(text) >= 16 && text[0] == 'A' && isAlphanumeric(text) && text == strings.ToUpper(text)
}

// maxPath is the longest path, slashes included (IAM API reference, CreateRole).
const maxPath = 512

// isPathAndName checks what follows "user/" or "role/": an optional path and
// the name.
func isPathAndName(text string) bool {
	slash := strings.LastIndexByte(text, '/')
	path := text[:slash+1]
	for i := range len(path) {
		if c := path[i]; c < '!' || c > '~' || c == '*' || c == '?' {
			return false
		}
	}
	return len(path) < maxPath && isName(text[slash+1:], 1)
}

// isName checks the name of a user, role or session: 64 characters of the class
// [\w+=,.@-] at most (IAM and STS API references).
func isName(text string, shortest int) bool {
	if len(text) < shortest || len(text) > 64 {
		return false
	}
	for i := range len(text) {
		if c := text[i]; !isAlphanumeric(text[i:i+1]) && !strings.ContainsRune("_+=,.@-", rune(c)) {
			return false
		}
	}
	return true
}
