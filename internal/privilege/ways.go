package privilege

import (
	_ "embed"
	"fmt"
	"strings"
)

// Way is a known way for a role to become an administrator.
type Way struct {
	ID      string
	Says    string // what the role does, as the end of a sentence that begins with it
	Needs   []Need
	Service string // that a role is passed to; empty where none is
	Source  string
}

// Need is an action that a way takes.
type Need struct {
	Action string // as IAM spells it
	On     string // what its resource must reach: "self", "role", "user", "group", "policy", an ARN pattern, or empty for anything
	number int    // of the action, among all that ways need
	lower  string
}

//go:embed ways.tsv
var waysText string

// Ways are all of them, those that take least first.
var Ways = readWays(waysText)

// actions of ways, by their name in small letters.
var (
	wayActions = map[string]int{}
	wayNames   []string // by number
)

func readWays(text string) (ways []Way) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 5 {
			panic(fmt.Sprintf("ways.tsv has a line of %d fields: %s", len(fields), line))
		}
		way := Way{ID: fields[0], Says: fields[1], Service: fields[3], Source: fields[4]}
		for _, text := range strings.Fields(fields[2]) {
			action, on, _ := strings.Cut(text, "@")
			lower := strings.ToLower(action)
			number, known := wayActions[lower]
			if !known {
				number = len(wayNames)
				wayActions[lower] = number
				wayNames = append(wayNames, lower)
			}
			way.Needs = append(way.Needs, Need{action, on, number, lower})
		}
		ways = append(ways, way)
	}
	if len(wayNames) > 64*len(mask{}) {
		panic("ways.tsv has more actions than a mask holds")
	}
	return ways
}

// mask is a set of actions of ways, by number.
type mask [2]uint64

func (m *mask) add(number int) { m[number/64] |= 1 << (number % 64) }

func (m *mask) has(number int) bool { return m[number/64]&(1<<(number%64)) != 0 }

func (m *mask) join(other mask) {
	for i := range m {
		m[i] |= other[i]
	}
}

// waysOf returns which actions of ways are in a set.
func waysOf(actions *set) (found mask) {
	for _, p := range actions.patterns {
		if !hasWildcard(p) {
			if number, ok := wayActions[p]; ok {
				found.add(number)
			}
			continue
		}
		prefix := literalPrefix(p)
		for number, name := range wayNames {
			if strings.HasPrefix(name, prefix) && covers(p, name) {
				found.add(number)
			}
		}
	}
	if actions.negated {
		for i := range found {
			found[i] = ^found[i]
		}
	}
	return found
}
