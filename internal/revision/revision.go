// Package revision reads the files of a git revision without a work tree and
// without starting git: as a file system that can be walked and scanned.
package revision

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	git "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
)

// Repository is the repository that a directory lies in.
type Repository struct {
	git *git.Repository
	mu  sync.Mutex // the object store is not made for several at once
}

// ErrNone says that a directory lies in no repository.
var ErrNone = errors.New("not in a git repository")

// Open opens the repository that a directory lies in.
func Open(directory string) (*Repository, error) {
	opened, err := git.PlainOpenWithOptions(directory, &git.PlainOpenOptions{DetectDotGit: true, EnableDotGitCommonDir: true})
	if errors.Is(err, git.ErrRepositoryNotExists) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("opening the git repository: %w", err)
	}
	return &Repository{git: opened}, nil
}

// Tree gives the files of a revision, which is spelt as for git rev-parse: a
// branch, a tag, the beginning of a commit's id, HEAD~2.
func (r *Repository) Tree(revision string) (*Tree, error) {
	if strings.HasPrefix(revision, "-") {
		return nil, fmt.Errorf("%q is no revision", revision)
	}
	hash, err := r.git.ResolveRevision(plumbing.Revision(revision))
	if err != nil {
		return nil, fmt.Errorf("revision %q: %w", revision, err)
	}
	return r.treeOf(*hash, revision)
}

// Base gives the files of the commit at which two revisions part.
func (r *Repository) Base(one, other string) (*Tree, error) {
	var hashes [2]plumbing.Hash
	for i, revision := range []string{one, other} {
		hash, err := r.git.ResolveRevision(plumbing.Revision(revision))
		if err != nil {
			return nil, fmt.Errorf("revision %q: %w", revision, err)
		}
		hashes[i] = *hash
	}
	first, err := r.git.CommitObject(hashes[0])
	if err != nil {
		return nil, fmt.Errorf("revision %q: %w", one, err)
	}
	second, err := r.git.CommitObject(hashes[1])
	if err != nil {
		return nil, fmt.Errorf("revision %q: %w", other, err)
	}
	bases, err := first.MergeBase(second)
	if err != nil {
		return nil, fmt.Errorf("where %s and %s part: %w", one, other, err)
	}
	if len(bases) == 0 {
		return nil, fmt.Errorf("%s and %s have no commit in common", one, other)
	}
	return r.treeOf(bases[0].Hash, bases[0].Hash.String()[:12])
}

func (r *Repository) treeOf(hash plumbing.Hash, name string) (*Tree, error) {
	commit, err := r.git.CommitObject(hash)
	if err != nil {
		return nil, fmt.Errorf("revision %q: %w", name, err)
	}
	tree, err := commit.Tree()
	if err != nil {
		return nil, fmt.Errorf("the files of revision %q: %w", name, err)
	}
	return r.tree(name, committed{tree}), nil
}

func (r *Repository) tree(name string, holding entries) *Tree {
	return &Tree{Name: name, mu: &r.mu, entries: holding, storage: r.git.Storer}
}
