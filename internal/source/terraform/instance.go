package terraform

import (
	"fmt"
	"strconv"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"countersign/trust"
)

// instance is one of what a block with count or for_each makes.
type instance struct {
	index string // ["a"], [0], or empty
	key   string // the bare key
	scope *scope
}

// maxInstances bounds what one block makes, maxModules how many instances of
// modules are read, and maxModuleDepth how deep they nest.
const (
	maxInstances   = 20_000
	maxModules     = 20_000
	maxModuleDepth = 24
)

// someInstances is a block of which nobody knows how many instances it makes.
type someInstances struct {
	address string
	one     func() *value
}

func (s *someInstances) attribute(name string, at trust.Range) *value {
	return composed(s.address+"."+name, at)
}

// collection is what refers to all instances of a block: one, a list, or a map.
func (m *module) collection(body *hclsyntax.Body, address string, place trust.Range, make func(*instance) *value) *value {
	all, form := m.instances(body, address)
	switch form {
	case single:
		return make(&all[0])
	case uncertain:
		several := &someInstances{address: address, one: func() *value { return make(&all[0]) }}
		return &value{on: address, lazy: several, open: true, size: 1, place: place}
	case counted:
		items := []*value{}
		for i := range all {
			items = append(items, make(&all[i]))
		}
		return listValue(items, place)
	}
	members := []member{}
	for i := range all {
		members = append(members, member{textValue(all[i].key, place), make(&all[i])})
	}
	return objectValue(members, place)
}

// form is how a block is repeated.
type form uint8

const (
	single    form = iota
	counted        // count
	keyed          // for_each
	uncertain      // any number: one instance stands for all
)

// instances lists what a block makes.
func (m *module) instances(body *hclsyntax.Body, address string) ([]instance, form) {
	base := m.scope()
	if attribute := body.Attributes["count"]; attribute != nil {
		return m.countInstances(base.eval(attribute.Expr), address, attribute)
	}
	if attribute := body.Attributes["for_each"]; attribute != nil {
		return m.keyInstances(base.eval(attribute.Expr), address, attribute)
	}
	return []instance{{scope: base}}, single
}

func countScope(base *scope, n *value) *scope {
	return base.bind("count", objectValue([]member{{textValue("index", n.place), n}}, n.place))
}

func (m *module) countInstances(count *value, address string, at *hclsyntax.Attribute) ([]instance, form) {
	base := m.scope()
	place := base.place(at.SrcRange)
	highest, certain := highestCount(count)
	if !certain {
		index := unknownValue("count.index ("+address+")", place)
		return []instance{{index: "[0]", key: "0", scope: countScope(base, index)}}, uncertain
	}
	if highest > maxInstances {
		m.tooMany(at, "count", highest)
		highest = maxInstances
	}
	all := make([]instance, 0, max(highest, 0))
	for i := range max(highest, 0) {
		n := strconv.Itoa(i)
		all = append(all, instance{index: "[" + n + "]", key: n, scope: countScope(base, numberValue(n, place).with(count.assumed))})
	}
	return all, counted
}

// highestCount gives the number of instances that there may be.
func highestCount(count *value) (highest int, certain bool) {
	switch count.kind {
	case choice:
		for _, option := range count.items {
			n, ok := highestCount(option)
			if !ok {
				return 0, false
			}
			highest = max(highest, n)
		}
		return highest, true
	case null:
		return 1, true
	}
	s, ok := count.scalar()
	if !ok || count.kind == boolean {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, false
	}
	return int(min(max(n, 0), 1<<30)), true
}

func (m *module) tooMany(at *hclsyntax.Attribute, what string, n int) {
	src := m.r.source(at.SrcRange.Filename)
	if src == nil || src.model {
		return
	}
	m.r.fault(src, m.scope().place(at.SrcRange).Start,
		fmt.Sprintf("%s makes %d instances: only the first %d are read", what, n, maxInstances), "")
}

func (m *module) keyInstances(keys *value, address string, at *hclsyntax.Attribute) ([]instance, form) {
	base := m.scope()
	place := base.place(at.SrcRange)
	bind := func(key, v *value) *scope {
		return base.bind("each", objectValue([]member{{textValue("key", place), key}, {textValue("value", place), v}}, place))
	}
	all, certain := keyEntries(keys, place)
	if !certain {
		key, v := unknownValue("each.key ("+address+")", place), unknownValue("each.value ("+address+")", place)
		if len(all) == 1 {
			key, v = all[0].key, all[0].value
		}
		return []instance{{scope: bind(key, v)}}, uncertain
	}
	if len(all) > maxInstances {
		m.tooMany(at, "for_each", len(all))
		all = all[:maxInstances]
	}
	instances := make([]instance, len(all))
	for i := range all {
		key, ok := all[i].key.scalar()
		if !ok {
			key = all[i].key.describe()
		}
		instances[i] = instance{index: "[" + quoteKey(key) + "]", key: key, scope: bind(all[i].key, all[i].value)}
	}
	return instances, keyed
}

// quoteKey spells a key as Terraform does in addresses.
func quoteKey(key string) string { return strconv.Quote(key) }

// keyEntries lists what a for_each goes through; where it is a choice, what
// any of its options has.
func keyEntries(keys *value, place trust.Range) (all []entry, certain bool) {
	switch keys.kind {
	case choice:
		return choiceEntries(keys, place)
	case null:
		return nil, true
	case list:
		if !keys.set { // Terraform asks for toset; nothing else would make sense
			keys = setOf(keys.items, keys.place)
		}
	}
	all, problem := entries(keys, place)
	if problem != nil || keys.kind == unknown {
		return all, false
	}
	return all, true
}

// choiceEntries lists the keys that any option of a choice has. The value of a
// key is that of the option, where all options have it the same.
func choiceEntries(keys *value, place trust.Range) (all []entry, certain bool) {
	at := map[string]int{}
	values := [][]*value{} // of each key, by option
	for n, option := range keys.items {
		of, ok := keyEntries(option, place)
		if !ok {
			return nil, false
		}
		for _, e := range of {
			key := e.key.describe()
			i, seen := at[key]
			if !seen {
				i = len(all)
				at[key] = i
				all = append(all, e)
				values = append(values, make([]*value, len(keys.items)))
			}
			values[i][n] = e.value
		}
	}
	for i := range all {
		differ := false
		for n, v := range values[i] {
			if v == nil { // the instance is not there then: any value will do
				values[i][n] = all[i].value
			}
			differ = differ || values[i][n] != all[i].value
		}
		if differ {
			all[i].value = choiceValue(keys.on, values[i], place)
		}
	}
	return all, true
}

// open gives the instance of a module that a call makes, or says why not.
func (m *module) open(b *block, body *hclsyntax.Body, i *instance) (called *module, why string) {
	name := b.labels[0]
	key := name + i.index
	if called, ok := m.children[key]; ok {
		return called, m.absent[key]
	}
	called, why = m.openSource(b, body, i)
	m.children[key] = called
	if called == nil {
		m.absent[key] = why
	}
	return called, why
}

func (m *module) openSource(b *block, body *hclsyntax.Body, i *instance) (*module, string) {
	name := b.labels[0]
	r := m.r
	if r.modules++; r.modules > maxModules {
		r.faultOnce(b.src, b.start, "too many instances of modules: the rest is not read", "")
		return nil, "too many modules"
	}
	dir, model, why := m.locate(b, body)
	if why != "" {
		return nil, why
	}
	for above := m; above != nil && !model; above = above.parent {
		if above.dir.path == dir.path {
			r.faultOnce(b.src, b.start, "the module "+m.named("module."+name)+" calls itself", "")
			return nil, "calls itself"
		}
	}
	if m.depth >= maxModuleDepth {
		r.faultOnce(b.src, b.start, "modules are nested too deep", "")
		return nil, "nested too deep"
	}
	called := r.newModule(dir)
	called.parent, called.depth = m, m.depth+1
	called.address = m.named("module."+name) + i.index
	called.key = name
	if m.key != "" {
		called.key = m.key + "." + name
	}
	called.call, called.callScope = body, i.scope
	called.callPlace = b.src.place(hclRange(b))
	if m.model {
		called.callPlace = m.callPlace
	}
	called.model = model
	called.providers = m.childProviders(body)
	return called, ""
}

func (r *reader) newModule(dir *directory) *module {
	return &module{
		r: r, dir: dir, values: map[string]*value{}, busy: map[string]bool{},
		children: map[string]*module{}, absent: map[string]string{}, providers: map[string]string{},
	}
}
