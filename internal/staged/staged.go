// Package staged reads the roles of what is staged in git, and keeps those that
// the next commit changes.
package staged

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/revision"
	"countersign/internal/role"
	"countersign/internal/source"
	"countersign/trust"
)

// Source yields the roles that a commit of the git index changes: those with
// text in a file that is new or edited, and those that come out differently than
// in the current commit because of a value, a module or a file that is gone. All
// of the index is read for it. It implements audit.Source and audit.Finisher.
type Source struct {
	change *revision.Staged
	after  *source.Files
	before *source.Files
	below  []string // what is asked for, from the root of the repository; none: all
	known  *past
}

// New makes a source of what is staged, below some paths from the root of the
// repository, or all of it.
func New(change *revision.Staged, below []string, options source.Options) *Source {
	return &Source{
		change: change, below: below,
		after:  source.NewTree(change.After, "", options),
		before: source.NewTree(change.Before, "", options),
	}
}

// Progress is that of source.Files.
func (s *Source) Progress() (read, total int64) { return s.after.Progress() }

// Finish implements audit.Finisher.
func (s *Source) Finish(incomplete func(audit.Incomplete)) {
	s.after.Finish(incomplete)
	s.before.Finish(incomplete)
}

// Roles implements audit.Source.
func (s *Source) Roles(ctx context.Context, yield func(audit.Item) error, incomplete func(audit.Incomplete)) error {
	for name, reason := range s.change.Unread {
		if s.asked(name) {
			incomplete(audit.Incomplete{Source: name, Reason: reason})
		}
	}
	if s.change.Empty {
		return nil
	}
	return s.after.Roles(ctx, func(item audit.Item) error {
		found, err := item.Role()
		if err == nil {
			wanted, fault := s.wants(ctx, found)
			if fault != nil {
				return fault
			}
			if !wanted {
				return nil
			}
		}
		return yield(audit.Taken{Subject: found, Err: err})
	}, func(what audit.Incomplete) {
		if s.isNews(ctx, what) {
			incomplete(what)
		}
	})
}

// wants reports whether the commit changes a role.
func (s *Source) wants(ctx context.Context, found *role.Role) (bool, error) {
	if !s.asked(found.Source.FromRoot) {
		return false, nil
	}
	if s.change.Changed[found.Source.FromRoot] || s.standsInChanged(found.Trust.Tree) {
		return true, nil
	}
	for _, also := range found.Also {
		if s.change.Changed[also.FromRoot] {
			return true, nil
		}
	}
	known, err := s.past(ctx)
	if err != nil {
		return false, err
	}
	return !known.has(found, s.pathBefore(found.Source.FromRoot)), nil
}

// standsInChanged reports whether any of a policy stands in a changed file.
func (s *Source) standsInChanged(v *trust.Value) bool {
	if v == nil {
		return false
	}
	if v.Range.File != nil && s.change.Changed[filepath.ToSlash(v.Range.File.Name)] {
		return true
	}
	for i := range v.Items {
		if s.standsInChanged(&v.Items[i]) {
			return true
		}
	}
	for i := range v.Members {
		if s.standsInChanged(&v.Members[i].Key) || s.standsInChanged(&v.Members[i].Value) {
			return true
		}
	}
	return false
}

// isNews reports whether the commit is why something cannot be read.
func (s *Source) isNews(ctx context.Context, what audit.Incomplete) bool {
	name := filepath.ToSlash(what.Source)
	switch {
	case !s.asked(name):
		return false
	case s.change.Changed[name]:
		return true
	}
	known, err := s.past(ctx)
	return err != nil || !known.faults[fault{s.pathBefore(name), what.Reason}]
}

func (s *Source) pathBefore(name string) string {
	if before, ok := s.change.Moved[name]; ok {
		return before
	}
	return name
}

// asked reports whether a path is one of those that are asked for, or below.
func (s *Source) asked(name string) bool {
	for _, directory := range s.below {
		if name == directory || strings.HasPrefix(name, directory+"/") {
			return true
		}
	}
	return len(s.below) == 0
}

// past reads the current commit, once.
func (s *Source) past(ctx context.Context) (*past, error) {
	if s.known == nil {
		read := newPast()
		err := s.before.Roles(ctx, read.add, read.miss)
		if err != nil {
			return nil, err
		}
		s.known = read
	}
	if err := ctx.Err(); err != nil {
		return nil, errors.Join(errors.New("reading the current commit"), err)
	}
	return s.known, nil
}
