package source

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"countersign/internal/audit"

	"github.com/google/go-cmp/cmp"
)

const (
	policy  = `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}]}`
	listing = `{"Roles":[{"RoleName":"r","Arn":"arn:aws:iam::111122223333:role/r","AssumeRolePolicyDocument":` + policy + `}]}`
	bom     = "\xEF\xBB\xBF"
)

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func withoutEnd(text string, n int) string { return text[:len(text)-n] }

func inUTF16(text string) string {
	var b strings.Builder
	b.WriteString("\xFF\xFE")
	for _, unit := range utf16.Encode([]rune(text)) {
		b.WriteByte(byte(unit))
		b.WriteByte(byte(unit >> 8))
	}
	return b.String()
}

// outcome is what a source says: roles as "name line:column", what is
// incomplete as "path: reason".
type outcome struct {
	Roles, Incomplete []string
	Skipped           int
}

func read(t *testing.T, base string, files *Files) outcome {
	t.Helper()
	var got outcome
	err := files.Roles(context.Background(), func(item audit.Item) error {
		subject, err := item.Role()
		got.Roles = append(got.Roles, subject.Name)
		return err
	}, func(what audit.Incomplete) {
		got.Incomplete = append(got.Incomplete, strings.TrimPrefix(what.Source, base+string(filepath.Separator))+": "+what.Reason)
	})
	if err != nil {
		t.Fatal(err)
	}
	got.Skipped = files.Skipped()
	return got
}

func TestFilesAreToldByContent(t *testing.T) {
	const notExport = "x: not a role export"
	tests := []struct {
		name, text string
		named, met outcome // "x" named by the user, and met in a directory
	}{
		{name: "an export", text: listing, named: outcome{Roles: []string{"r"}}},
		{name: "behind white space", text: "\n\t " + listing, named: outcome{Roles: []string{"r"}}},
		{name: "behind a byte order mark", text: bom + listing, named: outcome{Roles: []string{"r"}}},
		{name: "in gzip", text: zipped(t, listing), named: outcome{Roles: []string{"r"}}},
		{name: "in gzip behind a byte order mark", text: zipped(t, bom+listing), named: outcome{Roles: []string{"r"}}},
		{name: "in two gzip members", text: zipped(t, listing) + zipped(t, policy), named: outcome{Roles: []string{"r", "x#2"}}},
		{
			name: "in gzip without its checksum", text: withoutEnd(zipped(t, listing), 8),
			named: outcome{
				Roles:      []string{"r"},
				Incomplete: []string{fmt.Sprintf("x: line 1, column %d: cannot read on: unexpected EOF", len(listing)+1)},
			},
		},
		{name: "in gzip within gzip", text: zipped(t, zipped(t, listing)), named: outcome{Incomplete: []string{notExport}}, met: outcome{Skipped: 1}},
		{name: "text in gzip", text: zipped(t, "some words"), named: outcome{Incomplete: []string{notExport}}, met: outcome{Skipped: 1}},
		{
			name: "UTF-16", text: inUTF16(listing),
			named: outcome{Incomplete: []string{"x: the file is UTF-16 text"}},
		},
		{
			name: "UTF-16 without a byte order mark", text: inUTF16(listing)[2:],
			named: outcome{Incomplete: []string{"x: the file is UTF-16 text"}},
		},
		{
			name: "UTF-16 that is no JSON", text: inUTF16("hello"),
			named: outcome{Incomplete: []string{"x: the file is UTF-16 text"}}, met: outcome{Skipped: 1},
		},
		{name: "other JSON", text: `{"a":[1,2]}`, named: outcome{Incomplete: []string{notExport}}, met: outcome{Skipped: 1}},
		{name: "text", text: "Roles: []", named: outcome{Incomplete: []string{notExport}}, met: outcome{Skipped: 1}},
		{name: "binary", text: "\x7fELF\x00\x01", named: outcome{Incomplete: []string{notExport}}, met: outcome{Skipped: 1}},
		{name: "nothing", text: "", named: outcome{Incomplete: []string{"x: the file is empty"}}, met: outcome{Skipped: 1}},
		{name: "white space", text: " \n", named: outcome{Incomplete: []string{"x: the file is empty"}}, met: outcome{Skipped: 1}},
		{name: "a trust policy with a slip in it", text: strings.Replace(policy, "Principal", "Principle", 1), named: outcome{Roles: []string{"x"}}},
		{
			name: "a policy of another kind", text: strings.Replace(policy, `"Principal":{"AWS":"444455556666"}`, `"Resource":"*"`, 1),
			named: outcome{Incomplete: []string{"x: a policy that is no trust policy: not every statement has a Principal and actions of STS alone"}}, met: outcome{Skipped: 1},
		},
		{
			name: "a gzip header alone", text: "\x1f\x8b\x08",
			named: outcome{Incomplete: []string{"x: broken gzip file: unexpected EOF"}}, met: outcome{Skipped: 1},
		},
		{
			name: "a broken export", text: listing[:60],
			named: outcome{Incomplete: []string{"x: line 1, column 61: the file ends in the middle of a JSON value"}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.met.Skipped == 0 {
				test.met = test.named
			}
			base := t.TempDir()
			path := filepath.Join(base, "x")
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if difference := cmp.Diff(test.named, read(t, base, NewFiles([]string{path}, nil, Options{}))); difference != "" {
				t.Errorf("named: %s", difference)
			}
			if difference := cmp.Diff(test.met, read(t, base, NewFiles([]string{base}, nil, Options{}))); difference != "" {
				t.Errorf("met in a directory: %s", difference)
			}
		})
	}
}

func TestAFileIsReadOnceHoweverOftenItIsNamed(t *testing.T) {
	base := write(t, map[string]string{"d/a.json": listing, "d/words.txt": "some words"})
	for _, test := range []struct {
		name  string
		paths []string
		want  outcome
	}{
		{"twice", []string{"d/a.json", "./d/../d/a.json"}, outcome{Roles: []string{"r"}}},
		{"and in its directory", []string{"d", "d/a.json"}, outcome{Roles: []string{"r"}, Skipped: 1}},
		{"in two directories", []string{"d", ".", "d/"}, outcome{Roles: []string{"r"}, Skipped: 1}},
		{"skipped first, and named", []string{"d", "d/words.txt"}, outcome{Roles: []string{"r"}, Incomplete: []string{"d/words.txt: not a role export"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(base)
			got := read(t, "", NewFiles(test.paths, nil, Options{}))
			if difference := cmp.Diff(test.want, got); difference != "" {
				t.Error(difference)
			}
		})
	}
}

func TestStandardInputIsReadLikeAFile(t *testing.T) {
	want := outcome{Roles: []string{"stdin"}}
	if difference := cmp.Diff(want, read(t, "", NewFiles([]string{"-"}, strings.NewReader(policy), Options{}))); difference != "" {
		t.Error(difference)
	}
	want = outcome{Incomplete: []string{"-: standard input is empty"}}
	if difference := cmp.Diff(want, read(t, "", NewFiles([]string{"-"}, strings.NewReader(""), Options{}))); difference != "" {
		t.Error(difference)
	}
}

func TestProgressCountsTheBytesOfFiles(t *testing.T) {
	base := t.TempDir()
	total := int64(0)
	for name, text := range map[string]string{"a.json": listing, "b.txt": strings.Repeat("words ", 5000), "c.gz": zipped(t, listing)} {
		if err := os.WriteFile(filepath.Join(base, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if name != "b.txt" { // nothing of it is read but its beginning
			total += int64(len(text))
		}
	}
	files := NewFiles([]string{base}, nil, Options{})
	got := read(t, base, files)
	if done, of := files.Progress(); done != total || of != total || len(got.Roles) != 2 || got.Skipped != 1 {
		t.Errorf("%d of %d bytes, want %d; %v", done, of, total, got)
	}
}
