package terraform

import (
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"unicode/utf8"

	"countersign/trust"
)

// JSON text is read with holes: where a part of it is unknown, or is itself
// the encoding of a value, the tree gets that part as a leaf. Every value is
// placed in the file that its text stands in, through heredocs and escapes.

// jsonText is JSON text made of pieces; a piece that is a hole takes one byte.
type jsonText struct {
	buf     []byte
	pieces  []piece
	starts  []int   // of each piece in buf
	offsets [][]int // of each piece, see piece.alignment; nil: not aligned or the same
	same    []bool  // the piece's text is its raw text
	pos     int
	depth   int
	place   trust.Range // where nothing better is known
}

// hole is the byte that stands for a piece that is not text.
const hole = 0

// parseJSON reads a text as JSON. Where an unknown part stands in a place that
// leaves the structure open, all of the value is unknown.
func parseJSON(v *value) (*value, error) {
	j := &jsonText{pieces: v.spelled(), place: v.place}
	for i := range j.pieces {
		p := &j.pieces[i]
		j.starts = append(j.starts, len(j.buf))
		var offsets []int
		identical := false
		if p.on != "" || p.document != nil {
			j.buf = append(j.buf, hole)
		} else {
			j.buf = append(j.buf, p.text...)
			if identical = p.spelling != elsewise && p.raw.Text() == p.text; !identical {
				offsets = p.alignment()
			}
		}
		j.offsets, j.same = append(j.offsets, offsets), append(j.same, identical)
	}
	j.space()
	parsed, err := j.value()
	if err == nil {
		if j.space(); j.pos < len(j.buf) {
			err = j.fail("unexpected " + j.found() + " behind the end of the policy")
		}
	}
	if err != nil && v.open {
		return unknownValue(v.firstUnknown(0), v.place).with(v.assumed), nil
	}
	if err != nil {
		return nil, err
	}
	return parsed.with(v.assumed), nil
}

// piece finds the piece that a byte belongs to.
func (j *jsonText) piece(at int) int {
	return sort.Search(len(j.starts), func(i int) bool { return j.starts[i] > at }) - 1
}

// origin gives the file range of one byte.
func (j *jsonText) origin(at int) trust.Range {
	i := j.piece(at)
	if i < 0 {
		return j.place
	}
	p, in := &j.pieces[i], at-j.starts[i]
	switch {
	case p.raw.IsZero():
		return j.place
	case j.same[i]:
		return trust.Range{File: p.raw.File, Start: p.raw.Start + in, End: p.raw.Start + in + 1}
	case j.offsets[i] != nil && in+1 < len(j.offsets[i]):
		return trust.Range{File: p.raw.File, Start: j.offsets[i][in], End: max(j.offsets[i][in+1], j.offsets[i][in])}
	}
	return p.raw
}

// rangeOf gives the file range of [start, end).
func (j *jsonText) rangeOf(start, end int) trust.Range {
	if start >= len(j.buf) || end <= start {
		return j.place
	}
	from, to := j.origin(start), j.origin(end-1)
	if from.File != to.File || to.End < from.Start {
		return from
	}
	return trust.Range{File: from.File, Start: from.Start, End: to.End}
}

func (j *jsonText) fail(message string) error {
	return &trust.SyntaxError{Message: message, Hint: "the policy has to be JSON", Range: j.rangeOf(min(j.pos, max(len(j.buf)-1, 0)), min(j.pos+1, len(j.buf)))}
}

func (j *jsonText) found() string {
	if j.pos >= len(j.buf) {
		return "the end of the text"
	}
	r, _ := utf8.DecodeRune(j.buf[j.pos:])
	return strconv.QuoteRune(r)
}

func (j *jsonText) space() {
	for j.pos < len(j.buf) && isSpace(j.buf[j.pos]) {
		j.pos++
	}
}

// hole gives the piece at the position, if it is one that is not text.
func (j *jsonText) hole() *piece {
	if j.pos >= len(j.buf) || j.buf[j.pos] != hole {
		return nil
	}
	if p := &j.pieces[j.piece(j.pos)]; p.on != "" || p.document != nil {
		return p
	}
	return nil
}

func (j *jsonText) value() (*value, error) {
	if j.pos >= len(j.buf) {
		return nil, j.fail("the text ends where a value is expected")
	}
	if j.depth++; j.depth > 64 {
		return nil, j.fail("nested too deep")
	}
	defer func() { j.depth-- }()
	if p := j.hole(); p != nil {
		j.pos++
		if p.document != nil {
			return p.document, nil
		}
		return unknownValue(p.on, p.raw), nil
	}
	switch c := j.buf[j.pos]; {
	case c == '{':
		return j.object()
	case c == '[':
		return j.array()
	case c == '"':
		return j.text()
	case c == '-' || c >= '0' && c <= '9':
		return j.word(number)
	case c == 't' || c == 'f':
		return j.word(boolean)
	case c == 'n':
		return j.word(null)
	}
	return nil, j.fail("unexpected " + j.found() + ", expected a value")
}

func (j *jsonText) word(k kind) (*value, error) {
	start := j.pos
	for j.pos < len(j.buf) && (isWordByte(j.buf[j.pos]) || j.buf[j.pos] == '.' || j.buf[j.pos] == '+') {
		j.pos++
	}
	spelling := string(j.buf[start:j.pos])
	if !json.Valid([]byte(spelling)) {
		j.pos = start
		return nil, j.fail("unexpected " + j.found() + ", expected a value")
	}
	return &value{kind: k, text: spelling, place: j.rangeOf(start, j.pos), size: 1}, nil
}

func (j *jsonText) array() (*value, error) {
	start := j.pos
	j.pos++
	items := []*value{}
	if j.space(); j.pos < len(j.buf) && j.buf[j.pos] == ']' {
		j.pos++
		return listValue(items, j.rangeOf(start, j.pos)), nil
	}
	for {
		j.space()
		item, err := j.value()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		done, err := j.next(']')
		if err != nil {
			return nil, err
		}
		if done {
			return listValue(items, j.rangeOf(start, j.pos)), nil
		}
	}
}

// next passes over a comma or the end of what is open.
func (j *jsonText) next(end byte) (done bool, err error) {
	j.space()
	if j.pos < len(j.buf) && (j.buf[j.pos] == end || j.buf[j.pos] == ',') {
		done = j.buf[j.pos] == end
		j.pos++
		return done, nil
	}
	return false, j.fail(fmt.Sprintf("unexpected %s, expected a comma or %q", j.found(), end))
}

func (j *jsonText) object() (*value, error) {
	start := j.pos
	j.pos++
	members := []member{}
	if j.space(); j.pos < len(j.buf) && j.buf[j.pos] == '}' {
		j.pos++
		return objectValue(members, j.rangeOf(start, j.pos)), nil
	}
	for {
		j.space()
		if j.pos >= len(j.buf) || j.buf[j.pos] != '"' {
			return nil, j.fail("unexpected " + j.found() + ", expected a key in quotation marks")
		}
		key, err := j.text()
		if err != nil {
			return nil, err
		}
		if j.space(); j.pos >= len(j.buf) || j.buf[j.pos] != ':' {
			return nil, j.fail("unexpected " + j.found() + ", expected a colon")
		}
		j.pos++
		j.space()
		v, err := j.value()
		if err != nil {
			return nil, err
		}
		members = append(members, member{key, v})
		done, err := j.next('}')
		if err != nil {
			return nil, err
		}
		if done {
			return objectValue(members, j.rangeOf(start, j.pos)), nil
		}
	}
}

// text reads a string, which may have holes.
func (j *jsonText) text() (*value, error) {
	start := j.pos
	j.pos++
	from := start // of the literal run, with its quotation mark
	var pieces []piece
	run := func(end int) error {
		literal := append([]byte(nil), j.buf[from:end]...)
		if from != start {
			literal = append([]byte{'"'}, literal...)
		}
		var decoded string
		if err := json.Unmarshal(append(literal, '"'), &decoded); err != nil {
			return j.fail("a string that is no JSON: a control character or an unknown escape")
		}
		if decoded != "" {
			pieces = append(pieces, piece{text: decoded, raw: j.rangeOf(start, end)})
		}
		return nil
	}
	for j.pos < len(j.buf) {
		switch p := j.hole(); {
		case p != nil:
			if err := run(j.pos); err != nil {
				return nil, err
			}
			pieces = append(pieces, *p)
			j.pos++
			from = j.pos
			if from == start {
				return nil, j.fail("a string that is no JSON")
			}
		case j.buf[j.pos] == '\\':
			j.pos += 2
		case j.buf[j.pos] == '"':
			end := j.pos
			if err := run(end); err != nil {
				return nil, err
			}
			j.pos++
			place := j.rangeOf(start, j.pos)
			if pieces == nil {
				return textValue("", place), nil
			}
			return piecesValue(pieces, place, false), nil
		default:
			j.pos++
		}
	}
	j.pos = start
	return nil, j.fail("a string is not closed")
}

func jsonDecode(_ *scope, args []*value, place trust.Range) *value {
	if len(args) != 1 || args[0].kind != text {
		return unknownCall("jsondecode", args, place)
	}
	if len(args[0].pieces) == 1 && args[0].pieces[0].document != nil {
		return args[0].pieces[0].document
	}
	v, err := parseJSON(args[0])
	if err != nil {
		return badValue("jsondecode of what is no JSON", place)
	}
	return v
}
