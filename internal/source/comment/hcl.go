package comment

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"countersign/internal/role"
	"countersign/trust"
)

// InHCL finds the waivers at a block, which takes the bytes [start, end) of a
// file. path is the file as messages show it.
func InHCL(path string, file *trust.File, start, end int) []role.Note {
	f := &finder{file: file, path: path}
	if len(bytes.TrimSpace(file.Text[lineStart(file.Text, start):start])) == 0 {
		f.above(start, "#", "//", "/*")
	}
	if mentions(file.Text[start:end]) {
		// Only the scanner can tell a comment from a text such as a heredoc.
		tokens, _ := hclsyntax.LexConfig(file.Text[start:end], path, hcl.Pos{Byte: start, Line: 1, Column: 1})
		for _, one := range tokens {
			if one.Type == hclsyntax.TokenComment {
				f.take(one.Range.Start.Byte, string(bytes.TrimSpace(one.Bytes)))
			}
		}
	}
	if behind := bytes.TrimSpace(file.Text[end:lineEnd(file.Text, end)]); beginsWith(behind, []string{"#", "//", "/*"}) {
		f.take(end, string(behind))
	}
	return f.notes
}
