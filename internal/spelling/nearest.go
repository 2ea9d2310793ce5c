// Package spelling finds what somebody probably meant.
package spelling

import (
	"sort"
	"strings"
)

// Nearest returns up to limit of the candidates that are close enough to word
// to be a slip of the keyboard, the closest first and equally close ones in
// the order given. Letter case does not count.
func Nearest(word string, candidates []string, limit int) []string {
	type guess struct {
		name  string
		slips int
	}
	var guesses []guess
	for _, name := range candidates {
		if slips, near := Slips(word, name); near {
			guesses = append(guesses, guess{name, slips})
		}
	}
	sort.SliceStable(guesses, func(i, j int) bool { return guesses[i].slips < guesses[j].slips })
	var names []string
	for _, g := range guesses[:min(limit, len(guesses))] {
		names = append(names, g.name)
	}
	return names
}

// longest bounds the work: two words cost the product of their lengths.
const longest = 256

// Slips says whether two words are near: whether few letters have to be added,
// dropped, changed or swapped with their neighbour to turn one into the other,
// one in three but at least one. For near words count is how many.
func Slips(a, b string) (count int, near bool) {
	if len(a) > longest || len(b) > longest {
		return max(len(a), len(b)), false
	}
	x, y := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	likely := max(1, min(len(x), len(y))/3)
	if apart := max(len(x), len(y)) - min(len(x), len(y)); apart > likely {
		return apart, false // each of them is a slip, at the least
	}
	before, previous, current := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(x); i++ {
		current[0] = i
		for j := 1; j <= len(y); j++ {
			change := previous[j-1]
			if x[i-1] != y[j-1] {
				change++
			}
			current[j] = min(change, previous[j]+1, current[j-1]+1)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous, current = previous, current, before
	}
	count = previous[len(y)]
	return count, count <= likely
}

// Suggest spells a hint from candidates, such as `did you mean "zone"?`; it is
// empty where nothing is near.
func Suggest(word string, candidates []string) string {
	names := Nearest(word, candidates, 1)
	if len(names) == 0 {
		return ""
	}
	return `did you mean "` + names[0] + `"?`
}
