// Package comment finds the waivers in comments at a role: right above it, or
// in it. It finds them and no more; whoever judges them reads what they say.
package comment

import (
	"bytes"
	"strings"

	"countersign/internal/role"
	"countersign/trust"
)

// most bounds the waivers at one role, and the lines above it that are looked
// at.
const most = 20

// longest bounds what a waiver says, in bytes.
const longest = 4096

// finder collects the waivers of one role.
type finder struct {
	file  *trust.File
	path  string
	notes []role.Note
}

// take takes over a comment if it is a waiver. The text begins at an offset,
// with the sign of the comment.
func (f *finder) take(at int, text string) {
	text = strings.TrimLeft(text, "#/*")
	text = strings.TrimSuffix(strings.TrimSpace(text), "*/")
	said, ok := strings.CutPrefix(strings.TrimSpace(text), role.WaiverMarker)
	if !ok || said != "" && said[0] != ' ' && said[0] != '\t' || len(f.notes) == most {
		return
	}
	if len(said) > longest {
		said = said[:longest]
	}
	line := trust.Range{File: f.file, Start: at, End: at}.Line()
	f.notes = append(f.notes, role.Note{Text: strings.TrimSpace(said), Path: f.path, Line: line})
}

// above takes the comments on the lines right above the one that an offset is
// on. signs begin a comment. The role has to be the first thing on its line, and
// the comments stand as deep as it: what stands deeper belongs to something else.
func (f *finder) above(start int, signs ...string) {
	text := f.file.Text
	first := lineStart(text, start)
	depth := indentation(text[first:])
	var found []int
	for at := first; at > 0 && len(found) < most; {
		at = lineStart(text, at-1)
		line := bytes.TrimLeft(text[at:], " \t")
		if indentation(text[at:]) != depth || !beginsWith(line, signs) {
			break
		}
		found = append(found, at)
	}
	for i := len(found) - 1; i >= 0; i-- {
		f.take(found[i], strings.TrimSpace(lineAt(text, found[i])))
	}
}

// firstOnLine reports whether nothing but white space, or what begins an entry
// of a list, stands before an offset on its line.
func firstOnLine(text []byte, at int) bool {
	return len(bytes.Trim(text[lineStart(text, at):at], " \t-")) == 0
}

func beginsWith(text []byte, signs []string) bool {
	for _, sign := range signs {
		if bytes.HasPrefix(text, []byte(sign)) {
			return true
		}
	}
	return false
}

func lineStart(text []byte, at int) int { return bytes.LastIndexByte(text[:at], '\n') + 1 }

func lineEnd(text []byte, at int) int {
	if end := bytes.IndexByte(text[at:], '\n'); end >= 0 {
		return at + end
	}
	return len(text)
}

func lineAt(text []byte, at int) string { return string(text[at:lineEnd(text, at)]) }

func indentation(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " \t")) }

// mentions reports whether a piece of text has the marker in it.
func mentions(text []byte) bool { return bytes.Contains(text, []byte(role.WaiverMarker)) }
