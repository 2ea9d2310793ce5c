package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"countersign/internal/rule"
	"countersign/internal/spelling"
)

// reader takes a YAML tree apart and knows where it came from.
type reader struct {
	path      string
	secretive bool // a key that nobody knows may be a secret, and is not shown
}

// fields says what to do with the value of each known key.
type fields map[string]func(*yaml.Node) error

// document returns the root node, or nil for a file that says nothing.
func (r reader) document(text []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var root, second yaml.Node
	switch err := decoder.Decode(&root); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, r.syntax(err)
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, r.fault(&second, "a settings file holds one document", `remove the line "---" or what follows it`)
	case !errors.Is(err, io.EOF):
		return nil, r.syntax(err)
	}
	node := root.Content[0]
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return nil, nil
	}
	return node, nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntax gives a parser's message our form; the parser knows no columns.
func (r reader) syntax(err error) error {
	message, line := err.Error(), 0
	if found := yamlLine.FindStringSubmatch(message); found != nil {
		message = strings.TrimPrefix(message, found[0])
		line, _ = strconv.Atoi(found[1])
	}
	fault := &FileError{Path: r.path, Message: "not YAML: " + message, Hint: "indent with spaces, and quote text that holds special characters"}
	if line > 0 {
		fault.Line, fault.Column = line, 1
	}
	return fault
}

func (r reader) fault(node *yaml.Node, message, hint string) error {
	return &FileError{Path: r.path, Line: node.Line, Column: node.Column, Message: message, Hint: hint}
}

// at gives a check's error the place it is about.
func (r reader) at(node *yaml.Node, err error) error {
	var wrong *Error
	if errors.As(err, &wrong) {
		return r.fault(node, wrong.Message, wrong.Hint)
	}
	return r.fault(node, err.Error(), "")
}

// entries calls each for every entry of a map, refusing what is no map and
// keys that stand there twice.
func (r reader) entries(node *yaml.Node, each func(key, value *yaml.Node) error) error {
	if node.Kind != yaml.MappingNode {
		hint := ""
		if CheckAccount(node.Value) == nil || CheckOrganization(node.Value) == nil {
			hint = fmt.Sprintf("write it as id: %q", node.Value)
		}
		return r.fault(node, "expected a map of keys and values, found "+kind(node), hint)
	}
	lines := map[string]int{}
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			return r.fault(key, "expected a key, found "+kind(key), "")
		}
		if line, twice := lines[key.Value]; twice {
			return r.fault(key, fmt.Sprintf("key %q stands here twice, first in line %d", key.Value, line), "keep one of them")
		}
		lines[key.Value] = key.Line
		if err := each(key, value); err != nil {
			return err
		}
	}
	return nil
}

// mapping reads a map whose keys are known.
func (r reader) mapping(node *yaml.Node, known fields) error {
	return r.entries(node, func(key, value *yaml.Node) error {
		if read, ok := known[key.Value]; ok {
			return read(value)
		}
		var names []string
		for name := range known {
			names = append(names, name)
		}
		slices.Sort(names)
		near := spelling.Suggest(key.Value, names)
		what := fmt.Sprintf("unknown key %q", key.Value)
		if r.secretive && near == "" {
			what = "unknown key"
		}
		return r.fault(key, what, either(near, "known here: "+strings.Join(names, ", ")))
	})
}

func (r reader) list(node *yaml.Node, each func(*yaml.Node) error) error {
	if node.Kind != yaml.SequenceNode {
		return r.fault(node, "expected a list, found "+kind(node), `begin each entry with "- "`)
	}
	for _, item := range node.Content {
		if err := each(item); err != nil {
			return err
		}
	}
	return nil
}

// text reads a scalar as it is spelt, whatever type YAML would give it.
func (r reader) text(node *yaml.Node, into *string, check func(string) error) error {
	if node.Kind != yaml.ScalarNode || node.Tag == "!!null" {
		return r.fault(node, "expected text, found "+kind(node), "")
	}
	if err := check(node.Value); err != nil {
		return r.at(node, err)
	}
	*into = node.Value
	return nil
}

func (r reader) zone(node *yaml.Node, into *Settings) error {
	return r.mapping(node, fields{
		"accounts": func(list *yaml.Node) error {
			return r.list(list, func(item *yaml.Node) error {
				account, err := r.account(item)
				into.Origins.Accounts = append(into.Origins.Accounts, r.origin(item))
				into.Accounts = append(into.Accounts, account)
				return err
			})
		},
		"organizations": func(list *yaml.Node) error {
			return r.list(list, func(item *yaml.Node) error {
				organization, err := r.organization(item)
				into.Origins.Organizations = append(into.Origins.Organizations, r.origin(item))
				into.Organizations = append(into.Organizations, organization)
				return err
			})
		},
	})
}

func (r reader) account(node *yaml.Node) (account Account, err error) {
	err = r.mapping(node, fields{
		"id":   func(value *yaml.Node) error { return r.text(value, &account.ID, CheckAccount) },
		"name": func(value *yaml.Node) error { return r.text(value, &account.Name, anyText) },
		"roles": func(list *yaml.Node) error {
			// An empty list would read as "no role" and mean "every role".
			if list.Kind == yaml.SequenceNode && len(list.Content) == 0 {
				return r.fault(list, "no role is named", "leave roles out to trust the account for every role")
			}
			return r.list(list, func(item *yaml.Node) error {
				var name string
				err := r.text(item, &name, checkRoleName)
				account.Roles = append(account.Roles, name)
				return err
			})
		},
	})
	if err == nil && account.ID == "" {
		err = r.fault(node, "an account without id", `add id: "111122223333"`)
	}
	return account, err
}

func (r reader) organization(node *yaml.Node) (organization Organization, err error) {
	err = r.mapping(node, fields{
		"id":   func(value *yaml.Node) error { return r.text(value, &organization.ID, CheckOrganization) },
		"name": func(value *yaml.Node) error { return r.text(value, &organization.Name, anyText) },
	})
	if err == nil && organization.ID == "" {
		err = r.fault(node, "an organization without id", "add id: o-…")
	}
	return organization, err
}

func (r reader) severities(node *yaml.Node, into *Settings) error {
	into.Severities, into.Origins.Severities = map[string]rule.Severity{}, map[string]Origin{}
	return r.entries(node, func(key, value *yaml.Node) error {
		if err := checkSeverityKey(key.Value); err != nil {
			return r.at(key, err)
		}
		var name string
		into.Origins.Severities[key.Value] = r.origin(key)
		err := r.text(value, &name, func(text string) error {
			severity, err := rule.ParseSeverity(text)
			into.Severities[key.Value] = severity
			return err
		})
		return err
	})
}

func anyText(string) error { return nil }

func kind(node *yaml.Node) string {
	switch {
	case node.Kind == yaml.MappingNode:
		return "a map"
	case node.Kind == yaml.SequenceNode:
		return "a list"
	case node.Kind == yaml.AliasNode:
		return "an alias (aliases are not read here)"
	case node.Tag == "!!null":
		return "nothing"
	}
	return "text"
}
