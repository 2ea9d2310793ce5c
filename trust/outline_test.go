package trust

import (
	"testing"

	"pgregory.net/rapid"
)

// TestAPatternThatCoversAnOutlineMatchesItsWords draws patterns and words of one
// outline: what covers the outline has to match each of them.
func TestAPatternThatCoversAnOutlineMatchesItsWords(t *testing.T) {
	covered := 0
	rapid.Check(t, func(t *rapid.T) {
		shape := principalShape("aws", rapid.SampledFrom([]string{"user", "role"}).Draw(t, "kind"))
		outline := shape.outline(wholeWord, false)
		elems := make([]element, 0, len(outline))
		for _, e := range outline { // a pattern near the outline, so that some cover it
			if e.isRun() {
				e = anyRun
			}
			switch rapid.IntRange(0, 30).Draw(t, "change") {
			case 0:
				elems = append(elems, anyRun)
			case 1:
				elems = append(elems, anyUnit)
			case 2:
				elems = append(elems, e, anyRun)
			case 3: // left out
			default:
				elems = append(elems, e)
			}
		}
		p, ok := pattern{elems: elems}, true
		if rapid.Bool().Draw(t, "of an ARN operator") {
			p, ok = arnPattern(elems)
		}
		if !ok || !p.covers(outline, nil) {
			return
		}
		covered++
		path := rapid.SampledFrom([]string{"", "a/", "a:b/", "x/y:z/"}).Draw(t, "path")
		name := rapid.StringMatching(`[a-z@.]{1,8}`).Draw(t, "name")
		account := rapid.StringMatching(`[0-9]{12}`).Draw(t, "account")
		parts := []string{shape.segments[0].fixed, account, shape.segments[2].fixed, path, name}
		if word := wholeWord.of(parts); !shape.legal(parts) || !p.match(word, nil) {
			t.Fatalf("%v covers the outline and does not match %q", elems, word)
		}
	})
	if covered == 0 {
		t.Error("no pattern covered the outline")
	}
}
