package terraform

import (
	"path"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"countersign/trust"
)

// format fills in %s and %v also where an argument is unknown.
func format(_ *scope, args []*value, place trust.Range) *value {
	return each(args, place, func(args []*value) *value {
		for _, arg := range args {
			if arg.bad {
				return arg
			}
		}
		known := true
		for _, arg := range args {
			known = known && !arg.open
		}
		if known || len(args) == 0 {
			return library("format", args, place)
		}
		spec, ok := args[0].isText()
		if !ok {
			return unknownCall("format", args, place)
		}
		var parts []*value
		next := 1
		for spec != "" {
			at := strings.IndexByte(spec, '%')
			if at < 0 {
				parts = append(parts, textValue(spec, args[0].place))
				break
			}
			if at+1 >= len(spec) {
				return unknownCall("format", args, place)
			}
			parts = append(parts, textValue(spec[:at], args[0].place))
			switch verb := spec[at+1]; {
			case verb == '%':
				parts = append(parts, textValue("%", args[0].place))
			case (verb == 's' || verb == 'v' || verb == 'd') && next < len(args):
				parts = append(parts, args[next])
				next++
			default:
				return unknownCall("format", args, place)
			}
			spec = spec[at+2:]
		}
		return joined(parts, place)
	})
}

// formatList is format for every item of lists. The items that may not be there
// stay so.
func formatList(s *scope, args []*value, place trust.Range) *value {
	return each(args, place, func(args []*value) *value {
		var over *value
		at := 0
		for i, arg := range args {
			if arg.bad {
				return arg
			}
			if arg.kind == list || arg.kind == unknown && arg.lazy == nil && i > 0 {
				if over != nil { // several lists in step
					return library("formatlist", args, place)
				}
				over, at = arg, i
			}
		}
		if over == nil {
			return library("formatlist", args, place)
		}
		items := []*value{}
		for _, item := range over.spread() {
			items = append(items, eachPresent(item, func(item *value) *value {
				one := append([]*value(nil), args...)
				one[at] = item
				return format(s, one, place)
			}))
		}
		return listValue(items, place)
	})
}

// fileSet lists the files of one directory that fit a pattern.
func fileSet(s *scope, args []*value, place trust.Range) *value {
	if len(args) != 2 {
		return badValue("fileset takes two arguments", place)
	}
	written, ok := args[0].isText()
	pattern, okPattern := args[1].isText()
	name, inside := within(s.in.r.rootDir, written)
	if !ok || !okPattern || !inside || s.in.model || strings.ContainsAny(pattern, "/{") || strings.Contains(pattern, "**") {
		return unknownCall("fileset", args, place)
	}
	names, err := s.in.r.files.List(name)
	if err != nil {
		return unknownCall("fileset", args, place)
	}
	items := []*value{}
	for _, there := range names {
		if fits, err := path.Match(pattern, there); err == nil && fits {
			items = append(items, textValue(there, place))
		}
	}
	return setOf(items, place)
}

// trimSpace trims known texts; a document is the same with and without space
// round it.
func trimSpace(_ *scope, args []*value, place trust.Range) *value {
	if len(args) == 1 && args[0].kind == text {
		for _, p := range args[0].pieces {
			if p.document != nil || p.on != "" && len(args[0].pieces) > 1 || len(p.text) > 0 && strings.HasPrefix(strings.TrimSpace(p.text), "{") {
				return args[0]
			}
		}
	}
	return library("trimspace", args, place)
}

// openFile finds the file that a function names. Nothing outside the scanned
// root is read.
func (s *scope) openFile(function string, args []*value, place trust.Range) (*source, *value) {
	if len(args) == 0 {
		return nil, badValue(function+" without a path", place)
	}
	written, ok := args[0].isText()
	if !ok {
		return nil, unknownCall(function, args[:1], place)
	}
	shown := function + "(" + strconv.Quote(shorten(written, 100)) + ")"
	m := s.in
	if m.model {
		return nil, unknownValue(shown, place)
	}
	name, inside := within(m.r.rootDir, written)
	if !inside || m.r.outside(name) {
		m.r.refuse(place, shown)
		return nil, unknownValue(shown+" (outside the scanned directory)", place)
	}
	if src := m.r.sources[name]; src != nil {
		return src, nil
	}
	raw, err := m.r.files.Read(name, maxChunk)
	if err != nil {
		return nil, unknownValue(shown+" (cannot be read)", place).with(false)
	}
	return m.r.register(name, raw), nil
}

// outside reports whether a path is one that no module may read: what only
// belongs to git, whatever the root.
func (r *reader) outside(name string) bool {
	return name == ".git" || strings.HasPrefix(name, ".git/")
}

func readFile(s *scope, args []*value, place trust.Range) *value {
	src, problem := s.openFile("file", args, place)
	if problem != nil {
		return problem
	}
	whole := trust.Range{File: src.file, Start: 0, End: len(src.file.Text)}
	content := strings.TrimPrefix(string(src.file.Text), "\xEF\xBB\xBF")
	whole.Start += len(src.file.Text) - len(content)
	return piecesValue([]piece{{text: content, raw: whole, spelling: verbatim}}, whole, args[0].assumed)
}

func templateFile(s *scope, args []*value, place trust.Range) *value {
	if len(args) != 2 {
		return badValue("templatefile takes two arguments", place)
	}
	src, problem := s.openFile("templatefile", args, place)
	if problem != nil {
		return problem
	}
	return s.render(src, 0, len(src.file.Text), args[1], place)
}

// templateText is templatestring, and the older template_file data source.
func templateText(s *scope, args []*value, place trust.Range) *value {
	if len(args) != 2 {
		return badValue("templatestring takes two arguments", place)
	}
	v := args[0]
	if len(v.pieces) == 1 && v.pieces[0].spelling == verbatim && v.pieces[0].raw.Text() == v.pieces[0].text {
		if src := s.in.r.sourceOf(v.pieces[0].raw.File); src != nil && !src.model {
			return s.render(src, v.pieces[0].raw.Start, v.pieces[0].raw.End, args[1], place)
		}
	}
	written, ok := v.isText()
	if !ok {
		return unknownCall("templatestring", args[:1], place)
	}
	src := s.in.r.decoded(written, v.place)
	return s.render(src, 0, len(written), args[1], place)
}

func fileExists(s *scope, args []*value, place trust.Range) *value {
	if len(args) != 1 {
		return badValue("fileexists takes one argument", place)
	}
	written, ok := args[0].isText()
	name, inside := within(s.in.r.rootDir, written)
	if !ok || !inside {
		return unknownCall("fileexists", args, place)
	}
	names, err := s.in.r.files.List(path.Dir(name))
	if err != nil {
		return boolValue(false, place)
	}
	for _, there := range names {
		if there == path.Base(name) {
			return boolValue(true, place)
		}
	}
	return boolValue(false, place)
}

func yamlDecode(_ *scope, args []*value, place trust.Range) *value {
	if len(args) != 1 {
		return badValue("yamldecode takes one argument", place)
	}
	written, ok := args[0].isText()
	if !ok || len(written) > 256<<10 {
		return unknownCall("yamldecode", args, place)
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(written), &document); err != nil || len(document.Content) != 1 {
		return badValue("yamldecode of what is no YAML", place)
	}
	budget := maxEntries
	return fromYAML(document.Content[0], args[0].place, &budget, 0).with(args[0].assumed)
}

// fromYAML takes a value from a YAML node. All of it stands at one place.
func fromYAML(node *yaml.Node, place trust.Range, budget *int, depth int) *value {
	if *budget--; *budget < 0 || depth > maxNesting {
		return unknownValue("YAML that is too large or too deep", place)
	}
	switch node.Kind {
	case yaml.AliasNode:
		return fromYAML(node.Alias, place, budget, depth+1)
	case yaml.SequenceNode:
		items := []*value{}
		for _, item := range node.Content {
			items = append(items, fromYAML(item, place, budget, depth+1))
		}
		return listValue(items, place)
	case yaml.MappingNode:
		var members []member
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Tag == "!!merge" {
				return unknownValue("YAML with merge keys", place)
			}
			members = append(members, member{textValue(node.Content[i].Value, place), fromYAML(node.Content[i+1], place, budget, depth+1)})
		}
		return objectValue(members, place)
	}
	switch node.Tag {
	case "!!null":
		return nullValue(place)
	case "!!bool":
		return boolValue(strings.EqualFold(node.Value, "true"), place)
	case "!!int", "!!float":
		if v := convertScalar(textValue(node.Value, place), "number"); v.kind == number {
			return v
		}
	}
	return textValue(node.Value, place)
}
