package awslive

import (
	"context"
	"errors"
	"time"
)

// line is a paced line to one service of one account.
type line struct {
	account string
	tempo   tempo
	pace    *pacer
	meter   *meter
	renew   func()   // drops cached credentials, so that new ones are fetched
	secrets []string // never to be shown
	changes bool     // roles are to be changed
}

// renewals is how often a call is tried again with new credentials.
const renewals = 2

// ask makes one call until it succeeds or fails for good, and returns a sound
// answer or a *[Fault]. The caller's sound says what is wrong with an answer
// that AWS would not have given: the SDK takes an empty body for an empty
// answer, and a role list that is lost in that way must not look like an
// account without roles.
func ask[T any](ctx context.Context, l *line, operation string,
	send func(context.Context) (T, error), sound func(T) error,
) (T, error) {
	fault := &Fault{Operation: operation, Account: l.account, secrets: l.secrets, changes: l.changes}
	began := time.Now()
	var broken, renewed int
	for {
		answer, err := try(ctx, l, send, sound)
		if err == nil {
			l.pace.faster()
			return answer, nil
		}
		// Credentials of another account are fetched, and their own fault is
		// judged, within the call that needs them.
		if inner := (*Fault)(nil); errors.As(err, &inner) {
			var none T
			return none, inner
		}
		fault.note(ctx, err)
		giveUp := true
		switch fault.kind {
		case throttled:
			l.pace.slower()
			l.meter.throttled.Add(1)
			giveUp = time.Since(began) >= l.tempo.patience
		case unanswered, garbled:
			broken++
			giveUp = broken >= l.tempo.attempts
		case expired:
			l.renew()
			renewed++
			giveUp = renewed > renewals
		}
		if !giveUp {
			giveUp = !sleep(ctx, l.tempo.pause(fault.Attempts))
		}
		if giveUp {
			if ctx.Err() != nil {
				fault.kind = interrupted
			}
			var none T
			return none, fault
		}
	}
}

// try makes one attempt.
func try[T any](ctx context.Context, l *line, send func(context.Context) (T, error), sound func(T) error) (T, error) {
	var none T
	if err := l.pace.wait(ctx); err != nil {
		return none, err
	}
	l.meter.calls.Add(1)
	bounded, cancel := context.WithTimeout(ctx, l.tempo.answer)
	defer cancel()
	answer, err := send(bounded)
	if err != nil {
		if bounded.Err() != nil && ctx.Err() == nil {
			return none, errors.Join(errNoAnswer, err)
		}
		return none, err
	}
	if err := sound(answer); err != nil {
		return none, err
	}
	return answer, nil
}

// sleep waits, and reports whether the context still stands.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
