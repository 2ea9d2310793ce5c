package worktree

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheNearestWorkTreeCounts(t *testing.T) {
	base := t.TempDir()
	for _, directory := range []string{"outer/.git", "outer/a/b", "outer/submodule/c", "none"} {
		if err := os.MkdirAll(filepath.Join(base, directory), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(base, "outer/submodule/.git"), []byte("gitdir: ../.git/modules/submodule\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, directory, top string }{
		{"the top itself", "outer", "outer"},
		{"a directory below", "outer/a/b", "outer"},
		{"a submodule has a file of that name", "outer/submodule/c", "outer/submodule"},
		{"outside of any", "none", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want := ""
			if test.top != "" {
				want = filepath.Join(base, test.top)
			}
			if got, found := Top(filepath.Join(base, test.directory)); got != want || found != (want != "") {
				t.Errorf("%q, %v; want %q", got, found, want)
			}
		})
	}
}
