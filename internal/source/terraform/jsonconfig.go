package terraform

import (
	"errors"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"countersign/trust"
	"countersign/trust/jsontree"
)

// Configuration in JSON becomes the same syntax tree as HCL's own: objects and
// lists are constructors, texts are templates (Terraform language, "JSON
// configuration syntax"). A text with escapes is parsed decoded, and its places
// are mapped back.

// labelled are the kinds of top-level blocks with their number of labels.
var labelled = map[string]int{
	"resource": 2, "data": 2, "ephemeral": 2, "variable": 1, "module": 1, "provider": 1, "output": 1, "locals": 0, "terraform": 0,
}

// nestedKinds are the blocks that may stand within the blocks that we look at.
var nestedKinds = map[string]int{
	"statement": 0, "principals": 0, "not_principals": 0, "condition": 0, "content": 0,
	"dynamic": 1, "assume_role": 0, "assume_role_with_web_identity": 0, "lifecycle": 0,
}

// maxJSONFile bounds a .tf.json file, which is taken apart as a whole.
const maxJSONFile = 12 << 20

// loadJSON cuts a .tf.json file into blocks.
func (r *reader) loadJSON(src *source) []*block {
	tree, problem := parseJSONFile(src)
	if problem != nil {
		r.fault(src, problem.offset, problem.reason, problem.hint)
		return nil
	}
	var blocks []*block
	for _, of := range orderedItems(tree) {
		for i := range of.Members {
			kind := of.Members[i].Key.Text
			if labels, ok := labelled[kind]; ok {
				c := converter{r: r, src: src}
				blocks = c.blocks(blocks, kind, nil, labels, &of.Members[i].Value)
			}
		}
	}
	return blocks
}

func parseJSONFile(src *source) (trust.Value, *fault) {
	if len(src.file.Text) > maxJSONFile {
		return trust.Value{}, &fault{0, "the file is too large to be read", ""}
	}
	tree, err := jsontree.Parse(src.file)
	if err != nil {
		problem := &fault{reason: "does not parse: " + err.Error()}
		var syntax *trust.SyntaxError
		if errors.As(err, &syntax) {
			problem = &fault{syntax.Range.Start, "does not parse: " + syntax.Message, syntax.Hint}
		}
		return tree, problem
	}
	if tree.Kind != trust.Object && tree.Kind != trust.Array {
		return tree, &fault{0, "the file holds no object", ""}
	}
	return tree, nil
}

// orderedItems are the objects that a value stands for: itself, or its items.
func orderedItems(v trust.Value) []trust.Value {
	if v.Kind == trust.Array {
		return v.Items
	}
	return []trust.Value{v}
}

// converter turns JSON into HCL's syntax tree.
type converter struct {
	r   *reader
	src *source
}

// blocks descends through the labels of a kind of block.
func (c *converter) blocks(all []*block, kind string, labels []string, left int, v *trust.Value) []*block {
	for _, of := range orderedItems(*v) {
		if of.Kind != trust.Object {
			continue
		}
		if left == 0 {
			start, end := of.Range.Start, of.Range.End
			all = append(all, &block{
				chunk: chunk{kind: kind, labels: labels, start: start, end: end},
				src:   c.src, json: &of,
			})
			continue
		}
		for i := range of.Members {
			m := &of.Members[i]
			from := len(all)
			all = c.blocks(all, kind, append(labels[:len(labels):len(labels)], m.Key.Text), left-1, &m.Value)
			if left == 1 && len(all) == from+1 { // the block begins at its name
				all[from].start = m.Key.Range.Start
			}
		}
	}
	return all
}

func (c *converter) rng(r trust.Range) hcl.Range {
	return hcl.Range{Filename: c.src.name, Start: hcl.Pos{Byte: r.Start}, End: hcl.Pos{Byte: r.End}}
}

func (c *converter) body(v *trust.Value) *hclsyntax.Body {
	body := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: c.rng(v.Range)}
	for i := range v.Members {
		m := &v.Members[i]
		if labels, ok := nestedKinds[m.Key.Text]; ok && (m.Value.Kind == trust.Object || m.Value.Kind == trust.Array) {
			body.Blocks = c.nested(body.Blocks, m.Key.Text, nil, labels, &m.Value)
			continue
		}
		body.Attributes[m.Key.Text] = &hclsyntax.Attribute{
			Name: m.Key.Text, Expr: c.expression(&m.Value),
			SrcRange: c.rng(trust.Range{Start: m.Key.Range.Start, End: m.Value.Range.End}), NameRange: c.rng(m.Key.Range),
		}
	}
	return body
}

func (c *converter) nested(all hclsyntax.Blocks, kind string, labels []string, left int, v *trust.Value) hclsyntax.Blocks {
	for _, of := range orderedItems(*v) {
		if of.Kind != trust.Object {
			continue
		}
		if left > 0 {
			for i := range of.Members {
				all = c.nested(all, kind, append(labels[:len(labels):len(labels)], of.Members[i].Key.Text), left-1, &of.Members[i].Value)
			}
			continue
		}
		open, end := c.rng(of.Range), c.rng(of.Range)
		open.End = hcl.Pos{Byte: open.Start.Byte + 1}
		end.Start = hcl.Pos{Byte: end.End.Byte - 1}
		all = append(all, &hclsyntax.Block{Type: kind, Labels: labels, Body: c.body(&of), TypeRange: open, OpenBraceRange: open, CloseBraceRange: end})
	}
	return all
}

func (c *converter) expression(v *trust.Value) hclsyntax.Expression {
	rng := c.rng(v.Range)
	switch v.Kind {
	case trust.Null:
		return &hclsyntax.LiteralValueExpr{Val: cty.NullVal(cty.DynamicPseudoType), SrcRange: rng}
	case trust.Bool:
		return &hclsyntax.LiteralValueExpr{Val: cty.BoolVal(v.Text == "true"), SrcRange: rng}
	case trust.Number:
		n, err := cty.ParseNumberVal(v.Text)
		if err != nil || len(v.Text) > 100 {
			break
		}
		return &hclsyntax.LiteralValueExpr{Val: n, SrcRange: rng}
	case trust.Array:
		items := make([]hclsyntax.Expression, len(v.Items))
		for i := range v.Items {
			items[i] = c.expression(&v.Items[i])
		}
		return &hclsyntax.TupleConsExpr{Exprs: items, SrcRange: rng}
	case trust.Object:
		items := make([]hclsyntax.ObjectConsItem, len(v.Members))
		for i := range v.Members {
			items[i] = hclsyntax.ObjectConsItem{KeyExpr: c.template(&v.Members[i].Key), ValueExpr: c.expression(&v.Members[i].Value)}
		}
		return &hclsyntax.ObjectConsExpr{Items: items, SrcRange: rng}
	case trust.String:
		return c.template(v)
	}
	return &hclsyntax.ExprSyntaxError{SrcRange: rng}
}

// template parses a text. Where nothing in it is to be filled in, that is not
// needed.
func (c *converter) template(v *trust.Value) hclsyntax.Expression {
	rng := c.rng(v.Range)
	inner := trust.Range{File: v.Range.File, Start: v.Range.Start + 1, End: v.Range.End - 1}
	if !strings.Contains(v.Text, "${") && !strings.Contains(v.Text, "%{") {
		literal := &hclsyntax.LiteralValueExpr{Val: cty.StringVal(v.Text), SrcRange: c.rng(inner)}
		return &hclsyntax.TemplateExpr{Parts: []hclsyntax.Expression{literal}, SrcRange: rng}
	}
	src, start := c.src, hcl.Pos{Byte: inner.Start, Line: 1, Column: 1}
	if inner.Text() != v.Text {
		src, start = c.r.escaped(v, inner), hcl.Pos{Line: 1, Column: 1}
	}
	if len(v.Text) < maxChunk && shallow([]byte(v.Text)) {
		if e, diagnostics := hclsyntax.ParseTemplate([]byte(v.Text), src.name, start); !diagnostics.HasErrors() {
			return e
		}
	}
	return &hclsyntax.ExprSyntaxError{SrcRange: rng}
}

// jsonBody reads a .tfvars.json file as attributes. Its texts are no templates.
func (r *reader) jsonBody(src *source) (*hclsyntax.Body, *fault) {
	tree, problem := parseJSONFile(src)
	if problem != nil || tree.Kind != trust.Object {
		return &hclsyntax.Body{}, problem
	}
	c := converter{r: r, src: src}
	return c.body(&tree), nil
}
