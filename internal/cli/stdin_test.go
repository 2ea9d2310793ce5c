package cli

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestInterruptibleReadsEverything(t *testing.T) {
	text := strings.Repeat("some text ", 10_000)
	if err := iotest.TestReader(&interruptible{ctx: context.Background(), from: strings.NewReader(text)}, []byte(text)); err != nil {
		t.Error(err)
	}
}

func TestInterruptibleStopsWaiting(t *testing.T) {
	silent, never := io.Pipe()
	defer never.Close()
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(10*time.Millisecond, cancel)
	r := &interruptible{ctx: ctx, from: silent}
	if _, err := r.Read(make([]byte, 10)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
