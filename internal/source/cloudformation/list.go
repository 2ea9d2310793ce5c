package cloudformation

import (
	"strconv"
	"strings"

	"countersign/internal/source/yamltree"
	"countersign/trust"
)

// selectItem evaluates Fn::Select.
func (t *evaluator) selectItem(argument trust.Value, at trust.Range) trust.Value {
	if argument.Kind != trust.Array || len(argument.Items) != 2 {
		return unknown("a malformed Fn::Select", at)
	}
	list := argument.Items[1]
	if name, inner, ok := call(list); ok && name == "Fn::Split" {
		list = t.splitOpen(inner, list.Range)
	} else {
		list = t.evaluate(list)
	}
	values := []trust.Value{t.evaluate(argument.Items[0]), list}
	return distribute(values, at, func(v []trust.Value) trust.Value { return item(v[0], v[1], at) })
}

func item(index, list trust.Value, at trust.Range) trust.Value {
	i, err := strconv.Atoi(index.Text)
	if index.Kind != trust.String || err != nil || list.Kind != trust.Array {
		return unknown(orName(dependsOn(index), orName(dependsOn(list), "a malformed Fn::Select")), at)
	}
	if i >= 0 && i < len(list.Items) {
		return list.Items[i]
	}
	// What is behind an unknown piece of a text, nobody can count.
	if last := len(list.Items) - 1; i >= 0 && last >= 0 && list.Items[last].Kind == trust.Unknown {
		return list.Items[last]
	}
	return unknown("an item that Fn::Select does not find", at)
}

// split evaluates Fn::Split to a list that is known in full, or not at all.
func (t *evaluator) split(argument trust.Value, at trust.Range) trust.Value {
	list := t.splitOpen(argument, at)
	if last := len(list.Items) - 1; list.Kind == trust.Array && last >= 0 && list.Items[last].Kind == trust.Unknown {
		return unknown(list.Items[last].On, at)
	}
	return list
}

// splitOpen splits a text as far as it is known: the last item is unknown where
// more may follow.
func (t *evaluator) splitOpen(argument trust.Value, at trust.Range) trust.Value {
	if argument.Kind != trust.Array || len(argument.Items) != 2 {
		return unknown("a malformed Fn::Split", at)
	}
	values := []trust.Value{t.evaluate(argument.Items[0]), t.evaluate(argument.Items[1])}
	return distribute(values, at, func(v []trust.Value) trust.Value {
		if !isScalar(v[0]) || v[0].Text == "" || v[1].Kind != trust.String {
			return unknown(orName(dependsOn(v[0]), orName(dependsOn(v[1]), "a malformed Fn::Split")), at)
		}
		return splitText(v[0].Text, v[1], at)
	})
}

func splitText(by string, text trust.Value, at trust.Range) trust.Value {
	list := trust.Value{Kind: trust.Array, Range: at}
	known, on := text, ""
	if len(text.Parts) > 0 {
		on = dependsOn(text)
		known = trust.Value{Kind: trust.String, Range: text.Range}
		if text.Parts[0].On == "" {
			known.Text = text.Parts[0].Text
		}
	}
	cutter := yamltree.NewCutter(known)
	for from := 0; ; {
		length := strings.Index(known.Text[from:], by)
		if length < 0 {
			if on == "" {
				list.Items = append(list.Items, cutter.Cut(from, len(known.Text)))
			} else {
				list.Items = append(list.Items, unknown(on, text.Range))
			}
			return list
		}
		list.Items = append(list.Items, cutter.Cut(from, from+length))
		from += length + len(by)
	}
}

// findInMap evaluates Fn::FindInMap, with the DefaultValue of
// AWS::LanguageExtensions. A key that is not known, such as the region, leaves
// a choice of all entries.
func (t *evaluator) findInMap(argument trust.Value, at trust.Range) trust.Value {
	if argument.Kind != trust.Array || len(argument.Items) < 3 {
		return unknown("a malformed Fn::FindInMap", at)
	}
	keys := make([]trust.Value, 3)
	for i := range keys {
		keys[i] = t.evaluate(argument.Items[i])
	}
	return distribute(keys, at, func(keys []trust.Value) trust.Value {
		if !isScalar(keys[0]) {
			return unknown(orName(dependsOn(keys[0]), "a mapping"), at)
		}
		mapping, found := t.mappings.Get(keys[0].Text)
		if !found {
			return t.notInMap(argument, "mapping "+keys[0].Text+", which the template does not have", at)
		}
		return t.lookUp(mapping, keys[1:], "mapping "+keys[0].Text, argument, at)
	})
}

// lookUp follows the keys into a mapping.
func (t *evaluator) lookUp(in trust.Value, keys []trust.Value, label string, argument trust.Value, at trust.Range) trust.Value {
	if len(keys) == 0 {
		return t.evaluate(in)
	}
	if isScalar(keys[0]) {
		inner, found := in.Get(keys[0].Text)
		if !found {
			return t.notInMap(argument, label+", which has no "+keys[0].Text, at)
		}
		return t.lookUp(inner, keys[1:], label+"."+keys[0].Text, argument, at)
	}
	on := label + " by " + dependsOn(keys[0])
	if len(in.Members) == 0 || len(in.Members) > maxOptions {
		return unknown(on, at)
	}
	choice := trust.Value{Kind: trust.Choice, On: on, Range: at}
	for _, m := range in.Members {
		choice.Items = append(choice.Items, t.lookUp(m.Value, keys[1:], label+"."+m.Key.Text, argument, at))
	}
	return simplest(choice)
}

func (t *evaluator) notInMap(argument trust.Value, label string, at trust.Range) trust.Value {
	if len(argument.Items) > 3 {
		if v, found := argument.Items[3].Get("DefaultValue"); found {
			return t.evaluate(v)
		}
	}
	return unknown(label, at)
}
