package walk

import (
	"path/filepath"

	"countersign/internal/worktree"
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
	top, found := worktree.Top(absolute)
	if !found {
		return ""
	}
	relative, err := filepath.Rel(top, absolute)
	if err != nil || relative == "." {
		return ""
	}
	return filepath.ToSlash(relative)
}

func joinSlash(directory, name string) string {
	if directory == "" {
		return name
	}
	return directory + "/" + name
}
