package trust

import (
	"math/big"
	"strings"
	"testing"
	"time"
)

func TestNumbers(t *testing.T) {
	for text, want := range map[string]*big.Rat{
		"0": big.NewRat(0, 1), "-0": big.NewRat(0, 1), "00": big.NewRat(0, 1),
		"1": big.NewRat(1, 1), "01": big.NewRat(1, 1), "+1": big.NewRat(1, 1), "1.0": big.NewRat(1, 1),
		"1.": big.NewRat(1, 1), "1e0": big.NewRat(1, 1), "10E-1": big.NewRat(1, 1), "0.1e+1": big.NewRat(1, 1),
		"010": big.NewRat(10, 1), "-2.5": big.NewRat(-5, 2), ".5": big.NewRat(1, 2), "3600": big.NewRat(3600, 1),
		"1.25e2": big.NewRat(125, 1), "12.5e0000002": big.NewRat(1250, 1),
		"90210445902104459021": new(big.Rat).SetInt(must(new(big.Int).SetString("90210445902104459021", 10))),
	} {
		if got, ok := parseNumber(text); !ok || got.Cmp(want) != 0 {
			t.Errorf("%q is %v, %v; want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"", ".", "+", "-", "e1", "1e", "1e+", ".e1", "1e1.0", "--1", "1,5", " 1", "1 ", "0x10", "0b1", "1_000", "1/3",
		"NaN", "Inf", "Infinity", "true", "١", "1e401", "1e-401", "1e99999999999999999999", strings.Repeat("1", 401),
	} {
		if got, ok := parseNumber(text); ok {
			t.Errorf("%q is %v; want it refused", text, got)
		}
	}
	for _, text := range []string{"1e400", "1e-400", strings.Repeat("1", 400), "1." + strings.Repeat("1", 393) + "e-400"} {
		if _, ok := parseNumber(text); !ok {
			t.Errorf("%q is refused", text)
		}
	}
}

func must[T any](value T, ok bool) T {
	if !ok {
		panic("not ok")
	}
	return value
}

func TestPointsInTime(t *testing.T) {
	at := func(text string) int64 {
		instant, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return instant.UnixMilli()
	}
	for text, want := range map[string]int64{
		"2030":                           at("2030-01-01T00:00:00Z"),
		"2030-02":                        at("2030-02-01T00:00:00Z"),
		"2030-02-03":                     at("2030-02-03T00:00:00Z"),
		"2028-02-29":                     at("2028-02-29T00:00:00Z"),
		"2030-02-03T04:05Z":              at("2030-02-03T04:05:00Z"),
		"2030-02-03T04:05:06Z":           at("2030-02-03T04:05:06Z"),
		"2030-02-03T04:05:06.7Z":         at("2030-02-03T04:05:06.7Z"),
		"2030-02-03T04:05:06.7899Z":      at("2030-02-03T04:05:06.789Z"),
		"2030-02-03T04:05:06+01:30":      at("2030-02-03T02:35:06Z"),
		"2030-02-03T04:05:06-0130":       at("2030-02-03T05:35:06Z"),
		"2030-01-01T00:00+00:01":         at("2029-12-31T23:59:00Z"),
		"1969-12-31T23:59:59.999Z":       -1,
		"0":                              0,
		"1700000000":                     1_700_000_000_000,
		"1700000000.5":                   1_700_000_000_500,
		"1700000000.0009":                1_700_000_000_000,
		"-1":                             -1000,
		"-1.5":                           -1500,
		"+60":                            60_000,
		"02030":                          2_030_000,
		"20300203":                       20_300_203_000, // eight digits are seconds
		"203":                            203_000,
		"999999999999999":                999_999_999_999_999_000,
		"2030-01-01T00:00:00.123456789Z": at("2030-01-01T00:00:00.123Z"),
	} {
		if got, ok := parseMillis(text); !ok || got != want {
			t.Errorf("%q is %d, %v; want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"", "x", "tomorrow", "2030-", "2030-1", "2030-13", "2030-00", "2030-02-30", "2027-02-29", "2030-02-00", "2030-02-03T",
		"2030-02-03T04Z", "2030-02-03T04:05", "2030-02-03T04:05:06", "2030-02-03 04:05:06Z", "2030-02-03T24:00:00Z", "2030-02-03T04:60Z",
		"2030-02-03T04:05:60Z", "2030-02-03T04:05:06.Z", "2030-02-03T04:05:06z", "2030-02-03T04:05:06ZZ", "2030-02-03T04:05:06+1", "2030-02-03T04:05:06+01:",
		"2030-02-03T04:05:06+24:00", "2030-02-03T04:05:06+01:60", "2030-02-03T04:05:06+01:30:00", "2030T04:05Z", "2030-02T04:05Z", "1e9",
		"1700000000.", ".5", "1.5.5", "--1", " 1700000000", "1234567890123456", "03/02/2030", "2030-02-03T-1:05Z",
	} {
		if got, ok := parseMillis(text); ok {
			t.Errorf("%q is %d; want it refused", text, got)
		}
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "2001:DB8::1": "2001:db8::1", "::ffff:192.0.2.1": "192.0.2.1", "::ffff:c000:201": "192.0.2.1", "::": "::",
	} {
		if got, ok := parseAddress(text); !ok || got.String() != want {
			t.Errorf("%q is %v, %v; want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "192.0.2", "192.0.2.256", "192.0.2.01", "192.0.2.1/32", "fe80::1%eth0", " 192.0.2.1", "[::1]", "localhost"} {
		if got, ok := parseAddress(text); ok {
			t.Errorf("%q is %v; want it refused", text, got)
		}
	}
}

func TestNetworks(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "192.0.2.77/24": "192.0.2.0/24", "0.0.0.0/0": "0.0.0.0/0", "1.2.3.4/0": "0.0.0.0/0",
		"2001:db8::1": "2001:db8::1/128", "2001:db8::/32": "2001:db8::/32", "::/0": "::/0",
		"2001:db8::1/32": "invalid Prefix", // host bits set: matches nothing
		// The family that is written counts.
		"::ffff:192.0.2.1": "::ffff:192.0.2.1/128", "::ffff:c000:200/120": "::ffff:192.0.2.0/120",
		// Zeros and a plus before a number mean nothing.
		"192.000.002.0/24": "192.0.2.0/24", "010.0.0.1": "10.0.0.1/32", "192.0.2.0/024": "192.0.2.0/24", "192.0.2.0/+24": "192.0.2.0/24",
		"2001:DB8::/064": "2001:db8::/64", "0.0.0.0/00": "0.0.0.0/0",
	} {
		if got, ok := parseNetwork(text); !ok || got.String() != want {
			t.Errorf("%q is %v, %v; want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/", "192.0.2.0/+", "192.0.2.0/++24", "192.0.2.0/0x18", "192.0.2.0/0000129", "192.0.2.256", "0192.0.2.0000256", "192..2.1", "192.0.2", "/24", "192.0.2.0/255.255.255.0", "fe80::%eth0/64", "192.0.*"} {
		if got, ok := parseNetwork(text); ok {
			t.Errorf("%q is %v; want it refused", text, got)
		}
	}
}

func TestARNs(t *testing.T) {
	for text, want := range map[string]string{
		"arn:aws:iam::444455556666:role/a:b": "arn|aws|iam||444455556666|role/a:b",
		"arn:aws:s3:::bucket":                "arn|aws|s3|||bucket",
		"arn:::::":                           "arn|||||",
	} {
		if got, ok := parseARN(text); !ok || strings.Join(got[:], "|") != want {
			t.Errorf("%q is %v, %v; want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "*", "arn", "arn:aws:iam::444455556666", "urn:aws:iam::444455556666:root", "ARN:aws:s3:::bucket", " arn:aws:s3:::b"} {
		if got, ok := parseARN(text); ok {
			t.Errorf("%q is %v; want it refused", text, got)
		}
	}
}

// spell writes pieces so that a test can read them: literals in brackets.
func spell(pieces []Piece) string {
	var b strings.Builder
	for _, piece := range pieces {
		switch piece.Kind {
		case LiteralPiece:
			b.WriteString("[" + piece.Text + "]")
		case AnyRunPiece:
			b.WriteString("*")
		case AnyOnePiece:
			b.WriteString("?")
		case VariablePiece:
			b.WriteString("<" + piece.Key)
			if piece.HasDefault {
				b.WriteString("|" + piece.Default)
			}
			b.WriteString(">")
		}
	}
	return b.String()
}

func TestPieces(t *testing.T) {
	plain, exact, glob, full := syntax{}, syntax{variables: true}, syntax{wildcards: true}, syntax{wildcards: true, variables: true}
	tests := []struct {
		name   string
		syntax syntax
		text   string
		want   string
	}{
		{"the empty string has none", full, "", ""},
		{"plain text is one", full, "abc", "[abc]"},
		{"wildcards are special where they are", full, "a*b?c", "[a]*[b]?[c]"},
		{"a run of stars is one", full, "a**b***", "[a]*[b]*"},
		{"stars apart from each other are not joined", full, "*?*", "*?*"},
		{"wildcards are plain under an exact operator", exact, "a*b?", "[a*b?]"},
		{"a variable", full, "a-${aws:PrincipalTag/Team}-b", "[a-]<aws:principaltag/team>[-b]"},
		{"a default whose quotation is not closed never resolves", exact, "${aws:PrincipalTag/t, 'Zz}", "<${aws:principaltag/t, 'zz}>"},
		{"a variable with a quoted default", exact, "${aws:PrincipalTag/t, 'Zz*'}", "<aws:principaltag/t|Zz*>"},
		{"a default without the blank", exact, "${aws:username,'x'}", "<aws:username|x>"},
		{"an empty default", exact, "${aws:username, ''}", "<aws:username|>"},
		{"a default with a comma", exact, "${aws:username, 'a,b'}", "<aws:username|a,b>"},
		{"an escaped star is text", full, "a${*}b*", "[a*b]*"},
		{"escaped characters are joined", full, "${*}${?}${$}", "[*?$]"},
		{"escapes work under an exact operator", exact, "a${*}", "[a*]"},
		{"an escaped dollar starts no variable", full, "${$}{aws:username}", "[${aws:username}]"},
		{"a star behind an escaped star is a wildcard", full, "${*}*", "[*]*"},
		{"an escape between variables", full, "${a}${*}${b}", "<a>[*]<b>"},
		{"an unclosed variable is text", full, "a${b", "[a${b]"},
		{"a wildcard in an unclosed variable still works", full, "${b*${c?", "[${b]*[${c]?"},
		{"a lone dollar is text", full, "a$b$", "[a$b$]"},
		{"an empty name never resolves", full, "${}", "<${}>"},
		{"a name with a space never resolves", full, "${aws:PrincipalTag/my team}", "<${aws:principaltag/my team}>"},
		{"a default does not help a name with a space", full, "${ a, 'x'}", "<${ a, 'x'}>"},
		{"a variable ends at the first brace", full, "${a${b}c}", "<a${b>[c}]"},
		{"without variables it is all text", glob, "${a}*", "[${a}]*"},
		{"nothing is special in plain operands", plain, "${a}*?", "[${a}*?]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := spell(test.syntax.pieces(test.text)); got != test.want {
				t.Errorf("%q is %s, want %s", test.text, got, test.want)
			}
		})
	}
}

func TestLowerCaseIsForASCIIAlone(t *testing.T) {
	for text, want := range map[string]string{"sts:AssumeRole": "sts:assumerole", "abc": "abc", "": "", "AZ[`": "az[`", "É\u212aİ": "É\u212aİ"} {
		if got := lowerASCII(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestTheNearestNameIsAMisspellingOrNone(t *testing.T) {
	known := []string{"Sid", "Effect", "Principal", "Condition"}
	for name, want := range map[string]string{
		"effect": "Effect", "Efect": "Effect", "Efefct": "Effect", "Conditions": "Condition", "Sd": "Sid", "SID": "Sid",
		"": "", "X": "", "Principle": "Principal", "Actor": "", strings.Repeat("Effect", 1000): "",
	} {
		if got, _ := nearest(name, known); got != want {
			t.Errorf("nearest to %q is %q, want %q", name, got, want)
		}
	}
}
