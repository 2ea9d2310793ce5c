package thirdparty

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"strings"

	"countersign/internal/role"
	"countersign/trust"
	"countersign/trust/jsontree"
)

// digest stands for an external ID: equal IDs have equal digests.
type digest [sha256.Size]byte

// secrets makes digests under a key of this run alone, so that they tell
// nothing to whoever finds them in memory that was written out.
type secrets struct{ key [sha256.Size]byte }

func newSecrets() (s secrets) {
	_, _ = rand.Read(s.key[:]) // never fails (crypto/rand)
	return s
}

func (s *secrets) digest(id string) (sum digest) {
	mac := hmac.New(sha256.New, s.key[:])
	mac.Write([]byte(id))
	mac.Sum(sum[:0])
	return sum
}

// policy is what the inventory has to know of a trust policy.
type policy struct {
	parsed *trust.Policy
	// written are the texts of a tree of which some is unknown, as far as they
	// are known; nil where all is known.
	written []string
	open    bool
}

// readPolicy reads a policy once more; the audit has read it before. What
// cannot be read has no outsiders.
func readPolicy(document *role.Document) *policy {
	tree := document.Tree
	if tree == nil {
		read, err := jsontree.Parse(&trust.File{Text: document.JSON})
		if err != nil {
			return &policy{}
		}
		tree = &read
	}
	parsed, err := trust.Parse(*tree)
	if err != nil {
		return &policy{}
	}
	found := &policy{parsed: parsed, open: !tree.Known()}
	if found.open {
		found.written = texts(*tree, nil)
	}
	return found
}

// texts gathers the strings of a tree. Unknown parts of one are left out, with
// a character between that no account and no external ID has.
func texts(value trust.Value, found []string) []string {
	switch value.Kind {
	case trust.String:
		if len(value.Parts) == 0 {
			return append(found, value.Text)
		}
		var b strings.Builder
		for _, part := range value.Parts {
			b.WriteString(part.Text + "\x00")
		}
		return append(found, b.String())
	case trust.Number:
		return append(found, value.Text)
	}
	for _, item := range value.Items {
		found = texts(item, found)
	}
	for _, member := range value.Members {
		found = texts(member.Value, found)
	}
	return found
}

// writes reports whether an account stands in the policy. Where a template
// leaves an account open, a verdict speaks of an invented one.
func (p *policy) writes(account string) bool {
	return !p.open || slices.ContainsFunc(p.written, func(text string) bool { return strings.Contains(text, account) })
}

// externalIDs lists the exact external IDs that a statement demands, and those
// without which a Deny keeps everybody out. Patterns, variables and what a
// template leaves open are none.
func (p *policy) externalIDs(statement int) []string {
	var ids []string
	if p.parsed == nil {
		return nil
	}
	for _, one := range p.parsed.Statements {
		guards := one.Effect == trust.Deny && slices.ContainsFunc(one.Principals, func(who trust.Principal) bool { return who.Form == trust.Anyone })
		if one.Index != statement && !guards {
			continue
		}
		for _, condition := range one.Conditions {
			if condition.Key != "sts:externalid" || condition.Operator.Negated != guards {
				continue
			}
			ids = append(ids, p.exact(condition)...)
		}
	}
	return ids
}

func (p *policy) exact(condition trust.Condition) []string {
	switch condition.Operator.Family {
	case trust.StringExact, trust.StringIgnoreCase, trust.StringPattern:
	default:
		return nil
	}
	var ids []string
	for _, operand := range condition.Values {
		literal := len(operand.Pieces) == 1 && operand.Pieces[0].Kind == trust.LiteralPiece
		if literal && (!p.open || slices.Contains(p.written, operand.Text)) {
			ids = append(ids, operand.Pieces[0].Text)
		}
	}
	return ids
}
