package terraform

import (
	"fmt"
	"io"
	"io/fs"
)

// FS makes Files of a file system, such as that of an os.Root, which does not
// leave its directory.
func FS(root fs.FS) Files { return held{root} }

type held struct{ root fs.FS }

func (h held) List(dir string) ([]string, error) {
	if !fs.ValidPath(dir) {
		return nil, fs.ErrInvalid
	}
	entries, err := fs.ReadDir(h.root, dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		if entry.Type().IsRegular() {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

func (h held) Read(name string, limit int) ([]byte, error) {
	if !fs.ValidPath(name) {
		return nil, fs.ErrInvalid
	}
	opened, err := h.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	if info, err := opened.Stat(); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("it is no regular file")
	}
	text, err := io.ReadAll(io.LimitReader(opened, int64(limit)+1))
	if err == nil && len(text) > limit {
		err = fmt.Errorf("it has more than %d bytes", limit)
	}
	return text, err
}
