package yamltree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"countersign/trust"
)

const (
	// maxDepth bounds how deep collections nest.
	maxDepth = 100
	// maxValues bounds the values of what is parsed in one piece: with them
	// the parser's tree and ours stay under some hundred megabytes.
	maxValues = 500_000
)

// parse reads the YAML documents in a part of a file, or in several parts, as
// if nothing stood between them.
func parse(file *trust.File, parts ...part) ([]trust.Value, error) {
	text := file.Text[parts[0].start:parts[0].end]
	for i, part := range parts {
		if err := checkText(file, part.start, file.Text[part.start:part.end]); err != nil {
			return nil, err
		}
		if i > 0 {
			text = append(text[:len(text):len(text)], file.Text[part.start:part.end]...)
		}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	c := &converter{file: file, parts: parts, text: string(text), lines: lineStarts(text)}
	var documents []trust.Value
	for {
		var root yaml.Node
		err := decode(decoder, &root)
		switch {
		case errors.Is(err, io.EOF):
			return documents, nil
		case err != nil:
			return documents, c.syntax(err)
		case len(root.Content) == 0:
			continue
		}
		v, err := c.value(root.Content[0], 0)
		if err != nil {
			return documents, err
		}
		documents = append(documents, v)
	}
}

// decode makes an error of a panic: the parser is not ours, and the text is a
// stranger's.
func decode(decoder *yaml.Decoder, node *yaml.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: the parser gave up: %v", r)
		}
	}()
	return decoder.Decode(node)
}

// checkText finds what the parser would refuse without a place, and what would
// take too much room.
func checkText(file *trust.File, start int, text []byte) error {
	values := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c < 0x7F || c == '\t' || c == '\r' {
			switch c {
			case ',', '[', '{', ':', '-', '?':
				values++
			}
			i++
			continue
		}
		if c == '\n' {
			values++
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return fault(file, start+i, start+i+1, fmt.Sprintf("invalid UTF-8: byte 0x%02x", c), "save the file as UTF-8")
		case r < ' ' || r == 0x7F || r > 0x7F && r < 0xA0 && r != 0x85 || r == 0xFEFF && i > 0 || r == 0xFFFE || r == 0xFFFF:
			return fault(file, start+i, start+i+size, fmt.Sprintf("control character U+%04X", r), "remove it, or write it as an escape in double quotation marks")
		}
		i += size
	}
	if values > 3*maxValues || values > maxValues && len(text) < 4*values {
		return fault(file, start, start, "too large: more values than are read in one piece", "split the file")
	}
	return nil
}

// lineStarts lists where lines begin, with the line breaks that the parser
// counts (YAML 1.1, section 4.1.4).
func lineStarts(text []byte) []int {
	starts := make([]int, 1, bytes.Count(text, []byte{'\n'})+2)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\n', c == '\r' && (i+1 == len(text) || text[i+1] != '\n'):
			starts = append(starts, i+1)
		case c == 0xC2 && i+1 < len(text) && text[i+1] == 0x85:
			starts = append(starts, i+2)
		case c == 0xE2 && i+2 < len(text) && text[i+1] == 0x80 && (text[i+2] == 0xA8 || text[i+2] == 0xA9):
			starts = append(starts, i+3)
		}
	}
	return starts
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntax gives a parser's message our form. The parser knows no columns.
func (c *converter) syntax(err error) error {
	message, line := err.Error(), 1
	if found := yamlLine.FindStringSubmatch(message); found != nil {
		message = strings.TrimPrefix(message, found[0])
		if found[1] != "" {
			line, _ = strconv.Atoi(found[1])
		}
	}
	line = min(max(line, 1), len(c.lines))
	start := c.lines[line-1]
	end := start + len(c.line(start))
	hint := "indent with spaces, and quote text that holds special characters"
	indent := c.text[start : start+len(c.text[start:end])-len(strings.TrimLeft(c.text[start:end], " \t"))]
	if strings.Contains(indent, "\t") {
		hint = "the line is indented with a tab; YAML allows spaces only"
	}
	start += len(indent)
	return c.fault(start, max(end, start), "not YAML: "+message, hint)
}

// line is the rest of the line from an offset, without its end.
func (c *converter) line(start int) string {
	line, _, _ := strings.Cut(c.text[start:], "\n")
	return strings.TrimSuffix(line, "\r")
}

// converter turns the nodes of the parser into a tree with ranges.
type converter struct {
	file  *trust.File
	parts []part // of the file, that text is made of
	text  string
	lines []int
	// The last place that was looked up: nodes come in the order of the text,
	// so that a long line is not counted from its start every time.
	line1, column, offset int
	anchors               map[*yaml.Node]*anchored
	merged                int // entries that merge keys have looked at
}

// anchored is a value that aliases refer to.
type anchored struct {
	value trust.Value
	done  bool
}

// place turns a line and a column, both from 1, into an offset in text.
func (c *converter) place(line, column int) int {
	if line < 1 || line > len(c.lines) {
		return len(c.text)
	}
	if line != c.line1 || column < c.column {
		c.line1, c.column, c.offset = line, 1, c.lines[line-1]
	}
	for c.column < column && c.offset < len(c.text) {
		if c.text[c.offset] < utf8.RuneSelf {
			c.offset++
		} else {
			_, size := utf8.DecodeRuneInString(c.text[c.offset:])
			c.offset += size
		}
		c.column++
	}
	return c.offset
}

func (c *converter) at(start, end int) trust.Range {
	return trust.Range{File: c.file, Start: c.inFile(start), End: c.inFile(max(start, end))}
}

func (c *converter) fault(start, end int, message, hint string) error {
	return &trust.SyntaxError{Message: message, Hint: hint, Range: c.at(start, end)}
}

// inFile takes an offset from the text to the file.
func (c *converter) inFile(offset int) int {
	for _, part := range c.parts {
		if offset <= part.end-part.start {
			return part.start + offset
		}
		offset -= part.end - part.start
	}
	return c.parts[len(c.parts)-1].end
}

// inText takes an offset from the file to the text.
func (c *converter) inText(offset int) int {
	at := 0
	for _, part := range c.parts {
		if part.start <= offset && offset <= part.end {
			return at + offset - part.start
		}
		at += part.end - part.start
	}
	return len(c.text)
}

func (c *converter) value(n *yaml.Node, depth int) (trust.Value, error) {
	if n.Kind == yaml.AliasNode {
		return c.alias(n)
	}
	start := c.place(n.Line, n.Column)
	if depth > maxDepth {
		return trust.Value{}, c.fault(start, start, "nested too deep",
			fmt.Sprintf("at most %d levels are read", maxDepth))
	}
	var entry *anchored
	if n.Anchor != "" {
		if c.anchors == nil {
			c.anchors = map[*yaml.Node]*anchored{}
		}
		entry = &anchored{}
		c.anchors[n] = entry
	}
	v, err := c.content(n, start, depth)
	if err != nil {
		return trust.Value{}, err
	}
	if tag := n.Tag; len(tag) > 1 && tag[0] == '!' && tag[1] != '!' {
		key := trust.Value{Kind: trust.String, Text: tag, Range: c.at(start, start+c.propertyEnd(start))}
		v = trust.Value{
			Kind:    trust.Object,
			Members: []trust.Member{{Key: key, Value: v}},
			Range:   c.at(start, c.inText(v.Range.End)),
		}
	}
	if entry != nil {
		entry.value, entry.done = v, true
	}
	return v, nil
}

// alias shares the value of its anchor, so that a document full of aliases
// takes no more room than its text.
func (c *converter) alias(n *yaml.Node) (trust.Value, error) {
	entry := c.anchors[n.Alias]
	if entry == nil || !entry.done {
		start := c.place(n.Line, n.Column)
		return trust.Value{}, c.fault(start, start+1+len(n.Value),
			"the anchor "+strconv.Quote(n.Value)+" contains itself", "an alias stands behind its anchor, not inside of it")
	}
	return entry.value, nil
}

func (c *converter) content(n *yaml.Node, start, depth int) (trust.Value, error) {
	isFlow := n.Style&yaml.FlowStyle != 0
	switch n.Kind {
	case yaml.MappingNode:
		members, end, err := c.members(n, depth)
		if err != nil {
			return trust.Value{}, err
		}
		start = c.contentStart(n, start)
		if isFlow || len(n.Content) == 0 {
			end = c.flowEnd(max(end, start+1), '}')
		}
		return trust.Value{Kind: trust.Object, Members: members, Range: c.at(start, end)}, nil
	case yaml.SequenceNode:
		items := make([]trust.Value, 0, len(n.Content))
		end := 0
		for _, child := range n.Content {
			v, err := c.value(child, depth+1)
			if err != nil {
				return trust.Value{}, err
			}
			items = append(items, v)
			end = c.endOf(child, &v)
		}
		start = c.contentStart(n, start)
		if isFlow || len(n.Content) == 0 {
			end = c.flowEnd(max(end, start+1), ']')
		}
		return trust.Value{Kind: trust.Array, Items: items, Range: c.at(start, end)}, nil
	}
	return c.scalar(n, start), nil
}

// endOf is where a child ends in its parent: for an alias that is not where its
// value ends.
func (c *converter) endOf(n *yaml.Node, v *trust.Value) int {
	if n.Kind == yaml.AliasNode {
		return c.place(n.Line, n.Column) + 1 + len(n.Value)
	}
	return c.inText(v.Range.End)
}

// members converts the entries of a map. Merge keys give what the map does not
// have itself (YAML merge key language-independent type).
func (c *converter) members(n *yaml.Node, depth int) (members []trust.Member, end int, err error) {
	members = make([]trust.Member, 0, len(n.Content)/2)
	var merged []trust.Value
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, err := c.value(n.Content[i], depth+1)
		if err != nil {
			return nil, 0, err
		}
		value, err := c.value(n.Content[i+1], depth+1)
		if err != nil {
			return nil, 0, err
		}
		end = c.endOf(n.Content[i+1], &value)
		if n.Content[i].Tag == "!!merge" {
			merged = append(merged, value)
			continue
		}
		if key.Kind != trust.Object && key.Kind != trust.Array {
			key.Kind = trust.String
		}
		members = append(members, trust.Member{Key: key, Value: value})
	}
	if len(merged) > 0 {
		members, err = c.merge(members, merged)
	}
	return members, end, err
}

// maxMerged bounds the entries that the merge keys of a document look at.
const maxMerged = 100_000

func (c *converter) merge(members []trust.Member, merged []trust.Value) ([]trust.Member, error) {
	seen := make(map[string]bool, len(members))
	for i := range members {
		seen[members[i].Key.Text] = true
	}
	for _, from := range merged {
		sources := []trust.Value{from}
		if from.Kind == trust.Array {
			sources = from.Items
		}
		for _, source := range sources {
			if c.merged += len(source.Members); c.merged > maxMerged {
				return nil, fault(c.file, from.Range.Start, from.Range.End, "too many merge keys", "write the entries out")
			}
			for _, m := range source.Members {
				if !seen[m.Key.Text] {
					seen[m.Key.Text] = true
					members = append(members, m)
				}
			}
		}
	}
	return members, nil
}

func (c *converter) scalar(n *yaml.Node, start int) trust.Value {
	v := trust.Value{Kind: trust.String, Text: n.Value}
	switch n.Tag {
	case "!!int", "!!float":
		v.Kind = trust.Number
	case "!!bool":
		v.Kind, v.Text = trust.Bool, strings.ToLower(n.Value)
	case "!!null":
		v.Kind, v.Text = trust.Null, ""
	}
	content := c.contentStart(n, start)
	v.Range = c.at(content, c.scalarEnd(n, content))
	return v
}
