package jsontree

import "countersign/trust"

func (s *scanner) object() ([]trust.Member, error) {
	open := s.pos
	size, err := s.enter()
	if err != nil {
		return nil, err
	}
	if s.space(); s.accept('}') {
		s.depth--
		return nil, nil
	}
	members := s.takeMembers(size)
	for {
		members = append(members, trust.Member{})
		if err := s.member(&members[len(members)-1]); err != nil {
			return nil, err
		}
		if s.space(); s.accept('}') {
			s.depth--
			return members, nil
		}
		if err := s.comma(open, '}'); err != nil {
			return nil, err
		}
	}
}

// member reads `"key": value`.
func (s *scanner) member(m *trust.Member) error {
	start := s.pos
	if start == len(s.text) || s.text[start] != '"' {
		return s.failKey()
	}
	text, err := s.str()
	if err != nil {
		return err
	}
	m.Key = trust.Value{
		Kind: trust.String, Text: text,
		Range: trust.Range{File: s.file, Start: start, End: s.pos},
	}
	if s.space(); !s.accept(':') {
		return s.failHere("expected a colon after the key, found "+s.found(),
			`an entry of an object reads "key": value`)
	}
	s.space()
	return s.value(&m.Value)
}

func (s *scanner) array() ([]trust.Value, error) {
	open := s.pos
	size, err := s.enter()
	if err != nil {
		return nil, err
	}
	if s.space(); s.accept(']') {
		s.depth--
		return nil, nil
	}
	items := s.takeItems(size)
	for {
		items = append(items, trust.Value{})
		if err := s.value(&items[len(items)-1]); err != nil {
			return nil, err
		}
		if s.space(); s.accept(']') {
			s.depth--
			return items, nil
		}
		if err := s.comma(open, ']'); err != nil {
			return nil, err
		}
	}
}

// enter takes the opening bracket and returns how many entries follow.
func (s *scanner) enter() (size int, err error) {
	if s.depth == maxDepth {
		return 0, s.failHere("nested too deep", "at most 64 levels of arrays and objects are read")
	}
	s.depth++
	s.pos++
	if len(s.sizes) > 0 {
		size, s.sizes = s.sizes[0], s.sizes[1:]
	}
	return size, nil
}

// comma takes the comma between two entries of the container that was opened
// at open, and the space behind it.
func (s *scanner) comma(open int, closing byte) error {
	if !s.accept(',') {
		return s.failSeparator(open, closing)
	}
	if s.space(); s.pos < len(s.text) && s.text[s.pos] == closing {
		return s.failHere("unexpected "+s.found()+" after a comma",
			"JSON allows no comma behind the last entry")
	}
	return nil
}
