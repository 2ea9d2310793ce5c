package tfplan

import (
	"bytes"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// stateResource reads a resource of a state file of version 4, which holds one
// entry for each instance.
func (r *reader) stateResource() error {
	var found struct {
		Module    string `json:"module"`
		Mode      string `json:"mode"`
		Type      string `json:"type"`
		Name      string `json:"name"`
		Instances []struct {
			Index      jsontext.Value `json:"index_key"`
			Deposed    string         `json:"deposed"`
			Attributes jsontext.Value `json:"attributes"`
			Sensitive  jsontext.Value `json:"sensitive_attributes"`
		} `json:"instances"`
	}
	offset, end, err := r.read(&found)
	if err != nil {
		return err
	}
	address := found.Type + "." + found.Name
	if found.Mode == "data" {
		address = "data." + address
	}
	if found.Module != "" {
		address = found.Module + "." + address
	}
	for _, instance := range found.Instances {
		if at := bytes.Index(r.text[offset:end], instance.Attributes); at > 0 {
			offset += at // instances may have equal policies
		}
		one := address
		if len(instance.Index) > 0 && string(instance.Index) != "null" {
			one += "[" + string(instance.Index) + "]"
		}
		switch {
		case found.Type == identity:
			r.identity(one, instance.Attributes)
		case found.Mode == "managed" && isRole(found.Type) && instance.Deposed == "":
			r.managed = append(r.managed, resource{
				Address: one, Mode: found.Mode, Type: found.Type, Name: found.Name,
				Values: instance.Attributes, Sensitive: sensitivePaths(instance.Sensitive), offset: offset, end: end,
			})
		}
	}
	return nil
}

// sensitivePaths turns the paths of a state file, as
// [[{"type":"get_attr","value":"assume_role_policy"}]], into the form of the
// JSON output. Only the first step matters here.
func sensitivePaths(text jsontext.Value) jsontext.Value {
	var paths [][]struct {
		Value jsontext.Value `json:"value"`
	}
	if len(text) == 0 || json.Unmarshal(text, &paths) != nil {
		return nil
	}
	marked := []byte("{")
	for _, path := range paths {
		if len(path) == 0 || path[0].Value.Kind() != '"' {
			continue
		}
		if len(marked) > 1 {
			marked = append(marked, ',')
		}
		marked = append(marked, path[0].Value...)
		marked = append(marked, ":true"...)
	}
	return append(marked, '}')
}
