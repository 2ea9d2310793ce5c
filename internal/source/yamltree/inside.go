package yamltree

import (
	"errors"
	"strconv"
	"strings"

	"countersign/trust"
	"countersign/trust/jsontree"
)

// Text is a text that is put together from pieces of files and from pieces that
// are unknown, to be read as JSON or YAML.
type Text struct {
	whole trust.Range
	b     strings.Builder
	spans []span
	names []string // of the unknown pieces, in order
	cut   *Cutter  // of the string that was used last

	inString, escaped bool
}

// The marks of unknown pieces in a text, from Unicode's private use area:
// within a string, and in the place of a whole value.
const (
	markPart  = '\uE0F0'
	markWhole = '\uE0F1'
	markEnd   = '\uE0F2'
)

// NewText begins a text of which the whole stands at a place. All pieces have
// to lie in its file.
func NewText(whole trust.Range) *Text { return &Text{whole: whole} }

// Add adds the piece [from, to) of a string that stands in the file.
func (t *Text) Add(v trust.Value, from, to int) {
	cut := t.cutter(v)
	for i := from; i < to; i++ {
		t.write(v.Text[i:i+1], cut.span(i))
	}
}

// Place is where the piece [from, to) of a string stands.
func (t *Text) Place(v trust.Value, from, to int) trust.Range { return t.cutter(v).Cut(from, to).Range }

func (t *Text) cutter(v trust.Value) *Cutter {
	if t.cut == nil || t.cut.from.Range != v.Range || t.cut.from.Text != v.Text {
		t.cut = NewCutter(v)
	}
	return t.cut
}

// AddAt adds a known text in the place of an expression.
func (t *Text) AddAt(text string, place trust.Range) {
	for i := range len(text) {
		t.write(text[i:i+1], span{place.Start, place.End})
	}
}

// AddUnknown adds a text that depends on something, in the place of an
// expression.
func (t *Text) AddUnknown(on string, place trust.Range) {
	number := strconv.Itoa(len(t.names))
	t.names = append(t.names, on)
	if t.inString {
		t.AddAt(string(markPart)+number+string(markEnd), place)
		return
	}
	t.AddAt(`"`+string(markWhole)+number+string(markEnd)+`"`, place)
}

// write adds a byte and follows whether the text is within a JSON string.
func (t *Text) write(c string, at span) {
	t.b.WriteString(c)
	t.spans = append(t.spans, at)
	switch {
	case t.escaped:
		t.escaped = false
	case t.inString && c == `\`:
		t.escaped = true
	case c == `"`:
		t.inString = !t.inString
	}
}

// errMarked is returned for a text that has our marks in it already.
var errMarked = errors.New("the text holds characters for private use")

// JSON reads the text as JSON. Ranges lie in the file that the text stands in.
func (t *Text) JSON() (trust.Value, error) {
	text := t.b.String()
	if strings.Count(text, string(markPart))+strings.Count(text, string(markWhole)) != len(t.names) {
		return trust.Value{}, errMarked
	}
	v, err := jsontree.Parse(&trust.File{Text: []byte(text)})
	if err != nil {
		var syntax *trust.SyntaxError
		if errors.As(err, &syntax) {
			t.move(&syntax.Range)
		}
		return trust.Value{}, err
	}
	t.finish(&v)
	return v, nil
}

// Documents reads the text as a file of YAML or JSON.
func (t *Text) Documents() ([]trust.Value, error) {
	documents, err := Read(&trust.File{Name: t.whole.File.Name, Text: []byte(t.b.String())})
	var syntax *trust.SyntaxError
	if errors.As(err, &syntax) {
		t.move(&syntax.Range)
	}
	m := mover{move: t.move, items: map[*trust.Value]bool{}, members: map[*trust.Member]bool{}}
	for i := range documents {
		m.value(&documents[i])
	}
	return documents, err
}

// mover changes every range of a tree in which aliases share what they stand
// for.
type mover struct {
	move    func(*trust.Range)
	items   map[*trust.Value]bool // by the first of a list
	members map[*trust.Member]bool
}

func (m *mover) value(v *trust.Value) {
	m.move(&v.Range)
	if len(v.Items) > 0 && !m.items[&v.Items[0]] {
		m.items[&v.Items[0]] = true
		for i := range v.Items {
			m.value(&v.Items[i])
		}
	}
	if len(v.Members) > 0 && !m.members[&v.Members[0]] {
		m.members[&v.Members[0]] = true
		for i := range v.Members {
			m.value(&v.Members[i].Key)
			m.value(&v.Members[i].Value)
		}
	}
}

// maxInside bounds the texts within texts of which every byte is traced to its
// place. CloudFormation takes templates of 51,200 bytes in a text, and IAM
// policies of some thousand.
const maxInside = 256 << 10

// Inside reads the JSON text that a string holds.
func Inside(v trust.Value) (trust.Value, error) {
	if len(v.Text) > maxInside {
		return trust.Value{}, &trust.SyntaxError{Message: "the text is too long to be a policy", Range: v.Range}
	}
	t := NewText(v.Range)
	t.Add(v, 0, len(v.Text))
	return t.JSON()
}

// move takes a range from the text to the file.
func (t *Text) move(r *trust.Range) {
	start, end := r.Start, r.End
	*r = t.whole
	if t.whole.File == nil || len(t.spans) == 0 {
		return
	}
	last := len(t.spans) - 1
	r.Start = t.spans[min(start, last)].start
	r.End = max(r.Start, t.spans[min(max(end-1, start), last)].end)
	if start > last {
		r.Start = r.End
	}
}

// finish gives a tree its places and turns marks into unknown parts.
func (t *Text) finish(v *trust.Value) {
	t.move(&v.Range)
	if v.Kind == trust.String && len(t.names) > 0 && strings.ContainsRune(v.Text, markEnd) {
		t.unmark(v)
	}
	for i := range v.Items {
		t.finish(&v.Items[i])
	}
	for i := range v.Members {
		t.finish(&v.Members[i].Key)
		t.finish(&v.Members[i].Value)
	}
}

func (t *Text) unmark(v *trust.Value) {
	rest := v.Text
	if number, ok := strings.CutPrefix(rest, string(markWhole)); ok {
		v.Kind, v.Text, v.On = trust.Unknown, "", t.name(strings.TrimSuffix(number, string(markEnd)))
		return
	}
	for rest != "" {
		before, behind, found := strings.Cut(rest, string(markPart))
		if before != "" {
			v.Parts = append(v.Parts, trust.Part{Text: before})
		}
		if !found {
			break
		}
		var number string
		number, rest, _ = strings.Cut(behind, string(markEnd))
		v.Parts = append(v.Parts, trust.Part{On: t.name(number)})
	}
	v.Text = ""
}

func (t *Text) name(number string) string {
	if i, err := strconv.Atoi(number); err == nil && i < len(t.names) {
		return t.names[i]
	}
	return "a text"
}
