package rule

import (
	"countersign/internal/role"
	"countersign/trust"
)

// PlaceOf maps a range of a role's trust policy to the file the role was read
// from. Where the policy does not stand there verbatim, or the range is zero,
// it is the place of the policy or else of the role, whose end is not known
// and 0.
func PlaceOf(subject *role.Role, at trust.Range) Place {
	place := Place{Path: subject.Source.Path, Line: subject.Source.Line, Column: subject.Source.Column}
	document := &subject.Trust
	if document.Tree != nil {
		if at.IsZero() {
			at = document.Tree.Range
		}
		if !at.IsZero() {
			if at.File.Name != "" { // a template's policy may stand in another file
				place.Path = at.File.Name
			}
			place.Line, place.Column = at.Line(), at.Column()
			place.EndLine, place.EndColumn = at.EndPosition()
		}
		return place
	}
	if document.Line == 0 {
		return place
	}
	if at.IsZero() {
		place.Line, place.Column = document.Line, document.Column
		return place
	}
	place.Line, place.Column = document.InFile(at.Line(), at.Column())
	place.EndLine, place.EndColumn = document.InFile(at.EndPosition())
	return place
}
