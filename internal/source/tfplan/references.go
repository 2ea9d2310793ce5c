package tfplan

import (
	"slices"
	"strings"
)

// origin is a resource that an attribute takes its value from.
type origin struct {
	module  string // of the configuration, empty or with a dot at its end
	address string // in the module, without instance key
}

// maxSteps bounds how far a value is followed through arguments and outputs.
const maxSteps = 32

// trace follows references to the one resource that they lead to. A plan does
// not tell what is done with a value on the way, nor what a local is.
func (r *reader) trace(module string, references []string) (origin, bool) {
	for range maxSteps {
		bases := basesOf(references)
		if len(bases) != 1 {
			return origin{}, false
		}
		kind, rest, _ := strings.Cut(bases[0], ".")
		switch kind {
		case "module": // module.vendor.json: an output of a module called here
			name, output, ok := strings.Cut(withoutIndexes(rest), ".")
			if !ok {
				return origin{}, false
			}
			output, _, _ = strings.Cut(output, ".")
			module += "module." + name + "."
			references = r.outputs[module+output]
		case "var":
			called := r.calls[module]
			if called == nil {
				return origin{}, false
			}
			name, _, _ := strings.Cut(withoutIndexes(rest), ".")
			references = called.arguments[name]
			module = parentOf(module)
		case "local", "each", "count", "path", "terraform", "self":
			return origin{}, false
		default:
			return origin{module, bases[0]}, true
		}
	}
	return origin{}, false
}

// basesOf lists what references lead to, each once: the resource of a
// reference to an attribute. Instance keys of the own loop name nothing.
func basesOf(references []string) []string {
	var bases []string
	for _, reference := range references {
		base := baseOf(reference)
		if base == "" || strings.HasPrefix(reference, "each.") || strings.HasPrefix(reference, "count.") {
			continue
		}
		if !slices.Contains(bases, base) {
			bases = append(bases, base)
		}
	}
	// Of module.vendor.json and module.vendor the longer says all.
	return slices.DeleteFunc(bases, func(base string) bool {
		return slices.ContainsFunc(bases, func(other string) bool { return strings.HasPrefix(other, base+".") })
	})
}

// baseOf takes the attributes and instance keys off a reference to a resource.
func baseOf(reference string) string {
	plain := withoutIndexes(reference)
	steps := strings.Split(plain, ".")
	switch kept := stepsOf(steps[0]); {
	case len(steps) < 2:
		return ""
	case len(steps) > kept:
		return strings.Join(steps[:kept], ".")
	}
	return plain
}

// stepsOf is how many names an address of that kind has.
func stepsOf(kind string) int {
	if kind == "data" || kind == "module" {
		return 3
	}
	return 2
}

// parentOf is the module that calls a module.
func parentOf(module string) string {
	steps := strings.Split(strings.TrimSuffix(module, "."), ".")
	if len(steps) <= 2 {
		return ""
	}
	return strings.Join(steps[:len(steps)-2], ".") + "."
}

// named spells a reference so that it can be found from the root: the longest
// of those that lead to the same value comes first.
func named(module string, references []string) string {
	if len(references) == 0 {
		return ""
	}
	bases := basesOf(references)
	if len(bases) <= 1 {
		return module + references[0]
	}
	names := make([]string, 0, len(bases))
	for _, base := range bases {
		names = append(names, module+base)
	}
	return strings.Join(names, " and ")
}
