package patch

import (
	"bytes"
	"errors"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"countersign/trust"
)

// readHCL reads a file of Terraform's own syntax.
func (p *page) readHCL() (err error) {
	defer func() { // the parser is not ours, and the text is a stranger's
		if recover() != nil {
			err = errors.New("the file cannot be read")
		}
	}()
	start := 0
	if bytes.HasPrefix(p.text, []byte("\xEF\xBB\xBF")) {
		start = 3
	}
	if tooDeep(p.text) {
		return errors.New("the file nests too deep")
	}
	file, diagnostics := hclsyntax.ParseConfig(p.text[start:], p.name, hcl.Pos{Byte: start, Line: 1, Column: 1})
	if diagnostics.HasErrors() {
		return errors.New("the file does not parse as a whole")
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		return errors.New("the file cannot be read")
	}
	p.blocks = map[span]*hclsyntax.Block{}
	p.tops = body.Blocks
	b := hclBuilder{in: p.whole, made: map[hclsyntax.Node]*node{}}
	for _, block := range body.Blocks {
		p.noteBlocks(block)
	}
	for _, block := range body.Blocks {
		_ = hclsyntax.VisitAll(block, func(at hclsyntax.Node) hcl.Diagnostics {
			if e, ok := at.(hclsyntax.Expression); ok && b.made[at] == nil {
				b.expression(e, nil)
			}
			return nil
		})
	}
	sort.SliceStable(p.texts, func(i, j int) bool { return p.texts[i].start < p.texts[j].start })
	return nil
}

// tooDeep reports whether a text has more brackets open at once than the
// parser, which recurses, should see.
func tooDeep(text []byte) bool {
	depth := 0
	for _, c := range text {
		switch c {
		case '{', '[', '(':
			if depth++; depth > 2000 {
				return true
			}
		case '}', ']', ')':
			depth = max(0, depth-1)
		}
	}
	return false
}

func (p *page) noteBlocks(b *hclsyntax.Block) {
	p.blocks[spanOf(b.Range())] = b
	for _, inner := range b.Body.Blocks {
		p.noteBlocks(inner)
	}
}

func spanOf(r hcl.Range) span { return span{r.Start.Byte, r.End.Byte} }

// hclBuilder makes nodes of expressions.
type hclBuilder struct {
	in   *script
	made map[hclsyntax.Node]*node
}

// expression makes a node of an object, a list or a text, and notes it; nil for
// anything else that is not within one of these.
func (b *hclBuilder) expression(e hclsyntax.Expression, parent *node) *node {
	at := spanOf(e.Range())
	n := &node{in: b.in, start: at.start, end: at.end, parent: parent}
	p := b.in.page
	switch e := e.(type) {
	case *hclsyntax.ObjectConsExpr:
		b.made[e], n.kind = n, object
		for i := range e.Items {
			key := b.key(e.Items[i].KeyExpr, n)
			value := b.expression(e.Items[i].ValueExpr, n)
			n.entries = append(n.entries, entry{key: key, value: value, old: i, begin: key.start, stop: value.end})
		}
		p.nodes[at] = n
	case *hclsyntax.TupleConsExpr:
		b.made[e], n.kind = n, list
		for i := range e.Exprs {
			value := b.expression(e.Exprs[i], n)
			n.entries = append(n.entries, entry{value: value, old: i, begin: value.start, stop: value.end})
		}
		p.nodes[at] = n
	case *hclsyntax.TemplateExpr:
		b.made[e] = n
		if text, ok := literalText(e); ok {
			n.kind, n.text = scalar, text
		}
		if n.start < len(b.in.text) && (b.in.text[n.start] == '"' || b.in.text[n.start] == '<') &&
			bytes.IndexByte(b.in.text[n.start:n.end], '{') >= 0 {
			p.texts = append(p.texts, innerText{span: at, at: n, template: e})
		}
	case *hclsyntax.ParenthesesExpr:
		b.made[e] = n
	}
	return n
}

// key makes a node of the key of an object.
func (b *hclBuilder) key(e hclsyntax.Expression, parent *node) *node {
	at := spanOf(e.Range())
	n := &node{in: b.in, start: at.start, end: at.end, parent: parent, isKey: true}
	key, ok := e.(*hclsyntax.ObjectConsKeyExpr)
	if !ok {
		return n
	}
	b.made[key] = n
	if word := hcl.ExprAsKeyword(key.Wrapped); word != "" && !key.ForceNonLiteral {
		n.kind, n.text = scalar, word
	} else if text, ok := key.Wrapped.(*hclsyntax.TemplateExpr); ok {
		b.made[text] = n
		if s, ok := literalText(text); ok {
			n.kind, n.text = scalar, s
		}
	}
	return n
}

// literalText is what a text without anything to fill in says.
func literalText(e *hclsyntax.TemplateExpr) (string, bool) {
	var b strings.Builder
	for _, part := range e.Parts {
		literal, ok := part.(*hclsyntax.LiteralValueExpr)
		if !ok || literal.Val.Type() != cty.String || literal.Val.IsNull() {
			return "", false
		}
		b.WriteString(literal.Val.AsString())
	}
	return b.String(), true
}

// openTemplate reads the JSON in a template: a heredoc, or a text in quotation
// marks.
func (p *page) openTemplate(e *hclsyntax.TemplateExpr) error {
	at := spanOf(e.Range())
	s := &script{page: p, dialect: terraform}
	raw := p.text[at.start:at.end]
	if raw[0] == '<' {
		first := bytes.IndexByte(raw, '\n') + 1
		last := bytes.LastIndexByte(raw, '\n') + 1 // the line of the end marker
		s.base, s.text = at.start+first, raw[first:max(first, last)]
	} else {
		s.decode(raw, at.start)
	}
	holes, err := s.holes()
	if err != nil {
		return err
	}
	var notes []func()
	err = s.readJSON(holes, func(n *node, v *trust.Value) {
		notes = append(notes, func() { p.take(s)(n, v) })
	})
	if err == nil {
		for _, note := range notes {
			note()
		}
	}
	return err
}

// decode takes a text out of its quotation marks. What is filled in, and
// escapes of templates, stay as they are.
func (s *script) decode(raw []byte, base int) {
	var starts []int
	hole := 0 // the end of the ${…} that is being copied
	write := func(text string, at int) {
		for range len(text) {
			starts = append(starts, base+at)
		}
		s.text = append(s.text, text...)
	}
	end := len(raw) - 1
	for at := 1; at < end; {
		switch {
		case at >= hole && raw[at] == '$' && raw[at+1] == '{' && raw[at-1] != '$':
			hole = holeEnd(raw, at+2, 0)
		case at >= hole && raw[at] == '\\' && at+1 < end:
			text, size := unescape(raw[at:end])
			write(text, at)
			at += size
			continue
		}
		write(string(raw[at:at+1]), at)
		at++
	}
	starts = append(starts, base+end)
	s.place = func(start, end int) (int, int) { return starts[start], starts[end] }
	s.encode = encodeOutside
}

// encodeOutside spells a text within quotation marks, but for what is filled in.
func encodeOutside(text string) string {
	holes, err := templateHoles([]byte(text))
	if err != nil {
		return encodeDouble(text)
	}
	var b strings.Builder
	at := 0
	for _, hole := range holes {
		b.WriteString(encodeDouble(text[at:hole.start]))
		b.WriteString(text[hole.start:hole.end])
		at = hole.end
	}
	b.WriteString(encodeDouble(text[at:]))
	return b.String()
}

// unescape reads a backslash escape of HCL.
func unescape(raw []byte) (text string, size int) {
	var digits int
	switch raw[1] {
	case 'n':
		return "\n", 2
	case 'r':
		return "\r", 2
	case 't':
		return "\t", 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		return string(raw[1:2]), 2
	}
	r := rune(0)
	for i := 2; i < 2+digits && i < len(raw); i++ {
		r = r<<4 | rune(strings.IndexByte("0123456789abcdef", raw[i]|0x20)&15)
	}
	if !utf8.ValidRune(r) {
		r = utf8.RuneError
	}
	return string(r), min(2+digits, len(raw))
}
