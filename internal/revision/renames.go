package revision

import (
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Head is the id of the commit that is checked out, in 40 hexadecimal digits;
// empty before the first one.
func (r *Repository) Head() string {
	head, err := r.git.Head()
	if err != nil {
		return ""
	}
	return head.Hash().String()
}

// maxPaths bounds the files of a commit.
const maxPaths = 500_000

// Renames tells which files have been renamed between a commit and what is
// staged, as git would show it: for each new path the old one, from the root of
// the work tree. A file whose old path is there again is a copy, and not told.
func (r *Repository) Renames(commit string) (map[string]string, error) {
	before, err := r.git.CommitObject(plumbing.NewHash(commit))
	if err != nil {
		return nil, fmt.Errorf("commit %s: %w", commit, err)
	}
	was, err := filesOf(before)
	if err != nil {
		return nil, fmt.Errorf("the files of commit %s: %w", commit, err)
	}
	is, err := r.staged()
	if err != nil {
		return nil, err
	}
	for name := range was {
		if _, both := is[name]; both {
			delete(was, name)
			delete(is, name)
		}
	}
	found := &matcher{read: r.blob, gone: r.candidates(was), come: r.candidates(is), renamed: map[string]string{}}
	found.equal()
	found.alike()
	for now, then := range found.renamed {
		if r.isThere(then) {
			delete(found.renamed, now)
		}
	}
	return found.renamed, nil
}

// filesOf lists the regular files of a commit by their paths.
func filesOf(commit *object.Commit) (map[string]plumbing.Hash, error) {
	root, err := commit.Tree()
	if err != nil {
		return nil, err
	}
	files := map[string]plumbing.Hash{}
	walker := object.NewTreeWalker(root, true, nil)
	defer walker.Close()
	for seen := 0; ; seen++ {
		name, entry, err := walker.Next()
		switch {
		case errors.Is(err, io.EOF):
			return files, nil
		case err != nil:
			return nil, err
		case seen > maxPaths:
			return nil, fmt.Errorf("there are more than %d", maxPaths)
		case isFile(entry.Mode):
			files[name] = entry.Hash
		}
	}
}

func isFile(mode filemode.FileMode) bool {
	return mode == filemode.Regular || mode == filemode.Executable
}

// staged lists the files of the index, or of the commit that is checked out
// where there is no work tree.
func (r *Repository) staged() (map[string]plumbing.Hash, error) {
	index, err := r.git.Storer.Index()
	if err != nil {
		return nil, fmt.Errorf("reading the index of the git repository: %w", err)
	}
	if len(index.Entries) == 0 {
		head, err := r.git.CommitObject(plumbing.NewHash(r.Head()))
		if err != nil {
			return nil, fmt.Errorf("reading what is checked out: %w", err)
		}
		return filesOf(head)
	}
	files := make(map[string]plumbing.Hash, len(index.Entries))
	for _, one := range index.Entries {
		if one.Stage == 0 && isFile(one.Mode) {
			files[one.Name] = one.Hash
		}
	}
	return files, nil
}

// candidates are files of one side, in the order of their paths.
func (r *Repository) candidates(files map[string]plumbing.Hash) []*candidate {
	var list []*candidate
	for name, hash := range files {
		if size, err := r.git.Storer.EncodedObjectSize(hash); err == nil {
			list = append(list, &candidate{name: name, base: path.Base(name), hash: hash, size: size})
		}
	}
	slices.SortFunc(list, func(a, b *candidate) int { return strings.Compare(a.name, b.name) })
	return list
}

// blob reads a file of no more than maxComparedFile bytes.
func (r *Repository) blob(hash plumbing.Hash) ([]byte, error) {
	blob, err := object.GetBlob(r.git.Storer, hash)
	if err != nil {
		return nil, err
	}
	reader, err := blob.Reader()
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	return io.ReadAll(io.LimitReader(reader, maxComparedFile))
}

// isThere reports whether the work tree holds a file, staged or not.
func (r *Repository) isThere(name string) bool {
	tree, err := r.git.Worktree()
	if err != nil {
		return false
	}
	_, err = tree.Filesystem.Lstat(name)
	return err == nil
}
