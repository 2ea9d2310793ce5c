package trust

import (
	"math/big"
	"net/netip"
	"strings"
)

// A constraint is what one condition, wanted true or wanted false, demands of
// the value of a key that is present.
type constraint struct {
	scope scope

	// Either the value matches one of the patterns (none of them, if negate),
	// lower-cased first if fold …
	patterns     []pattern
	fold, negate bool
	ascii        bool // with fold: the letters A to Z alone
	// … or, when typed is set, its numbers, dates or addresses compare as
	// wanted.
	typed *Condition
	want  bool
	// … or, when form is set, the value is one of that shape.
	form *shape

	// before and after are literal text round the value: the constraint then
	// speaks of another key that equals before + value + after.
	before, after string
}

// holds tells whether the parts of a word satisfy the constraint.
func (c *constraint) holds(parts []string, effort *effort) bool {
	text := c.scope.of(parts)
	if c.before != "" || c.after != "" {
		text = c.before + text + c.after
	}
	return c.holdsText(text, effort)
}

func (c *constraint) holdsText(text string, effort *effort) bool {
	effort.spend(1 + len(c.patterns)/2)
	switch {
	case c.form != nil:
		parts, ok := c.form.split(c.form, text)
		return ok && c.form.legal(parts)
	case c.typed != nil:
		return typedResult(c.typed, text) == c.want
	}
	if c.fold && c.ascii {
		text = lowerASCII(text)
	} else if c.fold {
		text = lower(text)
	}
	for i := range c.patterns {
		if c.patterns[i].match(text, effort) {
			return !c.negate
		}
	}
	return c.negate
}

// isLiteral reports whether only listed texts can satisfy the constraint.
func (c *constraint) isLiteral() bool {
	if c.negate || c.fold || c.typed != nil || c.form != nil || c.before != "" || c.after != "" {
		return false
	}
	for i := range c.patterns {
		if !c.patterns[i].literal {
			return false
		}
	}
	return true
}

// typedResult compares a value as the condition's family reads it: the
// operator's result on a value that is present. A text that is no number, date
// or address never matches: a negated comparison of numbers or dates is then
// true, of addresses false.
func typedResult(c *Condition, text string) bool {
	op := c.Operator
	switch op.Family {
	case NumericEqual, NumericLess, NumericLessOrEqual, NumericGreater, NumericGreaterOrEqual:
		number, ok := parseNumber(text)
		return (ok && anyOperand(c, func(o *Operand) bool { return compareNumber(op.Family, number, o.Number) })) != op.Negated
	case DateEqual, DateLess, DateLessOrEqual, DateGreater, DateGreaterOrEqual:
		millis, ok := parseMillis(text)
		return (ok && anyOperand(c, func(o *Operand) bool { return compareMillis(op.Family, millis, o.Millis) })) != op.Negated
	case IPAddress:
		address, ok := parseAddress(text)
		return ok && anyOperand(c, func(o *Operand) bool { return inNetwork(o.Prefix, address) }) != op.Negated
	}
	return false
}

func anyOperand(c *Condition, matches func(*Operand) bool) bool {
	for i := range c.Values {
		if matches(&c.Values[i]) {
			return true
		}
	}
	return false
}

func compareNumber(family Family, value, operand *big.Rat) bool {
	order := value.Cmp(operand)
	switch family {
	case NumericEqual:
		return order == 0
	case NumericLess:
		return order < 0
	case NumericLessOrEqual:
		return order <= 0
	case NumericGreater:
		return order > 0
	}
	return order >= 0
}

func compareMillis(family Family, value, operand int64) bool {
	switch family {
	case DateEqual:
		return value == operand
	case DateLess:
		return value < operand
	case DateLessOrEqual:
		return value <= operand
	case DateGreater:
		return value > operand
	}
	return value >= operand
}

func inNetwork(network netip.Prefix, address netip.Addr) bool {
	return network.IsValid() && network.Contains(address)
}

// isTyped reports whether the family compares something other than text.
func isTyped(family Family) bool {
	return family >= NumericEqual && family <= DateGreaterOrEqual || family == IPAddress
}

// absentResult is the operator's result when the key is missing (semantics:
// "Key missing").
func absentResult(c *Condition) bool {
	op := c.Operator
	switch {
	case op.Set == ForAllValues:
		return true
	case op.Set == ForAnyValue:
		return false
	case op.Family == NullTest:
		return anyOperand(c, func(o *Operand) bool { return o.Bool })
	}
	return op.IfExists || op.Negated
}

// boolConstraint is the demand of a Bool condition on a text: "true" in any
// letter case, or everything else.
func boolConstraint(c *Condition, want bool) (constraint, verdict3) {
	yes := anyOperand(c, func(o *Operand) bool { return o.Bool })
	no := anyOperand(c, func(o *Operand) bool { return !o.Bool })
	if yes == no {
		return constraint{}, always(yes == want)
	}
	return constraint{patterns: []pattern{literalPattern("true")}, fold: true, negate: yes != want}, sometimes
}

// verdict3 says whether a demand on a present value can be met by every value,
// by none, or by those that satisfy a constraint.
type verdict3 uint8

const (
	never verdict3 = iota
	sometimes
	everytime
)

func always(holds bool) verdict3 {
	if holds {
		return everytime
	}
	return never
}

// literalText joins the pieces of an operand that has no wildcards and no
// variables.
func literalText(pieces []Piece) string {
	if len(pieces) == 1 {
		return pieces[0].Text
	}
	var b strings.Builder
	for i := range pieces {
		b.WriteString(pieces[i].Text)
	}
	return b.String()
}
