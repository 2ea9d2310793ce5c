package terraform

import (
	"strconv"

	"countersign/trust"
)

type builtin func(s *scope, args []*value, place trust.Range) *value

// structural are functions that see the choices among their arguments, plain
// those that get them resolved. None needs to know all parts of its arguments.
var structural, plain map[string]builtin

func init() {
	structural = map[string]builtin{
		"jsonencode": jsonEncode, "sensitive": same1, "nonsensitive": same1, "ephemeralasnull": same1,
		"concat": concat, "flatten": flatten, "compact": compact, "tolist": toList, "coalesce": coalesce,
		"format": format, "formatlist": formatList,
	}
	plain = map[string]builtin{
		"jsondecode": jsonDecode, "yamldecode": yamlDecode, "merge": merge, "toset": toSet, "tomap": same1,
		"tostring": toText, "tonumber": toScalar("number"), "tobool": toScalar("bool"),
		"coalescelist": coalesceList, "lookup": lookup, "element": element, "one": one, "length": length,
		"keys": keys, "values": valuesOf, "zipmap": zipmap, "contains": contains, "distinct": distinct,
		"join": join, "split": split, "reverse": reverse, "slice": slice, "sort": sortTexts,
		"setunion": union, "file": readFile, "templatefile": templateFile, "templatestring": templateText, "fileexists": fileExists, "fileset": fileSet,
		"alltrue": allOf("&&", "false"), "anytrue": allOf("||", "true"), "trimspace": trimSpace, "chomp": trimSpace,
	}
}

func same1(_ *scope, args []*value, place trust.Range) *value {
	if len(args) != 1 {
		return badValue("a call with a wrong number of arguments", place)
	}
	return args[0]
}

// jsonEncode keeps the value: whoever reads the text gets it back with its
// places and its unknown parts.
func jsonEncode(_ *scope, args []*value, place trust.Range) *value {
	if len(args) != 1 {
		return badValue("jsonencode takes one argument", place)
	}
	return each(args, place, func(args []*value) *value {
		if args[0].bad {
			return args[0]
		}
		return piecesValue([]piece{{document: args[0], raw: place}}, place, args[0].assumed)
	})
}

func concat(_ *scope, args []*value, place trust.Range) *value {
	items := []*value{}
	for _, arg := range args {
		spread := each([]*value{arg}, place, func(args []*value) *value {
			if args[0].bad {
				return args[0]
			}
			return listValue(args[0].spread(), place)
		})
		switch spread.kind {
		case list:
			items = append(items, spread.items...)
		case choice: // of lists of different lengths
			items = append(items, spreadChoice(spread)...)
		default:
			return spread
		}
	}
	return listValue(items, place)
}

// spreadChoice lists the items of a choice of lists: the n-th item is the
// choice of the n-th items.
func spreadChoice(v *value) []*value {
	longest := 0
	lists := make([][]*value, len(v.items))
	for i, option := range v.items {
		if option.kind == choice {
			lists[i] = spreadChoice(option)
		} else {
			lists[i] = option.spread()
		}
		longest = max(longest, len(lists[i]))
	}
	items := make([]*value, longest)
	for n := range longest {
		options := make([]*value, len(lists))
		for i := range lists {
			options[i] = &value{kind: absent, size: 1}
			if n < len(lists[i]) {
				options[i] = lists[i][n]
			}
		}
		items[n] = choiceValue(v.on, options, v.place)
	}
	return items
}

func flatten(_ *scope, args []*value, place trust.Range) *value {
	if len(args) != 1 {
		return badValue("flatten takes one argument", place)
	}
	return each(args, place, func(args []*value) *value {
		if args[0].kind != list {
			return unknownCall("flatten", args, place)
		}
		return listValue(flatItems(nil, args[0].items, 0), place)
	})
}

func flatItems(flat, items []*value, depth int) []*value {
	for _, item := range items {
		switch {
		case depth > maxNesting || len(flat) > maxEntries:
			return flat
		case item.kind == list:
			flat = flatItems(flat, item.items, depth+1)
		case item.kind == choice && choiceOfLists(item):
			flat = append(flat, flatItems(nil, spreadChoice(item), depth+1)...)
		default:
			flat = append(flat, item)
		}
	}
	return flat
}

func choiceOfLists(v *value) bool {
	for _, item := range v.items {
		if item.kind == list || item.kind == choice && choiceOfLists(item) {
			return true
		}
	}
	return false
}

// filtered is what stays of a list; what may have to go is left in.
func compact(_ *scope, args []*value, place trust.Range) *value {
	if len(args) != 1 {
		return badValue("compact takes one argument", place)
	}
	return each(args, place, func(args []*value) *value {
		if args[0].kind != list {
			return unknownCall("compact", args, place)
		}
		items := []*value{}
		for _, item := range args[0].items {
			if kept := compacted(item); kept.kind != absent {
				items = append(items, kept)
			}
		}
		return listValue(items, place)
	})
}

func compacted(v *value) *value {
	nothing := &value{kind: absent, size: 1}
	if v.kind == choice {
		options := make([]*value, len(v.items))
		for i := range v.items {
			options[i] = compacted(v.items[i])
		}
		return choiceValue(v.on, options, v.place)
	}
	if s, ok := v.isText(); v.kind == null || ok && s == "" {
		return nothing
	}
	return v
}

func distinct(_ *scope, args []*value, place trust.Range) *value {
	if len(args) != 1 || args[0].kind != list {
		return unknownCall("distinct", args, place)
	}
	seen := map[string]bool{}
	items := []*value{}
	for _, item := range args[0].items {
		if s, ok := item.scalar(); ok {
			if seen[s] {
				continue
			}
			seen[s] = true
		}
		items = append(items, item)
	}
	return listValue(items, place)
}

func union(_ *scope, args []*value, place trust.Range) *value {
	items := []*value{}
	for _, arg := range args {
		items = append(items, arg.spread()...)
	}
	return setOf(items, place)
}

func toList(_ *scope, args []*value, place trust.Range) *value {
	if len(args) != 1 {
		return badValue("tolist takes one argument", place)
	}
	if v := args[0]; v.kind == list && v.set {
		plainList := *v
		plainList.set = false
		return &plainList
	}
	return args[0]
}

func toSet(_ *scope, args []*value, place trust.Range) *value {
	switch {
	case len(args) != 1:
		return badValue("toset takes one argument", place)
	case args[0].kind == list:
		return setOf(args[0].items, place).with(args[0].assumed)
	}
	return args[0]
}

func merge(_ *scope, args []*value, place trust.Range) *value {
	var members []member
	at := map[string]int{}
	assumed := false
	for _, arg := range args {
		if arg.kind == null {
			continue
		}
		if arg.kind != object {
			return unknownCall("merge", args, place)
		}
		assumed = assumed || arg.assumed && len(arg.members) == 0
		for _, m := range arg.members {
			key, ok := m.key.isText()
			if before, repeated := at[key]; ok && repeated {
				members[before] = m
				continue
			}
			if ok {
				at[key] = len(members)
			}
			members = append(members, m)
		}
	}
	return objectValue(members, place).with(assumed)
}

// coalesce gives the first argument that is neither null nor empty.
func coalesce(s *scope, args []*value, place trust.Range) *value {
	if len(args) == 0 {
		return badValue("coalesce with nothing that has a value", place)
	}
	return each(args[:1], place, func(first []*value) *value {
		v := first[0]
		rest := func() *value { return coalesce(s, args[1:], place).with(v.assumed) }
		if v.bad {
			return v
		}
		if text, ok := v.isText(); v.kind == null || ok && text == "" {
			return rest()
		}
		if v.kind == unknown && v.lazy == nil && !v.solid || v.kind == text && v.open && !surelyNotEmpty(v) {
			if len(args) == 1 {
				return v
			}
			return choiceValue(boundName(v.describe()+" == null"), []*value{rest(), v}, place)
		}
		return v
	})
}

func coalesceList(s *scope, args []*value, place trust.Range) *value {
	for _, arg := range args {
		switch {
		case arg.kind == list && len(arg.items) == 0, arg.kind == null:
		case arg.kind == list && arg.sure():
			return arg
		default:
			return unknownCall("coalescelist", args, place)
		}
	}
	return badValue("coalescelist with nothing that has a value", place)
}

func lookup(_ *scope, args []*value, place trust.Range) *value {
	if len(args) < 2 {
		return badValue("lookup takes two or three arguments", place)
	}
	name, known := args[1].scalar()
	if args[0].kind != object || !known {
		return unknownCall("lookup", args, place)
	}
	found, certain := args[0].get(name)
	switch {
	case !certain:
		return unknownCall("lookup", args, place)
	case found != nil:
		return found
	case len(args) > 2:
		return args[2]
	}
	return badValue("no attribute "+name, place)
}

func element(_ *scope, args []*value, place trust.Range) *value {
	if len(args) != 2 || args[0].kind != list || !args[0].sure() {
		return unknownCall("element", args, place)
	}
	s, ok := args[1].scalar()
	n, err := strconv.Atoi(s)
	if !ok {
		return oneOf(args[0], args[1], place)
	}
	if err != nil || len(args[0].items) == 0 {
		return badValue("no such item", place)
	}
	n %= len(args[0].items)
	if n < 0 {
		n += len(args[0].items)
	}
	return args[0].items[n]
}

func one(_ *scope, args []*value, place trust.Range) *value {
	if len(args) != 1 || args[0].kind != list || len(args[0].items) > 1 {
		return unknownCall("one", args, place)
	}
	if len(args[0].items) == 0 {
		return nullValue(place)
	}
	item := args[0].items[0]
	if item.kind != choice || !item.mayBeAbsent() {
		return item
	}
	options := make([]*value, len(item.items))
	for i, option := range item.items {
		if options[i] = option; option.kind == absent {
			options[i] = nullValue(place)
		}
	}
	return choiceValue(item.on, options, place)
}

func length(_ *scope, args []*value, place trust.Range) *value {
	if len(args) == 1 && args[0].sure() {
		switch args[0].kind {
		case list:
			return numberValue(strconv.Itoa(len(args[0].items)), place).with(args[0].assumed)
		case object:
			return numberValue(strconv.Itoa(len(args[0].members)), place).with(args[0].assumed)
		case text:
			return library("length", args, place)
		}
	}
	return unknownCall("length", args, place)
}
