package cloudformation

import (
	"encoding/json"
	"strings"

	"countersign/trust"
)

// maxText bounds the texts that are put together, in bytes.
const maxText = 64 << 10

// piece is a part of a text that is being put together: the bytes [from, to) of
// a string of the template, or, when isValue is set, what an expression gives.
type piece struct {
	text     trust.Value
	from, to int
	isValue  bool
	value    trust.Value
	at       trust.Range // of the expression
}

// substitution takes the argument of Fn::Sub apart: a text, or a text and a map
// of names.
func (t *evaluator) substitution(argument trust.Value, at trust.Range) []piece {
	text, names := argument, trust.Value{}
	if argument.Kind == trust.Array && len(argument.Items) == 2 {
		text, names = argument.Items[0], argument.Items[1]
	}
	if text.Kind == trust.String && len(text.Parts) > 0 {
		return t.substituteParts(text, names)
	}
	if text.Kind != trust.String {
		return []piece{{isValue: true, value: unknown("a malformed Fn::Sub", at), at: at}}
	}
	var pieces []piece
	literal := func(from, to int) {
		if from < to {
			pieces = append(pieces, piece{text: text, from: from, to: to})
		}
	}
	for from := 0; from < len(text.Text); {
		start := strings.Index(text.Text[from:], "${")
		length := -1
		if start >= 0 {
			start += from
			length = strings.IndexByte(text.Text[start:], '}')
		}
		if length < 0 {
			literal(from, len(text.Text))
			break
		}
		literal(from, start)
		end := start + length + 1
		name := strings.TrimSpace(text.Text[start+2 : end-1])
		if strings.HasPrefix(name, "!") { // ${!Name} stands for ${Name}
			literal(start, start+2)
			literal(start+3, end)
		} else {
			value := t.substitute(name, names, text.Range)
			pieces = append(pieces, piece{text: text, from: start, to: end, isValue: true, value: value, at: text.Range})
		}
		from = end
	}
	return t.resolveDynamic(pieces)
}

// substituteParts does so for a text of which parts are unknown before
// CloudFormation sees it.
func (t *evaluator) substituteParts(text, names trust.Value) []piece {
	var pieces []piece
	for _, part := range text.Parts {
		if part.On != "" {
			pieces = append(pieces, piece{isValue: true, value: unknown(part.On, text.Range), at: text.Range})
			continue
		}
		literal := trust.Value{Kind: trust.String, Text: part.Text, Range: text.Range}
		argument := trust.Value{Kind: trust.Array, Items: []trust.Value{literal, names}, Range: text.Range}
		pieces = append(pieces, t.substitution(argument, text.Range)...)
	}
	return pieces
}

func (t *evaluator) substitute(name string, names trust.Value, at trust.Range) trust.Value {
	if v, found := names.Get(name); found {
		return t.evaluate(v)
	}
	if _, isLoop := t.loops[name]; !isLoop && strings.Contains(name, ".") {
		return t.attribute(trust.Value{Kind: trust.String, Text: name, Range: at}, at)
	}
	return t.ref(name, at)
}

// join evaluates Fn::Join.
func (t *evaluator) join(argument trust.Value, at trust.Range) trust.Value {
	pieces, ok := t.joined(argument, at)
	if !ok {
		return unknown("a malformed Fn::Join", at)
	}
	return t.concat(pieces, at)
}

// joined gives the pieces of an Fn::Join. A list that is a choice stays one
// piece, of which every option has been joined.
func (t *evaluator) joined(argument trust.Value, at trust.Range) ([]piece, bool) {
	if argument.Kind != trust.Array || len(argument.Items) != 2 {
		return nil, false
	}
	by := t.evaluate(argument.Items[0])
	list := t.evaluate(argument.Items[1])
	if !isScalar(by) || list.Kind == trust.Array && hasChoiceOfNothing(list) || list.Kind == trust.Choice {
		value := distribute(append([]trust.Value{by, list}, list.Items...), at, func(v []trust.Value) trust.Value {
			return t.concat(t.between(v[0], v[1], at), at)
		})
		return []piece{{isValue: true, value: value, at: at}}, true
	}
	return t.between(by, list, at), true
}

func hasChoiceOfNothing(list trust.Value) bool {
	for _, item := range list.Items {
		if item.Kind == trust.Choice {
			return true
		}
	}
	return false
}

// between puts a text between the items of a list.
func (t *evaluator) between(by, list trust.Value, at trust.Range) []piece {
	if list.Kind != trust.Array || by.Kind != trust.String {
		on := orName(dependsOn(list), orName(dependsOn(by), "a malformed Fn::Join"))
		return []piece{{isValue: true, value: unknown(on, at), at: at}}
	}
	var pieces []piece
	for _, item := range list.Items {
		if item.Kind == trust.Absent {
			continue
		}
		if len(pieces) > 0 && display(by) != "" {
			pieces = append(pieces, piece{isValue: true, value: by, at: by.Range})
		}
		if item.Kind == trust.String && len(item.Parts) == 0 {
			pieces = append(pieces, piece{text: item, from: 0, to: len(item.Text)})
		} else {
			pieces = append(pieces, piece{isValue: true, value: item, at: item.Range})
		}
	}
	return pieces
}

// concat makes one text of pieces.
func (t *evaluator) concat(pieces []piece, at trust.Range) trust.Value {
	values := make([]trust.Value, len(pieces))
	for i, p := range pieces {
		if values[i] = p.value; !p.isValue {
			values[i] = trust.Literal(p.text.Text[p.from:p.to])
		}
	}
	return distribute(values, at, func(values []trust.Value) trust.Value { return joinKnown(values, at) })
}

// joinKnown makes one text of texts that are no choices.
func joinKnown(values []trust.Value, at trust.Range) trust.Value {
	var parts []trust.Part
	size := 0
	add := func(part trust.Part) {
		size += len(part.Text)
		if last := len(parts) - 1; part.On == "" && last >= 0 && parts[last].On == "" {
			parts[last].Text += part.Text
		} else if part.On != "" || part.Text != "" {
			parts = append(parts, part)
		}
	}
	for _, v := range values {
		switch {
		case len(v.Parts) > 0:
			for _, part := range v.Parts {
				add(part)
			}
		case isScalar(v):
			add(trust.Part{Text: v.Text})
		case v.Kind == trust.Absent, v.Kind == trust.Null:
		default:
			add(trust.Part{On: orName(dependsOn(v), "a list within a text")})
		}
		if size > maxText {
			return unknown("a text that is too long", at)
		}
	}
	v := trust.Value{Kind: trust.String, Range: at}
	switch {
	case len(parts) == 0:
	case len(parts) == 1 && parts[0].On == "":
		v.Text = parts[0].Text
	case len(parts) == 1:
		return unknown(parts[0].On, at)
	default:
		v.Parts = parts
	}
	return v
}

// plainText is a string outside of functions: variables of loops are replaced
// in it (AWS::LanguageExtensions does so everywhere), and dynamic references,
// which are looked up when a stack is made, are unknown.
func (t *evaluator) plainText(v trust.Value) trust.Value {
	if v.Kind != trust.String || len(v.Parts) > 0 {
		return v
	}
	hasLoop := len(t.loops) > 0 && strings.ContainsAny(v.Text, "$&") && strings.Contains(v.Text, "{")
	if !hasLoop && !strings.Contains(v.Text, "{{resolve:") {
		return v
	}
	pieces := []piece{{text: v, from: 0, to: len(v.Text)}}
	if hasLoop {
		pieces = t.replaceLoops(v)
	}
	return t.concat(t.resolveDynamic(pieces), v.Range)
}

// replaceLoops takes a text apart at the variables of loops: ${Name}, and
// &{Name}, which keeps the letters and digits of the value only.
func (t *evaluator) replaceLoops(v trust.Value) []piece {
	var pieces []piece
	from := 0
	for i := 0; i+1 < len(v.Text); i++ {
		length := strings.IndexByte(v.Text[i:], '}')
		if length < 0 || v.Text[i+1] != '{' || v.Text[i] != '$' && v.Text[i] != '&' {
			continue
		}
		value, found := t.loops[v.Text[i+2:i+length]]
		if !found {
			continue
		}
		if v.Text[i] == '&' && value.Kind == trust.String {
			value.Text = strings.Map(lettersAndDigits, value.Text)
		}
		end := i + length + 1
		pieces = append(pieces, piece{text: v, from: from, to: i},
			piece{text: v, from: i, to: end, isValue: true, value: value, at: v.Range})
		from, i = end, end-1
	}
	return append(pieces, piece{text: v, from: from, to: len(v.Text)})
}

func lettersAndDigits(r rune) rune {
	if '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z' {
		return r
	}
	return -1
}

// resolveDynamic makes the dynamic references in literal pieces unknown
// (CloudFormation User Guide, "Get values stored in other services").
func (t *evaluator) resolveDynamic(pieces []piece) []piece {
	var result []piece
	for _, p := range pieces {
		for !p.isValue {
			start := strings.Index(p.text.Text[p.from:p.to], "{{resolve:")
			if start < 0 {
				break
			}
			length := strings.Index(p.text.Text[p.from+start:p.to], "}}")
			if length < 0 {
				break
			}
			start += p.from
			end := start + length + 2
			result = append(result, piece{text: p.text, from: p.from, to: start},
				piece{text: p.text, from: start, to: end, isValue: true, value: unknown(p.text.Text[start:end], p.text.Range), at: p.text.Range})
			p.from = end
		}
		result = append(result, p)
	}
	return result
}

// toJSON evaluates Fn::ToJsonString, of AWS::LanguageExtensions, to a text.
func (t *evaluator) toJSON(argument trust.Value, at trust.Range) trust.Value {
	v := t.evaluate(argument)
	if !v.Known() {
		return unknown(orName(dependsOn(v), "Fn::ToJsonString"), at)
	}
	text, ok := appendJSON(nil, v)
	if !ok || len(text) > maxText {
		return unknown("a text that is too long", at)
	}
	return trust.Value{Kind: trust.String, Text: string(text), Range: at}
}

// appendJSON writes a known value as JSON, to a bound.
func appendJSON(text []byte, v trust.Value) ([]byte, bool) {
	ok := len(text) <= maxText
	switch v.Kind {
	case trust.Object:
		text = append(text, '{')
		for i, m := range v.Members {
			if i > 0 {
				text = append(text, ',')
			}
			text = append(appendQuoted(text, m.Key.Text), ':')
			if ok {
				text, ok = appendJSON(text, m.Value)
			}
		}
		return append(text, '}'), ok
	case trust.Array:
		text = append(text, '[')
		for i, item := range v.Items {
			if i > 0 {
				text = append(text, ',')
			}
			if ok {
				text, ok = appendJSON(text, item)
			}
		}
		return append(text, ']'), ok
	case trust.Bool, trust.Number:
		return append(text, v.Text...), ok
	case trust.Null:
		return append(text, "null"...), ok
	}
	return appendQuoted(text, v.Text), ok
}

func appendQuoted(text []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		return append(text, `""`...)
	}
	return append(text, quoted...)
}
