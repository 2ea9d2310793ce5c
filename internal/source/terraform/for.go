package terraform

import (
	"strconv"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"countersign/trust"
)

// entry is a key and a value of a collection that is gone through.
type entry struct {
	key, value *value
	// on is not empty for an entry that stands for any number of them, and
	// names what their number depends on.
	on string
	// item is the choice that the entry was taken from, which may be nothing.
	item *value
}

// maxEntries bounds how many entries of one collection are gone through.
const maxEntries = 100_000

// entries goes through a collection. problem is set where it is none.
func entries(v *value, place trust.Range) (all []entry, problem *value) {
	switch {
	case v.bad:
		return nil, v
	case v.kind == unknown:
		if several, ok := v.lazy.(*someInstances); ok {
			key := unknownValue("each.key ("+several.address+")", v.place)
			return []entry{{key: key, value: several.one(), on: several.address}}, nil
		}
		name := v.name()
		key := unknownValue("key of "+name, v.place).with(v.assumed)
		return []entry{{key: key, value: unknownValue(extended(name, "[*]"), v.place).with(v.assumed), on: name}}, nil
	case v.kind == list:
		for i, item := range v.items {
			all = append(all, listEntry(v, i, v.part(item), place))
		}
	case v.kind == object:
		for i := range v.members {
			key := v.members[i].key
			e := entry{key: key, value: v.part(v.members[i].value)}
			switch {
			case e.value.kind == choice && e.value.mayBeAbsent():
				e.item, e.value = e.value, present(e.value)
			case key.open:
				e.on = key.describe()
			}
			all = append(all, e)
		}
	default:
		return nil, badValue("a loop over what is no collection", place)
	}
	return all, nil
}

func listEntry(v *value, i int, item *value, place trust.Range) entry {
	e := entry{key: numberValue(strconv.Itoa(i), place), value: item}
	if item.kind == choice && item.mayBeAbsent() {
		e.value, e.item = present(item), item
		e.key = unknownValue("index of an item by "+item.on, place)
	}
	if v.set {
		e.key = e.value
	}
	return e
}

func (s *scope) forExpression(e *hclsyntax.ForExpr) *value {
	place := s.place(e.SrcRange)
	return each([]*value{s.eval(e.CollExpr)}, place, func(args []*value) *value {
		all, problem := entries(args[0], place)
		if problem != nil {
			return problem
		}
		if len(all) > maxEntries {
			return unknownValue("a loop over too many items", place)
		}
		loop := &loop{scope: s, expression: e, place: place}
		for i := range all {
			if problem := loop.add(&all[i]); problem != nil {
				return problem
			}
		}
		return loop.result().with(args[0].assumed && (len(all) == 0 || args[0].ownAssumption()))
	})
}

// loop gathers what a for expression makes.
type loop struct {
	scope      *scope
	expression *hclsyntax.ForExpr
	place      trust.Range
	items      []*value
	members    []member
	at         map[string]int
}

func (l *loop) add(e *entry) (problem *value) {
	inner := l.scope.bind(l.expression.ValVar, e.value)
	if l.expression.KeyVar != "" {
		inner = inner.bind(l.expression.KeyVar, e.key)
	}
	condition, assumed := (*value)(nil), false
	if l.expression.CondExpr != nil {
		keep := each([]*value{inner.eval(l.expression.CondExpr)}, l.place, func(args []*value) *value { return asBool(args[0]) })
		assumed = keep.assumed
		switch {
		case keep.bad:
			return keep
		case keep.kind == boolean && keep.text == "false":
			return nil
		case keep.kind != boolean:
			condition = keep
		}
	}
	v := l.optional(inner.eval(l.expression.ValExpr).with(assumed), condition, e)
	if l.expression.KeyExpr == nil {
		l.items = append(l.items, v)
		return nil
	}
	l.member(inner.eval(l.expression.KeyExpr), v)
	return nil
}

// optional makes an item that may not be there of one that is: where its
// condition is unknown, or what it is made of may not be there.
func (l *loop) optional(v, condition *value, e *entry) *value {
	if condition != nil {
		nothing := &value{kind: absent, size: 1}
		v = l.scope.either(condition, func() *value { return v }, func() *value { return nothing }, l.place)
	}
	switch {
	case e.item != nil:
		return eachPresent(e.item, func(*value) *value { return v })
	case e.on != "":
		return some(e.on, v, l.place)
	}
	return v
}

func (l *loop) member(key, v *value) {
	if l.at == nil {
		l.at = map[string]int{}
	}
	name, known := key.scalar()
	if !known {
		if key.kind != text {
			key = unknownValue(key.describe(), l.place)
		}
		l.members = append(l.members, member{key, v})
		return
	}
	before, repeated := l.at[name]
	switch {
	case l.expression.Group && repeated:
		grouped := l.members[before].value
		l.members[before].value = listValue(append(grouped.items[:len(grouped.items):len(grouped.items)], v), l.place)
	case repeated:
		l.members[before].value = v
	default:
		if l.expression.Group {
			v = listValue([]*value{v}, l.place)
		}
		if key.kind != text {
			key = textValue(name, key.place)
		}
		l.at[name] = len(l.members)
		l.members = append(l.members, member{key, v})
	}
}

func (l *loop) result() *value {
	if l.expression.KeyExpr == nil {
		return listValue(l.items, l.place)
	}
	return objectValue(l.members, l.place)
}
