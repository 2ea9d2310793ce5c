package revision

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // git's own checksum of its index
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/go-git/go-git/v5/plumbing/format/index"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// indexError says that the git index cannot be read.
type indexError struct{ message, hint string }

func (e *indexError) Error() string { return e.message }

// Hint says what to do about it.
func (e *indexError) Hint() string { return e.hint }

// maxIndex bounds the git index, in bytes: it is read into memory, and takes
// about 100 bytes a file.
const maxIndex = 256 << 20

// index reads the index of the work tree, or that in a file.
func (r *Repository) index(file string) (*index.Index, error) {
	text, err := r.indexText(file)
	if errors.Is(err, fs.ErrNotExist) {
		return &index.Index{}, nil // nothing was ever staged
	}
	if err != nil {
		return nil, fmt.Errorf("reading the git index: %w", err)
	}
	if len(text) > maxIndex {
		return nil, &indexError{fmt.Sprintf("the git index has more than %d MB", maxIndex>>20), ""}
	}
	found := new(index.Index)
	err = index.NewDecoder(bytes.NewReader(checked(text))).Decode(found)
	switch {
	case errors.Is(err, index.ErrUnknownExtension):
		return nil, &indexError{"the git index is split or sparse, and such an index cannot be read", "git update-index --no-split-index, or git sparse-checkout reapply --no-sparse-index, makes it whole"}
	case errors.Is(err, index.ErrUnsupportedVersion):
		return nil, &indexError{"the git index has a version that cannot be read", "git update-index --index-version 4 writes one that can"}
	case err != nil:
		return nil, &indexError{fmt.Sprintf("the git index is broken: %v", err), "git status says more"}
	}
	return found, nil
}

func (r *Repository) indexText(file string) ([]byte, error) {
	if file != "" {
		opened, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer opened.Close()
		return io.ReadAll(io.LimitReader(opened, maxIndex+1))
	}
	storage, ok := r.git.Storer.(*filesystem.Storage)
	if !ok {
		return nil, errors.New("the repository is in no directory")
	}
	opened, err := storage.Filesystem().Open("index")
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	return io.ReadAll(io.LimitReader(opened, maxIndex+1))
}

// checked gives an index whose checksum was left out, as git does with
// index.skipHash, the right one (gitformat-index(5)).
func checked(text []byte) []byte {
	end := len(text) - sha1.Size
	if end < 0 || !bytes.Equal(text[end:], make([]byte, sha1.Size)) {
		return text
	}
	sum := sha1.Sum(text[:end]) //nolint:gosec // it protects from nothing here
	return append(text[:end:end], sum[:]...)
}
