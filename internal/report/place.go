package report

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"
)

// locate returns the 1-based line and column of a range in the scanned file.
// Both are 0 where the policy does not stand there verbatim.
func locate(finding *rule.Finding, place trust.Range) (line, column int) {
	document := &finding.Role.Trust
	switch {
	case place.IsZero():
		return 0, 0
	case document.Tree != nil:
		// A template's policy may be put together from several files; only
		// places in the reported one can be told by line and column alone.
		if path := place.File.Name; path != "" && path != reportedPath(finding) {
			return 0, 0
		}
		return place.Line(), place.Column()
	case document.Line == 0:
		return 0, 0
	}
	return document.InFile(place.Line(), place.Column())
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

// fromRoot names a file of a finding from the root of the git work tree, else
// from the scanned directory, with slashes, as whoever reads reports beside the
// files wants it. A file outside of it keeps its name.
func fromRoot(finding *rule.Finding, name string) string {
	subject := finding.Role.Source
	if name == "" || subject.FromRoot == "" {
		return filepath.ToSlash(name)
	}
	if name == subject.Path {
		return subject.FromRoot
	}
	below, err := filepath.Rel(filepath.Dir(subject.Path), name)
	if err != nil {
		return filepath.ToSlash(name)
	}
	found := path.Join(path.Dir(subject.FromRoot), filepath.ToSlash(below))
	if found == ".." || strings.HasPrefix(found, "../") {
		return filepath.ToSlash(name)
	}
	return found
}
