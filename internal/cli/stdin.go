package cli

import (
	"context"
	"io"
)

// interruptible is a reader whose Read ends with the context, even while it
// waits for somebody to type. What was being read by then is lost.
type interruptible struct {
	ctx  context.Context
	from io.Reader
	own  []byte
}

type readResult struct {
	n   int
	err error
}

// Read implements io.Reader. It reads into memory of its own: an abandoned read
// may still be going on when the caller uses its buffer for something else.
func (r *interruptible) Read(buffer []byte) (int, error) {
	if len(r.own) < len(buffer) {
		r.own = make([]byte, len(buffer))
	}
	own := r.own[:len(buffer)]
	done := make(chan readResult, 1)
	go func() {
		n, err := r.from.Read(own)
		done <- readResult{n, err}
	}()
	select {
	case <-r.ctx.Done():
		r.own = nil
		return 0, r.ctx.Err()
	case result := <-done:
		return copy(buffer, own[:result.n]), result.err
	}
}
