package trust

import (
	"strings"
	"unicode"
)

// A charset is a set of characters: ASCII ones by bit, the others all or none,
// or of the others those that are letters, numbers and separators.
type charset struct {
	ascii          [2]uint64
	other, written bool
}

func chars(texts ...string) charset {
	var set charset
	for _, text := range texts {
		for i := 0; i < len(text); i++ {
			set.ascii[text[i]>>6] |= 1 << (text[i] & 63)
		}
	}
	return set
}

func (s charset) has(c rune) bool {
	if c >= 128 {
		return s.other && (!s.written || unicode.In(c, unicode.L, unicode.N, unicode.Z))
	}
	return c >= 0 && s.ascii[c>>6]&(1<<(c&63)) != 0
}

const (
	digitChars = "0123456789"
	lowerChars = "abcdefghijklmnopqrstuvwxyz"
	upperChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	wordChars  = digitChars + lowerChars + upperChars + "_"
)

var (
	digits    = chars(digitChars)
	nameSet   = chars(wordChars, "+=,.@-") // users, roles, sessions, source identities
	idSet     = chars(digitChars, upperChars)
	orgSet    = chars(digitChars, lowerChars)
	externSet = chars(wordChars, "+=,.@:/-") // STS API reference, AssumeRole, ExternalId
	visible   = visibleSet()
	tagSet    = charset{ascii: chars(wordChars, " .:/=+-@").ascii, other: true, written: true} // STS API reference, Tag; IAM API reference, Tag
	textSet   = charset{ascii: [2]uint64{^uint64(0) &^ 1, ^uint64(0)}, other: true}
)

func visibleSet() charset {
	var b strings.Builder
	for c := byte(0x21); c <= 0x7e; c++ {
		b.WriteByte(c)
	}
	return chars(b.String())
}

// A segment is a stretch of a word: either fixed text, or min to max characters
// of a set. A path is empty, or something that ends with a slash.
type segment struct {
	fixed    string
	isFixed  bool
	set      charset
	min, max int
	path     bool
	example  string // a natural value, tried first
}

func (s segment) allows(text string) bool {
	if s.isFixed {
		return text == s.fixed
	}
	n := 0
	for _, c := range text {
		if !s.set.has(c) {
			return false
		}
		n++
	}
	return n >= s.min && n <= s.max && (!s.path || text == "" || n > 1 && text[len(text)-1] == '/')
}

// holds reports whether the segment may contain a text.
func (s *segment) holds(text string) bool {
	for _, c := range text {
		if !s.set.has(c) {
			return false
		}
	}
	return true
}

// A shape is the form of the values a key can take: segments one after the
// other, and how a whole value falls apart into them.
type shape struct {
	segments []segment
	natural  []string // the examples of the segments; never changed
	split    func(s *shape, text string) ([]string, bool)
}

// withExamples completes a shape with its natural word.
func (s shape) withExamples() shape {
	s.natural = make([]string, len(s.segments))
	for i := range s.segments {
		if s.natural[i] = s.segments[i].example; s.segments[i].isFixed {
			s.natural[i] = s.segments[i].fixed
		}
	}
	return s
}

// scope is the part of a shape that a constraint speaks of: the segments from
// first to last.
type scope struct{ first, last int8 }

var (
	wholeWord        = scope{0, 127}
	principalAccount = scope{1, 1} // "arn:…:iam::" account ":user/" path name
	principalName    = scope{4, 4}
	userIDSession    = scope{3, 3} // prefix id ":" session
	orgPathID        = scope{0, 1} // "o-" id "/r-" root "/" units
)

// of joins the parts in the scope.
func (s scope) of(parts []string) string {
	last := min(int(s.last), len(parts)-1)
	if int(s.first) == last {
		return parts[last]
	}
	return strings.Join(parts[s.first:last+1], "")
}

func (s scope) holds(segment int) bool { return segment >= int(s.first) && segment <= int(s.last) }

func simpleShape(set charset, low, high int, examples string) shape {
	return shape{segments: []segment{{set: set, min: low, max: high, example: examples}}, split: splitSimple}.withExamples()
}

func splitSimple(_ *shape, text string) ([]string, bool) { return []string{text}, true }

// principalShape is the form of aws:PrincipalArn for a user or a role, whose
// path may have 512 characters and whose name 64 (IAM API reference).
func principalShape(partition, kind string) shape {
	return shape{
		segments: []segment{
			{fixed: "arn:" + partition + ":iam::", isFixed: true},
			{set: digits, min: 12, max: 12, example: "666677778888"},
			{fixed: ":" + kind + "/", isFixed: true},
			{set: visible, max: 510, path: true},
			{set: nameSet, min: 1, max: 64, example: "mallory"},
		},
		split: splitPrincipal,
	}.withExamples()
}

func splitPrincipal(s *shape, text string) ([]string, bool) {
	head, middle := s.segments[0].fixed, s.segments[2].fixed
	rest, ok := strings.CutPrefix(text, head)
	if !ok || len(rest) < 12 {
		return nil, false
	}
	account, rest := rest[:12], rest[12:]
	rest, ok = strings.CutPrefix(rest, middle)
	if !ok {
		return nil, false
	}
	slash := strings.LastIndexByte(rest, '/') + 1
	return []string{head, account, middle, rest[:slash], rest[slash:]}, true
}

// userIDShape is the form of aws:userid: a unique id, and for role sessions a
// colon and the session's name.
func userIDShape(kind string, session bool) shape {
	prefix := segment{fixed: kind, isFixed: true}
	id := segment{set: idSet, min: 4, max: 124, example: "EXAMPLE0MALLORY00"}
	if !session {
		return shape{segments: []segment{prefix, id}, split: splitUserID}.withExamples()
	}
	name := segment{set: nameSet, min: 2, max: 64, example: "session-1"}
	return shape{segments: []segment{prefix, id, {fixed: ":", isFixed: true}, name}, split: splitUserID}.withExamples()
}

func splitUserID(s *shape, text string) ([]string, bool) {
	rest, ok := strings.CutPrefix(text, s.segments[0].fixed)
	if !ok || len(s.segments) == 2 {
		return []string{s.segments[0].fixed, rest}, ok
	}
	id, session, ok := strings.Cut(rest, ":")
	return []string{s.segments[0].fixed, id, ":", session}, ok
}

// orgShape is the form of aws:PrincipalOrgPaths, whose one value has the ids of
// the organization, its root and the units down to the account's, with a slash
// behind each (IAM User Guide, "Global condition context keys"; Organizations
// API Reference, the patterns of RootId and OrganizationalUnitId).
func orgShape() shape {
	return shape{
		segments: []segment{
			{fixed: "o-", isFixed: true},
			{set: orgSet, min: 1, max: 32, example: "stranger00"},
			{fixed: "/r-", isFixed: true},
			{set: orgSet, min: 4, max: 32, example: "ab12"},
			{fixed: "/", isFixed: true},
			{set: chars(digitChars, lowerChars, "-/"), max: 5 * 69, path: true},
		},
		split: splitOrg,
	}.withExamples()
}

func splitOrg(_ *shape, text string) ([]string, bool) {
	rest, ok := strings.CutPrefix(text, "o-")
	if !ok {
		return nil, false
	}
	id, rest, ok := strings.Cut(rest, "/r-")
	if !ok {
		return nil, false
	}
	root, units, ok := strings.Cut(rest, "/")
	return []string{"o-", id, "/r-", root, "/", units}, ok
}

// legal reports whether the parts are a value of the shape.
func (s *shape) legal(parts []string) bool {
	for i := range s.segments {
		if !s.segments[i].allows(parts[i]) {
			return false
		}
	}
	return true
}
