package cloudformation

import "countersign/trust"

// maxOptions bounds the options of a choice, and how many combinations of
// choices are written out.
const maxOptions = 32

// mapChoice applies a function to every option of a choice.
func mapChoice(v trust.Value, f func(trust.Value) trust.Value) trust.Value {
	items := make([]trust.Value, len(v.Items))
	for i := range v.Items {
		items[i] = f(v.Items[i])
	}
	v.Items = items
	return simplest(v)
}

// simplest makes one value of a choice whose options are all the same.
func simplest(v trust.Value) trust.Value {
	for i := 1; i < len(v.Items); i++ {
		if !same(v.Items[0], v.Items[i]) {
			return v
		}
	}
	if len(v.Items) == 0 {
		return v
	}
	return v.Items[0]
}

// same reports whether two scalars, or nothing and nothing, are the same.
func same(a, b trust.Value) bool {
	switch {
	case a.Kind != b.Kind || len(a.Parts) > 0 || len(b.Parts) > 0:
		return false
	case a.Kind == trust.String, a.Kind == trust.Bool:
		return a.Text == b.Text
	case a.Kind == trust.Unknown:
		return a.On == b.On
	}
	return a.Kind == trust.Absent || a.Kind == trust.Null
}

// pick is a value where a choice has been made: the same name takes the same
// option everywhere.
func pick(v trust.Value, on string, option int) trust.Value {
	if v.Kind == trust.Choice && v.On == on {
		return pick(v.Items[min(option, len(v.Items)-1)], on, option)
	}
	if v.Items != nil {
		items := make([]trust.Value, len(v.Items))
		for i := range v.Items {
			items[i] = pick(v.Items[i], on, option)
		}
		v.Items = items
	}
	if v.Members != nil {
		members := make([]trust.Member, len(v.Members))
		for i, m := range v.Members {
			members[i] = trust.Member{Key: m.Key, Value: pick(m.Value, on, option)}
		}
		v.Members = members
	}
	return v
}

// distribute computes something of values of which some are choices: for every
// option of them, to a bound, beyond which the result is unknown.
func distribute(values []trust.Value, at trust.Range, f func([]trust.Value) trust.Value) trust.Value {
	room := 2 * maxOptions
	return spread(values, at, &room, f)
}

func spread(values []trust.Value, at trust.Range, room *int, f func([]trust.Value) trust.Value) trust.Value {
	for _, v := range values {
		if v.Kind != trust.Choice {
			continue
		}
		if *room -= len(v.Items); *room < 0 {
			return trust.Value{Kind: trust.Unknown, On: "one of many combinations of " + v.On, Range: at}
		}
		choice := trust.Value{Kind: trust.Choice, On: v.On, Range: at, Items: make([]trust.Value, len(v.Items))}
		for i := range v.Items {
			chosen := make([]trust.Value, len(values))
			for j := range values {
				chosen[j] = pick(values[j], v.On, i)
			}
			choice.Items[i] = spread(chosen, at, room, f)
		}
		return simplest(choice)
	}
	return f(values)
}
