package patch

import (
	"errors"
	"fmt"

	"countersign/trust"
)

// A statement of an aws_iam_policy_document has its principals and conditions
// in blocks, which the provider gathers: the items of all blocks with one type
// become one list, and so do the values of all conditions with one test and
// variable (Terraform registry, hashicorp/aws, "aws_iam_policy_document").

// held is a condition of a policy.
type held struct {
	operator, key string
	values        []trust.Value
}

func conditionsOf(statement *trust.Value) (all []held) {
	at := memberAt(*statement, "Condition")
	if at < 0 {
		return nil
	}
	conditions := &statement.Members[at].Value
	for i := range conditions.Members {
		m := &conditions.Members[i]
		for j := range m.Value.Members {
			values := []trust.Value{m.Value.Members[j].Value}
			if values[0].Kind == trust.Array {
				values = values[0].Items
			}
			all = append(all, held{m.Key.Text, m.Value.Members[j].Key.Text, values})
		}
	}
	return all
}

func sameValues(a, b []trust.Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !sameValue(&a[i], &b[i]) {
			return false
		}
	}
	return true
}

// conditionStep is what happens to one condition: was is replaced by want, or
// removed, or want is added.
type conditionStep struct{ was, want *held }

// conditionSteps compares the conditions of two statements.
func conditionSteps(was, want *trust.Value) (steps []conditionStep) {
	before, after := conditionsOf(was), conditionsOf(want)
	stays := make([]bool, len(before))
	var added []*held
	for i := range after {
		found := false
		for j := range before {
			if before[j].operator != after[i].operator || before[j].key != after[i].key {
				continue
			}
			found, stays[j] = true, true
			if !sameValues(before[j].values, after[i].values) {
				steps = append(steps, conditionStep{&before[j], &after[i]})
			}
		}
		if !found {
			added = append(added, &after[i])
		}
	}
	for j := range before {
		if stays[j] {
			continue
		}
		step := conditionStep{was: &before[j]}
		if len(added) > 0 {
			step.want, added = added[0], added[1:]
		}
		steps = append(steps, step)
	}
	for _, one := range added {
		steps = append(steps, conditionStep{want: one})
	}
	return steps
}

// leaving tells, for each type of principals of which some leave, which ones.
func leaving(was, want *trust.Value) (map[string][]bool, error) {
	before, after := principalOf(was), principalOf(want)
	if before == nil || after == nil || sameValue(before, after) {
		if (before == nil) != (after == nil) {
			return nil, errors.New("its principals cannot be added or removed as a whole")
		}
		return nil, nil
	}
	goes := map[string][]bool{}
	for i := range before.Members {
		m := &before.Members[i]
		var stay []trust.Value
		if at := memberAt(*after, m.Key.Text); at >= 0 {
			stay = listed(&after.Members[at].Value)
		}
		items := listed(&m.Value)
		flags := make([]bool, len(items))
		some := false
		for j := range items {
			if len(stay) > 0 && sameValue(&items[j], &stay[0]) {
				stay = stay[1:]
			} else {
				flags[j], some = true, true
			}
		}
		if len(stay) > 0 {
			return nil, errors.New("its principals would have to be written anew")
		}
		if some {
			goes[m.Key.Text] = flags
		}
	}
	for i := range after.Members {
		if memberAt(*before, after.Members[i].Key.Text) < 0 {
			return nil, errors.New("its principals would have to be written anew")
		}
	}
	return goes, nil
}

func principalOf(statement *trust.Value) *trust.Value {
	if at := memberAt(*statement, "Principal"); at >= 0 {
		return &statement.Members[at].Value
	}
	return nil
}

func listed(v *trust.Value) []trust.Value {
	if v.Kind == trust.Array {
		return v.Items
	}
	return []trust.Value{*v}
}

// othersStay makes sure that nothing else of a statement changes, but perhaps
// its Sid.
func othersStay(was, want *trust.Value) error {
	for i := range want.Members {
		name := want.Members[i].Key.Text
		if name == "Sid" || name == "Principal" || name == "Condition" {
			continue
		}
		at := memberAt(*was, name)
		if at < 0 || !sameValue(&was.Members[at].Value, &want.Members[i].Value) {
			return fmt.Errorf("its %s would have to change", name)
		}
	}
	return nil
}

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
