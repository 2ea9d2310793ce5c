package terraform

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"countersign/trust"
)

var operatorSigns = map[*hclsyntax.Operation]string{
	hclsyntax.OpLogicalOr: "||", hclsyntax.OpLogicalAnd: "&&",
	hclsyntax.OpEqual: "==", hclsyntax.OpNotEqual: "!=",
	hclsyntax.OpGreaterThan: ">", hclsyntax.OpGreaterThanOrEqual: ">=",
	hclsyntax.OpLessThan: "<", hclsyntax.OpLessThanOrEqual: "<=",
	hclsyntax.OpAdd: "+", hclsyntax.OpSubtract: "-", hclsyntax.OpMultiply: "*",
	hclsyntax.OpDivide: "/", hclsyntax.OpModulo: "%",
}

func (s *scope) binary(e *hclsyntax.BinaryOpExpr) *value {
	place := s.place(e.SrcRange)
	left, right := s.eval(e.LHS), s.eval(e.RHS)
	return each([]*value{left, right}, place, func(args []*value) *value {
		v := operate(e.Op, args[0], args[1], place)
		return v.with(args[0].assumed || args[1].assumed)
	})
}

func operate(op *hclsyntax.Operation, left, right *value, place trust.Range) *value {
	switch op {
	case hclsyntax.OpLogicalAnd:
		return logical(asBool(left), asBool(right), "false", "&&", place)
	case hclsyntax.OpLogicalOr:
		return logical(asBool(left), asBool(right), "true", "||", place)
	case hclsyntax.OpEqual, hclsyntax.OpNotEqual:
		v := equality(left, right, place)
		if op == hclsyntax.OpNotEqual {
			return not(v)
		}
		return v
	}
	if left.bad || right.bad {
		return worse(left, right)
	}
	sign := operatorSigns[op]
	a, okLeft := asNumber(left)
	b, okRight := asNumber(right)
	if !okLeft || !okRight {
		if left.open || right.open {
			return composed(left.describe()+" "+sign+" "+right.describe(), place)
		}
		return badValue("an operand of "+sign+" that is no number", place)
	}
	return callCty(op.Impl, []cty.Value{a, b}, place)
}

// composed is unknown because of what on describes.
func composed(on string, place trust.Range) *value {
	return unknownValue(boundName(on), place)
}

func worse(left, right *value) *value {
	if left.bad {
		return left
	}
	return right
}

// logical is && or ||, of which absorbing is the value that decides alone.
func logical(left, right *value, absorbing, sign string, place trust.Range) *value {
	for _, v := range []*value{left, right} {
		if v.kind == boolean && v.text == absorbing {
			return v
		}
	}
	switch {
	case left.kind == boolean:
		return right
	case right.kind == boolean:
		return left
	case left.bad || right.bad:
		return worse(left, right)
	}
	return composed(left.describe()+" "+sign+" "+right.describe(), place)
}

// equality is ==.
func equality(left, right *value, place trust.Range) *value {
	if left.bad || right.bad {
		return worse(left, right)
	}
	equal, known := same(left, right, 0)
	if known {
		return boolValue(equal, place)
	}
	if right.kind == boolean && left.kind == unknown {
		if right.text == "false" {
			return not(left)
		}
		return left
	}
	return composed(left.describe()+" == "+right.describe(), place)
}

// same compares two values; known is false where it depends on something.
func same(left, right *value, depth int) (equal, known bool) {
	if depth > maxNesting {
		return false, false
	}
	if left.kind == null && right.solid || left.solid && right.kind == null {
		return false, true
	}
	if distinctTexts(left, right) {
		return false, true
	}
	if left.kind == choice || right.kind == choice || left.kind == unknown || right.kind == unknown {
		return false, false
	}
	if left.kind == null || right.kind == null {
		return left.kind == right.kind, true
	}
	if a, ok := left.scalar(); ok {
		if b, ok := right.scalar(); ok {
			return left.kind == right.kind && a == b, true
		}
	}
	if left.kind != right.kind {
		return false, true
	}
	if left.kind == text {
		return false, false
	}
	known = true
	switch left.kind {
	case list:
		if !left.sure() || !right.sure() {
			return false, false
		}
		if len(left.items) != len(right.items) {
			return false, true
		}
		for i := range left.items {
			equal, sure := same(left.items[i], right.items[i], depth+1)
			if sure && !equal {
				return false, true
			}
			known = known && sure
		}
		return known, known
	case object:
		if !left.sure() || !right.sure() {
			return false, false
		}
		if len(left.members) != len(right.members) {
			return false, true
		}
		for i := range left.members {
			key, _ := left.members[i].key.isText()
			other, _ := right.get(key)
			if other == nil {
				return false, true
			}
			equal, sure := same(left.members[i].value, other, depth+1)
			if sure && !equal {
				return false, true
			}
			known = known && sure
		}
		return known, known
	}
	return false, false
}

// distinctTexts reports whether two texts differ whatever their unknown parts
// are: a text with literal parts is not empty, a document even less so.
func distinctTexts(left, right *value) bool {
	for _, pair := range [2][2]*value{{left, right}, {right, left}} {
		if s, ok := pair[0].isText(); ok && s == "" && (pair[1].solid || pair[1].kind == text && surelyNotEmpty(pair[1])) {
			return true
		}
	}
	return false
}

func surelyNotEmpty(v *value) bool {
	if v.solid {
		return true
	}
	for _, p := range v.spelled() {
		if p.text != "" || p.document != nil {
			return true
		}
	}
	return false
}

func not(v *value) *value {
	switch {
	case v.kind == boolean:
		return boolValue(v.text != "true", v.place).with(v.assumed)
	case v.kind == unknown && !v.bad:
		opposite := *v
		opposite.negated, opposite.lazy = !v.negated, nil
		return &opposite
	}
	return v
}

func (s *scope) unary(e *hclsyntax.UnaryOpExpr) *value {
	place := s.place(e.SrcRange)
	return each([]*value{s.eval(e.Val)}, place, func(args []*value) *value {
		if e.Op == hclsyntax.OpLogicalNot {
			return not(asBool(args[0]))
		}
		if n, ok := asNumber(args[0]); ok {
			return callCty(e.Op.Impl, []cty.Value{n}, place).with(args[0].assumed)
		}
		return composed("-"+args[0].describe(), place)
	})
}

// asBool converts to a boolean where the language does.
func asBool(v *value) *value {
	if s, ok := v.isText(); ok {
		switch s {
		case "true", "1":
			return boolValue(true, v.place).with(v.assumed)
		case "false", "0":
			return boolValue(false, v.place).with(v.assumed)
		}
		return badValue("a text that is neither true nor false", v.place)
	}
	switch v.kind {
	case boolean, unknown:
		return v
	case text:
		return composed(v.describe(), v.place)
	}
	return badValue("a value that is neither true nor false", v.place)
}

func asNumber(v *value) (cty.Value, bool) {
	s, ok := v.scalar()
	if !ok || v.kind == boolean {
		return cty.NilVal, false
	}
	n, err := cty.ParseNumberVal(s)
	return n, err == nil && len(s) < 100
}
