package export

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"countersign/internal/audit"

	"github.com/go-json-experiment/json/jsontext"
)

// reportBroken tells of a file that cannot be read on, and reports whether it
// did: a file met in a directory may well be no export and no JSON at all.
func (r *Reader) reportBroken(fault error) bool {
	if !r.file.Named && !r.known && !bytes.Contains(r.text.block[:r.text.fill], []byte("AssumeRole")) {
		return false
	}
	reason, hint := r.explain(fault)
	r.out.Incomplete(audit.Incomplete{Source: r.file.Path, Reason: reason, Hint: hint})
	return true
}

func (r *Reader) explain(fault error) (reason, hint string) {
	if r.text.failure != nil {
		line, column := r.text.line, r.text.column // where the value begins that is too large
		if !errors.Is(r.text.failure, errTooLarge) {
			line, column = r.placeOf(math.MaxInt64)
		}
		return fmt.Sprintf("%s: cannot read on: %v", place(line, column), r.text.failure), ""
	}
	var syntax *jsontext.SyntacticError
	if !errors.As(fault, &syntax) {
		return "not valid JSON: " + fault.Error(), ""
	}
	hint = "correct the file or make the export again"
	if r.yielded {
		hint = "the roles before this place are judged; " + hint
	}
	line, column := r.faultPlace(fault)
	if errors.Is(syntax.Err, io.ErrUnexpectedEOF) {
		return place(line, column) + ": the file ends in the middle of a JSON value", hint
	}
	message := strings.TrimPrefix(syntax.Err.Error(), "jsontext: ")
	return place(line, column) + ": not valid JSON: " + message, hint
}

// placeOf gives the line and column of an offset that is still held, or of the
// nearest that is.
func (r *Reader) placeOf(offset int64) (line, column int) {
	offset = min(max(offset, r.text.at), r.text.base+int64(r.text.given))
	return move(r.text.line, r.text.column, r.text.block[r.text.at-r.text.base:offset-r.text.base])
}

// faultPlace gives the place of a fault of the JSON.
func (r *Reader) faultPlace(fault error) (line, column int) {
	var syntax *jsontext.SyntacticError
	if !errors.As(fault, &syntax) {
		return r.text.line, r.text.column
	}
	return r.placeOf(syntax.ByteOffset)
}

func place(line, column int) string { return fmt.Sprintf("line %d, column %d", line, column) }
