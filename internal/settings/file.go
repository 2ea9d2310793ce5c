package settings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"countersign/internal/worktree"

	"go.yaml.in/yaml/v3"
)

// FileName is the name under which settings are looked for.
const FileName = "countersign.yaml"

// largest bounds the memory a settings file may cost, in bytes.
const largest = 1 << 20

// FileError says what is wrong with a settings file, and where.
type FileError struct {
	Path         string
	Line, Column int // 1-based; 0 when the fault is the file's as a whole
	Message      string
	Hint         string // may be empty
}

func (e *FileError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.Path, e.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Path, e.Line, e.Column, e.Message)
}

// Find returns the path of the settings file for work in directory: its own, or
// else that of the nearest parent up to the root of the git repository. Outside
// a repository parents are not asked: they may be anyone's. It returns "" where
// there is none.
func Find(directory string) (string, error) {
	directory, err := filepath.Abs(directory)
	if err != nil {
		return "", fmt.Errorf("looking for %s: %w", FileName, err)
	}
	top, inRepository := worktree.Top(directory)
	for at := directory; ; at = filepath.Dir(at) {
		path := filepath.Join(at, FileName)
		switch _, err := os.Stat(path); {
		case err == nil:
			return path, nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("looking for %s: %w", FileName, err)
		case !inRepository || at == top:
			return "", nil
		}
	}
}

func read(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, &FileError{Path: path, Message: "cannot be read: " + reason(err), Hint: "--config names a settings file; leave it out to use the nearest " + FileName}
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, largest+1))
	switch {
	case err != nil:
		return nil, &FileError{Path: path, Message: "cannot be read: " + reason(err)}
	case len(text) > largest:
		return nil, &FileError{Path: path, Message: "is larger than 1 MiB", Hint: "is this a settings file?"}
	}
	return text, nil
}

// reason drops the operation and the path, which the message names already.
func reason(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}

// Parse reads the text of a settings file; path serves its messages. What the
// file extends is not read.
//
// The YAML is read as a tree of nodes, not into structs: every fault has to be
// told with its line and column, and account ids have to be seen as they are
// spelt, since a number with a leading zero does not survive conversion.
func Parse(path string, text []byte) (Settings, error) {
	found, extended, err := parse(path, text)
	if err == nil && len(extended) == 0 { // else parties may be named elsewhere
		err = found.resolveParties()
	}
	if err != nil {
		return Settings{}, err
	}
	return found, nil
}

// parse reads one file, and which others it extends.
func parse(path string, text []byte) (found Settings, extended []reference, err error) {
	reader := reader{path: path}
	found.Path = path
	document, err := reader.document(text)
	if err != nil || document == nil {
		return found, nil, err
	}
	err = reader.mapping(document, fields{
		"extends": func(node *yaml.Node) (err error) { extended, err = reader.extends(node); return err },
		"account": func(node *yaml.Node) error {
			found.Origins.Account = reader.origin(node)
			return reader.text(node, &found.Account, CheckAccount)
		},
		"organization": func(node *yaml.Node) error {
			found.Origins.Organization = reader.origin(node)
			return reader.text(node, &found.Organization, CheckOrganization)
		},
		"zone":          func(node *yaml.Node) error { return reader.zone(node, &found) },
		"third_parties": func(node *yaml.Node) error { return reader.thirdParties(node, &found) },
		"external_ids":  func(node *yaml.Node) error { return reader.externalIDs(node, &found) },
		"severities":    func(node *yaml.Node) error { return reader.severities(node, &found) },
		"waivers":       func(node *yaml.Node) error { return reader.waivers(node, &found) },
		"inline":        func(node *yaml.Node) error { return reader.inline(node, &found) },
	})
	return found, extended, err
}
