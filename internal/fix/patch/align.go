package patch

import (
	"fmt"
	"slices"
	"strings"

	"countersign/internal/source/template"
	"countersign/trust"
)

// origins find the text of the values of a policy by their place. A place that
// values of several texts have finds none.
type origins map[span]originating

type originating struct {
	node  *node
	value *trust.Value
}

func (o origins) add(v *trust.Value, n *node) {
	at := span{v.Range.Start, v.Range.End}
	if before, found := o[at]; !found {
		o[at] = originating{n, v}
	} else if before.node != n && !before.node.spells(n) {
		o[at] = originating{}
	}
}

// spells reports whether two nodes have the same text.
func (n *node) spells(other *node) bool {
	return n != nil && n.in == other.in && string(n.in.text[n.start:n.end]) == string(n.in.text[other.start:other.end])
}

// of gives the text of a value; nil where there is none, or where the value is
// an object or a list that has changed.
func (o origins) of(v *trust.Value) *node {
	if v.Range.IsZero() {
		return nil
	}
	from := o[span{v.Range.Start, v.Range.End}]
	if from.node != nil && (v.Kind == trust.Object || v.Kind == trust.Array) && !sameValue(v, from.value) {
		return nil
	}
	return from.node
}

// alignment ties the values of a policy, which are evaluated, to the syntax
// that they come from.
type alignment struct {
	page    *page
	origins origins
	name    func(on string) (string, bool) // of a parameter or variable
	// elsewhere are edits of text that a policy refers to.
	elsewhere []edited
	isCopy    bool // references cannot be followed
	err       error
}

// edited is a node that changes, and what it becomes.
type edited struct{ old, new *node }

func (a *alignment) fail(format string, values ...any) {
	if a.err == nil {
		a.err = fmt.Errorf(format, values...)
	}
}

// note ties a value and what is in it to a node.
func (a *alignment) note(v *trust.Value, n *node) {
	if v.Range.IsZero() {
		return
	}
	a.origins.add(v, n)
	switch {
	case v.Kind == trust.Object && n.kind == object:
		for i := range v.Members {
			if at := a.entryOf(n, &v.Members[i].Key); at >= 0 {
				a.note(&v.Members[i].Value, n.entries[at].value)
			}
		}
	case v.Kind == trust.Array && n.kind == list && len(v.Items) == len(n.entries):
		for i := range v.Items {
			a.note(&v.Items[i], n.entries[i].value)
		}
	}
}

// entryOf finds the entry of a node that a member of a policy comes from; -1
// where it stands elsewhere.
func (a *alignment) entryOf(n *node, key *trust.Value) int {
	if at, found := n.get(key.Text); found {
		return at
	}
	for i := range n.entries {
		if k := n.entries[i].key; k != nil && !key.Range.IsZero() && k.in != nil {
			start, end := k.in.inFile(k.start, k.end)
			if start == key.Range.Start+a.page.shift && end == key.Range.End+a.page.shift {
				return i
			}
		}
	}
	return -1
}

// rebuild gives what a node becomes when the value that it stands for becomes
// another one. As much as possible of it stays.
func (a *alignment) rebuild(was *trust.Value, n *node, want *trust.Value) *node {
	switch {
	case sameValue(was, want):
		return n
	case was.Kind == trust.Object && want.Kind == trust.Object && n.kind == object:
		return a.rebuildObject(was, n, want)
	case was.Kind == trust.Array && want.Kind == trust.Array && n.kind == list && len(was.Items) == len(n.entries):
		return a.rebuildList(was, n, want)
	case was.Kind == trust.Array && n.kind == list && entryAt(n, a.origins.of(want)) >= 0:
		// One value of a list is left: it stays a list.
		one := trust.Value{Kind: trust.Array, Items: []trust.Value{*want}}
		return a.rebuild(was, n, &one)
	case n.kind == other && !a.isCopy && (was.Kind == trust.Object || was.Kind == trust.Array) && want.Kind == was.Kind:
		a.follow(was, n, want)
		return n
	}
	if n.kind == other && was.Kind == trust.Array {
		a.failAt(n)
	}
	return a.fresh(want)
}

// follow edits what a reference leads to.
func (a *alignment) follow(was *trust.Value, n *node, want *trust.Value) {
	text := string(n.in.text[n.start:n.end])
	target := a.page.nodes[span{was.Range.Start, was.Range.End}]
	if !strings.HasPrefix(text, "local.") || target == nil || target.in == nil || was.Range.File == nil || !sameFile(was.Range.File.Name, a.page.name) {
		a.failAt(n)
		return
	}
	if top := a.page.top(target.start); top == nil || top.Type != "locals" {
		a.failAt(n)
		return
	}
	if rebuilt := a.rebuild(was, target, want); rebuilt != target {
		a.elsewhere = append(a.elsewhere, edited{target, rebuilt})
	}
}

// failAt says that a part is made by an expression.
func (a *alignment) failAt(n *node) {
	if n.call != "" {
		a.fail("a part of it is made by the function %s", n.call)
		return
	}
	a.fail("a part of it is made by the expression %s", shortened(string(n.in.text[n.start:n.end])))
}

// shortened is the beginning of an expression. Texts in it may be secrets.
func shortened(text string) string {
	if at := strings.IndexAny(text, "\"'\n{("); at >= 0 {
		text = strings.TrimSpace(text[:at]) + "…"
	}
	if len(text) > 60 {
		text = text[:60] + "…"
	}
	return text
}

// child rebuilds the value of an entry. What an alias stands for is edited at
// its anchor.
func (a *alignment) child(was *trust.Value, n *node, at int, want *trust.Value) *node {
	e := &n.entries[at]
	if !e.isAlias || sameValue(was, want) {
		return a.rebuild(was, e.value, want)
	}
	if a.isCopy {
		return a.fresh(want)
	}
	if e.value.kind == object || e.value.kind == list {
		if rebuilt := a.rebuild(was, e.value, want); rebuilt.from == e.value {
			a.elsewhere = append(a.elsewhere, edited{e.value, rebuilt})
			return e.value
		}
	}
	return a.fresh(want)
}

func (a *alignment) rebuildObject(was *trust.Value, n *node, want *trust.Value) *node {
	result := n.edit()
	result.entries = nil
	for _, pair := range paired(was, want) {
		if pair.was == nil {
			result.entries = append(result.entries, newEntry(pair.want.Key.Text, a.fresh(&pair.want.Value)))
			continue
		}
		at := a.entryOf(n, &pair.was.Key)
		isSame := pair.was.Key.Text == pair.want.Key.Text
		if at < 0 {
			if !isSame || !sameValue(&pair.was.Value, &pair.want.Value) {
				a.fail("its %s stands elsewhere", pair.was.Key.Text)
			}
			continue
		}
		e := n.entries[at]
		if e.value = a.child(&pair.was.Value, n, at, &pair.want.Value); !isSame {
			e.key = &node{kind: scalar, text: pair.want.Key.Text, isKey: true}
		}
		result.entries = append(result.entries, e)
	}
	for i := range want.Members {
		if name := want.Members[i].Key.Text; memberAt(*was, name) < 0 {
			if _, found := n.get(name); found {
				a.fail("its %s is chosen by a condition", name)
			}
		}
	}
	a.addHidden(was, n, result)
	a.order(result)
	return result
}

// addHidden keeps the entries that do not show in the policy, such as those
// that have no value for now.
func (a *alignment) addHidden(was *trust.Value, n, result *node) {
	shown := map[int]bool{}
	for i := range was.Members {
		shown[a.entryOf(n, &was.Members[i].Key)] = true
	}
	for i := range n.entries {
		if !shown[i] {
			result.entries = append(result.entries, n.entries[i])
		}
	}
}

// order has the entries that stay in their order, and each new one behind the
// one that it was behind.
func (a *alignment) order(n *node) {
	type ranked struct {
		entry
		rank int
	}
	all := make([]ranked, len(n.entries))
	rank := -1
	for i, e := range n.entries {
		if e.old >= 0 {
			rank = e.old
		}
		all[i] = ranked{e, rank}
	}
	slices.SortStableFunc(all, func(x, y ranked) int { return x.rank - y.rank })
	for i := range all {
		n.entries[i] = all[i].entry
	}
}

// pair is a member that stays, perhaps with another key or value, or is new.
type pair struct{ was, want *trust.Member }

// paired finds the member that each one comes from: the one with the same key,
// else one that goes, whose place it takes.
func paired(was, want *trust.Value) []pair {
	pairs := make([]pair, len(want.Members))
	taken := make([]bool, len(was.Members))
	for i := range want.Members {
		pairs[i].want = &want.Members[i]
		if at := memberAt(*was, want.Members[i].Key.Text); at >= 0 && !taken[at] {
			pairs[i].was, taken[at] = &was.Members[at], true
		}
	}
	for i := range pairs {
		for at := range was.Members {
			if pairs[i].was == nil && !taken[at] && (was.Members[at].Value.Kind == trust.Object) == (pairs[i].want.Value.Kind == trust.Object) {
				pairs[i].was, taken[at] = &was.Members[at], true
			}
		}
	}
	return pairs
}

func memberAt(v trust.Value, name string) int {
	for i := range v.Members {
		if v.Members[i].Key.Text == name {
			return i
		}
	}
	return -1
}

func (a *alignment) rebuildList(was *trust.Value, n *node, want *trust.Value) *node {
	result := n.edit()
	result.entries = nil
	next := 0
	for i := range want.Items {
		at := next
		origin := a.origins.of(&want.Items[i])
		for at < len(was.Items) && !sameValue(&was.Items[at], &want.Items[i]) && n.entries[at].value != origin {
			at++
		}
		if at == len(was.Items) {
			result.entries = append(result.entries, newItem(a.fresh(&want.Items[i])))
			continue
		}
		result.entries = append(result.entries, n.entries[at])
		next = at + 1
	}
	return result
}

// fresh makes a node of a value. What was read from a text is copied.
func (a *alignment) fresh(v *trust.Value) *node {
	if n := a.origins.of(v); n != nil {
		return n
	}
	switch v.Kind {
	case trust.Object:
		n := &node{kind: object}
		for i := range v.Members {
			n.entries = append(n.entries, newEntry(v.Members[i].Key.Text, a.fresh(&v.Members[i].Value)))
		}
		return n
	case trust.Array:
		n := &node{kind: list}
		for i := range v.Items {
			n.entries = append(n.entries, newItem(a.fresh(&v.Items[i])))
		}
		return n
	case trust.Unknown:
		if v.On == ownAccount {
			return newScalar(template.OwnAccount)
		}
		if name, ok := a.name(v.On); ok && v.Range.IsZero() {
			return &node{reference: name}
		}
		a.fail("a value that depends on %s would have to be copied", shortened(v.On))
	case trust.String, trust.Number, trust.Bool:
		if len(v.Parts) == 0 && v.Range.IsZero() {
			return newScalar(v.Text)
		}
		a.fail("a value that an expression makes would have to be written out")
	default:
		a.fail("a part of it is chosen by a condition")
	}
	return newScalar("")
}

// ownAccount is CloudFormation's name for the account that a stack is in.
const ownAccount = "AWS::AccountId"

// sameValue compares two values with their places.
func sameValue(a, b *trust.Value) bool {
	if a.Kind != b.Kind || a.Text != b.Text || a.On != b.On || !samePlace(a.Range, b.Range) ||
		len(a.Items) != len(b.Items) || len(a.Members) != len(b.Members) || !slices.Equal(a.Parts, b.Parts) {
		return false
	}
	for i := range a.Items {
		if !sameValue(&a.Items[i], &b.Items[i]) {
			return false
		}
	}
	for i := range a.Members {
		if !sameValue(&a.Members[i].Key, &b.Members[i].Key) || !sameValue(&a.Members[i].Value, &b.Members[i].Value) {
			return false
		}
	}
	return true
}

func samePlace(a, b trust.Range) bool { return a.Start == b.Start && a.End == b.End }
