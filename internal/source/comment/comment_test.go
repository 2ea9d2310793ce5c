package comment_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"countersign/internal/role"
	"countersign/internal/source/comment"
	"countersign/internal/source/yamltree"
	"countersign/trust"
)

// inYAML gives the waivers of each resource of a template, as "NAME:LINE TEXT".
func inYAML(t interface{ Fatal(...any) }, text string) map[string][]role.Note {
	file := &trust.File{Name: "t.yaml", Text: []byte(text)}
	outline, err := yamltree.Open(file, "Resources")
	if err != nil {
		t.Fatal(err, text)
	}
	found := map[string][]role.Note{}
	err = outline.Each(func(key, value trust.Value, err error) error {
		if err == nil {
			found[key.Text] = comment.InYAML("t.yaml", key, value)
		}
		return err
	})
	if err != nil {
		t.Fatal(err, text)
	}
	return found
}

func told(found map[string][]role.Note, names ...string) string {
	var all []string
	for _, name := range names {
		for _, note := range found[name] {
			all = append(all, fmt.Sprintf("%s:%d %s", name, note.Line, note.Text))
		}
	}
	return strings.Join(all, "; ")
}

func TestCommentsOfYAML(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"right above":                 {"Resources:\n  # countersign:ignore X\n  A:\n    Type: T\n", "A:2 X"},
		"above, in several lines":     {"Resources:\n  # why\n  # countersign:ignore X\n  #countersign:ignore Y\n  # more\n  A:\n    Type: T\n", "A:3 X; A:4 Y"},
		"with a blank line between":   {"Resources:\n  # countersign:ignore X\n\n  A:\n    Type: T\n", ""},
		"in the role":                 {"Resources:\n  A:\n    # countersign:ignore X\n    Type: T\n    Properties: {} # countersign:ignore Y\n", "A:3 X; A:5 Y"},
		"on the line of the key":      {"Resources:\n  A: # countersign:ignore X\n    Type: T\n", "A:2 X"},
		"of the next one":             {"Resources:\n  A:\n    Type: T\n  # countersign:ignore X\n  B:\n    Type: T\n", "B:4 X"},
		"deeper, behind the end":      {"Resources:\n  A:\n    Type: T\n    # countersign:ignore X\n  B:\n    Type: T\n", ""},
		"at the end of the last line": {"Resources:\n  A:\n    Type: T # countersign:ignore X\n  B:\n    Type: T\n", "A:3 X"},
		"in a text":                   {"Resources:\n  A:\n    Type: 'T # countersign:ignore X'\n    D: \"a\n      # countersign:ignore Y\"\n", ""},
		"in a block of text":          {"Resources:\n  A:\n    Type: T\n    D: |\n      a\n      # countersign:ignore X\n    E: >-\n      b\n\n      # countersign:ignore Y\n", ""},
		"in a block of text above":    {"Resources:\n  A:\n    D: |\n      a\n      # countersign:ignore X\n  B:\n    Type: T\n", ""},
		"behind two on one line":      {"Resources:\n  A: {Type: T}\n  B: {Type: T} # countersign:ignore X\n", "B:3 X"},
		"another word":                {"Resources:\n  # countersign:ignored X\n  # see countersign:ignore X\n  A:\n    Type: T\n", ""},
		"no blank before the sign":    {"Resources:\n  A:\n    Type: T#countersign:ignore X\n", ""},
		"with a carriage return":      {"Resources:\r\n  # countersign:ignore X\r\n  A:\r\n    Type: T\r\n", "A:2 X"},
		"JSON has none":               {"{\"Resources\": {\n# countersign:ignore X\n\"A\": {\"Type\": \"T\"}}}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := told(inYAML(t, test.text), "A", "B"); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// A comment is told of one role at most, wherever it stands, and its role is
// the one that it stands at.
func TestACommentIsAboutOneRole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const marker = "# countersign:ignore X"
		comments := 0
		maybe := func(prefix, label string) string {
			if rapid.IntRange(0, 3).Draw(t, label) == 0 {
				comments++
				return prefix + fmt.Sprintf("%s%d\n", marker, comments)
			}
			return ""
		}
		owner := map[string]string{}
		text := "Resources:\n"
		for i := range rapid.IntRange(1, 4).Draw(t, "roles") {
			name := fmt.Sprintf("R%d", i)
			note := func(prefix, label string) {
				if line := maybe(prefix, name+label); line != "" {
					text += line
					owner[fmt.Sprintf("X%d", comments)] = name
				}
			}
			note("  ", "above")
			text += "  " + name + ":\n"
			note("    ", "inside")
			text += "    Type: T\n"
			if rapid.Bool().Draw(t, "block") {
				text += "    D: |\n      text\n      " + marker + "0\n"
			}
			text += "    P: [a,\n"
			note("      ", "flow")
			text += "      b]\n"
		}
		found := inYAML(t, text)
		seen := 0
		for name, notes := range found {
			for _, note := range notes {
				seen++
				if owner[note.Text] != name {
					t.Fatalf("%q is told of %s, and stands at %q\n%s", note.Text, name, owner[note.Text], text)
				}
			}
		}
		if seen != comments {
			t.Fatalf("%d of %d comments were found\n%s", seen, comments, text)
		}
	})
}

func TestCommentsOfHCL(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"right above":          {"# countersign:ignore X\nresource {\n}\n", "1 X"},
		"with slashes":         {"// countersign:ignore X\n/* countersign:ignore Y */\nresource {\n}\n", "1 X; 2 Y"},
		"with a blank line":    {"# countersign:ignore X\n\nresource {\n}\n", ""},
		"inside":               {"resource {\n  # countersign:ignore X\n  a = 1 // countersign:ignore Y\n  /* countersign:ignore Z */\n}\n", "2 X; 3 Y; 4 Z"},
		"in a text":            {"resource {\n  a = \"# countersign:ignore X\"\n}\n", ""},
		"in a heredoc":         {"resource {\n  a = <<EOF\n# countersign:ignore X\nEOF\n}\n", ""},
		"on the last line":     {"resource {\n} # countersign:ignore X\n", "2 X"},
		"below":                {"resource {\n}\n# countersign:ignore X\n", ""},
		"behind another block": {"a {} \nresource {\n}\n", ""},
		"of the block before":  {"other {\n} # countersign:ignore X\nresource {\n}\n", ""},
		"of the block behind":  {"resource {\n}\n# countersign:ignore X\nother {\n}\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			start := strings.Index(test.text, "resource")
			end := start + strings.Index(test.text[start:], "\n}") + 2
			var got []string
			for _, note := range comment.InHCL("a.tf", &trust.File{Text: []byte(test.text)}, start, end) {
				got = append(got, fmt.Sprintf("%d %s", note.Line, note.Text))
			}
			if text := strings.Join(got, "; "); text != test.want {
				t.Errorf("got %q, want %q", text, test.want)
			}
		})
	}
}

func FuzzInYAML(f *testing.F) {
	f.Add("Resources:\n  # countersign:ignore X\n  A:\n    Type: T # countersign:ignore Y\n    D: |\n      # countersign:ignore Z\n  B: {Type: T}\n")
	f.Add("Resources:\n  A: &a\n    Type: T # countersign:ignore Y\n  B: *a # countersign:ignore Z\n")
	f.Fuzz(func(t *testing.T, text string) {
		file := &trust.File{Text: []byte(text)}
		outline, err := yamltree.Open(file, "Resources")
		if err != nil {
			return
		}
		lines := strings.Split(text, "\n")
		_ = outline.Each(func(key, value trust.Value, err error) error {
			if err != nil {
				return nil
			}
			for _, note := range comment.InYAML("", key, value) {
				if note.Line < 1 || note.Line > len(lines) || !strings.Contains(lines[note.Line-1], role.WaiverMarker) {
					t.Errorf("%+v stands nowhere", note)
				}
			}
			return nil
		})
	})
}

func FuzzInHCL(f *testing.F) {
	f.Add("# countersign:ignore X\nresource \"a\" \"b\" {\n  c = <<EOF\n# countersign:ignore Y\nEOF\n} # countersign:ignore Z\n", 24, 80)
	f.Fuzz(func(t *testing.T, text string, start, end int) {
		if start < 0 || end < start || end > len(text) {
			return
		}
		for _, note := range comment.InHCL("", &trust.File{Text: []byte(text)}, start, end) {
			if strings.Contains(note.Text, "\n") && !strings.Contains(text, "/*") {
				t.Errorf("%q has lines", note.Text)
			}
		}
	})
}
