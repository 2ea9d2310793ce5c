package awslive

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"golang.org/x/sync/errgroup"

	"countersign/internal/source/awslive/snapshot"
)

// pageSize is the largest page that IAM serves.
const pageSize = 1000

// inFlight is the number of GetRole calls that run side by side in an account.
const inFlight = 8

// listing reads the roles of one account.
type listing struct {
	line *line
	iam  *iam.Client
	note func(format string, arguments ...any)

	refused error // why the details cannot be had
}

// pages reads the account's roles to the end and hands them on page by page.
// An error ends the account: a *[Fault], or what emit returned. Pages that
// were handed on before remain good.
func (l *listing) pages(ctx context.Context, emit func(snapshot.Page) error) error {
	begun := false
	err := l.details(ctx, func(page snapshot.Page) error {
		begun = true
		return emit(page)
	})
	var fault *Fault
	if begun || !errors.As(err, &fault) || fault.kind != refused || fault.Operation != detailsOperation {
		return err
	}
	l.refused = err
	l.note("%v; roles are read with iam:ListRoles and iam:GetRole, which tell no policies but the trust policy", err)
	return l.roles(ctx, emit)
}

const detailsOperation = "iam:GetAccountAuthorizationDetails"

// page asks for a page of the details of entities.
func (l *listing) page(ctx context.Context, at *cursor, entities ...types.EntityType) (*iam.GetAccountAuthorizationDetailsOutput, error) {
	return ask(ctx, l.line, detailsOperation,
		func(ctx context.Context) (*iam.GetAccountAuthorizationDetailsOutput, error) {
			return l.iam.GetAccountAuthorizationDetails(ctx, &iam.GetAccountAuthorizationDetailsInput{
				Filter: entities, MaxItems: aws.Int32(pageSize), Marker: at.marker,
			})
		},
		func(out *iam.GetAccountAuthorizationDetailsOutput) error {
			if out.RoleDetailList == nil && out.UserDetailList == nil && out.GroupDetailList == nil && out.Policies == nil {
				return malformed("no list of roles in it")
			}
			return at.follows(out.IsTruncated, out.Marker)
		})
}

// details reads all there is with one kind of call.
func (l *listing) details(ctx context.Context, emit func(snapshot.Page) error) error {
	var at cursor
	for at.more() {
		out, err := l.page(ctx, &at, types.EntityTypeRole)
		if err != nil {
			return err
		}
		page := snapshot.Page{RoleDetailList: make([]snapshot.Role, len(out.RoleDetailList))}
		for i, detail := range out.RoleDetailList {
			page.RoleDetailList[i] = fromDetail(detail)
		}
		l.line.meter.roles.Add(int64(len(page.RoleDetailList)))
		at.advance(out.IsTruncated, out.Marker) // not after emit, which may wait long: the answer is let go
		if err := emit(page); err != nil {
			return err
		}
	}
	return nil
}

// roles reads with two kinds of calls what details reads with one.
func (l *listing) roles(ctx context.Context, emit func(snapshot.Page) error) error {
	var at cursor
	single := &singles{listing: l}
	for at.more() {
		out, err := ask(ctx, l.line, "iam:ListRoles",
			func(ctx context.Context) (*iam.ListRolesOutput, error) {
				return l.iam.ListRoles(ctx, &iam.ListRolesInput{MaxItems: aws.Int32(pageSize), Marker: at.marker})
			},
			func(out *iam.ListRolesOutput) error {
				if out.Roles == nil {
					return malformed("no list of roles in it")
				}
				return at.follows(out.IsTruncated, out.Marker)
			})
		if err != nil {
			return err
		}
		page := snapshot.Page{Roles: single.whole(ctx, out.Roles)}
		l.line.meter.roles.Add(int64(len(page.Roles)))
		at.advance(out.IsTruncated, out.Marker) // not after emit, which may wait long: the answer is let go
		if err := emit(page); err != nil {
			return err
		}
	}
	// Why tags and last use of some roles could not be read. A missing
	// permission is no such fault: it was noted.
	return single.first
}

// singles asks for roles one by one, for what their list does not tell.
type singles struct {
	*listing
	refused bool
	first   error // the first fault that is no refusal
}

// whole returns the listed roles with their tags and last use, or as they were
// listed where those cannot be had.
func (s *singles) whole(ctx context.Context, listed []types.Role) []snapshot.Role {
	roles := make([]snapshot.Role, len(listed))
	faults := make([]error, len(listed))
	for i := range listed {
		roles[i] = fromRole(listed[i], false)
	}
	for i := 0; i < len(listed) && s.first == nil && !s.refused; i += inFlight {
		var group errgroup.Group
		batch := min(i+inFlight, len(listed))
		for j := i; j < batch; j++ {
			group.Go(func() error {
				found, err := getRole(ctx, s.line, s.iam, listed[j].RoleName)
				if err == nil && found != nil {
					// The two answers may straddle a change. The later one
					// counts as a whole.
					roles[j] = fromRole(*found, true)
				}
				faults[j] = err
				return nil
			})
		}
		_ = group.Wait()
		s.judge(faults[i:batch])
	}
	return roles
}

func (s *singles) judge(faults []error) {
	for _, err := range faults {
		var fault *Fault
		switch {
		case err == nil:
		case errors.As(err, &fault) && fault.kind == refused:
			if !s.refused {
				s.note("%v; tags and last use of its roles are not known", err)
			}
			s.refused = true
		case s.first == nil:
			s.first = err
		}
	}
}

// getRole returns one role, or nil if there is none.
func getRole(ctx context.Context, l *line, client *iam.Client, name *string) (*types.Role, error) {
	out, err := ask(ctx, l, "iam:GetRole",
		func(ctx context.Context) (*iam.GetRoleOutput, error) {
			return client.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
		},
		func(out *iam.GetRoleOutput) error {
			if out.Role == nil || aws.ToString(out.Role.RoleName) != aws.ToString(name) {
				return malformed("not the role that was asked for")
			}
			return nil
		})
	var gone *types.NoSuchEntityException
	if errors.As(err, &gone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return out.Role, nil
}

// cursor walks over the pages of a listing. The zero value stands before the
// first.
type cursor struct {
	marker *string
	passed map[string]bool
	done   bool
}

func (c *cursor) more() bool { return !c.done }

// follows says what is wrong with where an answer leads: a listing must go on
// when it says so, and not in a circle.
func (c *cursor) follows(truncated bool, marker *string) error {
	switch next := aws.ToString(marker); {
	case !truncated:
		return nil
	case next == "":
		return malformed("it breaks off and does not say where to go on")
	case c.passed[next]:
		return malformed("it leads in a circle")
	}
	return nil
}

// advance goes on to the next page.
func (c *cursor) advance(truncated bool, marker *string) {
	if !truncated {
		c.done = true
		return
	}
	if c.passed == nil {
		c.passed = map[string]bool{}
	}
	c.marker = marker
	c.passed[aws.ToString(marker)] = true
}
