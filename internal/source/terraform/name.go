package terraform

import (
	"fmt"
	"hash/fnv"
	"io"
	"strconv"
	"strings"
)

// What is unknown has a name that says what it depends on. The same name stands
// for the same value wherever it appears in a policy.

// maxName bounds the names of what is unknown.
const maxName = 160

// describe spells a value for the name of something that depends on it.
func (v *value) describe() string {
	switch v.kind {
	case unknown:
		return v.name()
	case null:
		return "null"
	case boolean, number:
		return v.text
	case text:
		if s, ok := v.isText(); ok {
			return strconv.Quote(brief(s))
		}
		if len(v.pieces) == 1 && v.pieces[0].on != "" {
			return v.pieces[0].on
		}
		var b strings.Builder
		for i := range v.pieces {
			switch p := &v.pieces[i]; {
			case p.on != "":
				b.WriteString("${" + p.on + "}")
			case p.document != nil:
				b.WriteString("${jsonencode(" + p.document.describe() + ")}")
			default:
				b.WriteString(brief(p.text))
			}
		}
		return `"` + b.String() + `"`
	}
	// Two values that differ must not share a name: what is unknown because of
	// them would be taken for the same thing.
	mark := "…" + v.fingerprint()
	if name := v.firstUnknown(0); name != "" {
		mark += " with " + name
	}
	if v.kind == list {
		return "[" + mark + "]"
	}
	return "{" + mark + "}"
}

// brief spells a literal in a name. What could be somebody's external ID is not
// shown, since names go into reports; different texts stay different.
func brief(s string) string {
	if len(s) <= 48 && (strings.HasPrefix(s, "arn:") || strings.Trim(s, harmless) == "") {
		return s
	}
	return "…" + fingerprint(s)
}

// harmless are the characters of words, paths and names of resources.
const harmless = "abcdefghijklmnopqrstuvwxyz-_./:*%"

func fingerprint(s string) string {
	h := fnv.New32a()
	_, _ = io.WriteString(h, s)
	return fmt.Sprintf("#%08x", h.Sum32())
}

// fingerprint tells values apart by all they hold.
func (v *value) fingerprint() string {
	h := fnv.New32a()
	v.write(h)
	return fmt.Sprintf("#%08x", h.Sum32())
}

func (v *value) write(to io.Writer) {
	_, _ = fmt.Fprintf(to, "%d %q %q %t(", v.kind, v.text, v.on, v.negated)
	for i := range v.pieces {
		p := &v.pieces[i]
		_, _ = fmt.Fprintf(to, "%q %q;", p.text, p.on)
		if p.document != nil {
			p.document.write(to)
		}
	}
	for _, item := range v.items {
		item.write(to)
	}
	for i := range v.members {
		v.members[i].key.write(to)
		v.members[i].value.write(to)
	}
	_, _ = io.WriteString(to, ")")
}

// boundName keeps the names of what is unknown readable. Names that are cut
// keep apart what differs.
func boundName(on string) string {
	if len(on) <= maxName {
		return on
	}
	return shorten(on, maxName-12) + " " + fingerprint(on)
}

// firstUnknown names something unknown in a value.
func (v *value) firstUnknown(depth int) string {
	if !v.open || depth > 100 {
		return ""
	}
	switch v.kind {
	case unknown, choice:
		return v.name()
	case text:
		for i := range v.pieces {
			if v.pieces[i].on != "" {
				return v.pieces[i].on
			}
			if d := v.pieces[i].document; d != nil && d.open {
				return d.firstUnknown(depth + 1)
			}
		}
	}
	for _, item := range v.items {
		if name := item.firstUnknown(depth + 1); name != "" {
			return name
		}
	}
	for i := range v.members {
		if name := v.members[i].key.firstUnknown(depth + 1); name != "" {
			return name
		}
		if name := v.members[i].value.firstUnknown(depth + 1); name != "" {
			return name
		}
	}
	return ""
}

// shorten cuts a text for a message.
func shorten(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)
	if len(s) <= limit {
		return s
	}
	cut := limit
	for cut > 0 && s[cut]&0xC0 == 0x80 {
		cut--
	}
	return s[:cut] + "…"
}
