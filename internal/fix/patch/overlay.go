package patch

import (
	"io"
	"io/fs"
	"path"
	"time"
)

// Overlay is a file system in which some files have other texts, by their
// names in it, or are there at all: what an edited tree would be.
func Overlay(base fs.FS, edited map[string][]byte) fs.FS { return &overlay{base, edited} }

type overlay struct {
	base   fs.FS
	edited map[string][]byte
}

// Open implements fs.FS.
func (o *overlay) Open(name string) (fs.File, error) {
	text, found := o.edited[name]
	if !found {
		opened, err := o.base.Open(name)
		if err != nil {
			return nil, err
		}
		if directory, ok := opened.(fs.ReadDirFile); ok {
			return &overlaidDirectory{directory, o, name}, nil
		}
		return opened, nil
	}
	return &editedFile{info: o.info(name, text), text: text}, nil
}

func (o *overlay) info(name string, text []byte) fs.FileInfo {
	return editedInfo{path.Base(name), int64(len(text))}
}

// ReadDir implements fs.ReadDirFS.
func (o *overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(o.base, name)
	if err != nil {
		return nil, err
	}
	return o.entries(name, entries, true), nil
}

// entries are those of a directory, with the edited files. New ones are added
// to a whole listing only.
func (o *overlay) entries(name string, entries []fs.DirEntry, isWhole bool) []fs.DirEntry {
	made := make([]fs.DirEntry, len(entries))
	seen := map[string]bool{}
	for i, entry := range entries {
		made[i] = entry
		full := path.Join(name, entry.Name())
		if text, found := o.edited[full]; found {
			made[i] = fs.FileInfoToDirEntry(o.info(full, text))
		}
		seen[full] = true
	}
	if !isWhole {
		return made
	}
	for full, text := range o.edited {
		if path.Dir(full) != path.Clean(name) || seen[full] {
			continue
		}
		at := 0
		for at < len(made) && made[at].Name() < path.Base(full) {
			at++
		}
		made = append(made[:at], append([]fs.DirEntry{fs.FileInfoToDirEntry(o.info(full, text))}, made[at:]...)...)
	}
	return made
}

// overlaidDirectory lists a directory in which files are edited.
type overlaidDirectory struct {
	fs.ReadDirFile
	in   *overlay
	name string
}

func (d *overlaidDirectory) ReadDir(n int) ([]fs.DirEntry, error) {
	entries, err := d.ReadDirFile.ReadDir(n)
	return d.in.entries(d.name, entries, n <= 0), err
}

// editedFile is a file with another text.
type editedFile struct {
	info fs.FileInfo
	text []byte
	at   int
}

func (f *editedFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *editedFile) Close() error               { return nil }

func (f *editedFile) Read(into []byte) (int, error) {
	if f.at >= len(f.text) {
		return 0, io.EOF
	}
	n := copy(into, f.text[f.at:])
	f.at += n
	return n, nil
}

type editedInfo struct {
	name string
	size int64
}

func (i editedInfo) Name() string     { return i.name }
func (i editedInfo) Size() int64      { return i.size }
func (editedInfo) Mode() fs.FileMode  { return 0o644 }
func (editedInfo) ModTime() time.Time { return time.Time{} }
func (editedInfo) IsDir() bool        { return false }
func (editedInfo) Sys() any           { return nil }
