package walk

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// log records a walk: a line for everything that was met.
type log struct {
	base  string
	lines []string
	stop  error
}

func (l *log) Visit(file File) error {
	opened, err := file.Open()
	if err != nil {
		return err
	}
	defer opened.Close()
	text, err := io.ReadAll(opened)
	if err != nil {
		return err
	}
	kind := "met"
	if file.Named {
		kind = "named"
	}
	l.lines = append(l.lines, strings.Join([]string{kind, l.relative(file.Path), file.FromRoot, string(text)}, " "))
	return l.stop
}

func (l *log) PassedOver(path string) { l.lines = append(l.lines, "passed "+l.relative(path)) }

func (l *log) Unreadable(path string, err error) {
	reason := err.Error()
	if errors.Is(err, fs.ErrNotExist) {
		reason = "not there" // systems say it in different words
	}
	l.lines = append(l.lines, "unreadable "+l.relative(path)+": "+reason)
}

func (l *log) relative(path string) string {
	relative, err := filepath.Rel(l.base, path)
	if err != nil {
		return path
	}
	return filepath.ToSlash(relative)
}

// tree makes files, and links where the text begins with "-> ".
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	base := t.TempDir()
	for name, text := range files {
		path := filepath.Join(base, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return base
}

func walked(t *testing.T, base string, paths ...string) []string {
	t.Helper()
	visitor := &log{base: base}
	for i, path := range paths {
		if path != Stdin {
			paths[i] = filepath.Join(base, path)
		}
	}
	walker := &Walker{Stdin: strings.NewReader("typed")}
	if err := errors.Join(walker.Paths(context.Background(), paths, visitor), walker.Close()); err != nil {
		t.Fatal(err)
	}
	return visitor.lines
}

func TestADirectoryIsWalkedInOrder(t *testing.T) {
	base := tree(t, map[string]string{
		"scan/b.json": "b", "scan/a/z.json": "z", "scan/a.json": "a", "scan/a/deep/er/x": "x",
		"scan/.hidden": "h", "other.json": "o",
	})
	want := []string{"met scan/.hidden .hidden h", "met scan/a/deep/er/x a/deep/er/x x", "met scan/a/z.json a/z.json z", "met scan/a.json a.json a", "met scan/b.json b.json b"}
	if difference := cmp.Diff(want, walked(t, base, "scan")); difference != "" {
		t.Error(difference)
	}
}

func TestPathsKeepTheirOrderAndStdinIsOneOfThem(t *testing.T) {
	base := tree(t, map[string]string{"b": "b", "a": "a"})
	want := []string{"named b b b", "named - - typed", "named a a a"}
	if difference := cmp.Diff(want, walked(t, base, "b", Stdin, "a")); difference != "" {
		t.Error(difference)
	}
}

func TestLinksInADirectoryAreNotFollowed(t *testing.T) {
	base := tree(t, map[string]string{
		"secret/key":      "s",
		"scan/file":       "f",
		"scan/out":        "-> ../secret",
		"scan/outFile":    "-> ../secret/key",
		"scan/in":         "-> file",
		"scan/loop":       "-> .",
		"scan/dangling":   "-> nowhere",
		"scan/.git":       "gitdir: elsewhere",
		"scan/sub/.git/x": "objects",
	})
	want := []string{
		"passed scan/dangling", "met scan/file file f", "passed scan/in", "passed scan/loop", "passed scan/out", "passed scan/outFile",
	}
	if difference := cmp.Diff(want, walked(t, base, "scan")); difference != "" {
		t.Error(difference)
	}
}

func TestALinkThatTheUserNamesIsFollowed(t *testing.T) {
	base := tree(t, map[string]string{"real/file": "f", "link": "-> real", "fileLink": "-> real/file"})
	want := []string{"met link/file file f", "named fileLink fileLink f"}
	if difference := cmp.Diff(want, walked(t, base, "link", "fileLink")); difference != "" {
		t.Error(difference)
	}
}

func TestPathsCountFromTheRootOfTheGitWorkTree(t *testing.T) {
	base := tree(t, map[string]string{"repo/.git/HEAD": "ref", "repo/infra/a/x.json": "x", "repo/y.json": "y"})
	want := []string{
		"met repo/infra/a/x.json infra/a/x.json x",
		"named repo/infra/a/x.json infra/a/x.json x",
		"named repo/y.json y.json y",
	}
	if difference := cmp.Diff(want, walked(t, base, "repo/infra", "repo/infra/a/x.json", "repo/y.json")); difference != "" {
		t.Error(difference)
	}
}

func TestWhatCannotBeReadIsToldAndTheRestGoesOn(t *testing.T) {
	base := tree(t, map[string]string{"a": "a"})
	want := []string{"unreadable missing: not there", "named a a a"}
	if difference := cmp.Diff(want, walked(t, base, "missing", "a")); difference != "" {
		t.Error(difference)
	}
}

func TestAWalkEndsWithTheVisitorAndTheContext(t *testing.T) {
	base := tree(t, map[string]string{"a": "a", "b": "b"})
	stop := errors.New("stop")
	visitor := &log{base: base, stop: stop}
	walker := &Walker{}
	defer walker.Close()
	if err := walker.Paths(context.Background(), []string{base}, visitor); !errors.Is(err, stop) || len(visitor.lines) != 1 {
		t.Errorf("error %v after %q", err, visitor.lines)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	visitor = &log{base: base}
	if err := walker.Paths(ctx, []string{base}, visitor); !errors.Is(err, context.Canceled) || len(visitor.lines) != 0 {
		t.Errorf("error %v after %q", err, visitor.lines)
	}
}
