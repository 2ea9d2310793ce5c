// Package journal keeps what was changed in live accounts: who gave which role
// which trust policy in the place of which other one, and how far that came.
//
// A journal is a directory. Each change is a file of JSON lines that only
// grows: the change as it is intended, then one line for each step that it
// took. Every line is on the disk before the next step is taken, so whatever
// ends the program, the journal tells what may have happened. A line that was
// cut off counts as not written, and is told of.
//
// Policies are kept exactly, external IDs included: the directory has mode
// 0700 and its files have 0600.
package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Journal is a directory of changes. It may be absent: then nothing has been
// changed yet.
type Journal struct{ path string }

// At returns the journal in a directory and touches nothing.
func At(path string) *Journal { return &Journal{path} }

// Path is the journal's directory.
func (j *Journal) Path() string { return j.path }

// DefaultPath is the directory of the user's own journal (XDG Base Directory
// Specification 0.8, "state").
func DefaultPath() (string, error) {
	state := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) { // others are to be ignored
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("finding the directory of the journal: %w", err)
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "countersign", "journal"), nil
}

// Damage is a file of a journal that tells no change.
type Damage struct{ Path, Reason string }

// Entries returns all changes from the first to the last, and what cannot be
// read. Nothing is locked: a change that is under way shows as far as it has
// come.
func (j *Journal) Entries() ([]*Entry, []Damage, error) {
	names, err := os.ReadDir(j.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading the journal: %w", err)
	}
	var entries []*Entry
	var damages []Damage
	for _, name := range names {
		id, ours := strings.CutSuffix(name.Name(), suffix)
		if !ours {
			continue
		}
		path := filepath.Join(j.path, name.Name())
		entry, err := read(path, id)
		if err != nil {
			damages = append(damages, Damage{path, err.Error()})
			continue
		}
		entries = append(entries, entry)
	}
	slices.SortStableFunc(entries, func(a, b *Entry) int { return a.Steps[0].At.Compare(b.Steps[0].At) })
	link(entries)
	return entries, damages, nil
}

// link tells changes that were undone by which one they were.
func link(entries []*Entry) {
	byID := map[string]*Entry{}
	for _, entry := range entries {
		byID[entry.ID] = entry
	}
	for _, entry := range entries {
		if undone := byID[entry.Undoes]; undone != nil && entry.last().State == Confirmed {
			undone.RevertedBy = entry.ID
		}
	}
}

// Find returns the change with that id, or with an id that begins or ends so.
// The error is a *[RefError] where that is none, or several.
func (j *Journal) Find(ref string) (*Entry, error) {
	entries, _, err := j.Entries()
	if err != nil {
		return nil, err
	}
	var fitting []*Entry
	for _, entry := range entries {
		if entry.ID == ref {
			return entry, nil
		}
		if ref != "" && (strings.HasPrefix(entry.ID, ref) || strings.HasSuffix(entry.ID, ref)) {
			fitting = append(fitting, entry)
		}
	}
	if len(fitting) == 1 {
		return fitting[0], nil
	}
	wrong := &RefError{Ref: ref}
	for _, entry := range fitting {
		wrong.Fitting = append(wrong.Fitting, entry.ID)
	}
	return nil, wrong
}

// RefError says that a word names no change, or several.
type RefError struct {
	Ref     string
	Fitting []string
}

func (r *RefError) Error() string {
	if len(r.Fitting) == 0 {
		return fmt.Sprintf("no change is called %q", r.Ref)
	}
	return fmt.Sprintf("%d changes are called %q", len(r.Fitting), r.Ref)
}

// Hint says which changes there are.
func (r *RefError) Hint() string {
	if len(r.Fitting) == 0 {
		return "the changes are listed by: countersign undo"
	}
	const most = 5
	return "one of: " + strings.Join(r.Fitting[:min(most, len(r.Fitting))], ", ")
}

// prepare makes the directory, for its owner alone.
func (j *Journal) prepare() error {
	info, err := os.Stat(j.path)
	if errors.Is(err, os.ErrNotExist) {
		err = errors.Join(os.MkdirAll(j.path, 0o700), syncDirectory(filepath.Dir(j.path)))
		if err == nil {
			info, err = os.Stat(j.path)
		}
	}
	if err != nil {
		return fmt.Errorf("making the journal: %w", err)
	}
	if open := info.Mode().Perm() & 0o077; open != 0 && runtime.GOOS != "windows" {
		return &OpenError{j.path}
	}
	return nil
}

// OpenError says that others could read the journal.
type OpenError struct{ Path string }

func (o *OpenError) Error() string {
	return "others may read the journal " + o.Path + ", and it is to hold trust policies with their external IDs"
}

// Hint says what to do.
func (o *OpenError) Hint() string {
	return "give it a directory of its own with --journal DIR, or: chmod 700 " + o.Path
}
