package privilege

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
)

//go:embed managed.tsv
var managedText string

// Managed is what a policy of AWS amounts to.
type Managed struct {
	Name   string // what follows "policy/" in its ARN
	Level  Level  // alone, on a role of its own
	Source string // where it was seen
	policy *Policy
}

// amountsTo returns what a policy of AWS amounts to, nil where that is not
// known.
func amountsTo(arn string) *Policy {
	_, name, found := strings.Cut(arn, ":iam::aws:policy/")
	if !found {
		return nil
	}
	if known, ok := managed()[name]; ok {
		return known.policy
	}
	return nil
}

var managed = sync.OnceValue(func() map[string]*Managed {
	known := map[string]*Managed{}
	for line := range strings.Lines(managedText) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		one, err := readManaged(line)
		if err != nil {
			panic(fmt.Sprintf("managed.tsv: %v: %s", err, line))
		}
		known[one.Name] = one
	}
	return known
})

// readManaged reads a line: the name, the level, what is allowed and the
// source. What is allowed are statements, parted by ";", of actions, "!" before
// those of a NotAction, "@" before a resource, and "?" before a service that
// roles may be passed to.
func readManaged(line string) (*Managed, error) {
	fields := strings.Split(line, "\t")
	if len(fields) != 4 {
		return nil, fmt.Errorf("%d fields", len(fields))
	}
	made := &Managed{Name: fields[0], Source: fields[3], policy: &Policy{}}
	for level, name := range levelNames {
		if name == fields[1] {
			made.Level = Level(level)
		}
	}
	for i, text := range strings.Split(fields[2], ";") {
		s := statement{index: i + 1, plain: true}
		for _, word := range strings.Fields(text) {
			switch word[0] {
			case '!':
				s.actions.negated = true
				s.actions.patterns = append(s.actions.patterns, strings.ToLower(word[1:]))
			case '@':
				s.resources.patterns = append(s.resources.patterns, word[1:])
			case '?':
				s.conditioned, s.passedTo = true, append(s.passedTo, word[1:])
			default:
				s.actions.patterns = append(s.actions.patterns, strings.ToLower(word))
			}
		}
		if s.resources.patterns == nil {
			s.resources.patterns = []string{"*"}
		}
		s.ways = waysOf(&s.actions)
		made.policy.size += len(text)
		made.policy.statements = append(made.policy.statements, s)
	}
	return made, nil
}
