package revision

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	git "github.com/go-git/go-git/v5"
)

// moved makes a repository with files, commits them, then removes some and
// stages others. It gives the commit and the repository.
func moved(t *testing.T, before, after map[string]string) (string, *Repository, string) {
	t.Helper()
	base := history(t, before)
	opened, err := git.PlainOpen(base)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := opened.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	for name := range before {
		if _, stays := after[name]; !stays {
			if _, err := tree.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, text := range after {
		path := filepath.Join(base, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := tree.Add(name); err != nil {
			t.Fatal(err)
		}
	}
	repository, err := Open(base)
	if err != nil {
		t.Fatal(err)
	}
	return base, repository, repository.Head()
}

// lines makes a text of numbered lines.
func lines(prefix string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s line %d of a file that somebody wrote\n", prefix, i)
	}
	return b.String()
}

func TestRenames(t *testing.T) {
	for name, test := range map[string]struct {
		before, after map[string]string
		want          string // new<old, sorted
	}{
		"nothing was renamed":               {map[string]string{"a": "x"}, map[string]string{"a": "y"}, ""},
		"an equal file":                     {map[string]string{"a": "x"}, map[string]string{"deep/b": "x"}, "deep/b<a"},
		"one that was edited":               {map[string]string{"a": lines("a", 10)}, map[string]string{"b": lines("a", 8) + lines("b", 2)}, "b<a"},
		"one of which less than half stays": {map[string]string{"a": lines("a", 10)}, map[string]string{"b": lines("a", 4) + lines("b", 6)}, ""},
		"a copy":                            {map[string]string{"a": "x"}, map[string]string{"a": "x", "b": "x"}, ""},
		"equal ones by their names": {
			map[string]string{"one/a": "x", "one/b": "x"}, map[string]string{"two/b": "x", "two/a": "x"}, "two/a<one/a two/b<one/b",
		},
		"the most alike": {
			map[string]string{"a": lines("a", 10), "b": lines("a", 6) + lines("b", 4)},
			map[string]string{"c": lines("a", 6) + lines("b", 3) + lines("c", 1)}, "c<b",
		},
		"an empty file":      {map[string]string{"a": ""}, map[string]string{"b": ""}, "b<a"},
		"each old file once": {map[string]string{"a": "x"}, map[string]string{"b": "x", "c": "x"}, "b<a"},
	} {
		t.Run(name, func(t *testing.T) {
			base, repository, commit := moved(t, test.before, test.after)
			renamed, err := repository.Renames(commit)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for now, then := range renamed {
				got = append(got, now+"<"+then)
			}
			slices.Sort(got)
			if text := strings.Join(got, " "); text != test.want {
				t.Errorf("got %q, want %q", text, test.want)
			}
			if shown := shownByGit(t, base, commit); shown != test.want {
				t.Errorf("git shows %q", shown)
			}
		})
	}
}

// shownByGit is what git itself says, in the same form.
func shownByGit(t *testing.T, base, commit string) string {
	t.Helper()
	command := exec.Command("git", "-C", base, "diff", "--cached", "--name-status", "--find-renames=50%", "--diff-filter=R", commit)
	command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull)
	text, err := command.Output()
	if err != nil {
		t.Fatalf("git diff: %v", err)
	}
	var shown []string
	for line := range strings.Lines(string(text)) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		shown = append(shown, fields[2]+"<"+fields[1])
	}
	slices.Sort(shown)
	return strings.Join(shown, " ")
}

func TestAFileWhoseOldPathIsThereAgainWasNotRenamed(t *testing.T) {
	base, repository, commit := moved(t, map[string]string{"a": "x"}, map[string]string{"b": "x"})
	if err := os.WriteFile(filepath.Join(base, "a"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if renamed, err := repository.Renames(commit); err != nil || len(renamed) != 0 {
		t.Errorf("%v, %v", renamed, err)
	}
}

func TestACommitThatIsNotThereIsAnError(t *testing.T) {
	_, repository, _ := moved(t, map[string]string{"a": "x"}, map[string]string{"a": "x"})
	for _, commit := range []string{strings.Repeat("0", 40), "", "HEAD"} {
		if renamed, err := repository.Renames(commit); err == nil {
			t.Errorf("%q: %v", commit, renamed)
		}
	}
}

func TestManyFilesAreComparedWithABoundedEffort(t *testing.T) {
	before, after := map[string]string{}, map[string]string{}
	for i := range 120 {
		before[fmt.Sprintf("old/%03d", i)] = lines(fmt.Sprint("x", i%7), 300)
		after[fmt.Sprintf("new/%03d", i)] = lines(fmt.Sprint("x", i%7), 290) + fmt.Sprint(i)
	}
	_, repository, commit := moved(t, before, after)
	renamed, err := repository.Renames(commit)
	if err != nil {
		t.Fatal(err)
	}
	if len(renamed) != 120 {
		t.Errorf("%d were found", len(renamed))
	}
}
