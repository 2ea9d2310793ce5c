package report

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"countersign/internal/audit"
	"countersign/internal/rule"
)

// jsonWriter writes one document, one result a line, so that a report can be
// read as it grows and compared line by line.
type jsonWriter struct {
	encoder
	results int
}

func newJSON(w io.Writer, options Options) Writer {
	return &jsonWriter{encoder: newEncoder(w, options)}
}

func (j *jsonWriter) Finding(finding *rule.Finding) error {
	if j.results == 0 {
		j.head()
	} else {
		j.text(",\n")
	}
	j.results++
	j.value(newResult(finding, &j.options))
	return j.err
}

func (j *jsonWriter) head() {
	j.text(`{"schema":"` + schemaName + `","tool":`)
	j.value(tool{"countersign", j.options.Version})
	j.text(`,"zone":`)
	j.value(newZone(j.options.Zone))
	j.text(",\n\"results\":[\n")
}

func (j *jsonWriter) Close(s audit.Summary) error {
	if j.results == 0 {
		j.head()
	}
	j.text("\n],\n\"summary\":")
	j.value(newSummary(s))
	j.text(",\n\"incomplete\":")
	j.value(newIncomplete(s.Incomplete))
	j.text(",\n\"waivers\":")
	j.value(newWaiverNotes(s.Waivers))
	j.text(",\n\"baseline\":")
	j.value(newBaseline(s.Baseline))
	j.text("}\n")
	return j.flush()
}

// linesWriter writes JSON Lines: each result, then the summary.
type linesWriter struct{ encoder }

func newLines(w io.Writer, options Options) Writer {
	return &linesWriter{newEncoder(w, options)}
}

func (l *linesWriter) Finding(finding *rule.Finding) error {
	l.value(newResult(finding, &l.options))
	l.text("\n")
	return l.err
}

func (l *linesWriter) Close(s audit.Summary) error {
	l.value(struct {
		Schema     string           `json:"schema"`
		Summary    summary          `json:"summary"`
		Incomplete []incomplete     `json:"incomplete"`
		Waivers    []waiverNote     `json:"waivers"`
		Baseline   *baselineOutcome `json:"baseline"`
	}{schemaName, newSummary(s), newIncomplete(s.Incomplete), newWaiverNotes(s.Waivers), newBaseline(s.Baseline)})
	l.text("\n")
	return l.flush()
}

// encoder writes JSON values and the text between them, and keeps the first
// error.
type encoder struct {
	w       *bufio.Writer
	options Options
	buffer  bytes.Buffer
	err     error
}

func newEncoder(w io.Writer, options Options) encoder {
	return encoder{w: bufio.NewWriterSize(w, 64<<10), options: options}
}

func (e *encoder) text(text string) {
	if e.err == nil {
		_, e.err = e.w.WriteString(text)
	}
}

func (e *encoder) value(value any) {
	if e.err != nil {
		return
	}
	e.buffer.Reset()
	// Names come from strangers' files: bytes that are not UTF-8 become U+FFFD.
	err := json.MarshalWrite(&e.buffer, value, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		e.err = fmt.Errorf("writing the report: %w", err)
		return
	}
	_, e.err = e.w.Write(escapeUnprintable(e.buffer.Bytes()))
}

func (e *encoder) flush() error {
	if e.err != nil {
		return e.err
	}
	return e.w.Flush()
}

// escapeUnprintable spells the characters that JSON allows as they are but a
// terminal may obey, such as C1 controls and changes of direction, as \u
// escapes. Outside ASCII they can stand in strings only.
func escapeUnprintable(encoded []byte) []byte {
	plain := true
	for _, c := range encoded {
		plain = plain && c < 0x7f
	}
	if plain {
		return encoded
	}
	escaped := make([]byte, 0, len(encoded)+16)
	for len(encoded) > 0 {
		r, size := utf8.DecodeRune(encoded)
		switch {
		case r < 0x7f || strconv.IsPrint(r):
			escaped = append(escaped, encoded[:size]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			escaped = fmt.Appendf(escaped, `\u%04x\u%04x`, high, low)
		default:
			escaped = fmt.Appendf(escaped, `\u%04x`, r)
		}
		encoded = encoded[size:]
	}
	return escaped
}
