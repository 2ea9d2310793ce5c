package awslive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/awslive/snapshot"
)

// ahead is the number of roles that may be held because their account's turn
// has not come.
const ahead = 10_000

// Source yields the roles of accounts, in the order of the accounts' ids and
// within an account in the order of IAM. It implements audit.Source and
// audit.Finisher, and can be used once.
type Source struct {
	session  *Session
	record   *snapshot.Recorder
	accounts []string
	gaps     []audit.Incomplete
	whole    bool // everything was handed on
}

// Account returns the source of the caller's own account. organization may be
// nil; it is kept where answers are kept.
func (s *Session) Account(organization *snapshot.Organization) (*Source, error) {
	return s.source(organization, []string{s.Caller.Account}, nil)
}

// Members returns the source of the accounts of an organization that the
// options select. gaps are what is known to be missing already.
func (s *Session) Members(organization *snapshot.Organization, gaps []audit.Incomplete) (*Source, error) {
	accounts, missing := s.choose(organization)
	return s.source(organization, accounts, append(slices.Clone(gaps), missing...))
}

func (s *Session) source(organization *snapshot.Organization, accounts []string, gaps []audit.Incomplete) (*Source, error) {
	record, err := s.record(organization, accounts, gaps)
	if err != nil {
		return nil, err
	}
	s.meter.accounts.Store(int64(len(accounts)))
	return &Source{session: s, record: record, accounts: accounts, gaps: gaps}, nil
}

// choose returns the accounts to read, and what was named but cannot be read.
// Accounts that are not active are noted.
func (s *Session) choose(organization *snapshot.Organization) (accounts []string, gaps []audit.Incomplete) {
	lacking := func(account, format string, arguments ...any) {
		gaps = append(gaps, audit.Incomplete{
			Source: "organization " + organization.ID, Account: account, Reason: fmt.Sprintf(format, arguments...),
		})
	}
	for _, named := range slices.Concat(s.options.Accounts, s.options.ExcludeAccounts) {
		if _, ok := organization.Account(named); !ok {
			lacking(named, "account %s is not one of organization %s", named, organization.ID)
		}
	}
	for _, named := range s.options.OUs {
		if !slices.Contains(organization.Units, named) {
			lacking("", "%s is no organizational unit or root of organization %s", named, organization.ID)
		}
	}
	for _, account := range organization.Accounts {
		switch {
		case !s.selects(account):
		case account.Active():
			accounts = append(accounts, account.ID)
		case slices.Contains(s.options.Accounts, account.ID):
			lacking(account.ID, "account %s is %s, so its roles cannot be read", account.ID, account.State)
		default:
			s.note(account.ID, "account %s is %s and was not read", account.ID, account.State)
		}
	}
	return accounts, gaps
}

func (s *Session) selects(account snapshot.Account) bool {
	under := func(unit string) bool { return slices.Contains(account.Parents, unit) }
	o := s.options
	return (len(o.Accounts) == 0 || slices.Contains(o.Accounts, account.ID)) &&
		(len(o.OUs) == 0 || slices.ContainsFunc(o.OUs, under)) &&
		!slices.Contains(o.ExcludeAccounts, account.ID)
}

// Roles implements audit.Source.
func (s *Source) Roles(ctx context.Context, yield func(audit.Item) error, incomplete func(audit.Incomplete)) error {
	for _, gap := range s.gaps {
		incomplete(gap)
	}
	judging := ctx // ends with the run, later than the reading
	ctx, stop := context.WithCancel(ctx)
	order := newSequence(len(s.accounts), ahead)
	var readers sync.WaitGroup
	defer readers.Wait()
	defer stop()
	var next atomic.Int64
	for range min(s.session.options.Concurrency, len(s.accounts)) {
		readers.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(s.accounts) && ctx.Err() == nil; i = next.Add(1) - 1 {
				s.read(ctx, judging, int(i), order)
			}
		})
	}
	return s.deliver(ctx, order, yield, incomplete)
}

// deliver hands on what the readers bring, in order.
func (s *Source) deliver(ctx context.Context, order *sequence, yield func(audit.Item) error, incomplete func(audit.Incomplete)) error {
	for done := 0; done < len(s.accounts); {
		page, gap, err := order.take(ctx)
		if err != nil {
			return s.cutShort(err, done, incomplete)
		}
		for _, item := range page {
			if err := yield(item); err != nil {
				return s.cutShort(err, done, incomplete)
			}
		}
		if page != nil {
			continue
		}
		done++
		if gap != nil {
			incomplete(*gap)
		}
	}
	s.whole = true
	return nil
}

// Finish implements audit.Finisher: policies may be asked for, and kept, until
// the last role is judged.
func (s *Source) Finish(incomplete func(audit.Incomplete)) {
	if s.record == nil || !s.whole {
		return
	}
	if err := s.record.Finish(); err != nil {
		incomplete(audit.Incomplete{Source: s.record.Path(), Reason: err.Error()})
	}
}

// cutShort reports the accounts that an early end leaves unread.
func (s *Source) cutShort(err error, done int, incomplete func(audit.Incomplete)) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		incomplete(audit.Incomplete{
			Source: "aws",
			Reason: fmt.Sprintf("interrupted: %d of %d accounts were not read to their end", len(s.accounts)-done, len(s.accounts)),
			Hint:   "run again; --resume goes on where a run that it kept stopped",
		})
	}
	return err
}

// read reads one account, from AWS or from what an earlier run kept of it.
// What its roles may do can be asked for until judging ends.
func (s *Source) read(ctx, judging context.Context, i int, order *sequence) {
	from := &member{ctx: judging, source: s, account: s.accounts[i]}
	live := role.Source{Kind: role.Live}
	put := func(page snapshot.Page) error { return order.put(ctx, i, page.Items(live, from)) }
	read := s.fetch
	if s.record.Finished(from.account) {
		read = s.replay
	}
	gap := read(ctx, from, put)
	if ctx.Err() != nil {
		return // not finished: the whole run is cut short, and says so
	}
	s.session.meter.accountsDone.Add(1)
	order.finish(i, gap)
}

// replay takes an account from what an earlier run kept.
func (s *Source) replay(_ context.Context, from *member, put func(snapshot.Page) error) *audit.Incomplete {
	account := from.account
	err := s.record.Pages(account, func(page snapshot.Page) error {
		s.session.meter.roles.Add(int64(len(page.RoleDetailList) + len(page.Roles)))
		return put(page)
	})
	if err != nil {
		return &audit.Incomplete{Source: s.record.Path(), Account: account, Reason: err.Error(),
			Hint: "remove the account's files from the directory, and it will be read again"}
	}
	return nil
}

// fetch reads an account from AWS and keeps the answers where they are to be
// kept. An account that lacks something is kept too, but read again by a run
// that goes on.
func (s *Source) fetch(ctx context.Context, from *member, put func(snapshot.Page) error) *audit.Incomplete {
	account := from.account
	kept, failure := s.record.Begin(account)
	listing, err := from.listing(ctx)
	if err == nil {
		err = listing.pages(ctx, func(page snapshot.Page) error {
			if failure == nil {
				failure = kept.Page(page)
			}
			return put(page)
		})
	}
	var gap *audit.Incomplete
	if err != nil {
		found := report(account, err)
		gap = &found
	}
	if failure == nil && ctx.Err() == nil {
		failure = kept.Close(gap)
	} else {
		kept.Drop()
	}
	if gap == nil && failure != nil {
		gap = &audit.Incomplete{Source: s.record.Path(), Account: account, Reason: failure.Error()}
	}
	return gap
}
