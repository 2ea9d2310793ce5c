package yamltree

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"countersign/trust"
)

// Outline is a document that is a map of maps, of which the entries of one map
// are read one at a time: a template of many thousand resources does not have
// to be in memory as a whole.
type Outline struct {
	Top trust.Value // the document; the map that is read piecemeal is empty in it

	file    *trust.File
	key     string
	entries []entry
	index   map[string]int
	tried   bool // to read the file as a whole
	head    part // what stands before the entries
	// anchored are the entries in which anchors may be, by number.
	anchored []int
	reread   int // bytes that were read again for their anchors
}

// entry is one entry of the map: its text, or its value.
type entry struct {
	name   string
	part   part
	member trust.Member
	isRead bool
}

// Open reads a document but for the entries of the map under a key. Where the
// text cannot be taken apart safely it is read as a whole.
func Open(file *trust.File, key string) (*Outline, error) {
	if err := checkFile(file); err != nil {
		return nil, err
	}
	o := &Outline{file: file, key: key}
	if beginsLikeJSON(file.Text) {
		at, ok := o.splitJSON()
		if o.tooMany() {
			return o, o.refuseEntries()
		}
		if ok {
			return o, nil
		}
		if len(file.Text) > maxWholeJSON {
			message := "not valid JSON"
			if at == len(file.Text) {
				message = "the text ends in the middle of a JSON value"
			}
			return o, fault(file, at, at, message, "correct the file, or make it again")
		}
	} else if ok := o.splitYAML(); o.tooMany() {
		return o, o.refuseEntries()
	} else if ok {
		return o, nil
	}
	return o, o.readWhole()
}

// maxEntries bounds the entries of the map that is read one at a time, whose
// names and places are kept. AWS takes 500 resources a template
// (CloudFormation User Guide, "Quotas").
const maxEntries = 200_000

func (o *Outline) tooMany() bool { return len(o.entries) > maxEntries }

func (o *Outline) refuseEntries() error {
	o.entries = nil
	return fault(o.file, 0, 0, fmt.Sprintf("%s has more than %d entries", o.key, maxEntries), "split the file")
}

// FromValue makes an outline of a document that has been read.
func FromValue(document trust.Value, key string) *Outline {
	o := &Outline{Top: document, key: key}
	o.takeEntries()
	return o
}

func (o *Outline) readWhole() error {
	documents, err := Read(o.file)
	if err != nil {
		return err
	}
	if len(documents) > 0 {
		o.Top = documents[0]
	}
	o.takeEntries()
	return nil
}

func (o *Outline) takeEntries() {
	o.entries, o.index, o.tried = nil, nil, true
	under, _ := o.Top.Get(o.key)
	for _, m := range under.Members {
		o.entries = append(o.entries, entry{name: m.Key.Text, member: m, isRead: true})
	}
}

// Each calls visit with every entry of the map, or with the fault of one that
// cannot be read, in order.
func (o *Outline) Each(visit func(key, value trust.Value, err error) error) error {
	for i := 0; i < len(o.entries); i++ {
		m, err := o.read(i)
		if errors.Is(err, errNoEntry) {
			return nil
		}
		if err := visit(m.Key, m.Value, err); err != nil {
			return err
		}
	}
	return nil
}

// Get returns the value of an entry of the map.
func (o *Outline) Get(name string) (trust.Value, bool) {
	if o.index == nil {
		o.index = make(map[string]int, len(o.entries))
		for i := range o.entries {
			o.index[o.entries[i].name] = i
		}
	}
	i, found := o.index[name]
	if !found {
		return trust.Value{}, false
	}
	m, err := o.read(i)
	return m.Value, err == nil
}

// Mentioning returns the names of the entries in whose text one of the words
// stands, without reading them.
func (o *Outline) Mentioning(words ...string) (names []string) {
	for i := range o.entries {
		e := &o.entries[i]
		for _, word := range words {
			if e.isRead && mentions(e.member.Value, word) || !e.isRead && bytes.Contains(o.file.Text[e.part.start:e.part.end], []byte(word)) {
				names = append(names, e.name)
				break
			}
		}
	}
	return names
}

// mentions reports whether a text under a key of an object holds a word.
func mentions(v trust.Value, word string) bool {
	for _, m := range v.Members {
		if strings.Contains(m.Value.Text, word) {
			return true
		}
	}
	return false
}

// Repeated finds an entry that the map has twice.
func (o *Outline) Repeated() error {
	seen := make(map[string]int, len(o.entries))
	for i := range o.entries {
		first, found := seen[o.entries[i].name]
		seen[o.entries[i].name] = i
		if !found {
			continue
		}
		a, errA := o.read(first)
		b, errB := o.read(i)
		if errA == nil && errB == nil {
			if err := sameKey(&a.Key, &b.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxWholeJSON bounds the JSON that is read as a whole to find out what is wrong
// with it, in bytes.
const maxWholeJSON = 4 << 20

// errNoEntry is returned for what looked like an entry and is none.
var errNoEntry = errors.New("no entry")

// read reads an entry. What cannot be read alone may be readable with the rest
// of the file, as aliases are, whose anchors stand elsewhere.
func (o *Outline) read(i int) (trust.Member, error) {
	e := &o.entries[i]
	if e.isRead {
		return e.member, nil
	}
	if beginsLikeJSON(o.file.Text) {
		value, err := parseJSON(o.file, e.part.start, e.part.end)
		if err == nil || len(o.file.Text) > maxWholeJSON || !o.readEntriesWhole(i) || i >= len(o.entries) {
			return trust.Member{Key: e.member.Key, Value: value}, err
		}
		return o.entries[i].member, nil // it is YAML in flow style
	}
	documents, err := parse(o.file, e.part)
	if err == nil && len(documents) == 1 && len(documents[0].Members) == 1 {
		return documents[0].Members[0], nil
	}
	if m, ok := o.readWithAnchors(i); ok {
		return m, nil
	}
	if o.readEntriesWhole(i) {
		if i >= len(o.entries) {
			return trust.Member{}, errNoEntry
		}
		return o.entries[i].member, nil
	}
	if err == nil {
		err = fault(o.file, e.part.start, e.part.start, "not YAML: not one entry of a map", "")
	}
	return trust.Member{Key: e.member.Key}, err
}

// maxReread bounds what is read again for its anchors, for each byte of the file.
const maxReread = 4

// readWithAnchors reads an entry together with what stands before the entries
// and those entries before it that have anchors.
func (o *Outline) readWithAnchors(i int) (trust.Member, bool) {
	e := &o.entries[i]
	if !bytes.Contains(o.file.Text[e.part.start:e.part.end], []byte("*")) {
		return trust.Member{}, false
	}
	parts := []part{o.head}
	size := o.head.end - o.head.start
	for _, before := range o.anchored {
		if before >= i || o.reread+size > maxReread*len(o.file.Text) {
			break
		}
		at := o.entries[before].part
		parts = append(parts, at)
		size += at.end - at.start
	}
	if o.reread += size; o.reread > maxReread*len(o.file.Text) {
		return trust.Member{}, false
	}
	documents, err := parse(o.file, append(parts, e.part)...)
	if err != nil || len(documents) != 1 {
		return trust.Member{}, false
	}
	under, _ := documents[0].Get(o.key)
	if len(under.Members) != len(parts) {
		return trust.Member{}, false
	}
	return under.Members[len(parts)-1], true
}

// readEntriesWhole reads the file as a whole, once, and reports whether that
// gives the same entries up to the one at i.
func (o *Outline) readEntriesWhole(i int) bool {
	if o.tried {
		return false
	}
	o.tried = true
	again := &Outline{file: o.file, key: o.key}
	if again.readWhole() != nil || len(again.entries) < i {
		return false
	}
	for j := range min(i+1, len(again.entries)) {
		if again.entries[j].name != o.entries[j].name {
			return false
		}
	}
	o.entries, o.Top, o.index = again.entries, again.Top, nil
	return true
}

// entryLine is how a line looks that starts an entry of a map in block style,
// with its key and what stands behind the colon.
var entryLine = regexp.MustCompile(`^ *([A-Za-z0-9][A-Za-z0-9:._-]*|"[A-Za-z0-9:._-]+"|'[A-Za-z0-9:._-]+'):((?:[ \t\r].*)?)\n?$`)

// splitYAML takes the map apart at the lines of its depth. In block style
// nothing but an entry can stand there: whatever belongs to an entry is
// indented deeper. Quoted texts and flow collections that break the rule leave
// a piece that does not parse, and the file is read as a whole.
func (o *Outline) splitYAML() bool {
	text := o.file.Text
	from := textStart(text)
	if len(documentParts(text)) != 1 || bytes.Contains(text, []byte("\n...")) {
		return false
	}
	start, end := o.body(from)
	if start < 0 || !o.splitBody(start, end) {
		return false
	}
	before, err := parse(o.file, part{from, start})
	if err != nil || len(before) != 1 || before[0].Kind != trust.Object {
		return false
	}
	behind, err := parse(o.file, part{end, len(text)})
	if err != nil || len(behind) > 1 || len(behind) == 1 && behind[0].Kind != trust.Object {
		return false
	}
	o.head = part{from, start}
	o.Top = before[0]
	o.Top.Range.End = len(text)
	if len(behind) == 1 {
		o.Top.Members = append(o.Top.Members, behind[0].Members...)
	}
	return true
}

// body finds the lines below the key.
func (o *Outline) body(from int) (start, end int) {
	text := o.file.Text
	start = -1
	for at := from; at < len(text); {
		next := nextLine(text, at)
		line := text[at:next]
		if start < 0 {
			if line[0] == ' ' {
				at = next
				continue
			}
			if m := entryLine.FindSubmatch(line); m != nil && string(m[1]) == o.key && isSpaceOrComment(m[2]) {
				start = next
			}
		} else if c := line[0]; c != ' ' && c != '#' && c != '\r' && c != '\n' {
			return start, at
		}
		at = next
	}
	return start, len(text)
}

func isSpaceOrComment(text []byte) bool {
	text = bytes.TrimSpace(text)
	return len(text) == 0 || text[0] == '#'
}

func (o *Outline) splitBody(start, end int) bool {
	text, depth := o.file.Text, -1
	for at := start; at < end; {
		next := nextLine(text, at)
		line := text[at:next]
		content := bytes.TrimLeft(line, " ")
		indent := len(line) - len(content)
		at = next
		switch {
		case len(bytes.TrimSpace(content)) == 0 || content[0] == '#':
			continue
		case depth < 0:
			depth = indent
		case indent > depth:
			continue
		}
		m := entryLine.FindSubmatch(line)
		if indent != depth || depth == 0 || m == nil {
			return false
		}
		if o.tooMany() {
			return false
		}
		name := bytes.Trim(m[1], `"'`)
		if len(o.entries) > 0 {
			o.entries[len(o.entries)-1].part.end = next - len(line)
		}
		o.entries = append(o.entries, entry{
			name: string(name), part: part{next - len(line), end},
			member: trust.Member{Key: trust.Value{
				Kind: trust.String, Text: string(name),
				Range: trust.Range{File: o.file, Start: next - len(content), End: next - len(content) + len(m[1])},
			}},
		})
	}
	for i := range o.entries {
		if at := o.entries[i].part; anchorMark.Match(text[at.start:at.end]) {
			o.anchored = append(o.anchored, i)
		}
	}
	return len(o.entries) > 0
}

var anchorMark = regexp.MustCompile(`[ \t\n\[{,]&[^ \t\n]`)
