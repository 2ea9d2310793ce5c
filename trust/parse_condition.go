package trust

import "strings"

// conditions reads {operator: {key: value or values}}.
func (p *parser) conditions(v *Value, s *Statement) error {
	m := memberNamed(v.Members, "Condition")
	if m == nil {
		return nil
	}
	if m.Value.Kind != Object {
		return wrongKind(&m.Value, "Condition",
			`an object of operators: {"StringEquals": {"sts:ExternalId": "…"}}`)
	}
	total := 0
	for i := range m.Value.Members {
		total += len(m.Value.Members[i].Value.Members)
	}
	if total > 0 {
		s.Conditions = make([]Condition, 0, total)
	}
	var names seenNames
	for i := range m.Value.Members {
		operator := &m.Value.Members[i]
		if name, ok := knownText(&operator.Key); ok && names.add(name) {
			return repeated(&operator.Key, name)
		}
		if err := p.operator(operator, s); err != nil {
			return err
		}
	}
	return nil
}

// operator reads the keys under one operator.
func (p *parser) operator(m *Member, s *Statement) error {
	operator, err := p.operatorName(&m.Key)
	if err != nil {
		return err
	}
	if m.Value.Kind != Object {
		return wrongKind(&m.Value, "what stands under "+operator.Name,
			"an object of keys: {"+`"`+operator.Name+`": {"sts:ExternalId": "…"}}`)
	}
	var spelt, folded seenNames
	for i := range m.Value.Members {
		entry := &m.Value.Members[i]
		key, ok := knownText(&entry.Key)
		if !ok {
			return wrongKind(&entry.Key, "a condition key", "a string")
		}
		if spelt.add(key) {
			return repeated(&entry.Key, key)
		}
		condition := Condition{
			Operator: operator, Key: lowerASCII(key), Spelling: key,
			KeyRange: entry.Key.Range, Range: span(entry.Key.Range, entry.Value.Range),
		}
		if folded.add(condition.Key) {
			p.warn(codeWouldReject, entry.Key.Range, "the key "+quote(key)+
				" stands under "+operator.Name+" twice, in different letter case; both have to hold")
		}
		if condition.Values, err = p.operands(&entry.Value, &condition); err != nil {
			return err
		}
		s.Conditions = append(s.Conditions, condition)
	}
	return nil
}

// operatorName takes an operator apart. IAM spells the names in one way only;
// whether it accepts another letter case is not documented.
func (p *parser) operatorName(key *Value) (Operator, error) {
	name, ok := knownText(key)
	if !ok {
		return Operator{}, wrongKind(key, "a condition operator", "a string")
	}
	operator, ok := operators[name]
	if !ok {
		operator, ok = foldedOperators[lowerASCII(name)]
		if !ok {
			return Operator{}, fault(key.Range, "unknown condition operator "+quote(name), operatorHint(name))
		}
		p.warn(codeWouldReject, key.Range, "the operator "+quote(name)+" is documented as "+operator.Name)
		operator.Name = name
	}
	operator.Range = key.Range
	return operator, nil
}

func (p *parser) operands(v *Value, c *Condition) ([]Operand, error) {
	n := count(v)
	if n == 0 {
		p.warn(codeWouldReject, v.Range, "the list of values for "+quote(c.Spelling)+" is empty")
		return nil, nil
	}
	operands := make([]Operand, n)
	for i := range operands {
		value := item(v, i)
		switch value.Kind {
		case String, Number, Bool:
			if len(value.Parts) == 0 {
				break
			}
			fallthrough
		default:
			return nil, wrongKind(value, "a value for "+quote(c.Spelling),
				"a string, a number, true or false, or a list of these")
		}
		operands[i].Text, operands[i].Range = value.Text, value.Range
		if err := p.operand(&operands[i], c); err != nil {
			return nil, err
		}
	}
	return operands, nil
}

// operand makes a value ready to be compared under its operator. Its messages
// never quote the value, which may be an external ID.
func (p *parser) operand(o *Operand, c *Condition) error {
	ok, what, example := true, "", ""
	switch c.Operator.Family {
	case StringExact, StringIgnoreCase, StringPattern:
		o.Pieces = c.Operator.syntax(p.version).pieces(o.Text)
	case ArnPattern:
		o.Pieces = c.Operator.syntax(p.version).pieces(o.Text)
		if !isARNPattern(o.Pieces) {
			p.warn(codeWouldReject, o.Range, "a value for "+quote(c.Spelling)+" under "+c.Operator.Name+
				" is not an ARN, so that it never matches")
		}
	case NumericEqual, NumericLess, NumericLessOrEqual, NumericGreater, NumericGreaterOrEqual:
		o.Number, ok = parseNumber(o.Text)
		what, example = "number", "a decimal number such as 3600, of at most 400 characters"
	case DateEqual, DateLess, DateLessOrEqual, DateGreater, DateGreaterOrEqual:
		o.Millis, ok = parseMillis(o.Text)
		what, example = "date", "a date such as 2030-01-31 or 2030-01-31T12:00:00Z, or the seconds since 1970"
	case BoolEqual, NullTest:
		o.Bool = isTrue(o.Text)
	case BinaryEqual:
		o.Pieces, ok = syntax{}.pieces(o.Text), isBase64(o.Text)
		what, example = "base64", "base64 in the standard alphabet with its padding, such as c2VjcmV0"
	case IPAddress:
		o.Prefix, ok = parseNetwork(o.Text)
		what, example = "address", "an IP address or a CIDR block such as 203.0.113.0/24"
	}
	if !ok {
		return fault(o.Range, "malformed "+what+" for "+quote(c.Spelling)+" under "+c.Operator.Name, "it takes "+example)
	}
	return nil
}

// isARNPattern reports whether a pattern may match an ARN: six segments, the
// first of which is or may be "arn", or "*" alone, or a variable that may bring
// the colons along.
func isARNPattern(pieces []Piece) bool {
	if len(pieces) == 1 && pieces[0].Kind == AnyRunPiece {
		return true
	}
	colons := 0
	for _, piece := range pieces {
		if piece.Kind == VariablePiece {
			return true
		}
		colons += strings.Count(piece.Text, ":")
	}
	if colons < 5 {
		return false
	}
	first := pieces[0]
	return first.Kind != LiteralPiece || strings.HasPrefix(first.Text, "arn:") ||
		!strings.Contains(first.Text, ":") && strings.HasPrefix("arn", first.Text)
}

// span is the range from the start of one place to the end of another.
func span(from, to Range) Range {
	if from.File == nil || from.File != to.File || to.End < from.Start {
		return from
	}
	return Range{File: from.File, Start: from.Start, End: to.End}
}
