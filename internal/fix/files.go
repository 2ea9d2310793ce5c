package fix

import (
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"countersign/internal/fix/patch"
	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"
)

// Files are repairs made in the texts that roles are read from.
type Files struct {
	// Before and After are the texts of the files that change, by path.
	Before, After map[string][]byte
}

// Paths lists the files that change, in order.
func (f *Files) Paths() []string { return slices.Sorted(maps.Keys(f.After)) }

// Rejudge judges everything again with some files edited, by their paths.
type Rejudge func(edited map[string][]byte) ([]*rule.Finding, error)

// rounds bounds how often a plan is made again without what it did not close.
const rounds = 8

// Edit makes the repairs in the files, as far as they can be made there. What
// comes out is read again: a role that does not pass, or whose policy is not the
// one that was proved, is left as it was, and its repair says so. findings are
// all roles that were judged, since a text may make several of them.
func Edit(findings []*rule.Finding, repairs []*Repair, options patch.Options, rejudge Rejudge) (*Files, error) {
	for range rounds {
		files, edited, done, err := edit(findings, repairs, options)
		if err != nil || len(files.After) == 0 {
			return files, err
		}
		after, err := rejudge(files.After)
		if err != nil {
			return nil, err
		}
		if check(findings, edited, after) {
			note(done, files, edited)
			return files, nil
		}
	}
	for _, repair := range repairs {
		if repair.Repaired() {
			repair.Refuse("the edited files could not be read again as they should", "")
		}
	}
	return &Files{}, nil
}

// edit plans the repairs that are left and makes their edits.
func edit(findings []*rule.Finding, repairs []*Repair, options patch.Options) (*Files, map[*rule.Finding]*Repair, *patch.Patch, error) {
	byFinding, findingOf := map[*rule.Finding]*Repair{}, map[*role.Role]*rule.Finding{}
	for _, repair := range repairs {
		if repair.Repaired() {
			byFinding[repair.Finding], findingOf[repair.Finding.Role] = repair, repair.Finding
		}
	}
	plan := patch.NewPlan(options)
	for _, finding := range findings {
		var changes []trust.Change
		if repair := byFinding[finding]; repair != nil {
			changes = repair.Rewriting.Changes
		}
		plan.Add(finding.Role, changes)
	}
	done := plan.Finish()
	for i := range done.Refused {
		refused := &done.Refused[i]
		finding := findingOf[refused.Role]
		if repair := byFinding[finding]; repair != nil {
			repair.Refuse(refused.Reason, refused.Hint)
			delete(byFinding, finding)
		}
	}
	files := &Files{Before: map[string][]byte{}, After: map[string][]byte{}}
	for _, path := range done.Files() {
		text, err := options.Read(path)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("reading %s: %w", path, err)
		}
		edited, err := done.Apply(path, text)
		if err != nil {
			return nil, nil, nil, err
		}
		files.Before[path], files.After[path] = text, edited
	}
	return files, byFinding, done, nil
}

// note gives the findings that are closed their edits.
func note(done *patch.Patch, files *Files, edited map[*rule.Finding]*Repair) {
	texts := map[string]*trust.File{}
	for path, text := range files.Before {
		texts[path] = &trust.File{Name: path, Text: text}
	}
	for finding, repair := range edited {
		made := &rule.Fix{Does: strings.Join(whatItDoes(repair), "; "), HoldsIDs: writesID(repair.Rewriting.Changes)}
		for _, one := range done.Of(finding.Role) {
			at := trust.Range{File: texts[one.File], Start: one.Start, End: one.End}
			place := rule.Place{Path: one.File, Line: at.Line(), Column: at.Column()}
			place.EndLine, place.EndColumn = at.EndPosition()
			made.Edits = append(made.Edits, rule.Edit{Place: place, Text: one.New})
		}
		finding.Fix = made
	}
}

// writesID reports whether a change writes an external ID, and not a reference
// to one.
func writesID(changes []trust.Change) bool {
	for i := range changes {
		for _, edit := range changes[i].Conditions {
			if edit.New != nil && strings.EqualFold(edit.New.Key, "sts:ExternalId") && slices.ContainsFunc(edit.New.Values, isText) {
				return true
			}
		}
		if slices.ContainsFunc(changes[i].Insert, namesID) {
			return true
		}
	}
	return false
}

func isText(v trust.Value) bool { return v.Kind != trust.Unknown }

// namesID reports whether a tree has a condition on the external ID with a text.
func namesID(v trust.Value) bool {
	for _, m := range v.Members {
		if strings.EqualFold(m.Key.Text, "sts:ExternalId") && (isText(m.Value) || slices.ContainsFunc(m.Value.Items, isText)) || namesID(m.Value) {
			return true
		}
	}
	return slices.ContainsFunc(v.Items, namesID)
}

// check holds what was read again against what was proved. It refuses repairs
// that do not hold, and reports whether all do.
func check(findings []*rule.Finding, edited map[*rule.Finding]*Repair, after []*rule.Finding) bool {
	found := map[string]*rule.Finding{}
	for _, finding := range after {
		found[key(finding)] = finding
	}
	holds := true
	for _, before := range findings {
		now, repair := found[key(before)], edited[before]
		switch {
		case repair != nil:
			if reason := proved(repair, now); reason != "" {
				repair.Refuse(reason, "change it by hand: countersign explain "+before.Role.Title())
				holds = false
			}
		case now == nil || !samePolicy(before, now):
			// An edit has changed a role that it was not meant for: whatever is
			// edited in that role's file stays as it was.
			for finding, other := range edited {
				if finding.Role.Source.Path == before.Role.Source.Path {
					other.Refuse("its text also makes the role "+before.Role.Title()+", which would change, too", "change it by hand")
					holds = false
				}
			}
		}
	}
	return holds
}

// samePolicy reports whether a role that was not to be edited is as it was.
func samePolicy(before, now *rule.Finding) bool {
	if now.Verdict.Outcome != before.Verdict.Outcome {
		return false
	}
	was, err := Policy(&before.Role.Trust)
	is, err2 := Policy(&now.Role.Trust)
	if err != nil || err2 != nil {
		return (err == nil) == (err2 == nil)
	}
	return patch.Same(was.Document(), is.Document())
}

// key tells the same role in both readings.
func key(finding *rule.Finding) string {
	return finding.Fingerprint + "\x00" + finding.Role.Source.Path + "\x00" + finding.Role.Source.Address
}

// proved says what of a role that was read again is not as it was proved.
func proved(repair *Repair, now *rule.Finding) string {
	switch {
	case now == nil:
		return "the edited text no longer holds the role"
	case now.Verdict.Outcome != trust.Pass:
		return "the edited text would be judged " + string(now.Verdict.Outcome)
	}
	policy, err := Policy(&now.Role.Trust)
	if err != nil {
		return "the edited text cannot be read: " + err.Error()
	}
	if !patch.Same(repair.Rewriting.Document, policy.Document()) {
		return "the edited text is not the policy that was proved"
	}
	return ""
}

// Over gives the file system of a directory with some files edited, by paths as
// they were shown.
func Over(edited map[string][]byte) func(directory string, files fs.FS) fs.FS {
	return func(directory string, files fs.FS) fs.FS {
		inside := map[string][]byte{}
		for path, text := range edited {
			if name, err := filepath.Rel(directory, path); err == nil && name != ".." && !strings.HasPrefix(name, "../") {
				inside[filepath.ToSlash(name)] = text
			}
		}
		if len(inside) == 0 {
			return files
		}
		return patch.Overlay(files, inside)
	}
}
