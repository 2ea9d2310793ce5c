package patch

import (
	"errors"
	"fmt"

	"countersign/trust"
)

// isDocumentStatement reports whether an object of a .tf.json file is a
// statement of a policy document rather than of a policy.
func isDocumentStatement(p *page, n *node) bool {
	if !isTerraformJSON(p.name) || n.in != p.whole || n.kind != object {
		return false
	}
	for _, name := range []string{"actions", "not_actions", "principals", "not_principals", "condition", "dynamic"} {
		if n.value(name) != nil {
			return true
		}
	}
	return false
}

// jsonDocument edits a statement of a policy document in a .tf.json file.
func (e *editor) jsonDocument(p *page, n *node, was, want *trust.Value, c *trust.Change) ([]piece, error) {
	w := newWriter(n.in, n.in.styled(n))
	w.dialect = policyDocument
	rebuilt, err := e.jsonStatement(p, n, was, want, false)
	if err != nil {
		return nil, err
	}
	if rebuilt.from == n {
		w.container(n, rebuilt)
	}
	var added []entry
	for i := range c.Insert {
		copied, err := e.jsonStatement(p, n, was, &c.Insert[i], true)
		if err != nil {
			return nil, err
		}
		if copied == n {
			copied = n.edit()
		}
		added = append(added, newItem(copied))
	}
	if len(added) == 0 {
		return w.piece(n)
	}
	switch above := n.parent; {
	case above != nil && above.kind == list && entryAt(above, n) >= 0:
		w.insertAfter(above, entryAt(above, n), added)
	case above != nil && above.kind == object && entryAt(above, n) >= 0:
		if err := w.wrap(n, added); err != nil {
			return nil, err
		}
	default:
		return nil, errors.New("a second statement has no place beside it")
	}
	pieces, err := w.piece(n)
	if len(pieces) > 0 {
		pieces[0].container = span{n.parent.start, n.parent.end}
	}
	return pieces, err
}

func (e *editor) jsonStatement(p *page, n *node, was, want *trust.Value, isCopy bool) (*node, error) {
	if err := othersStay(was, want); err != nil {
		return nil, err
	}
	a := e.alignment(p, isCopy)
	goes, err := leaving(was, want)
	if err != nil {
		return nil, err
	}
	result := n
	if len(goes) > 0 {
		if result, err = replaceEntryOf(result, n, "principals", func(v *node) (*node, error) { return withoutIdentifiers(v, goes) }); err != nil {
			return nil, err
		}
	}
	if steps := conditionSteps(was, want); len(steps) > 0 {
		if result, err = a.jsonConditions(result, n, steps); err != nil {
			return nil, err
		}
	}
	before, after := memberAt(*was, "Sid"), memberAt(*want, "Sid")
	if before >= 0 && (after < 0 || !sameValue(&was.Members[before].Value, &want.Members[after].Value)) {
		result, err = replaceEntryOf(result, n, "sid", func(v *node) (*node, error) {
			if after < 0 {
				return nil, nil
			}
			return a.fresh(&want.Members[after].Value), nil
		})
	} else if before < 0 && after >= 0 {
		err = errors.New("its Sid would have to be added")
	}
	return result, errors.Join(err, a.err)
}

// replaceEntryOf changes the value of an entry; nil takes the entry out.
func replaceEntryOf(result, n *node, name string, change func(*node) (*node, error)) (*node, error) {
	at, found := n.get(name)
	if !found {
		return nil, fmt.Errorf("its %s is made by an expression", name)
	}
	value, err := change(n.entries[at].value)
	if err != nil {
		return nil, err
	}
	if result == n {
		result = n.edit()
	}
	for i := range result.entries {
		if result.entries[i].old != at {
			continue
		}
		if value == nil {
			result.entries = append(result.entries[:i], result.entries[i+1:]...)
		} else {
			result.entries[i].value = value
		}
		break
	}
	return result, nil
}

// each visits the objects that stand for blocks: one, or a list of them.
func (n *node) blocks() []*node {
	if n.kind != list {
		return []*node{n}
	}
	all := make([]*node, len(n.entries))
	for i := range n.entries {
		all[i] = n.entries[i].value
	}
	return all
}

// withoutIdentifiers takes principals out of the objects that stand for blocks.
func withoutIdentifiers(v *node, goes map[string][]bool) (*node, error) {
	next := map[string]int{}
	all := v.blocks()
	kept := map[*node]*node{}
	for _, one := range all {
		kind, who := one.value("type"), one.value("identifiers")
		if kind == nil || kind.kind != scalar {
			return nil, errors.New("the type of its principals is made by an expression")
		}
		flags := goes[kind.text]
		if flags == nil {
			kept[one] = one
			continue
		}
		if who == nil || who.kind != list || next[kind.text]+len(who.entries) > len(flags) {
			return nil, errors.New("its principals are made by an expression")
		}
		from := next[kind.text]
		next[kind.text] += len(who.entries)
		left := who.without(func(i int) bool { return flags[from+i] })
		switch {
		case len(left.entries) == len(who.entries):
			kept[one] = one
		case len(left.entries) > 0:
			at, _ := one.get("identifiers")
			changed := one.edit()
			changed.entries[at].value = left
			kept[one] = changed
		}
	}
	for kind, flags := range goes {
		if next[kind] != len(flags) {
			return nil, errors.New("its principals are made by an expression")
		}
	}
	return reblocked(v, all, kept), nil
}

// reblocked is a value with other objects for its blocks; nil for none.
func reblocked(v *node, all []*node, kept map[*node]*node) *node {
	if v.kind != list {
		return kept[v]
	}
	if len(kept) == 0 {
		return nil
	}
	result := v.edit()
	result.entries = nil
	for i := range all {
		if left := kept[all[i]]; left != nil {
			e := v.entries[i]
			e.value = left
			result.entries = append(result.entries, e)
		}
	}
	return result
}

// jsonConditions makes steps in the objects that stand for condition blocks.
func (a *alignment) jsonConditions(result, n *node, steps []conditionStep) (*node, error) {
	if n.value("dynamic") != nil {
		return nil, errors.New("some of its blocks are made by dynamic blocks")
	}
	v := n.value("condition")
	var all []*node
	kept := map[*node]*node{}
	if v != nil {
		all = v.blocks()
	}
	for _, one := range all {
		kept[one] = one
	}
	var added []entry
	for i := range steps {
		step := &steps[i]
		if step.was == nil {
			added = append(added, newItem(a.jsonCondition(step.want)))
			continue
		}
		first := true
		for _, one := range all {
			if test, key := one.value("test"), one.value("variable"); test == nil || key == nil || test.text != step.was.operator || key.text != step.was.key {
				continue
			}
			if delete(kept, one); first && step.want != nil {
				kept[one] = a.changedCondition(one, step)
			}
			first = false
		}
		if first {
			return nil, errors.New("a condition is made by an expression")
		}
	}
	if v == nil {
		if result == n {
			result = n.edit()
		}
		result.entries = append(result.entries, newEntry("condition", &node{kind: list, entries: added}))
		return result, nil
	}
	return replaceEntryOf(result, n, "condition", func(*node) (*node, error) {
		left := reblocked(v, all, kept)
		switch {
		case len(added) == 0:
			return left, nil
		case v.kind == list && left != nil:
			left.entries = append(left.entries, added...)
			return left, nil
		case left != nil: // one block becomes two
			added = append([]entry{newItem(left)}, added...)
		}
		return &node{kind: list, entries: added}, nil
	})
}

func (a *alignment) valueList(values []trust.Value) *node {
	n := &node{kind: list}
	for i := range values {
		n.entries = append(n.entries, newItem(a.fresh(&values[i])))
	}
	return n
}

func (a *alignment) jsonCondition(made *held) *node {
	return &node{kind: object, entries: []entry{
		newEntry("test", newScalar(made.operator)), newEntry("variable", newScalar(made.key)), newEntry("values", a.valueList(made.values)),
	}}
}

func (a *alignment) changedCondition(one *node, step *conditionStep) *node {
	changed := one.edit()
	for i := range changed.entries {
		e := &changed.entries[i]
		switch e.key.text {
		case "test":
			if e.value.text != step.want.operator {
				e.value = newScalar(step.want.operator)
			}
		case "variable":
			if e.value.text != step.want.key {
				e.value = newScalar(step.want.key)
			}
		case "values":
			if !sameValues(step.was.values, step.want.values) {
				e.value = a.valueList(step.want.values)
			}
		}
	}
	return changed
}
