// Package source finds the roles in files of any kind: it walks to the files,
// tells by their content what they are, and lets the reader of that kind take
// over.
package source

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"sync/atomic"

	"countersign/internal/audit"
	"countersign/internal/source/export"
	"countersign/internal/source/walk"
)

// Files yields the roles of files and directories. It implements audit.Source
// and audit.Skipper.
type Files struct {
	paths   []string
	stdin   io.Reader
	skipped int

	read, total atomic.Int64
}

// NewFiles makes a source of paths: files, directories, and "-" for stdin.
func NewFiles(paths []string, stdin io.Reader) *Files {
	return &Files{paths: paths, stdin: stdin}
}

// Skipped is how many files in directories held nothing to judge.
func (f *Files) Skipped() int { return f.skipped }

// Progress tells how many bytes have been read, and how many there are in the
// files met so far; what comes from a pipe is in the first figure only. It may
// be called while Roles runs.
func (f *Files) Progress() (read, total int64) { return f.read.Load(), f.total.Load() }

// Roles implements audit.Source.
func (f *Files) Roles(ctx context.Context, yield func(audit.Item) error, incomplete func(audit.Incomplete)) error {
	visit := &visit{
		ctx: ctx, files: f, out: export.Output{Yield: yield, Incomplete: incomplete},
		head: bufio.NewReaderSize(nil, headSize), inner: bufio.NewReaderSize(nil, headSize),
	}
	return walk.Walk(ctx, f.paths, f.stdin, visit)
}

// visit is one walk over the files; it implements walk.Visitor.
type visit struct {
	ctx         context.Context
	files       *Files
	out         export.Output
	head, inner *bufio.Reader // of the file, and of what is compressed in it
	exports     export.Reader
}

func (v *visit) PassedOver(string) { v.files.skipped++ }

func (v *visit) Unreadable(path string, err error) {
	v.out.Incomplete(audit.Incomplete{Source: path, Reason: "cannot be read: " + err.Error()})
}

func (v *visit) Visit(file walk.File) error {
	v.files.total.Add(file.Size)
	opened, err := file.Open()
	if err != nil {
		v.out.Incomplete(audit.Incomplete{Source: file.Path, Reason: err.Error()})
		return nil
	}
	defer opened.Close()
	before := v.files.read.Load()
	v.head.Reset(&counter{opened, &v.files.read})
	err = v.readText(file, v.head, false)
	if file.Size > 0 { // what was not read of it is done with, too
		v.files.read.Store(before + file.Size)
	}
	return err
}

// readText tells what a file is and has it read.
func (v *visit) readText(file walk.File, text *bufio.Reader, compressed bool) error {
	head, err := text.Peek(headSize)
	kind := sniff(head)
	if err != nil && !errors.Is(err, io.EOF) && kind != jsonText && (file.Named || !compressed) {
		v.out.Incomplete(audit.Incomplete{Source: file.Path, Reason: "cannot be read: " + err.Error()})
		return nil
	}
	switch {
	case kind == gzipped && !compressed:
		return v.readGzip(file, text)
	case kind == utf16Text && (file.Named || beginsLikeJSON(head)):
		v.out.Incomplete(audit.Incomplete{
			Source: file.Path, Reason: "the file is UTF-16 text", Hint: "save it as UTF-8",
		})
		return nil
	case kind == jsonText, kind == blank && file.Named:
		return v.readExport(file, text)
	}
	v.nothing(file)
	return nil
}

// readGzip reads what is compressed as a stream, so that its size does not
// matter, and to a depth of one.
func (v *visit) readGzip(file walk.File, text io.Reader) error {
	unzipped, err := gzip.NewReader(text)
	if err != nil {
		if !file.Named {
			v.files.skipped++
			return nil
		}
		v.out.Incomplete(audit.Incomplete{Source: file.Path, Reason: "broken gzip file: " + err.Error()})
		return nil
	}
	v.inner.Reset(unzipped)
	return v.readText(file, v.inner, true)
}

func (v *visit) readExport(file walk.File, text *bufio.Reader) error {
	if head, _ := text.Peek(len(byteOrderMark)); string(head) == string(byteOrderMark) {
		if _, err := text.Discard(len(byteOrderMark)); err != nil {
			return err
		}
	}
	known, err := v.exports.Read(v.ctx, file, text, v.out)
	if err == nil && !known {
		v.nothing(file)
	}
	return err
}

// nothing says that a file holds nothing to judge: an error when the user
// named it, a count when it was only met.
func (v *visit) nothing(file walk.File) {
	if !file.Named {
		v.files.skipped++
		return
	}
	v.out.Incomplete(audit.Incomplete{
		Source: file.Path,
		Reason: "not a role export",
		Hint: "give the output of aws iam get-account-authorization-details, list-roles or get-role, " +
			"AWS Config items, or a trust policy",
	})
}

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
