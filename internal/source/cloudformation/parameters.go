package cloudformation

import (
	"errors"
	"fmt"

	"countersign/internal/source/template"
	"countersign/internal/source/yamltree"
	"countersign/trust"
)

// ReadParameters reads a parameter file: the list that the AWS command line
// takes ([{"ParameterKey", "ParameterValue"}]), the object of CodePipeline
// ({"Parameters": {…}}), a plain map, or a list of "Name=value", as JSON or
// YAML.
func ReadParameters(name string, text []byte) (map[string]string, error) {
	documents, err := yamltree.Read(&trust.File{Name: name, Text: text})
	if err != nil {
		return nil, fmt.Errorf("reading parameters from %s: %w", name, err)
	}
	if len(documents) == 0 {
		return map[string]string{}, nil
	}
	document := documents[0]
	if inner, found := document.Get("Parameters"); found && inner.Kind == trust.Object {
		document = inner
	}
	parameters := map[string]string{}
	switch document.Kind {
	case trust.Object:
		for _, m := range document.Members {
			if err := setParameter(parameters, m.Key, m.Value); err != nil {
				return nil, fmt.Errorf("reading parameters from %s: %w", name, err)
			}
		}
	case trust.Array:
		for _, item := range document.Items {
			key, value := listed(item)
			if err := setParameter(parameters, key, value); err != nil {
				return nil, fmt.Errorf("reading parameters from %s: %w", name, err)
			}
		}
	default:
		return nil, fmt.Errorf("reading parameters from %s: %w", name, errShape)
	}
	return parameters, nil
}

var errShape = errors.New("neither a map of parameters nor a list of ParameterKey and ParameterValue")

// listed takes an entry of a list apart.
func listed(item trust.Value) (key, value trust.Value) {
	if item.Kind == trust.String {
		for i := range len(item.Text) {
			if item.Text[i] == '=' {
				cutter := yamltree.NewCutter(item)
				return cutter.Cut(0, i), cutter.Cut(i+1, len(item.Text))
			}
		}
		return item, trust.Value{Kind: trust.Null, Range: item.Range}
	}
	key, _ = item.Get("ParameterKey")
	value, found := item.Get("ParameterValue")
	if !found {
		value = trust.Value{Kind: trust.Absent, Range: item.Range} // UsePreviousValue
	}
	return key, value
}

func setParameter(parameters map[string]string, key, value trust.Value) error {
	if key.Kind != trust.String || key.Text == "" {
		return template.Fault(key.Range, errShape.Error(), "an entry without a parameter's name")
	}
	if value.Kind == trust.Absent {
		return nil
	}
	if value.Kind == trust.Array {
		value = joinedList(value)
	}
	if !isScalar(value) {
		return template.Fault(value.Range, "a parameter's value is a text", "the parameter %s has no text as its value", key.Text)
	}
	parameters[key.Text] = value.Text
	return nil
}
