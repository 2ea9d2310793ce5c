package terraform

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"countersign/trust"
)

// Expressions are evaluated by structure: an unknown leaf leaves everything
// round it as it is. (The library's own evaluation makes one unknown string of
// a jsonencode with an unknown leaf, and forgets where values stand.)

// scope is what names mean where an expression stands.
type scope struct {
	in       *module
	name     string // a name bound here
	symbol   *hclsyntax.AnonSymbolExpr
	value    *value
	next     *scope
	quoted   bool // the template being read has backslash escapes
	isolated bool // only names bound in scopes can be seen: a template file
}

// bind adds a name.
func (s *scope) bind(name string, v *value) *scope {
	inner := *s
	inner.name, inner.symbol, inner.value, inner.next = name, nil, v, s
	return &inner
}

func (s *scope) bindSymbol(symbol *hclsyntax.AnonSymbolExpr, v *value) *scope {
	inner := *s
	inner.name, inner.symbol, inner.value, inner.next = "", symbol, v, s
	return &inner
}

func (s *scope) find(name string) *value {
	for at := s; at != nil; at = at.next {
		if at.value != nil && at.symbol == nil && at.name == name {
			return at.value
		}
	}
	return nil
}

func (s *scope) findSymbol(symbol *hclsyntax.AnonSymbolExpr) *value {
	for at := s; at != nil; at = at.next {
		if at.symbol == symbol {
			return at.value
		}
	}
	return nil
}

// Bounds on the work for one root module.
const (
	maxSteps = 40_000_000
	maxDepth = 400
)

// place maps the range of an expression to the file it stands in; what stands
// in our own description of a module is placed at the call of that module.
func (s *scope) place(rng hcl.Range) trust.Range {
	src := s.in.r.source(rng.Filename)
	switch {
	case src == nil:
		return trust.Range{}
	case src.model:
		return s.in.callPlace
	}
	return src.place(rng)
}

// eval gives an expression its value.
func (s *scope) eval(e hclsyntax.Expression) *value {
	r := s.in.r
	if r.steps++; r.steps > maxSteps {
		r.exhausted()
		return unknownValue("too much to evaluate", s.place(e.Range()))
	}
	if r.depth++; r.depth > maxDepth {
		r.depth--
		return unknownValue("an expression that is nested too deep", s.place(e.Range()))
	}
	v := s.evalOne(e)
	r.depth--
	return v
}

func (s *scope) evalOne(e hclsyntax.Expression) *value {
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		return s.literal(e)
	case *hclsyntax.TemplateExpr:
		return s.template(e)
	case *hclsyntax.TemplateWrapExpr:
		return s.eval(e.Wrapped)
	case *hclsyntax.TemplateJoinExpr:
		return s.templateJoin(e)
	case *hclsyntax.ScopeTraversalExpr:
		return s.reference(e)
	case *hclsyntax.RelativeTraversalExpr:
		return s.traverse(s.eval(e.Source), e.Traversal, s.place(e.SrcRange))
	case *hclsyntax.FunctionCallExpr:
		return s.call(e)
	case *hclsyntax.ConditionalExpr:
		return s.conditional(e)
	case *hclsyntax.IndexExpr:
		place := s.place(e.SrcRange)
		return each([]*value{s.eval(e.Collection), s.eval(e.Key)}, place, func(args []*value) *value {
			return index(args[0], args[1], place)
		})
	case *hclsyntax.TupleConsExpr:
		items := make([]*value, len(e.Exprs))
		for i := range e.Exprs {
			items[i] = s.eval(e.Exprs[i])
		}
		return listValue(items, s.place(e.SrcRange))
	case *hclsyntax.ObjectConsExpr:
		return s.object(e)
	case *hclsyntax.ObjectConsKeyExpr:
		return s.objectKey(e)
	case *hclsyntax.ForExpr:
		return s.forExpression(e)
	case *hclsyntax.SplatExpr:
		return s.splat(e)
	case *hclsyntax.AnonSymbolExpr:
		if v := s.findSymbol(e); v != nil {
			return v
		}
	case *hclsyntax.ParenthesesExpr:
		return s.eval(e.Expression)
	case *hclsyntax.BinaryOpExpr:
		return s.binary(e)
	case *hclsyntax.UnaryOpExpr:
		return s.unary(e)
	}
	return badValue("an expression that cannot be read", s.place(e.Range()))
}

func (s *scope) literal(e *hclsyntax.LiteralValueExpr) *value {
	place := s.place(e.SrcRange)
	v, err := convert.Convert(e.Val, cty.String)
	switch {
	case err != nil || !v.IsKnown():
		return badValue("an expression that cannot be read", place)
	case v.IsNull():
		return nullValue(place)
	case e.Val.Type() == cty.Bool:
		return boolValue(e.Val.True(), place)
	case e.Val.Type() == cty.Number:
		return numberValue(v.AsString(), place)
	}
	how := verbatim
	if s.quoted {
		how = quoted
	}
	return &value{kind: text, place: place, size: 1, pieces: []piece{{text: v.AsString(), raw: place, spelling: how}}}
}

func (s *scope) object(e *hclsyntax.ObjectConsExpr) *value {
	members := make([]member, 0, len(e.Items))
	at := map[string]int{}
	for i := range e.Items {
		key, v := s.eval(e.Items[i].KeyExpr), s.eval(e.Items[i].ValueExpr)
		if key.kind == choice {
			key = composed(key.describe(), key.place)
		}
		name, known := key.scalar()
		if !known {
			members = append(members, member{key, v})
			continue
		}
		if key.kind != text {
			key = textValue(name, key.place)
		}
		if before, ok := at[name]; ok { // the later one counts
			members[before] = member{key, v}
			continue
		}
		at[name] = len(members)
		members = append(members, member{key, v})
	}
	return objectValue(members, s.place(e.SrcRange))
}

func (s *scope) objectKey(e *hclsyntax.ObjectConsKeyExpr) *value {
	if !e.ForceNonLiteral {
		if word := hcl.ExprAsKeyword(e.Wrapped); word != "" {
			return textValue(word, s.place(e.Wrapped.Range()))
		}
	}
	return s.eval(e.Wrapped)
}

func (s *scope) conditional(e *hclsyntax.ConditionalExpr) *value {
	place := s.place(e.SrcRange)
	return s.either(s.eval(e.Condition), func() *value { return s.eval(e.TrueResult) }, func() *value { return s.eval(e.FalseResult) }, place)
}

// either is then or otherwise, or both where the condition is unknown.
func (s *scope) either(condition *value, then, otherwise func() *value, place trust.Range) *value {
	return each([]*value{condition}, place, func(args []*value) *value {
		condition := asBool(args[0])
		switch {
		case condition.kind == boolean && condition.text == "true":
			return then().with(condition.assumed)
		case condition.kind == boolean:
			return otherwise().with(condition.assumed)
		case condition.bad:
			return condition
		}
		on, options := conditionName(condition), []*value{then(), otherwise()}
		if condition.negated {
			options[0], options[1] = options[1], options[0]
		}
		return choiceValue(on, options, place)
	})
}

// conditionName names the condition that an unknown boolean is. It differs
// from the names of values, because the two take different sorts of values.
func conditionName(v *value) string {
	on := v.on
	if on == "" {
		on = v.describe()
	}
	for i := range len(on) {
		if on[i] == ' ' {
			return on
		}
	}
	return on + " == true"
}

func (s *scope) splat(e *hclsyntax.SplatExpr) *value {
	place := s.place(e.SrcRange)
	return each([]*value{s.eval(e.Source)}, place, func(args []*value) *value {
		source := args[0]
		evalEach := func(item *value) *value { return s.bindSymbol(e.Item, item).eval(e.Each) }
		switch {
		case source.kind == null:
			return listValue(nil, place)
		case source.kind == list:
			items := make([]*value, len(source.items))
			for i, item := range source.items {
				items[i] = eachPresent(item, evalEach)
			}
			return listValue(items, place)
		case source.kind == unknown && source.bad:
			return source
		case source.kind == unknown:
			if several, ok := source.lazy.(*someInstances); ok {
				return listValue([]*value{some(several.address, evalEach(several.one()), place)}, place)
			}
			if source.lazy != nil {
				return listValue([]*value{evalEach(source)}, place)
			}
			item := unknownValue(extended(source.name(), "[*]"), source.place)
			return listValue([]*value{some(source.name(), evalEach(item), place)}, place)
		}
		return listValue([]*value{evalEach(source)}, place)
	})
}

// eachPresent applies f to an item of a list that may not be there.
func eachPresent(item *value, f func(*value) *value) *value {
	if item.kind != choice || !item.mayBeAbsent() {
		return f(item)
	}
	options := make([]*value, len(item.items))
	for i, option := range item.items {
		if option.kind == absent {
			options[i] = option
		} else {
			options[i] = eachPresent(option, f)
		}
	}
	return choiceValue(item.on, options, item.place)
}
