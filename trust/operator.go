package trust

import "strings"

// comparisons are the condition operators without prefix and suffix, as the
// IAM User Guide spells them ("IAM JSON policy elements: Condition operators").
// There is no negated Bool, Binary or Null.
var comparisons = []Operator{
	{Name: "StringEquals", Family: StringExact},
	{Name: "StringNotEquals", Family: StringExact, Negated: true},
	{Name: "StringEqualsIgnoreCase", Family: StringIgnoreCase},
	{Name: "StringNotEqualsIgnoreCase", Family: StringIgnoreCase, Negated: true},
	{Name: "StringLike", Family: StringPattern},
	{Name: "StringNotLike", Family: StringPattern, Negated: true},
	{Name: "ArnEquals", Family: ArnPattern},
	{Name: "ArnNotEquals", Family: ArnPattern, Negated: true},
	{Name: "ArnLike", Family: ArnPattern},
	{Name: "ArnNotLike", Family: ArnPattern, Negated: true},
	{Name: "NumericEquals", Family: NumericEqual},
	{Name: "NumericNotEquals", Family: NumericEqual, Negated: true},
	{Name: "NumericLessThan", Family: NumericLess},
	{Name: "NumericLessThanEquals", Family: NumericLessOrEqual},
	{Name: "NumericGreaterThan", Family: NumericGreater},
	{Name: "NumericGreaterThanEquals", Family: NumericGreaterOrEqual},
	{Name: "DateEquals", Family: DateEqual},
	{Name: "DateNotEquals", Family: DateEqual, Negated: true},
	{Name: "DateLessThan", Family: DateLess},
	{Name: "DateLessThanEquals", Family: DateLessOrEqual},
	{Name: "DateGreaterThan", Family: DateGreater},
	{Name: "DateGreaterThanEquals", Family: DateGreaterOrEqual},
	{Name: "Bool", Family: BoolEqual},
	{Name: "BinaryEquals", Family: BinaryEqual},
	{Name: "IpAddress", Family: IPAddress},
	{Name: "NotIpAddress", Family: IPAddress, Negated: true},
	{Name: "Null", Family: NullTest},
}

const (
	ifExistsSuffix     = "IfExists"
	forAllValuesPrefix = "ForAllValues:"
	forAnyValuePrefix  = "ForAnyValue:"
)

// operators holds every operator by its documented spelling, foldedOperators
// the same in lower case. operatorNames has the plain comparisons first.
var operators, foldedOperators, operatorNames = operatorTables()

func operatorTables() (spelt, folded map[string]Operator, names []string) {
	spelt, folded = make(map[string]Operator), make(map[string]Operator)
	add := func(prefix string, set SetOperator, op Operator, suffix string) {
		op.Name, op.Set, op.IfExists = prefix+op.Name+suffix, set, suffix != ""
		spelt[op.Name], folded[lowerASCII(op.Name)] = op, op
		names = append(names, op.Name)
	}
	for _, op := range comparisons {
		add("", NoSetOperator, op, "")
	}
	for _, op := range comparisons {
		if op.Family == NullTest {
			continue
		}
		add("", NoSetOperator, op, ifExistsSuffix)
		for _, suffix := range []string{"", ifExistsSuffix} {
			add(forAllValuesPrefix, ForAllValues, op, suffix)
			add(forAnyValuePrefix, ForAnyValue, op, suffix)
		}
	}
	return spelt, folded, names
}

// syntax tells what is special in an operand of the operator. Variables work
// under the 2012 version of the language only.
func (o Operator) syntax(version string) syntax {
	switch o.Family {
	case StringPattern, ArnPattern:
		return syntax{wildcards: true, variables: version == version2012}
	case StringExact, StringIgnoreCase:
		return syntax{variables: version == version2012}
	}
	return syntax{}
}

// operatorHint says what to write instead of an operator that does not exist.
func operatorHint(name string) string {
	folded := lowerASCII(name)
	_, bare, hasPrefix := strings.Cut(folded, ":")
	if !hasPrefix {
		bare = folded
	}
	bare = strings.TrimSuffix(bare, lowerASCII(ifExistsSuffix))
	switch {
	case bare == "null":
		return "Null takes neither a set operator nor IfExists; write Null"
	case strings.HasPrefix(bare, "boolnot") || strings.HasPrefix(bare, "notbool"):
		return `Bool has no negated form; write Bool with the opposite value`
	case strings.HasPrefix(bare, "binarynot") || strings.HasPrefix(bare, "notbinary"):
		return "BinaryEquals has no negated form"
	case strings.HasPrefix(folded, "aws:") || strings.HasPrefix(folded, "sts:"):
		return `a condition key stands inside an operator: {"StringEquals": {"sts:ExternalId": "…"}}`
	}
	if near := NearestOperator(name); near != "" {
		return "did you mean " + near + "?"
	}
	return "operators are " + list(operatorNames[:len(comparisons)]) +
		"; all but Null also with the suffix IfExists and behind ForAllValues: or ForAnyValue:"
}

// IsOperator reports whether a name is that of a condition operator, in whatever
// letter case.
func IsOperator(name string) bool {
	_, known := foldedOperators[lowerASCII(name)]
	return known
}
