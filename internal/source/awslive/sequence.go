package awslive

import (
	"context"
	"sync"

	"countersign/internal/audit"
)

// sequence brings what is read from several accounts side by side into the
// order of the accounts. It holds a bounded number of roles: an account that
// is ahead of its turn waits once the bound is reached, and the one whose turn
// it is never does.
type sequence struct {
	mu    sync.Mutex
	moved sync.Cond
	turn  int // the account whose roles are being taken
	held  int // roles
	bound int
	parts []part
}

// part is what is held of one account.
type part struct {
	pages [][]audit.Item
	done  bool
	gap   *audit.Incomplete // why the account is not complete
}

func newSequence(accounts, bound int) *sequence {
	s := &sequence{bound: bound, parts: make([]part, accounts)}
	s.moved.L = &s.mu
	return s
}

// put adds a page of an account, as soon as there is room for it.
func (s *sequence) put(ctx context.Context, account int, page []audit.Item) error {
	defer context.AfterFunc(ctx, s.wake)()
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.held > 0 && s.held+len(page) > s.bound && s.turn != account && ctx.Err() == nil {
		s.moved.Wait()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.held += len(page)
	s.parts[account].pages = append(s.parts[account].pages, page)
	s.moved.Broadcast()
	return nil
}

// finish says that no page of an account will follow.
func (s *sequence) finish(account int, gap *audit.Incomplete) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts[account].done, s.parts[account].gap = true, gap
	s.moved.Broadcast()
}

// take returns the next page of the account whose turn it is. Without a page
// the account is done, the turn passes on, and gap says what it lacks.
func (s *sequence) take(ctx context.Context) (page []audit.Item, gap *audit.Incomplete, err error) {
	defer context.AfterFunc(ctx, s.wake)()
	s.mu.Lock()
	defer s.mu.Unlock()
	present := &s.parts[s.turn]
	for len(present.pages) == 0 && !present.done && ctx.Err() == nil {
		s.moved.Wait()
	}
	switch {
	case len(present.pages) > 0:
		page, present.pages[0] = present.pages[0], nil // the array behind it lives on
		present.pages = present.pages[1:]
		s.held -= len(page)
	case present.done:
		gap = present.gap
		*present = part{}
		s.turn++
	default:
		err = ctx.Err()
	}
	s.moved.Broadcast()
	return page, gap, err
}

func (s *sequence) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moved.Broadcast()
}
