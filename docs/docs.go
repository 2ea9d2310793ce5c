// Package docs carries the pages that the tool shows, so that the program needs
// no file beside itself. Each rule has one page, rules/ID.md, in Markdown; each
// reason code, protection and warning is one section of it, under a heading of
// the third level that is the code itself.
//
// Examples in the pages are preceded by a claim in a comment, which the tests of
// this package hold the tool to.
package docs

import (
	"embed"
	"regexp"
	"strings"
)

//go:embed rules/*.md
var pages embed.FS

// claim is a line that speaks to the tests, not to a reader.
var claim = regexp.MustCompile(`(?m)^<!--.*-->\n`)

// Rule returns the page of a rule ("IAM-050") as Markdown without the claims,
// and whether there is one.
func Rule(id string) (page string, ok bool) {
	text, err := pages.ReadFile("rules/" + id + ".md")
	if err != nil {
		return "", false
	}
	return claim.ReplaceAllString(string(text), ""), true
}

// Section returns the section of a page that explains a code ("no-condition"),
// heading included, and whether there is one.
func Section(page, code string) (section string, ok bool) {
	_, after, found := strings.Cut(page, "\n### "+code+"\n")
	if !found {
		return "", false
	}
	if end := nextHeading.FindStringIndex(after); end != nil {
		after = after[:end[0]]
	}
	return "### " + code + "\n" + strings.TrimRight(after, "\n") + "\n", true
}

// nextHeading ends a section. A comment in a shell example has one "#" only.
var nextHeading = regexp.MustCompile(`(?m)^##`)
