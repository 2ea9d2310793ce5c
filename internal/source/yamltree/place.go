package yamltree

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// The parser tells where a node begins and not where it ends. The end is found
// in the text, which the parser has accepted, so that it need not be checked.

// propertyEnd is the length of the tag or anchor at an offset.
func (c *converter) propertyEnd(start int) int {
	length := strings.IndexAny(c.text[start:], " \t\r\n,]}")
	if length < 0 {
		return len(c.text) - start
	}
	return length
}

// contentStart is where a node begins behind its tag and anchor.
func (c *converter) contentStart(n *yaml.Node, start int) int {
	for start < len(c.text) && (c.text[start] == '!' || c.text[start] == '&') {
		start += c.propertyEnd(start)
		if n.Kind == yaml.ScalarNode && n.Value == "" && n.Style&^yaml.TaggedStyle == 0 {
			rest := strings.TrimLeft(c.text[start:], " \t")
			if rest == "" || rest[0] != '!' && rest[0] != '&' {
				return start // an empty value behind its properties
			}
		}
		start = c.skipSpace(start)
	}
	return start
}

// skipSpace passes over white space, line ends and comments.
func (c *converter) skipSpace(at int) int {
	for at < len(c.text) {
		switch c.text[at] {
		case ' ', '\t', '\r', '\n':
			at++
		case '#':
			if end := strings.IndexByte(c.text[at:], '\n'); end >= 0 {
				at += end
			} else {
				at = len(c.text)
			}
		default:
			return at
		}
	}
	return at
}

// flowEnd is where a collection in brackets ends, of which the last entry ends
// at an offset.
func (c *converter) flowEnd(end int, closing byte) int {
	at := end
	for at < len(c.text) {
		at = c.skipSpace(at)
		if at == len(c.text) {
			break
		}
		switch c.text[at] {
		case closing:
			return at + 1
		case ',', ':', '?':
			at++
		default:
			return end
		}
	}
	return end
}

func (c *converter) scalarEnd(n *yaml.Node, start int) int {
	rest := c.text[min(start, len(c.text)):]
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return start + doubleQuotedEnd(rest)
	case n.Style&yaml.SingleQuotedStyle != 0:
		return start + singleQuotedEnd(rest)
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return start + blockEnd(rest, n.Value)
	}
	return start + plainEnd(rest, n.Value)
}

func doubleQuotedEnd(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

func singleQuotedEnd(text string) int {
	for i := 1; i < len(text); i++ {
		if text[i] != '\'' {
			continue
		}
		if i+1 < len(text) && text[i+1] == '\'' {
			i++
			continue
		}
		return i + 1
	}
	return len(text)
}

// plainEnd follows the words of a text that may go over several lines.
func plainEnd(text, value string) int {
	if strings.HasPrefix(text, value) {
		return len(value)
	}
	at := 0
	for word := range strings.FieldsSeq(value) {
		skipped := len(text[at:]) - len(strings.TrimLeft(text[at:], " \t\r\n"))
		if !strings.HasPrefix(text[at+skipped:], word) {
			return at
		}
		at += skipped + len(word)
	}
	return at
}

// blockEnd is where a literal or folded text ends: behind its last line that is
// not blank. Its lines are those indented as deep as the first, or deeper.
func blockEnd(text, value string) int {
	at := strings.IndexByte(text, '\n') + 1
	if at == 0 {
		return len(text)
	}
	end, indent := len(strings.TrimRight(text[:at], "\r\n")), -1
	for at < len(text) {
		line, _, _ := strings.Cut(text[at:], "\n")
		content := strings.TrimLeft(line, " ")
		if strings.TrimRight(content, " \t\r") != "" {
			depth := len(line) - len(content)
			if indent < 0 {
				// The value tells how much of it is indentation, which a number
				// behind the indicator may set.
				first := strings.TrimLeft(value, "\n")
				indent = depth - (len(first) - len(strings.TrimLeft(first, " ")))
			}
			if depth < indent || indent <= 0 && value == "" {
				break
			}
			end = at + len(strings.TrimRight(line, "\r"))
		}
		at += len(line) + 1
	}
	return end
}
