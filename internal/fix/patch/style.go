package patch

import (
	"bytes"
	"strings"
)

// style is how a policy is laid out, as far as it shows it.
type style struct {
	colon     string // between a key and a value on one line
	comma     string // between entries on one line
	pad       string // within the braces of an object on one line
	listPad   string // within the brackets of a list on one line
	quote     byte   // of YAML's texts
	unit      string // by which nested lines are indented
	newline   string
	bareKeys  bool // HCL: keys without quotation marks where that can be
	hasCommas bool // HCL: behind the entries of objects that have lines of their own
	flowLists bool // YAML: lists of texts in brackets
	dash      int  // YAML: how much deeper than its key a list's dash stands
}

// maxSampled bounds the nodes that are looked at for their style.
const maxSampled = 3000

type sampler struct {
	in     *script
	style  style
	left   int
	single int // texts in single quotation marks less those in double ones
	seen   struct{ colon, comma, pad, listPad, unit, key, commas, list, dash bool }
}

// styleOf tells the style of a node with what is in it.
func styleOf(n *node) *style {
	s := &sampler{in: n.in, left: maxSampled}
	s.style = style{colon: ": ", comma: ", ", quote: '"', unit: "  ", newline: "\n", bareKeys: true, flowLists: true, dash: 2}
	if n.in.language == hclText {
		s.style.colon, s.style.pad = " = ", " "
	}
	if n.in.place == nil && usesCarriageReturns(n.in.page.text) {
		s.style.newline = "\r\n"
	}
	if line := lineStart(n.in.text, n.start); line < len(n.in.text) && n.in.text[line] == '\t' {
		s.style.unit = "\t"
	}
	s.node(n)
	if s.single > 0 {
		s.style.quote = '\''
	}
	if !s.seen.comma && s.seen.colon && !strings.HasSuffix(s.style.colon, " ") {
		s.style.comma = ","
	}
	return &s.style
}

func usesCarriageReturns(text []byte) bool {
	at := bytes.IndexByte(text, '\n')
	return at > 0 && text[at-1] == '\r'
}

func (s *sampler) node(n *node) {
	if s.left--; s.left < 0 || n.in != s.in {
		return
	}
	if n.kind == scalar && n.start < n.end {
		switch s.in.text[n.start] {
		case '\'':
			s.single++
		case '"':
			s.single--
		}
	}
	for i := range n.entries {
		e := &n.entries[i]
		if e.begin < n.start || e.stop > len(s.in.text) {
			return // the rest of an alias
		}
		if n.kind == object {
			s.key(n, e)
		}
		if i > 0 {
			s.between(n, &n.entries[i-1], e)
		}
		if !e.isAlias {
			s.node(e.value)
		}
	}
	if len(n.entries) > 0 && n.kind != other {
		s.container(n)
	}
}

// key looks at what stands between a key and its value.
func (s *sampler) key(n *node, e *entry) {
	if e.isAlias || e.value.start < e.key.end {
		return
	}
	between := string(s.in.text[e.key.end:e.value.start])
	if s.in.language == hclText && !s.seen.key {
		s.seen.key = true
		s.style.bareKeys = s.in.text[e.key.start] != '"'
	}
	if strings.Contains(between, "\n") || n.isBlock || s.seen.colon && len(between) >= len(s.style.colon) {
		return
	}
	s.seen.colon = true
	switch {
	case strings.Contains(between, "="):
		s.style.colon = " = "
		if between == "=" {
			s.style.colon = "="
		}
	case s.in.language == yamlText:
		s.style.colon = ": "
	default:
		s.style.colon = between
	}
}

// between looks at what separates two entries.
func (s *sampler) between(n *node, before, behind *entry) {
	if n.isBlock || before.stop > behind.begin {
		return
	}
	between := string(s.in.text[before.stop:behind.begin])
	spread := strings.Contains(between, "\n")
	if !spread && !s.seen.comma && strings.TrimSpace(between) == "," {
		s.seen.comma, s.style.comma = true, between
	}
	if spread && n.kind == object && !s.seen.commas {
		s.seen.commas = true
		s.style.hasCommas = strings.HasPrefix(strings.TrimLeft(between, " \t"), ",")
	}
}

// container looks at how a node's entries stand in it.
func (s *sampler) container(n *node) {
	first := &n.entries[0]
	if n.isBlock {
		s.block(n, first)
		return
	}
	if n.kind == list && n.entries[0].value.kind != object {
		s.list(true)
	}
	between := string(s.in.text[n.start+1 : max(n.start+1, first.begin)])
	if strings.TrimSpace(between) != "" {
		return
	}
	switch {
	case strings.Contains(between, "\n"):
		outer, inner := indentAt(s.in.text, n.start), indentAt(s.in.text, first.begin)
		s.unit(outer, inner)
	case n.kind == object && !s.seen.pad:
		s.seen.pad, s.style.pad = true, between
	case n.kind == list && !s.seen.listPad:
		s.seen.listPad, s.style.listPad = true, between
	}
}

func (s *sampler) list(flow bool) {
	if !s.seen.list {
		s.seen.list, s.style.flowLists = true, flow
	}
}

func (s *sampler) unit(outer, inner string) {
	if added, ok := strings.CutPrefix(inner, outer); ok && added != "" && !s.seen.unit {
		s.seen.unit, s.style.unit = true, added
	}
}

// block looks at a collection of YAML's block style.
func (s *sampler) block(n *node, first *entry) {
	if n.kind == list && first.value.kind == scalar {
		s.list(false)
	}
	above := n.parent
	if above == nil || above.in != s.in || !above.isBlock || above.kind != object {
		return
	}
	for i := range above.entries {
		if e := &above.entries[i]; e.value == n {
			outer, inner := column(s.in.text, e.begin), column(s.in.text, n.start)
			if n.kind == list && !s.seen.dash && inner >= outer {
				s.seen.dash, s.style.dash = true, inner-outer
			}
			if n.kind == object && inner > outer {
				s.unit(strings.Repeat(" ", outer), strings.Repeat(" ", inner))
			}
		}
	}
}

// column is how many bytes stand before an offset in its line.
func column(text []byte, at int) int { return at - lineStart(text, at) }
