package trust

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// Changes are made on the document tree, so that every part that stays keeps
// the place it was read from, and unknown parts stay unknown.

// Apply makes changes to a document: the result is a new tree. The changes are
// those that Rewrite has planned for the policy of this very document.
func Apply(document Value, changes []Change) (Value, error) {
	at := slices.IndexFunc(document.Members, func(m Member) bool { return m.Key.Text == "Statement" })
	if at < 0 {
		return document, &CannotRewriteError{Reason: "the document has no Statement", Range: document.Range}
	}
	result := document
	result.Members = slices.Clone(document.Members)
	list := &result.Members[at].Value
	items := []Value{*list}
	if list.Kind == Array {
		items = list.Items
	}
	var changed []Value
	for i, item := range items {
		n := slices.IndexFunc(changes, func(c Change) bool { return c.Statement == i })
		if n < 0 {
			changed = append(changed, item)
			continue
		}
		edited, err := editStatement(item, changes[n])
		if err != nil {
			return document, err
		}
		changed = append(append(changed, edited), changes[n].Insert...)
	}
	if list.Kind != Array && len(changed) == 1 {
		*list = changed[0]
		return result, nil
	}
	*list = Value{Kind: Array, Items: changed, Range: list.Range}
	return result, nil
}

// editStatement makes the changes to one statement.
func editStatement(statement Value, change Change) (Value, error) {
	edited := statement
	edited.Members = slices.Clone(statement.Members)
	if len(change.Out) > 0 {
		m := memberNamed(edited.Members, "Principal")
		if m == nil {
			return edited, conditional(statement, "Principal")
		}
		var err error
		if m.Value, err = withoutPrincipals(m.Value, change.Out); err != nil {
			return edited, err
		}
	}
	if len(change.Conditions) == 0 {
		return edited, nil
	}
	members, err := editConditions(edited, change.Conditions)
	edited.Members = members
	return edited, err
}

// conditional says that an element cannot be changed because it is not known.
func conditional(v Value, element string) error {
	reason := "the " + element + " of the statement depends on what cannot be read"
	if v.On != "" {
		reason += " (" + v.On + ")"
	}
	return &CannotRewriteError{Reason: reason, Hint: "change it by hand, or give the value it depends on", Range: v.Range}
}

// isEntry reports whether a leaf of a Principal element is an entry of the
// parsed policy.
func isEntry(leaf Value, p *Principal) bool {
	if !leaf.Range.IsZero() || !p.Range.IsZero() {
		return leaf.Range == p.Range
	}
	return leaf.Kind == String && len(leaf.Parts) == 0 && leaf.Text == p.Text
}

// withoutPrincipals takes entries out of a Principal element. Kinds of
// principals that become empty go as well.
func withoutPrincipals(element Value, out []Principal) (Value, error) {
	if element.Kind != Object {
		return element, conditional(element, "Principal")
	}
	left := len(out)
	leaves := func(leaf Value) bool {
		for i := range out {
			if isEntry(leaf, &out[i]) {
				left--
				return true
			}
		}
		return false
	}
	result := element
	result.Members = nil
	for _, m := range element.Members {
		switch m.Value.Kind {
		case Array:
			before := len(m.Value.Items)
			m.Value.Items = slices.DeleteFunc(slices.Clone(m.Value.Items), leaves)
			if len(m.Value.Items) == 0 && before > 0 {
				continue
			}
		default:
			if leaves(m.Value) {
				continue
			}
		}
		result.Members = append(result.Members, m)
	}
	if left > 0 {
		return element, conditional(element, "Principal")
	}
	return result, nil
}

// onlyPrincipals makes the Principal element of a copy that is for some entries.
func onlyPrincipals(element Value, entries []*Principal) (Value, error) {
	if element.Kind == String {
		return element, nil // "*"
	}
	if element.Kind != Object {
		return element, conditional(element, "Principal")
	}
	kept := Value{Kind: Object}
	found := 0
	for _, m := range element.Members {
		var items []Value
		list := []Value{m.Value}
		if m.Value.Kind == Array {
			list = m.Value.Items
		}
		for _, leaf := range list {
			if slices.ContainsFunc(entries, func(p *Principal) bool { return isEntry(leaf, p) }) {
				items = append(items, leaf)
				found++
			}
		}
		switch {
		case len(items) == 1:
			kept.Members = append(kept.Members, Member{m.Key, items[0]})
		case len(items) > 1:
			kept.Members = append(kept.Members, Member{m.Key, Value{Kind: Array, Items: items}})
		}
	}
	if found < len(entries) {
		return element, conditional(element, "Principal")
	}
	return kept, nil
}

// editConditions makes the changes to a statement's conditions.
func editConditions(statement Value, edits []ConditionEdit) ([]Member, error) {
	members := slices.Clone(statement.Members)
	element := memberNamed(members, "Condition")
	if element == nil {
		members = append(members, Member{Literal("Condition"), Value{Kind: Object}})
		element = &members[len(members)-1]
	}
	if element.Value.Kind != Object {
		return nil, conditional(element.Value, "Condition")
	}
	block := element.Value
	for _, edit := range edits {
		if edit.Old != nil {
			var err error
			if block, err = withoutCondition(block, edit.Old); err != nil {
				return nil, err
			}
		}
	}
	for _, edit := range edits {
		if edit.New != nil {
			var err error
			if block, err = withCondition(block, edit.New); err != nil {
				return nil, err
			}
		}
	}
	element.Value = block
	if len(block.Members) == 0 {
		members = slices.DeleteFunc(members, func(m Member) bool { return m.Key.Text == "Condition" })
	}
	return members, nil
}

func withoutCondition(block Value, old *Condition) (Value, error) {
	result := block
	result.Members = nil
	found := false
	for _, operator := range block.Members {
		if len(operator.Key.Parts) == 0 && operator.Key.Text == old.Operator.Name && operator.Value.Kind == Object {
			before := len(operator.Value.Members)
			operator.Value.Members = slices.DeleteFunc(slices.Clone(operator.Value.Members), func(m Member) bool {
				return len(m.Key.Parts) == 0 && m.Key.Text == old.Spelling
			})
			found = found || len(operator.Value.Members) < before
			if len(operator.Value.Members) == 0 {
				continue
			}
		}
		result.Members = append(result.Members, operator)
	}
	if !found {
		return block, conditional(block, "Condition")
	}
	return result, nil
}

func withCondition(block Value, next *NewCondition) (Value, error) {
	value := Value{Kind: Array, Items: next.Values}
	if len(next.Values) == 1 {
		value = next.Values[0]
	}
	member := Member{Literal(next.Key), value}
	result := block
	result.Members = slices.Clone(block.Members)
	for i := range result.Members {
		if operator := &result.Members[i]; operator.Key.Text == next.Operator {
			if operator.Value.Kind != Object {
				return block, conditional(operator.Value, "Condition")
			}
			operator.Value.Members = append(slices.Clone(operator.Value.Members), member)
			return result, nil
		}
	}
	result.Members = append(result.Members, Member{Literal(next.Operator), Value{Kind: Object, Members: []Member{member}}})
	return result, nil
}

// statementTree finds the statement in the document, which may have unknown
// parts.
func (s *splitting) statementTree() (Value, error) {
	list := memberNamed(s.document.Members, "Statement")
	if list == nil {
		return Value{}, conditional(s.document, "Statement")
	}
	items := []Value{list.Value}
	if list.Value.Kind == Array {
		items = list.Value.Items
	}
	if s.rule.Index >= len(items) || items[s.rule.Index].Kind != Object || items[s.rule.Index].Range != s.rule.Range {
		return Value{}, conditional(list.Value, "list")
	}
	return items[s.rule.Index], nil
}

// copyOf makes a statement for a part of those whom another one names.
func copyOf(statement Value, p part, sids *sidMaker) (Value, error) {
	result := Value{Kind: Object}
	for _, m := range statement.Members {
		var err error
		switch m.Key.Text {
		case "Sid":
			if m.Value.Text == "" || !isPlainText(m.Value) {
				continue // an expression makes it: none is better than a text that does not follow it
			}
			m.Value = Literal(sids.next(m.Value.Text))
		case "Principal":
			m.Value, err = onlyPrincipals(m.Value, p.entries)
		}
		if err != nil {
			return result, err
		}
		result.Members = append(result.Members, m)
	}
	if len(p.edits) == 0 {
		return result, nil
	}
	var err error
	result.Members, err = editConditions(result, p.edits)
	return result, err
}

// isPlainText reports whether a text stands in its file as it is.
func isPlainText(v Value) bool {
	if v.Kind != String || len(v.Parts) > 0 {
		return false
	}
	file := v.Range.File
	return file == nil || v.Range.End > len(file.Text) || bytes.Contains(file.Text[v.Range.Start:v.Range.End], []byte(v.Text))
}

// sidMaker makes Sids for all new statements of a change: IAM wants each once.
type sidMaker struct{ taken []string }

func newSidMaker(policy *Policy) *sidMaker {
	m := &sidMaker{}
	for i := range policy.Statements {
		m.taken = append(m.taken, policy.Statements[i].Sid)
	}
	return m
}

// next makes one after that of the statement that is copied.
func (m *sidMaker) next(sid string) string {
	base := strings.TrimRight(sid, "0123456789")
	for n := 2; ; n++ {
		if made := base + strconv.Itoa(n); !slices.Contains(m.taken, made) {
			m.taken = append(m.taken, made)
			return made
		}
	}
}

// Size is the length of a trust policy as IAM counts it: characters without
// white space (IAM User Guide, "IAM and AWS STS quotas"). What is unknown counts
// as nothing.
func Size(document Value) int {
	switch document.Kind {
	case Array:
		total := 2 + max(len(document.Items)-1, 0)
		for _, item := range document.Items {
			total += Size(item)
		}
		return total
	case Object:
		total := 2 + max(len(document.Members)-1, 0)
		for _, m := range document.Members {
			total += Size(m.Key) + 1 + Size(m.Value)
		}
		return total
	case String:
		return 2 + len([]rune(strings.Map(dropSpace, document.Text)))
	case Bool, Number, Null:
		return len(document.Text)
	}
	return 0
}

func dropSpace(c rune) rune {
	switch c {
	case ' ', '\t', '\r', '\n':
		return -1
	}
	return c
}

// DefaultQuota is how long a trust policy may be, where the quota "Role trust
// policy length" (L-C07B4B0D) was not raised.
const DefaultQuota = 2048
