package trust

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"
)

// presentKeys is a request context, without keys that have no value.
type presentKeys []presentKey

type presentKey struct {
	name   string // as it is spelt
	values []string
}

func newPresentKeys(context Context) presentKeys {
	keys := make(presentKeys, 0, len(context))
	for name, values := range context {
		if len(values) > 0 {
			keys = append(keys, presentKey{name, values})
		}
	}
	return keys
}

// get returns the values of a key, spelt in any letter case, and whether it is
// present. A request has few keys, so that looking through them is faster than
// an index.
func (k presentKeys) get(key string) ([]string, bool) {
	for i := range k {
		if sameKey(k[i].name, key) {
			return k[i].values, true
		}
	}
	return nil, false
}

// single returns the value of a key that can have only one. The key is in
// lower case.
func (k presentKeys) single(key string) (string, bool) {
	values, _ := k.get(key)
	if len(values) != 1 || multivalued[key] {
		return "", false
	}
	return values[0], true
}

// sameKey compares key names without regard to ASCII letter case.
func sameKey(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] && (a[i]|0x20 != b[i]|0x20 || !isASCIILetter(a[i])) {
			return false
		}
	}
	return true
}

func isASCIILetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// multivalued are the condition keys that hold a set (Service Authorization
// Reference: the keys of type ArrayOf…, as far as a call that assumes a role
// can carry them).
var multivalued = map[string]bool{
	"aws:calledvia":                      true,
	"aws:principalorgpaths":              true,
	"aws:principalservicenameslist":      true,
	"aws:resourceorgpaths":               true,
	"aws:sourceorgpaths":                 true,
	"aws:tagkeys":                        true,
	"aws:vpceorgpaths":                   true,
	"cognito-identity.amazonaws.com:amr": true,
	"sts:transitivetagkeys":              true,
}

// satisfied reports whether all conditions of the statement hold.
func (e *evaluation) satisfied(statement *Statement) bool {
	for i := range statement.Conditions {
		if !e.holds(&statement.Conditions[i], statement.Effect) {
			return false
		}
	}
	return true
}

// holds reports whether a condition holds (IAM User Guide, "Condition
// operators" and "Set operators for multivalued context keys").
func (e *evaluation) holds(c *Condition, effect Effect) bool {
	op := c.Operator
	values, present := e.keys.get(c.Key)
	if op.Family == NullTest {
		return slices.ContainsFunc(c.Values, func(operand Operand) bool { return operand.Bool == !present })
	}
	if !present {
		return holdsWithoutKey(op)
	}
	accepts := func(value string) bool { return e.accepts(c, effect, value) }
	switch op.Set {
	case ForAllValues:
		return !slices.ContainsFunc(values, func(value string) bool { return !accepts(value) })
	case ForAnyValue:
		return slices.ContainsFunc(values, accepts)
	}
	// An operator without a set prefix never matches a key that holds a set,
	// not even a negated one and not even a set of one.
	value, ok := e.keys.single(c.Key)
	return ok && accepts(value)
}

// holdsWithoutKey is the answer of an operator when its key is not in the
// request. The set prefix goes before IfExists and before negation.
func holdsWithoutKey(op Operator) bool {
	switch op.Set {
	case ForAllValues:
		return true
	case ForAnyValue:
		return false
	}
	return op.IfExists || op.Negated
}

// accepts reports whether one request value passes a condition: it equals one
// of the operands, or, for a negated operator, none.
func (e *evaluation) accepts(c *Condition, effect Effect, value string) bool {
	op := c.Operator
	if !readable(op.Family, value) {
		return false
	}
	hit := slices.ContainsFunc(c.Values, func(operand Operand) bool {
		switch e.compare(op.Family, operand, value) {
		case isEqual:
			return true
		case isMeaningless:
			// Such an operand can make no Allow match and keeps no Deny from
			// matching, with either sign.
			return (effect == Deny) != op.Negated
		}
		return false
	})
	return hit != op.Negated
}

// readable reports whether the family can be asked about the value at all.
// Where it cannot, even the negated operator does not match. Numbers and dates
// are not of that kind: what is no number differs from every number.
func readable(family Family, value string) bool {
	switch family {
	case ArnPattern:
		_, ok := parseARN(value)
		return ok
	case IPAddress:
		_, ok := parseAddress(value)
		return ok
	}
	return true
}

// comparison is how a request value relates to an operand.
type comparison uint8

const (
	isDifferent comparison = iota
	isEqual
	isMeaningless // the operand turned out to be no ARN once its variables were filled in
)

func comparisonOf(equal bool) comparison {
	if equal {
		return isEqual
	}
	return isDifferent
}

// compare holds a request value against one operand. An operand with a
// variable that has no value differs from everything.
func (e *evaluation) compare(family Family, operand Operand, value string) comparison {
	switch family {
	case StringExact:
		text, ok := e.text(operand.Pieces)
		return comparisonOf(ok && text == value)
	case StringIgnoreCase:
		text, ok := e.text(operand.Pieces)
		return comparisonOf(ok && strings.ToLower(text) == strings.ToLower(value))
	case StringPattern:
		return comparisonOf(e.like(operand.Pieces, value))
	case ArnPattern:
		glob, ok := e.glob(operand.Pieces)
		if !ok {
			return isDifferent
		}
		return glob.compareArn(value)
	case NumericEqual, NumericLess, NumericLessOrEqual, NumericGreater, NumericGreaterOrEqual:
		number, ok := parseNumber(value)
		return comparisonOf(ok && ordered(family, number.Cmp(operand.Number)))
	case DateEqual, DateLess, DateLessOrEqual, DateGreater, DateGreaterOrEqual:
		millis, ok := parseMillis(value)
		return comparisonOf(ok && ordered(family, cmp.Compare(millis, operand.Millis)))
	case BoolEqual:
		return comparisonOf(operand.Bool == (strings.ToLower(value) == "true"))
	case BinaryEqual:
		text, ok := e.text(operand.Pieces)
		return comparisonOf(ok && text == value && isBase64(value))
	case IPAddress:
		address, ok := parseAddress(value)
		return comparisonOf(ok && operand.Prefix.Contains(address))
	case NullTest:
		return isDifferent // asks for presence only; holds answers it
	}
	panic("trust: operator of an unknown family")
}

// ordered tells whether a request value that compares like order (-1, 0, 1)
// with the operand is what the family asks for.
func ordered(family Family, order int) bool {
	switch family {
	case NumericEqual, DateEqual:
		return order == 0
	case NumericLess, DateLess:
		return order < 0
	case NumericLessOrEqual, DateLessOrEqual:
		return order <= 0
	case NumericGreater, DateGreater:
		return order > 0
	case NumericGreaterOrEqual, DateGreaterOrEqual:
		return order >= 0
	}
	panic("trust: family without an order")
}

// isBase64 is strict: the decoder of the standard library passes over line
// breaks, which are no part of the alphabet.
func isBase64(text string) bool {
	_, err := base64.StdEncoding.DecodeString(text)
	return err == nil && !strings.ContainsAny(text, "\r\n")
}

// text fills in the variables of an operand without wildcards. It reports
// false when a variable has no value.
func (e *evaluation) text(pieces []Piece) (string, bool) {
	if len(pieces) == 1 && pieces[0].Kind == LiteralPiece {
		return pieces[0].Text, true
	}
	var b strings.Builder
	for _, piece := range pieces {
		text, ok := piece.Text, true
		if piece.Kind == VariablePiece {
			text, ok = e.variable(piece)
		}
		if !ok {
			return "", false
		}
		b.WriteString(text)
	}
	return b.String(), true
}

// variable returns the value of a policy variable. A key that holds a set has
// none, whether it is present or not, and no default helps.
func (e *evaluation) variable(piece Piece) (string, bool) {
	if multivalued[piece.Key] {
		return "", false
	}
	if values, present := e.keys.get(piece.Key); present {
		return values[0], len(values) == 1
	}
	return piece.Default, piece.HasDefault
}
