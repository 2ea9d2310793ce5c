package trust

import "fmt"

// SyntaxError says where a document has no meaning, and what to do about it.
// Readers and [Parse] return it for every fault of the document itself.
type SyntaxError struct {
	Message string // lower case, no full stop
	Hint    string // what would be right; may be empty
	Range   Range
}

func (e *SyntaxError) Error() string {
	if e.Range.IsZero() {
		return e.Message
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Range.Line(), e.Range.Column(), e.Message)
}
