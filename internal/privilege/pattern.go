package privilege

import "strings"

// A pattern is text in which "*" stands for any characters and "?" for any
// one (IAM User Guide, "IAM JSON policy elements: Resource").

// covers reports whether everything that q matches is matched by p. q may be a
// pattern or, without wildcards, a word. It may say no of odd pairs that cover,
// and never yes of one that does not.
func covers(p, q string) bool {
	i, j := 0, 0
	star, mark := -1, 0
	for j < len(q) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == q[j] || p[i] == '?' && q[j] != '*'):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

// intersects reports whether a word is matched by both.
func intersects(p, q string) bool {
	// What stands before the first wildcards must agree.
	for len(p) > 0 && len(q) > 0 && !isWildcard(p[0]) && !isWildcard(q[0]) {
		if p[0] != q[0] {
			return false
		}
		p, q = p[1:], q[1:]
	}
	if p == "*" || q == "*" {
		return true
	}
	// reach[j] says whether a word is matched by what was passed of p and by
	// q[:j].
	reach := make([]bool, len(q)+1)
	reach[0] = true
	for j := 0; j < len(q) && q[j] == '*'; j++ {
		reach[j+1] = true
	}
	for i := range len(p) {
		before := reach[0] // of the row before, at j
		reach[0] = before && p[i] == '*'
		for j := range len(q) {
			above := reach[j+1]
			if p[i] == '*' || q[j] == '*' {
				reach[j+1] = above || reach[j]
			} else {
				reach[j+1] = before && (p[i] == q[j] || p[i] == '?' || q[j] == '?')
			}
			before = above
		}
	}
	return reach[len(q)]
}

// meets reports whether two patterns of ARNs have an ARN in common. A wildcard
// in one of the first five fields stays within it.
func meets(p, q string) bool {
	ps, qs := strings.SplitN(p, ":", arnFields), strings.SplitN(q, ":", arnFields)
	if len(ps) < arnFields || len(qs) < arnFields {
		return intersects(p, q)
	}
	for i := range ps {
		if !intersects(ps[i], qs[i]) {
			return false
		}
	}
	return true
}

const arnFields = 6

func isWildcard(c byte) bool { return c == '*' || c == '?' }

func hasWildcard(text string) bool { return strings.ContainsAny(text, "*?") }

// isEverything reports whether a pattern matches every action or resource.
func isEverything(p string) bool { return p != "" && strings.Trim(p, "*") == "" || p == "*:*" }

// literalPrefix is what stands before the first wildcard.
func literalPrefix(p string) string {
	if at := strings.IndexAny(p, "*?"); at >= 0 {
		return p[:at]
	}
	return p
}
