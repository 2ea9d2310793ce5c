package remedy

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"countersign/trust"
)

// hclEntry is one entry of a body or an object: an attribute, or, where the key
// is empty, a block or a blank line.
type hclEntry struct{ key, value string }

// hclLines writes entries as terraform fmt does: the signs of attributes that
// follow each other on one line each stand under each other.
func hclLines(entries []hclEntry, indent string) string {
	var b strings.Builder
	for i := 0; i < len(entries); {
		e := entries[i]
		end := i
		width := 0
		for end < len(entries) && entries[end].isAligned() {
			width = max(width, utf8.RuneCountInString(entries[end].key))
			end++
		}
		switch {
		case end > i:
			for ; i < end; i++ {
				pad := strings.Repeat(" ", width-utf8.RuneCountInString(entries[i].key))
				fmt.Fprintf(&b, "%s%s%s = %s\n", indent, entries[i].key, pad, entries[i].value)
			}
			continue
		case e.key != "":
			fmt.Fprintf(&b, "%s%s = %s\n", indent, e.key, e.value)
		case e.value != "":
			b.WriteString(indent + e.value + "\n")
		default:
			b.WriteByte('\n')
		}
		i++
	}
	return b.String()
}

func (e hclEntry) isAligned() bool { return e.key != "" && !strings.Contains(e.value, "\n") }

// hclBlock is a block at the outermost level.
func hclBlock(header string, entries []hclEntry) string {
	return header + " {\n" + hclLines(entries, "  ") + "}\n"
}

// expression writes a tree. refer spells what is unknown.
func expression(v *trust.Value, indent string, refer func(on string) string) string {
	switch v.Kind {
	case trust.Unknown:
		return refer(v.On)
	case trust.String:
		if len(v.Parts) == 1 && v.Parts[0].On != "" {
			return refer(v.Parts[0].On)
		}
		return hclString(v, refer)
	case trust.Number:
		if !isPlainNumber(v.Text) {
			return hclQuoted(v.Text)
		}
	case trust.Array:
		return hclList(v, indent, refer)
	case trust.Object:
		return hclObject(v, indent, refer)
	}
	return v.Text
}

// widest is how long a list of one line may become.
const widest = 80

func hclList(v *trust.Value, indent string, refer func(string) string) string {
	items := make([]string, len(v.Items))
	fits, width := true, 0
	for i := range v.Items {
		items[i] = expression(&v.Items[i], indent+"  ", refer)
		fits = fits && v.Items[i].Kind != trust.Object && v.Items[i].Kind != trust.Array
		width += len(items[i]) + 2
	}
	if len(items) == 0 || fits && width+len(indent) <= widest {
		return "[" + strings.Join(items, ", ") + "]"
	}
	line := "\n" + indent + "  "
	return "[" + line + strings.Join(items, ","+line) + ",\n" + indent + "]"
}

func hclObject(v *trust.Value, indent string, refer func(string) string) string {
	if len(v.Members) == 0 {
		return "{}"
	}
	entries := make([]hclEntry, len(v.Members))
	for i := range v.Members {
		m := &v.Members[i]
		entries[i] = hclEntry{hclKey(&m.Key, refer), expression(&m.Value, indent+"  ", refer)}
	}
	if e := entries[0]; len(entries) == 1 && e.isAligned() && v.Members[0].Value.Kind != trust.Object {
		return "{ " + e.key + " = " + e.value + " }"
	}
	return "{\n" + hclLines(entries, indent+"  ") + indent + "}"
}

// hclKey leaves the quotation marks out where the key is a plain word. Some
// words mean something else at the beginning of an object.
func hclKey(key *trust.Value, refer func(string) string) string {
	switch text := key.Text; {
	case len(key.Parts) > 0, !hclWord.MatchString(text):
	case text == "for", text == "true", text == "false", text == "null":
	default:
		return text
	}
	return hclString(key, refer)
}

var hclWord = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func hclString(v *trust.Value, refer func(string) string) string {
	if len(v.Parts) == 0 {
		return hclQuoted(v.Text)
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, part := range v.Parts {
		if part.On != "" {
			b.WriteString("${" + refer(part.On) + "}")
			continue
		}
		quoted := hclQuoted(part.Text)
		quoted = quoted[1 : len(quoted)-1]
		if before, ends := strings.CutSuffix(quoted, "$"); ends { // or it would escape what follows
			quoted = before + `\u0024`
		}
		b.WriteString(quoted)
	}
	return b.String() + `"`
}

// hclQuoted spells a text as a template of HCL that says nothing but the text
// (HCL Native Syntax Specification, "Template Expressions").
func hclQuoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	var before rune
	for i, c := range text {
		opens := (c == '$' || c == '%') && strings.HasPrefix(text[i+1:], "{")
		switch {
		case opens && before == c:
			fmt.Fprintf(&b, `\u%04x`, c)
		case opens:
			b.WriteRune(c)
			b.WriteRune(c)
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(c) && !unicode.Is(unicode.M, c):
			b.WriteRune(c)
		case c > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, c)
		default:
			fmt.Fprintf(&b, `\u%04x`, c)
		}
		before = c
	}
	b.WriteByte('"')
	return b.String()
}
