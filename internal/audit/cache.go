package audit

import (
	"hash/maphash"
	"sync"
)

// cache remembers what was made of a key, and forgets what was not asked for
// in a while. It is kept in shards, so that workers seldom wait for each other:
// one that waits may leave its processor idle for longer than a role takes.
type cache[V any] struct {
	seed   maphash.Seed
	shards [cacheShards]shard[V]
}

const cacheShards = 16

// shard is a part of a cache. Entries live in a young and an old generation;
// when the young one is full it becomes the old one, whose entries are dropped
// unless they are asked for again.
type shard[V any] struct {
	mu         sync.Mutex
	young, old map[uint64]*once[V] // by the hash of the key
	size       int                 // of young, in bytes of keys and entries
	limit      int                 // of a generation, likewise
}

// once is a value that is made by the first who asks, while others wait.
type once[V any] struct {
	sync.Once
	key   string
	value V
}

// entrySize stands for an entry's own weight beside its key: a parsed policy
// or a verdict.
const entrySize = 4 << 10

// newCache makes a cache whose generations hold limit bytes.
func newCache[V any](limit int) *cache[V] {
	c := &cache[V]{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i] = shard[V]{young: map[uint64]*once[V]{}, old: map[uint64]*once[V]{}, limit: limit / cacheShards}
	}
	return c
}

// get returns the value of key, which produce makes when it is not
// remembered. produce must not panic.
func (c *cache[V]) get(key []byte, produce func() V) V {
	hash := maphash.Bytes(c.seed, key)
	entry := c.shards[hash%cacheShards].entry(hash, key)
	entry.Do(func() { entry.value = produce() })
	return entry.value
}

func (s *shard[V]) entry(hash uint64, key []byte) *once[V] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if entry, ok := s.young[hash]; ok && entry.key == string(key) {
		return entry
	}
	entry, ok := s.old[hash]
	if !ok || entry.key != string(key) {
		entry = &once[V]{key: string(key)}
	}
	// A parsed policy takes several times the room of its text.
	size := 8*len(key) + entrySize
	if s.size > 0 && s.size+size > s.limit {
		clear(s.old)
		s.old, s.young, s.size = s.young, s.old, 0
	}
	s.young[hash] = entry
	s.size += size
	return entry
}
