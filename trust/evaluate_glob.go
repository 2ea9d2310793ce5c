package trust

import (
	"slices"
	"unicode/utf16"
)

// glob is a pattern whose variables are filled in, as the concrete evaluator
// matches it: UTF-16 code units and the two wildcards.
type glob []symbol

// symbol is a UTF-16 code unit or one of the wildcards.
type symbol int32

const (
	starSymbol     symbol = -1 // any run of code units, also none
	questionSymbol symbol = -2 // exactly one code unit
)

// glob makes the pattern of an operand. What a variable brings in is literal,
// also a star. It reports false when a variable has no value.
func (e *evaluation) glob(pieces []Piece) (glob, bool) {
	var g glob
	for _, piece := range pieces {
		switch piece.Kind {
		case LiteralPiece:
			g = g.literally(piece.Text)
		case AnyRunPiece:
			g = append(g, starSymbol)
		case AnyOnePiece:
			g = append(g, questionSymbol)
		case VariablePiece:
			value, ok := e.variable(piece)
			if !ok {
				return nil, false
			}
			g = g.literally(value)
		}
	}
	return g, true
}

// like reports whether the pieces match the whole text.
func (e *evaluation) like(pieces []Piece, text string) bool {
	wild := slices.ContainsFunc(pieces, func(p Piece) bool { return p.Kind == AnyRunPiece || p.Kind == AnyOnePiece })
	if !wild {
		plain, ok := e.text(pieces)
		return ok && plain == text
	}
	g, ok := e.glob(pieces)
	return ok && g.matches(text)
}

func (g glob) literally(text string) glob {
	for _, unit := range utf16.Encode([]rune(text)) {
		g = append(g, symbol(unit))
	}
	return g
}

// matches reports whether the pattern matches the whole text.
func (g glob) matches(text string) bool {
	matched, _ := g.run(utf16.Encode([]rune(text)))
	return matched
}

// run walks pattern and text side by side. On a mismatch it gives the last
// star one more unit and tries again from there; earlier stars need not be
// reconsidered, because the last one can take whatever they could. So the
// steps are at most about the product of both lengths, whatever the pattern.
func (g glob) run(text []uint16) (matched bool, steps int) {
	next, at := 0, 0       // positions in pattern and text
	star, starAt := -1, -1 // the last star, and how far it reaches
	for ; at < len(text); steps++ {
		switch {
		case next < len(g) && g[next] == starSymbol:
			star, starAt = next, at
			next++
		case next < len(g) && (g[next] == questionSymbol || g[next] == symbol(text[at])):
			next++
			at++
		case star >= 0:
			starAt++
			next, at = star+1, starAt
		default:
			return false, steps
		}
	}
	for next < len(g) && g[next] == starSymbol {
		next++
	}
	return next == len(g), steps
}

// arnColons is the number of colons that separate the six segments of an ARN.
// The sixth keeps its own.
const arnColons = 5

// compareArn matches the pattern against an ARN segment by segment, so that no
// wildcard reaches across one of the first five colons. A star alone matches
// every ARN.
func (g glob) compareArn(arn string) comparison {
	if len(g) == 1 && g[0] == starSymbol {
		return isEqual
	}
	wanted := splitArn(g)
	if len(wanted) <= arnColons || !wanted[0].matches("arn") {
		return isMeaningless
	}
	for i, segment := range splitArn(glob(nil).literally(arn)) {
		units := make([]uint16, len(segment))
		for j, unit := range segment {
			units[j] = uint16(unit)
		}
		if matched, _ := wanted[i].run(units); !matched {
			return isDifferent
		}
	}
	return isEqual
}

// splitArn cuts at the first five colons.
func splitArn(g glob) []glob {
	var segments []glob
	start := 0
	for i, s := range g {
		if s == ':' && len(segments) < arnColons {
			segments = append(segments, g[start:i])
			start = i + 1
		}
	}
	return append(segments, g[start:])
}
