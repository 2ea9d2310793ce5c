package terraform

import (
	"sort"
	"strconv"
	"strings"

	"countersign/trust"
)

func sortedMembers(v *value) []member {
	members := append([]member(nil), v.members...)
	sort.SliceStable(members, func(i, j int) bool {
		a, _ := members[i].key.isText()
		b, _ := members[j].key.isText()
		return a < b
	})
	return members
}

func keys(_ *scope, args []*value, place trust.Range) *value {
	if len(args) != 1 || args[0].kind != object || !args[0].sure() {
		return unknownCall("keys", args, place)
	}
	items := []*value{}
	for _, m := range sortedMembers(args[0]) {
		items = append(items, m.key.with(args[0].assumed))
	}
	return listValue(items, place)
}

func valuesOf(_ *scope, args []*value, place trust.Range) *value {
	if len(args) != 1 || args[0].kind != object {
		return unknownCall("values", args, place)
	}
	items := []*value{}
	for _, m := range sortedMembers(args[0]) {
		items = append(items, m.value)
	}
	return listValue(items, place)
}

func zipmap(_ *scope, args []*value, place trust.Range) *value {
	if len(args) != 2 || args[0].kind != list || args[1].kind != list || len(args[0].items) != len(args[1].items) {
		return unknownCall("zipmap", args, place)
	}
	var members []member
	for i, key := range args[0].items {
		if s, ok := key.scalar(); ok && key.kind != text {
			key = textValue(s, key.place)
		} else if !ok {
			return unknownCall("zipmap", args, place)
		}
		members = append(members, member{key, args[1].items[i]})
	}
	return objectValue(members, place)
}

func contains(_ *scope, args []*value, place trust.Range) *value {
	if len(args) != 2 || args[0].kind != list {
		return unknownCall("contains", args, place)
	}
	certain := args[0].sure()
	for _, item := range args[0].items {
		equal, known := same(item, args[1], 0)
		if equal && known {
			return boolValue(true, place).with(item.assumed || args[1].assumed)
		}
		certain = certain && known
	}
	if !certain {
		return unknownCall("contains", args, place)
	}
	return boolValue(false, place).with(args[0].assumed || args[1].assumed)
}

func join(_ *scope, args []*value, place trust.Range) *value {
	if len(args) < 2 {
		return badValue("join takes two arguments", place)
	}
	var items []*value
	for _, arg := range args[1:] {
		if arg.kind != list || !arg.sure() {
			return unknownCall("join", args, place)
		}
		items = append(items, arg.items...)
	}
	var parts []*value
	for i, item := range items {
		if i > 0 {
			parts = append(parts, args[0])
		}
		parts = append(parts, item)
	}
	return joined(parts, place)
}

func split(_ *scope, args []*value, place trust.Range) *value {
	if len(args) != 2 {
		return badValue("split takes two arguments", place)
	}
	by, okBy := args[0].isText()
	s, ok := args[1].isText()
	if !ok || !okBy || by == "" {
		return unknownCall("split", args, place)
	}
	items := []*value{}
	for part := range strings.SplitSeq(s, by) {
		items = append(items, textValue(part, args[1].place).with(args[1].assumed))
	}
	return listValue(items, place)
}

func reverse(_ *scope, args []*value, place trust.Range) *value {
	if len(args) != 1 || args[0].kind != list {
		return unknownCall("reverse", args, place)
	}
	items := make([]*value, len(args[0].items))
	for i, item := range args[0].items {
		items[len(items)-1-i] = item
	}
	return listValue(items, place)
}

func slice(_ *scope, args []*value, place trust.Range) *value {
	if len(args) != 3 || args[0].kind != list || !args[0].sure() {
		return unknownCall("slice", args, place)
	}
	from, _ := args[1].scalar()
	to, _ := args[2].scalar()
	start, err1 := strconv.Atoi(from)
	end, err2 := strconv.Atoi(to)
	if err1 != nil || err2 != nil {
		return unknownCall("slice", args, place)
	}
	if start < 0 || end < start || end > len(args[0].items) {
		return badValue("no such items", place)
	}
	return listValue(args[0].items[start:end], place)
}

func sortTexts(_ *scope, args []*value, place trust.Range) *value {
	if len(args) != 1 || args[0].kind != list {
		return unknownCall("sort", args, place)
	}
	items := append([]*value(nil), args[0].items...)
	sort.SliceStable(items, func(i, j int) bool {
		a, okA := items[i].scalar()
		b, okB := items[j].scalar()
		return okA && okB && a < b
	})
	return listValue(items, place)
}

func toText(_ *scope, args []*value, place trust.Range) *value {
	if len(args) != 1 {
		return badValue("tostring takes one argument", place)
	}
	return convertScalar(args[0], "string")
}

func toScalar(to string) builtin {
	return func(_ *scope, args []*value, place trust.Range) *value {
		if len(args) != 1 {
			return badValue("a conversion takes one argument", place)
		}
		return convertScalar(args[0], to)
	}
}

// allOf is alltrue and anytrue.
func allOf(sign, absorbing string) builtin {
	return func(_ *scope, args []*value, place trust.Range) *value {
		if len(args) != 1 || args[0].kind != list || !args[0].sure() {
			return unknownCall("alltrue", args, place)
		}
		result := boolValue(absorbing == "false", place)
		for _, item := range args[0].items {
			result = logical(result, asBool(item), absorbing, sign, place)
		}
		return result
	}
}
