package trust

import (
	"errors"
	"fmt"
)

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

// WithoutPlace is an error without the place that a [*SyntaxError] names, which
// would be one of a text that nobody sees. Of other errors it is the same.
func WithoutPlace(err error) error {
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		return errors.New(syntax.Message)
	}
	return err
}
