package tfplan

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"countersign/trust"
)

// deferred puts together a trust policy that is not known before apply: from
// the policy document it refers to, whose statements the plan holds as far as
// they are known. Where there is none the whole policy is unknown.
func (r *reader) deferred(address, attribute string) trust.Value {
	config := r.configs[withoutIndexes(address)]
	own, _ := moduleOf(address)
	module := withoutIndexes(own)
	if config == nil {
		return unknown(address + "." + attribute)
	}
	references := attributeOf(config, attribute).References
	if found, ok := r.trace(module, references); ok {
		if change := r.instance(address, found); change != nil {
			return r.policyDocument(change)
		}
	}
	if name := named(own, references); name != "" {
		return unknown(name)
	}
	return unknown(address + "." + attribute)
}

func attributeOf(config *configured, name string) expression {
	var all map[string]jsontext.Value
	var found expression
	if json.Unmarshal(config.Expressions, &all) == nil && all[name].Kind() == '{' {
		_ = json.Unmarshal(all[name], &found) // of another shape it refers to nothing
	}
	return found
}

// instance finds the instance of a policy document that a role refers to:
// the only one in the role's own module, or the one with the role's own key.
func (r *reader) instance(address string, found origin) *change {
	own, _ := moduleOf(address)
	var only *change
	for _, change := range r.documents[found.module+found.address] {
		module, _ := moduleOf(change.Address)
		if withoutIndexes(own) == found.module && module != own {
			continue
		}
		if keyOf(change.Address) == keyOf(address) && keyOf(address) != "" {
			return change
		}
		if only != nil {
			return nil
		}
		only = change
	}
	return only
}

// keyOf is the instance key at the end of an address, with its brackets.
func keyOf(address string) string {
	_, rest := moduleOf(address)
	if at := strings.IndexByte(rest, '['); at >= 0 {
		return rest[at:]
	}
	return ""
}
