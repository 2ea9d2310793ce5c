// Package yamltree reads YAML, and JSON as it stands in templates, as document
// trees with the byte range of every value.
//
// It keeps what a general decoder throws away: how a number is spelt (an
// account id may start with zeros), duplicate keys, tags, and where everything
// stands. A value with a tag of an application, such as !Sub, becomes an object
// with the tag as its only key. Anchors are followed, and a value that comes
// from one has the range of the anchor's text; merge keys are expanded.
package yamltree

import (
	"bytes"
	"errors"
	"fmt"

	"countersign/trust"
	"countersign/trust/jsontree"
)

// maxSize bounds the files that are read, in bytes.
const maxSize = 64 << 20

// Read reads every document of a file. The error is a [*trust.SyntaxError]; the
// documents before it are returned beside it.
func Read(file *trust.File) ([]trust.Value, error) {
	if err := checkFile(file); err != nil {
		return nil, err
	}
	if beginsLikeJSON(file.Text) {
		value, err := jsontree.Parse(file)
		if err == nil {
			return []trust.Value{value}, nil
		}
		if documents, yamlErr := readDocuments(file); yamlErr == nil {
			return documents, nil // flow style, with comments or bare words
		}
		return nil, err
	}
	return readDocuments(file)
}

// readDocuments reads a file of YAML.
func readDocuments(file *trust.File) (documents []trust.Value, err error) {
	eachDocument(file, func(document trust.Value, fault error) {
		if err == nil && fault == nil {
			documents = append(documents, document)
		} else if err == nil {
			err = fault
		}
	})
	return documents, err
}

// Each calls visit with every document of a file, or with the fault of one that
// cannot be read, in order; it keeps none of them.
func Each(file *trust.File, visit func(trust.Value, error)) {
	if err := checkFile(file); err != nil {
		visit(trust.Value{}, err)
		return
	}
	if !beginsLikeJSON(file.Text) {
		eachDocument(file, visit)
		return
	}
	documents, err := Read(file)
	for _, document := range documents {
		visit(document, nil)
	}
	if err != nil {
		visit(trust.Value{}, err)
	}
}

// leastGroup is how many bytes of documents are parsed together: a parser costs
// more than a small document.
const leastGroup = 16 << 10

// eachDocument reads a file of YAML some documents at a time, so that what it
// needs at once is little. Where documents are broken, they are read alone.
func eachDocument(file *trust.File, visit func(trust.Value, error)) {
	parts := documentParts(file.Text)
	for len(parts) > 0 {
		count := 1
		for count < len(parts) && parts[count-1].end-parts[0].start < leastGroup {
			count++
		}
		documents, err := parse(file, part{parts[0].start, parts[count-1].end})
		if err != nil && count > 1 {
			for _, one := range parts[:count] {
				documents, err := parse(file, one)
				visitAll(documents, err, visit)
			}
		} else {
			visitAll(documents, err, visit)
		}
		parts = parts[count:]
	}
}

func visitAll(documents []trust.Value, err error, visit func(trust.Value, error)) {
	for _, document := range documents {
		visit(document, nil)
	}
	if err != nil {
		visit(trust.Value{}, err)
	}
}

var byteOrderMark = []byte("\xEF\xBB\xBF")

// checkFile refuses what is no text that a reader could go on with.
func checkFile(file *trust.File) error {
	text := file.Text
	switch {
	case len(text) > maxSize:
		return fault(file, 0, 0, fmt.Sprintf("the file has more than %d MB", maxSize>>20), "split it")
	case bytes.HasPrefix(text, []byte{0xFF, 0xFE}), bytes.HasPrefix(text, []byte{0xFE, 0xFF}),
		len(text) > 1 && (text[0] == 0) != (text[1] == 0):
		return fault(file, 0, 0, "the file is UTF-16 text", "save it as UTF-8")
	}
	return nil
}

// textStart is where the text begins behind a byte order mark.
func textStart(text []byte) int {
	if bytes.HasPrefix(text, byteOrderMark) {
		return len(byteOrderMark)
	}
	return 0
}

func beginsLikeJSON(text []byte) bool {
	text = bytes.TrimLeft(text[textStart(text):], " \t\r\n")
	return len(text) > 0 && (text[0] == '{' || text[0] == '[')
}

// part is a byte range of a file.
type part struct{ start, end int }

// documentParts splits a file at the lines that start a document ("---").
// Inside of a document no line can begin so (YAML 1.2, section 9.1.2).
func documentParts(text []byte) []part {
	var parts []part
	start := textStart(text)
	for at := start; at < len(text); at = nextLine(text, at) {
		line := text[at:]
		if !bytes.HasPrefix(line, []byte("---")) || len(line) > 3 && !isBlank(line[3]) {
			continue
		}
		if len(bytes.TrimSpace(text[start:at])) > 0 && !isDirectives(text[start:at]) {
			parts = append(parts, part{start, at})
			start = at
		}
	}
	return append(parts, part{start, len(text)})
}

// isDirectives reports whether there is nothing but comments and directives,
// which belong to the document behind them.
func isDirectives(text []byte) bool {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' && line[0] != '%' {
			return false
		}
	}
	return true
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// nextLine is where the line behind the one at that offset begins.
func nextLine(text []byte, at int) int {
	if end := bytes.IndexByte(text[at:], '\n'); end >= 0 {
		return at + end + 1
	}
	return len(text)
}

func fault(file *trust.File, start, end int, message, hint string) error {
	return &trust.SyntaxError{Message: message, Hint: hint, Range: trust.Range{File: file, Start: start, End: end}}
}

// parseJSON reads one JSON value that is a part of a file.
func parseJSON(file *trust.File, start, end int) (trust.Value, error) {
	inner := &trust.File{Text: file.Text[start:end]}
	move := func(r *trust.Range) { *r = trust.Range{File: file, Start: r.Start + start, End: r.End + start} }
	value, err := jsontree.Parse(inner)
	if err != nil {
		var syntax *trust.SyntaxError
		if errors.As(err, &syntax) {
			move(&syntax.Range)
		}
		return trust.Value{}, err
	}
	moveRanges(&value, move)
	return value, nil
}

// moveRanges changes every range of a tree.
func moveRanges(v *trust.Value, move func(*trust.Range)) {
	move(&v.Range)
	for i := range v.Items {
		moveRanges(&v.Items[i], move)
	}
	for i := range v.Members {
		moveRanges(&v.Members[i].Key, move)
		moveRanges(&v.Members[i].Value, move)
	}
}

// Repeated finds a key that an object has twice.
func Repeated(v trust.Value) error {
	if len(v.Members) < 12 {
		for i := range v.Members {
			for j := range i {
				if err := sameKey(&v.Members[j].Key, &v.Members[i].Key); err != nil {
					return err
				}
			}
		}
		return nil
	}
	seen := make(map[string]int, len(v.Members))
	for i := range v.Members {
		if j, found := seen[v.Members[i].Key.Text]; found {
			if err := sameKey(&v.Members[j].Key, &v.Members[i].Key); err != nil {
				return err
			}
		}
		seen[v.Members[i].Key.Text] = i
	}
	return nil
}

func sameKey(first, second *trust.Value) error {
	if first.Kind != trust.String || second.Kind != trust.String || first.Text != second.Text {
		return nil
	}
	name := first.Text
	if len(name) > 64 {
		name = name[:64] + "…"
	}
	return &trust.SyntaxError{
		Message: fmt.Sprintf("the key %q is repeated", name),
		Hint:    fmt.Sprintf("it stands at line %d already; keep one of them", first.Range.Line()),
		Range:   second.Range,
	}
}
