package export

import (
	"sync"
	"sync/atomic"
)

// slabs save values from being overwritten by the next read, many of them with
// their items in one allocation. A slab is used again when everything in it is
// released, so that the garbage of a scan does not grow with the text it reads.
type slabs struct{ filling *slab }

type slab struct {
	text  []byte
	items []item
	held  atomic.Int32 // items in use, and one as long as it is being filled
}

const (
	// slabSize is small enough to stay in a processor's cache from the reader
	// to the worker.
	slabSize = 64 << 10
	// slabItems is for roles of 1 KB; larger ones fill the text first.
	slabItems = slabSize >> 10
)

var freeSlabs = sync.Pool{New: func() any {
	return &slab{text: make([]byte, 0, slabSize), items: make([]item, 0, slabItems)}
}}

// hold returns an item with a copy of value as its object, both of which are
// valid until the item is released.
func (s *slabs) hold(value []byte) *item {
	if len(value) > slabSize/4 {
		return &item{object: append([]byte(nil), value...)}
	}
	if s.filling == nil || slabSize-len(s.filling.text) < len(value) || len(s.filling.items) == slabItems {
		s.filling.release()
		s.filling = freeSlabs.Get().(*slab)
		s.filling.held.Store(1)
	}
	return s.filling.hold(value)
}

// hold takes a value in, for which there is room.
func (s *slab) hold(value []byte) *item {
	s.held.Add(1)
	start := len(s.text)
	s.text = append(s.text, value...)
	end := len(s.text)
	s.items = append(s.items, item{object: s.text[start:end:end], slab: s})
	return &s.items[len(s.items)-1]
}

// release gives back an item, or the slab itself when it is full. What is too
// large for a slab has none.
func (s *slab) release() {
	if s != nil && s.held.Add(-1) == 0 {
		clear(s.items) // they point to what somebody else owns
		s.text, s.items = s.text[:0], s.items[:0]
		freeSlabs.Put(s)
	}
}
