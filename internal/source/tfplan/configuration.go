package tfplan

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// configured is what the configuration says of a role or a policy document.
type configured struct {
	Address     string         `json:"address"`
	Type        string         `json:"type"`
	Provider    string         `json:"provider_config_key"`
	Expressions jsontext.Value `json:"expressions"`
}

// call is a call of a module: what its arguments refer to.
type call struct {
	arguments map[string][]string
}

// expression is what the configuration tells of an attribute: a constant, or
// the names of what it refers to, each followed by the names it lies in.
type expression struct {
	Constant   jsontext.Value `json:"constant_value"`
	References []string       `json:"references"`
}

func (r *reader) configuration() error {
	return r.object(func(key string) error {
		switch key {
		case "provider_config":
			return r.object(r.provider)
		case "root_module":
			return r.configuredModule("", 0)
		}
		return r.decoder.SkipValue()
	})
}

// configuredModule reads a module of the configuration, whose address is empty
// or ends with a dot.
func (r *reader) configuredModule(module string, depth int) error {
	if depth > maxDepth {
		return errTooDeep
	}
	return r.object(func(key string) error {
		switch key {
		case "resources":
			return r.array(func() error {
				var found configured
				_, _, err := r.read(&found)
				if isRole(found.Type) || found.Type == document || found.Type == identity {
					r.configs[module+found.Address] = &found
				}
				return err
			})
		case "outputs":
			return r.object(func(name string) error {
				var found struct {
					Expression expression `json:"expression"`
				}
				_, _, err := r.read(&found)
				r.outputs[module+name] = found.Expression.References
				return err
			})
		case "module_calls":
			return r.object(func(name string) error { return r.moduleCall(module+"module."+name+".", depth) })
		}
		return r.decoder.SkipValue()
	})
}

func (r *reader) moduleCall(module string, depth int) error {
	called := &call{map[string][]string{}}
	r.calls[module] = called
	return r.object(func(key string) error {
		switch key {
		case "expressions":
			return r.object(func(name string) error {
				var found expression
				_, _, err := r.read(&found)
				called.arguments[name] = found.References
				return err
			})
		case "module":
			return r.configuredModule(module, depth+1)
		}
		return r.decoder.SkipValue()
	})
}

// provider notes the account that a provider is tied to: the only one of its
// allowed_account_ids, or that of the role it assumes.
func (r *reader) provider(key string) error {
	var found struct {
		Expressions struct {
			Allowed expression `json:"allowed_account_ids"`
			Assume  []struct {
				Role expression `json:"role_arn"`
			} `json:"assume_role"`
		} `json:"expressions"`
	}
	if _, _, err := r.read(&found); err != nil {
		return err
	}
	var allowed []string
	if constant := found.Expressions.Allowed.Constant; len(constant) > 0 && json.Unmarshal(constant, &allowed) == nil && len(allowed) == 1 {
		r.providers[key] = accountID(allowed[0])
		return nil
	}
	if len(found.Expressions.Assume) == 1 {
		var arn string
		if constant := found.Expressions.Assume[0].Role.Constant; len(constant) > 0 && json.Unmarshal(constant, &arn) == nil {
			r.providers[key] = accountID(segment(arn, 4))
		}
	}
	return nil
}
