package export

import (
	"sync"
	"sync/atomic"
)

// slabs save values from being overwritten by the next read, many of them in
// one allocation. A slab is used again when everything in it is released, so
// that the garbage of a scan does not grow with the text it reads.
type slabs struct{ filling *slab }

type slab struct {
	text []byte
	held atomic.Int32 // values in it, and one as long as it is being filled
}

// slabSize is small enough to stay in a processor's cache from the reader to
// the worker.
const slabSize = 64 << 10

var freeSlabs = sync.Pool{New: func() any { return &slab{text: make([]byte, 0, slabSize)} }}

// copy returns a copy of value that is valid until the slab is released.
func (s *slabs) copy(value []byte) ([]byte, *slab) {
	if len(value) > slabSize/4 {
		return append([]byte(nil), value...), nil
	}
	if s.filling == nil || slabSize-len(s.filling.text) < len(value) {
		s.filling.release()
		s.filling = freeSlabs.Get().(*slab)
		s.filling.held.Store(1)
	}
	s.filling.held.Add(1)
	start := len(s.filling.text)
	s.filling.text = append(s.filling.text, value...)
	end := len(s.filling.text)
	return s.filling.text[start:end:end], s.filling
}

// release gives back a value, or the slab itself when it is full. What is too
// large for a slab has none.
func (s *slab) release() {
	if s != nil && s.held.Add(-1) == 0 {
		s.text = s.text[:0]
		freeSlabs.Put(s)
	}
}
