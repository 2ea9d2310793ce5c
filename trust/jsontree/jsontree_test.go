package jsontree

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"countersign/trust"
)

func parse(text string) (trust.Value, error) {
	return Parse(&trust.File{Name: "test.json", Text: []byte(text)})
}

func TestValuesKeepTheirKindTextAndPlace(t *testing.T) {
	tests := []struct {
		name, text string
		kind       trust.Kind
		value      string
		place      string // what the range cuts out
	}{
		{"null", `null`, trust.Null, "", `null`},
		{"true", ` true `, trust.Bool, "true", `true`},
		{"false", "\r\n\tfalse", trust.Bool, "false", `false`},
		{"a string without escapes", `"sts:AssumeRole"`, trust.String, "sts:AssumeRole", `"sts:AssumeRole"`},
		{"the empty string", `""`, trust.String, "", `""`},
		{"every short escape", `"\"\\\/\b\f\n\r\t"`, trust.String, "\"\\/\b\f\n\r\t", `"\"\\\/\b\f\n\r\t"`},
		{"an escape between text", `"a\u0062c"`, trust.String, "abc", `"a\u0062c"`},
		{"upper-case hexadecimal digits", `"\u00E9\u00e9"`, trust.String, "éé", `"\u00E9\u00e9"`},
		{"an escaped NUL", `"\u0000"`, trust.String, "\x00", `"\u0000"`},
		{"a surrogate pair", `"\ud83d\ude00"`, trust.String, "😀", `"\ud83d\ude00"`},
		{"text that is not ASCII", `"é😀"`, trust.String, "é😀", `"é😀"`},
		{"text that is not ASCII beside an escape", `"é\n😀"`, trust.String, "é\n😀", `"é\n😀"`},
		{"an escaped replacement character", `"\ufffd"`, trust.String, "\ufffd", `"\ufffd"`},
		{"DEL, which JSON allows", "\"\x7f\"", trust.String, "\x7f", "\"\x7f\""},
		{"zero", `0`, trust.Number, "0", `0`},
		{"negative zero", `-0`, trust.Number, "-0", `-0`},
		{"a number as it is spelt", `-12.50E+03`, trust.Number, "-12.50E+03", `-12.50E+03`},
		{"a number longer than a float holds", `90210445902104459021`, trust.Number, "90210445902104459021", `90210445902104459021`},
		{"a byte order mark before the value", "\ufefftrue", trust.Bool, "true", `true`},
		{"an empty object", `{ }`, trust.Object, "", `{ }`},
		{"an empty array", `[ ]`, trust.Array, "", `[ ]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v, err := parse(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if v.Kind != test.kind || v.Text != test.value || v.Range.Text() != test.place {
				t.Errorf("kind %d, text %q, place %q; want %d, %q, %q",
					v.Kind, v.Text, v.Range.Text(), test.kind, test.value, test.place)
			}
		})
	}
}

func TestDuplicateKeysAreKeptInOrder(t *testing.T) {
	v, err := parse(`{"b": 1, "a": [true, {"x": "y"}], "b": 2}`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range v.Members {
		got = append(got, fmt.Sprintf("%s=%s@%d", m.Key.Text, m.Value.Range.Text(), m.Key.Range.Start))
	}
	want := `b=1@1 a=[true, {"x": "y"}]@9 b=2@34`
	if strings.Join(got, " ") != want {
		t.Errorf("members %s, want %s", strings.Join(got, " "), want)
	}
}

func TestContainersDoNotShareRoom(t *testing.T) {
	// Members of all containers stand in one slab: to append to one must not
	// reach into the next.
	v, err := parse(`[{"a": 1}, {"b": 2}, [3], [4]]`)
	if err != nil {
		t.Fatal(err)
	}
	_ = append(v.Items[0].Members, trust.Member{})
	_ = append(v.Items[2].Items, trust.Value{})
	if v.Items[1].Members[0].Key.Text != "b" || v.Items[3].Items[0].Text != "4" {
		t.Error("appending to one container changed another")
	}
}

func TestTheTreeSurvivesAChangeOfTheBytes(t *testing.T) {
	file := &trust.File{Text: []byte(`{"key": "value"}`)}
	v, err := Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	clear(file.Text)
	if v.Members[0].Key.Text != "key" || v.Members[0].Value.Text != "value" {
		t.Error("the tree shares memory with the file")
	}
}

func TestFaultsNameTheirPlaceAndARemedy(t *testing.T) {
	deep := strings.Repeat("[", 65)
	tests := []struct {
		name, text   string
		line, column int
		message      string
		hint         string // a part of it
	}{
		{"an empty text", "", 1, 1, "the text is empty", "one value"},
		{"white space alone", " \n ", 2, 2, "the text is empty", "one value"},
		{"a byte order mark alone", "\ufeff", 1, 2, "the text is empty", "one value"},
		{"a second value", "{}\n{}", 2, 1, "unexpected '{' behind the end of the document", "remove what follows"},
		{"a second byte order mark", "\ufeff\ufeff{}", 1, 2, `unexpected '\ufeff', expected a value`, "a value is"},
		{"a comma behind the last member", "{\n \"a\": 1,\n}", 3, 1, "unexpected '}' after a comma", "no comma behind the last"},
		{"a comma behind the last item", "[1, ]", 1, 5, "unexpected ']' after a comma", "no comma behind the last"},
		{"two commas", "[1,,2]", 1, 4, "unexpected ',', expected a value", "a value is missing before it"},
		{"a missing comma", `{"a": 1 "b": 2}`, 1, 9, "unexpected '\"', expected a comma or '}'", "separated by commas"},
		{"the wrong bracket", `[1}`, 1, 3, "unexpected '}', expected a comma or ']'", "separated by commas"},
		{"a missing colon", `{"a" 1}`, 1, 6, "expected a colon after the key, found '1'", `"key": value`},
		{"a missing value", `{"a": }`, 1, 7, "unexpected '}', expected a value", "missing before it"},
		{"a value cut off", `{"a":`, 1, 6, "unexpected end of text", "a value is missing"},
		{"a key without quotation marks", `{a: 1}`, 1, 2, "unexpected 'a', expected a key", "double quotation marks"},
		{"a number as key", `{1: 1}`, 1, 2, "unexpected '1', expected a key", "double quotation marks"},
		{"a comment before a key", "{\n// x\n}", 2, 1, "unexpected '/', expected a key", "no comments"},
		{"a comment before a value", "# x", 1, 1, "unexpected '#', expected a value", "no comments"},
		{"single quotation marks", `['a']`, 1, 2, `unexpected '\'', expected a value`, "double quotation marks"},
		{"a word", `[yes]`, 1, 2, "unexpected 'y', expected a value", "only bare words"},
		{"True in capitals", `[True]`, 1, 2, "unexpected 'T', expected a value", "lower case"},
		{"a word that starts like another", `[nullable]`, 1, 2, "unexpected 'n', expected a value", "only bare words"},
		{"an unclosed object", "{\"a\": 1\n", 2, 1, "unexpected end of text, expected '}'", "opened at line 1, column 1"},
		{"an unclosed array", "{\"a\": [1", 1, 9, "unexpected end of text, expected ']'", "opened at line 1, column 7"},
		{"an object cut off behind a comma", `{"a": 1,`, 1, 9, "unexpected end of text, expected a key", "double"},
		{"an unclosed string", "[\"abc", 1, 2, "a string is not closed", "close it"},
		{"an unclosed string behind an escape", `["a\"bc`, 1, 2, "a string is not closed", "close it"},
		{"a line break in a string", "[\"ab\nc\"]", 1, 5, "line break in a string", `\n`},
		{"a tab in a string", "[\"\t\"]", 1, 3, "control character 0x09 in a string", `\u0009`},
		{"a NUL in a string behind an escape", "[\"\\n\x00\"]", 1, 5, "control character 0x00 in a string", `\u0000`},
		{"an unknown escape", `["é\x41"]`, 1, 4, "unknown escape in a string", `a backslash itself is written \\`},
		{"an escape at the end", `"\`, 1, 2, "the text ends in an escape", "quotation mark"},
		{"a short unicode escape", `["\u12"]`, 1, 3, "incomplete escape in a string", "four hexadecimal digits"},
		{"a high surrogate alone", `["a\ud83d"]`, 1, 4, "half of a surrogate pair in a string", `\ud83d\ude00`},
		{"a low surrogate alone", `["\ude00"]`, 1, 3, "half of a surrogate pair in a string", `\ud83d\ude00`},
		{"two high surrogates", `["\ud83d\ud83d"]`, 1, 3, "half of a surrogate pair in a string", `\ud83d\ude00`},
		{"invalid UTF-8", "[\"é\xff\"]", 1, 4, "invalid UTF-8: byte 0xff", "save the file as UTF-8"},
		{"invalid UTF-8 behind an escape", "[\"\\n\xc3\"]", 1, 5, "invalid UTF-8: byte 0xc3", "save the file as UTF-8"},
		{"an encoded surrogate", "[\"\xed\xa0\x80\"]", 1, 3, "invalid UTF-8: byte 0xed", "save the file as UTF-8"},
		{"an overlong encoding", "[\"\xc0\x80\"]", 1, 3, "invalid UTF-8: byte 0xc0", "save the file as UTF-8"},
		{"invalid UTF-8 outside a string", "\xff", 1, 1, "unexpected the byte 0xff, expected a value", "a value is"},
		{"a leading zero", `[012]`, 1, 2, "a number starts with a superfluous zero", "in quotation marks"},
		{"a leading plus", `[+1]`, 1, 2, "unexpected '+', expected a value", "minus sign"},
		{"a leading point", `[.5]`, 1, 2, "unexpected '.', expected a value", "digit"},
		{"a trailing point", `[1.]`, 1, 4, "expected a digit after the decimal point, found ']'", "-12.5e3"},
		{"a lone minus", `[-]`, 1, 3, "expected a digit after the minus sign, found ']'", "-12.5e3"},
		{"an empty exponent", `[1e+`, 1, 5, "expected a digit in the exponent, found end of text", "-12.5e3"},
		{"a hexadecimal number", `[0x1]`, 1, 3, "unexpected 'x', expected a comma or ']'", "separated"},
		{"65 levels", deep, 1, 65, "nested too deep", "at most 64 levels"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := parse(test.text)
			var fault *trust.SyntaxError
			if !errors.As(err, &fault) {
				t.Fatalf("error %v, want a syntax error", err)
			}
			if fault.Message != test.message || !strings.Contains(fault.Hint, test.hint) {
				t.Errorf("got %q (hint %q), want %q (hint with %q)", fault.Message, fault.Hint, test.message, test.hint)
			}
			if line, column := fault.Range.Line(), fault.Range.Column(); line != test.line || column != test.column {
				t.Errorf("at %d:%d, want %d:%d", line, column, test.line, test.column)
			}
		})
	}
}

func TestSixtyFourLevelsAreRead(t *testing.T) {
	if _, err := parse(strings.Repeat("[", 64) + strings.Repeat("]", 64)); err != nil {
		t.Error(err)
	}
	// Depth counts what is open, not what has been.
	if _, err := parse("[" + strings.Repeat("[[]],", 100) + "{}]"); err != nil {
		t.Error(err)
	}
}

func TestAFaultLeavesNothingForTheNextDocument(t *testing.T) {
	for range 10 {
		if _, err := parse(`{"left": [1, 2, {"over": }`); err == nil {
			t.Fatal("want an error")
		}
		v, err := parse(`{"a": [true]}`)
		if err != nil || len(v.Members) != 1 || len(v.Members[0].Value.Items) != 1 {
			t.Fatalf("got %v, %v", v, err)
		}
	}
}

func TestHostileTextTakesLinearTimeAndRoom(t *testing.T) {
	const n = 1 << 20
	shapes := map[string]string{
		"commas in an object":        "{" + strings.Repeat(",", n),
		"commas in an array":         "[0" + strings.Repeat(",", n),
		"opening brackets":           strings.Repeat("[{", n/2),
		"empty objects":              "[" + strings.Repeat("{},", n/3) + "{}]",
		"backslashes":                `"` + strings.Repeat(`\\`, n/2),
		"escaped quotation marks":    `"` + strings.Repeat(`\"`, n/2) + `"`,
		"strings":                    "[" + strings.Repeat(`"",`, n/3) + `""]`,
		"a long number":              strings.Repeat("1", n),
		"an empty array, much space": "[" + strings.Repeat(" ", n) + "]",
	}
	for name, text := range shapes {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, _ = parse(text)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			// A value takes some hundred bytes, and two bytes make a value.
			if room := after.TotalAlloc - before.TotalAlloc; took > time.Second || room > 100*n {
				t.Errorf("%v and %d MB for one megabyte", took, room>>20)
			}
		})
	}
}
