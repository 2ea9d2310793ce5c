package terraform

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"countersign/trust"
)

// module is one instance of a module: the root, or what a call makes.
type module struct {
	r         *reader
	dir       *directory
	parent    *module
	depth     int
	address   string // module.a["x"], empty for the root
	key       string // module.a, as modules.json names it: a.b
	call      *hclsyntax.Body
	callScope *scope
	callPlace trust.Range
	model     bool              // our own description of a module that is not there
	providers map[string]string // this module's names of providers → the root's
	given     map[string]*value // root: variables that are set
	values    map[string]*value // by reference
	busy      map[string]bool
	children  map[string]*module
	shared    map[string]bool     // roles whose names other modules are given
	grants    map[string][]*block // to roles, once they were looked for
	absent    map[string]string   // by child key: why its source cannot be read
}

func (m *module) scope() *scope { return &scope{in: m} }

// root reports whether the module's variables are set from outside.
func (m *module) root() bool { return m.parent == nil }

// memo gives what a name stands for, once.
func (m *module) memo(name string, place trust.Range, make func() *value) *value {
	if v := m.values[name]; v != nil {
		return v
	}
	if m.busy[name] {
		return unknownValue(name+" (depends on itself)", place)
	}
	m.busy[name] = true
	v := make()
	delete(m.busy, name)
	m.values[name] = v
	return v
}

// reference is a name and what follows it.
func (s *scope) reference(e *hclsyntax.ScopeTraversalExpr) *value {
	place := s.place(e.SrcRange)
	v, rest := s.resolve(e.Traversal, place)
	v = s.traverse(v, rest, place)
	// What is unknown stands nowhere but where it is asked for.
	if v.place.IsZero() || v.kind == unknown {
		v = v.at(place)
	}
	return v
}

func (s *scope) resolve(steps hcl.Traversal, place trust.Range) (*value, hcl.Traversal) {
	root := steps.RootName()
	if v := s.find(root); v != nil {
		return v, steps[1:]
	}
	if s.isolated {
		return badValue(root+" (not given to the template)", place), nil
	}
	names := attributeNames(steps[1:])
	name := func(i int) string {
		if i < len(names) {
			return names[i]
		}
		return ""
	}
	switch root {
	case "var":
		return s.in.variable(name(0), place), rest(steps, 2)
	case "local":
		return s.in.local(name(0), place), rest(steps, 2)
	case "data", "ephemeral":
		return s.in.resource(root+"."+name(0)+"."+name(1), place), rest(steps, 3)
	case "module":
		return s.in.child(name(0), place), rest(steps, 2)
	case "path":
		return s.in.path(name(0), place), rest(steps, 2)
	case "each", "count", "self":
		return badValue(root+" (not within a repeated block)", place), nil
	case "terraform":
		return unknownValue("terraform."+name(0), place), rest(steps, 2)
	}
	if len(steps) == 1 {
		return badValue(root+" (no such name)", place), nil
	}
	return s.in.resource(root+"."+name(0), place), rest(steps, 2)
}

func rest(steps hcl.Traversal, n int) hcl.Traversal { return steps[min(n, len(steps)):] }

func attributeNames(steps hcl.Traversal) []string {
	var names []string
	for _, step := range steps {
		attribute, ok := step.(hcl.TraverseAttr)
		if !ok {
			break
		}
		names = append(names, attribute.Name)
	}
	return names
}

func (m *module) path(name string, place trust.Range) *value {
	switch name {
	case "module":
		relative := m.dir.path
		if root := m.r.rootDir; root != "." {
			relative = relativeTo(root, m.dir.path)
		}
		return textValue(relative, place)
	case "root":
		return textValue(".", place)
	}
	return unknownValue("path."+name, place)
}

// relativeTo gives a directory as seen from another.
func relativeTo(from, to string) string {
	up := ""
	for from != "." && to != from && !strings.HasPrefix(to, from+"/") {
		from, up = path.Dir(from), up+"../"
	}
	if to == from {
		return path.Clean(up + ".")
	}
	if from != "." {
		to = strings.TrimPrefix(to, from+"/")
	}
	return path.Clean(up + to)
}

func (m *module) local(name string, place trust.Range) *value {
	return m.memo("local."+name, place, func() *value {
		e := m.localExpression(name)
		if e == nil {
			return badValue("local."+name+" (not defined)", place)
		}
		return m.scope().eval(e)
	})
}

// localExpression finds a local value. Later definitions, which are those of
// override files, count.
func (m *module) localExpression(name string) hclsyntax.Expression {
	locals := m.r.locals[m.dir]
	if locals == nil {
		locals = map[string]hclsyntax.Expression{}
		for _, b := range m.dir.locals {
			if body, ok := m.r.parse(b); ok {
				for name, attribute := range body.Attributes {
					locals[name] = attribute.Expr
				}
			}
		}
		m.r.locals[m.dir] = locals
	}
	return locals[name]
}

// variable gives an input variable: the argument of the call, what was set
// from outside, else its default.
func (m *module) variable(name string, place trust.Range) *value {
	return m.memo("var."+name, place, func() *value {
		b := m.dir.named["variable."+name]
		if b == nil {
			return badValue(m.named("var."+name)+" (not declared)", place)
		}
		body, ok := m.r.parse(b)
		if !ok {
			return unknownValue(m.named("var."+name)+" (does not parse)", place)
		}
		v := m.input(name, body)
		if v == nil {
			return unknownValue(m.named("var."+name), place)
		}
		if declared := body.Attributes["type"]; declared != nil {
			v = m.scope().convert(v, declared.Expr, 0)
		}
		return v
	})
}

// input finds what a variable is set to; nil where nothing says.
func (m *module) input(name string, declaration *hclsyntax.Body) *value {
	var v *value
	if m.call != nil {
		if argument := m.call.Attributes[name]; argument != nil {
			v = m.callScope.eval(argument.Expr)
		}
	} else {
		v = m.given[name]
	}
	fallback := declaration.Attributes["default"]
	if v != nil && v.kind == null && fallback != nil {
		if nullable := declaration.Attributes["nullable"]; nullable != nil {
			if s, _ := m.scope().eval(nullable.Expr).scalar(); s == "false" {
				v = nil
			}
		}
	}
	if v != nil || fallback == nil {
		return v
	}
	v = m.scope().eval(fallback.Expr)
	if m.root() || m.model {
		v = assumedThroughout(v)
	}
	return v
}

// assumedThroughout marks a value and all its parts as a default.
func assumedThroughout(v *value) *value {
	marked := *v
	marked.assumed = true
	if v.items != nil {
		marked.items = make([]*value, len(v.items))
		for i := range v.items {
			marked.items[i] = assumedThroughout(v.items[i])
		}
	}
	if v.members != nil {
		marked.members = make([]member, len(v.members))
		for i := range v.members {
			marked.members[i] = member{v.members[i].key, assumedThroughout(v.members[i].value)}
		}
	}
	return &marked
}

// named prefixes a name with the module it belongs to.
func (m *module) named(name string) string {
	if m.address == "" {
		return name
	}
	return m.address + "." + name
}

// resource gives what `type.name` or `data.type.name` refers to.
func (m *module) resource(address string, place trust.Range) *value {
	return m.memo(address, place, func() *value {
		b := m.dir.named[address]
		if b == nil {
			return badValue(m.named(address)+" (not declared)", place)
		}
		body, ok := m.r.parse(b)
		if !ok {
			return unknownValue(m.named(address)+" (does not parse)", place)
		}
		return m.collection(body, m.named(address), place, func(i *instance) *value {
			made := &resourceInstance{instance: i, module: m, block: b, address: m.named(address) + i.index}
			return &value{on: made.address, lazy: made, open: true, size: 1, place: place}
		})
	})
}

// outputs are the attributes of an instance of a module.
type outputs struct{ of *module }

func (o outputs) attribute(name string, at trust.Range) *value {
	m := o.of
	return m.memo("output."+name, at, func() *value {
		b := m.dir.named["output."+name]
		if b == nil {
			if m.model {
				return unknownValue(m.address+"."+name+" (remote source)", at)
			}
			return badValue(m.address+"."+name+" (no such output)", at)
		}
		if body, ok := m.r.parse(b); ok && body.Attributes["value"] != nil {
			return m.scope().eval(body.Attributes["value"].Expr)
		}
		return unknownValue(m.address+"."+name, at)
	})
}

// child gives what `module.name` refers to.
func (m *module) child(name string, place trust.Range) *value {
	return m.memo("module."+name, place, func() *value {
		b := m.dir.named["module."+name]
		if b == nil {
			return badValue(m.named("module."+name)+" (not declared)", place)
		}
		body, ok := m.r.parse(b)
		if !ok {
			return unknownValue(m.named("module."+name)+" (does not parse)", place)
		}
		return m.collection(body, m.named("module."+name), place, func(i *instance) *value {
			called, why := m.open(b, body, i)
			if called == nil {
				return unknownValue(m.named("module."+name)+i.index+" ("+why+")", place)
			}
			return &value{on: called.address, lazy: outputs{called}, open: true, size: 1, place: place}
		})
	})
}

// references lists the module calls of a directory, in order.
func (d *directory) calls() []*block {
	var calls []*block
	for _, b := range d.blocks {
		if b.kind == "module" && len(b.labels) == 1 {
			calls = append(calls, b)
		}
	}
	return calls
}

// childProviders maps a child's names of providers to the root's.
func (m *module) childProviders(body *hclsyntax.Body) map[string]string {
	mapped := map[string]string{}
	attribute := body.Attributes["providers"]
	if attribute == nil { // those without an alias are inherited
		maps.Copy(mapped, m.providers)
		maps.DeleteFunc(mapped, func(name, _ string) bool { return strings.Contains(name, ".") })
		return mapped
	}
	pairs, ok := attribute.Expr.(*hclsyntax.ObjectConsExpr)
	if !ok {
		return mapped
	}
	for _, item := range pairs.Items {
		mapped[providerName(item.KeyExpr)] = m.provider(providerName(item.ValueExpr))
	}
	return mapped
}

// provider gives the root's name for a provider.
func (m *module) provider(name string) string {
	if mapped, ok := m.providers[name]; ok {
		return mapped
	}
	return name
}

// providerName reads `aws` or `aws.alias`.
func providerName(e hclsyntax.Expression) string {
	if key, ok := e.(*hclsyntax.ObjectConsKeyExpr); ok {
		e = key.Wrapped
	}
	if traversal, ok := e.(*hclsyntax.ScopeTraversalExpr); ok {
		return strings.Join(slices.Concat([]string{traversal.Traversal.RootName()}, attributeNames(traversal.Traversal[1:])), ".")
	}
	if template, ok := e.(*hclsyntax.TemplateExpr); ok && template.IsStringLiteral() {
		v, _ := template.Value(nil)
		return v.AsString()
	}
	return ""
}
