package patch

import (
	"bytes"
	"errors"
)

// holes finds the ranges of a text that a template fills in.
func (s *script) holes() ([]change, error) {
	switch s.dialect {
	case substituted:
		return subHoles(s.text), nil
	case terraform:
		return templateHoles(s.text)
	}
	return nil, nil
}

// subHoles are the ${…} of Fn::Sub; ${! is none.
func subHoles(text []byte) (holes []change) {
	for at := 0; ; {
		start := bytes.Index(text[at:], []byte("${"))
		if start < 0 {
			return holes
		}
		start += at
		length := bytes.IndexByte(text[start:], '}')
		if length < 0 {
			return holes
		}
		if text[start+2] != '!' {
			holes = append(holes, change{start: start, end: start + length + 1})
		}
		at = start + length + 1
	}
}

var errDirective = errors.New("its text is made by the directives of a template (%{ … })")

// templateHoles are the ${…} of a Terraform template.
func templateHoles(text []byte) (holes []change, err error) {
	for at := 0; at+1 < len(text); at++ {
		c := text[at]
		if c != '$' && c != '%' || text[at+1] != '{' && text[at+1] != c {
			continue
		}
		if text[at+1] == c { // $${ is not filled in
			if at+2 < len(text) && text[at+2] == '{' {
				at += 2
			}
			continue
		}
		if c == '%' {
			return nil, errDirective
		}
		end := holeEnd(text, at+2, 0)
		holes = append(holes, change{start: at, end: end})
		at = end - 1
	}
	return holes, nil
}

// holeEnd is the offset behind the brace that closes one before an offset.
func holeEnd(text []byte, at, depth int) int {
	for open := 1; at < len(text); at++ {
		switch text[at] {
		case '{':
			open++
		case '}':
			if open--; open == 0 {
				return at + 1
			}
		case '"':
			at = stringEnd(text, at+1, depth+1) - 1
		}
	}
	return len(text)
}

// stringEnd is the offset behind the quotation mark that closes a text.
func stringEnd(text []byte, at, depth int) int {
	for ; at < len(text); at++ {
		switch {
		case text[at] == '\\':
			at++
		case text[at] == '"':
			return at + 1
		case text[at] == '$' && at+1 < len(text) && text[at+1] == '{' && depth < 50:
			at = holeEnd(text, at+2, depth) - 1
		}
	}
	return len(text)
}

// masked writes what is filled in later so that the rest reads as JSON: within
// a text as a part of it, else as a number.
func masked(text []byte, holes []change) []byte {
	text = append([]byte(nil), text...)
	within, at := false, 0
	for _, hole := range holes {
		for ; at < hole.start; at++ {
			switch {
			case within && text[at] == '\\':
				at++
			case text[at] == '"':
				within = !within
			}
		}
		fill, first := byte(' '), byte('0')
		if within {
			fill, first = 'x', 'x'
		}
		for at = hole.start; at < hole.end; at++ {
			text[at] = fill
		}
		text[hole.start] = first
	}
	return text
}
