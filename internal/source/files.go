// Package source finds the roles in files of any kind: it walks to the files,
// tells by their content what they are, and lets the reader of that kind take
// over.
package source

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"sync/atomic"

	"countersign/internal/audit"
	"countersign/internal/source/terraform"
	"countersign/internal/source/walk"
)

// Options are what a deployment would tell the templates among the files, and
// what the walk leaves out.
type Options struct {
	Exclude []string // patterns as in a .gitignore file
	// Account is the account that templates are deployed to; empty where
	// nobody knows.
	Account string
	// Parameters are the values of CloudFormation parameters, by name.
	Parameters map[string]string
	// Variables are the values of Terraform variables by name, as they are
	// given on a command line, and VariableFiles files with values (.tfvars).
	Variables     map[string]string
	VariableFiles []terraform.VarFile
	// Over, when set, stands in for the files of a directory (see walk.Walker).
	Over func(directory string, files fs.FS) fs.FS
}

// Files yields the roles of files and directories. It implements
// audit.Source, audit.Skipper and audit.Finisher.
type Files struct {
	options Options
	meet    func(context.Context, *walk.Walker, walk.Visitor) error
	stdin   io.Reader
	walker  *walk.Walker
	skipped int

	read, total atomic.Int64
}

// NewFiles makes a source of paths: files, directories, and "-" for stdin.
func NewFiles(paths []string, stdin io.Reader, options Options) *Files {
	return &Files{
		options: options, stdin: stdin,
		meet: func(ctx context.Context, walker *walk.Walker, visitor walk.Visitor) error {
			return walker.Paths(ctx, paths, visitor)
		},
	}
}

// NewTree makes a source of a tree that lies in no directory. Its paths are
// shown with the label before them.
func NewTree(tree fs.FS, label string, options Options) *Files {
	return &Files{
		options: options,
		meet: func(ctx context.Context, walker *walk.Walker, visitor walk.Visitor) error {
			return walker.Tree(ctx, tree, label, visitor)
		},
	}
}

// Skipped is how many files in directories held nothing to judge.
func (f *Files) Skipped() int { return f.skipped }

// Progress tells how many bytes have been read, and how many there are in the
// files met so far; what comes from a pipe is in the first figure only. It may
// be called while Roles runs.
func (f *Files) Progress() (read, total int64) { return f.read.Load(), f.total.Load() }

// Roles implements audit.Source. Files are read in the order of the walk,
// templates side by side; bare trust policies come last where there are
// templates, since a template may have taken them for its own.
func (f *Files) Roles(ctx context.Context, yield func(audit.Item) error, incomplete func(audit.Incomplete)) error {
	walker := &walk.Walker{Stdin: f.stdin, Over: f.options.Over}
	f.walker = walker
	for _, glob := range f.options.Exclude {
		if err := walker.Exclude(glob); err != nil {
			return fmt.Errorf("leaving files out: %w", err)
		}
	}
	met := &census{files: f, incomplete: incomplete}
	if err := f.meet(ctx, walker, met); err != nil {
		return err
	}
	r := newReading(ctx, f, met.inOrder(), yield, incomplete)
	defer r.stop()
	return r.run()
}

// Finish implements audit.Finisher. Until then files can be opened once more:
// what a role may do stands behind the roles.
func (f *Files) Finish(func(audit.Incomplete)) {
	if f.walker != nil {
		_ = f.walker.Close() // the directories were read only
	}
}

// workers is how many templates are read at a time.
func workers() int { return max(2, runtime.GOMAXPROCS(0)) }

// counter counts the bytes that are read.
type counter struct {
	from  io.Reader
	count *atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.count.Add(int64(n))
	return n, err
}
