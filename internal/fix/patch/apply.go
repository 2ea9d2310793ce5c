package patch

import (
	"errors"
	"strings"

	"countersign/trust"
)

// changed is a statement once a change is made to it; what stays keeps its
// place. Insert is not looked at. What is unknown is known by its place: a
// parsed policy has a possible value for it.
func changed(statement trust.Value, c *trust.Change) (trust.Value, error) {
	var err error
	if len(c.Out) > 0 {
		if statement, err = withMember(statement, "Principal", func(v trust.Value) (trust.Value, error) {
			return withoutPrincipals(v, c.Out)
		}); err != nil {
			return trust.Value{}, err
		}
	}
	for i := range c.Conditions {
		if statement, err = withCondition(statement, &c.Conditions[i]); err != nil {
			return trust.Value{}, err
		}
	}
	return statement, nil
}

// withMember replaces the value of a member; one that becomes empty goes.
func withMember(v trust.Value, name string, change func(trust.Value) (trust.Value, error)) (trust.Value, error) {
	members := append([]trust.Member(nil), v.Members...)
	for i := range members {
		if members[i].Key.Text != name {
			continue
		}
		value, err := change(members[i].Value)
		if err != nil {
			return trust.Value{}, err
		}
		members[i].Value = value
		if len(value.Members) == 0 && value.Kind == trust.Object {
			members = append(members[:i], members[i+1:]...)
		}
		v.Members = members
		return v, nil
	}
	return trust.Value{}, errors.New("the policy is not the one that was judged: it has no " + name)
}

func withoutPrincipals(v trust.Value, out []trust.Principal) (trust.Value, error) {
	left := append([]trust.Principal(nil), out...)
	goes := func(entry *trust.Value) bool {
		for i := range left {
			if samePlace(left[i].Range, entry.Range) && (left[i].Text == entry.Text || !entry.Known()) {
				left = append(left[:i], left[i+1:]...)
				return true
			}
		}
		return false
	}
	var members []trust.Member
	for _, m := range v.Members {
		switch {
		case m.Value.Kind == trust.Array:
			items := make([]trust.Value, 0, len(m.Value.Items))
			for i := range m.Value.Items {
				if !goes(&m.Value.Items[i]) {
					items = append(items, m.Value.Items[i])
				}
			}
			if len(items) == 0 && len(m.Value.Items) > 0 {
				continue
			}
			m.Value.Items = items
		case goes(&m.Value):
			continue
		}
		members = append(members, m)
	}
	if len(left) > 0 || len(members) == 0 {
		return trust.Value{}, errors.New("the policy is not the one that was judged: its principals differ")
	}
	v.Members = members
	return v, nil
}

func samePlace(a, b trust.Range) bool { return a.Start == b.Start && a.End == b.End }

// withCondition makes one edit of a statement's conditions.
func withCondition(v trust.Value, edit *trust.ConditionEdit) (trust.Value, error) {
	if edit.Old == nil {
		return addedCondition(v, edit.New), nil
	}
	return withMember(v, "Condition", func(conditions trust.Value) (trust.Value, error) {
		old := edit.Old
		for i := range conditions.Members {
			m := &conditions.Members[i]
			if m.Key.Text != old.Operator.Name {
				continue
			}
			for j := range m.Value.Members {
				if key := &m.Value.Members[j].Key; key.Text == old.Spelling || !key.Known() && samePlace(key.Range, old.KeyRange) {
					return replacedCondition(conditions, i, j, edit.New), nil
				}
			}
		}
		return trust.Value{}, errors.New("the policy is not the one that was judged: a condition is not there")
	})
}

// replacedCondition puts a condition in the place of the key at j under the
// operator at i, or takes it out.
func replacedCondition(conditions trust.Value, i, j int, made *trust.NewCondition) trust.Value {
	under := conditions.Members[i].Value
	keys := append([]trust.Member(nil), under.Members...)
	sameOperator := made != nil && made.Operator == conditions.Members[i].Key.Text
	if sameOperator {
		if !strings.EqualFold(keys[j].Key.Text, made.Key) {
			keys[j].Key = trust.Literal(made.Key)
		}
		keys[j].Value = madeValue(made)
		return withOperator(conditions, i, &conditions.Members[i].Key, keys)
	}
	keys = append(keys[:j], keys[j+1:]...)
	if made == nil {
		return withOperator(conditions, i, &conditions.Members[i].Key, keys)
	}
	key := trust.Literal(made.Key)
	if was := under.Members[j].Key; strings.EqualFold(was.Text, made.Key) {
		key = was
	}
	condition := trust.Member{Key: key, Value: madeValue(made)}
	if at := memberAt(conditions, made.Operator); at >= 0 {
		conditions = withOperator(conditions, at, &conditions.Members[at].Key, append(conditions.Members[at].Value.Members[:len(conditions.Members[at].Value.Members):len(conditions.Members[at].Value.Members)], condition))
		return withOperator(conditions, i, &conditions.Members[i].Key, keys)
	}
	name := trust.Literal(made.Operator)
	if len(keys) == 0 {
		return withOperator(conditions, i, &name, []trust.Member{condition})
	}
	conditions = withOperator(conditions, i, &conditions.Members[i].Key, keys)
	members := append([]trust.Member(nil), conditions.Members[:i+1]...)
	members = append(members, operatorMember(name, condition))
	conditions.Members = append(members, conditions.Members[i+1:]...)
	return conditions
}

func operatorMember(name trust.Value, condition trust.Member) trust.Member {
	return trust.Member{Key: name, Value: trust.Value{Kind: trust.Object, Members: []trust.Member{condition}}}
}

// withOperator gives an operator other keys; without any it goes.
func withOperator(conditions trust.Value, i int, name *trust.Value, keys []trust.Member) trust.Value {
	members := append([]trust.Member(nil), conditions.Members...)
	if len(keys) == 0 {
		conditions.Members = append(members[:i], members[i+1:]...)
		return conditions
	}
	members[i].Key = *name
	members[i].Value.Members = keys
	conditions.Members = members
	return conditions
}

func addedCondition(v trust.Value, made *trust.NewCondition) trust.Value {
	condition := trust.Member{Key: trust.Literal(made.Key), Value: madeValue(made)}
	members := append([]trust.Member(nil), v.Members...)
	v.Members = members
	at := memberAt(v, "Condition")
	if at < 0 {
		all := trust.Value{Kind: trust.Object, Members: []trust.Member{operatorMember(trust.Literal(made.Operator), condition)}}
		v.Members = append(members, trust.Member{Key: trust.Literal("Condition"), Value: all})
		return v
	}
	conditions := members[at].Value
	if i := memberAt(conditions, made.Operator); i >= 0 {
		keys := append(append([]trust.Member(nil), conditions.Members[i].Value.Members...), condition)
		conditions = withOperator(conditions, i, &conditions.Members[i].Key, keys)
	} else {
		conditions.Members = append(append([]trust.Member(nil), conditions.Members...), operatorMember(trust.Literal(made.Operator), condition))
	}
	members[at].Value = conditions
	return v
}

// madeValue is one value, or a list of several.
func madeValue(made *trust.NewCondition) trust.Value {
	if len(made.Values) == 1 {
		return made.Values[0]
	}
	return trust.Value{Kind: trust.Array, Items: made.Values}
}

func memberAt(v trust.Value, name string) int {
	for i := range v.Members {
		if v.Members[i].Key.Text == name {
			return i
		}
	}
	return -1
}

// applied is a policy once changes are made to it.
func applied(policy trust.Value, changes []trust.Change) (trust.Value, error) {
	at := memberAt(policy, "Statement")
	if at < 0 {
		return trust.Value{}, errors.New("the policy has no Statement")
	}
	list := policy.Members[at].Value
	isSingle := list.Kind != trust.Array
	if isSingle {
		list = trust.Value{Kind: trust.Array, Items: []trust.Value{list}}
	}
	var items []trust.Value
	for i := range list.Items {
		item, inserted := list.Items[i], []trust.Value(nil)
		for j := range changes {
			if changes[j].Statement != i {
				continue
			}
			var err error
			if item, err = changed(item, &changes[j]); err != nil {
				return trust.Value{}, err
			}
			inserted = append(inserted, changes[j].Insert...)
		}
		items = append(append(items, item), inserted...)
	}
	members := append([]trust.Member(nil), policy.Members...)
	if list.Items = items; isSingle && len(items) == 1 {
		list = items[0]
	}
	members[at].Value = list
	policy.Members = members
	return policy, nil
}
