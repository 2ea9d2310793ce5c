package jsontree

import "countersign/trust"

// The sizes of slabs, in entries. A policy has a member for every twenty bytes
// or so, and few lists of more than one entry.
const (
	bytesPerMember = 20
	maxMemberSlab  = 64
	itemSlab       = 4
)

func (s *scanner) object() ([]trust.Member, error) {
	open := s.pos
	if err := s.enter(); err != nil {
		return nil, err
	}
	if s.space(); s.accept('}') {
		s.depth--
		return nil, nil
	}
	base := len(s.openMembers)
	for {
		var member trust.Member
		if err := s.member(&member); err != nil {
			return nil, err
		}
		s.openMembers = append(s.openMembers, member)
		if s.space(); s.accept('}') {
			break
		}
		if err := s.comma(open, '}'); err != nil {
			return nil, err
		}
	}
	s.depth--
	var members []trust.Member
	members, s.memberSlab = settle(s.openMembers[base:], s.memberSlab,
		min(len(s.text)/bytesPerMember, maxMemberSlab))
	s.openMembers = s.openMembers[:base]
	return members, nil
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
	if err := s.enter(); err != nil {
		return nil, err
	}
	if s.space(); s.accept(']') {
		s.depth--
		return nil, nil
	}
	base := len(s.openItems)
	for {
		var item trust.Value
		if err := s.value(&item); err != nil {
			return nil, err
		}
		s.openItems = append(s.openItems, item)
		if s.space(); s.accept(']') {
			break
		}
		if err := s.comma(open, ']'); err != nil {
			return nil, err
		}
	}
	s.depth--
	var items []trust.Value
	items, s.itemSlab = settle(s.openItems[base:], s.itemSlab, itemSlab)
	s.openItems = s.openItems[:base]
	return items, nil
}

// enter takes the opening bracket.
func (s *scanner) enter() error {
	if s.depth == maxDepth {
		return s.failHere("nested too deep", "at most 64 levels of arrays and objects are read")
	}
	s.depth++
	s.pos++
	return nil
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

// settle moves entries from the end of a stack to the slab and returns them,
// with no room to append, and what remains of the slab. When the slab is too
// small it makes one of the size given, or larger. It clears what it leaves on
// the stack.
func settle[T any](entries, slab []T, size int) (settled, rest []T) {
	n := len(entries)
	if n > len(slab) {
		slab = make([]T, max(n, size))
	}
	settled = slab[:n:n]
	copy(settled, entries)
	clear(entries)
	return settled, slab[n:]
}
