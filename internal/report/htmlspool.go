package report

import (
	"bytes"
	"compress/flate"
	"io"
	"iter"
)

// spool keeps pieces of text in the order in which they came, packed: text that
// is much alike, as pages are, takes a twentieth of its size.
type spool struct {
	size   int // bytes of all pieces
	chunks []chunk
	open   bytes.Buffer // the pieces that are yet to be packed
	ends   []int        // where each of them ends
}

// chunk is some pieces, packed together.
type chunk struct {
	packed []byte
	ends   []int
}

const chunkSize = 256 << 10

// packer packs for any number of spools, one chunk at a time.
type packer struct{ writer *flate.Writer }

func (s *spool) add(p *packer, piece []byte) error {
	s.size += len(piece)
	s.open.Write(piece)
	s.ends = append(s.ends, s.open.Len())
	if s.open.Len() < chunkSize {
		return nil
	}
	packed, err := p.pack(s.open.Bytes())
	if err != nil {
		return err
	}
	s.chunks = append(s.chunks, chunk{packed, s.ends})
	s.ends = nil
	s.open.Reset()
	return nil
}

func (p *packer) pack(text []byte) ([]byte, error) {
	var out bytes.Buffer
	if p.writer == nil {
		writer, err := flate.NewWriter(&out, flate.BestSpeed)
		if err != nil {
			return nil, err
		}
		p.writer = writer
	} else {
		p.writer.Reset(&out)
	}
	if _, err := p.writer.Write(text); err != nil {
		return nil, err
	}
	if err := p.writer.Close(); err != nil {
		return nil, err
	}
	return bytes.Clone(out.Bytes()), nil
}

// pieces yields all pieces in order. A piece is good until the next one.
func (s *spool) pieces() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for i := range s.chunks {
			text, err := io.ReadAll(flate.NewReader(bytes.NewReader(s.chunks[i].packed)))
			if err != nil {
				yield(nil, err)
				return
			}
			if !each(text, s.chunks[i].ends, yield) {
				return
			}
		}
		each(s.open.Bytes(), s.ends, yield)
	}
}

func each(text []byte, ends []int, yield func([]byte, error) bool) bool {
	start := 0
	for _, end := range ends {
		if !yield(text[start:end], nil) {
			return false
		}
		start = end
	}
	return true
}
