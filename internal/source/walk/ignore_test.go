package walk

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// names records the files that a walk meets.
type names []string

func (n *names) Visit(file File) error    { *n = append(*n, file.Path); return nil }
func (n *names) PassedOver(string)        {}
func (n *names) Unreadable(string, error) {}

// Expected values are those of `git check-ignore`, by gitignore(5).
func TestIgnoredFilesAreLeftAlone(t *testing.T) {
	tests := []struct {
		name   string
		ignore map[string]string // of directories
		files  string
		want   string
	}{
		{"no patterns", nil, "a b/c", "a b/c"},
		{"a name at any depth", map[string]string{"": "x"}, "x a/x a/b/x y", "y"},
		{"a name with a slash before it is in the directory only", map[string]string{"": "/x"}, "x a/x", "a/x"},
		{"a path counts from the directory", map[string]string{"": "a/x"}, "a/x b/a/x", "b/a/x"},
		{"a directory with all that is in it", map[string]string{"": "build/"}, "build/x a/build/y build2/z", "build2/z"},
		{"a slash at the end is for directories only", map[string]string{"": "x/"}, "x a/x/y", "x"},
		{"a star", map[string]string{"": "*.json"}, "a.json b/c.json d.yaml", "d.yaml"},
		{"a star does not match a slash", map[string]string{"": "a/*.json"}, "a/b.json a/c/d.json", "a/c/d.json"},
		{"two stars at the beginning", map[string]string{"": "**/x/y"}, "x/y a/x/y a/y", "a/y"},
		{"two stars at the end", map[string]string{"": "a/**"}, "a/b a/c/d b/a", "b/a"},
		{"two stars between", map[string]string{"": "a/**/z"}, "a/z a/b/z a/b/c/z a/y", "a/y"},
		{"a question mark", map[string]string{"": "x?.tf"}, "x1.tf x12.tf", "x12.tf"},
		{"a class", map[string]string{"": "x[0-9].tf\ny[!a].tf"}, "x1.tf xa.tf ya.tf yb.tf", "xa.tf ya.tf"},
		{"a later pattern takes back", map[string]string{"": "*.tf\n!keep.tf"}, "a.tf keep.tf", "keep.tf"},
		{"what is in an ignored directory cannot be taken back", map[string]string{"": "a/\n!a/keep"}, "a/keep b", "b"},
		{"a file deeper down goes before", map[string]string{"": "*.tf", "a/": "!x.tf"}, "x.tf a/x.tf a/y.tf", "a/x.tf"},
		{"a file deeper down is for its own directory", map[string]string{"a/": "x"}, "a/x b/x x", "b/x x"},
		{"its paths count from its directory", map[string]string{"a/": "/x"}, "a/x a/b/x", "a/b/x"},
		{"comments and blank lines", map[string]string{"": "# x\n\n\\#y\n"}, "x #y", "x"},
		{"blanks at the end do not count", map[string]string{"": "x  \n"}, "x y", "y"},
		{"line ends of other systems", map[string]string{"": "x\r\ny\r\n"}, "x y z", "z"},
		{"an escaped exclamation mark", map[string]string{"": `\!x`}, "!x x", "x"},
		{"a bracket that stays open matches nothing", map[string]string{"": "[x\n[y"}, "[x x y", "[x x y"},
		{"a pattern that leaves the directory", map[string]string{"a/": "../x"}, "x a/x", "a/x x"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tree := fstest.MapFS{}
			for _, name := range strings.Fields(test.files) {
				tree[name] = &fstest.MapFile{}
			}
			for directory, text := range test.ignore {
				tree[directory+".gitignore"] = &fstest.MapFile{Data: []byte(text)}
			}
			var got names
			if err := new(Walker).Tree(context.Background(), tree, "", &got); err != nil {
				t.Fatal(err)
			}
			met := slices.DeleteFunc(got, func(name string) bool { return strings.HasSuffix(name, ".gitignore") })
			if difference := cmp.Diff(strings.Fields(test.want), []string(met)); difference != "" {
				t.Error(difference)
			}
		})
	}
}

func TestExcludedFilesAreLeftAlone(t *testing.T) {
	tree := fstest.MapFS{"a.json": {}, "b/a.json": {}, "b/c/d.yaml": {}, "e/f": {}, ".gitignore": {Data: []byte("!a.json")}, ".terraform/modules/x/main.tf": {}}
	walker := &Walker{}
	for _, glob := range []string{"a.json", "b/c/", ".gitignore"} {
		if err := walker.Exclude(glob); err != nil {
			t.Fatal(err)
		}
	}
	var got names
	if err := walker.Tree(context.Background(), tree, "main:", &got); err != nil {
		t.Fatal(err)
	}
	if difference := cmp.Diff(names{"main:e/f"}, got); difference != "" {
		t.Error(difference)
	}
	for _, glob := range []string{"", "#x", "!x", "/"} {
		if err := walker.Exclude(glob); err == nil {
			t.Errorf("%q is taken for a pattern", glob)
		}
	}
}

func TestPatternsMadeToBeSlowAreNot(t *testing.T) {
	begin := time.Now()
	tree := fstest.MapFS{
		".gitignore":                    {Data: []byte(strings.Repeat("*a", 4000) + "b\n" + strings.Repeat("**/", 4000) + "b\n")},
		strings.Repeat("a", 20_000):     {},
		strings.Repeat("a/", 200) + "x": {},
	}
	var got names
	if err := new(Walker).Tree(context.Background(), tree, "", &got); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); len(got) != 3 || took > 5*time.Second {
		t.Errorf("%d files in %v", len(got), took)
	}
}

func TestADirectoryThatIsNamedOnceIsOpenedOnce(t *testing.T) {
	base := tree(t, map[string]string{"a": "a", "b": "b"})
	walker := &Walker{}
	var got names
	err := walker.Paths(context.Background(), []string{base, base + "/a", base + "/b"}, &got)
	if err != nil || len(walker.roots) != 1 || len(got) != 4 {
		t.Errorf("%d roots, %v, %v", len(walker.roots), got, err)
	}
	if err := walker.Close(); err != nil {
		t.Error(err)
	}
}

func FuzzIgnore(f *testing.F) {
	f.Add("*.tf\n!x.tf\n/a/**/b\n[!a-z]?\\ ", "a/b/c.tf")
	f.Fuzz(func(t *testing.T, text, name string) {
		tree := fstest.MapFS{".gitignore": {Data: []byte(text)}}
		if found := readIgnore(tree, "."); found != nil {
			found.ignores(name, false)
			found.ignores(name, true)
		}
	})
}
