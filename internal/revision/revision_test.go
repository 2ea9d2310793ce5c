package revision

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	git "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// history makes a repository with a commit for each set of files, which stay
// until another one overwrites them.
func history(t *testing.T, commits ...map[string]string) string {
	t.Helper()
	base := t.TempDir()
	repository, err := git.PlainInit(base, false)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := repository.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	for i, files := range commits {
		for name, text := range files {
			path := filepath.Join(base, filepath.FromSlash(name))
			err := os.MkdirAll(filepath.Dir(path), 0o755)
			if name == "link" {
				err = errors.Join(err, os.Symlink(text, path))
			} else {
				err = errors.Join(err, os.WriteFile(path, []byte(text), 0o600))
			}
			if _, added := tree.Add(name); err != nil || added != nil {
				t.Fatal(err, added)
			}
		}
		who := &object.Signature{Name: "Test", Email: "test@example.com", When: time.Unix(int64(i), 0)}
		if _, err := tree.Commit("change", &git.CommitOptions{Author: who}); err != nil {
			t.Fatal(err)
		}
	}
	return base
}

func TestATreeIsAFileSystem(t *testing.T) {
	base := history(t, map[string]string{"a.tf": "one", "deep/er/b.yaml": "two", "deep/c": ""})
	repository, err := Open(filepath.Join(base, "deep"))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := repository.Tree("HEAD")
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(tree, "a.tf", "deep/er/b.yaml", "deep/c"); err != nil {
		t.Error(err)
	}
	if text, err := fs.ReadFile(tree, "deep/er/b.yaml"); err != nil || string(text) != "two" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestRevisionsAreThoseOfTheHistory(t *testing.T) {
	base := history(t, map[string]string{"a": "first"}, map[string]string{"a": "second"})
	repository, err := Open(base)
	if err != nil {
		t.Fatal(err)
	}
	for revision, want := range map[string]string{"HEAD": "second", "HEAD~1": "first", "master": "second", "HEAD^": "first"} {
		tree, err := repository.Tree(revision)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := fs.ReadFile(tree, "a"); err != nil || string(text) != want {
			t.Errorf("%s: %q, %v", revision, text, err)
		}
	}
	for _, revision := range []string{"nowhere", "", "--help", "HEAD~9"} {
		if _, err := repository.Tree(revision); err == nil {
			t.Errorf("%q is a revision", revision)
		}
	}
	tree, err := repository.Base("HEAD~1", "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := fs.ReadFile(tree, "a"); err != nil || string(text) != "first" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestLinksLeadNowhere(t *testing.T) {
	repository, err := Open(history(t, map[string]string{"link": "/etc/passwd", "a": "a"}))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := repository.Tree("HEAD")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Open("link"); err == nil {
		t.Error("a link is followed")
	}
	if info, err := tree.Stat("link"); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestADirectoryOutsideOfAnyRepository(t *testing.T) {
	if _, err := Open(t.TempDir()); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
}
