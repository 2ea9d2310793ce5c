package awslive

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"countersign/internal/role"
	"countersign/internal/source/awslive/snapshot"
)

// member is an account that is read. It implements role.Library: its
// managed policies are read once the first finding wants one of them, with the
// call and the permission that the roles are read with.
type member struct {
	ctx     context.Context // of the whole run
	source  *Source
	account string

	opening sync.Mutex
	open    *listing

	once  sync.Once
	shelf snapshot.Shelf
}

// listing returns what reads the account.
func (m *member) listing(ctx context.Context) (*listing, error) {
	m.opening.Lock()
	defer m.opening.Unlock()
	if m.open == nil {
		found, err := m.source.session.listing(ctx, m.account)
		if err != nil {
			return nil, err
		}
		m.open = found
	}
	return m.open, nil
}

// Find implements role.Library.
func (m *member) Find(arn string) (*role.Document, string) {
	m.once.Do(m.fill)
	return m.shelf.Find(arn)
}

// fill reads the policies from what an earlier run kept, or else from AWS.
func (m *member) fill() {
	record := m.source.record
	add := func(page snapshot.Page) error {
		m.shelf.Add(page)
		return nil
	}
	if kept, err := record.Policies(m.account, add); kept && err == nil {
		return
	}
	from, err := m.listing(m.ctx)
	var pages []snapshot.Page
	if err == nil {
		err = from.policies(m.ctx, func(page snapshot.Page) error {
			if record != nil {
				pages = append(pages, page)
			}
			return add(page)
		})
	}
	if err != nil {
		m.shelf.Fail(err.Error())
		return
	}
	if err := record.KeepPolicies(m.account, pages); err != nil {
		m.source.session.note(m.account, "the managed policies of account %s are not kept: %v", m.account, err)
	}
}

// policies reads the account's managed policies: those of its own, and those
// of AWS that it uses.
func (l *listing) policies(ctx context.Context, emit func(snapshot.Page) error) error {
	if l.refused != nil {
		return l.refused
	}
	var at cursor
	for at.more() {
		out, err := l.page(ctx, &at, types.EntityTypeLocalManagedPolicy, types.EntityTypeAWSManagedPolicy)
		if err != nil {
			return err
		}
		page := fromPolicies(out.Policies)
		at.advance(out.IsTruncated, out.Marker)
		if err := emit(page); err != nil {
			return err
		}
	}
	return nil
}
