package report

import (
	"fmt"
	"unicode/utf8"

	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"
)

// locator turns ranges of one finding's policy into places of the scanned file.
// It walks the text once for as long as the ranges come in its order, as they
// mostly do: a policy may have very many of them on one line.
type locator struct {
	finding      *rule.Finding
	file         *trust.File
	offset       int
	line, column int
}

// locate returns the 1-based line and column of a range in the scanned file.
// Both are 0 where the policy does not stand there verbatim.
func (l *locator) locate(place trust.Range) (line, column int) {
	document := &l.finding.Role.Trust
	switch {
	case place.IsZero():
		return 0, 0
	case document.Tree != nil:
		// A template's policy may be put together from several files; only
		// places in the reported one can be told by line and column alone.
		if path := place.File.Name; path != "" && path != reportedPath(l.finding) {
			return 0, 0
		}
		return l.walk(place)
	case document.Line == 0:
		return 0, 0
	}
	return document.InFile(l.walk(place))
}

func (l *locator) walk(place trust.Range) (line, column int) {
	end := min(place.Start, len(place.File.Text))
	if l.file != place.File || end < l.offset {
		l.file, l.offset, l.line, l.column = place.File, 0, 1, 1
	}
	for l.offset < end {
		r, size := utf8.DecodeRune(l.file.Text[l.offset:])
		if l.offset += size; r == '\n' {
			l.line, l.column = l.line+1, 1
		} else {
			l.column++
		}
	}
	return l.line, l.column
}

// reportedPath is the file that a finding points into.
func reportedPath(finding *rule.Finding) string {
	if finding.Place.Path != "" {
		return finding.Place.Path
	}
	return finding.Role.Source.Path
}

// alsoAt lists where a role stands beside the reported place: the resource
// whose policy is in another file, and the configuration of a plan.
func alsoAt(finding *rule.Finding) []role.Source {
	var places []role.Source
	if own := finding.Role.Source; own.Path != "" && own.Path != reportedPath(finding) {
		places = append(places, own)
	}
	return append(places, finding.Role.Also...)
}

// elsewhere tells where the role stands besides.
func (p *page) elsewhere(finding *rule.Finding) {
	for i, one := range alsoAt(finding) {
		text := one.Path
		if one.Line > 0 {
			text = fmt.Sprintf("%s:%d:%d", text, one.Line, one.Column)
		}
		if finding.Role.Source.Kind == role.TerraformPlan && one.Kind != role.TerraformPlan {
			text += ", the configuration; where it differs, the plan decides"
		} else {
			text += ", the role"
		}
		p.field(once("also", i), printable(text))
	}
}

// reportedPlace is where a finding points: the place that decides, else where
// the role begins.
func reportedPlace(finding *rule.Finding) rule.Place {
	if finding.Place.Line > 0 {
		place := finding.Place
		place.Path = reportedPath(finding)
		return place
	}
	source := finding.Role.Source
	return rule.Place{Path: reportedPath(finding), Line: source.Line, Column: source.Column}
}
