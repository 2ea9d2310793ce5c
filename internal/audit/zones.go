package audit

import (
	"encoding/binary"
	"strconv"
	"sync"

	"countersign/trust"
)

// zones gives equal zones of trust equal numbers, so that a zone of thousands
// of accounts costs nothing in the key of every role.
type zones struct {
	mu      sync.Mutex
	numbers map[string]uint64
	next    uint64
}

// maxZones bounds what is remembered. Numbers are never given twice, so
// forgetting costs a decision at most.
const maxZones = 1024

// zoneMemo is the number of the zone a worker met last.
type zoneMemo struct {
	accounts, organizations *string
	sizes                   [2]int
	number                  uint64
}

func (z *zones) number(memo *zoneMemo, zone trust.Zone) uint64 {
	accounts, organizations := first(zone.Accounts), first(zone.Organizations)
	sizes := [2]int{len(zone.Accounts), len(zone.Organizations)}
	if memo.number != 0 && memo.accounts == accounts && memo.organizations == organizations && memo.sizes == sizes {
		return memo.number
	}
	*memo = zoneMemo{accounts, organizations, sizes, z.lookup(zone)}
	return memo.number
}

func first[T any](list []T) *T {
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

func (z *zones) lookup(zone trust.Zone) uint64 {
	var key []byte
	for _, list := range [][]string{zone.Accounts, zone.Organizations} {
		key = strconv.AppendInt(key, int64(len(list)), 10)
		for _, id := range list {
			key = appendField(key, id)
		}
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if number, ok := z.numbers[string(key)]; ok {
		return number
	}
	if z.numbers == nil || len(z.numbers) >= maxZones {
		z.numbers = map[string]uint64{}
	}
	z.next++
	z.numbers[string(key)] = z.next
	return z.next
}

// appendField appends text so that no two lists of fields make the same key.
func appendField(key []byte, text string) []byte {
	key = binary.AppendUvarint(key, uint64(len(text)))
	return append(key, text...)
}
