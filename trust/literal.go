package trust

import (
	"math/big"
	"net/netip"
	"strings"
	"time"
)

// maxNumber bounds the length and the exponent of a number, so that holding
// two numbers against each other is cheap whoever wrote them.
const maxNumber = 400

// parseNumber reads a decimal number: an optional sign, digits with an optional
// decimal point, an optional exponent. "01", "+1", "1.0", "1." and "1e0" are all
// 1. It refuses white space, other notations (hexadecimal, NaN, Infinity),
// more than 400 characters, and an exponent beyond ±400.
func parseNumber(text string) (*big.Rat, bool) {
	if len(text) > maxNumber {
		return nil, false
	}
	rest, negative := cutSign(text)
	whole, rest := cutDigits(rest)
	fraction := ""
	if after, ok := strings.CutPrefix(rest, "."); ok {
		fraction, rest = cutDigits(after)
	}
	if whole == "" && fraction == "" {
		return nil, false
	}
	exponent, ok := parseExponent(rest)
	if !ok {
		return nil, false
	}
	if fraction == "" && exponent == 0 && len(whole) <= maxDigits {
		n := atoi(whole)
		if negative {
			n = -n
		}
		return new(big.Rat).SetInt64(n), true // nearly all there are
	}
	mantissa, _ := new(big.Int).SetString(whole+fraction, 10)
	if negative {
		mantissa.Neg(mantissa)
	}
	number := new(big.Rat).SetInt(mantissa)
	switch shift := exponent - len(fraction); {
	case shift > 0:
		number.Mul(number, powerOfTen(shift))
	case shift < 0:
		number.Quo(number, powerOfTen(-shift))
	}
	return number, true
}

// parseExponent reads "", or "e" and a signed integer within ±400.
func parseExponent(text string) (int, bool) {
	if text == "" {
		return 0, true
	}
	if text[0] != 'e' && text[0] != 'E' {
		return 0, false
	}
	rest, negative := cutSign(text[1:])
	digits, rest := cutDigits(rest)
	if digits == "" || rest != "" {
		return 0, false
	}
	exponent := 0
	for _, c := range []byte(digits) {
		if exponent = exponent*10 + int(c-'0'); exponent > maxNumber {
			return 0, false
		}
	}
	if negative {
		exponent = -exponent
	}
	return exponent, true
}

func powerOfTen(n int) *big.Rat {
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	return new(big.Rat).SetInt(power)
}

func cutSign(text string) (rest string, negative bool) {
	if text != "" && (text[0] == '-' || text[0] == '+') {
		return text[1:], text[0] == '-'
	}
	return text, false
}

// cutDigits splits text behind its leading ASCII digits.
func cutDigits(text string) (digits, rest string) {
	n := 0
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	return text[:n], text[n:]
}

// parseMillis reads a point in time as milliseconds since
// 1970-01-01T00:00:00Z. It accepts the W3C profile of ISO 8601 (YYYY, YYYY-MM,
// YYYY-MM-DD, each meaning its first instant in UTC, or a date with
// Thh:mm[:ss[.fraction]] and Z, ±hh:mm or ±hhmm) and seconds since the epoch,
// whole or decimal, with an optional sign. Four digits are a year. Anything
// finer than a millisecond is cut off. A time of day without an offset is
// refused: it names no instant.
func parseMillis(text string) (int64, bool) {
	if isDateShaped(text) {
		return parseISO8601(text)
	}
	return parseEpochSeconds(text)
}

func isDateShaped(text string) bool {
	year, rest := cutDigits(text)
	return len(year) == 4 && (rest == "" || rest[0] == '-')
}

func parseEpochSeconds(text string) (int64, bool) {
	rest, negative := cutSign(text)
	whole, rest := cutDigits(rest)
	if whole == "" || len(whole) > maxDigits {
		return 0, false
	}
	millis := atoi(whole) * 1000
	if rest != "" {
		fraction, ok := cutFraction(&rest)
		if !ok || rest != "" {
			return 0, false
		}
		millis += fraction
	}
	if negative {
		millis = -millis
	}
	return millis, true
}

// parseISO8601 reads text that starts with four digits and a hyphen or the end.
func parseISO8601(text string) (int64, bool) {
	year, month, day := int(atoi(text[:4])), 1, 1
	rest := text[4:]
	var ok bool
	if rest != "" {
		if month, ok = cutField(&rest, '-', 1, 12); !ok {
			return 0, false
		}
	}
	hasDay := rest != ""
	if hasDay {
		if day, ok = cutField(&rest, '-', 1, daysIn(year, month)); !ok {
			return 0, false
		}
	}
	millis := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).UnixMilli()
	if rest == "" {
		return millis, true
	}
	ofDay, ok := parseTimeOfDay(rest)
	return millis + ofDay, ok
}

// parseTimeOfDay reads Thh:mm[:ss[.fraction]] with its offset, and returns the
// milliseconds since midnight UTC of the date it stands behind.
func parseTimeOfDay(rest string) (int64, bool) {
	hour, ok := cutField(&rest, 'T', 0, 23)
	if !ok {
		return 0, false
	}
	minute, ok := cutField(&rest, ':', 0, 59)
	if !ok {
		return 0, false
	}
	millis := int64(hour*60+minute) * 60_000
	if strings.HasPrefix(rest, ":") {
		second, ok := cutField(&rest, ':', 0, 59)
		if !ok {
			return 0, false
		}
		millis += int64(second) * 1000
		if strings.HasPrefix(rest, ".") {
			fraction, ok := cutFraction(&rest)
			if !ok {
				return 0, false
			}
			millis += fraction
		}
	}
	offset, ok := parseOffset(rest)
	return millis - offset, ok
}

// parseOffset reads Z, ±hh:mm or ±hhmm as milliseconds.
func parseOffset(text string) (int64, bool) {
	if text == "Z" {
		return 0, true
	}
	if text == "" || text[0] != '+' && text[0] != '-' {
		return 0, false
	}
	sign, rest := text[0], text
	hour, ok := cutField(&rest, sign, 0, 23)
	if !ok {
		return 0, false
	}
	if !strings.HasPrefix(rest, ":") {
		rest = ":" + rest
	}
	minute, ok := cutField(&rest, ':', 0, 59)
	if !ok || rest != "" {
		return 0, false
	}
	offset := int64(hour*60+minute) * 60_000
	if sign == '-' {
		offset = -offset
	}
	return offset, true
}

// cutField takes a separator and two digits within bounds from the front of
// rest.
func cutField(rest *string, separator byte, low, high int) (int, bool) {
	text := *rest
	if len(text) < 3 || text[0] != separator {
		return 0, false
	}
	digits, _ := cutDigits(text[1:3])
	if len(digits) != 2 {
		return 0, false
	}
	*rest = text[3:]
	value := int(atoi(digits))
	return value, low <= value && value <= high
}

// cutFraction takes a decimal point and at least one digit from the front of
// rest and returns them in thousandths.
func cutFraction(rest *string) (int64, bool) {
	after, ok := strings.CutPrefix(*rest, ".")
	if !ok {
		return 0, false
	}
	var digits string
	digits, *rest = cutDigits(after)
	if digits == "" {
		return 0, false
	}
	return atoi((digits + "00")[:3]), true
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// maxDigits keeps what is read at once, also in thousandths, inside an int64.
const maxDigits = 15

// atoi is the value of at most maxDigits ASCII digits.
func atoi(digits string) int64 {
	n := int64(0)
	for _, c := range []byte(digits) {
		n = n*10 + int64(c-'0')
	}
	return n
}

// parseAddress reads the IPv4 or IPv6 address of a request. An IPv4 address in
// IPv6 clothes (::ffff:192.0.2.1) counts as the IPv4 address.
func parseAddress(text string) (netip.Addr, bool) {
	address, err := netip.ParseAddr(text)
	if err != nil || address.Zone() != "" {
		return netip.Addr{}, false
	}
	return address.Unmap(), true
}

// parseNetwork reads the operand of an IP condition: an address, which stands
// for itself alone, or a CIDR block. Host bits of an IPv4 block are ignored; an
// IPv6 block with host bits set matches nothing and is returned as the zero
// Prefix. Numbers may have leading zeros, and the length of a block a plus. A
// block keeps the family that it is written in: one of IPv4 addresses in IPv6
// clothes matches no request, whose address then counts as IPv4.
func parseNetwork(text string) (netip.Prefix, bool) {
	spelt, length, isBlock := strings.Cut(text, "/")
	address, err := netip.ParseAddr(withoutZeros(spelt))
	if err != nil || address.Zone() != "" {
		return netip.Prefix{}, false
	}
	bits := address.BitLen()
	if isBlock {
		digits, rest := cutDigits(strings.TrimPrefix(length, "+"))
		significant := strings.TrimLeft(digits, "0")
		if digits == "" || rest != "" || len(significant) > 3 {
			return netip.Prefix{}, false
		}
		bits = int(atoi(significant))
	}
	block := netip.PrefixFrom(address, bits)
	switch {
	case !block.IsValid():
		return netip.Prefix{}, false
	case address.Is4():
		return block.Masked(), true
	case block.Masked() != block:
		return netip.Prefix{}, true
	}
	return block, true
}

// withoutZeros leaves out the leading zeros of an IPv4 address's numbers.
func withoutZeros(address string) string {
	if strings.Contains(address, ":") || !strings.Contains(address, "0") {
		return address
	}
	numbers := strings.Split(address, ".")
	for i, number := range numbers {
		if short := strings.TrimLeft(number, "0"); short != "" || number == "" {
			numbers[i] = short
		} else {
			numbers[i] = "0"
		}
	}
	return strings.Join(numbers, ".")
}

// parseARN splits an ARN at its first five colons: "arn", partition, service,
// region, account, resource. The resource keeps its colons. Empty segments are
// fine (an S3 bucket has neither region nor account); a first segment other
// than "arn" is not.
func parseARN(text string) (segments [6]string, ok bool) {
	last := len(segments) - 1
	for i := range last {
		segments[i], text, ok = strings.Cut(text, ":")
		if !ok {
			return segments, false
		}
	}
	segments[last] = text
	return segments, segments[0] == "arn"
}

// isTrue reads the operand of Bool and Null: "true" in any letter case is true
// and everything else is false (IAM stores Bool "yes" and treats it so).
func isTrue(text string) bool { return strings.EqualFold(text, "true") }
