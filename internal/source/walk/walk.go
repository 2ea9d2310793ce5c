// Package walk finds the files to read: those a user names, and those in the
// directories a user names, in a fixed order and never outside of them.
package walk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// Stdin is the path that stands for standard input.
const Stdin = "-"

// File is one file to look at.
type File struct {
	Path     string // as the user named it, or below the directory the user named
	FromRoot string // from the git work tree's root, else from the scanned directory; slashes
	Named    bool   // the user named it, rather than a directory above it
	Size     int64  // bytes; 0 where nobody knows, as for a pipe
	// Root is the directory that is scanned, or the one that a named file lies
	// in: nothing outside of it can be opened. It is nil for standard input.
	Root *Root
	Name string // the file's name in Root

	open func() (io.ReadCloser, error)
}

// Root is a directory that is scanned.
type Root struct {
	FS       fs.FS
	path     string // as the user named it
	label    string // of a tree that lies in no directory
	fromRoot string // from the git work tree's root
	close    func() error
}

// Paths gives the paths of a file in the directory: as it is shown, and from
// the root of the git work tree.
func (r *Root) Paths(name string) (shown, fromRoot string) {
	if r.label != "" {
		return r.label + name, name
	}
	return filepath.Join(r.path, filepath.FromSlash(name)), joinSlash(r.fromRoot, name)
}

// Open opens the file for reading. Its errors name the path.
func (f File) Open() (io.ReadCloser, error) { return f.open() }

// Visitor is told what a walk meets. Only the error of Visit ends the walk.
type Visitor interface {
	Visit(File) error
	// PassedOver is called for what is neither file nor directory: a link, a
	// pipe, a device.
	PassedOver(path string)
	// Unreadable is called for a path or a directory that cannot be read.
	Unreadable(path string, err error)
}

// Walker walks. Files can be opened until it is closed.
type Walker struct {
	Stdin io.Reader
	// Everything leaves nothing out: .gitignore files and the names of
	// directories do not count.
	Everything bool
	// Over, when set, stands in for the files of a directory: edited texts
	// that are not written yet are read in the place of those that are.
	Over func(directory string, files fs.FS) fs.FS

	exclude []pattern
	roots   map[string]*Root // of directories, as the user named them
}

// Exclude leaves out what a pattern matches, which is spelt as in a .gitignore
// file and counts from each directory that is walked.
func (w *Walker) Exclude(glob string) error {
	made, ok := parsePattern(glob)
	if !ok || made.keep {
		return fmt.Errorf("%q is no pattern", glob)
	}
	w.exclude = append(w.exclude, made)
	return nil
}

// Close closes the directories.
func (w *Walker) Close() error {
	var all []error
	for _, root := range w.roots {
		all = append(all, root.close())
	}
	w.roots = nil
	return errors.Join(all...)
}

// Paths visits the files of paths in the order of paths, those of a directory
// in lexical order. Links inside a directory are passed over: what they point
// to inside of it is met at its own place, and what is outside is out of
// bounds. What a .gitignore file in the directory or above it, up to the
// directory named, ignores is left alone, and so is everything named .git,
// .terraform or .terragrunt-cache.
func (w *Walker) Paths(ctx context.Context, paths []string, visitor Visitor) error {
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.path(ctx, path, visitor); err != nil {
			return err
		}
	}
	return nil
}

// Tree visits the files of a tree that lies in no directory, as Paths does. Its
// paths are shown with the label before them.
func (w *Walker) Tree(ctx context.Context, tree fs.FS, label string, visitor Visitor) error {
	return w.directory(ctx, &Root{FS: tree, label: label}, visitor)
}

func (w *Walker) path(ctx context.Context, path string, visitor Visitor) error {
	if path == Stdin {
		open := func() (io.ReadCloser, error) { return io.NopCloser(w.Stdin), nil }
		return visitor.Visit(File{Path: Stdin, FromRoot: Stdin, Named: true, open: open})
	}
	info, err := os.Stat(path)
	if err != nil {
		visitor.Unreadable(path, plain(err))
		return nil
	}
	directory := path
	if !info.IsDir() {
		directory = filepath.Dir(path)
	}
	root, err := w.root(directory)
	if err != nil {
		visitor.Unreadable(path, plain(err))
		return nil
	}
	if info.IsDir() {
		return w.directory(ctx, root, visitor)
	}
	file := File{Path: path, FromRoot: joinSlash(root.fromRoot, filepath.Base(path)), Named: true, Root: root, Name: filepath.Base(path)}
	if info.Mode().IsRegular() {
		file.Size = info.Size()
	}
	file.open = func() (io.ReadCloser, error) {
		if w.Over != nil {
			return root.FS.Open(file.Name)
		}
		opened, err := os.Open(path) // a link that the user names is followed
		if err != nil {
			return nil, fmt.Errorf("cannot open %s: %w", path, plain(err))
		}
		return opened, nil
	}
	return visitor.Visit(file)
}

// root opens a directory, once. Every file is opened through it, and it refuses
// to leave the directory even when somebody swaps a file for a link meanwhile.
func (w *Walker) root(directory string) (*Root, error) {
	if root := w.roots[directory]; root != nil {
		return root, nil
	}
	opened, err := os.OpenRoot(directory)
	if err != nil {
		return nil, fmt.Errorf("opening a directory: %w", err)
	}
	root := &Root{FS: opened.FS(), path: directory, fromRoot: directoryFromRoot(directory), close: opened.Close}
	if w.Over != nil {
		root.FS = w.Over(directory, root.FS)
	}
	if w.roots == nil {
		w.roots = map[string]*Root{}
	}
	w.roots[directory] = root
	return root, nil
}

func (w *Walker) directory(ctx context.Context, root *Root, visitor Visitor) error {
	d := &descent{walker: w, root: root, visitor: visitor}
	if len(w.exclude) > 0 {
		d.exclude = &rules{base: ".", patterns: w.exclude}
	}
	return fs.WalkDir(root.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if stop := ctx.Err(); stop != nil {
			return stop
		}
		return d.entry(name, entry, err)
	})
}

// descent is the walk through one directory.
type descent struct {
	walker  *Walker
	root    *Root
	visitor Visitor
	exclude *rules
	ignore  []*rules // of the directories that the walk is in
}

// leftAlone are the names of directories that hold copies: of a repository's
// objects, of modules that are read where they are called.
var leftAlone = []string{".git", ".terraform", ".terragrunt-cache"}

func (d *descent) entry(name string, entry fs.DirEntry, err error) error {
	shown, fromRoot := d.root.Paths(name)
	switch {
	case err != nil:
		d.visitor.Unreadable(shown, plain(err))
		return nil // the directory's other entries follow
	case !d.walker.Everything && (slices.Contains(leftAlone, entry.Name()) || name != "." && d.ignored(name, entry.IsDir())):
		if entry.IsDir() {
			return fs.SkipDir
		}
		return nil
	case entry.IsDir():
		d.enter(name)
		return nil
	case !entry.Type().IsRegular():
		d.visitor.PassedOver(shown)
		return nil
	}
	file := File{Path: shown, FromRoot: fromRoot, Root: d.root, Name: name}
	if info, err := entry.Info(); err == nil {
		file.Size = info.Size()
	}
	file.open = func() (io.ReadCloser, error) {
		opened, err := d.root.FS.Open(name)
		if err != nil {
			return nil, fmt.Errorf("cannot open %s: %w", shown, plain(err))
		}
		return opened, nil
	}
	return d.visitor.Visit(file)
}

// enter takes over the rules of a directory, and drops those of directories
// that the walk has left.
func (d *descent) enter(name string) {
	if d.walker.Everything {
		return
	}
	d.leave(name)
	if found := readIgnore(d.root.FS, name); found != nil && len(found.patterns) > 0 {
		d.ignore = append(d.ignore, found)
	}
}

func (d *descent) leave(name string) {
	for len(d.ignore) > 0 && !isBelow(name, d.ignore[len(d.ignore)-1].base) {
		d.ignore = d.ignore[:len(d.ignore)-1]
	}
}

// isBelow reports whether a name is in a directory, at any depth.
func isBelow(name, directory string) bool {
	return directory == "." || len(name) > len(directory) && name[:len(directory)] == directory && name[len(directory)] == '/'
}

// ignored asks the innermost rules first. What is in an ignored directory
// cannot be taken back, since the walk does not go there.
func (d *descent) ignored(name string, isDirectory bool) bool {
	if d.exclude != nil {
		if excluded, _ := d.exclude.ignores(name, isDirectory); excluded {
			return true
		}
	}
	d.leave(path.Clean(name))
	for i := len(d.ignore) - 1; i >= 0; i-- {
		if ignored, said := d.ignore[i].ignores(name, isDirectory); said {
			return ignored
		}
	}
	return false
}

// plain takes the operation and the path off an error, which messages name in
// their own words.
func plain(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
