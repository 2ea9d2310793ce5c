package remedy

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"countersign/trust"
)

// yamlText writes a template as YAML, with the short form of functions.
func yamlText(v trust.Value) (string, error) {
	var b strings.Builder
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(yamlNode(&v)); err != nil {
		return "", err
	}
	return b.String(), encoder.Close()
}

func yamlNode(v *trust.Value) *yaml.Node {
	switch v.Kind {
	case trust.Object:
		if name, argument, ok := function(v); ok {
			argument.Tag = name
			return argument
		}
		made := &yaml.Node{Kind: yaml.MappingNode}
		for i := range v.Members {
			made.Content = append(made.Content, yamlScalar(v.Members[i].Key.Text), yamlNode(&v.Members[i].Value))
		}
		return made
	case trust.Array:
		made := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range v.Items {
			made.Content = append(made.Content, yamlNode(&v.Items[i]))
		}
		return made
	case trust.String:
		return yamlScalar(v.Text)
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: v.Text}
}

// function gives the tag of a call of a function that we made, and its argument.
func function(v *trust.Value) (tag string, argument *yaml.Node, ok bool) {
	if len(v.Members) != 1 || v.Members[0].Value.Kind != trust.String {
		return "", nil, false
	}
	switch m := &v.Members[0]; m.Key.Text {
	case "Ref", "Fn::Sub":
		argument = yamlScalar(m.Value.Text)
		return "!" + strings.TrimPrefix(m.Key.Text, "Fn::"), argument, true
	}
	return "", nil, false
}

// yamlScalar writes a text without quotation marks only where it is an ordinary
// word or ARN: to a reader of YAML 1.1, such as CloudFormation's, 1:20 is a
// number and "no" is false.
func yamlScalar(text string) *yaml.Node {
	made := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	if !yamlPlain.MatchString(text) {
		made.Style = yaml.DoubleQuotedStyle
	}
	return made
}

var yamlPlain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9/_.*+-]*(?:::?[A-Za-z0-9/_.*+-]+)*$`)
