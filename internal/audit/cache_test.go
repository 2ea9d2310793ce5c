package audit

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"testing"

	"countersign/trust"
)

func TestACacheMakesEachValueOnceForAllWhoAsk(t *testing.T) {
	remembered := newCache[int](1 << 20)
	var made atomic.Int64
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			for i := range 100 {
				got := remembered.get([]byte{byte(i)}, func() int { made.Add(1); return i })
				if got != i {
					t.Errorf("%d for %d", got, i)
				}
			}
		})
	}
	asking.Wait()
	if made.Load() != 100 {
		t.Errorf("made %d values, want 100", made.Load())
	}
}

func TestACacheIsBoundedAndKeepsWhatIsAskedFor(t *testing.T) {
	const limit = 100 * entrySize
	remembered := newCache[int](limit)
	favourite := 0
	for i := range 10_000 {
		key := binary.BigEndian.AppendUint32(nil, uint32(i+1))
		remembered.get(key, func() int { return i })
		remembered.get([]byte("favourite"), func() int { favourite++; return -1 })
		held := 0
		for i := range remembered.shards {
			held += len(remembered.shards[i].young) + len(remembered.shards[i].old)
		}
		if held > 2*limit/entrySize {
			t.Fatalf("%d entries are held", held)
		}
	}
	if favourite != 1 {
		t.Errorf("made %d times what was asked for all along", favourite)
	}
}

func TestACacheHoldsFewLargeEntries(t *testing.T) {
	const limit, size = 4 << 20, 3 << 20
	remembered := newCache[int](limit)
	for i := range 40 {
		key := make([]byte, size)
		key[0] = byte(i)
		remembered.get(key, func() int { return i })
		if got := remembered.get(key, func() int { return -1 }); got != i {
			t.Fatalf("%d for %d, which was made just now", got, i)
		}
	}
	held := len(remembered.large.young) + len(remembered.large.old)
	for i := range remembered.shards {
		held += len(remembered.shards[i].young) + len(remembered.shards[i].old)
	}
	if held > 2 {
		t.Errorf("%d entries of %d bytes are held", held, size)
	}
}

func TestEqualZonesHaveEqualNumbers(t *testing.T) {
	var known zones
	number := func(zone trust.Zone) uint64 { return known.number(&zoneMemo{}, zone) }
	one := number(trust.Zone{Accounts: []string{"1", "2"}})
	for _, other := range []trust.Zone{
		{}, {Accounts: []string{"12"}}, {Accounts: []string{"1"}, Organizations: []string{"2"}}, {Organizations: []string{"1", "2"}},
	} {
		if number(other) == one {
			t.Errorf("%v is taken for another zone", other)
		}
	}
	if number(trust.Zone{Accounts: []string{"1", "2"}}) != one {
		t.Error("the same zone has two numbers")
	}
	var memo zoneMemo
	for range 2 {
		if got := known.number(&memo, trust.Zone{Accounts: []string{"1", "2"}}); got != one {
			t.Errorf("number %d by memory, want %d", got, one)
		}
	}
}
