package cloudformation

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"countersign/internal/source/template"
	"countersign/internal/source/yamltree"
	"countersign/trust"
)

// nested gives the roles of a template within the template: that of a nested
// stack, an application or a stack set, when it lies in the tree.
func (t *evaluator) nested(key, body, properties trust.Value, kind string) error {
	if text, found := properties.Get("TemplateBody"); found {
		return t.body(key, properties, text)
	}
	name := "TemplateURL"
	if kind == "AWS::Serverless::Application" {
		name = "Location"
	}
	location, found := properties.Get(name)
	if !found {
		return nil
	}
	where := t.evaluate(location)
	metadata, _ := body.Get("Metadata")
	if asset, isAsset := metadata.Get("aws:asset:path"); isAsset && asset.Kind == trust.String {
		where = asset // as the CDK writes nested stacks
	}
	if where.Kind == trust.Object && kind == "AWS::Serverless::Application" {
		t.unread(key, location.Range, "an application of the AWS Serverless Application Repository")
		return nil
	}
	if !isScalar(where) || where.Text == "" {
		t.unread(key, location.Range, "its place depends on "+orName(dependsOn(where), display(where)))
		return nil
	}
	at, inside := t.place.Beside(where.Text)
	switch {
	case strings.Contains(where.Text, "://") && !strings.HasPrefix(where.Text, "file://"):
		t.unread(key, location.Range, "it lies at "+where.Text)
		return nil
	case !inside:
		t.unread(key, location.Range, where.Text+" is outside of the scanned directory")
		return nil
	}
	return t.further(key, properties, location.Range, at, kind == "AWS::CloudFormation::StackSet")
}

// unread says that a nested template cannot be read.
func (t *evaluator) unread(key trust.Value, at trust.Range, why string) {
	t.out.Tell(t.place.Path, template.Fault(at, "scan the nested template itself", "the template of %s is not read: %s", display(key), why))
}

// further reads a template that stands in a file of its own.
func (t *evaluator) further(key, properties trust.Value, from trust.Range, at template.Place, isElsewhere bool) error {
	switch {
	case at.Name == t.place.Name || slices.Contains(t.above, at.Name):
		t.unread(key, from, "it contains itself")
		return nil
	case len(t.above) >= maxNesting:
		t.unread(key, from, "templates are nested too deep")
		return nil
	}
	text, err := t.files.Open(at.Name)
	if err != nil {
		t.unread(key, from, at.Path+": "+err.Error())
		return nil //nolint:nilerr // told as incomplete
	}
	t.total += len(text)
	outline, err := yamltree.Open(&trust.File{Name: at.Path, Text: text}, "Resources")
	if err != nil {
		t.out.Tell(at.Path, err)
		return nil
	}
	if !looksLikeTemplate(outline, true) {
		t.unread(key, from, at.Path+" is no template")
		return nil
	}
	if t.out.Used != nil {
		t.out.Used(at.Name)
	}
	return t.child(key, properties, outline, at, isElsewhere).read()
}

// child is a nested template with the parameters that it is given.
func (t *evaluator) child(key, properties trust.Value, outline *yamltree.Outline, at template.Place, isElsewhere bool) *evaluator {
	child := newEvaluator(t.reader, outline, at)
	child.address = t.address + display(key) + "/"
	child.above = append(slices.Clone(t.above), t.place.Name)
	child.given = map[string]trust.Value{}
	if child.account, child.standIn = t.account, t.standIn; isElsewhere {
		child.account, child.standIn = "", fmt.Sprintf("%012d", len(child.above)) // not the parent's
	}
	parameters, _ := properties.Get("Parameters")
	for _, m := range parameters.Members {
		child.given[m.Key.Text] = joinedList(t.evaluate(m.Value))
	}
	for _, item := range parameters.Items { // as stack sets have them
		name, _ := item.Get("ParameterKey")
		value, _ := item.Get("ParameterValue")
		child.given[name.Text] = joinedList(t.evaluate(value))
	}
	child.assumedAbove = t.assumed || t.assumedAbove
	return child
}

// joinedList makes the text of a list that it is handed over as.
func joinedList(v trust.Value) trust.Value {
	if v.Kind != trust.Array {
		return v
	}
	var values []trust.Value
	for i, item := range v.Items {
		if i > 0 {
			values = append(values, trust.Literal(","))
		}
		values = append(values, item)
	}
	return distribute(values, v.Range, func(values []trust.Value) trust.Value { return joinKnown(values, v.Range) })
}

// maxBody is the most that CloudFormation takes of a template in a text, with
// room for the white space that YAML takes off it (CloudFormation User Guide,
// "Quotas").
const maxBody = 4 * 51_200

// body reads a template that stands in the template as a text. A stack set
// makes its stacks in other accounts, of which nothing is known here.
func (t *evaluator) body(key, properties, text trust.Value) error {
	if len(t.above) >= maxNesting {
		t.unread(key, text.Range, "templates are nested too deep")
		return nil
	}
	var pieces []piece
	name, argument, isCall := call(text)
	switch {
	case isCall && name == "Fn::Sub":
		pieces = t.substitution(argument, text.Range)
	case isCall && name == "Fn::Join":
		pieces, _ = t.joined(argument, text.Range)
	case text.Kind == trust.String:
		pieces = []piece{{text: text, from: 0, to: len(text.Text)}}
	case text.Kind == trust.Object && !isCall:
		return t.child(key, properties, yamltree.FromValue(text, "Resources"), t.place, true).read()
	}
	if pieces == nil {
		v := t.evaluate(text)
		t.unread(key, text.Range, "its text depends on "+orName(dependsOn(v), "a function"))
		return nil
	}
	inner := yamltree.NewText(text.Range)
	for _, p := range pieces {
		switch {
		case p.to > maxBody:
			t.unread(key, text.Range, "its text is too long")
			return nil
		case !p.isValue:
			inner.Add(p.text, p.from, p.to)
		case isScalar(p.value):
			inner.AddAt(p.value.Text, p.at)
		default:
			t.unread(key, text.Range, "its text depends on "+orName(dependsOn(p.value), "a function"))
			return nil
		}
	}
	documents, err := inner.Documents()
	if err != nil || len(documents) == 0 {
		if err == nil {
			err = template.Fault(text.Range, "", "the template of %s is empty", display(key))
		}
		t.out.Tell(t.place.Path, err)
		return nil
	}
	return t.child(key, properties, yamltree.FromValue(documents[0], "Resources"), t.place, true).read()
}

// transform evaluates Fn::Transform: an included piece that lies in the tree is
// read, everything else is not known.
func (t *evaluator) transform(argument trust.Value, at trust.Range) trust.Value {
	name, _ := argument.Get("Name")
	parameters, _ := argument.Get("Parameters")
	location, _ := parameters.Get("Location")
	where := t.textOf(location)
	if name.Text != "AWS::Include" {
		return unknown("macro "+name.Text, at)
	}
	label := "AWS::Include " + display(t.evaluate(location))
	from, inside := t.place.Beside(where)
	if !inside || slices.Contains(t.above, from.Name) || !t.enter() {
		return unknown(label, at)
	}
	defer t.leave()
	text, err := t.files.Open(from.Name)
	if err != nil {
		return unknown(label+" ("+err.Error()+")", at)
	}
	documents, err := yamltree.Read(&trust.File{Name: from.Path, Text: text})
	if err != nil || len(documents) != 1 {
		return unknown(label+" (which cannot be read)", at)
	}
	above := t.above
	t.above = append(slices.Clone(above), from.Name)
	defer func() { t.above = above }()
	return t.evaluate(documents[0])
}

// applyManifest learns the account and the construct paths of a template from
// the manifest of the cdk.out that it lies in (AWS CDK, cloud assembly schema).
func (t *evaluator) applyManifest() {
	file := path.Base(t.place.Name)
	if !strings.HasSuffix(file, ".template.json") {
		return
	}
	at, inside := t.place.Beside("manifest.json")
	if !inside {
		return
	}
	text, err := t.files.Open(at.Name)
	if err != nil {
		return
	}
	manifest, err := yamltree.Read(&trust.File{Name: at.Path, Text: text})
	if err != nil || len(manifest) != 1 {
		return
	}
	artifacts, _ := manifest[0].Get("artifacts")
	for _, artifact := range artifacts.Members {
		properties, _ := artifact.Value.Get("properties")
		if name, _ := properties.Get("templateFile"); name.Text == file {
			t.applyArtifact(artifact.Value)
			return
		}
	}
}

func (t *evaluator) applyArtifact(artifact trust.Value) {
	environment, _ := artifact.Get("environment") // aws://account/region
	account, _, _ := strings.Cut(strings.TrimPrefix(environment.Text, "aws://"), "/")
	if trust.IsAccountID(account) && t.account == "" {
		t.account = account
	}
	t.scopes = map[string]string{}
	metadata, _ := artifact.Get("metadata")
	for _, m := range metadata.Members {
		for _, item := range m.Value.Items {
			kind, _ := item.Get("type")
			id, _ := item.Get("data")
			if kind.Text == "aws:cdk:logicalId" {
				t.scopes[id.Text] = strings.TrimPrefix(m.Key.Text, "/")
			}
		}
	}
}
