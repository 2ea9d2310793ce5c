package yamltree

import "countersign/trust"

// splitJSON takes the map apart by its brackets. It returns how far it came.
func (o *Outline) splitJSON() (at int, ok bool) {
	s := &splitter{file: o.file, text: o.file.Text, pos: textStart(o.file.Text)}
	ok = s.object(func(key trust.Value, at part) bool {
		m := trust.Member{Key: key}
		if key.Text == o.key && s.text[at.start] == '{' && o.entries == nil {
			inner := &splitter{file: s.file, text: s.text[:at.end], pos: at.start}
			m.Value = trust.Value{Kind: trust.Object, Range: trust.Range{File: o.file, Start: at.start, End: at.end}}
			o.Top.Members = append(o.Top.Members, m)
			return inner.object(func(key trust.Value, at part) bool {
				o.entries = append(o.entries, entry{name: key.Text, part: at, member: trust.Member{Key: key}})
				return !o.tooMany()
			})
		}
		value, err := parseJSON(o.file, at.start, at.end)
		m.Value = value
		o.Top.Members = append(o.Top.Members, m)
		return err == nil
	})
	if s.space(); !ok || s.pos < len(s.text) {
		o.Top, o.entries = trust.Value{}, nil
		return s.pos, false
	}
	o.Top.Kind, o.Top.Range = trust.Object, trust.Range{File: o.file, Start: textStart(s.text), End: s.pos}
	return s.pos, true
}

// splitter finds the entries of a JSON object without reading them.
type splitter struct {
	file *trust.File
	text []byte
	pos  int
}

func (s *splitter) space() {
	for s.pos < len(s.text) && isBlank(s.text[s.pos]) {
		s.pos++
	}
}

func (s *splitter) accept(c byte) bool {
	s.space()
	if s.pos < len(s.text) && s.text[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// object visits the entries of the object at the current position.
func (s *splitter) object(visit func(key trust.Value, at part) bool) bool {
	if !s.accept('{') {
		return false
	}
	if s.accept('}') {
		return true
	}
	for {
		s.space()
		start := s.pos
		if s.pos >= len(s.text) || s.text[s.pos] != '"' || !s.skip() {
			return false
		}
		key, err := parseJSON(s.file, start, s.pos)
		if err != nil || !s.accept(':') {
			return false
		}
		s.space()
		start = s.pos
		if !s.skip() || !visit(key, part{start, s.pos}) {
			return false
		}
		if s.accept('}') {
			return true
		}
		if !s.accept(',') {
			return false
		}
	}
}

// skip passes over a value.
func (s *splitter) skip() bool {
	depth := 0
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; c {
		case '"':
			length := doubleQuoted(s.text[s.pos:])
			if length == 0 {
				return false
			}
			s.pos += length
		case '{', '[':
			depth++
			s.pos++
			continue
		case '}', ']':
			if depth == 0 {
				return false
			}
			depth--
			s.pos++
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return false
			}
			s.pos++
			continue
		default:
			for s.pos < len(s.text) && !isDelimiter(s.text[s.pos]) {
				s.pos++
			}
		}
		if depth == 0 {
			return true
		}
	}
	return false
}

func isDelimiter(c byte) bool {
	switch c {
	case ',', ':', '{', '}', '[', ']', '"':
		return true
	}
	return isBlank(c)
}

// doubleQuoted is the length of a JSON string; 0 when it does not end.
func doubleQuoted(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}
