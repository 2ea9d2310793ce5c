package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// destination is where one report goes.
type destination struct {
	*bufio.Writer
	keep func() error // makes it visible, once everything is written
	drop func()       // leaves no trace of it; nothing after keep
}

func writeTo(w io.Writer, keep func() error, drop func()) *destination {
	kept := false
	return &destination{
		bufio.NewWriterSize(w, 1<<16),
		func() error { kept = true; return keep() },
		func() {
			if !kept {
				drop()
			}
		},
	}
}

// standard is the destination for standard output, which stays open.
func standard(out io.Writer) *destination {
	return writeTo(out, func() error { return nil }, func() {})
}

// create opens the file of --output.
func create(path string) (*destination, error) { return createFor("--output", path) }

// createFor opens the file of a flag as destination. A regular file is written beside its
// final place and renamed, so that nobody reads half a report; a pipe or a
// device is written to as it is.
func createFor(flag, path string) (*destination, error) {
	fail := func(err error) (*destination, error) {
		return nil, &misuse{fmt.Sprintf("%s: cannot write %s: %s", flag, path, cause(err)), "the directory has to exist and to be writable"}
	}
	if linked, err := filepath.EvalSymlinks(path); err == nil {
		path = linked
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fail(errors.New("it is a directory"))
	case err == nil && !info.Mode().IsRegular():
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return fail(err)
		}
		return writeTo(file, file.Close, func() { file.Close() }), nil
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".countersign-*")
	if err != nil {
		return fail(err)
	}
	drop := func() {
		file.Close()
		_ = os.Remove(file.Name()) // a stray temporary file harms nobody
	}
	keep := func() error {
		err := errors.Join(file.Chmod(0o644), file.Close())
		if err == nil {
			err = os.Rename(file.Name(), path)
		}
		if err != nil {
			drop()
		}
		return err
	}
	return writeTo(file, keep, drop), nil
}

// cause drops the path from a file error: the message names it already, and a
// temporary name would puzzle.
func cause(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}
