package snapshot

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/trust"
)

// Snapshot is a directory of kept answers. It implements audit.Source and
// yields what the run that made it yielded, in the same order, with the same
// gaps.
type Snapshot struct {
	Caller       Caller
	Organization *Organization // nil where none was asked for

	path     string
	root     *os.Root
	manifest manifest

	read, total atomic.Int64 // bytes of role files
}

// Progress tells how many bytes of roles have been read, and how many there
// are. It may be called while Roles runs.
func (s *Snapshot) Progress() (read, total int64) { return s.read.Load(), s.total.Load() }

// Recognise reports whether a directory holds kept answers.
func Recognise(path string) bool {
	root, err := os.OpenRoot(path)
	if err != nil {
		return false
	}
	defer root.Close()
	var found manifest
	return load(root, manifestFile, &found) == nil && found.Schema == Schema
}

// Open opens a directory that Recognise recognised.
func Open(path string) (*Snapshot, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, cause(err))
	}
	s := &Snapshot{path: path, root: root}
	if err := s.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", path, err), root.Close())
	}
	return s, nil
}

func (s *Snapshot) load() error {
	if err := load(s.root, manifestFile, &s.manifest); err != nil {
		return err
	}
	if s.manifest.Schema != Schema {
		return fmt.Errorf("%s is of schema %q, not %q", manifestFile, s.manifest.Schema, Schema)
	}
	for _, account := range s.manifest.Accounts {
		if !trust.IsAccountID(account) {
			return fmt.Errorf("%s names %q, which is no account id", manifestFile, account)
		}
		if file, err := s.root.Stat(rolesFile(account)); err == nil {
			s.total.Add(file.Size())
		}
	}
	s.Caller = s.manifest.Caller
	var organization Organization
	err := load(s.root, organizationFile, &organization)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	s.Organization = &organization
	return err
}

// Close closes the directory.
func (s *Snapshot) Close() error { return s.root.Close() }

// Roles implements audit.Source.
func (s *Snapshot) Roles(ctx context.Context, yield func(audit.Item) error, incomplete func(audit.Incomplete)) error {
	for _, lack := range s.manifest.Gaps {
		incomplete(lack.incomplete())
	}
	for _, account := range s.manifest.Accounts {
		lack, err := s.account(ctx, account, yield)
		if err != nil {
			return err
		}
		if lack != nil {
			incomplete(*lack)
		}
	}
	return nil
}

// account yields the roles of one account. lack is what is missing of it; an
// error ends the source.
func (s *Snapshot) account(ctx context.Context, account string, yield func(audit.Item) error) (lack *audit.Incomplete, err error) {
	place := filepath.Join(s.path, filepath.FromSlash(rolesFile(account)))
	missing := func(reason string) *audit.Incomplete {
		return &audit.Incomplete{Source: place, Account: account, Reason: reason,
			Hint: "read the account again with scan --live --resume"}
	}
	var reached status
	if load(s.root, statusFile(account), &reached) != nil {
		return missing("the run that kept these answers did not finish this account"), nil //nolint:nilerr // told in the answer
	}
	found, ended := 0, error(nil)
	library := &kept{root: s.root, account: account}
	err = pages(s.root, rolesFile(account), "the roles of account "+account, func(page Page, size int) error {
		s.read.Add(int64(size))
		for _, item := range page.Items(role.Source{Kind: role.Saved, Path: place}, library) {
			found++
			if ended = ctx.Err(); ended == nil {
				ended = yield(item)
			}
			if ended != nil {
				return ended
			}
		}
		return nil
	})
	switch {
	case ended != nil:
		return nil, ended
	case err != nil:
		return missing(err.Error()), nil
	case found != reached.Roles:
		return missing(fmt.Sprintf("it holds %d roles, and %d were kept", found, reached.Roles)), nil
	case reached.Gap != nil:
		lack := reached.Gap.incomplete()
		return &lack, nil
	}
	return nil, nil
}

// longestLine bounds a page: 1,000 roles with all their inline policies, which
// IAM limits to 10,240 characters a role, stay well below it.
const longestLine = 128 << 20

// pages hands on the pages that a file keeps of what it says, each with its
// size in bytes.
func pages(root *os.Root, name, what string, emit func(page Page, size int) error) error {
	file, err := root.Open(name)
	if err != nil {
		return fmt.Errorf("reading %s: %w", what, cause(err))
	}
	defer file.Close()
	lines := bufio.NewReaderSize(file, 1<<16)
	for number := 1; ; number++ {
		line, err := readLine(lines)
		ended := errors.Is(err, io.EOF)
		if ended && len(line) == 0 {
			return nil
		}
		if err != nil && !ended {
			return fmt.Errorf("reading %s, line %d: %w", what, number, cause(err))
		}
		var page Page
		if err := json.Unmarshal(line, &page); err != nil {
			return fmt.Errorf("reading %s, line %d: %w", what, number, err)
		}
		if err := emit(page, len(line)); err != nil {
			return err
		}
	}
}

func readLine(from *bufio.Reader) (line []byte, err error) {
	for {
		piece, err := from.ReadSlice('\n')
		line = append(line, piece...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
		if len(line) > longestLine {
			return nil, errors.New("the line is too long")
		}
	}
}
