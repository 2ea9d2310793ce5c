package comment

import (
	"bytes"

	"countersign/internal/role"
	"countersign/trust"
)

// InYAML finds the waivers at a resource: head is where it begins, its key or
// itself, and body is what it holds. path is the file as messages show it.
func InYAML(path string, head, body trust.Value) []role.Note {
	file := head.Range.File
	if file == nil || isJSON(file.Text) {
		return nil
	}
	f := &finder{file: file, path: path}
	start := head.Range.Start
	if firstOnLine(file.Text, start) {
		f.above(start, "#")
	}
	f.inside(start, head, body)
	return f.notes
}

// isJSON reports whether a text is JSON, which has no comments. YAML in flow
// style is taken for it as well.
func isJSON(text []byte) bool {
	text = bytes.TrimLeft(text, "\xEF\xBB\xBF \t\r\n")
	return len(text) > 0 && (text[0] == '{' || text[0] == '[')
}

// inside takes the comments from the beginning of a resource to the end of the
// line that its last text is on.
func (f *finder) inside(start int, head, body trust.Value) {
	reach := max(start, head.Range.End)
	if body.Range.File == f.file {
		reach = max(reach, body.Range.End)
	}
	if !mentions(f.file.Text[start:lineEnd(f.file.Text, reach)]) {
		return
	}
	texts := &texts{file: f.file, from: start, end: max(head.Range.End, start)}
	if head.Kind == trust.Object || head.Kind == trust.Array { // the resource itself
		texts.end = start
	}
	if body.Range.File == f.file && body.Range.Start >= start {
		texts.collect(body)
	}
	end := lineEnd(f.file.Text, texts.end)
	for at := start; at < end; at++ {
		c := f.file.Text[at]
		if c != '#' || at > 0 && !isBlank(f.file.Text[at-1]) || texts.hold(at) {
			continue
		}
		if at > texts.end && len(bytes.Trim(f.file.Text[texts.end:at], " \t}],")) > 0 {
			return // it is about what stands behind on the line
		}
		f.take(at, lineAt(f.file.Text, at))
		at = lineEnd(f.file.Text, at)
	}
}

// texts are the places of a resource's keys and values, in which a # begins no
// comment.
type texts struct {
	file   *trust.File
	from   int
	end    int // where the last one ends
	ranges []trust.Range
}

func (t *texts) collect(v trust.Value) {
	for i := range v.Members {
		t.add(v.Members[i].Key)
		t.collect(v.Members[i].Key)
		t.collect(v.Members[i].Value)
	}
	for i := range v.Items {
		t.collect(v.Items[i])
	}
	if len(v.Members) == 0 && len(v.Items) == 0 {
		t.add(v)
	}
}

func (t *texts) add(v trust.Value) {
	if v.Range.File == t.file && v.Range.Start >= t.from {
		t.ranges = append(t.ranges, v.Range)
		t.end = max(t.end, v.Range.End)
	}
}

func (t *texts) hold(at int) bool {
	for _, one := range t.ranges {
		if at >= one.Start && at < one.End {
			return true
		}
	}
	return false
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
