package terraform

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"countersign/trust"
)

// template is "…${…}…", or a heredoc.
func (s *scope) template(e *hclsyntax.TemplateExpr) *value {
	place := s.place(e.SrcRange)
	inner := *s
	if !place.IsZero() && place.Start < place.End {
		switch place.File.Text[place.Start] {
		case '"':
			inner.quoted = true
		case '<':
			inner.quoted = false
		}
	}
	if src := s.in.r.source(e.SrcRange.Filename); src != nil && src.offsets != nil {
		inner.quoted = true
	}
	parts := make([]*value, len(e.Parts))
	for i := range e.Parts {
		parts[i] = inner.eval(e.Parts[i])
	}
	return joined(parts, place)
}

// templateJoin is the body of a `%{ for }`.
func (s *scope) templateJoin(e *hclsyntax.TemplateJoinExpr) *value {
	place := s.place(e.Range())
	return each([]*value{s.eval(e.Tuple)}, place, func(args []*value) *value {
		switch {
		case args[0].kind == unknown:
			return composed(args[0].name(), place)
		case args[0].kind != list || !args[0].sure():
			return composed(args[0].describe(), place)
		}
		return joined(args[0].items, place)
	})
}

// joined puts texts together. Where one of them is a choice, so is the whole.
func joined(parts []*value, place trust.Range) *value {
	return each(parts, place, func(parts []*value) *value {
		var pieces []piece
		assumed := false
		for _, part := range parts {
			assumed = assumed || part.assumed
			switch {
			case part.bad || part.huge:
				return part
			case part.kind == unknown, part.kind == text, part.kind == number, part.kind == boolean:
				pieces = append(pieces, part.spelled()...)
			default:
				return badValue("a template with "+article(part)+" in it", part.place)
			}
		}
		if pieces == nil {
			return textValue("", place)
		}
		return piecesValue(pieces, place, assumed)
	})
}

func article(v *value) string {
	switch v.kind {
	case null:
		return "null"
	case list:
		return "a list"
	}
	return "an object"
}

// render reads a text as a template, with the variables of an object.
func (s *scope) render(src *source, from, to int, variables *value, place trust.Range) *value {
	if variables.kind != object || !variables.sure() {
		return composed("template with "+variables.describe(), place)
	}
	start := hcl.Pos{Byte: from, Line: 1, Column: 1}
	text := src.written()[from:to]
	if len(text) > maxChunk || !shallow(text) {
		return unknownValue(src.file.Name+" (too large or too deep to be read)", place)
	}
	e, diagnostics := hclsyntax.ParseTemplate(text, src.name, start)
	if problem := firstFault(diagnostics, from); problem != nil {
		s.in.r.fault(src, problem.offset, "the template "+problem.reason, problem.hint)
		return badValue(src.file.Name+" (does not parse)", place)
	}
	inner := &scope{in: s.in, isolated: true}
	for i := range variables.members {
		name, _ := variables.members[i].key.isText()
		inner = inner.bind(name, variables.members[i].value)
	}
	return inner.eval(e).at(place)
}

// shallow reports whether a template is safe to hand to the parser, which
// recurses.
func shallow(text []byte) bool {
	s := &scanner{src: text, nested: []nesting{{kind: 'h', marker: "\x00"}}}
	for s.pos < len(text) {
		if s.step() != nil || len(s.nested) == 0 {
			return false
		}
	}
	return true
}
