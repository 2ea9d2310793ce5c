package patch

import (
	"errors"
	"fmt"
	"strings"

	"countersign/internal/role"
	"countersign/trust"
)

// piece is what is edited at one place for one statement.
type piece struct {
	statement int
	file      string
	span      // of the text that is edited
	edits     []Edit
	id        string // tells pieces apart
	// container is the list of statements, or what else holds them, in which
	// the piece adds some; zero where it adds none.
	container span
}

// statements gives the statements of a policy.
func statements(policy *trust.Value) ([]trust.Value, error) {
	if policy.Kind != trust.Object {
		return nil, errors.New("the policy is not known as a whole")
	}
	at := memberAt(*policy, "Statement")
	if at < 0 {
		return nil, errors.New("the policy has no Statement")
	}
	all := policy.Members[at].Value
	if all.Kind == trust.Object {
		return []trust.Value{all}, nil
	}
	if all.Kind != trust.Array {
		return nil, errors.New("its statements are not known as a whole")
	}
	for i := range all.Items {
		if all.Items[i].Kind != trust.Object {
			return nil, errors.New("which statements it has is chosen by a condition")
		}
	}
	return all.Items, nil
}

// editor makes the edits of one policy.
type editor struct {
	pages  func(file *trust.File) (*page, error)
	name   func(on string) (string, bool)
	policy *trust.Value
	all    []trust.Value // statements
	// origins are those of all statements, by page.
	origins map[*page]origins
}

// statement makes the edits of one statement.
func (e *editor) statement(c *trust.Change) ([]piece, error) {
	if c.Statement < 0 || c.Statement >= len(e.all) {
		return nil, errors.New("the policy is not the one that was judged")
	}
	was := &e.all[c.Statement]
	if was.Range.IsZero() {
		return nil, errNotFound
	}
	p, err := e.pages(was.Range.File)
	if err != nil {
		return nil, err
	}
	at, err := p.find(was.Range)
	if err != nil {
		return nil, err
	}
	want, err := e.changed(c)
	if err != nil {
		return nil, err
	}
	if at.block != nil {
		return e.block(p, at.block, was, want, c)
	}
	if top := p.top(at.node.start); top != nil && top.Type == "variable" && at.node.in == p.whole {
		return nil, fmt.Errorf("it is the default of the variable %s, which whoever sets the variable replaces", strings.Join(top.Labels, "."))
	}
	if p.kind == role.Terraform && p.whole.dialect == plain && !says(at.node, was) {
		return nil, errTemplate
	}
	if isDocumentStatement(p, at.node) {
		return e.jsonDocument(p, at.node, was, want, c)
	}
	return e.structured(p, at.node, was, want, c)
}

// changed is what a statement becomes, but for those that are inserted.
func (e *editor) changed(c *trust.Change) (*trust.Value, error) {
	one := *c
	one.Insert = nil
	document, err := trust.Apply(*e.policy, []trust.Change{one})
	if err != nil {
		return nil, err
	}
	all, err := statements(&document)
	if err != nil {
		return nil, err
	}
	return &all[c.Statement], nil
}

// says reports whether a text says what was read from it.
func says(n *node, v *trust.Value) bool {
	if n.kind == scalar {
		return v.Text == n.text
	}
	if len(n.entries) != len(v.Items)+len(v.Members) {
		return false
	}
	for i := range v.Items {
		if !says(n.entries[i].value, &v.Items[i]) {
			return false
		}
	}
	for i := range v.Members {
		if n.entries[i].key.text != v.Members[i].Key.Text || !says(n.entries[i].value, &v.Members[i].Value) {
			return false
		}
	}
	return true
}

func (e *editor) alignment(p *page, isCopy bool) *alignment {
	if e.origins[p] == nil {
		a := &alignment{page: p, origins: origins{}}
		for i := range e.all {
			s := &e.all[i]
			if s.Range.File == nil || !sameFile(s.Range.File.Name, p.name) && p.shift == 0 && s.Range.File.Name != "" {
				continue
			}
			if at, err := p.find(s.Range); err == nil && at.node != nil {
				a.note(s, at.node)
			}
		}
		e.origins[p] = a.origins
	}
	return &alignment{page: p, origins: e.origins[p], name: e.name, isCopy: isCopy}
}

// structured edits a statement that is an object of its text.
func (e *editor) structured(p *page, n *node, was, want *trust.Value, c *trust.Change) ([]piece, error) {
	if n.kind != object {
		return nil, errNotFound
	}
	style := n.in.styled(n)
	a := e.alignment(p, false)
	rebuilt := a.rebuild(was, n, want)
	w := newWriter(n.in, style)
	if rebuilt.from == n {
		w.container(n, rebuilt)
	}
	if err := e.insert(p, n, was, c, a, w); err != nil {
		return nil, err
	}
	pieces, err := w.piece(n)
	if len(pieces) > 0 && len(c.Insert) > 0 {
		pieces[0].container.start, pieces[0].container.end = n.in.inFile(n.parent.start, n.parent.end)
	}
	if a.err != nil || err != nil {
		return nil, errors.Join(a.err, err)
	}
	for _, one := range a.elsewhere {
		inner := newWriter(one.old.in, one.old.in.styled(one.old))
		inner.container(one.old, one.new)
		more, err := inner.piece(one.old)
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, more...)
	}
	return pieces, nil
}

// piece gives what a writer has written for a node; nothing where that is
// nothing.
func (w *writer) piece(n *node) ([]piece, error) {
	changes := w.sorted()
	if w.err != nil || len(changes) == 0 {
		return nil, w.err
	}
	start, end := w.in.inFile(n.start, n.end)
	return []piece{{file: w.in.page.name, span: span{start, end}, edits: w.in.edits(changes)}}, nil
}

// styled is the style of a script, as the policy that a node is part of has it.
func (s *script) styled(n *node) *style {
	if s.place != nil || s.base > 0 || s.page.kind == "" {
		if s.style == nil && s.root != nil {
			s.style = styleOf(s.root)
		}
		if s.style != nil {
			return s.style
		}
	}
	for steps := 0; n.parent != nil && steps < 2; steps++ { // the list, the policy
		n = n.parent
	}
	return styleOf(n)
}

// insert writes new statements behind the one that they are made of.
func (e *editor) insert(p *page, n *node, was *trust.Value, c *trust.Change, a *alignment, w *writer) error {
	if len(c.Insert) == 0 {
		return nil
	}
	var added []entry
	for i := range c.Insert {
		inner := e.alignment(p, true)
		copied := inner.rebuild(was, n, &c.Insert[i])
		if inner.err != nil {
			return inner.err
		}
		if copied == n {
			copied = n.edit()
		}
		added = append(added, newItem(copied))
	}
	above := n.parent
	if above == nil || above.in != n.in {
		return errors.New("a second statement has no place beside it: the list of statements is made by an expression")
	}
	switch above.kind {
	case list:
		if at := entryAt(above, n); at >= 0 {
			w.insertAfter(above, at, added)
			return nil
		}
	case object:
		if at := entryAt(above, n); at >= 0 && above.entries[at].key.text == "Statement" {
			return w.wrap(n, added)
		}
	}
	return errors.New("a second statement has no place beside it: the list of statements is made by an expression")
}

func entryAt(above, n *node) int {
	for i := range above.entries {
		if above.entries[i].value == n && !above.entries[i].isAlias {
			return i
		}
	}
	return -1
}

// wrap makes a list of a statement that stands alone, and adds others.
func (w *writer) wrap(n *node, added []entry) error {
	if n.isBlock {
		return w.wrapLines(n, added)
	}
	w.add(n.start, n.start, "[")
	var b strings.Builder
	for i := range added {
		b.WriteString(w.style.comma + w.value(added[i].value, "", false))
	}
	w.add(n.end, n.end, b.String()+"]")
	return nil
}

// wrapLines puts a dash before the first line, which YAML allows to stand as
// deep as the key above it.
func (w *writer) wrapLines(n *node, added []entry) error {
	text := w.in.text
	depth := column(text, n.start)
	key := n.parent.entries[entryAt(n.parent, n)].begin
	if !startsLine(text, n.start) || depth < column(text, key)+2 {
		return errors.New("a second statement has no place beside it")
	}
	w.add(n.start-2, n.start, "- ")
	stop := n.end
	if len(n.entries) > 0 {
		stop = n.entries[len(n.entries)-1].stop
	}
	var b strings.Builder
	for i := range added {
		b.WriteString(w.style.newline + strings.Repeat(" ", depth-2) + "- " + w.value(added[i].value, "", false))
	}
	w.add(lineEnd(text, stop), lineEnd(text, stop), b.String())
	return nil
}
