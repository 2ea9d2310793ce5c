package docs_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"countersign/internal/settings"
)

var (
	// namedPath is a path from the root of the repository in running text.
	namedPath = regexp.MustCompile(`\b(?:docs|examples|trust|internal|cmd)/[A-Za-z0-9_./-]*[A-Za-z0-9_]`)
	innerLink = regexp.MustCompile(`\]\(#([^)]*)\)`)
	heading   = regexp.MustCompile(`(?m)^##+ (.*)$`)
	notInSlug = regexp.MustCompile(`[^a-z0-9 -]`)
)

func documents(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{"../*.md", "*.md", "rules/*.md", "../examples/*.md"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, names...)
	}
	return found
}

func TestEveryFileAndSectionThatADocumentNamesIsThere(t *testing.T) {
	root := os.DirFS("..")
	for _, document := range documents(t) {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range namedPath.FindAllString(string(text), -1) {
			if path.Base(name) == "ID.md" { // stands for any rule
				continue
			}
			if _, err := fs.Stat(root, name); err != nil {
				t.Errorf("%s names %s, which is not there", document, name)
			}
		}
		var slugs []string
		for _, found := range heading.FindAllStringSubmatch(string(text), -1) {
			slugs = append(slugs, strings.ReplaceAll(notInSlug.ReplaceAllString(strings.ToLower(found[1]), ""), " ", "-"))
		}
		for _, found := range innerLink.FindAllStringSubmatch(string(text), -1) {
			if !slices.Contains(slugs, found[1]) {
				t.Errorf("%s links to its section %s, which is not there", document, found[1])
			}
		}
	}
}

func TestTheSettingsInTheReadmeAreValid(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(text), "```yaml\n")
	block, _, ended := strings.Cut(block, "```")
	if !found || !ended {
		t.Fatal("README.md shows no settings")
	}
	read, err := settings.Parse("README.md", []byte(block))
	if err != nil {
		t.Fatal(err)
	}
	if len(read.Accounts) != 2 || len(read.Organizations) != 1 {
		t.Errorf("read %+v", read)
	}
}
