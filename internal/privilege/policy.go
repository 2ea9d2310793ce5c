package privilege

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"countersign/internal/role"
	"countersign/trust"
	"countersign/trust/jsontree"
)

// Policy is a policy that says what an identity may do, read.
type Policy struct {
	statements []statement
	unknown    []string // what parts of it depend on
	size       int      // of its patterns together, in bytes
	long       bool     // one of them is longer than any ARN
	fault      error    // why it has no meaning
}

// statement is one entry of a policy. Elements of it that cannot be read are
// taken as wide as they may be in an Allow, and as nothing in a Deny.
type statement struct {
	index       int // from 1
	sid         string
	deny        bool
	actions     set
	resources   set
	conditioned bool
	// passedTo are the services that a role may be passed to, by the
	// condition key iam:PassedToService; nil where nothing restricts them.
	passedTo []string
	ways     mask // the actions of ways that are meant
	plain    bool // it stands for a whole policy
}

// set is what an element and its negation name: NotAction is the negation of
// Action.
type set struct {
	patterns []string
	spelt    []string // patterns as the policy spells them, where that differs
	negated  bool
}

// has reports whether a word is in the set.
func (s *set) has(word string) bool {
	for _, p := range s.patterns {
		if covers(p, word) {
			return !s.negated
		}
	}
	return s.negated
}

// contains reports whether all that a pattern matches is surely in the set.
func (s *set) contains(q string) bool {
	for _, p := range s.patterns {
		switch {
		case !s.negated && covers(p, q):
			return true
		case s.negated && intersects(p, q):
			return false
		}
	}
	return s.negated
}

// largest bounds the patterns of all policies of a role, in bytes. IAM holds at
// most 10,240 characters of inline policies for a role, and 20 managed
// policies and a boundary of 6,144 each (IAM User Guide, "IAM and AWS STS
// quotas").
const largest = 256 << 10

// longest bounds a pattern, in bytes: ARNs have at most 2,048 characters (IAM
// API Reference, "AttachRolePolicy").
const longest = 2048

// Read reads a document. What has no meaning is in the policy, too: it is for
// the judgement to say that it is not known.
func Read(document *role.Document) *Policy {
	if document.Err != nil {
		return &Policy{fault: document.Err}
	}
	tree := document.Tree
	if tree == nil {
		parsed, err := jsontree.Parse(&trust.File{Text: document.JSON})
		if err != nil {
			return &Policy{fault: errors.New("it is not valid JSON")}
		}
		tree = &parsed
	}
	policy := &Policy{}
	policy.fault = policy.read(*tree)
	return policy
}

func (p *Policy) read(tree trust.Value) error {
	switch tree.Kind {
	case trust.Object:
	case trust.Unknown, trust.Choice:
		p.depends(tree.On)
		return nil
	default:
		return errors.New("it is no policy")
	}
	statements, err := only(&tree, "Statement")
	if err != nil {
		return err
	}
	for i, entry := range entries(statements) {
		made := statement{index: i + 1}
		if entry.Kind == trust.Unknown || entry.Kind == trust.Choice {
			p.depends(entry.On)
			continue
		}
		if entry.Kind != trust.Object {
			return fmt.Errorf("statement %d is no object", i+1)
		}
		if err := p.statement(&made, entry); err != nil {
			return fmt.Errorf("statement %d: %w", i+1, err)
		}
		made.ways = waysOf(&made.actions)
		p.statements = append(p.statements, made)
	}
	if p.size > largest || p.long {
		return errors.New("it is larger than IAM would hold")
	}
	return nil
}

func (p *Policy) statement(made *statement, entry trust.Value) error {
	effect, err := only(&entry, "Effect")
	if err != nil {
		return err
	}
	switch {
	case effect.Kind == trust.String && len(effect.Parts) == 0 && effect.Text == "Allow":
	case effect.Kind == trust.String && len(effect.Parts) == 0 && effect.Text == "Deny":
		made.deny = true
	case !effect.Known() && effect.Kind != trust.Absent:
		p.depends(effect.On) // an Allow at worst
	default:
		return errors.New("its Effect is neither Allow nor Deny")
	}
	if sid, ok := entry.Get("Sid"); ok && sid.Kind == trust.String {
		made.sid = sid.Text
	}
	if _, ok := entry.Get("Principal"); ok {
		return errors.New("it names a Principal, which only policies of resources do")
	}
	if made.actions, err = p.element(entry, "Action", "NotAction", made.deny); err != nil {
		return err
	}
	made.actions.spelt = slices.Clone(made.actions.patterns)
	for i, action := range made.actions.patterns {
		made.actions.patterns[i] = strings.ToLower(action)
	}
	if made.resources, err = p.element(entry, "Resource", "NotResource", made.deny); err != nil {
		return err
	}
	if condition, ok := entry.Get("Condition"); ok && (condition.Kind != trust.Object || len(condition.Members) > 0) {
		made.conditioned = true
		made.passedTo = passedTo(condition)
	}
	return nil
}

// element reads an element of a statement, or its negation.
func (p *Policy) element(entry trust.Value, name, negation string, deny bool) (set, error) {
	value, err := only(&entry, name)
	negated, errNot := only(&entry, negation)
	switch {
	case err == nil && errNot == nil:
		return set{}, fmt.Errorf("it has both %s and %s", name, negation)
	case err == nil:
		return set{patterns: p.patterns(value, !deny)}, nil
	case errNot == nil:
		// What is left out of a negation widens it.
		return set{patterns: p.patterns(negated, deny), negated: true}, nil
	case !isAbsent(err):
		return set{}, err
	case !isAbsent(errNot):
		return set{}, errNot
	case name == "Resource" && !deny:
		return set{patterns: []string{"*"}}, nil // IAM would refuse it
	case name == "Resource":
		return set{}, nil
	}
	return set{}, fmt.Errorf("it has neither %s nor %s", name, negation)
}

// patterns returns the patterns of a list. With wide, what cannot be read
// stands for anything, else for nothing.
func (p *Policy) patterns(value trust.Value, wide bool) (patterns []string) {
	for _, entry := range entries(value) {
		switch {
		case entry.Kind == trust.Choice:
			for _, option := range entry.Items {
				if wide {
					patterns = append(patterns, p.patterns(option, wide)...)
				}
			}
		case entry.Kind == trust.Absent:
		case entry.Kind == trust.Unknown, len(entry.Parts) > 0:
			p.dependsOn(entry)
			if wide {
				patterns = append(patterns, widened(entry))
			}
		case entry.Kind != trust.String:
		default:
			if text, ok := withoutVariables(entry.Text, wide); ok {
				patterns = append(patterns, text)
			}
		}
	}
	for i, text := range patterns {
		p.size += len(text)
		if isEverything(text) {
			patterns[i] = "*"
		}
		p.long = p.long || len(text) > longest
	}
	return patterns
}

// widened is a text with its unknown parts as wildcards.
func widened(value trust.Value) string {
	if value.Kind == trust.Unknown {
		return "*"
	}
	var b strings.Builder
	for _, part := range value.Parts {
		if part.On == "" {
			b.WriteString(part.Text)
		} else {
			b.WriteByte('*')
		}
	}
	return b.String()
}

// withoutVariables replaces policy variables by wildcards, where what is
// matched may be too wide, and refuses them where not. Requests of roles carry
// no aws:username, so that nothing matches a text with it (IAM User Guide, "IAM
// policy elements: Variables and tags").
func withoutVariables(text string, wide bool) (string, bool) {
	if !strings.Contains(text, "${") {
		return text, true
	}
	if !wide || strings.Contains(strings.ToLower(text), "${aws:username}") {
		return "", false
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		b.WriteByte('*')
		if _, text, found = strings.Cut(rest, "}"); !found {
			return b.String(), true
		}
	}
}

// passedTo returns the services of a condition StringEquals or StringLike of
// iam:PassedToService; nil where there is none that can be read.
func passedTo(condition trust.Value) (services []string) {
	for _, operator := range condition.Members {
		name := operator.Key.Text
		if name != "StringEquals" && name != "StringLike" && name != "StringEqualsIgnoreCase" {
			continue
		}
		for _, key := range operator.Value.Members {
			if !strings.EqualFold(key.Key.Text, "iam:PassedToService") {
				continue
			}
			for _, value := range entries(key.Value) {
				if value.Kind != trust.String || len(value.Parts) > 0 || strings.Contains(value.Text, "${") {
					return nil
				}
				services = append(services, strings.ToLower(value.Text))
			}
		}
	}
	return services
}

// entries are the items of a list, or the value that stands in place of one.
func entries(value trust.Value) []trust.Value {
	if value.Kind == trust.Array {
		return value.Items
	}
	return []trust.Value{value}
}

// absent is the error of a member that is not there.
type absent string

func (name absent) Error() string { return string(name) + ": it is not there" }

func isAbsent(err error) bool {
	_, is := err.(absent)
	return is
}

// only returns the one member of that name.
func only(object *trust.Value, name string) (found trust.Value, err error) {
	at := -1
	for i := range object.Members {
		if key := &object.Members[i].Key; key.Kind != trust.String || key.Text != name || len(key.Parts) > 0 {
			continue
		}
		if at >= 0 {
			return trust.Value{}, fmt.Errorf("it has %s twice", name)
		}
		at = i
	}
	if at < 0 {
		return trust.Value{}, absent(name)
	}
	return object.Members[at].Value, nil
}

func (p *Policy) depends(on string) {
	if on != "" {
		p.unknown = append(p.unknown, on)
	}
}

func (p *Policy) dependsOn(value trust.Value) {
	p.depends(value.On)
	for _, part := range value.Parts {
		p.depends(part.On)
	}
}
