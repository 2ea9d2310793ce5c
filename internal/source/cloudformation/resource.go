package cloudformation

import (
	"errors"
	"slices"
	"strings"

	"countersign/internal/role"
	"countersign/internal/source/comment"
	"countersign/internal/source/template"
	"countersign/internal/source/yamltree"
	"countersign/trust"
)

// resource looks at one entry of Resources.
func (t *evaluator) resource(key, body trust.Value) error {
	kind, _ := body.Get("Type")
	if kind.Kind == trust.String && strings.HasSuffix(kind.Text, "::MODULE") {
		t.out.Tell(t.place.Path, template.Fault(kind.Range, "scan the processed template, from aws cloudformation get-template",
			"the module %s is not read: it lies in a registry", kind.Text))
		return nil
	}
	if kind.Kind != trust.String || !slices.Contains(resourceTypes, kind.Text) {
		return nil
	}
	t.steps, t.assumed = maxSteps, t.assumedLoops
	exists := t.exists(body)
	if exists.Kind == trust.Bool && exists.Text == "false" {
		return nil
	}
	properties, _ := body.Get("Properties")
	if err := repeatedIn(body, properties); err != nil && kind.Text == "AWS::IAM::Role" {
		return t.give(key, body, exists, role.Document{Err: err})
	} else if err != nil {
		t.out.Tell(t.place.Path, err)
		return nil
	}
	switch kind.Text {
	case "AWS::IAM::Role":
		return t.role(key, body, properties, exists)
	case "AWS::Serverless::Function":
		return t.function(key, body, properties, exists)
	}
	return t.nested(key, body, properties, kind.Text)
}

// resourceTypes are the resources that make roles.
var resourceTypes = []string{
	"AWS::IAM::Role", "AWS::Serverless::Function",
	"AWS::CloudFormation::Stack", "AWS::Serverless::Application", "AWS::CloudFormation::StackSet",
}

func repeatedIn(body, properties trust.Value) error {
	if err := yamltree.Repeated(body); err != nil {
		return err
	}
	return yamltree.Repeated(properties)
}

// exists evaluates the condition of a resource.
func (t *evaluator) exists(body trust.Value) trust.Value {
	name, found := body.Get("Condition")
	if !found || name.Kind != trust.String {
		return boolean(true)
	}
	return t.condition(t.textOf(name))
}

func (t *evaluator) role(key, body, properties, exists trust.Value) error {
	document, found := properties.Get("AssumeRolePolicyDocument")
	if !found && hasTransform(properties) { // a function that gives all properties
		properties = t.evaluate(properties)
		if document, found = properties.Get("AssumeRolePolicyDocument"); !found && properties.Kind != trust.Object {
			return t.give(key, body, exists, role.Document{Tree: &properties})
		}
	}
	switch {
	case !found && t.macro != "":
		tree := unknown("macro "+t.macro, key.Range)
		return t.give(key, body, exists, role.Document{Tree: &tree})
	case !found:
		return t.give(key, body, exists, role.Document{Err: template.Fault(key.Range,
			"every role has a trust policy", "the role has no AssumeRolePolicyDocument")})
	}
	return t.give(key, body, exists, t.policy(document))
}

func hasTransform(v trust.Value) bool {
	_, long := v.Get("Fn::Transform")
	_, short := v.Get("!Transform")
	_, _, isCall := call(v)
	return long || short || isCall
}

// give hands a role on.
func (t *evaluator) give(key, body, exists trust.Value, document role.Document) error {
	properties, _ := body.Get("Properties")
	found := &role.Role{
		Account: t.ownAccount(), Partition: t.options.Partition, Trust: document, DefaultAssumed: t.assumed,
		Source: role.Source{
			Kind: Kind, Path: t.place.Path, FromRoot: t.place.FromRoot, Address: t.address + t.label(key, body),
			Line: key.Range.Line(), Column: key.Range.Column(),
		},
	}
	found.Notes = comment.InYAML(t.place.Path, key, body)
	if tree := found.Trust.Tree; tree != nil && exists.Kind == trust.Choice {
		*tree = whereItExists(*tree, exists)
	}
	if name, ok := properties.Get("RoleName"); ok {
		found.Name = t.textOf(name)
	}
	found.Path = "/"
	if _, ok := properties.Get("Path"); ok {
		path, _ := properties.Get("Path")
		found.Path = t.textOf(path)
	}
	if found.Name != "" && found.Path != "" && t.account != "" {
		found.ARN = "arn:" + t.partition() + ":iam::" + t.account + ":role" + found.Path + found.Name
	}
	if typeOf(body) == "AWS::IAM::Role" {
		t.fillAccess(found, key.Text, properties)
	}
	return t.out.Role(found)
}

// label is the logical id of a resource, with its construct path where the
// template or the manifest of its cdk.out tells it.
func (t *evaluator) label(key, body trust.Value) string {
	metadata, _ := body.Get("Metadata")
	path := t.scopes[key.Text]
	if known, found := metadata.Get("aws:cdk:path"); found && known.Kind == trust.String {
		path = known.Text
	}
	if path == "" {
		return display(key)
	}
	return display(key) + " (" + path + ")"
}

// whereItExists is a policy under the condition that its role exists.
func whereItExists(tree, exists trust.Value) trust.Value {
	only := -1
	for i, option := range exists.Items {
		switch {
		case option.Kind != trust.Bool:
			return tree
		case option.Text == "true" && only >= 0:
			return tree
		case option.Text == "true":
			only = i
		}
	}
	if only < 0 {
		return tree
	}
	return pick(tree, exists.On, only)
}

// policy evaluates a trust policy: a map, or a text of JSON.
func (t *evaluator) policy(v trust.Value) role.Document {
	tree, err := t.policyTree(v)
	if err != nil {
		return role.Document{Err: err}
	}
	if tree.Kind == trust.Absent || tree.Kind == trust.Null {
		return role.Document{Err: template.Fault(v.Range, "every role has a trust policy", "AssumeRolePolicyDocument is empty")}
	}
	return role.Document{Tree: &tree}
}

func (t *evaluator) policyTree(v trust.Value) (trust.Value, error) {
	name, argument, isCall := call(v)
	switch {
	case v.Kind == trust.String && !strings.Contains(v.Text, "{{resolve:"):
		return yamltree.Inside(v)
	case isCall && name == "Fn::ToJsonString":
		return t.policyTree(argument)
	case isCall && name == "Fn::Sub":
		return t.policyText(t.substitution(argument, v.Range), v.Range)
	case isCall && name == "Fn::Join":
		if pieces, ok := t.joined(argument, v.Range); ok {
			return t.policyText(pieces, v.Range)
		}
	case isCall && name == "Fn::If":
		var firstErr error
		tree := t.choose(argument, v.Range, func(v trust.Value) trust.Value {
			tree, err := t.policyTree(v)
			if err != nil {
				if firstErr == nil {
					firstErr = err
				}
				return unknown("a policy that is not valid", v.Range)
			}
			return tree
		})
		return tree, firstErr
	}
	tree := t.evaluate(v)
	if tree.Kind == trust.String && len(tree.Parts) == 0 {
		return yamltree.Inside(tree)
	}
	return t.choiceOfTexts(tree)
}

// choiceOfTexts reads the JSON in the options of a choice, and in a text with
// unknown parts.
func (t *evaluator) choiceOfTexts(tree trust.Value) (trust.Value, error) {
	switch {
	case tree.Kind == trust.Choice:
		items := make([]trust.Value, len(tree.Items))
		for i := range tree.Items {
			var err error
			if items[i], err = t.choiceOfTexts(tree.Items[i]); err != nil {
				return trust.Value{}, err
			}
		}
		tree.Items = items
	case tree.Kind == trust.String && len(tree.Parts) > 0:
		return t.policyText([]piece{{isValue: true, value: tree, at: tree.Range}}, tree.Range)
	case tree.Kind == trust.String:
		return yamltree.Inside(tree)
	}
	return tree, nil
}

// policyText reads the JSON text that pieces make, with unknown parts.
func (t *evaluator) policyText(pieces []piece, at trust.Range) (trust.Value, error) {
	text := yamltree.NewText(at)
	size, on := 0, ""
	for _, p := range pieces {
		size += p.to - p.from + len(p.value.Text)
		place := p.at
		if p.isValue && p.to > p.from {
			place = text.Place(p.text, p.from, p.to)
		}
		switch {
		case size > maxText:
			return unknown("a policy text that is too long", at), nil
		case !p.isValue:
			text.Add(p.text, p.from, p.to)
		case isScalar(p.value):
			text.AddAt(p.value.Text, place)
		case len(p.value.Parts) > 0:
			for _, part := range p.value.Parts {
				if part.On == "" {
					text.AddAt(part.Text, place)
				} else {
					text.AddUnknown(part.On, place)
					on = part.On
				}
			}
		case p.value.Kind == trust.Absent, p.value.Kind == trust.Null:
		default:
			on = orName(dependsOn(p.value), "a list within a text")
			text.AddUnknown(on, place)
		}
	}
	tree, err := text.JSON()
	var syntax *trust.SyntaxError
	if on != "" && err != nil && errors.As(err, &syntax) {
		return unknown(on, at), nil // what is unknown may make it valid
	}
	return tree, err
}

// resourceName evaluates Ref of a resource, as far as the policy language has a
// use for it: the names of users and roles.
func (t *evaluator) resourceName(name string, at trust.Range) trust.Value {
	body, found := t.outline.Get(name)
	if !found {
		return unknown(name+", which the template does not declare", at)
	}
	kind, _ := body.Get("Type")
	properties, _ := body.Get("Properties")
	if property := nameProperties[kind.Text]; property != "" {
		if v, found := properties.Get(property); found {
			return t.evaluate(v)
		}
	}
	return unknown("resource "+name, at)
}

var nameProperties = map[string]string{
	"AWS::IAM::Role": "RoleName", "AWS::IAM::User": "UserName", "AWS::IAM::Group": "GroupName",
}

// attribute evaluates Fn::GetAtt: the ARNs of roles and users of this template
// are of the own account.
func (t *evaluator) attribute(argument trust.Value, at trust.Range) trust.Value {
	var logical, attribute string
	if argument.Kind == trust.Array && len(argument.Items) == 2 {
		logical, attribute = t.textOf(argument.Items[0]), t.textOf(argument.Items[1])
	} else {
		logical, attribute, _ = strings.Cut(t.textOf(argument), ".")
	}
	label := logical + "." + attribute
	if attribute != "Arn" {
		return unknown(label, at)
	}
	body, found := t.outline.Get(logical)
	if !found {
		if of, ok := strings.CutSuffix(logical, "Role"); ok { // as SAM names the role of a function
			if body, found = t.outline.Get(of); found && typeOf(body) == "AWS::Serverless::Function" {
				return t.principalARN("role", "/", unknown("resource "+logical, at), at)
			}
		}
		return unknown(label, at)
	}
	properties, _ := body.Get("Properties")
	path := "/"
	if v, found := properties.Get("Path"); found {
		if path = t.textOf(v); path == "" {
			path = "/"
		}
	}
	switch typeOf(body) {
	case "AWS::IAM::Role":
		return t.principalARN("role", path, t.resourceName(logical, at), at)
	case "AWS::IAM::User":
		return t.principalARN("user", path, t.resourceName(logical, at), at)
	}
	return unknown(label, at)
}

func typeOf(body trust.Value) string {
	kind, _ := body.Get("Type")
	return kind.Text
}

func (t *evaluator) principalARN(kind, path string, name trust.Value, at trust.Range) trust.Value {
	prefix := "arn:" + t.partition() + ":iam::" + t.ownAccount() + ":" + kind + path
	return distribute([]trust.Value{trust.Literal(prefix), name}, at, func(v []trust.Value) trust.Value { return joinKnown(v, at) })
}
