package audit

import "sync"

// cache remembers what was made of a key, and forgets what was not asked for
// in a while: entries live in a young and an old generation; when the young
// one is full it becomes the old one, whose entries are dropped unless they
// are asked for again.
type cache[V any] struct {
	mu         sync.Mutex
	young, old map[string]*once[V]
	size       int // of young, in bytes of keys and entries
	limit      int // of a generation, likewise
}

// once is a value that is made by the first who asks, while others wait.
type once[V any] struct {
	sync.Once
	value V
}

// entrySize stands for an entry's own weight beside its key: a parsed policy
// or a verdict.
const entrySize = 4 << 10

func newCache[V any](limit int) *cache[V] {
	return &cache[V]{young: map[string]*once[V]{}, old: map[string]*once[V]{}, limit: limit}
}

// get returns the value of key, which produce makes when it is not
// remembered. produce must not panic.
func (c *cache[V]) get(key []byte, produce func() V) V {
	entry := c.entry(key)
	entry.Do(func() { entry.value = produce() })
	return entry.value
}

func (c *cache[V]) entry(key []byte) *once[V] {
	c.mu.Lock()
	defer c.mu.Unlock()
	if entry, ok := c.young[string(key)]; ok {
		return entry
	}
	entry, ok := c.old[string(key)]
	if !ok {
		entry = new(once[V])
	}
	if c.size >= c.limit {
		clear(c.old)
		c.old, c.young, c.size = c.young, c.old, 0
	}
	c.young[string(key)] = entry
	// A parsed policy takes several times the room of its text.
	c.size += 8*len(key) + entrySize
	return entry
}
