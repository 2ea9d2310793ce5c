package patch

import (
	"bytes"
	"errors"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"countersign/trust"
)

// block edits a statement that is a block of an aws_iam_policy_document.
func (e *editor) block(p *page, b *hclsyntax.Block, was, want *trust.Value, c *trust.Change) ([]piece, error) {
	switch b.Type {
	case "statement":
	case "module":
		return nil, p.wrapped(b)
	case "dynamic":
		return nil, errors.New("the statement is made by a dynamic block")
	default:
		return nil, errNotFound
	}
	d := newBlockWriter(e.alignment(p, false), b)
	if err := d.statement(was, want); err != nil {
		return nil, err
	}
	at := spanOf(b.Range())
	var inserted strings.Builder
	for i := range c.Insert {
		inner := newBlockWriter(e.alignment(p, true), b)
		if err := inner.statement(was, &c.Insert[i]); err != nil {
			return nil, err
		}
		changes := inner.sorted()
		if inner.err != nil {
			return nil, inner.err
		}
		inserted.WriteString(d.gap() + indentAt(p.text, at.start) + splice(p.text, at.start, at.end, changes))
	}
	if inserted.Len() > 0 {
		end := max(at.end, d.commentEnd(at.end))
		d.add(end, end, inserted.String())
	}
	pieces, err := d.piece(&node{start: at.start, end: at.end})
	if top := p.top(at.start); len(pieces) > 0 && inserted.Len() > 0 && top != nil {
		pieces[0].container = spanOf(top.Range())
	}
	return pieces, err
}

// wrapped says which argument of a well-known module asks for a countersign.
func (p *page) wrapped(b *hclsyntax.Block) error {
	source := ""
	if attribute := b.Body.Attributes["source"]; attribute != nil {
		if text, ok := attribute.Expr.(*hclsyntax.TemplateExpr); ok {
			source, _ = literalText(text)
		}
	}
	hint := "change its arguments"
	if argument := argumentOf(source); argument != "" {
		hint = "set in module." + strings.Join(b.Labels, ".") + ": " + argument
	}
	return &refusalError{"the policy is made by the module that module." + strings.Join(b.Labels, ".") + " calls", hint}
}

// blockWriter edits the blocks of a statement.
type blockWriter struct {
	*writer
	a     *alignment
	block *hclsyntax.Block
	outer string // the indentation of the block
	inner string // of what is in it
}

func newBlockWriter(a *alignment, b *hclsyntax.Block) *blockWriter {
	text := a.page.text
	style := &style{colon: " = ", comma: ", ", unit: "  ", newline: "\n", bareKeys: true}
	if usesCarriageReturns(text) {
		style.newline = "\r\n"
	}
	d := &blockWriter{writer: newWriter(a.page.whole, style), a: a, block: b}
	d.dialect = policyDocument
	d.outer = indentAt(text, spanOf(b.Range()).start)
	d.inner = d.outer + style.unit
	for _, attribute := range b.Body.Attributes {
		if at := attribute.SrcRange.Start.Byte; startsLine(text, at) {
			d.inner = indentAt(text, at)
		}
	}
	if unit, ok := strings.CutPrefix(d.inner, d.outer); ok && unit != "" {
		style.unit = unit
	}
	return d
}

// gap is what separates this statement from the next.
func (d *blockWriter) gap() string {
	text := d.in.text
	start := lineStart(text, spanOf(d.block.Range()).start)
	before := bytes.TrimRight(text[:start], " \t\r\n")
	follows := bytes.HasSuffix(before, []byte("}"))
	if follows && bytes.Count(text[len(before):start], []byte{'\n'}) < 2 {
		return d.style.newline
	}
	return d.style.newline + d.style.newline
}

// statement makes the block what the statement becomes.
func (d *blockWriter) statement(was, want *trust.Value) error {
	if err := othersStay(was, want); err != nil {
		return err
	}
	goes, err := leaving(was, want)
	if err != nil {
		return err
	}
	if err := d.principals(goes); err != nil {
		return err
	}
	if err := d.conditions(conditionSteps(was, want)); err != nil {
		return err
	}
	d.sid(was, want)
	return errors.Join(d.err, d.a.err)
}

func (d *blockWriter) sid(was, want *trust.Value) {
	before, after := memberAt(*was, "Sid"), memberAt(*want, "Sid")
	attribute := d.block.Body.Attributes["sid"]
	switch {
	case before < 0 && after < 0, before >= 0 && after >= 0 && sameValue(&was.Members[before].Value, &want.Members[after].Value):
	case before < 0:
		at := d.block.OpenBraceRange.End.Byte
		d.add(at, at, d.style.newline+d.inner+"sid = "+d.value(d.a.fresh(&want.Members[after].Value), "", false))
	case attribute == nil:
		d.fail("its Sid is made by an expression")
	case after < 0:
		d.removeLine(spanOf(attribute.SrcRange))
	default:
		d.replace(attribute, d.value(d.a.fresh(&want.Members[after].Value), "", false))
	}
}

func (d *blockWriter) replace(attribute *hclsyntax.Attribute, text string) {
	at := spanOf(attribute.Expr.Range())
	d.add(at.start, at.end, text)
}

// removeLine takes out a block or an attribute with its lines.
func (d *blockWriter) removeLine(at span) {
	text := d.in.text
	end := max(at.end, d.commentEnd(at.end))
	if !startsLine(text, at.start) || len(bytes.TrimSpace(text[end:lineEnd(text, end)])) > 0 {
		d.add(at.start, end, "")
		return
	}
	start := lineStart(text, at.start)
	before := text[:start]
	if above := lineStart(text, max(0, start-1)); len(bytes.TrimSpace(before[above:])) == 0 && above < start {
		start = above // the blank line that set it apart
	}
	d.add(start, nextLine(text, end), "")
}

// principals takes principals out of their blocks.
func (d *blockWriter) principals(goes map[string][]bool) error {
	next := map[string]int{}
	for _, b := range d.block.Body.Blocks {
		if len(goes) == 0 {
			break
		}
		if b.Type == "dynamic" && len(b.Labels) > 0 && b.Labels[0] == "principals" {
			return errors.New("its principals are made by a dynamic block")
		}
		if b.Type != "principals" {
			continue
		}
		kind, ok := d.literal(b, "type")
		if !ok {
			return errors.New("the type of its principals is made by an expression")
		}
		flags := goes[kind]
		if flags == nil {
			continue
		}
		who := d.tuple(b, "identifiers")
		from := next[kind]
		if who == nil || from+len(who.entries) > len(flags) {
			return errors.New("its principals are made by an expression")
		}
		next[kind] += len(who.entries)
		left := who.without(func(i int) bool { return flags[from+i] })
		switch {
		case len(left.entries) == 0:
			d.removeLine(spanOf(b.Range()))
		case len(left.entries) < len(who.entries):
			d.container(who, left)
		}
	}
	for kind, flags := range goes {
		if next[kind] != len(flags) {
			return errors.New("its principals are made by an expression")
		}
	}
	return nil
}

// literal is the text of an attribute that is plain.
func (d *blockWriter) literal(b *hclsyntax.Block, name string) (string, bool) {
	if attribute := b.Body.Attributes[name]; attribute != nil {
		if text, ok := attribute.Expr.(*hclsyntax.TemplateExpr); ok {
			return literalText(text)
		}
	}
	return "", false
}

// tuple is an attribute that is a list; nil for anything else.
func (d *blockWriter) tuple(b *hclsyntax.Block, name string) *node {
	attribute := b.Body.Attributes[name]
	if attribute == nil {
		return nil
	}
	if n := d.a.page.nodes[spanOf(attribute.Expr.Range())]; n != nil && n.kind == list {
		return n
	}
	return nil
}

func (d *blockWriter) conditions(steps []conditionStep) error {
	var added strings.Builder
	for i := range steps {
		step := &steps[i]
		if step.want != nil && d.isDynamic(step.want) {
			return errors.New("a dynamic block makes the same condition, whose values would be added to it")
		}
		if step.was == nil {
			added.WriteString(d.condition(step.want))
			continue
		}
		if err := d.change(step); err != nil {
			return err
		}
	}
	if added.Len() > 0 {
		d.append(added.String())
	}
	return nil
}

// append adds blocks behind the last one, which may be one that goes.
func (d *blockWriter) append(text string) {
	at := d.lastItem()
	for i := range d.changes {
		if c := &d.changes[i]; c.start <= at && at < c.end && startsLine(d.in.text, c.start) {
			c.text = strings.TrimPrefix(text, d.style.newline) + d.style.newline
			return
		}
	}
	d.add(at, at, text)
}

// isDynamic reports whether a dynamic block may make a condition of the same
// test and variable.
func (d *blockWriter) isDynamic(made *held) bool {
	for _, b := range d.block.Body.Blocks {
		if b.Type != "dynamic" || len(b.Labels) == 0 || b.Labels[0] != "condition" {
			continue
		}
		for _, content := range b.Body.Blocks {
			test, okTest := d.literal(content, "test")
			key, okKey := d.literal(content, "variable")
			if (!okTest || test == made.operator) && (!okKey || strings.EqualFold(key, made.key)) {
				return true
			}
		}
	}
	return false
}

// change edits the first block of a condition, and takes out the others.
func (d *blockWriter) change(step *conditionStep) error {
	var found []*hclsyntax.Block
	for _, b := range d.block.Body.Blocks {
		if b.Type != "condition" {
			continue
		}
		test, okTest := d.literal(b, "test")
		key, okKey := d.literal(b, "variable")
		if okTest && okKey && test == step.was.operator && key == step.was.key {
			found = append(found, b)
		}
	}
	if len(found) == 0 {
		return errors.New("a condition is made by an expression or a dynamic block")
	}
	for i, b := range found {
		if i > 0 || step.want == nil {
			d.removeLine(spanOf(b.Range()))
			continue
		}
		if step.want.operator != step.was.operator {
			d.replace(b.Body.Attributes["test"], d.scalar(step.want.operator))
		}
		if step.want.key != step.was.key {
			d.replace(b.Body.Attributes["variable"], d.scalar(step.want.key))
		}
		if sameValues(step.was.values, step.want.values) {
			continue
		}
		before := trust.Value{Kind: trust.Array, Items: step.was.values}
		after := trust.Value{Kind: trust.Array, Items: step.want.values}
		values := d.tuple(b, "values")
		if values == nil || len(found) > 1 || len(values.entries) != len(step.was.values) {
			if b.Body.Attributes["values"] == nil {
				return errors.New("a condition is made by an expression")
			}
			d.replace(b.Body.Attributes["values"], d.value(d.a.fresh(&after), "", false))
			continue
		}
		if rebuilt := d.a.rebuild(&before, values, &after); rebuilt.from == values {
			d.container(values, rebuilt)
		}
	}
	return nil
}

// condition spells a new block, with the line break before it.
func (d *blockWriter) condition(made *held) string {
	line := d.style.newline + d.inner
	deeper := line + d.style.unit
	values := d.value(d.a.valueList(made.values), "", false)
	text := line + "condition {" +
		deeper + "test     = " + d.scalar(made.operator) +
		deeper + "variable = " + d.scalar(made.key) +
		deeper + "values   = " + values + line + "}"
	if d.isApart() {
		return d.style.newline + text
	}
	return text
}

// isApart reports whether blank lines stand between the blocks.
func (d *blockWriter) isApart() bool {
	text := d.in.text
	blocks := d.block.Body.Blocks
	if len(blocks) == 0 {
		return false
	}
	start := lineStart(text, blocks[len(blocks)-1].Range().Start.Byte)
	above := lineStart(text, max(0, start-1))
	return len(bytes.TrimSpace(text[above:start])) == 0
}

// lastItem is the end of the line of the last condition, else of the last of
// all that is in the block.
func (d *blockWriter) lastItem() int {
	end, last := 0, 0
	for _, b := range d.block.Body.Blocks {
		last = max(last, b.Range().End.Byte)
		if b.Type == "condition" {
			end = max(end, b.Range().End.Byte)
		}
	}
	for _, attribute := range d.block.Body.Attributes {
		last = max(last, attribute.SrcRange.End.Byte)
	}
	if end == 0 {
		end = last
	}
	if end == 0 {
		end = d.block.OpenBraceRange.End.Byte
	}
	return max(end, d.commentEnd(end))
}
