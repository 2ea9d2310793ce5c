package source

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"path"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/export"
	"countersign/internal/source/walk"
)

// exports reads exports, one after the other, as streams.
type exports struct {
	head, inner *bufio.Reader // of the file, and of what is compressed in it
	reader      export.Reader
}

func newExports() exports {
	return exports{head: bufio.NewReaderSize(nil, headSize), inner: bufio.NewReaderSize(nil, headSize)}
}

func (r *reading) readExport(one *unit) error {
	file := one.file
	opened, err := file.Open()
	if err != nil {
		r.out.Incomplete(audit.Incomplete{Source: file.Path, Reason: err.Error()})
		return nil
	}
	defer opened.Close()
	before := r.files.read.Load()
	r.exports.head.Reset(&counter{opened, &r.files.read})
	err = r.readText(one, r.exports.head, false)
	if file.Size > 0 { // what was not read of it is done with, too
		r.files.read.Store(before + file.Size)
	}
	return err
}

// readText tells what a text is and has it read.
func (r *reading) readText(one *unit, text *bufio.Reader, compressed bool) error {
	file := one.file
	head, err := text.Peek(headSize)
	kind := sniff(head, path.Base(file.Path))
	isJSON := kind == jsonText || kind == policyText
	if err != nil && !errors.Is(err, io.EOF) && !isJSON && (file.Named || !compressed) {
		r.out.Incomplete(audit.Incomplete{Source: file.Path, Reason: "cannot be read: " + err.Error()})
		return nil
	}
	switch {
	case kind == gzipped && !compressed:
		return r.readGzip(one, text)
	case kind == utf16Text && (file.Named || beginsLikeJSON(head)):
		r.out.Incomplete(audit.Incomplete{
			Source: file.Path, Reason: "the file is UTF-16 text", Hint: "save it as UTF-8",
		})
		return nil
	case file.Root == nil && (kind == planText || kind == templateText || kind == other):
		return r.readPiped(one, kind, text)
	case isJSON, kind == blank && file.Named:
		return r.readStream(one, text)
	}
	r.nothing(file)
	return nil
}

// readGzip reads what is compressed as a stream, so that its size does not
// matter, and to a depth of one.
func (r *reading) readGzip(one *unit, text io.Reader) error {
	unzipped, err := gzip.NewReader(text)
	if err != nil {
		if !one.file.Named {
			r.files.skipped++
			return nil
		}
		r.out.Incomplete(audit.Incomplete{Source: one.file.Path, Reason: "broken gzip file: " + err.Error()})
		return nil
	}
	r.exports.inner.Reset(unzipped)
	return r.readText(one, r.exports.inner, true)
}

func (r *reading) readStream(one *unit, text *bufio.Reader) error {
	if head, _ := text.Peek(len(byteOrderMark)); string(head) == string(byteOrderMark) {
		if _, err := text.Discard(len(byteOrderMark)); err != nil {
			return err
		}
	}
	out := r.out
	if one.kind == policyText {
		out.Yield = r.unlessTaken
	}
	known, err := r.exports.reader.Read(r.ctx, one.file, text, out)
	if err == nil && !known {
		r.instead(one.file, r.exports.reader.Instead())
	}
	return err
}

// unlessTaken yields a bare trust policy, unless a template has read it: then
// it was told through the role that it belongs to.
func (r *reading) unlessTaken(item audit.Item) error {
	subject, err := item.Role()
	if err == nil && subject.Source.Kind == role.TrustPolicy && r.merge.taken[subject.Source.Path] {
		return nil
	}
	return r.out.Yield(audit.Taken{Subject: subject, Err: err})
}

// instead is nothing, for a file of which there is more to say.
func (r *reading) instead(file walk.File, what export.Instead) {
	if what == (export.Instead{}) || !file.Named {
		r.nothing(file)
		return
	}
	r.out.Incomplete(audit.Incomplete{Source: file.Path, Reason: what.Reason, Hint: what.Hint})
}

// nothing says that a file holds nothing to judge: an error when the user
// named it, a count when it was only met.
func (r *reading) nothing(file walk.File) {
	if !file.Named {
		r.files.skipped++
		return
	}
	r.out.Incomplete(audit.Incomplete{
		Source: file.Path,
		Reason: "not a role export",
		Hint: "give the output of aws iam get-account-authorization-details, list-roles or get-role, " +
			"AWS Config items, a trust policy, or infrastructure as code: docs/usage.md lists the kinds",
	})
}
