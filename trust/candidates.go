package trust

import (
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// typedCandidates lists texts that comparisons of numbers, dates and addresses
// may accept: the operands, as many neighbours as asked for, what lies between
// and beyond them, in a few spellings of at least width characters.
func typedCandidates(constraints []constraint, neighbours, width int) []string {
	var numbers []*big.Rat
	var millis []int64
	var networks []netip.Prefix
	for i := range constraints {
		c := constraints[i].typed
		if c == nil {
			continue
		}
		for j := range c.Values {
			switch operand := &c.Values[j]; {
			case c.Operator.Family == IPAddress:
				networks = append(networks, operand.Prefix)
			case c.Operator.Family >= DateEqual:
				millis = append(millis, operand.Millis)
			default:
				numbers = append(numbers, operand.Number)
			}
		}
	}
	texts := numberCandidates(numbers, min(neighbours, 8), width)
	texts = append(texts, dateCandidates(millis)...)
	for _, address := range addressCandidates(networks) {
		texts = append(texts, address.String())
	}
	// A text that is neither: what negated comparisons accept.
	return append(texts, "witness-0")
}

func numberCandidates(numbers []*big.Rat, neighbours, width int) []string {
	if len(numbers) == 0 {
		return nil
	}
	sorted := slices.SortedFunc(slices.Values(numbers), (*big.Rat).Cmp)
	one := big.NewRat(1, 1)
	points := []*big.Rat{new(big.Rat).Sub(sorted[0], one), new(big.Rat).Add(sorted[len(sorted)-1], one)}
	for i, n := range sorted {
		points = append(points, n)
		for step := 1; step <= neighbours; step++ {
			shift := big.NewRat(int64(step), 1)
			points = append(points, new(big.Rat).Add(n, shift), new(big.Rat).Sub(n, shift))
		}
		if i > 0 {
			sum := new(big.Rat).Add(sorted[i-1], n)
			points = append(points, sum.Quo(sum, big.NewRat(2, 1)))
		}
	}
	var texts []string
	for _, n := range points {
		text := n.FloatString(24)
		if strings.Contains(text, ".") {
			text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
		}
		texts = append(texts, text)
		if !strings.HasPrefix(text, "-") {
			// Spellings for keys that want more characters or other ones.
			texts = append(texts, "0"+text, "+"+text, "00"+text)
			if len(text) < width {
				texts = append(texts, strings.Repeat("0", width-len(text))+text)
			}
		}
	}
	return texts
}

func dateCandidates(millis []int64) []string {
	var texts []string
	add := func(at int64) {
		// A date, or seconds since 1970: some keys take no colon.
		texts = append(texts, time.UnixMilli(at).UTC().Format("2006-01-02T15:04:05.999Z"),
			strings.TrimSuffix(big.NewRat(at, 1000).FloatString(3), ".000"))
	}
	for i, at := range millis {
		for _, shift := range [...]int64{0, 1, -1, 1000, -1000, 86_400_000, -86_400_000} {
			add(at + shift)
		}
		for _, other := range millis[:i] {
			add(at/2 + other/2)
		}
	}
	return texts
}

// addressCandidates lists, for both families, the lowest address, a documentation
// address, and for every network its first address and the one behind its last.
// A set that networks describe, unless it is empty, holds one of them: its
// lowest member is the lowest of all, the first of a network, or the one behind
// a network's end.
func addressCandidates(networks []netip.Prefix) []netip.Addr {
	candidates := []netip.Addr{
		netip.MustParseAddr("198.51.100.7"),
		netip.MustParseAddr("2001:db8::7"),
		netip.IPv4Unspecified(),
		netip.IPv6Unspecified(),
	}
	for _, network := range networks {
		if !network.IsValid() {
			continue
		}
		candidates = append(candidates, network.Addr())
		if next := lastAddress(network).Next(); next.IsValid() {
			candidates = append(candidates, next)
		}
	}
	return candidates
}

func lastAddress(network netip.Prefix) netip.Addr {
	bytes := network.Masked().Addr().AsSlice()
	for bit := network.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 1 << (7 - bit%8)
	}
	address, _ := netip.AddrFromSlice(bytes)
	return address
}
