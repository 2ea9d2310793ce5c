package heap

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestTheRoomForGarbageIsBounded(t *testing.T) {
	tests := []struct {
		name string
		live uint64
		want int
	}{
		{"before the first collection", 0, 800},
		{"a small heap", 4 << 20, 800},
		{"six times 8 MiB are the room", 8 << 20, 600},
		{"four times 12 MiB are the room", 12 << 20, 400},
		{"twice 24 MiB are the room", 24 << 20, 200},
		{"a step below", 25 << 20, 150},
		{"as much as the room", 48 << 20, 100},
		{"a large heap may double", 1 << 30, 100},
	}
	for _, test := range tests {
		if got := percentFor(test.live); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

func TestThePercentageFollowsTheLiveHeap(t *testing.T) {
	settle()
	waitFor := func(want int) {
		t.Helper()
		var got int
		for range 200 {
			runtime.GC()
			time.Sleep(5 * time.Millisecond)
			if got = debug.SetGCPercent(-1); debug.SetGCPercent(got) != -1 {
				t.Fatal("something else sets the percentage")
			}
			if got == want {
				return
			}
		}
		t.Fatalf("the percentage is %d, want %d", got, want)
	}
	waitFor(800)
	large := make([]byte, 256<<20)
	waitFor(100)
	runtime.KeepAlive(large)
	waitFor(800)
}
