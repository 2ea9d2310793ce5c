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
	large  shard[V] // of what would fill one of the others by itself
}

const cacheShards = 16

// shard is a part of a cache. Entries live in a young and an old generation;
// when the young one is full it becomes the old one, whose entries are dropped
// unless they are asked for again.
type shard[V any] struct {
	mu         sync.Mutex
	young, old map[uint64]*once[V] // by the hash of the key
	size       int                 // of young, by weight
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

// weightOf is about how many bytes an entry takes: a parsed policy has several
// times the size of its text.
func weightOf(key []byte) int { return 8*len(key) + entrySize }

// newCache makes a cache whose generations weigh limit, those of large entries
// as much again.
func newCache[V any](limit int) *cache[V] {
	c := &cache[V]{seed: maphash.MakeSeed(), large: newShard[V](limit)}
	for i := range c.shards {
		c.shards[i] = newShard[V](limit / cacheShards)
	}
	return c
}

func newShard[V any](limit int) shard[V] {
	return shard[V]{young: map[uint64]*once[V]{}, old: map[uint64]*once[V]{}, limit: limit}
}

// get returns the value of key, which produce makes when it is not
// remembered. produce must not panic.
func (c *cache[V]) get(key []byte, produce func() V) V {
	hash := maphash.Bytes(c.seed, key)
	of := &c.shards[hash%cacheShards]
	if weightOf(key) > of.limit {
		of = &c.large
	}
	entry := of.entry(hash, key)
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
	weight := weightOf(key)
	if s.size > 0 && s.size+weight > s.limit {
		clear(s.old)
		s.old, s.young, s.size = s.young, s.old, 0
	}
	s.young[hash] = entry
	s.size += weight
	return entry
}
