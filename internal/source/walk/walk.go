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
	"path/filepath"
)

// Stdin is the path that stands for standard input.
const Stdin = "-"

// File is one file to look at.
type File struct {
	Path     string // as the user named it, or below the directory the user named
	FromRoot string // from the git work tree's root, else from the scanned directory; slashes
	Named    bool   // the user named it, rather than a directory above it
	Size     int64  // bytes; 0 where nobody knows, as for a pipe

	open func() (io.ReadCloser, error)
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

// Walk visits the files of paths in the order of paths, those of a directory in
// lexical order. Links inside a directory are passed over: what they point to
// inside of it is met at its own place, and what is outside is out of bounds.
// Everything named .git is left alone.
func Walk(ctx context.Context, paths []string, stdin io.Reader, visitor Visitor) error {
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := walkPath(ctx, path, stdin, visitor); err != nil {
			return err
		}
	}
	return nil
}

func walkPath(ctx context.Context, path string, stdin io.Reader, visitor Visitor) error {
	if path == Stdin {
		open := func() (io.ReadCloser, error) { return io.NopCloser(stdin), nil }
		return visitor.Visit(File{Path: Stdin, FromRoot: Stdin, Named: true, open: open})
	}
	info, err := os.Stat(path)
	if err != nil {
		visitor.Unreadable(path, plain(err))
		return nil
	}
	if info.IsDir() {
		return walkDirectory(ctx, path, visitor)
	}
	file := File{Path: path, FromRoot: fromRoot(path), Named: true}
	if info.Mode().IsRegular() {
		file.Size = info.Size()
	}
	file.open = func() (io.ReadCloser, error) {
		opened, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("cannot open %s: %w", path, plain(err))
		}
		return opened, nil
	}
	return visitor.Visit(file)
}

func walkDirectory(ctx context.Context, directory string, visitor Visitor) error {
	// Every file is opened through the root, which refuses to leave the
	// directory even when somebody swaps a file for a link meanwhile.
	root, err := os.OpenRoot(directory)
	if err != nil {
		visitor.Unreadable(directory, plain(err))
		return nil
	}
	defer root.Close()
	prefix := directoryFromRoot(directory)
	return fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if stop := ctx.Err(); stop != nil {
			return stop
		}
		path := filepath.Join(directory, filepath.FromSlash(name))
		switch {
		case err != nil:
			visitor.Unreadable(path, plain(err))
			return nil // the directory's other entries follow
		case entry.Name() == ".git":
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		case !entry.Type().IsRegular():
			visitor.PassedOver(path)
			return nil
		}
		file := File{Path: path, FromRoot: joinSlash(prefix, name)}
		if info, err := entry.Info(); err == nil {
			file.Size = info.Size()
		}
		file.open = func() (io.ReadCloser, error) {
			opened, err := root.Open(filepath.FromSlash(name))
			if err != nil {
				return nil, fmt.Errorf("cannot open %s: %w", path, plain(err))
			}
			return opened, nil
		}
		return visitor.Visit(file)
	})
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
