package revision

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
)

// Bounds on the comparison of content. They are counted, so that the answer is
// the same on every machine. Git compares a thousand files with a thousand at
// most (git-config, "diff.renameLimit").
const (
	maxCompared     = 1000     // files on each side
	maxComparedFile = 1 << 20  // bytes of a file
	maxComparedAll  = 64 << 20 // bytes of all
	maxChunkPairs   = 20_000_000
	leastAlike      = 50 // percent, as git's own (git-diff, "--find-renames")
)

// candidate is a file that is on one side only.
type candidate struct {
	name, base string
	hash       plumbing.Hash
	size       int64
	matched    bool
	chunks     map[uint64]int // bytes by the hash of a chunk; nil until it is read
}

// matcher pairs files that are gone with files that have come.
type matcher struct {
	read       func(plumbing.Hash) ([]byte, error)
	gone, come []*candidate
	renamed    map[string]string
	bytes      int64
	pairs      int
}

func (m *matcher) pair(gone, come *candidate) {
	gone.matched, come.matched = true, true
	m.renamed[come.name] = gone.name
}

// equal pairs files of the same content, those of the same name first.
func (m *matcher) equal() {
	for _, sameName := range []bool{true, false} {
		left := map[plumbing.Hash][]*candidate{}
		for _, one := range m.gone {
			if !one.matched {
				left[one.hash] = append(left[one.hash], one)
			}
		}
		for _, come := range m.come {
			if come.matched {
				continue
			}
			for _, gone := range left[come.hash] {
				if !gone.matched && (!sameName || gone.base == come.base) {
					m.pair(gone, come)
					break
				}
			}
		}
	}
}

// likeness is how much of two files is the same, in percent.
type likeness struct {
	gone, come *candidate
	percent    int
}

// alike pairs files of which half is the same, the most alike first.
func (m *matcher) alike() {
	open := func(list []*candidate) []*candidate {
		return slices.DeleteFunc(slices.Clone(list), func(c *candidate) bool { return c.matched || c.size > maxComparedFile })
	}
	gone, come := open(m.gone), open(m.come)
	if len(gone) > maxCompared || len(come) > maxCompared {
		return
	}
	var found []likeness
	for _, one := range gone {
		for _, other := range come {
			small, large := min(one.size, other.size), max(one.size, other.size)
			if large == 0 || small*100 < large*leastAlike {
				continue
			}
			if !m.load(one) || !m.load(other) {
				continue
			}
			if m.pairs += min(len(one.chunks), len(other.chunks)); m.pairs > maxChunkPairs {
				return
			}
			if percent := int(common(one.chunks, other.chunks) * 100 / large); percent >= leastAlike {
				found = append(found, likeness{one, other, percent})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b likeness) int {
		sameName := func(l likeness) int {
			if l.gone.base == l.come.base {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.percent, a.percent), cmp.Compare(sameName(a), sameName(b)))
	})
	for _, one := range found {
		if !one.gone.matched && !one.come.matched {
			m.pair(one.gone, one.come)
		}
	}
}

// load takes a file apart into chunks.
func (m *matcher) load(one *candidate) bool {
	if one.chunks != nil {
		return true
	}
	if m.bytes += one.size; m.bytes > maxComparedAll {
		return false
	}
	text, err := m.read(one.hash)
	if err != nil {
		return false
	}
	one.chunks = chunksOf(text)
	return true
}

var seed = maphash.MakeSeed()

// chunksOf counts the bytes of lines, longer ones in pieces of 64 bytes, as git
// does it (diffcore-delta.c).
func chunksOf(text []byte) map[uint64]int {
	const longest = 64
	chunks := map[uint64]int{}
	for len(text) > 0 {
		end := min(len(text), longest)
		if at := bytes.IndexByte(text[:end], '\n'); at >= 0 {
			end = at + 1
		}
		chunks[maphash.Bytes(seed, text[:end])] += end
		text = text[end:]
	}
	return chunks
}

// common is how many bytes of two files are the same.
func common(a, b map[uint64]int) int64 {
	if len(a) > len(b) {
		a, b = b, a
	}
	total := 0
	for chunk, size := range a {
		total += min(size, b[chunk])
	}
	return int64(total)
}
