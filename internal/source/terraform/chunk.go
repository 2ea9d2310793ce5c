package terraform

import (
	"bytes"
	"strings"
)

// A file is cut into its top-level blocks before any of it is parsed: most
// blocks make no role and are never looked at, a fault in one leaves the
// others readable, and what the parser gets is bounded in size and in depth
// (it recurses, and takes some hundred bytes for each token).

// chunk is a top-level block, by its place in a file.
type chunk struct {
	kind   string // resource, data, variable, …
	labels []string
	start  int
	end    int
}

// fault is something wrong with a file, at an offset.
type fault struct {
	offset int
	reason string
	hint   string
}

const (
	maxNesting = 128
	maxChunk   = 2 << 20
	maxFaults  = 20
	maxBlocks  = 250_000 // of a file
)

// scanner cuts a file in HCL's own syntax.
type scanner struct {
	src    []byte
	pos    int
	nested []nesting
	// operators counts what makes the parser recurse without a bracket: signs
	// and question marks since the last end of an expression.
	operators int
}

// nesting is something that is open.
type nesting struct {
	kind   byte // one of { ( [ $ " and h for a heredoc
	at     int
	marker string // of a heredoc
}

// cut finds the blocks of a file.
func cut(src []byte) (chunks []chunk, faults []fault) {
	s := &scanner{src: src}
	s.pos = len(src) - len(bytes.TrimPrefix(src, []byte("\xEF\xBB\xBF")))
	for len(faults) < maxFaults {
		s.blank()
		if s.pos >= len(src) {
			return chunks, faults
		}
		if len(chunks) == maxBlocks {
			return chunks, append(faults, fault{s.pos, "too many blocks: the rest of the file is not read", ""})
		}
		start := s.pos
		found, problem := s.block()
		if problem == nil {
			chunks = append(chunks, found)
			continue
		}
		faults = append(faults, *problem)
		s.resume(start)
	}
	return chunks, append(faults, fault{s.pos, "too many faults: the rest of the file is not read", ""})
}

// blank passes over white space and comments.
func (s *scanner) blank() {
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case isSpace(c) || c == 0xEF && bytes.HasPrefix(s.src[s.pos:], []byte("\xEF\xBB\xBF")):
			s.pos++
		case s.comment():
		default:
			return
		}
	}
}

// comment passes over a comment, if there is one here.
func (s *scanner) comment() bool {
	rest := s.src[s.pos:]
	switch {
	case rest[0] == '#', bytes.HasPrefix(rest, []byte("//")):
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			end = len(rest)
		}
		s.pos += end
	case bytes.HasPrefix(rest, []byte("/*")):
		end := bytes.Index(rest[2:], []byte("*/"))
		if end < 0 {
			s.pos = len(s.src)
		} else {
			s.pos += end + 4
		}
	default:
		return false
	}
	return true
}

// block reads `kind "label" label { … }`.
func (s *scanner) block() (chunk, *fault) {
	c := chunk{start: s.pos}
	c.kind = s.word()
	if c.kind == "" {
		return c, &fault{s.pos, "expected a block such as resource, found " + s.found(), ""}
	}
	for {
		for s.pos < len(s.src) && (s.src[s.pos] == ' ' || s.src[s.pos] == '\t') {
			s.pos++
		}
		if s.pos >= len(s.src) {
			return c, &fault{c.start, "the file ends within the head of this block", "is the file cut off?"}
		}
		switch b := s.src[s.pos]; {
		case b == '{':
			problem := s.body(c.start)
			c.end = s.pos
			if problem == nil && c.end-c.start > maxChunk {
				problem = &fault{c.start, "the block is too large to be read", ""}
			}
			return c, problem
		case b == '"':
			label, ok := s.label()
			if !ok {
				return c, &fault{s.pos, "a label of a block is not closed", ""}
			}
			c.labels = append(c.labels, label)
		case isWordByte(b):
			c.labels = append(c.labels, s.word())
		case b == '/' && s.comment():
		default:
			return c, &fault{s.pos, "expected { or a label after " + c.kind + ", found " + s.found(), ""}
		}
	}
}

func (s *scanner) found() string {
	if s.pos >= len(s.src) {
		return "the end of the file"
	}
	end := bytes.IndexAny(s.src[s.pos:], "\r\n")
	if end < 0 {
		end = len(s.src) - s.pos
	}
	return "\"" + strings.ToValidUTF8(shorten(string(s.src[s.pos:s.pos+min(end, 20)]), 20), "�") + "\""
}

func isWordByte(b byte) bool {
	return b == '_' || b == '-' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
}

func (s *scanner) word() string {
	start := s.pos
	for s.pos < len(s.src) && isWordByte(s.src[s.pos]) {
		s.pos++
	}
	return string(s.src[start:s.pos])
}

func (s *scanner) label() (string, bool) {
	end := bytes.IndexAny(s.src[s.pos+1:], "\"\n")
	if end < 0 || s.src[s.pos+1+end] == '\n' {
		return "", false
	}
	label := string(s.src[s.pos+1 : s.pos+1+end])
	s.pos += end + 2
	return label, true
}

// body passes over everything up to the brace that closes the one here.
func (s *scanner) body(start int) *fault {
	s.nested, s.operators = s.nested[:0], 0
	for s.pos < len(s.src) {
		problem := s.step()
		if problem != nil {
			return problem
		}
		if len(s.nested) == 0 {
			return nil
		}
	}
	if len(s.nested) == 0 {
		return nil
	}
	open := s.nested[len(s.nested)-1]
	what := "a bracket is"
	switch open.kind {
	case '"':
		what = "a string is"
	case 'h':
		what = "the heredoc " + open.marker + " is"
	}
	if open.at == start || len(s.nested) == 1 {
		return &fault{start, "the block is not closed", "is the file cut off?"}
	}
	return &fault{open.at, what + " not closed", "is the file cut off?"}
}

// step passes over one token, roughly.
func (s *scanner) step() *fault {
	top := byte(0)
	if n := len(s.nested); n > 0 {
		top = s.nested[n-1].kind
	}
	if top == '"' || top == 'h' {
		return s.template(top)
	}
	switch c := s.src[s.pos]; c {
	case '{', '(', '[':
		return s.open(c, 1)
	case '}', ')', ']':
		return s.close(top, c)
	case '"':
		return s.open('"', 1)
	case '<':
		if marker, size := s.heredoc(); size > 0 {
			problem := s.open('h', size)
			s.nested[len(s.nested)-1].marker = marker
			return problem
		}
		s.pos++
	case '#', '/':
		if !s.comment() {
			s.pos++
		}
	case '!', '-', '?', '%':
		s.pos++
		if s.operators++; s.operators > 4*maxNesting {
			return &fault{s.pos, "an expression is nested too deep", ""}
		}
	case ',', '\n', '=':
		s.pos++
		if c != '\n' || top == '{' {
			s.operators = 0
		}
	default:
		s.pos++
	}
	return nil
}

func (s *scanner) open(kind byte, size int) *fault {
	s.nested = append(s.nested, nesting{kind: kind, at: s.pos})
	s.pos += size
	if len(s.nested) > maxNesting {
		return &fault{s.pos, "nested too deep", "at most 128 levels are read"}
	}
	return nil
}

func (s *scanner) close(top, c byte) *fault {
	matching := map[byte]byte{'{': '}', '$': '}', '(': ')', '[': ']'}
	if matching[top] != c {
		return &fault{s.pos, "unexpected \"" + string(rune(c)) + "\"", "is a bracket missing before it?"}
	}
	s.pos++
	s.nested = s.nested[:len(s.nested)-1]
	return nil
}

// heredoc recognizes `<<NAME` and `<<-NAME` at the end of a line.
func (s *scanner) heredoc() (marker string, size int) {
	rest := s.src[s.pos:]
	if !bytes.HasPrefix(rest, []byte("<<")) {
		return "", 0
	}
	at := 2
	if at < len(rest) && rest[at] == '-' {
		at++
	}
	start := at
	for at < len(rest) && isWordByte(rest[at]) {
		at++
	}
	marker = string(rest[start:at])
	if at < len(rest) && rest[at] == '\r' {
		at++
	}
	if marker == "" || at >= len(rest) || rest[at] != '\n' {
		return "", 0
	}
	return marker, at + 1
}

// template passes over a piece of a string or a heredoc.
func (s *scanner) template(kind byte) *fault {
	if kind == 'h' && (s.pos == 0 || s.src[s.pos-1] == '\n') && s.endOfHeredoc() {
		return nil
	}
	switch rest := s.src[s.pos:]; {
	case bytes.HasPrefix(rest, []byte("$${")), bytes.HasPrefix(rest, []byte("%%{")):
		s.pos += 3
	case bytes.HasPrefix(rest, []byte("${")), bytes.HasPrefix(rest, []byte("%{")):
		return s.open('$', 2)
	case kind == 'h' && rest[0] == '\n':
		s.pos++ // the next line may be the end
	case kind == 'h':
		s.pos += beforeAny(rest, "$%\n")
	case rest[0] == '\\':
		s.pos = min(s.pos+2, len(s.src))
	case rest[0] == '"':
		s.pos++
		s.nested = s.nested[:len(s.nested)-1]
	case rest[0] == '\n':
		open := s.nested[len(s.nested)-1]
		return &fault{open.at, "a string is not closed on its line", "longer text goes into a heredoc"}
	default:
		s.pos += beforeAny(rest, "$%\\\"\n")
	}
	return nil
}

// beforeAny is how much of a text can be passed over: its first byte, and all up to
// the next one of marks.
func beforeAny(text []byte, marks string) int {
	if next := bytes.IndexAny(text[1:], marks); next >= 0 {
		return next + 1
	}
	return len(text)
}

// endOfHeredoc passes over the line that ends a heredoc, if it is this one.
func (s *scanner) endOfHeredoc() bool {
	line := s.src[s.pos:]
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	if string(bytes.TrimSpace(line)) != s.nested[len(s.nested)-1].marker {
		return false
	}
	s.pos += len(line)
	s.nested = s.nested[:len(s.nested)-1]
	return true
}

var blockKinds = []string{"resource ", "data ", "variable ", "module ", "locals ", "locals{", "provider ", "output ", "terraform "}

// resume looks for the next line that begins a block, behind a fault in the
// block that begins at start.
func (s *scanner) resume(start int) {
	at := start
	for {
		next := bytes.IndexByte(s.src[at:], '\n')
		if next < 0 {
			s.pos = len(s.src)
			return
		}
		at += next + 1
		for _, kind := range blockKinds {
			if bytes.HasPrefix(s.src[at:], []byte(kind)) {
				s.pos = at
				return
			}
		}
	}
}
