package terraform

import (
	"strconv"
	"strings"

	"countersign/trust"
)

// kind tells what a value is.
type kind uint8

const (
	unknown kind = iota // or an object whose attributes are asked for one by one, see lazy
	null
	boolean
	number
	text
	list   // list, tuple or set
	object // object or map
	choice // one of items, depending on on
	absent // as an option of a choice in a list: no item
)

// value is what an expression comes to: a value of Terraform's language in
// which any part may be unknown, and every part knows where its text stands.
// A value is never changed once something else points to it.
type value struct {
	kind    kind
	text    string   // boolean, number: the spelling; text: what it says, where pieces is nil
	pieces  []piece  // text
	items   []*value // list, choice
	members []member // object
	on      string   // unknown, choice: what it depends on
	place   trust.Range

	lazy    attributes // unknown: gives attributes all the same
	set     bool       // list: a set
	bad     bool       // unknown: evaluating it is an error, which try catches
	solid   bool       // unknown: it is neither null nor empty
	negated bool       // unknown: it is the opposite of what on says
	open    bool       // something in it is unknown
	assumed bool       // a default of the configuration's own variables went in
	huge    bool       // unknown: it grew too large, and so does what it is in
	height  int        // how deep it nests
	size    int        // values in it, counted as often as they appear
}

// attributes are what can be asked of a resource, a data source or a module.
type attributes interface {
	attribute(name string, at trust.Range) *value
}

type member struct {
	key   *value // text
	value *value
}

// piece is a part of a text.
type piece struct {
	text string
	raw  trust.Range // where it stands, as spelt there
	// spelling says how the text relates to the bytes of raw.
	spelling spelling
	on       string // what it depends on, when the text is unknown
	document *value // the text is this value as JSON
}

type spelling uint8

const (
	elsewise spelling = iota // no byte of the text can be pointed at
	verbatim                 // a file's bytes, or a heredoc's, save for escaped ${ and %{ and what was trimmed
	quoted                   // with backslash escapes
)

// Bounds on what one value may grow to.
const (
	maxSize    = 200_000 // values
	maxText    = 4 << 20 // bytes
	maxPieces  = 20_000  // of one text
	maxOptions = 64      // options of a choice
)

func unknownValue(on string, place trust.Range) *value {
	return &value{on: on, place: place, open: true, size: 1}
}

// hugeValue stands for what grew too large.
func hugeValue(what string, place trust.Range) *value {
	v := unknownValue(what+" that grows too large", place)
	v.huge = true
	return v
}

// badValue stands for an expression that has no value.
func badValue(why string, place trust.Range) *value {
	return &value{on: why, place: place, open: true, bad: true, size: 1}
}

func nullValue(place trust.Range) *value { return &value{kind: null, place: place, size: 1} }

func boolValue(b bool, place trust.Range) *value {
	return &value{kind: boolean, text: strconv.FormatBool(b), place: place, size: 1}
}

func numberValue(spelling string, place trust.Range) *value {
	return &value{kind: number, text: spelling, place: place, size: 1}
}

// textValue is a text that stands nowhere byte for byte.
func textValue(s string, place trust.Range) *value {
	return &value{kind: text, text: s, place: place, size: 1}
}

// piecesValue joins pieces into a text.
func piecesValue(pieces []piece, place trust.Range, assumed bool) *value {
	v := &value{kind: text, pieces: pieces, place: place, assumed: assumed, size: 1}
	length := 0
	for i := range pieces {
		length += len(pieces[i].text)
		if d := pieces[i].document; d != nil {
			if d.huge {
				return d.at(place)
			}
			v.take(d)
		}
		v.open = v.open || pieces[i].on != ""
	}
	if length > maxText || v.size > maxSize || len(pieces) > maxPieces {
		return hugeValue("a text", place)
	}
	return v
}

func listValue(items []*value, place trust.Range) *value {
	return (&value{kind: list, items: items, place: place}).sum()
}

func setValue(items []*value, place trust.Range) *value {
	return (&value{kind: list, items: items, place: place, set: true}).sum()
}

func objectValue(members []member, place trust.Range) *value {
	return (&value{kind: object, members: members, place: place}).sum()
}

// choiceValue is one of options. Options that are choices of the same
// condition are resolved, since it takes the same turn everywhere.
func choiceValue(on string, options []*value, place trust.Range) *value {
	if len(options) == 0 || len(options) > maxOptions {
		return unknownValue(boundName("one of many options by "+on), place)
	}
	resolved := make([]*value, len(options))
	for i, option := range options {
		for option.kind == choice && option.on == on && i < len(option.items) {
			option = option.items[i]
		}
		resolved[i] = option
	}
	v := &value{kind: choice, on: on, items: resolved, place: place}
	if grown := v.sum(); grown != v {
		return grown
	}
	v.open = true
	return v
}

// sum adds up what is known of the parts.
func (v *value) sum() *value {
	v.size = 1
	for _, item := range v.items {
		v.take(item)
	}
	for i := range v.members {
		v.take(v.members[i].key)
		v.take(v.members[i].value)
	}
	if v.size > maxSize {
		return hugeValue("a value", v.place)
	}
	return v
}

func (v *value) take(part *value) {
	v.size = min(v.size+part.size, maxSize+1)
	v.height = max(v.height, part.height+1)
	if part.huge || v.height > maxNesting {
		v.size, v.huge = maxSize+1, true
	}
	v.open = v.open || part.open
	v.assumed = v.assumed || part.assumed
}

// with returns the value with an assumption that went into choosing it.
func (v *value) with(assumed bool) *value {
	if !assumed || v.assumed {
		return v
	}
	marked := *v
	marked.assumed = true
	return &marked
}

// part gives a part of the value. A default that decided on the value as a
// whole decided on its parts.
func (v *value) part(item *value) *value { return item.with(v.assumed && v.ownAssumption()) }

// ownAssumption reports whether an assumption went into the value as a whole
// rather than into one of its parts, of which it looks at the first.
func (v *value) ownAssumption() bool {
	for i := range min(len(v.items), 8) {
		if v.items[i].assumed {
			return false
		}
	}
	for i := range min(len(v.members), 8) {
		if v.members[i].value.assumed || v.members[i].key.assumed {
			return false
		}
	}
	return true
}

// at returns the value with another place.
func (v *value) at(place trust.Range) *value {
	moved := *v
	moved.place = place
	return &moved
}

// isText reports whether v is a wholly known text, and gives it.
func (v *value) isText() (string, bool) {
	if v.kind != text || v.open {
		return "", false
	}
	if v.pieces == nil {
		return v.text, true
	}
	if len(v.pieces) == 1 && v.pieces[0].document == nil {
		return v.pieces[0].text, true
	}
	var b strings.Builder
	for i := range v.pieces {
		if d := v.pieces[i].document; d != nil {
			b.WriteString(encodeJSON(d))
		} else {
			b.WriteString(v.pieces[i].text)
		}
	}
	return b.String(), true
}

// scalar gives the text of a known text, number or boolean.
func (v *value) scalar() (string, bool) {
	if v.kind == number || v.kind == boolean {
		return v.text, true
	}
	return v.isText()
}

// spelled gives a text as pieces.
func (v *value) spelled() []piece {
	switch {
	case v.pieces != nil:
		return v.pieces
	case v.kind == unknown:
		return []piece{{on: v.name(), raw: v.place}}
	}
	return []piece{{text: v.text, raw: v.place}}
}

// name is what an unknown value depends on.
func (v *value) name() string {
	if v.negated {
		return "!(" + v.on + ")"
	}
	return v.on
}

// get finds a member by key. certain is false where a key is unknown that
// might be this one.
func (v *value) get(key string) (found *value, certain bool) {
	certain = true
	for i := len(v.members) - 1; i >= 0; i-- {
		k, ok := v.members[i].key.isText()
		switch {
		case !ok:
			certain = false
		case k == key:
			return v.members[i].value, certain
		}
	}
	return nil, certain
}

// sure reports whether the number of a list's items, or the keys of an object,
// are known.
func (v *value) sure() bool {
	for _, item := range v.items {
		if item.kind == choice && item.mayBeAbsent() {
			return false
		}
	}
	for i := range v.members {
		if held := v.members[i].value; v.members[i].key.open || held.kind == choice && held.mayBeAbsent() {
			return false
		}
	}
	return true
}

func (v *value) mayBeAbsent() bool {
	for _, item := range v.items {
		if item.kind == absent || item.kind == choice && item.mayBeAbsent() {
			return true
		}
	}
	return false
}

// some stands in a list for any number of items that are unknown.
func some(on string, item *value, place trust.Range) *value {
	return choiceValue("length("+on+") == 0", []*value{{kind: absent, size: 1}, item}, place)
}

// spread are the items of a list that may be unknown altogether.
func (v *value) spread() []*value {
	switch v.kind {
	case list:
		if !v.assumed || !v.ownAssumption() {
			return v.items
		}
		items := make([]*value, len(v.items))
		for i := range v.items {
			items[i] = v.items[i].with(true)
		}
		return items
	case unknown:
		return []*value{some(v.name(), unknownValue(extended(v.name(), "[*]"), v.place), v.place)}
	}
	return []*value{v}
}

// turn takes option n of every choice on a condition at the top of values.
func turn(values []*value, on string, n int) []*value {
	turned := make([]*value, len(values))
	for i, v := range values {
		for v.kind == choice && v.on == on && n < len(v.items) {
			v = v.items[n].with(v.assumed)
		}
		turned[i] = v
	}
	return turned
}

// each applies f to every way that the choices among args can turn.
func each(args []*value, place trust.Range, f func([]*value) *value) *value {
	return eachUpTo(args, place, maxOptions, f)
}

func eachUpTo(args []*value, place trust.Range, budget int, f func([]*value) *value) *value {
	for _, arg := range args {
		if arg.kind != choice {
			continue
		}
		if budget /= len(arg.items); budget == 0 {
			return composed("one of many combinations of "+arg.describe(), place)
		}
		options := make([]*value, len(arg.items))
		for n := range arg.items {
			options[n] = eachUpTo(turn(args, arg.on, n), place, budget, f)
		}
		return choiceValue(arg.on, options, place)
	}
	return f(args)
}
