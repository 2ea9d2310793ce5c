package evidence

import "hash/maphash"

// recent knows the ids of events again, the latest half a million at least and a
// million at most, in 16 MB: trails of several Regions each bring the same global
// event, and two trails may write to one bucket.
type recent struct {
	now, old table
	forgot   bool // some ids are not known any more
}

// table is a set of hashes with open addressing. 0 marks a free place.
type table struct {
	slots []uint64
	used  int
}

const (
	fewestSlots = 1 << 10
	mostSlots   = 1 << 20
)

// add reports whether an id is new among those that have a seed.
func (r *recent) add(seed maphash.Seed, id string) bool {
	if r.now.slots == nil {
		r.now.slots = make([]uint64, fewestSlots)
	}
	hash := max(maphash.String(seed, id), 1)
	if r.now.has(hash) || r.old.has(hash) {
		return false
	}
	if r.now.used >= len(r.now.slots)/2 {
		r.grow()
	}
	r.now.put(hash)
	return true
}

func (r *recent) grow() {
	if len(r.now.slots) < mostSlots {
		larger := table{slots: make([]uint64, 2*len(r.now.slots))}
		for _, hash := range r.now.slots {
			if hash != 0 {
				larger.put(hash)
			}
		}
		r.now = larger
		return
	}
	r.forgot = r.old.used > 0
	free := r.old.slots
	if free == nil {
		free = make([]uint64, mostSlots)
	}
	clear(free)
	r.old, r.now = r.now, table{slots: free}
}

func (t *table) place(hash uint64) int {
	mask := uint64(len(t.slots) - 1)
	i := hash & mask
	for t.slots[i] != 0 && t.slots[i] != hash {
		i = (i + 1) & mask
	}
	return int(i)
}

func (t *table) has(hash uint64) bool { return len(t.slots) > 0 && t.slots[t.place(hash)] == hash }

func (t *table) put(hash uint64) {
	t.slots[t.place(hash)] = hash
	t.used++
}
