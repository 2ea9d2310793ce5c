package settings

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"countersign/internal/rule"
	"countersign/internal/waiver"
)

// Origins are the places of settings; those of lists are in the order of the
// lists. Waivers have their own.
type Origins struct {
	Files                                              []string // all that were read, in the order of their weight
	Account, Organization                              Origin
	Accounts, Organizations, ThirdParties, ExternalIDs []Origin
	Severities                                         map[string]Origin
	Comments, Tags                                     Origin
}

// Origin is where a setting stands; Line is 0 for what nobody has said.
type Origin struct {
	Path string
	Line int
}

func (r reader) origin(node *yaml.Node) Origin { return Origin{r.path, node.Line} }

// reference is a file that another one extends.
type reference struct {
	path string // as it is written
	node *yaml.Node
}

// Bounds on files that extend one another.
const (
	maxDepth = 8
	maxFiles = 32
)

// extends reads one path or a list of some.
func (r reader) extends(node *yaml.Node) (list []reference, err error) {
	items := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		items = node.Content
	}
	for _, item := range items {
		var path string
		if err := r.text(item, &path, checkExtended); err != nil {
			return nil, err
		}
		list = append(list, reference{path, item})
	}
	return list, nil
}

// checkExtended accepts a relative path. What settings say must not depend on
// what a server answers, nor on the machine.
func checkExtended(path string) error {
	switch {
	case strings.TrimSpace(path) == "":
		return &Error{"is empty", ""}
	case strings.Contains(path, "://"):
		return &Error{fmt.Sprintf("%q is an address, and only files are read", path), "keep a copy beside this file, for example as a git submodule"}
	case filepath.IsAbs(path), strings.HasPrefix(path, "/"), strings.HasPrefix(path, `\`), strings.HasPrefix(path, "~"), filepath.VolumeName(path) != "":
		return &Error{fmt.Sprintf("%q is not a relative path", path), "paths count from the directory of this file"}
	}
	return nil
}

// Load reads a settings file and those that it extends. Faults are told as
// *FileError.
func Load(path string) (Settings, error) {
	l := &loading{done: map[string]bool{}}
	if err := l.file(path, nil, nil); err != nil {
		return Settings{}, err
	}
	l.merged.Path = path
	if err := l.merged.resolveParties(); err != nil {
		return Settings{}, err
	}
	return l.merged, nil
}

// loading reads files that extend one another: what a file extends comes before
// it, and each file once.
type loading struct {
	merged Settings
	done   map[string]bool // by its real path
	files  int
}

// step is a file on the way to the one that is being read.
type step struct{ path, real string }

func (l *loading) file(path string, way []step, from func(message, hint string) error) error {
	if from == nil { // the file that the user names
		from = func(message, hint string) error { return &FileError{Path: path, Message: message, Hint: hint} }
	}
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil && len(way) > 0 {
		return from("cannot extend "+path+": "+reason(err), "paths count from the directory of this file")
	}
	if at := slices.IndexFunc(way, func(s step) bool { return s.real == real }); at >= 0 {
		var names []string
		for _, one := range way[at:] {
			names = append(names, one.path)
		}
		return from("the files extend each other in a circle: "+strings.Join(append(names, path), ", "), "take one of them out")
	}
	if l.done[real] {
		return nil
	}
	if l.files++; len(way) > maxDepth || l.files > maxFiles {
		return from(fmt.Sprintf("more than %d files extend each other, or more than %d deep", maxFiles, maxDepth), "join some of them")
	}
	if info, err := os.Stat(path); err == nil && len(way) > 0 && !info.Mode().IsRegular() {
		return from("cannot extend "+path+": it is no file", "")
	}
	text, err := read(path)
	if err != nil {
		var fault *FileError
		if errors.As(err, &fault) && len(way) > 0 {
			return from("cannot extend "+path+": "+strings.TrimPrefix(fault.Message, "cannot be read: "), "")
		}
		return err
	}
	found, extended, err := parse(path, text)
	if err != nil {
		return err
	}
	for _, one := range extended {
		next := filepath.Join(filepath.Dir(path), filepath.FromSlash(one.path))
		tell := func(message, hint string) error { return reader{path: path}.fault(one.node, message, hint) }
		if err := l.file(next, append(slices.Clone(way), step{path, real}), tell); err != nil {
			return err
		}
	}
	l.done[real] = true
	found.Origins.Files = []string{path}
	return l.merged.merge(found)
}

// merge adds the settings of a file that extends those so far. Lists add up;
// what can be one thing only is the nearer file's; what a file forbids stays
// forbidden.
func (s *Settings) merge(near Settings) error {
	if near.Account != "" {
		s.Account, s.Origins.Account = near.Account, near.Origins.Account
	}
	if near.Organization != "" {
		s.Organization, s.Origins.Organization = near.Organization, near.Origins.Organization
	}
	s.Accounts = append(s.Accounts, near.Accounts...)
	s.Organizations = append(s.Organizations, near.Organizations...)
	s.Waivers = append(s.Waivers, near.Waivers...)
	s.Origins.Files = append(s.Origins.Files, near.Origins.Files...)
	s.Origins.Accounts = append(s.Origins.Accounts, near.Origins.Accounts...)
	s.Origins.Organizations = append(s.Origins.Organizations, near.Origins.Organizations...)
	if len(near.Severities) > 0 && s.Severities == nil {
		s.Severities, s.Origins.Severities = map[string]rule.Severity{}, map[string]Origin{}
	}
	maps.Copy(s.Severities, near.Severities)
	maps.Copy(s.Origins.Severities, near.Origins.Severities)
	s.mergeParties(&near)
	permit(&s.Inline.Comments, &s.Origins.Comments, near.Inline.Comments, near.Origins.Comments)
	permit(&s.Inline.Tags, &s.Origins.Tags, near.Inline.Tags, near.Origins.Tags)
	return s.mergeExternalIDs(&near)
}

// permit takes over what a nearer file says, unless it is forbidden already.
func permit(far *waiver.Permission, farAt *Origin, near waiver.Permission, nearAt Origin) {
	if near != waiver.Unsaid && *far != waiver.Forbidden {
		*far, *farAt = near, nearAt
	}
}

// mergeParties adds owners. An account has one: the nearer file's.
func (s *Settings) mergeParties(near *Settings) {
	for _, party := range near.ThirdParties {
		for i := len(s.ThirdParties) - 1; i >= 0; i-- {
			left := without(s.ThirdParties[i].Accounts, party.Accounts)
			if s.ThirdParties[i].Accounts = left; len(left) == 0 {
				s.ThirdParties = slices.Delete(s.ThirdParties, i, i+1)
				s.Origins.ThirdParties = slices.Delete(s.Origins.ThirdParties, i, i+1)
			}
		}
	}
	s.ThirdParties = append(s.ThirdParties, near.ThirdParties...)
	s.Origins.ThirdParties = append(s.Origins.ThirdParties, near.Origins.ThirdParties...)
}

// mergeExternalIDs adds external IDs: those of an account are the nearer
// file's, and no ID serves accounts in two entries.
func (s *Settings) mergeExternalIDs(near *Settings) error {
	for n, one := range near.ExternalIDs {
		for i := len(s.ExternalIDs) - 1; i >= 0; i-- {
			left := without(s.ExternalIDs[i].Accounts, one.Accounts)
			if s.ExternalIDs[i].Accounts = left; len(left) == 0 {
				s.ExternalIDs = slices.Delete(s.ExternalIDs, i, i+1)
				s.Origins.ExternalIDs = slices.Delete(s.Origins.ExternalIDs, i, i+1)
			} else if s.ExternalIDs[i].ID == one.ID {
				at, first := near.Origins.ExternalIDs[n], s.Origins.ExternalIDs[i]
				return &FileError{
					Path: at.Path, Line: at.Line, Column: 1, Message: fmt.Sprintf("the external ID stands in %s:%d too", first.Path, first.Line),
					Hint: "an external ID serves one third party: list its accounts together",
				}
			}
		}
	}
	s.ExternalIDs = append(s.ExternalIDs, near.ExternalIDs...)
	s.Origins.ExternalIDs = append(s.Origins.ExternalIDs, near.Origins.ExternalIDs...)
	return nil
}

// without is a list without what another one has.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(one string) bool { return slices.Contains(other, one) })
}
