package source

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/ansible"
	"countersign/internal/source/cloudformation"
	"countersign/internal/source/kubernetes"
	"countersign/internal/source/pulumi"
	"countersign/internal/source/serverless"
	"countersign/internal/source/template"
	"countersign/internal/source/terraform"
	"countersign/internal/source/tfplan"
	"countersign/internal/source/walk"
)

// maxWhole bounds the files that are read as a whole, in bytes: all kinds of
// infrastructure as code. Exports are streams and may have any size.
const maxWhole = 64 << 20

// readTemplate reads a unit that is no export.
func (r *reading) readTemplate(into *stream) {
	if into.unit.kind == configuration {
		r.readConfiguration(into)
		return
	}
	file := into.unit.file
	text, err := readWhole(file)
	if err != nil {
		r.tell(into, audit.Incomplete{Source: file.Path, Reason: err.Error()})
		return
	}
	var known bool
	if into.unit.kind == planText {
		known = r.readPlan(into, text)
	} else {
		known = r.readDocuments(into, text)
	}
	if !known {
		_ = r.send(into, message{nothing: true}) // the run has ended
	}
}

func (r *reading) tell(into *stream, what audit.Incomplete) {
	_ = r.send(into, message{incomplete: what}) // the run has ended
}

var errTooLarge = fmt.Errorf("the file has more than %d MB", maxWhole>>20)

// readWhole reads a file into memory.
func readWhole(file walk.File) ([]byte, error) {
	if file.Size > maxWhole {
		return nil, errTooLarge
	}
	opened, err := file.Open()
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	return readAll(opened, file.Size)
}

func readAll(from io.Reader, size int64) ([]byte, error) {
	text := make([]byte, 0, size+512)
	for len(text) <= maxWhole {
		if len(text) == cap(text) {
			text = append(text, 0)[:len(text)]
		}
		n, err := from.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		if errors.Is(err, io.EOF) {
			return text, nil
		}
		if err != nil {
			return nil, fmt.Errorf("cannot be read: %w", err)
		}
	}
	return nil, errTooLarge
}

// readPiped reads a template from standard input, which cannot be put aside.
func (r *reading) readPiped(one *unit, kind content, text *bufio.Reader) error {
	whole, err := readAll(text, 0)
	if err != nil {
		r.out.Incomplete(audit.Incomplete{Source: one.file.Path, Reason: err.Error()})
		return nil //nolint:nilerr // told as incomplete
	}
	file := one.file
	file.Size = int64(len(whole))
	into := &stream{&unit{file: file, kind: kind}, make(chan message, streamSize)}
	go func() {
		defer close(into.told)
		defer r.rescue(into)
		if kind == planText && !r.readPlan(into, whole) || kind != planText && !r.readDocuments(into, whole) {
			_ = r.send(into, message{nothing: true}) // the run has ended
		}
	}()
	return r.deliver(into)
}

func (r *reading) readPlan(into *stream, text []byte) (known bool) {
	file := into.unit.file
	roles, kind, err := tfplan.Read(text, tfplan.Place{Path: file.Path, FromRoot: file.FromRoot})
	for _, one := range roles {
		if r.send(into, message{role: one}) != nil {
			return true
		}
	}
	if err != nil {
		r.tell(into, audit.Incomplete{Source: file.Path, Reason: err.Error(), Hint: "make the file again: terraform show -json"})
	}
	return kind != ""
}

// readDocuments hands YAML or JSON to the reader whose kind it is.
func (r *reading) readDocuments(into *stream, text []byte) (known bool) {
	input := inputOf(into.unit.file, text)
	out := template.Output{
		Role:       func(one *role.Role) error { return r.send(into, message{role: one}) },
		Incomplete: func(what audit.Incomplete) { r.tell(into, what) },
	}
	return readAny(input, r.files.options, out)
}

func inputOf(file walk.File, text []byte) template.Input {
	input := template.Input{Path: file.Path, FromRoot: file.FromRoot, Text: text, Name: file.Name}
	if file.Root != nil {
		input.FS = file.Root.FS
	}
	return input
}

// readAny asks one reader after the other whether a document is of its kind.
// All but the last tell by the text, before they take it apart.
func readAny(input template.Input, options Options, out template.Output) bool {
	stacks := cloudformation.Options{Account: options.Account, Parameters: options.Parameters}
	for _, read := range []func() (bool, error){
		func() (bool, error) { return serverless.Read(input, stacks, out) },
		func() (bool, error) {
			return kubernetes.Read(input, kubernetes.Options{Account: options.Account}, out)
		},
		func() (bool, error) { return pulumi.Read(input, pulumi.Options{Account: options.Account}, out) },
		func() (bool, error) { return ansible.Read(input, ansible.Options{Account: options.Account}, out) },
		func() (bool, error) {
			if !cloudformation.IsTemplate(input.Text) && !bytes.Contains(input.Text, []byte("Resources")) {
				return false, nil
			}
			return cloudformation.Read(input, stacks, out)
		},
	} {
		if known, err := read(); known || err != nil { // the error is that of out.Role: the run has ended
			return true
		}
	}
	return false
}

func (r *reading) readConfiguration(into *stream) {
	r.readModule(into.unit, terraform.Output{
		Role: func(one *role.Role) error { return r.send(into, message{role: one}) },
		Incomplete: func(what terraform.Incomplete) {
			if into.unit.only != nil && !into.unit.names(what.Path) {
				return // a fault of a file that nobody asked for
			}
			reason := what.Reason
			if what.Line > 0 {
				reason = fmt.Sprintf("line %d, column %d: %s", what.Line, what.Column, reason)
			}
			r.tell(into, audit.Incomplete{Source: what.Path, Reason: reason, Hint: what.Hint})
		},
	})
}

// readModule reads a directory as a root module.
func (r *reading) readModule(one *unit, out terraform.Output) {
	_ = terraform.ReadDirectory(r.ctx, &directoryFiles{one.file.Root.FS}, one.directory, terraform.Options{
		Account: r.files.options.Account, Vars: r.files.options.Variables, VarFiles: r.files.options.VariableFiles,
		Paths: one.file.Root.Paths,
	}, out) // the error is that of out.Role, or the run has ended
}

// directoryFiles gives the files of a scanned directory to the Terraform
// reader. It implements terraform.Files.
type directoryFiles struct{ root fs.FS }

func (d *directoryFiles) List(directory string) ([]string, error) {
	entries, err := fs.ReadDir(d.root, path.Clean(directory))
	if err != nil {
		return nil, cause(err)
	}
	var names []string
	for _, entry := range entries {
		if entry.Type().IsRegular() || entry.Type()&fs.ModeSymlink != 0 && d.isFile(path.Join(directory, entry.Name())) {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// isFile follows a link, which the root does not let out.
func (d *directoryFiles) isFile(name string) bool {
	info, err := fs.Stat(d.root, name)
	return err == nil && info.Mode().IsRegular()
}

func (d *directoryFiles) Read(name string, limit int) ([]byte, error) {
	file, err := d.root.Open(path.Clean(name))
	if err != nil {
		return nil, cause(err)
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, cause(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no file")
	case info.Size() > int64(limit):
		return nil, fmt.Errorf("it has more than %d bytes", limit)
	}
	text, err := io.ReadAll(io.LimitReader(file, int64(limit)))
	if err != nil {
		return nil, cause(err)
	}
	return text, nil
}

// cause takes the operation and the name off an error, which messages give in
// their own words.
func cause(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
