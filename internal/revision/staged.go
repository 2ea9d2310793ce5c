package revision

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/index"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Staged is what the next commit changes.
type Staged struct {
	Before *Tree // the current commit; without files where there is none yet
	After  *Tree // what is staged
	// Changed are the files that are new or have another content.
	Changed map[string]bool
	// Moved gives the path before of files that have another path and nothing
	// else.
	Moved map[string]string
	// Unread are entries that cannot be read, with the reason.
	Unread map[string]string
	// Empty says that nothing is staged.
	Empty bool
}

// maxPath bounds the path of a file, in bytes: PATH_MAX of Linux.
const maxPath = 4096

// Staged reads the git index. The file is that of the work tree, or, where one
// is named, another one, as the variable GIT_INDEX_FILE does.
func (r *Repository) Staged(file string) (*Staged, error) {
	holding, err := r.index(file)
	if err != nil {
		return nil, err
	}
	files, unread := stageable(holding)
	before, root, err := r.current()
	if err != nil {
		return nil, err
	}
	found := &Staged{Before: before, After: r.tree("", newListing(files)), Unread: unread}
	old, err := r.flat(root)
	if err != nil {
		return nil, err
	}
	found.compare(old, files)
	return found, nil
}

// Has reports whether a file or directory is staged or in the current commit.
func (s *Staged) Has(name string) bool {
	_, is := s.After.Stat(name)
	_, was := s.Before.Stat(name)
	return is == nil || was == nil
}

// stageable are the entries of an index that a commit would have.
func stageable(holding *index.Index) (files map[string]object.TreeEntry, unread map[string]string) {
	files, unread = map[string]object.TreeEntry{}, map[string]string{}
	for _, entry := range holding.Entries {
		switch {
		case entry.IntentToAdd: // nothing of it is staged
		case entry.Stage != 0: // gitformat-index(5)
			unread[entry.Name] = "the file has a merge conflict"
		case len(entry.Name) > maxPath || !fs.ValidPath(entry.Name) || entry.Name == ".":
			unread[fmt.Sprintf("%.80q", entry.Name)] = "it is no path of a file in the git index"
		default:
			files[entry.Name] = object.TreeEntry{Name: path.Base(entry.Name), Mode: entry.Mode, Hash: entry.Hash}
		}
	}
	return files, unread
}

// current is the commit that HEAD stands on; before the first one there are no
// files, and no root.
func (r *Repository) current() (*Tree, *object.Tree, error) {
	head, err := r.git.Head()
	if errors.Is(err, plumbing.ErrReferenceNotFound) {
		return r.tree("HEAD", newListing(nil)), nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading HEAD: %w", err)
	}
	tree, err := r.treeOf(head.Hash(), "HEAD")
	if err != nil {
		return nil, nil, err
	}
	return tree, tree.entries.(committed).root, nil
}

// flat lists the files of a tree by path.
func (r *Repository) flat(root *object.Tree) (map[string]object.TreeEntry, error) {
	files := map[string]object.TreeEntry{}
	if root == nil {
		return files, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	walker := object.NewTreeWalker(root, true, nil)
	defer walker.Close()
	for {
		name, entry, err := walker.Next()
		switch {
		case errors.Is(err, io.EOF):
			return files, nil
		case err != nil:
			return nil, fmt.Errorf("the files of the current commit: %w", err)
		case entry.Mode != filemode.Dir:
			files[name] = entry
		}
	}
}

// compare finds what is changed. A new file with the content of one that is
// gone has moved; of several the first ones are paired.
func (s *Staged) compare(before, after map[string]object.TreeEntry) {
	s.Changed, s.Moved = map[string]bool{}, map[string]string{}
	gone := map[plumbing.Hash][]string{}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, stays := after[name]; !stays {
			gone[before[name].Hash] = append(gone[before[name].Hash], name)
		}
	}
	s.Empty = len(gone) == 0
	for _, name := range slices.Sorted(maps.Keys(after)) {
		is := after[name]
		was, there := before[name]
		from := gone[is.Hash]
		switch {
		case there && was.Hash == is.Hash && kindOf(was) == kindOf(is):
			continue
		case !there && len(from) > 0 && kindOf(before[from[0]]) == kindOf(is):
			s.Moved[name] = from[0]
			gone[is.Hash] = from[1:]
		default:
			s.Changed[name] = true
		}
		s.Empty = false
	}
}

// kindOf tells files, links and submodules apart, not whether a file may be run.
func kindOf(entry object.TreeEntry) fs.FileMode {
	mode, err := entry.Mode.ToOSFileMode()
	if err != nil {
		return fs.ModeIrregular
	}
	return mode.Type()
}

// listing are files by path, with the directories that they lie in.
type listing struct {
	files       map[string]object.TreeEntry
	directories map[string][]object.TreeEntry
}

func newListing(files map[string]object.TreeEntry) *listing {
	made := &listing{files, map[string][]object.TreeEntry{".": nil}}
	for name, entry := range files {
		made.add(path.Dir(name), entry)
	}
	return made
}

// add puts an entry into a directory, and that one into its own.
func (l *listing) add(directory string, entry object.TreeEntry) {
	_, known := l.directories[directory]
	l.directories[directory] = append(l.directories[directory], entry)
	if !known {
		l.add(path.Dir(directory), object.TreeEntry{Name: path.Base(directory), Mode: filemode.Dir})
	}
}

func (l *listing) find(name string) (object.TreeEntry, bool) {
	if _, ok := l.directories[name]; ok {
		return object.TreeEntry{Name: path.Base(name), Mode: filemode.Dir}, true
	}
	entry, ok := l.files[name]
	return entry, ok
}

func (l *listing) list(directory string) ([]object.TreeEntry, bool) {
	listed, ok := l.directories[directory]
	return listed, ok
}
