package trust

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// The versions of the policy language. A document without Version is of the
// older one (IAM User Guide, "IAM JSON policy elements: Version").
const (
	version2008 = "2008-10-17"
	version2012 = "2012-10-17"
)

// Codes of the warnings that [Parse] gives.
const (
	// codeWouldReject: IAM would refuse to store it, and it has a meaning.
	codeWouldReject = "iam-would-reject"
	// codeDeleted: a principal that no longer exists.
	codeDeleted = "deleted-principal"
)

// Element names, which are case-sensitive (IAM User Guide, "Grammar of the IAM
// JSON policy language").
var (
	policyElements    = []string{"Version", "Id", "Statement"}
	statementElements = []string{
		"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction",
		"Condition", "Resource", "NotResource",
	}
)

// Parse gives a trust policy its meaning. The error is a [*SyntaxError] at the
// token to which no meaning can be given: an unknown or repeated element, a
// statement without Effect or action, an unknown operator, a malformed operand,
// a value of the wrong type. What IAM would refuse to store but has a meaning is
// kept and warned about.
func Parse(document Value) (*Policy, error) { return parseFirst(document, false) }

// ParseRCP is Parse for a resource control policy, where Principal "*",
// Resource and actions of any service are what has to stand.
func ParseRCP(document Value) (*Policy, error) { return parseFirst(document, true) }

// parseKnown parses a document without unknown parts.
func parseKnown(document Value, rcp bool) (*Policy, error) {
	if document.Kind != Object {
		return nil, wrongKind(&document, "a policy", "an object with Statement")
	}
	if err := checkElements(document.Members, policyElements, "a policy"); err != nil {
		return nil, err
	}
	version, err := parseVersion(document.Members)
	if err != nil {
		return nil, err
	}
	if err := checkID(document.Members); err != nil {
		return nil, err
	}
	statements := memberNamed(document.Members, "Statement")
	if statements == nil {
		return nil, fault(document.Range, "the policy has no Statement",
			`a policy reads {"Version": "2012-10-17", "Statement": [ … ]}`)
	}
	p := parser{version: version, rcp: rcp, index: -1}
	policy := &Policy{Version: version, Range: document.Range, document: document}
	policy.Statements, err = p.statements(&statements.Value)
	if err != nil {
		return nil, err
	}
	policy.Warnings = p.warnings
	return policy, nil
}

func parseVersion(members []Member) (string, error) {
	m := memberNamed(members, "Version")
	if m == nil {
		return version2008, nil
	}
	text, ok := knownText(&m.Value)
	if !ok {
		return "", wrongKind(&m.Value, "Version", "a string")
	}
	if text != version2008 && text != version2012 {
		return "", fault(m.Value.Range, "unknown version "+quote(text),
			`the version is "2012-10-17" (or the older "2008-10-17", without policy variables)`)
	}
	return text, nil
}

func checkID(members []Member) error {
	m := memberNamed(members, "Id")
	if m == nil {
		return nil
	}
	if _, ok := knownText(&m.Value); !ok {
		return wrongKind(&m.Value, "Id", "a string")
	}
	return nil
}

// parser carries what the parts of one document share.
type parser struct {
	version  string
	rcp      bool
	index    int // of the statement that is being parsed, -1 outside
	sids     seenNames
	warnings []Warning
}

func (p *parser) warn(code string, place Range, message string) {
	p.warnings = append(p.warnings, Warning{
		Code: code, Statement: p.index, Message: message, Range: place,
	})
}

func (p *parser) statements(v *Value) ([]Statement, error) {
	if v.Kind != Object && v.Kind != Array {
		return nil, wrongKind(v, "Statement", "an object or a list of objects")
	}
	n := count(v)
	if n == 0 {
		p.warn(codeWouldReject, v.Range, "the list of statements is empty, so that nobody gets in")
		return nil, nil
	}
	statements := make([]Statement, n)
	for i := range statements {
		p.index = i
		if err := p.statement(item(v, i), &statements[i]); err != nil {
			return nil, err
		}
	}
	p.index = -1
	return statements, nil
}

func (p *parser) statement(v *Value, s *Statement) error {
	if v.Kind != Object {
		return wrongKind(v, "a statement", "an object")
	}
	if err := checkElements(v.Members, statementElements, "a statement"); err != nil {
		return err
	}
	s.Index, s.Range = p.index, v.Range
	steps := [...]func(*Value, *Statement) error{
		p.sid, p.effect, p.principals, p.actions, p.resources, p.conditions,
	}
	for _, step := range steps {
		if err := step(v, s); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) sid(v *Value, s *Statement) error {
	m := memberNamed(v.Members, "Sid")
	if m == nil {
		return nil
	}
	text, ok := knownText(&m.Value)
	if !ok {
		return wrongKind(&m.Value, "Sid", "a string")
	}
	s.Sid = text
	switch {
	case text == "": // the IAM console writes it
	case !isAlphanumeric(text):
		p.warn(codeWouldReject, m.Value.Range, "Sid "+quote(text)+" has characters beside letters and digits")
	case p.sids.add(text):
		p.warn(codeWouldReject, m.Value.Range, "another statement has the Sid "+quote(text))
	}
	return nil
}

func (p *parser) effect(v *Value, s *Statement) error {
	m := memberNamed(v.Members, "Effect")
	if m == nil {
		return fault(v.Range, "the statement has no Effect", `add "Effect": "Allow" or "Effect": "Deny"`)
	}
	text, ok := knownText(&m.Value)
	if !ok {
		return wrongKind(&m.Value, "Effect", `the string "Allow" or "Deny"`)
	}
	switch text {
	case "Allow":
		s.Effect = Allow
	case "Deny":
		s.Effect = Deny
	default:
		return fault(m.Value.Range, "unknown effect "+quote(text), didYouMean(text, []string{"Allow", "Deny"}))
	}
	return nil
}

// checkElements refuses a key that is repeated, or not one of the known names.
func checkElements(members []Member, known []string, where string) error {
	var found uint // a bit for each known name
	for i := range members {
		key := &members[i].Key
		name, ok := knownText(key)
		if !ok {
			return wrongKind(key, "a key", "a string")
		}
		at := slices.Index(known, name)
		if at < 0 {
			return fault(key.Range, "unknown element "+quote(name)+" in "+where, didYouMean(name, known))
		}
		if found&(1<<at) != 0 {
			return repeated(key, name)
		}
		found |= 1 << at
	}
	return nil
}

func repeated(key *Value, name string) error {
	return fault(key.Range, "the key "+quote(name)+" is repeated",
		"an object has each key once, because readers disagree on which one counts; give a list of values, or a second statement")
}

// alternatives finds which of two elements, of which one excludes the other,
// the statement has. It returns nil when it has neither.
func alternatives(v *Value, name, not string) (m *Member, negated bool, err error) {
	m, other := memberNamed(v.Members, name), memberNamed(v.Members, not)
	switch {
	case other == nil:
		return m, false, nil
	case m == nil:
		return other, true, nil
	}
	if m.Key.Range.Start > other.Key.Range.Start {
		other = m
	}
	return nil, false, fault(other.Key.Range, "the statement has both "+name+" and "+not,
		"keep one of them; a second statement can have the other")
}

// memberNamed finds a member by its name.
func memberNamed(members []Member, name string) *Member {
	for i := range members {
		if members[i].Key.Text == name {
			return &members[i]
		}
	}
	return nil
}

// count and item let a single value stand for a list of one, as the grammar
// has it everywhere.
func count(v *Value) int {
	if v.Kind == Array {
		return len(v.Items)
	}
	return 1
}

func item(v *Value, i int) *Value {
	if v.Kind == Array {
		return &v.Items[i]
	}
	return v
}

// knownText returns the text of a string that is known in full.
func knownText(v *Value) (string, bool) {
	return v.Text, v.Kind == String && len(v.Parts) == 0
}

// seenNames tells names that have occurred, without a map for the few names that
// objects usually have.
type seenNames struct {
	few  [8]string
	n    int
	many map[string]bool
}

// add reports whether the name was there already.
func (s *seenNames) add(name string) bool {
	if s.many == nil {
		if slices.Contains(s.few[:s.n], name) {
			return true
		}
		if s.n < len(s.few) {
			s.few[s.n] = name
			s.n++
			return false
		}
		s.many = make(map[string]bool)
		for _, earlier := range s.few {
			s.many[earlier] = true
		}
	}
	if s.many[name] {
		return true
	}
	s.many[name] = true
	return false
}

func fault(place Range, message, hint string) error {
	return &SyntaxError{Message: message, Hint: hint, Range: place}
}

var kindNames = [...]string{
	Unknown: "not known", Null: "null", Bool: "a boolean", Number: "a number",
	String: "a string", Array: "a list", Object: "an object", Choice: "not known",
}

// wrongKind never quotes the value: it may be a secret in the wrong place.
func wrongKind(v *Value, what, want string) error {
	is := kindNames[v.Kind]
	if len(v.Parts) > 0 {
		is = kindNames[Unknown]
	}
	return fault(v.Range, fmt.Sprintf("%s is %s", what, is), "it has to be "+want)
}

// maxQuoted is how many bytes of a name a message repeats.
const maxQuoted = 64

// quote spells a name for a message.
func quote(name string) string {
	if len(name) <= maxQuoted {
		return strconv.Quote(name)
	}
	end := maxQuoted
	for end > 0 && !utf8.RuneStart(name[end]) {
		end--
	}
	return strconv.Quote(name[:end] + "…")
}

func isAlphanumeric(text string) bool {
	for _, c := range []byte(text) {
		if !('0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z') {
			return false
		}
	}
	return true
}
