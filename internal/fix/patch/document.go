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
