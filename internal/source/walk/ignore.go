package walk

import (
	"io"
	"io/fs"
	"path"
	"strings"
)

// The patterns of .gitignore files (gitignore(5)). They are matched by hand:
// the files are a stranger's, so that a pattern must cost no more than its
// length times that of the name.

// pattern is one line of a .gitignore file, or what --exclude was given.
type pattern struct {
	segments  []string // between slashes; "**" stands for any number
	keep      bool     // "!": what matches is not ignored
	directory bool     // "/" at the end: directories only
}

// rules are the patterns that a directory adds.
type rules struct {
	base     string // the directory, "." for the root
	patterns []pattern
}

// Bounds of a .gitignore file. What is beyond them does not count.
const (
	maxIgnoreSize = 1 << 20
	maxPatterns   = 10_000
)

const ignoreFile = ".gitignore"

// readIgnore reads the .gitignore file of a directory, if there is one.
func readIgnore(from fs.FS, directory string) *rules {
	name := path.Join(directory, ignoreFile)
	if info, err := fs.Stat(from, name); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	file, err := from.Open(name)
	if err != nil {
		return nil
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxIgnoreSize))
	if err != nil {
		return nil
	}
	found := &rules{base: directory}
	for line := range strings.Lines(string(text)) {
		if made, ok := parsePattern(line); ok && len(found.patterns) < maxPatterns {
			found.patterns = append(found.patterns, made)
		}
	}
	return found
}

// parsePattern reads one line.
func parsePattern(line string) (pattern, bool) {
	line = strings.TrimRight(line, "\r\n")
	line = strings.TrimPrefix(line, "\ufeff")
	for strings.HasSuffix(line, " ") && !strings.HasSuffix(line, `\ `) {
		line = line[:len(line)-1]
	}
	if line == "" || line[0] == '#' {
		return pattern{}, false
	}
	var made pattern
	if line[0] == '!' {
		made.keep, line = true, line[1:]
	}
	if rest, ok := strings.CutSuffix(line, "/"); ok {
		made.directory, line = true, rest
	}
	rooted := strings.Contains(line, "/")
	line = strings.TrimPrefix(line, "/")
	if line == "" {
		return pattern{}, false
	}
	made.segments = strings.Split(line, "/")
	if !rooted {
		made.segments = append([]string{"**"}, made.segments...)
	}
	return made, true
}

// ignores reports whether the rules say anything of a name, and what: the last
// pattern that matches counts.
func (r *rules) ignores(name string, isDirectory bool) (ignored, said bool) {
	if r.base != "." {
		name = strings.TrimPrefix(name, r.base+"/")
	}
	names := strings.Split(name, "/")
	for i := len(r.patterns) - 1; i >= 0; i-- {
		p := &r.patterns[i]
		if p.directory && !isDirectory {
			continue
		}
		if matchSegments(p.segments, names) {
			return !p.keep, true
		}
	}
	return false, false
}

// matchSegments matches a path. "**" at the end stands for what is inside, and
// so for one name at least.
func matchSegments(segments, names []string) bool {
	// Of several "**" only the last needs to be gone back to, as of stars in
	// a glob.
	s, n, star, mark := 0, 0, -1, 0
	for n < len(names) {
		switch {
		case s < len(segments) && segments[s] == "**":
			if s == len(segments)-1 {
				return true
			}
			star, mark = s, n
			s++
		case s < len(segments) && matchName(segments[s], names[n]):
			s++
			n++
		case star >= 0:
			mark++
			s, n = star+1, mark
		default:
			return false
		}
	}
	return s == len(segments)
}

// matchName matches one name against a glob with *, ?, [a-z] and \.
func matchName(glob, name string) bool {
	g, n, star, mark := 0, 0, -1, 0
	for n < len(name) {
		if g < len(glob) && glob[g] == '*' {
			star, mark = g, n
			g++
			continue
		}
		if g < len(glob) {
			if width, ok := matchOne(glob[g:], name[n]); ok {
				g += width
				n++
				continue
			}
		}
		if star < 0 {
			return false
		}
		mark++
		g, n = star+1, mark
	}
	for g < len(glob) && glob[g] == '*' {
		g++
	}
	return g == len(glob)
}

// matchOne matches one byte, and returns how much of the glob stands for it.
func matchOne(glob string, b byte) (width int, ok bool) {
	switch {
	case glob[0] == '?':
		return 1, true
	case glob[0] == '\\' && len(glob) > 1:
		return 2, glob[1] == b
	case glob[0] == '[':
		return matchClass(glob, b) // one that does not end matches nothing, as in git
	}
	return 1, glob[0] == b
}

// matchClass matches [abc], [a-z] and [!a-z].
func matchClass(glob string, b byte) (width int, ok bool) {
	i, negated := 1, false
	if i < len(glob) && (glob[i] == '!' || glob[i] == '^') {
		negated = true
		i++
	}
	for first := i; i < len(glob); i++ {
		c := glob[i]
		switch {
		case c == ']' && i > first:
			return i + 1, ok != negated
		case c == '\\' && i+1 < len(glob):
			i++
			c = glob[i]
		}
		low, high := c, c
		if i+2 < len(glob) && glob[i+1] == '-' && glob[i+2] != ']' {
			high = glob[i+2]
			i += 2
		}
		ok = ok || low <= b && b <= high
	}
	return 0, false
}
