package awslive

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// tempo says how long and how often a call is tried.
type tempo struct {
	answer   time.Duration // the longest wait for one answer
	patience time.Duration // how long a call is repeated while AWS throttles it
	attempts int           // how often a call is tried in the face of other faults
	first    time.Duration // pause before the second attempt; it doubles from there
	longest  time.Duration // the longest pause
	floor    rate.Limit    // the slowest pace, in calls a second
	lookups  rate.Limit    // the fastest pace of LookupEvents in a Region
}

// steady suits AWS, which publishes no rates for IAM and Organizations, and for
// LookupEvents two calls a second for each account and Region (CloudTrail API
// Reference).
var steady = tempo{
	answer:   time.Minute,
	patience: 5 * time.Minute,
	attempts: 6,
	first:    100 * time.Millisecond,
	longest:  10 * time.Second,
	floor:    1,
	lookups:  2,
}

// pause is how long to wait before the attempt that follows the nth failure.
// It is drawn at random so that callers who were refused together do not
// return together.
func (t tempo) pause(nth int) time.Duration {
	limit := t.longest
	if shift := nth - 1; shift < 20 {
		limit = min(limit, t.first<<shift)
	}
	return limit/2 + rand.N(limit/2+1)
}

// pacer keeps the calls to one service of one account below the rate at which
// AWS throttles. It starts without a limit, goes down when AWS throttles, and
// up again slowly while it does not, so an undisturbed run is not slowed at
// all.
type pacer struct {
	limiter *rate.Limiter
	floor   rate.Limit
	ceiling rate.Limit // for calls of which AWS says how many it takes

	mu   sync.Mutex
	sent [16]time.Time // ring of the latest calls
	next int
	cut  time.Time // when the pace was last lowered
}

const (
	cutBy      = 0.7  // what a throttled call leaves of the pace
	growBy     = 1.02 // what a call that succeeds makes of it
	noLimitAt  = 500  // calls a second above which limiting is pointless
	unmeasured = 10   // calls a second assumed before there is a measure
)

func newPacer(floor rate.Limit) *pacer {
	return &pacer{limiter: rate.NewLimiter(rate.Inf, 1), floor: floor, ceiling: rate.Inf}
}

// newCappedPacer makes a pacer that begins with, and never exceeds, a rate that
// AWS publishes. Others may use it up, too, so it can go down to a tenth.
func newCappedPacer(ceiling rate.Limit) *pacer {
	return &pacer{limiter: rate.NewLimiter(ceiling, 1), floor: ceiling / 10, ceiling: ceiling}
}

// wait returns when the next call may be sent, or the context's error.
func (p *pacer) wait(ctx context.Context) error {
	if err := p.limiter.Wait(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent[p.next%len(p.sent)] = time.Now()
	p.next++
	return nil
}

// slower lowers the pace because AWS throttled a call. Calls that were under
// way together lower it once.
func (p *pacer) slower() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, limit := time.Now(), p.limiter.Limit()
	switch {
	case limit == rate.Inf:
		limit = p.measured(now) * cutBy
	case now.Sub(p.cut) < time.Duration(float64(time.Second)/float64(limit)):
		return
	default:
		limit *= cutBy
	}
	p.cut = now
	p.limiter.SetLimit(max(limit, p.floor))
}

// faster raises the pace a little because a call succeeded.
func (p *pacer) faster() {
	p.mu.Lock()
	defer p.mu.Unlock()
	limit := p.limiter.Limit()
	if limit >= p.ceiling {
		return
	}
	if limit *= growBy; limit > noLimitAt {
		limit = rate.Inf
	}
	p.limiter.SetLimit(min(limit, p.ceiling))
}

// measured is the pace of the latest calls, in calls a second.
func (p *pacer) measured(now time.Time) rate.Limit {
	known := min(p.next, len(p.sent))
	if known < 2 {
		return unmeasured
	}
	oldest := p.sent[(p.next-known)%len(p.sent)]
	span := now.Sub(oldest).Seconds()
	if span <= 0 {
		return unmeasured
	}
	return rate.Limit(float64(known) / span)
}
