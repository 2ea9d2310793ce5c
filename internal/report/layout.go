package report

import (
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"countersign/trust"
)

// layout is a document tree written anew as indented JSON, with the way from
// the old places to the new ones.
type layout struct {
	file   *trust.File
	text   []byte
	hidden *secrets     // masks take their place; nil hides nothing
	starts map[spot]int // where a node began → where it begins
	ends   map[spot]int // where a node ended → where it ends
}

// spot is a place between two bytes of a file.
type spot struct {
	file   *trust.File
	offset int
}

// flatLimit is how many columns a list or map may take to stand on one line.
const flatLimit = 48

// layOut writes a tree anew, with masks in the place of secrets.
func layOut(tree *trust.Value, hidden *secrets) *layout {
	l := &layout{hidden: hidden, starts: map[spot]int{}, ends: map[spot]int{}}
	l.value(tree, 0)
	l.text = append(l.text, '\n')
	l.file = &trust.File{Text: l.text}
	return l
}

// move returns the new place of a range that begins where a node begins; it is
// empty unless it also ends where a node ends.
func (l *layout) move(old trust.Range) trust.Range {
	start, ok := l.starts[spot{old.File, old.Start}]
	if !ok {
		return trust.Range{}
	}
	end, ok := l.ends[spot{old.File, old.End}]
	if !ok || end < start {
		end = start
	}
	return trust.Range{File: l.file, Start: start, End: end}
}

// value writes a node.
func (l *layout) value(value *trust.Value, depth int) {
	l.begin(value.Range)
	switch value.Kind {
	case trust.Object:
		_, statement := value.Get("Effect")
		flat := depth > 0 && !statement && l.room(value, flatLimit) >= 0
		l.list("{", "}", len(value.Members), depth, flat, func(i int) {
			l.value(&value.Members[i].Key, depth+1)
			l.add(": ")
			l.value(&value.Members[i].Value, depth+1)
		})
	case trust.Array:
		flat := l.room(value, flatLimit) >= 0
		l.list("[", "]", len(value.Items), depth, flat, func(i int) {
			l.value(&value.Items[i], depth+1)
		})
	default:
		l.add(l.scalar(value))
	}
	l.end(value.Range)
}

// list writes the items of an array or object, on one line if flat.
func (l *layout) list(opening, closing string, n, depth int, flat bool, item func(i int)) {
	l.add(opening)
	for i := range n {
		switch {
		case !flat:
			l.newLine(depth + 1)
		case i > 0:
			l.add(" ")
		}
		item(i)
		if i < n-1 {
			l.add(",")
		}
	}
	if n > 0 && !flat {
		l.newLine(depth)
	}
	l.add(closing)
}

func (l *layout) newLine(depth int) {
	l.add("\n" + strings.Repeat("  ", depth))
}

func (l *layout) add(text string) { l.text = append(l.text, text...) }

// begin notes where a node begins; of two that begin together, the outer one
// is meant.
func (l *layout) begin(old trust.Range) {
	if _, seen := l.starts[spot{old.File, old.Start}]; !old.IsZero() && !seen {
		l.starts[spot{old.File, old.Start}] = len(l.text)
	}
}

func (l *layout) end(old trust.Range) {
	if !old.IsZero() {
		l.ends[spot{old.File, old.End}] = len(l.text)
	}
}

// room returns what is left of so many columns once a value stands on one line;
// less than 0 when it does not fit. It stops as soon as that is known.
func (l *layout) room(value *trust.Value, columns int) int {
	columns -= 2
	switch value.Kind {
	case trust.Object:
		for i := range value.Members {
			if columns >= 0 {
				columns = l.room(&value.Members[i].Key, columns)
			}
			if columns >= 0 {
				columns = l.room(&value.Members[i].Value, columns)
			}
		}
	case trust.Array:
		for i := range value.Items {
			if columns >= 0 {
				columns = l.room(&value.Items[i], columns)
			}
		}
	default:
		columns -= utf8.RuneCountInString(l.scalar(value))
	}
	return columns
}

func (l *layout) scalar(value *trust.Value) string {
	if l.hidden != nil && l.hidden.nodes[value] {
		return mask
	}
	return scalar(*value)
}

// scalar spells a value that is neither a list nor a map.
func scalar(value trust.Value) string {
	switch value.Kind {
	case trust.Null:
		return "null"
	case trust.Bool, trust.Number:
		return value.Text
	case trust.String:
		return quote(spell(value))
	default:
		return "${" + value.On + "}"
	}
}

// spell gives a string's text, with its unknown parts as ${name}.
func spell(value trust.Value) string {
	if len(value.Parts) == 0 {
		return value.Text
	}
	var b strings.Builder
	for _, part := range value.Parts {
		if part.On == "" {
			b.WriteString(part.Text)
		} else {
			b.WriteString("${" + part.On + "}")
		}
	}
	return b.String()
}

func quote(text string) string {
	quoted, err := jsontext.AppendQuote(nil, text)
	if err != nil { // bytes that are not UTF-8: quoted holds U+FFFD in their place
		quoted, _ = jsontext.AppendQuote(nil, strings.ToValidUTF8(text, "�"))
	}
	return string(quoted)
}
