package cloudformation

import (
	"fmt"
	"slices"
	"strings"

	"countersign/internal/source/template"
	"countersign/internal/source/yamltree"
	"countersign/trust"
)

// evaluator is one template with the values that it is given.
type evaluator struct {
	*reader
	outline *yamltree.Outline
	place   template.Place
	address string // of the stack that it is nested in, with a slash behind it
	above   []string
	given   map[string]trust.Value // parameters
	account string                 // empty where nobody knows
	standIn string                 // for the account where nobody knows it
	scopes  map[string]string      // construct paths by logical id, from a manifest

	declared   trust.Value // parameters
	mappings   trust.Value
	conditions trust.Value
	decided    map[string]*decision
	loops      map[string]trust.Value // variables of the loops that are being expanded

	attachments map[string][]string // of policies to roles, once they were looked for

	macro        string // that is not followed and may change every resource
	assumed      bool   // a default went into what is being evaluated
	assumedLoops bool   // a default went into the list of a loop around it
	// assumedAbove is set when a default went into what a parent hands over.
	assumedAbove bool
	steps        int // left for what is being evaluated
	depth        int
}

// maxSteps bounds the values that the evaluation of one role looks at, and
// freeSteps those of a whole file beside one for each of its bytes.
const (
	maxSteps  = 50_000
	freeSteps = 1_000_000
)

func newEvaluator(r *reader, outline *yamltree.Outline, at template.Place) *evaluator {
	t := &evaluator{reader: r, outline: outline, place: at, decided: map[string]*decision{}, steps: maxSteps, standIn: template.OwnAccount}

	t.declared, _ = outline.Top.Get("Parameters")
	t.mappings, _ = outline.Top.Get("Mappings")
	t.conditions, _ = outline.Top.Get("Conditions")
	return t
}

func givenParameters(texts map[string]string) map[string]trust.Value {
	given := make(map[string]trust.Value, len(texts))
	for name, text := range texts {
		given[name] = trust.Literal(text)
	}
	return given
}

// partition is the one that is known, else the usual one.
func (t *evaluator) partition() string {
	if t.options.Partition != "" {
		return t.options.Partition
	}
	return "aws"
}

// ownAccount is the account that the template is deployed to.
func (t *evaluator) ownAccount() string {
	if t.account != "" {
		return t.account
	}
	return t.standIn
}

// read gives the roles of the template.
func (t *evaluator) read() error {
	if err := t.checkKeys(); err != nil {
		t.out.Tell(t.place.Path, err)
		return nil
	}
	t.checkTransforms()
	return t.outline.Each(func(key, value trust.Value, err error) error {
		if err != nil {
			t.out.Tell(t.place.Path, err)
			return nil
		}
		return t.eachResource(key, value, t.resource)
	})
}

// checkKeys refuses a template of which it is not clear what counts.
func (t *evaluator) checkKeys() error {
	if t.outline.Top.Kind != trust.Object {
		return template.Fault(t.outline.Top.Range, "", "a template is a map with Resources")
	}
	for _, section := range []trust.Value{t.outline.Top, t.declared, t.mappings, t.conditions} {
		if err := yamltree.Repeated(section); err != nil {
			return err
		}
	}
	return t.outline.Repeated()
}

// Macros that AWS hosts and that make or change no trust policy, beside those
// that this package follows (CloudFormation User Guide, "Transform reference").
var knownTransforms = []string{
	"AWS::Serverless-2016-10-31", "AWS::LanguageExtensions", "AWS::CodeDeployBlueGreen",
	"AWS::SecretsManager-2020-07-23", "AWS::SecretsManager-2024-09-16", "AWS::ServiceCatalog",
}

// checkTransforms says which macros may change what is judged.
func (t *evaluator) checkTransforms() {
	names, _ := t.outline.Top.Get("Transform")
	items := []trust.Value{names}
	if names.Kind == trust.Array {
		items = names.Items
	}
	for _, item := range items {
		name := item
		if item.Kind == trust.Object {
			name, _ = item.Get("Name")
		}
		if name.Kind != trust.String || slices.Contains(knownTransforms, name.Text) {
			continue
		}
		t.macro = name.Text
		t.out.Tell(t.place.Path, template.Fault(item.Range, "scan the processed template, from aws cloudformation get-template",
			"the macro %s may change every resource; the roles are judged as they stand here", name.Text))
	}
}

// parameter gives the value of a parameter.
func (t *evaluator) parameter(name string) (value trust.Value, found bool) {
	declared, isDeclared := t.declared.Get(name)
	kind, _ := declared.Get("Type")
	if given, found := t.given[name]; found && isDeclared {
		t.assumed = t.assumed || t.assumedAbove
		return t.typed(name, kind.Text, given), true
	}
	if !isDeclared {
		return trust.Value{}, false
	}
	byDefault, hasDefault := declared.Get("Default")
	if strings.HasPrefix(kind.Text, "AWS::SSM::Parameter::") {
		on := "parameter " + name
		if hasDefault && isScalar(byDefault) {
			on += " (SSM parameter " + byDefault.Text + ")"
		}
		return trust.Value{Kind: trust.Unknown, On: on, Range: declared.Range}, true
	}
	if hasDefault {
		t.assumed = true
		return t.typed(name, kind.Text, byDefault), true
	}
	if allowed, _ := declared.Get("AllowedValues"); len(allowed.Items) > 0 && len(allowed.Items) <= maxOptions {
		choice := trust.Value{Kind: trust.Choice, On: "parameter " + name + " (one of its allowed values)", Range: allowed.Range}
		for _, item := range allowed.Items {
			choice.Items = append(choice.Items, t.typed(name, kind.Text, item))
		}
		return simplest(choice), true
	}
	return trust.Value{Kind: trust.Unknown, On: "parameter " + name, Range: declared.Range}, true
}

// typed gives a parameter's text the shape that its type asks for. Lists are
// written with commas, and the space round their items does not count
// (CloudFormation User Guide, "Parameters").
func (t *evaluator) typed(name, kind string, v trust.Value) trust.Value {
	switch {
	case strings.HasPrefix(kind, "AWS::SSM::Parameter::"):
		return trust.Value{Kind: trust.Unknown, On: fmt.Sprintf("parameter %s (SSM parameter %s)", name, v.Text), Range: v.Range}
	case v.Kind == trust.Number, v.Kind == trust.Bool:
		v.Kind = trust.String
	case v.Kind == trust.Null:
		return trust.Value{Kind: trust.Unknown, On: "parameter " + name, Range: v.Range}
	case v.Kind == trust.Choice:
		return mapChoice(v, func(item trust.Value) trust.Value { return t.typed(name, kind, item) })
	}
	isList := kind == "CommaDelimitedList" || strings.HasPrefix(kind, "List<")
	if !isList || v.Kind != trust.String {
		return v
	}
	if len(v.Parts) > 0 {
		return trust.Value{Kind: trust.Unknown, On: dependsOn(v), Range: v.Range}
	}
	list := trust.Value{Kind: trust.Array, Items: []trust.Value{}, Range: v.Range}
	if v.Text == "" {
		return list
	}
	cutter := yamltree.NewCutter(v)
	for from := 0; from <= len(v.Text); {
		to := strings.IndexByte(v.Text[from:], ',')
		if to < 0 {
			to = len(v.Text)
		} else {
			to += from
		}
		text := strings.TrimLeft(v.Text[from:to], " \t\r\n")
		start := to - len(text)
		list.Items = append(list.Items, cutter.Cut(start, start+len(strings.TrimRight(text, " \t\r\n"))))
		from = to + 1
	}
	return list
}

func isScalar(v trust.Value) bool {
	return v.Kind == trust.String && len(v.Parts) == 0 || v.Kind == trust.Number || v.Kind == trust.Bool
}

// dependsOn names the first unknown thing in a value.
func dependsOn(v trust.Value) string {
	if v.Kind == trust.Unknown || v.Kind == trust.Choice {
		return v.On
	}
	for _, part := range v.Parts {
		if part.On != "" {
			return part.On
		}
	}
	for _, item := range v.Items {
		if on := dependsOn(item); on != "" {
			return on
		}
	}
	for _, m := range v.Members {
		if on := dependsOn(m.Key); on != "" {
			return on
		}
		if on := dependsOn(m.Value); on != "" {
			return on
		}
	}
	return ""
}
