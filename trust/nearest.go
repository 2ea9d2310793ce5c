package trust

import (
	"slices"
	"strings"
)

// didYouMean is a hint that names what is allowed, the nearest first.
func didYouMean(name string, known []string) string {
	allowed := "allowed are " + list(known)
	if near, ok := nearest(name, known); ok {
		return "did you mean " + near + "? " + allowed
	}
	return allowed
}

// NearestElement returns the element of a statement that a name is, or is a
// misspelling of; empty where it is near to none.
func NearestElement(name string) string {
	near, _ := nearest(name, statementElements)
	return near
}

// NearestOperator is NearestElement for condition operators.
func NearestOperator(name string) string {
	if IsOperator(name) {
		return name
	}
	near, _ := nearest(name, operatorNames)
	return near
}

// list spells names as a person would say them.
func list(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// nearest returns the known name that takes the fewest edits, letter case
// aside, if those are few enough to call it a misspelling: a third of the name,
// or one.
// Of equally near names the first wins.
func nearest(name string, known []string) (string, bool) {
	best, fewest := "", max(len(name)/3+1, 2)
	for _, candidate := range known {
		if edits := distance(lowerASCII(name), lowerASCII(candidate), fewest); edits < fewest {
			best, fewest = candidate, edits
		}
	}
	return best, best != ""
}

// distance counts the single-byte insertions, deletions and replacements that
// turn a into b. It gives up and returns limit when there are that many at
// least, which bounds the effort for names made to be long.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitution := diagonal
			if a[i] != b[j] {
				substitution++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitution, row[j]+1, row[j+1]+1)
		}
		if slices.Min(row) >= limit {
			return limit
		}
	}
	return min(row[len(b)], limit)
}
