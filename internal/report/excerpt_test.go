package report

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"countersign/trust"
)

// excerptOf shows a piece of a text and returns the lines.
func excerptOf(text string, start, end, width int) []string {
	var out bytes.Buffer
	p := page{bufio.NewWriter(&out), style{}, width}
	file := &trust.File{Text: []byte(text)}
	p.excerpt(&document{file: file}, trust.Range{File: file, Start: start, End: end}, red)
	p.w.Flush()
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

// underlined returns what stands above the carets, column by column.
func underlined(t interface{ Fatalf(string, ...any) }, lines []string) string {
	carets := lines[len(lines)-1]
	from, to := strings.IndexByte(carets, '^'), len(carets)
	if from < 0 || strings.Trim(carets[from:], "^") != "" {
		t.Fatalf("no carets in %q", carets)
	}
	var b strings.Builder
	at := 0
	for _, r := range lines[len(lines)-2] {
		if at >= from && at < to {
			b.WriteRune(r)
		}
		at += runeColumns(r)
	}
	return b.String()
}

func TestCaretsStandUnderTheirPlace(t *testing.T) {
	for _, test := range []struct {
		name, text, piece string
		want              string
	}{
		{"in a short line", `{"a": "b"}`, `"b"`, `"b"`},
		{"behind a tab", "{\t\"a\":\t\"b\"}", `"b"`, `"b"`},
		{"behind wide characters", `{"請求": "書", "a": "b"}`, `"b"`, `"b"`},
		{"under wide characters", `{"a": "請求書"}`, `"請求書"`, `"請求書"`},
		{"behind a combining mark", "{\"e\u0301\": \"b\"}", `"b"`, `"b"`},
		{"behind an escape sequence", "{\"\x1b[31m\": \"b\"}", `"b"`, `"b"`},
		{"under an escape sequence", "{\"a\": \"\x1b[31m\"}", "\"\x1b[31m\"", `"\x1b[31m"`},
		{"behind bytes that are not UTF-8", "{\"\xff\xfe\": \"b\"}", `"b"`, `"b"`},
		{"in a line that ends in CRLF", "{\r\n  \"a\": \"b\"\r\n}", `"b"`, `"b"`},
		{"in the middle of a long line", strings.Repeat(`"x", `, 400) + `"b"` + strings.Repeat(`, "y"`, 400), `"b"`, `"b"`},
		{"at the end of a long line", strings.Repeat("書", 400) + `"b"`, `"b"`, `"b"`},
		{"at the start of a long line", `"b"` + strings.Repeat("x", 4000), `"b"`, `"b"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			start := strings.Index(test.text, test.piece)
			lines := excerptOf(test.text, start, start+len(test.piece), 80)
			if got := underlined(t, lines); got != test.want {
				t.Errorf("under %q, want %q:\n%s", got, test.want, strings.Join(lines, "\n"))
			}
		})
	}
}

func TestCaretsBehindTheEndOfALineStandBehindItsText(t *testing.T) {
	lines := excerptOf(`{"a"`, 4, 4, 80)
	if at := strings.IndexByte(lines[2], '^'); at != len(lines[1]) {
		t.Errorf("got\n%s", strings.Join(lines, "\n"))
	}
}

func TestExcerptsKeepToTheWidthAndPointToTheirPlace(t *testing.T) {
	character := rapid.SampledFrom([]string{"a", "b", " ", "書", "é", "\t", "\n", "\r\n", "\x1b", "\u202e", "\"", "{", "\xff", "🙂"})
	rapid.Check(t, func(t *rapid.T) {
		before := strings.Join(rapid.SliceOfN(character, 0, 300).Draw(t, "before"), "")
		after := strings.Join(rapid.SliceOfN(character, 0, 300).Draw(t, "after"), "")
		width := rapid.IntRange(leastWidth, 120).Draw(t, "width")
		const piece = `"NEEDLE"`
		lines := excerptOf(before+piece+after, len(before), len(before)+len(piece), width)
		for _, line := range lines {
			if columns(line) > width {
				t.Fatalf("%d columns of %d: %q", columns(line), width, line)
			}
		}
		if got := underlined(t, lines); got != piece {
			t.Fatalf("under %q:\n%s", got, strings.Join(lines, "\n"))
		}
	})
}

func TestAMaskCountsAsOnePlace(t *testing.T) {
	const text = `{"sts:ExternalId": "acme-prod-7731", "x": "b"}`
	file := &trust.File{Text: []byte(text)}
	secret := strings.Index(text, `"acme`)
	d := &document{file: file, masks: map[*trust.File][]trust.Range{
		file: {{File: file, Start: secret, End: secret + len(`"acme-prod-7731"`)}},
	}}
	for _, test := range []struct {
		name       string
		start, end int
		want       string
	}{
		{"when it is meant itself", secret, secret + 16, mask},
		{"when a part of it is meant", secret + 3, secret + 5, mask},
		{"when something behind it is meant", strings.Index(text, `"b"`), strings.Index(text, `"b"`) + 3, `"b"`},
		{"when it is in the middle of what is meant", 1, secret + 16, `"sts:ExternalId": ` + mask},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			p := page{bufio.NewWriter(&out), style{}, 80}
			p.excerpt(d, trust.Range{File: file, Start: test.start, End: test.end}, red)
			p.w.Flush()
			if got := underlined(t, strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")); got != test.want {
				t.Errorf("under %q, want %q", got, test.want)
			}
		})
	}
}

func TestFoldedRowsKeepTheirTextAndTheWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("ab ,書é"))).Draw(t, "text")
		limit := rapid.IntRange(2, 40).Draw(t, "limit")
		file := &trust.File{Text: []byte(text)}
		joinedText := ""
		for _, row := range fold((&document{}).cells(file, 0, len(text)), limit) {
			if got := columns(joined(row)); got > limit {
				t.Fatalf("a row of %d columns", got)
			}
			joinedText += joined(row)
		}
		if joinedText != text {
			t.Fatalf("%q became %q", text, joinedText)
		}
	})
}
