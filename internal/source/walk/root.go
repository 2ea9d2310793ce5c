package walk

import (
	"os"
	"path/filepath"
)

// directoryFromRoot gives a directory's path from the root of its git work
// tree; it is empty for the root itself and where there is none. Links are
// resolved first, so that the same directory has one answer however it is
// reached.
func directoryFromRoot(directory string) string {
	absolute, err := filepath.Abs(directory)
	if err != nil {
		return ""
	}
	if resolved, err := filepath.EvalSymlinks(absolute); err == nil {
		absolute = resolved
	}
	for above := absolute; ; above = filepath.Dir(above) {
		if _, err := os.Lstat(filepath.Join(above, ".git")); err == nil {
			relative, err := filepath.Rel(above, absolute)
			if err != nil || relative == "." {
				return ""
			}
			return filepath.ToSlash(relative)
		}
		if above == filepath.Dir(above) {
			return ""
		}
	}
}

func joinSlash(directory, name string) string {
	if directory == "" {
		return name
	}
	return directory + "/" + name
}
