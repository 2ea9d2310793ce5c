// Package worktree finds the git work tree that a directory lies in.
package worktree

import (
	"os"
	"path/filepath"
)

// Top returns the nearest of a directory and its parents that holds ".git",
// which is a file in linked work trees and submodules; found is false where
// none does. The directory is an absolute path.
func Top(directory string) (top string, found bool) {
	for at := directory; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return at, true
		}
		if at == filepath.Dir(at) {
			return "", false
		}
	}
}
