package cloudtrail

import (
	"io"
	"sync"
)

const (
	// fewestAhead is the size, in bytes, from which on it is worth the while to
	// decompress a file on the side.
	fewestAhead = 1 << 20
	aheadBlock  = 128 << 10
	aheadBlocks = 4
)

// ahead reads on while what it has read is being used.
type ahead struct {
	filled  chan block
	free    chan []byte
	stopped chan struct{}
	done    sync.WaitGroup

	current block
	used    int
}

// block is a piece of what is read, and why there is no further one.
type block struct {
	bytes []byte
	err   error
}

func readAhead(from io.Reader) *ahead {
	a := &ahead{
		filled: make(chan block, aheadBlocks), free: make(chan []byte, aheadBlocks), stopped: make(chan struct{}),
	}
	for range aheadBlocks {
		a.free <- make([]byte, aheadBlock)
	}
	a.done.Go(func() { a.fill(from) })
	return a
}

func (a *ahead) fill(from io.Reader) {
	for {
		select {
		case <-a.stopped:
			return
		case room := <-a.free:
			n, err := fillUp(from, room)
			a.filled <- block{room[:n], err} // there is room for all blocks
			if err != nil {
				return
			}
		}
	}
}

// fillUp reads until the room is full. Its error is that of the reader below.
func fillUp(from io.Reader, room []byte) (n int, err error) {
	for n < len(room) && err == nil {
		var more int
		more, err = from.Read(room[n:])
		n += more
	}
	return n, err
}

// Read implements io.Reader.
func (a *ahead) Read(p []byte) (int, error) {
	for a.used == len(a.current.bytes) {
		if a.current.err != nil {
			return 0, a.current.err
		}
		if a.current.bytes != nil {
			a.free <- a.current.bytes[:cap(a.current.bytes)]
		}
		a.current, a.used = <-a.filled, 0
	}
	n := copy(p, a.current.bytes[a.used:])
	a.used += n
	return n, nil
}

// stop ends the reading on the side.
func (a *ahead) stop() {
	close(a.stopped)
	a.done.Wait()
}
