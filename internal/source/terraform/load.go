package terraform

import (
	"bytes"
	"cmp"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"countersign/trust"
)

// maxFile bounds the files that are read, in bytes. 20,000 roles take about
// ten million.
const maxFile = 64 << 20

// block is a top-level block of a module. What it holds is parsed when it is
// asked for.
type block struct {
	chunk
	src       *source
	json      *trust.Value // of a .tf.json file: what it holds; else nil
	overrides []*block
}

// address is the block's name in its module.
func (b *block) address() string {
	name := strings.Join(b.labels, ".")
	if b.kind == "resource" {
		return name
	}
	return b.kind + "." + name
}

// directory is what a module's directory holds.
type directory struct {
	path    string
	blocks  []*block // in the order of files and text
	named   map[string]*block
	locals  []*block
	sources []*source
}

// IsConfiguration reports whether a file is Terraform or OpenTofu
// configuration, by its name.
func IsConfiguration(name string) bool {
	for _, suffix := range []string{".tf", ".tf.json", ".tofu", ".tofu.json"} {
		if strings.HasSuffix(name, suffix) && len(path.Base(name)) > len(suffix) {
			return true
		}
	}
	return false
}

// configurationFiles picks the files of a module in the order in which they
// count: a .tofu file stands in for the .tf file of the same name, and
// override files come last (Terraform language, "Override files"; OpenTofu
// language, "Files and directories").
func configurationFiles(names []string) (plain, overrides []string) {
	for _, name := range names {
		base := path.Base(name)
		if !IsConfiguration(base) || strings.HasPrefix(base, ".") || strings.HasSuffix(base, "~") {
			continue
		}
		if stem, ok := strings.CutSuffix(base, ".tf"); ok && slices.Contains(names, stem+".tofu") {
			continue
		}
		if stem, ok := strings.CutSuffix(base, ".tf.json"); ok && slices.Contains(names, stem+".tofu.json") {
			continue
		}
		stem, _, _ := strings.Cut(base, ".")
		if stem == "override" || strings.HasSuffix(stem, "_override") {
			overrides = append(overrides, name)
		} else {
			plain = append(plain, name)
		}
	}
	slices.Sort(plain)
	slices.Sort(overrides)
	return plain, overrides
}

// load reads a module's directory. What cannot be read is said.
func (r *reader) load(dir string) *directory {
	if loaded := r.directories[dir]; loaded != nil {
		return loaded
	}
	d := &directory{path: dir, named: map[string]*block{}}
	r.directories[dir] = d
	names, err := r.files.List(dir)
	if err != nil {
		r.incomplete(dir, 0, 0, "the directory cannot be read: "+err.Error(), "")
		return d
	}
	plain, overrides := configurationFiles(names)
	for _, name := range plain {
		for _, b := range r.loadFile(d, path.Join(dir, name)) {
			d.add(r, b)
		}
	}
	for _, name := range overrides {
		for _, b := range r.loadFile(d, path.Join(dir, name)) {
			d.override(b)
		}
	}
	return d
}

func (d *directory) add(r *reader, b *block) {
	if b.kind == "locals" {
		d.locals = append(d.locals, b)
		return
	}
	if b.kind == "provider" || len(b.labels) == 0 { // several may share a name
		d.blocks = append(d.blocks, b)
		return
	}
	address := b.address()
	if d.named[address] != nil {
		r.fault(b.src, b.start, "there is another "+address+" in this module", "")
	} else {
		d.named[address] = b
	}
	d.blocks = append(d.blocks, b)
}

// override merges a block of an override file into the block it names.
func (d *directory) override(b *block) {
	switch original := d.named[b.address()]; {
	case b.kind == "locals":
		d.locals = append(d.locals, b)
	case original == nil || b.kind == "provider":
		d.blocks = append(d.blocks, b)
	default:
		original.overrides = append(original.overrides, b)
	}
}

// read gives a file's text, checked to be text.
func (r *reader) read(name string, limit int) (*source, bool) {
	if src := r.sources[name]; src != nil {
		return src, true
	}
	raw, err := r.files.Read(name, limit)
	if err != nil {
		r.incomplete(name, 0, 0, "cannot be read: "+err.Error(), "")
		return nil, false
	}
	if bytes.HasPrefix(raw, []byte{0xFF, 0xFE}) || bytes.HasPrefix(raw, []byte{0xFE, 0xFF}) {
		r.incomplete(name, 0, 0, "the file is UTF-16 text", "save it as UTF-8")
		return nil, false
	}
	src := r.register(name, raw)
	if !utf8.Valid(raw) {
		at := 0
		for at < len(raw) {
			c, size := utf8.DecodeRune(raw[at:])
			if c == utf8.RuneError && size == 1 {
				break
			}
			at += size
		}
		r.fault(src, at, "the file is not UTF-8 text", "save it as UTF-8")
		return nil, false
	}
	return src, true
}

// register makes a file known to the places of expressions.
func (r *reader) register(name string, raw []byte) *source {
	shown, _ := r.paths(name)
	src := &source{name: name, file: &trust.File{Name: shown, Text: raw}}
	r.sources[name] = src
	return src
}

func (r *reader) loadFile(d *directory, name string) []*block {
	src, ok := r.read(name, maxFile)
	if !ok {
		return nil
	}
	d.sources = append(d.sources, src)
	if strings.HasSuffix(name, ".json") {
		return r.loadJSON(src)
	}
	chunks, faults := cut(src.file.Text)
	for _, f := range faults {
		r.fault(src, f.offset, f.reason, f.hint)
	}
	blocks := make([]*block, len(chunks))
	for i := range chunks {
		blocks[i] = &block{chunk: chunks[i], src: src}
	}
	return blocks
}

// parse gives what a block holds, with its overrides. ok is false where it
// does not parse, which has been said.
func (r *reader) parse(b *block) (body *hclsyntax.Body, ok bool) {
	if body := r.bodies[b]; body != nil {
		return body, true
	}
	if body, ok = r.parseMerged(b); ok {
		if len(r.bodies) >= maxBodies {
			clear(r.bodies)
		}
		r.bodies[b] = body
	}
	return body, ok
}

// maxBodies bounds how many parsed blocks are kept for the next use.
const maxBodies = 200

func (r *reader) parseMerged(b *block) (body *hclsyntax.Body, ok bool) {
	body, ok = r.parseAlone(b)
	if !ok || len(b.overrides) == 0 {
		return body, ok
	}
	merged := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, Blocks: body.Blocks, SrcRange: body.SrcRange, EndRange: body.EndRange}
	for name, attribute := range body.Attributes {
		merged.Attributes[name] = attribute
	}
	for _, b := range b.overrides {
		over, ok := r.parseAlone(b)
		if !ok {
			return nil, false
		}
		for name, attribute := range over.Attributes {
			merged.Attributes[name] = attribute
		}
		merged.Blocks = overriddenBlocks(merged.Blocks, over.Blocks)
	}
	return merged, true
}

// nestedName is the name of a nested block, also where a dynamic block makes
// it.
func nestedName(b *hclsyntax.Block) string {
	if b.Type == "dynamic" && len(b.Labels) == 1 {
		return b.Labels[0]
	}
	return b.Type
}

// overriddenBlocks replaces all nested blocks of the kinds that an override
// has.
func overriddenBlocks(original, over hclsyntax.Blocks) hclsyntax.Blocks {
	var kept hclsyntax.Blocks
	for _, b := range original {
		if !slices.ContainsFunc(over, func(o *hclsyntax.Block) bool { return nestedName(o) == nestedName(b) }) {
			kept = append(kept, b)
		}
	}
	return append(kept, over...)
}

func (r *reader) parseAlone(b *block) (*hclsyntax.Body, bool) {
	if b.json != nil {
		c := converter{r: r, src: b.src}
		return c.body(b.json), true
	}
	if r.unreadable[b] {
		return nil, false
	}
	body, problem := parseChunk(b.src, b.start, b.end)
	if problem == nil && len(body.Blocks) == 1 {
		return body.Blocks[0].Body, true
	}
	r.unreadable[b] = true
	if problem != nil {
		r.fault(b.src, problem.offset, problem.reason, problem.hint)
	}
	return nil, false
}

// parseChunk parses a part of a file that the scanner has found to be sound.
func parseChunk(src *source, start, end int) (*hclsyntax.Body, *fault) {
	file, diagnostics := hclsyntax.ParseConfig(src.file.Text[start:end], src.name, hcl.Pos{Byte: start, Line: 1, Column: 1})
	if problem := firstFault(diagnostics, start); problem != nil {
		return nil, problem
	}
	return file.Body.(*hclsyntax.Body), nil
}

// firstFault words the first error among diagnostics.
func firstFault(diagnostics hcl.Diagnostics, start int) *fault {
	for _, d := range diagnostics {
		if d.Severity != hcl.DiagError {
			continue
		}
		if d.Subject != nil {
			start = d.Subject.Start.Byte
		}
		return &fault{start, "does not parse: " + lowerFirst(strings.TrimSuffix(d.Summary, ".")), lowerFirst(strings.TrimSuffix(shorten(d.Detail, 200), "."))}
	}
	return nil
}

func lowerFirst(s string) string {
	if len(s) > 1 && s[1] >= 'a' && s[1] <= 'z' {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}

// attributesInOrder lists attributes by their place.
func attributesInOrder(body *hclsyntax.Body) []*hclsyntax.Attribute {
	attributes := make([]*hclsyntax.Attribute, 0, len(body.Attributes))
	for _, a := range body.Attributes {
		attributes = append(attributes, a)
	}
	slices.SortFunc(attributes, func(a, b *hclsyntax.Attribute) int {
		return cmp.Or(cmp.Compare(a.NameRange.Filename, b.NameRange.Filename), cmp.Compare(a.NameRange.Start.Byte, b.NameRange.Start.Byte))
	})
	return attributes
}
