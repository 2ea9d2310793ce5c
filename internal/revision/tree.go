package revision

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
)

// Tree is the files of a revision, or those that are staged. It implements fs.FS, fs.ReadDirFS and
// fs.StatFS, and may be used by several goroutines. Links and submodules are
// there, and lead nowhere.
type Tree struct {
	Name string // as the user gave it

	mu      *sync.Mutex // the object store is not made for several at once
	entries entries
	storage storer.EncodedObjectStorer
}

// entries are the names in a tree.
type entries interface {
	// find returns the entry of a path other than ".".
	find(name string) (object.TreeEntry, bool)
	// list returns what is in a directory, in any order.
	list(directory string) ([]object.TreeEntry, bool)
}

// committed are the entries of a commit.
type committed struct{ root *object.Tree }

func (c committed) find(name string) (object.TreeEntry, bool) {
	entry, err := c.root.FindEntry(name)
	if err != nil {
		return object.TreeEntry{}, false
	}
	return *entry, true
}

func (c committed) list(directory string) ([]object.TreeEntry, bool) {
	if directory == "." {
		return c.root.Entries, true
	}
	tree, err := c.root.Tree(directory)
	if err != nil {
		return nil, false
	}
	return tree.Entries, true
}

// maxFile bounds a file, in bytes: it is read into memory.
const maxFile = 64 << 20

var errLarge = fmt.Errorf("the file has more than %d MB", maxFile>>20)

// Open implements fs.FS.
func (t *Tree) Open(name string) (fs.File, error) {
	found, err := t.find("open", name)
	if err != nil {
		return nil, err
	}
	switch {
	case found.IsDir():
		entries, err := t.ReadDir(name)
		if err != nil {
			return nil, err
		}
		return &openDirectory{found, entries}, nil
	case !found.mode.IsRegular():
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("it is no file")}
	}
	text, err := t.read(found)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &openFile{found, bytes.NewReader(text)}, nil
}

// Stat implements fs.StatFS.
func (t *Tree) Stat(name string) (fs.FileInfo, error) {
	found, err := t.find("stat", name)
	if err != nil {
		return nil, err
	}
	return found, nil
}

// ReadDir implements fs.ReadDirFS.
func (t *Tree) ReadDir(name string) ([]fs.DirEntry, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrInvalid}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	listed, ok := t.entries.list(name)
	if !ok {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	entries := make([]fs.DirEntry, 0, len(listed))
	for _, entry := range listed {
		if !isName(entry.Name) {
			continue // such a tree was made by hand
		}
		entries = append(entries, fs.FileInfoToDirEntry(t.info(entry)))
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

func isName(name string) bool {
	return name != "." && fs.ValidPath(name) && !strings.Contains(name, "/")
}

func (t *Tree) find(op, name string) (*info, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if name == "." {
		return &info{name: ".", mode: fs.ModeDir | 0o555}, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	entry, ok := t.entries.find(name)
	if !ok {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	found := t.info(entry)
	found.name = path.Base(name)
	return found, nil
}

func (t *Tree) info(entry object.TreeEntry) *info {
	made := &info{name: entry.Name, hash: entry.Hash}
	switch entry.Mode {
	case filemode.Dir:
		made.mode = fs.ModeDir | 0o555
	case filemode.Symlink:
		made.mode = fs.ModeSymlink | 0o444
	case filemode.Submodule:
		made.mode = fs.ModeIrregular | 0o444
	default:
		made.mode = 0o444
		if size, err := t.storage.EncodedObjectSize(entry.Hash); err == nil {
			made.size = size
		}
	}
	return made
}

func (t *Tree) read(found *info) ([]byte, error) {
	if found.size > maxFile {
		return nil, errLarge
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	blob, err := object.GetBlob(t.storage, found.hash)
	if err != nil {
		return nil, fmt.Errorf("reading from the repository: %w", err)
	}
	reader, err := blob.Reader()
	if err != nil {
		return nil, fmt.Errorf("reading from the repository: %w", err)
	}
	defer reader.Close()
	text, err := io.ReadAll(io.LimitReader(reader, maxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading from the repository: %w", err)
	case len(text) > maxFile:
		return nil, errLarge
	}
	return text, nil
}

// info describes a file; it implements fs.FileInfo.
type info struct {
	name string
	mode fs.FileMode
	size int64
	hash plumbing.Hash
}

func (i *info) Name() string       { return i.name }
func (i *info) Size() int64        { return i.size }
func (i *info) Mode() fs.FileMode  { return i.mode }
func (i *info) ModTime() time.Time { return time.Time{} }
func (i *info) IsDir() bool        { return i.mode.IsDir() }
func (i *info) Sys() any           { return nil }

type openFile struct {
	about *info
	*bytes.Reader
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.about, nil }
func (f *openFile) Close() error               { return nil }

// openDirectory is a directory that is being listed.
type openDirectory struct {
	about *info
	left  []fs.DirEntry
}

func (d *openDirectory) Stat() (fs.FileInfo, error) { return d.about, nil }
func (d *openDirectory) Close() error               { return nil }
func (d *openDirectory) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.about.name, Err: errors.New("it is a directory")}
}

// ReadDir implements fs.ReadDirFile.
func (d *openDirectory) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		all := d.left
		d.left = nil
		return all, nil
	}
	if len(d.left) == 0 {
		return nil, io.EOF
	}
	some := d.left[:min(n, len(d.left))]
	d.left = d.left[len(some):]
	return some, nil
}
