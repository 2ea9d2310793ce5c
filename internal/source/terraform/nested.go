package terraform

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"countersign/trust"
)

// nested is a block within a block, written or made by a dynamic block.
type nested struct {
	kind   string
	body   *hclsyntax.Body
	scope  *scope
	place  trust.Range
	guards []guard // what has to hold for it to be there
}

// guard holds when a condition takes an option.
type guard struct {
	on     string
	option int
	of     int
}

// blocksOf lists the blocks within a body, with what dynamic blocks make.
// assumed says that a default decided on what they make.
func (s *scope) blocksOf(body *hclsyntax.Body) (all []nested, assumed bool, problem *value) {
	for _, b := range body.Blocks {
		if b.Type != "dynamic" || len(b.Labels) != 1 {
			all = append(all, nested{kind: b.Type, body: b.Body, scope: s, place: s.place(b.Range())})
			continue
		}
		made, decided, problem := s.dynamic(b)
		if problem != nil {
			return nil, false, problem
		}
		assumed = assumed || decided
		if all = append(all, made...); len(all) > maxEntries {
			return nil, false, unknownValue("too many blocks", s.place(b.Range()))
		}
	}
	return all, assumed, nil
}

func (s *scope) dynamic(b *hclsyntax.Block) (made []nested, assumed bool, problem *value) {
	place := s.place(b.Range())
	over := b.Body.Attributes["for_each"]
	if over == nil {
		return nil, false, badValue("a dynamic block without for_each", place)
	}
	iterator := b.Labels[0]
	if attribute := b.Body.Attributes["iterator"]; attribute != nil {
		if name := providerName(attribute.Expr); name != "" {
			iterator = name
		}
	}
	var content *hclsyntax.Body
	for _, inner := range b.Body.Blocks {
		if inner.Type == "content" {
			content = inner.Body
		}
	}
	if content == nil {
		return nil, false, badValue("a dynamic block without content", place)
	}
	collection := s.eval(over.Expr)
	made, problem = s.repeat(nested{kind: b.Labels[0], body: content, place: place}, iterator, collection, nil)
	return made, collection.assumed, problem
}

// repeat makes a block for every entry of a collection.
func (s *scope) repeat(b nested, iterator string, over *value, guards []guard) (all []nested, problem *value) {
	if over.kind == choice {
		if len(guards) > 6 {
			return nil, composed(over.describe(), b.place)
		}
		for i, option := range over.items {
			made, problem := s.repeat(b, iterator, option, append(guards[:len(guards):len(guards)], guard{over.on, i, len(over.items)}))
			if problem != nil {
				return nil, problem
			}
			all = append(all, made...)
		}
		return all, nil
	}
	if over.kind == null {
		return nil, nil
	}
	each, problem := entries(over, b.place)
	if problem != nil {
		return nil, problem
	}
	for i := range each {
		e := &each[i]
		one := b
		one.guards = guards
		switch {
		case e.item != nil:
			one.guards = append(guards[:len(guards):len(guards)], guardsOf(e.item)...)
		case e.on != "":
			one.guards = append(guards[:len(guards):len(guards)], guard{"length(" + e.on + ") == 0", 1, 2})
		}
		key := e.key
		if over.kind == list {
			key = e.value
		}
		one.scope = s.bind(iterator, objectValue([]member{{textValue("key", b.place), key}, {textValue("value", b.place), e.value}}, b.place))
		all = append(all, one)
	}
	return all, nil
}

// guardsOf are the guards under which a choice that may be nothing is something,
// as far as one option of it is.
func guardsOf(item *value) []guard {
	for i, option := range item.items {
		if option.kind == absent {
			continue
		}
		own := []guard{{item.on, i, len(item.items)}}
		if option.kind == choice && option.mayBeAbsent() {
			own = append(own, guardsOf(option)...)
		}
		return own
	}
	return nil
}

// guarded makes a value of blocks, for every way that their guards can hold.
func guarded(blocks []nested, place trust.Range, budget int, make func([]nested) *value) *value {
	for i := range blocks {
		if len(blocks[i].guards) == 0 {
			continue
		}
		g := blocks[i].guards[0]
		if budget /= g.of; budget == 0 {
			return composed("one of many combinations of "+g.on, place)
		}
		options := []*value{}
		for n := range g.of {
			options = append(options, guarded(assume(blocks, g.on, n), place, budget, make))
		}
		return choiceValue(g.on, options, place)
	}
	return make(blocks)
}

// assume keeps the blocks that can be there when a condition takes an option.
func assume(blocks []nested, on string, option int) []nested {
	var kept []nested
	for _, b := range blocks {
		holds := true
		var open []guard
		for _, g := range b.guards {
			if g.on != on {
				open = append(open, g)
			} else if g.option != option {
				holds = false
			}
		}
		if holds {
			b.guards = open
			kept = append(kept, b)
		}
	}
	return kept
}

// when makes of a value one that is there only where guards hold.
func when(v *value, guards []guard) *value {
	for i := len(guards) - 1; i >= 0; i-- {
		options := make([]*value, guards[i].of)
		for n := range options {
			options[n] = &value{kind: absent, size: 1}
		}
		options[guards[i].option] = v
		v = choiceValue(guards[i].on, options, v.place)
	}
	return v
}

// attribute evaluates an attribute of a body; nil where it is not there.
func (s *scope) attribute(body *hclsyntax.Body, name string) *value {
	if attribute := body.Attributes[name]; attribute != nil {
		return s.eval(attribute.Expr)
	}
	return nil
}
