// Package heap trades memory for time: how far the heap may grow before it is
// collected.
package heap

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// room is how many bytes of garbage may gather, however little is live. A scan
// of an export keeps some 12 MB alive, whatever its size, and Go would collect
// as soon as as much again is allocated, which costs a fifth of the time. With
// this room it is collected a quarter as often and stays under 100 MB in all.
const room = 48 << 20

// Bounds of the garbage collector's percentage. The lower one is Go's default:
// a heap that is large anyway may double. With the upper one a small heap, which
// Go takes for one of 4 MiB, has 32 MiB; more would let a heap that grows fast
// grow far before the percentage follows.
const (
	leastPercent = 100
	mostPercent  = 800
)

// Settle sets the garbage collector, for the life of the process, and keeps it
// in step with what is live. Whoever sets GOGC or GOMEMLIMIT is left in charge.
func Settle() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		settle()
	}
}

var settle = sync.OnceFunc(func() {
	(&pace{live: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}}).follow(&collected{})
})

// pace is the percentage that is set.
type pace struct {
	percent int
	live    []metrics.Sample
}

// collected is garbage: its finalizer runs after the next collection.
type collected struct{ _ *int }

func (p *pace) follow(garbage *collected) {
	metrics.Read(p.live)
	if percent := percentFor(p.live[0].Value.Uint64()); percent != p.percent {
		p.percent = percent
		debug.SetGCPercent(percent)
	}
	runtime.SetFinalizer(garbage, p.follow)
}

// percentFor gives the percentage that leaves the room above so many live
// bytes. Steps of 50 keep it from being set, which stops the program for a
// moment, after every collection.
func percentFor(live uint64) int {
	percent := mostPercent
	if live > 0 {
		percent = int(min(100*room/live, mostPercent))
	}
	return max(percent/50*50, leastPercent)
}
