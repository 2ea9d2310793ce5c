package textdiff

import (
	"bytes"
	"encoding/json"
)

// JSON is the unified diff of two JSON documents, both spread over lines first:
// IAM gives policies on one line. Text that is no JSON is compared as it is.
func JSON(nameBefore, nameAfter string, before, after []byte) string {
	const context = 3
	return Unified(nameBefore, nameAfter, spread(before), spread(after), context)
}

func spread(document []byte) []byte {
	var text bytes.Buffer
	if json.Indent(&text, bytes.TrimSpace(document), "", "  ") != nil {
		return document
	}
	text.WriteByte('\n')
	return text.Bytes()
}
