package cloudformation

import (
	"fmt"

	"countersign/trust"
)

// decision is the value of a condition: a boolean, or a choice of booleans by
// what it depends on.
type decision struct {
	value   trust.Value
	assumed bool // a default went into it
	done    bool
	unknown int // comparisons in it that cannot be made
}

func boolean(is bool) trust.Value {
	if is {
		return trust.Value{Kind: trust.Bool, Text: "true"}
	}
	return trust.Value{Kind: trust.Bool, Text: "false"}
}

// open is a condition of which nothing is known: both answers, by a name.
func open(on string) trust.Value {
	return trust.Value{Kind: trust.Choice, On: on, Items: []trust.Value{boolean(true), boolean(false)}}
}

// condition gives the value of a condition by its name.
func (t *evaluator) condition(name string) trust.Value {
	if known, found := t.decided[name]; found {
		if !known.done {
			return open("condition " + name + " (which refers to itself)")
		}
		t.assumed = t.assumed || known.assumed
		return known.value
	}
	raw, found := t.conditions.Get(name)
	if !found {
		return open("condition " + name + ", which the template does not have")
	}
	d := &decision{}
	t.decided[name] = d
	before := t.assumed
	t.assumed = false
	if d.value = t.logic(raw, name, d); d.value.Kind == trust.Unknown {
		d.value = open("condition " + name + " (" + d.value.On + ")")
	}
	d.assumed, d.done = t.assumed, true
	t.assumed = t.assumed || before
	return d.value
}

// logic evaluates an expression of a condition.
func (t *evaluator) logic(v trust.Value, name string, d *decision) trust.Value {
	if !t.enter() {
		return open("condition " + name + " (too large)")
	}
	defer t.leave()
	switch v.Kind {
	case trust.Bool:
		return v
	case trust.String:
		if v.Text == "true" || v.Text == "false" {
			return boolean(v.Text == "true")
		}
	}
	function, argument, ok := call(v)
	switch {
	case !ok:
		return t.undecided(name, "", d)
	case function == "Condition" && argument.Kind == trust.String:
		return t.condition(argument.Text)
	case function == "Fn::Equals" && len(argument.Items) == 2:
		operands := []trust.Value{t.evaluate(argument.Items[0]), t.evaluate(argument.Items[1])}
		return distribute(operands, v.Range, func(v []trust.Value) trust.Value { return t.equals(v[0], v[1], name, d) })
	case function == "Fn::Not" && len(argument.Items) == 1:
		return distribute([]trust.Value{t.logic(argument.Items[0], name, d)}, v.Range, func(v []trust.Value) trust.Value {
			return boolean(v[0].Text != "true")
		})
	case (function == "Fn::And" || function == "Fn::Or") && argument.Kind == trust.Array:
		return t.junction(function == "Fn::Or", argument.Items, name, d)
	}
	return t.undecided(name, function, d)
}

// junction evaluates And, or Or, for which one true operand is enough.
func (t *evaluator) junction(isOr bool, items []trust.Value, name string, d *decision) trust.Value {
	result := boolean(!isOr)
	for _, item := range items {
		operand := t.logic(item, name, d)
		result = distribute([]trust.Value{result, operand}, item.Range, func(v []trust.Value) trust.Value {
			if isOr {
				return boolean(v[0].Text == "true" || v[1].Text == "true")
			}
			return boolean(v[0].Text == "true" && v[1].Text == "true")
		})
		if result.Kind == trust.Unknown {
			return t.undecided(name, result.On, d)
		}
		if result.Kind == trust.Bool && (result.Text == "true") == isOr {
			return result
		}
	}
	return result
}

// undecided is a comparison that cannot be made, within a named condition.
func (t *evaluator) undecided(name, on string, d *decision) trust.Value {
	label := "condition " + name
	if on != "" {
		label += " (" + on + ")"
	}
	if d.unknown++; d.unknown > 1 {
		label += fmt.Sprintf(", comparison %d", d.unknown)
	}
	return open(label)
}

// equals compares two values. Texts are the same or not, letter by letter
// (CloudFormation User Guide, "Fn::Equals").
func (t *evaluator) equals(a, b trust.Value, name string, d *decision) trust.Value {
	switch {
	case a.Known() && b.Known():
		return boolean(sameText(a, b))
	case a.Kind == trust.Unknown && b.Kind == trust.Unknown && a.On == b.On:
		return boolean(true)
	case t.neverEmpty(a) && isScalar(b) && b.Text == "", t.neverEmpty(b) && isScalar(a) && a.Text == "":
		return boolean(false)
	}
	on := dependsOn(a)
	if on == "" {
		on = dependsOn(b)
	}
	return t.undecided(name, on, d)
}

// sameText compares known values.
func sameText(a, b trust.Value) bool {
	if len(a.Items) != len(b.Items) || a.Text != b.Text || len(a.Members) != len(b.Members) {
		return false
	}
	for i := range a.Items {
		if !sameText(a.Items[i], b.Items[i]) {
			return false
		}
	}
	return len(a.Members) == 0
}

// neverEmpty reports whether a text cannot be empty: a parameter with a least
// length, or a text with a known part.
func (t *evaluator) neverEmpty(v trust.Value) bool {
	for _, part := range v.Parts {
		if part.Text != "" {
			return true
		}
	}
	if v.Kind != trust.Unknown {
		return false
	}
	for _, m := range t.declared.Members {
		if "parameter "+m.Key.Text == v.On {
			least, found := m.Value.Get("MinLength")
			return found && least.Text != "" && least.Text != "0"
		}
	}
	return false
}
