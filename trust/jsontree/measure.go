package jsontree

import (
	"strings"

	"countersign/trust"
)

// maxSlab is how many entries are allocated at once, so that a piece of a large
// document does not keep all of it in memory.
const maxSlab = 256

// The fewest bytes that an entry takes, with its comma: `"":0,` and `0,`. They
// bound what text that is not JSON can make us allocate.
const (
	leastMember = 5
	leastItem   = 2
)

// measure counts the entries of every container, in the order of their
// opening. It looks at brackets, commas and strings only. Where the text is not
// JSON its counts are wrong, which costs some room and no more.
func (s *scanner) measure() {
	type container struct {
		at      int // in sizes
		entries *int
	}
	var open [maxDepth]container
	depth := 0
	s.sizes = make([]int, 0, strings.Count(s.text, "{")+strings.Count(s.text, "["))
	for i := s.pos; i < len(s.text); i++ {
		switch c := s.text[i]; c {
		case '"':
			if i = s.closing(i); i < 0 {
				return
			}
		case '{', '[':
			if depth == maxDepth {
				return
			}
			entries := &s.membersLeft
			if c == '[' {
				entries = &s.itemsLeft
			}
			open[depth] = container{len(s.sizes), entries}
			depth++
			size := 0
			if !s.isEmpty(i) {
				size = 1
			}
			s.sizes = append(s.sizes, size)
			*entries += size
		case ',':
			if depth > 0 {
				s.sizes[open[depth-1].at]++
				*open[depth-1].entries++
			}
		case '}', ']':
			if depth--; depth < 0 {
				return
			}
		}
	}
}

// closing finds the end of the string that starts at i, or -1.
func (s *scanner) closing(i int) int {
	for {
		length := strings.IndexByte(s.text[i+1:], '"')
		if length < 0 {
			return -1
		}
		start := i + 1
		i = start + length
		escaped := false
		for j := i - 1; j >= start && s.text[j] == '\\'; j-- {
			escaped = !escaped
		}
		if !escaped {
			return i
		}
	}
}

// isEmpty reports whether the container that opens at i closes at once.
func (s *scanner) isEmpty(i int) bool {
	rest := strings.TrimLeft(s.text[i+1:min(len(s.text), i+16)], " \t\r\n")
	return rest != "" && (rest[0] == '}' || rest[0] == ']')
}

// takeMembers and takeItems return room for the entries of a container.
func (s *scanner) takeMembers(size int) []trust.Member {
	size = min(size, (len(s.text)-s.pos)/leastMember+1)
	return take(&s.members, &s.membersLeft, size)
}

func (s *scanner) takeItems(size int) []trust.Value {
	size = min(size, (len(s.text)-s.pos)/leastItem+1)
	return take(&s.items, &s.itemsLeft, size)
}

// take cuts room for some entries from a slab, and makes a new slab when there
// is too little of it.
func take[T any](slab *[]T, left *int, size int) []T {
	if size > len(*slab) {
		*slab = make([]T, max(size, min(*left, maxSlab)))
	}
	room := (*slab)[:0:size]
	*slab, *left = (*slab)[size:], *left-size
	return room
}
