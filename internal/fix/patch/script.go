package patch

import (
	"bytes"
	"errors"
	"sort"
	"strings"

	"countersign/internal/source/yamltree"
	"countersign/trust"
	"countersign/trust/jsontree"
)

// language is how a script is written.
type language uint8

const (
	jsonText language = iota
	yamlText
	hclText
)

// dialect is what a text means to whatever reads it before IAM does.
type dialect uint8

const (
	plain          dialect = iota // IAM reads it as it is
	cloudFormation                // functions are objects or YAML's tags
	substituted                   // the text of Fn::Sub
	terraform                     // texts are templates
	policyDocument                // likewise, and IAM's variables are &{…}
	foreign                       // of a tool that has a use for ${ or {{
)

// script is a text that can be edited: a whole file, or a text within it that
// holds JSON.
type script struct {
	page     *page
	text     []byte
	language language
	dialect  dialect
	root     *node
	// place takes a range of the text to the file; nil: the text stands there
	// at base as it is. encode spells a new text as it has to stand there.
	base   int
	place  func(start, end int) (int, int)
	encode func(string) string
	style  *style
}

// inFile takes a range to the file.
func (s *script) inFile(start, end int) (int, int) {
	if s.place == nil {
		return s.base + start, s.base + end
	}
	return s.place(start, end)
}

// edits takes changes to the file.
func (s *script) edits(changes []change) []Edit {
	made := make([]Edit, len(changes))
	for i, c := range changes {
		start, end := s.inFile(c.start, c.end)
		text := c.text
		if s.encode != nil {
			text = s.encode(text)
		}
		made[i] = Edit{File: s.page.name, Start: start, End: end, New: text}
	}
	return made
}

// builder makes nodes of a tree that was read from a script's text.
type builder struct {
	in   *script
	seen map[*trust.Member]*node // what aliases share
	list map[*trust.Value]*node
	// open reports whether a part of a range is filled in by a template.
	open func(start, end int) bool
	// take is told of every node that is made.
	take func(*node, *trust.Value)
}

func (b *builder) node(v *trust.Value, parent *node) *node {
	switch {
	case len(v.Members) > 0 && b.seen[&v.Members[0]] != nil:
		return b.seen[&v.Members[0]]
	case len(v.Items) > 0 && b.list[&v.Items[0]] != nil:
		return b.list[&v.Items[0]]
	}
	n := &node{in: b.in, start: v.Range.Start, end: v.Range.End, parent: parent}
	switch v.Kind {
	case trust.Object:
		n.kind = object
		if len(v.Members) > 0 {
			b.seen[&v.Members[0]] = n
		}
		b.members(n, v)
	case trust.Array:
		n.kind = list
		if len(v.Items) > 0 {
			b.list[&v.Items[0]] = n
		}
		for i := range v.Items {
			n.entries = append(n.entries, entry{value: b.node(&v.Items[i], n), old: i})
		}
		b.placeEntries(n)
	default:
		n.kind, n.text = scalar, v.Text
		if b.open != nil && b.open(n.start, n.end) {
			n.kind = other
		}
	}
	if n.start < len(b.in.text) && b.in.language == yamlText {
		c := b.in.text[n.start]
		n.isBlock = n.kind == object && c != '{' || n.kind == list && c != '['
	}
	if b.take != nil {
		b.take(n, v)
	}
	return n
}

// members makes the entries of an object. A function call stays whole.
func (b *builder) members(n *node, v *trust.Value) {
	for i := range v.Members {
		m := &v.Members[i]
		key := b.node(&m.Key, n)
		n.entries = append(n.entries, entry{key: key, value: b.node(&m.Value, n), old: i})
	}
	if len(v.Members) == 1 && b.in.dialect == cloudFormation {
		if name := v.Members[0].Key.Text; name == "Ref" || strings.HasPrefix(name, "Fn::") || strings.HasPrefix(name, "!") {
			n.kind, n.call = other, strings.TrimPrefix(strings.TrimPrefix(name, "!"), "Fn::")
		}
	}
	b.placeEntries(n)
}

// placeEntries finds where entries begin and stop. Those that a merge key
// brings in stand elsewhere; they are moved out of the way.
func (b *builder) placeEntries(n *node) {
	at := n.start
	own := n.entries[:0]
	for _, e := range n.entries {
		e.begin, e.stop = e.value.start, e.value.end
		from := at
		if e.key != nil {
			if e.key.start < at || e.key.end > n.end {
				continue // of a merge key
			}
			e.begin, from = e.key.start, e.key.end
		}
		if b.in.language == yamlText && (e.value.start < from || e.value.start > n.end) {
			e.isAlias = true
			start, end := aliasAt(b.in.text, from)
			e.stop = end
			if e.key == nil {
				e.begin = start
			}
		} else if b.in.language == yamlText {
			// Properties, such as anchors, belong to the entry.
			if e.key == nil {
				e.begin = propertyStart(b.in.text, from, e.begin)
			}
		}
		e.old = len(own)
		own = append(own, e)
		at = e.stop
	}
	n.entries = own
}

// aliasAt finds the alias behind an offset.
func aliasAt(text []byte, from int) (start, end int) {
	start = from
	for start < len(text) && text[start] != '*' {
		if text[start] == '#' {
			start = lineEnd(text, start)
			continue
		}
		start++
	}
	end = start
	for end < len(text) && !bytes.ContainsRune([]byte(" \t\r\n,]}"), rune(text[end])) {
		end++
	}
	return start, end
}

// propertyStart is where the tag or anchor before an item begins, if it has
// one.
func propertyStart(text []byte, from, begin int) int {
	between := text[from:max(from, begin)]
	for i, c := range between {
		if (c == '&' || c == '!') && (i == 0 || isSpace(between[i-1]) || between[i-1] == ',' || between[i-1] == '[') &&
			!bytes.Contains(text[lineStart(text, from+i):from+i], []byte("#")) {
			return from + i
		}
	}
	return begin
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// readJSON gives a script the nodes of its text. Holes are ranges that a
// template fills in.
func (s *script) readJSON(holes []change, take func(*node, *trust.Value)) error {
	text := s.text
	b := builder{in: s, seen: map[*trust.Member]*node{}, list: map[*trust.Value]*node{}, take: take}
	if len(holes) > 0 {
		text = masked(text, holes)
		b.open = func(start, end int) bool {
			i := sort.Search(len(holes), func(i int) bool { return holes[i].end > start })
			return i < len(holes) && holes[i].start < end
		}
	}
	tree, err := jsontree.Parse(&trust.File{Text: text})
	if err != nil {
		return errors.New("its text is not JSON before it is filled in")
	}
	s.root = b.node(&tree, nil)
	return nil
}

// inText makes a script of the JSON in a string of YAML or JSON.
func (p *page) inText(v *trust.Value, d dialect, take func(*node, *trust.Value)) (*script, error) {
	raw := v.Range.Text()
	if raw == "" {
		return nil, errors.New("its text is empty")
	}
	s := &script{page: p, dialect: d}
	switch raw[0] {
	case '|', '>':
		s.base = v.Range.Start + strings.IndexByte(raw, '\n') + 1
		s.text = p.text[s.base:v.Range.End]
	default:
		if err := s.fromQuoted(v, raw[0]); err != nil {
			return nil, err
		}
	}
	holes, err := s.holes()
	if err != nil {
		return nil, err
	}
	return s, s.readJSON(holes, take)
}

// fromQuoted takes the text of a string in quotation marks.
func (s *script) fromQuoted(v *trust.Value, quote byte) error {
	cutter := yamltree.NewCutter(*v)
	if len(v.Text) > 1 && cutter.Cut(0, 1).Range == v.Range || quote != '"' && quote != '\'' {
		return errors.New("its text is written with escapes that cannot be followed")
	}
	s.text = []byte(v.Text)
	s.place = func(start, end int) (int, int) {
		if start < end {
			r := cutter.Cut(start, end).Range
			return r.Start, r.End
		}
		if start == 0 {
			return v.Range.Start + 1, v.Range.Start + 1
		}
		at := cutter.Cut(start-1, start).Range.End
		return at, at
	}
	s.encode = encodeDouble
	if quote == '\'' {
		s.encode = encodeSingle
	}
	return nil
}
