package trust

import "strings"

// syntax tells which characters of an operand are special.
type syntax struct {
	wildcards bool // "*" and "?"
	variables bool // "${…}"
}

// pieces takes a pattern apart. With variables, "${*}", "${?}" and "${$}" stand
// for the character itself, wildcard or not (IAM User Guide, "IAM policy
// elements: Variables and tags"); a "${" that is never closed is plain text.
func (s syntax) pieces(text string) []Piece {
	if text == "" {
		return nil
	}
	if !s.special(text) {
		return []Piece{{Kind: LiteralPiece, Text: text}}
	}
	b := pieceBuilder{text: text}
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '*' && s.wildcards:
			b.special(i, Piece{Kind: AnyRunPiece})
			i++
		case c == '?' && s.wildcards:
			b.special(i, Piece{Kind: AnyOnePiece})
			i++
		case c == '$' && s.variables && strings.HasPrefix(text[i:], "${"):
			length := strings.IndexByte(text[i:], '}') + 1
			if length == 0 {
				s.variables = false // nothing further is closed either
				continue
			}
			b.variable(i, text[i:i+length])
			i += length
			b.start = i
			continue
		default:
			i++
			continue
		}
		b.start = i
	}
	b.flush(len(text))
	return b.pieces
}

// special reports whether anything in the text may be special.
func (s syntax) special(text string) bool {
	return s.wildcards && (strings.IndexByte(text, '*') >= 0 || strings.IndexByte(text, '?') >= 0) ||
		s.variables && strings.Contains(text, "${")
}

// pieceBuilder collects pieces and joins neighbouring literals.
type pieceBuilder struct {
	pieces []Piece
	text   string
	start  int // of the literal text not yet collected

	// joined holds the current literal once an escaped character is part of
	// it, so that it is no slice of the text.
	joined []byte
}

// special ends the current literal at end and appends a piece. Runs of "*" mean
// the same as one.
func (b *pieceBuilder) special(end int, piece Piece) {
	b.flush(end)
	if n := len(b.pieces); n > 0 && piece.Kind == AnyRunPiece && b.pieces[n-1].Kind == AnyRunPiece {
		return
	}
	b.pieces = append(b.pieces, piece)
}

// variable takes in the variable at i, spelt "${…}".
func (b *pieceBuilder) variable(i int, spelling string) {
	switch spelling {
	case "${*}", "${?}", "${$}":
		b.joined = append(b.joined, b.text[b.start:i]...)
		b.joined = append(b.joined, spelling[2])
	default:
		b.special(i, variablePiece(spelling))
	}
}

// flush ends the current literal at end.
func (b *pieceBuilder) flush(end int) {
	text := b.text[b.start:end]
	if len(b.joined) > 0 {
		text = string(append(b.joined, text...))
		b.joined = b.joined[:0]
	}
	if text != "" {
		b.pieces = append(b.pieces, Piece{Kind: LiteralPiece, Text: text})
	}
}

// variablePiece reads "${key}" or "${key, 'default'}". Anything else between
// the braces, and a name that is empty or has a space in it, makes a variable
// that never resolves: its key is then the whole spelling, braces included,
// which is the key of no request.
func variablePiece(spelling string) Piece {
	name, fallback, hasFallback := strings.Cut(spelling[2:len(spelling)-1], ",")
	never := Piece{Kind: VariablePiece, Key: lowerASCII(spelling)}
	if name == "" || strings.ContainsAny(name, " \t\r\n") {
		return never
	}
	piece := Piece{Kind: VariablePiece, Key: lowerASCII(name)}
	if hasFallback {
		fallback = strings.Trim(fallback, " ")
		if len(fallback) < 2 || fallback[0] != '\'' || fallback[len(fallback)-1] != '\'' {
			return never
		}
		piece.Default, piece.HasDefault = fallback[1:len(fallback)-1], true
	}
	return piece
}

// lowerASCII lower-cases the letters A to Z alone: names of AWS have no others,
// and no letter of another alphabet may turn into one of theirs.
func lowerASCII(text string) string {
	for i := range len(text) {
		if c := text[i]; 'A' <= c && c <= 'Z' {
			return lowerFrom(text, i)
		}
	}
	return text
}

func lowerFrom(text string, i int) string {
	var lowered strings.Builder
	lowered.Grow(len(text))
	lowered.WriteString(text[:i])
	for ; i < len(text); i++ {
		c := text[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		lowered.WriteByte(c)
	}
	return lowered.String()
}

// equalASCII compares without regard to the case of the letters A to Z.
func equalASCII(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		x, y := a[i], b[i]
		if 'A' <= x && x <= 'Z' {
			x |= 0x20
		}
		if 'A' <= y && y <= 'Z' {
			y |= 0x20
		}
		if x != y {
			return false
		}
	}
	return true
}
