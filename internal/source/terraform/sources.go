package terraform

import (
	"fmt"

	"countersign/trust"
)

// source finds a text by hcl's name for it.
func (r *reader) source(name string) *source {
	if r.last != nil && r.last.name == name {
		return r.last
	}
	r.last = r.sources[name]
	return r.last
}

// sourceOf finds the source of a file.
func (r *reader) sourceOf(file *trust.File) *source {
	if file == nil {
		return nil
	}
	if r.last != nil && r.last.file == file && r.last.offsets == nil {
		return r.last
	}
	for _, src := range r.sources {
		if src.file == file && src.offsets == nil {
			return src
		}
	}
	return nil
}

func (r *reader) paths(name string) (shown, fromRoot string) {
	if r.options.Paths == nil {
		return name, name
	}
	return r.options.Paths(name)
}

// incomplete says once that something could not be read.
func (r *reader) incomplete(name string, line, column int, reason, hint string) {
	shown, _ := r.paths(name)
	what := Incomplete{Path: shown, Line: line, Column: column, Reason: reason, Hint: hint}
	if !r.said[what] {
		r.said[what] = true
		r.out.Incomplete(what)
	}
}

// fault says what is wrong at an offset of a file.
func (r *reader) fault(src *source, offset int, reason, hint string) {
	if src.offsets != nil {
		if original := r.sourceOf(src.file); original != nil {
			src, offset = original, src.offset(offset)
		}
	}
	line, column := src.position(offset)
	r.incomplete(src.name, line, column, reason, hint)
}

func (r *reader) faultOnce(src *source, offset int, reason, hint string) {
	if src.model {
		return
	}
	r.fault(src, offset, reason, hint)
}

// refuse says that a path outside the root is not read.
func (r *reader) refuse(place trust.Range, shown string) {
	if src := r.sourceOf(place.File); src != nil {
		r.fault(src, place.Start, shown+" lies outside the scanned directory and is not read", "")
	}
}

func (r *reader) exhausted() {
	r.incomplete(r.rootDir, 0, 0, "too much to evaluate: some of the configuration is not read", "scan its directories one by one")
}

// escaped registers a text of a JSON file that was decoded.
func (r *reader) escaped(v *trust.Value, inner trust.Range) *source {
	p := piece{text: v.Text, raw: inner, spelling: quoted}
	offsets := p.alignment()
	if offsets == nil {
		return r.decoded(v.Text, inner)
	}
	return r.virtual(v.Text, inner.File, offsets)
}

// decoded registers a text that stands nowhere byte for byte: all of it is
// placed at one range.
func (r *reader) decoded(written string, place trust.Range) *source {
	offsets := make([]int, len(written)+1)
	for i := range offsets {
		offsets[i] = place.Start
	}
	offsets[len(written)] = place.End
	return r.virtual(written, place.File, offsets)
}

func (r *reader) virtual(written string, file *trust.File, offsets []int) *source {
	if file == nil {
		file = &trust.File{}
	}
	r.texts++
	src := &source{name: fmt.Sprintf("%s#%d", file.Name, r.texts), file: file, offsets: offsets, content: []byte(written)}
	r.sources[src.name] = src
	return src
}
