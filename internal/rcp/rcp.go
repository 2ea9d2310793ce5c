// Package rcp reads resource control policies from what people have at hand:
// policy documents, lists of them, and the answers of
// `aws organizations describe-policy`.
package rcp

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"countersign/trust"
	"countersign/trust/jsontree"
)

// Bounds on a file. An organization has at most 1,000 RCPs of 5,120 characters
// each (AWS Organizations User Guide, "Quotas"); listings are pretty-printed.
const (
	largest = 16 << 20 // bytes
	most    = 1_000    // policies
)

// Error says what is wrong with a file of RCPs.
type Error struct {
	Path         string
	Line, Column int // 1-based; 0 when the fault is the file's as a whole
	Message      string
	Hint         string // may be empty
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.Path, e.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Path, e.Line, e.Column, e.Message)
}

// Read reads every RCP of a file; path serves its messages. Faults of the
// content are told as *Error. A file without any RCP is a fault: whoever names
// one relies on it.
func Read(path string, file io.Reader) ([]*trust.Policy, error) {
	text, err := io.ReadAll(io.LimitReader(file, largest+1))
	if err != nil {
		return nil, &Error{Path: path, Message: "cannot be read: " + err.Error()}
	}
	if len(text) > largest {
		return nil, &Error{Path: path, Message: "is larger than 16 MiB"}
	}
	reader := reader{path: path}
	for _, document := range documents(text) {
		reader.line, reader.column = position(text[:document.start])
		tree, err := jsontree.Parse(&trust.File{Name: path, Text: text[document.start:document.end]})
		if err != nil {
			return nil, reader.fault(err)
		}
		if err := reader.value(tree); err != nil {
			return nil, err
		}
	}
	if len(reader.policies) == 0 {
		return nil, &Error{Path: path, Message: "holds no policy", Hint: kinds}
	}
	return reader.policies, nil
}

const kinds = "it takes an RCP document, a list of them, or answers of: aws organizations describe-policy --policy-id p-…"

// span is the byte range of one JSON text in a file.
type span struct{ start, end int }

// documents splits concatenated JSON texts. Text that is no JSON ends up in the
// last one, for the parser to say where it breaks.
func documents(text []byte) (found []span) {
	decoder := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true))
	start := 0
	for {
		if err := decoder.SkipValue(); err != nil {
			if !errors.Is(err, io.EOF) || len(found) == 0 {
				found = append(found, span{start, len(text)})
			}
			return found
		}
		end := int(decoder.InputOffset())
		found = append(found, span{start, end})
		start = end
	}
}

// position returns the 1-based line and column just behind text.
func position(text []byte) (line, column int) {
	behind := trust.Range{File: &trust.File{Text: text}, Start: len(text), End: len(text)}
	return behind.Line(), behind.Column()
}

// reader collects the policies of one file.
type reader struct {
	path         string
	line, column int // where the current document begins
	policies     []*trust.Policy
}

// value reads a policy document, an answer that holds one, or a list of either.
func (r *reader) value(value trust.Value) error {
	switch {
	case value.Kind == trust.Array:
		for _, item := range value.Items {
			if err := r.value(item); err != nil {
				return err
			}
		}
		return nil
	case value.Kind != trust.Object:
		return r.at(value, "expected a policy, found something else", kinds)
	}
	if policy, ok := value.Get("Policy"); ok {
		return r.described(policy)
	}
	if _, ok := value.Get("Content"); ok {
		return r.described(value)
	}
	if _, ok := value.Get("Policies"); ok {
		return r.at(value, "list-policies does not tell what the policies say", kinds)
	}
	return r.fault(r.policy(value))
}

// described reads the Policy of a describe-policy answer, whose Content is the
// document as a JSON string.
func (r *reader) described(policy trust.Value) error {
	if summary, ok := policy.Get("PolicySummary"); ok {
		if kind, ok := summary.Get("Type"); ok && kind.Text != "RESOURCE_CONTROL_POLICY" {
			return r.at(kind, fmt.Sprintf("a policy of type %q, not a resource control policy", kind.Text),
				"only resource control policies bind callers from other accounts")
		}
	}
	content, ok := policy.Get("Content")
	if !ok || content.Kind != trust.String {
		return r.at(policy, "a policy without Content", kinds)
	}
	tree, err := jsontree.Parse(&trust.File{Name: r.path, Text: []byte(content.Text)})
	if err == nil {
		err = r.policy(tree)
	}
	var syntax *trust.SyntaxError
	if errors.As(err, &syntax) { // its place is one in the decoded string
		return r.at(content, "in this Content: "+syntax.Message, syntax.Hint)
	}
	return err
}

func (r *reader) policy(value trust.Value) error {
	policy, err := trust.ParseRCP(value)
	if err != nil {
		return err
	}
	if len(r.policies) == most {
		return &Error{Path: r.path, Message: fmt.Sprintf("holds more than %d policies", most)}
	}
	r.policies = append(r.policies, policy)
	return nil
}

func (r *reader) at(value trust.Value, message, hint string) error {
	return r.place(value.Range, message, hint)
}

// place counts a range of the current document from the top of the file.
func (r *reader) place(where trust.Range, message, hint string) error {
	line, column := where.Line(), where.Column()
	if line == 1 {
		column += r.column - 1
	}
	return &Error{r.path, line + r.line - 1, column, message, hint}
}

// fault gives an error of the JSON or policy parser its place in the file.
func (r *reader) fault(err error) error {
	var syntax *trust.SyntaxError
	if errors.As(err, &syntax) {
		return r.place(syntax.Range, syntax.Message, syntax.Hint)
	}
	return err
}
