package terraform

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"countersign/internal/role"
	"countersign/trust"
)

// What is made to be costly or to break out ends soon, with a word on it or
// with a role that is unknown by name.
func TestHostileConfigurationEndsWithAMessage(t *testing.T) {
	const plain = "resource \"aws_iam_role\" \"r\" {\n  assume_role_policy = "
	doubling := "locals {\n  l0 = [\"x\", \"x\"]\n"
	texts := "locals {\n  l0 = \"xxxxxxxxxx\"\n"
	nesting := "locals {\n  l0 = []\n"
	for i := 1; i < 1000; i++ {
		nesting += fmt.Sprintf("  l%d = [local.l%d]\n", i, i-1)
	}
	// Read in this order, none of them is deep to evaluate.
	nesting += "  list = ["
	for i := range 1000 {
		nesting += fmt.Sprintf("local.l%d, ", i)
	}
	nesting += "]\n"
	for i := 1; i < 60; i++ {
		doubling += fmt.Sprintf("  l%d = [local.l%d, local.l%d]\n", i, i-1, i-1)
		texts += fmt.Sprintf("  l%d = \"${local.l%d}${local.l%d}\"\n", i, i-1, i-1)
	}
	tests := []struct{ name, text, want string }{
		{"a file outside the root", plain + "file(\"/etc/passwd\")\n}\n", "lies outside the scanned directory"},
		{"a path that climbs out", plain + "templatefile(\"${path.module}/../../../etc/passwd\", {})\n}\n", "lies outside the scanned directory"},
		{"a module outside the root", "module \"m\" {\n source = \"../../../etc\"\n}\n", "lies outside the scanned directory"},
		{"a for_each over a million", "resource \"aws_iam_role\" \"r\" {\n  for_each = toset([for p in setproduct(local.d, local.d, local.d, local.d, local.d, local.d) : join(\"\", p)])\n  assume_role_policy = \"\"\n}\nlocals { d = [for n in range(10) : tostring(n)] }\n", "the result of setproduct is too large to be read"},
		{"a count of a million", "resource \"aws_iam_role\" \"r\" {\n  count = 1000000\n  assume_role_policy = \"{}\"\n}\n", "count makes 1000000 instances: only the first 20000 are read"},
		{"a module that calls itself", "module \"m\" { source = \"./\" }\n", "the module module.m calls itself"},
		{"locals that double", doubling + "}\n" + plain + "jsonencode({ Statement = local.l59 })\n}\n", "a value that grows too large"},
		{"locals that nest", nesting + "}\n" + encoded("local.list"), "grows too large"},
		{"texts that double", texts + "}\n" + plain + "local.l59\n}\n", "a text that grows too large"},
		{"brackets without end", plain + strings.Repeat("[", 100_000), "nested too deep"},
		{"signs without end", plain + strings.Repeat("!", 100_000) + "true\n}\n", "nested too deep"},
		{"questions without end", plain + strings.Repeat("true ? ", 100_000), "nested too deep"},
		{"templates in templates", plain + strings.Repeat("\"${", 100_000), "nested too deep"},
		{"a width in a format", plain + "format(\"%9999999999d\", 1)\n}\n", "a result of format that grows too large"},
		{"a truncated file", plain + "jsonencode({", "a bracket is not closed"},
		{"a string that is not closed", plain + "\"abc\n}\n", "a string is not closed on its line"},
		{"a heredoc that is not closed", plain + "<<EOF\n{}\n", "is not closed"},
		{"a block within a label", "resource \"aws_iam_role\n", "a label of a block is not closed"},
		{"marks of a merge", "<<<<<<< HEAD\n" + encoded("["+open_+"]"), "expected a block"},
		{"a block of 50 MB", plain + "<<E\n" + strings.Repeat("x", 50<<20) + "\nE\n}\n", "the block is too large to be read"},
		{"millions of blocks", strings.Repeat("locals {}\n", 2<<20), "too many blocks"},
		{"UTF-16", "\xff\xfer\x00e\x00", "UTF-16"},
		{"not UTF-8", "locals { a = \"\xff\" }\n", "not UTF-8 text"},
		{"zeros", plain + "\x00\x00\n}\n", "does not parse"},
		{"a duplicated role", encoded("["+open_+"]") + encoded("["+open_+"]"), "there is another aws_iam_role.r"},
	}
	for _, test := range tests {
		start := time.Now()
		count := 0
		said := ""
		err := ReadDirectory(context.Background(), FS(fstest.MapFS{"main.tf": &fstest.MapFile{Data: []byte(test.text)}}), ".", Options{}, Output{
			Role: func(r *role.Role) error {
				if count++; count > 1 {
					return nil
				}
				if v := verdict(r); v.Outcome == trust.Undecided {
					said += fmt.Sprint(v.DependsOn)
				}
				return nil
			},
			Incomplete: func(i Incomplete) {
				said += i.Reason + "; "
				if i.Line == 0 && test.name != "UTF-16" {
					t.Errorf("%s: no place: %+v", test.name, i)
				}
			},
		})
		if err != nil || !strings.Contains(said, test.want) {
			t.Errorf("%s: %v, said %q", test.name, err, shorten(said, 300))
		}
		if spent := time.Since(start); spent > 5*time.Second {
			t.Errorf("%s took %v", test.name, spent)
		}
	}
}

func TestTheRestOfAFileIsReadBehindAFault(t *testing.T) {
	got := lines(t, map[string]string{"main.tf": "resource \"aws_iam_role\" \"broken\" {\n assume_role_policy = \"x\n}\n\n" + encoded("["+secret+"]")}, ".", Options{})
	if len(got) != 2 || got[0] != "main.tf:5 aws_iam_role.r pass" || got[1] != "main.tf: a string is not closed on its line" {
		t.Errorf("%q", got)
	}
}

func TestAFaultInARoleIsPlaced(t *testing.T) {
	_, incomplete := read(t, map[string]string{"main.tf": "\n\nresource \"aws_iam_role\" \"r\" {\n  name = = 1\n}\n"}, ".", Options{})
	if len(incomplete) != 1 || incomplete[0].Line != 4 || incomplete[0].Column != 10 {
		t.Errorf("%+v", incomplete)
	}
}

func TestLinksDoNotLeadOutOfTheRoot(t *testing.T) {
	base := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(base, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("secret/trust.json", `{"Statement":[]}`)
	write("root/main.tf", "resource \"aws_iam_role\" \"r\" {\n assume_role_policy = file(\"trust.json\")\n}\n")
	if err := os.Symlink("../secret/trust.json", filepath.Join(base, "root/trust.json")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(filepath.Join(base, "root"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	roles, _ := readFrom(t, FS(root.FS()), ".", Options{})
	if len(roles) != 1 || !strings.Contains(line(roles[0]), "(cannot be read)") {
		t.Errorf("%s", line(roles[0]))
	}
}

func TestReadingEndsWithTheContextAndWithTheTaker(t *testing.T) {
	files := FS(fstest.MapFS{"main.tf": &fstest.MapFile{Data: []byte(encoded("[" + open_ + "]"))}})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	out := Output{Role: func(*role.Role) error { return fs.ErrClosed }, Incomplete: func(Incomplete) {}}
	if err := ReadDirectory(ctx, files, ".", Options{}, out); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := ReadDirectory(context.Background(), files, ".", Options{}, out); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
}
