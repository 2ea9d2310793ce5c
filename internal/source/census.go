package source

import (
	"io"
	"path"
	"path/filepath"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/source/terraform"
	"countersign/internal/source/walk"
)

// unit is what is read as one: a file, or the Terraform configuration of a
// directory.
type unit struct {
	file walk.File
	kind content
	// directory is set for Terraform: its name in the root. Of the files, size
	// is what they have together.
	directory string
	only      map[string]bool // of the directory only the roles in these files, by path; nil for all
	size      int64
}

// census notes what a walk meets; it implements walk.Visitor.
type census struct {
	files      *Files
	incomplete func(audit.Incomplete)
	units      []*unit
	modules    map[moduleKey]*unit
	met        map[string]meeting // by the whole path
	head       [headSize]byte
}

// meeting is what became of a file that was met.
type meeting struct {
	unit    *unit // nil where there is none
	skipped bool
}

type moduleKey struct {
	root *walk.Root
	name string
}

func (l *census) PassedOver(string) { l.files.skipped++ }

func (l *census) Unreadable(path string, err error) {
	l.incomplete(audit.Incomplete{Source: path, Reason: "cannot be read: " + err.Error()})
}

func (l *census) Visit(file walk.File) error {
	if file.Root == nil { // standard input is told while it is read
		l.units = append(l.units, &unit{file: file, kind: jsonText})
		return nil
	}
	path := whole(file)
	if before, known := l.met[path]; known && !l.again(file, before) {
		return nil
	}
	units, skipped := len(l.units), l.files.skipped
	l.look(file)
	now := meeting{skipped: l.files.skipped > skipped}
	if len(l.units) > units {
		now.unit = l.units[units]
	}
	if l.met == nil {
		l.met = map[string]meeting{}
	}
	l.met[path] = now
	return nil
}

// again reports whether a file that was met is to be looked at once more: paths
// may name one twice, or lie in each other. That it is named now counts for it.
func (l *census) again(file walk.File, before meeting) bool {
	switch {
	case file.Named && before.skipped:
		l.files.skipped--
		return true
	case file.Named && before.unit != nil:
		before.unit.file.Named = true
	}
	return false
}

// whole is a file's path from the root of the file system.
func whole(file walk.File) string {
	if path, err := filepath.Abs(file.Path); err == nil {
		return path
	}
	return file.Path
}

// look tells what a file is, and notes it if it is to be read.
func (l *census) look(file walk.File) {
	name := path.Base(file.Name)
	switch {
	case terraform.IsConfiguration(name):
		l.module(file)
		return
	case isBesideConfiguration(name):
		return
	}
	kind, err := l.kindOf(file)
	switch {
	case err != nil:
		l.incomplete(audit.Incomplete{Source: file.Path, Reason: err.Error()})
	case file.Named && (kind == other || kind == templateText):
		l.add(&unit{file: file, kind: templateText, size: file.Size})
	case kind == other || kind == blank && !file.Named:
		l.files.skipped++
	default:
		l.add(&unit{file: file, kind: kind, size: file.Size})
	}
}

func (l *census) add(one *unit) {
	l.files.total.Add(one.size)
	l.units = append(l.units, one)
}

// isBesideConfiguration reports whether a file is read along with a Terraform
// configuration.
func isBesideConfiguration(name string) bool {
	return strings.HasSuffix(name, ".tfvars") || strings.HasSuffix(name, ".tfvars.json") || name == ".terraform.lock.hcl"
}

// module adds a file to the configuration of its directory.
func (l *census) module(file walk.File) {
	key := moduleKey{file.Root, path.Dir(file.Name)}
	found := l.modules[key]
	if found == nil {
		found = &unit{file: file, kind: configuration, directory: key.name}
		if file.Named {
			found.only = map[string]bool{}
		}
		if l.modules == nil {
			l.modules = map[moduleKey]*unit{}
		}
		l.modules[key] = found
		l.units = append(l.units, found)
	}
	switch {
	case !file.Named:
		found.only = nil
	case found.only != nil:
		found.only[file.Path] = true
	}
	found.size += file.Size
	l.files.total.Add(file.Size)
}

// kindOf looks at the beginning of a file.
func (l *census) kindOf(file walk.File) (content, error) {
	opened, err := file.Open()
	if err != nil {
		return other, err
	}
	defer opened.Close()
	n, err := io.ReadFull(opened, l.head[:])
	if err != nil && n == 0 && file.Size > 0 {
		return jsonText, nil // the reader says why
	}
	return sniff(l.head[:n], file.Name), nil
}

// inOrder gives the units in the order in which they are read: bare trust
// policies after the templates that may read them.
func (l *census) inOrder() []*unit {
	var first, last []*unit
	templates := false
	for _, one := range l.units {
		templates = templates || one.kind == templateText || one.kind == configuration
		if one.kind == policyText {
			last = append(last, one)
		} else {
			first = append(first, one)
		}
	}
	if !templates {
		return l.units
	}
	return append(first, last...)
}
