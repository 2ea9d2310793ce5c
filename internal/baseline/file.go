package baseline

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"countersign/internal/rule"
	"countersign/trust"
)

// Schema names the contract of docs/schema/countersign.baseline.v1.json.
const Schema = "countersign.baseline/v1"

// File is what a baseline file holds.
type File struct {
	// Commit is the git commit that was checked out when it was written, in 40
	// hexadecimal digits; empty outside of a repository. It serves to find out
	// which files have been renamed since.
	Commit string
	// Zone is the zone of trust that the roles were held against.
	Zone    Zone
	Entries []Entry
}

// Zone is a zone of trust, as sorted texts.
type Zone struct {
	Accounts      []string `json:"accounts"` // with the roles that they are trusted for
	Organizations []string `json:"organizations"`
}

// document is the file as it is written.
type document struct {
	Schema  string  `json:"schema"`
	Commit  *string `json:"commit"`
	Zone    Zone    `json:"zone"`
	Entries []Entry `json:"entries"`
}

// largest bounds a baseline file, in bytes: a hundred thousand findings take
// about half of it.
const largest = 128 << 20

var (
	commitID    = regexp.MustCompile(`^[0-9a-f]{40}$`)
	fingerprint = regexp.MustCompile(`^cs1-[0-9a-f]{32}$`)
)

// Read reads a baseline file. Its error says what is wrong with the text.
func Read(from io.Reader) (*File, error) {
	text, err := io.ReadAll(io.LimitReader(from, largest+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > largest:
		return nil, fmt.Errorf("it has more than %d MB", largest>>20)
	}
	var told struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(text, &told); err != nil {
		return nil, notOne(err)
	}
	if told.Schema != Schema {
		return nil, fmt.Errorf("its schema is %q, not %q", told.Schema, Schema)
	}
	var read document
	if err := json.Unmarshal(text, &read, json.RejectUnknownMembers(true)); err != nil {
		return nil, notOne(err)
	}
	made := &File{Zone: read.Zone, Entries: read.Entries}
	if read.Commit != nil {
		made.Commit = *read.Commit
	}
	return made, made.check()
}

// notOne words what the JSON reader says, without a piece of the text in it.
func notOne(err error) error {
	var syntax *jsontext.SyntacticError
	var meaning *json.SemanticError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("it is not JSON, from byte %d on", syntax.ByteOffset)
	case errors.As(err, &meaning):
		return fmt.Errorf("it is no baseline: see byte %d", meaning.ByteOffset)
	}
	return errors.New("it is no baseline")
}

func (f *File) check() error {
	if f.Commit != "" && !commitID.MatchString(f.Commit) {
		return errors.New("its commit is not one: it has 40 hexadecimal digits")
	}
	for i := range f.Entries {
		one := &f.Entries[i]
		if !fingerprint.MatchString(one.Fingerprint) {
			return fmt.Errorf("entry %d has no fingerprint", i+1)
		}
		if one.Verdict != trust.Fail && one.Verdict != trust.Undecided {
			return fmt.Errorf("entry %d has the verdict %q: only fail and unknown can be known", i+1, one.Verdict)
		}
		if _, err := rule.ParseSeverity(one.Severity); err != nil {
			return fmt.Errorf("entry %d: %w", i+1, err)
		}
	}
	return nil
}

// Write writes a baseline, one entry a line, in an order of its own: the same
// findings make the same text.
func (f *File) Write(to io.Writer) error {
	entries := make([]string, 0, len(f.Entries))
	for i := range f.Entries {
		text, err := encode(&f.Entries[i])
		if err != nil {
			return err
		}
		entries = append(entries, text)
	}
	slices.Sort(entries) // they begin with the fingerprint
	entries = slices.Compact(entries)
	head := document{Schema: Schema, Zone: f.Zone}
	if f.Commit != "" {
		head.Commit = &f.Commit
	}
	text, err := encode(&head)
	if err != nil {
		return err
	}
	text = strings.TrimSuffix(text, "[]}")
	text += "[\n" + strings.Join(entries, ",\n") + "\n]}\n"
	_, err = io.WriteString(to, strings.Replace(text, "[\n\n]", "[]", 1))
	return err
}

// encode writes a value on one line. Names come from strangers' files: bytes
// that are not UTF-8 become U+FFFD.
func encode(value any) (string, error) {
	text, err := json.Marshal(value, json.Deterministic(true), jsontext.AllowInvalidUTF8(true), jsontext.EscapeForHTML(true), jsontext.EscapeForJS(true))
	if err != nil {
		return "", fmt.Errorf("writing the baseline: %w", err)
	}
	return string(text), nil
}
