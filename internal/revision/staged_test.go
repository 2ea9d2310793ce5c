package revision

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// stage runs git in a work tree, which has to work.
func stage(t *testing.T, base string, args ...string) {
	t.Helper()
	command := exec.Command("git", append([]string{"-C", base, "-c", "user.name=Test", "-c", "user.email=test@example.com"}, args...)...)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, output)
	}
}

func write(t *testing.T, base, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(base, filepath.FromSlash(name)), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func staged(t *testing.T, base string) *Staged {
	t.Helper()
	repository, err := Open(base)
	if err != nil {
		t.Fatal(err)
	}
	found, err := repository.Staged("")
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestTheIndexIsAFileSystem(t *testing.T) {
	base := history(t, map[string]string{"a": "one", "deep/er/b": "two"})
	write(t, base, "a", "staged")
	stage(t, base, "add", "a")
	write(t, base, "a", "not staged")
	found := staged(t, base)
	if err := fstest.TestFS(found.After, "a", "deep/er/b"); err != nil {
		t.Error(err)
	}
	for tree, want := range map[*Tree]string{found.After: "staged", found.Before: "one"} {
		if text, err := fs.ReadFile(tree, "a"); err != nil || string(text) != want {
			t.Errorf("%q, %v; want %q", text, err, want)
		}
	}
	for name, want := range map[string]bool{"a": true, "deep": true, "deep/er/b": true, "b": false, "deep/er/b/c": false} {
		if found.Has(name) != want {
			t.Errorf("it has %s: %v", name, !want)
		}
	}
}

func TestWhatIsStagedIsTheChangeToTheCommit(t *testing.T) {
	type change struct {
		Changed []string
		Moved   map[string]string
		Unread  map[string]string
		Empty   bool
	}
	tests := []struct {
		name  string
		files map[string]string
		do    func(t *testing.T, base string)
		want  change
	}{
		{"nothing", map[string]string{"a": "a"}, func(*testing.T, string) {}, change{Empty: true}},
		{"an edit that is not staged", map[string]string{"a": "a"}, func(t *testing.T, base string) {
			write(t, base, "a", "b")
		}, change{Empty: true}},
		{"an edit and a new file", map[string]string{"a": "a", "b": "b"}, func(t *testing.T, base string) {
			write(t, base, "a", "other")
			write(t, base, "c", "c")
			stage(t, base, "add", "a", "c")
		}, change{Changed: []string{"a", "c"}}},
		{"a file that is gone", map[string]string{"a": "a", "b": "b"}, func(t *testing.T, base string) {
			stage(t, base, "rm", "-q", "a")
		}, change{}},
		{"a file that may be run now", map[string]string{"a": "a"}, func(t *testing.T, base string) {
			stage(t, base, "update-index", "--chmod=+x", "a")
		}, change{Empty: true}},
		{"two files of one content have moved, and one is new", map[string]string{"a": "same", "b": "same"}, func(t *testing.T, base string) {
			stage(t, base, "mv", "a", "c")
			stage(t, base, "mv", "b", "d")
			write(t, base, "e", "same")
			stage(t, base, "add", "e")
		}, change{Changed: []string{"e"}, Moved: map[string]string{"c": "a", "d": "b"}}},
		{"a copy is new", map[string]string{"a": "same"}, func(t *testing.T, base string) {
			write(t, base, "b", "same")
			stage(t, base, "add", "b")
		}, change{Changed: []string{"b"}}},
		{"a merge conflict", map[string]string{"a": "a"}, func(t *testing.T, base string) {
			stage(t, base, "checkout", "-q", "-b", "other")
			write(t, base, "a", "b")
			stage(t, base, "commit", "-qam", "b")
			stage(t, base, "checkout", "-q", "-")
			write(t, base, "a", "c")
			stage(t, base, "commit", "-qam", "c")
			if exec.Command("git", "-C", base, "merge", "other").Run() == nil {
				t.Fatal("there is no conflict")
			}
		}, change{Unread: map[string]string{"a": "the file has a merge conflict"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			base := history(t, test.files)
			test.do(t, base)
			found := staged(t, base)
			got := change{slices.Sorted(maps.Keys(found.Changed)), found.Moved, found.Unread, found.Empty}
			if difference := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); difference != "" {
				t.Error(difference)
			}
		})
	}
}

// Git leaves the checksum out with index.skipHash, and writes zeros.
func TestAnIndexWithoutAChecksumIsRead(t *testing.T) {
	base := history(t, map[string]string{"a": "a"})
	path := filepath.Join(base, ".git", "index")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	whole := slices.Clone(text)
	clear(text[len(text)-20:])
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if found := staged(t, base); !found.Empty || !found.Has("a") {
		t.Errorf("%+v", found)
	}
	whole[len(whole)-1]++
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	repository, err := Open(base)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := repository.Staged(""); err == nil || !strings.Contains(err.Error(), "the git index is broken") {
		t.Errorf("a broken index: %v", err)
	}
}

func TestPathsThatLeadElsewhereAreTold(t *testing.T) {
	base := history(t, map[string]string{"a": "a"})
	repository, err := Open(base)
	if err != nil {
		t.Fatal(err)
	}
	holding, err := repository.index("")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../x", "/etc/passwd", "a//b", ".", strings.Repeat("x", maxPath+1)} {
		holding.Entries[0].Name = name
		if files, unread := stageable(holding); len(files) != 0 || len(unread) != 1 {
			t.Errorf("%.20q: %v, %v", name, files, unread)
		}
	}
}
