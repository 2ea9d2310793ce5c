package terraform

import (
	"encoding/json"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"countersign/trust"
)

// convert brings a value to the type that a variable declares: optional
// attributes get their defaults, sets lose what is doubled, numbers become
// texts. What does not fit stays as it is.
func (s *scope) convert(v *value, declared hclsyntax.Expression, depth int) *value {
	if depth > maxModuleDepth || v.kind == null || v.bad {
		return v
	}
	if v.kind == choice {
		return each([]*value{v}, v.place, func(args []*value) *value { return s.convert(args[0], declared, depth+1) })
	}
	if traversal, ok := declared.(*hclsyntax.ScopeTraversalExpr); ok {
		return convertScalar(v, traversal.Traversal.RootName())
	}
	call, ok := declared.(*hclsyntax.FunctionCallExpr)
	if !ok || len(call.Args) == 0 {
		return v
	}
	element := func(item *value) *value {
		return eachPresent(item, func(item *value) *value { return s.convert(item, call.Args[0], depth+1) })
	}
	switch call.Name {
	case "list", "set":
		if v.kind != list {
			return v
		}
		items := make([]*value, len(v.items))
		for i := range items {
			items[i] = element(v.items[i])
		}
		if call.Name == "set" {
			return setOf(items, v.place).with(v.assumed)
		}
		return listValue(items, v.place).with(v.assumed)
	case "map":
		if v.kind != object {
			return v
		}
		members := make([]member, len(v.members))
		for i := range members {
			members[i] = member{v.members[i].key, element(v.members[i].value)}
		}
		return objectValue(members, v.place).with(v.assumed)
	case "object":
		if pairs, ok := call.Args[0].(*hclsyntax.ObjectConsExpr); ok && v.kind == object {
			return s.convertObject(v, pairs, depth)
		}
	}
	return v
}

func (s *scope) convertObject(v *value, pairs *hclsyntax.ObjectConsExpr, depth int) *value {
	var members []member
	for _, pair := range pairs.Items {
		name, ok := s.eval(pair.KeyExpr).isText()
		if !ok {
			return v
		}
		declared := pair.ValueExpr
		var fallback hclsyntax.Expression
		if call, ok := declared.(*hclsyntax.FunctionCallExpr); ok && call.Name == "optional" && len(call.Args) > 0 {
			declared = call.Args[0]
			if len(call.Args) > 1 {
				fallback = call.Args[1]
			}
		}
		key := textValue(name, v.place)
		for i := range v.members {
			if k, _ := v.members[i].key.isText(); k == name {
				key = v.members[i].key
			}
		}
		found, certain := v.get(name)
		switch {
		case !certain:
			return v
		case (found == nil || found.kind == null) && fallback != nil:
			found = s.eval(fallback).with(v.assumed || s.in.root() || s.in.model)
		case found == nil:
			found = nullValue(v.place).with(v.assumed)
		}
		members = append(members, member{key, s.convert(found, declared, depth+1)})
	}
	return objectValue(members, v.place).with(v.assumed)
}

func convertScalar(v *value, to string) *value {
	switch to {
	case "string":
		if v.kind == number || v.kind == boolean {
			return textValue(v.text, v.place).with(v.assumed)
		}
	case "number":
		if s, ok := v.isText(); ok {
			if n, err := cty.ParseNumberVal(s); err == nil && len(s) < 100 {
				return fromCty(n, v.place).with(v.assumed)
			}
		}
	case "bool":
		if _, ok := v.isText(); ok {
			if b := asBool(v); b.kind == boolean {
				return b
			}
		}
	}
	return v
}

// setOf makes a set: sorted, every text once.
func setOf(items []*value, place trust.Range) *value {
	seen := map[string]bool{}
	var kept []*value
	for _, item := range items {
		if s, ok := item.scalar(); ok {
			if seen[s] {
				continue
			}
			seen[s] = true
		}
		kept = append(kept, item)
	}
	sort.SliceStable(kept, func(i, j int) bool {
		a, okA := kept[i].scalar()
		b, okB := kept[j].scalar()
		return okA && okB && a < b
	})
	return setValue(kept, place)
}

// toCty gives a wholly known value to the library.
func toCty(v *value) (cty.Value, bool) {
	if v.open {
		return cty.NilVal, false
	}
	switch v.kind {
	case null:
		return cty.NullVal(cty.DynamicPseudoType), true
	case boolean:
		return cty.BoolVal(v.text == "true"), true
	case number:
		n, err := cty.ParseNumberVal(v.text)
		return n, err == nil
	case text:
		s, _ := v.isText()
		return cty.StringVal(s), true
	case list:
		return listToCty(v)
	case object:
		members := make(map[string]cty.Value, len(v.members))
		for i := range v.members {
			key, _ := v.members[i].key.isText()
			item, ok := toCty(v.members[i].value)
			if !ok {
				return cty.NilVal, false
			}
			members[key] = item
		}
		return cty.ObjectVal(members), true
	}
	return cty.NilVal, false
}

func listToCty(v *value) (cty.Value, bool) {
	items := make([]cty.Value, len(v.items))
	for i, item := range v.items {
		converted, ok := toCty(item)
		if !ok {
			return cty.NilVal, false
		}
		items[i] = converted
	}
	if v.set && len(items) > 0 && cty.CanSetVal(items) {
		return cty.SetVal(items), true
	}
	return cty.TupleVal(items), true
}

// fromCty takes a value from the library. All of it stands at one place.
func fromCty(v cty.Value, place trust.Range) *value {
	v, _ = v.UnmarkDeep()
	if !v.IsKnown() {
		return unknownValue("a value that is not known", place)
	}
	if v.IsNull() {
		return nullValue(place)
	}
	t := v.Type()
	switch {
	case t == cty.String:
		return textValue(v.AsString(), place)
	case t == cty.Bool:
		return boolValue(v.True(), place)
	case t == cty.Number:
		s, err := convert.Convert(v, cty.String)
		if err != nil {
			return badValue("a number that cannot be read", place)
		}
		return numberValue(s.AsString(), place)
	case t.IsListType() || t.IsTupleType() || t.IsSetType():
		var items []*value
		for _, item := range v.AsValueSlice() {
			items = append(items, fromCty(item, place))
		}
		made := listValue(items, place)
		made.set = t.IsSetType()
		return made
	case t.IsMapType() || t.IsObjectType():
		var members []member
		for it := v.ElementIterator(); it.Next(); {
			key, item := it.Element()
			members = append(members, member{textValue(key.AsString(), place), fromCty(item, place)})
		}
		return objectValue(members, place)
	}
	return badValue("a value of a kind that cannot be read", place)
}

// encodeJSON writes a wholly known value as Terraform's jsonencode does.
func encodeJSON(v *value) string {
	var b strings.Builder
	appendJSON(&b, v)
	return b.String()
}

func appendJSON(b *strings.Builder, v *value) {
	switch v.kind {
	case boolean, number:
		b.WriteString(v.text)
	case text:
		s, _ := v.isText()
		quotedText, err := json.Marshal(s)
		if err == nil {
			b.Write(quotedText)
		}
	case list:
		b.WriteByte('[')
		for i, item := range v.items {
			if i > 0 {
				b.WriteByte(',')
			}
			appendJSON(b, item)
		}
		b.WriteByte(']')
	case object:
		b.WriteByte('{')
		for i := range v.members {
			if i > 0 {
				b.WriteByte(',')
			}
			appendJSON(b, v.members[i].key)
			b.WriteByte(':')
			appendJSON(b, v.members[i].value)
		}
		b.WriteByte('}')
	default:
		b.WriteString("null")
	}
}
