package terraform

import (
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"countersign/trust"
)

// traverse follows `.name` and `[key]`.
func (s *scope) traverse(v *value, steps hcl.Traversal, place trust.Range) *value {
	for _, step := range steps {
		switch step := step.(type) {
		case hcl.TraverseAttr:
			v = attribute(v, step.Name, place)
		case hcl.TraverseIndex:
			v = index(v, keyValue(step.Key, place), place)
		default:
			return badValue("an expression that cannot be read", place)
		}
	}
	return v
}

func keyValue(key cty.Value, place trust.Range) *value {
	if key.Type() == cty.Number {
		return fromCty(key, place)
	}
	if key.Type() == cty.String {
		return textValue(key.AsString(), place)
	}
	return badValue("an index that is neither a number nor a text", place)
}

// attribute is v.name.
func attribute(v *value, name string, place trust.Range) *value {
	return each([]*value{v}, place, func(args []*value) *value {
		v := args[0]
		switch {
		case v.lazy != nil:
			return v.lazy.attribute(name, place).with(v.assumed)
		case v.bad:
			return v
		case v.kind == unknown:
			return composed(extended(v.name(), "."+name), v.place).with(v.assumed)
		case v.kind == object:
			return memberOf(v, name, place)
		}
		if n, err := strconv.Atoi(name); err == nil && v.kind == list { // the older spelling x.0
			return itemOf(v, n, place)
		}
		return badValue("no attribute "+name, place)
	})
}

// extended adds a step to the name of what is unknown, before a remark in
// brackets on why.
func extended(on, step string) string {
	if at := strings.LastIndex(on, " ("); at > 0 && strings.HasSuffix(on, ")") && strings.Count(on[at:], ")") == 1 {
		return on[:at] + step + on[at:]
	}
	return on + step
}

func memberOf(v *value, name string, place trust.Range) *value {
	found, certain := v.get(name)
	switch {
	case found != nil && certain:
		return v.part(present(found))
	case found != nil || !certain:
		return composed(v.describe()+"."+name, place)
	}
	return badValue("no attribute "+name, place)
}

// index is v[key], where neither is a choice.
func index(v, key *value, place trust.Range) *value {
	switch {
	case v.bad || key.bad:
		return worse(v, key)
	case v.lazy != nil:
		if several, ok := v.lazy.(*someInstances); ok {
			return several.one()
		}
	}
	name, known := key.scalar()
	switch {
	case v.kind == unknown:
		spelling := key.describe()
		return composed(extended(v.name(), "["+spelling+"]"), v.place)
	case !known:
		return oneOf(v, key, place)
	case v.kind == object:
		return memberOf(v, name, place).with(key.assumed)
	case v.kind == list:
		n, err := strconv.Atoi(name)
		if err != nil {
			return badValue("an index that is no whole number", place)
		}
		return itemOf(v, n, place).with(key.assumed)
	}
	return badValue("an index into what is no list and no map", place)
}

func itemOf(v *value, n int, place trust.Range) *value {
	if n < 0 || n >= len(v.items) && v.sure() {
		return badValue("no item "+strconv.Itoa(n), place)
	}
	for i := 0; i <= n && i < len(v.items); i++ {
		if v.items[i].kind == choice && v.items[i].mayBeAbsent() {
			if i == n { // it would be an error if it were not there
				return present(v.items[i])
			}
			return composed(v.describe()+"["+strconv.Itoa(n)+"]", place)
		}
	}
	if n >= len(v.items) {
		return badValue("no item "+strconv.Itoa(n), place)
	}
	return v.part(v.items[n])
}

// present leaves out the options in which an item is not there.
func present(v *value) *value {
	if v.kind != choice {
		return v
	}
	var options []*value
	for _, option := range v.items {
		if option.kind != absent {
			options = append(options, present(option))
		}
	}
	if len(options) == 1 {
		return options[0]
	}
	if len(options) < len(v.items) {
		return composed(v.describe(), v.place)
	}
	return v
}

// oneOf is v[key] with an unknown key: one of what is there.
func oneOf(v, key *value, place trust.Range) *value {
	options := v.items
	if v.kind == object {
		options = nil
		for i := range v.members {
			options = append(options, v.members[i].value)
		}
	}
	on := boundName(v.describe() + "[" + key.describe() + "]")
	if len(options) == 0 || !v.sure() {
		return unknownValue(on, place)
	}
	if len(options) == 1 {
		return options[0]
	}
	return choiceValue("item of "+on, options, place)
}
