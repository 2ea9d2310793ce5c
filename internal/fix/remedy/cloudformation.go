package remedy

import (
	"fmt"
	"strconv"
	"strings"

	"countersign/internal/fix/render"
	"countersign/trust"
)

// stack is a CloudFormation template with one role.
type stack struct {
	*subject
	references
	resource string // logical ID of the role
}

func newStack(s *subject) (*stack, error) {
	made := &stack{subject: s}
	// Names that keep their spelling, such as those of AWS SSO, read better.
	if made.resource = s.name; !isLogicalID(s.name) {
		made.resource = logicalID(s.name, "Role")
	}
	const function = "Ref" // an object with this name alone is a call of it
	made.resource = free(made.resource, []string{function})
	made.taken = []string{made.resource, function}
	made.spell = func(_, name string) string {
		if isLogicalID(name) {
			return name
		}
		return logicalID(name, "Value")
	}
	if err := made.find(&s.document); err != nil {
		return nil, err
	}
	return made, made.holds()
}

func isLogicalID(name string) bool {
	for i := range len(name) {
		if !isAlphanumeric(name[i]) {
			return false
		}
	}
	return name != "" && name[0] > '9' && len(name) < 200
}

// holds refuses what CloudFormation takes for its own: it has no way to write
// these as text (User Guide, "Intrinsic function reference" and "Get values
// stored in other services using dynamic references").
func (t *stack) holds() error {
	const otherForm = "use another form, such as --as cli"
	for _, text := range t.texts() {
		if strings.Contains(text, "{{resolve:") {
			return &RefusedError{"a text of the role has {{resolve: in it, which CloudFormation replaces", otherForm}
		}
	}
	names := functions(nil, &t.document)
	for i := range t.inline {
		names = functions(names, &t.inline[i].document)
	}
	if len(names) > 0 {
		return &RefusedError{"a policy of the role has the name " + shown(names[0]) + " in it, which CloudFormation takes for a function", otherForm}
	}
	return nil
}

// functions adds the names in a tree that are those of functions.
func functions(names []string, v *trust.Value) []string {
	for i := range v.Items {
		names = functions(names, &v.Items[i])
	}
	for i := range v.Members {
		if key := v.Members[i].Key.Text; key == "Ref" || strings.HasPrefix(key, "Fn::") {
			names = append(names, key)
		}
		names = functions(names, &v.Members[i].Value)
	}
	return names
}

func cloudFormationJSON(s *subject) (string, error) {
	t, err := newStack(s)
	if err != nil {
		return "", err
	}
	var lines []trust.Value
	for _, line := range t.notes("template.json") {
		lines = append(lines, trust.Literal(line))
	}
	metadata := member("Metadata", object(member("ReadMe", trust.Value{Kind: trust.Array, Items: lines})))
	text, err := render.JSON(t.template(metadata), "  ")
	return text + "\n", err
}

func cloudFormationYAML(s *subject) (string, error) {
	t, err := newStack(s)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, line := range t.notes("template.yaml") {
		b.WriteString(strings.TrimRight("# "+line, " ") + "\n")
	}
	body, err := yamlText(t.template())
	return b.String() + body, err
}

// template is the whole template, with functions in their long form.
func (t *stack) template(more ...trust.Member) trust.Value {
	made := object(member("AWSTemplateFormatVersion", trust.Literal("2010-09-09")))
	made.Members = append(made.Members, more...)
	if len(t.all) > 0 {
		made.Members = append(made.Members, member("Parameters", t.parameters()))
	}
	made.Members = append(made.Members, member("Resources", object(member(t.resource, object(
		member("Type", trust.Literal("AWS::IAM::Role")),
		member("DeletionPolicy", trust.Literal("Retain")),
		member("UpdateReplacePolicy", trust.Literal("Retain")),
		member("Properties", t.properties()),
	)))))
	return made
}

// parameters declares what is not known. An external ID has 2 to 1,224 of the
// characters below (STS API Reference, AssumeRole).
func (t *stack) parameters() trust.Value {
	all := object()
	for _, r := range t.all {
		declared := object(member("Type", trust.Literal("String")), member("Description", trust.Literal(r.about())))
		if r.externalID {
			declared.Members = append(declared.Members,
				member("NoEcho", trust.Value{Kind: trust.Bool, Text: "true"}),
				member("MinLength", number(2)), member("MaxLength", number(1224)),
				member("AllowedPattern", trust.Literal(`[\w+=,.@:\/-]*`)))
		}
		all.Members = append(all.Members, member(r.name, declared))
	}
	return all
}

// properties are those of AWS::IAM::Role (Template Reference).
func (t *stack) properties() trust.Value {
	p := object()
	add := func(name string, value trust.Value) { p.Members = append(p.Members, member(name, value)) }
	text := func(name, value string) {
		if value != "" {
			add(name, trust.Literal(value))
		}
	}
	text("RoleName", t.name)
	text("Path", t.path)
	text("Description", t.description)
	if t.session > 0 {
		add("MaxSessionDuration", number(t.session))
	}
	add("AssumeRolePolicyDocument", t.written(t.document))
	if len(t.managed) > 0 {
		var arns []trust.Value
		for _, policy := range t.managed {
			arns = append(arns, trust.Literal(policy.arn))
		}
		add("ManagedPolicyArns", trust.Value{Kind: trust.Array, Items: arns})
	}
	text("PermissionsBoundary", t.boundary)
	if len(t.inline) > 0 {
		var policies []trust.Value
		for _, policy := range t.inline {
			policies = append(policies, object(
				member("PolicyName", trust.Literal(policy.name)), member("PolicyDocument", t.written(policy.document))))
		}
		add("Policies", trust.Value{Kind: trust.Array, Items: policies})
	}
	if len(t.tags) > 0 {
		var tags []trust.Value
		for _, one := range t.tags {
			tags = append(tags, object(member("Key", trust.Literal(one.key)), member("Value", trust.Literal(one.value))))
		}
		add("Tags", trust.Value{Kind: trust.Array, Items: tags})
	}
	return p
}

// written has what is unknown in a policy refer to parameters.
func (t *stack) written(v trust.Value) trust.Value {
	if v.Kind == trust.Unknown {
		return t.refer(v.On)
	}
	if len(v.Parts) > 0 {
		return t.assembled(v.Parts)
	}
	made := v
	if v.Kind == trust.Number && !isPlainNumber(v.Text) {
		made.Kind = trust.String
	}
	made.Items, made.Members = nil, nil
	for _, item := range v.Items {
		made.Items = append(made.Items, t.written(item))
	}
	for _, m := range v.Members {
		made.Members = append(made.Members, trust.Member{Key: m.Key, Value: t.written(m.Value)})
	}
	return made
}

func (t *stack) refer(on string) trust.Value {
	return object(member("Ref", trust.Literal(t.parameter(on))))
}

func (t *stack) parameter(on string) string {
	if on == ownAccount {
		return "AWS::AccountId"
	}
	return t.of(on).name
}

// assembled puts a text together: by Fn::Sub, or, where the text has a ${ of its
// own, by Fn::Join, which leaves it alone.
func (t *stack) assembled(parts []trust.Part) trust.Value {
	if len(parts) == 1 && parts[0].On != "" {
		return t.refer(parts[0].On)
	}
	var b strings.Builder
	var items []trust.Value
	needsJoin := false
	for _, part := range parts {
		if part.On != "" {
			b.WriteString("${" + t.parameter(part.On) + "}")
			items = append(items, t.refer(part.On))
			continue
		}
		needsJoin = needsJoin || strings.Contains(part.Text, "$")
		b.WriteString(part.Text)
		items = append(items, trust.Literal(part.Text))
	}
	if !needsJoin {
		return object(member("Fn::Sub", trust.Literal(b.String())))
	}
	list := trust.Value{Kind: trust.Array, Items: items}
	return object(member("Fn::Join", trust.Value{Kind: trust.Array, Items: []trust.Value{trust.Literal(""), list}}))
}

// notes say what the template is, and how to use it (CloudFormation User Guide,
// "Import AWS resources into a CloudFormation stack manually").
func (t *stack) notes(file string) []string {
	lines := wrapped(t.heading())
	paragraph := func(text string) { lines = append(append(lines, ""), wrapped(text)...) }
	if t.stack != "" {
		paragraph("The role belongs to the CloudFormation stack " + shown(t.stack) + ": change the template of that stack instead.")
	}
	if missing := t.notKnown(); len(missing) > 0 {
		paragraph("Not known here: " + joined(missing) + ". Add what the role has of these before you import it.")
	}
	if t.name == "" {
		paragraph("The name of the role is not known: this creates a new one.")
		return lines
	}
	paragraph("An import takes the role into a stack as it is, and changes nothing of it. So close it first, " +
		"with --as cli or --as console. Then save this as " + file + ", and:")
	lines = append(lines, "",
		"  aws cloudformation create-change-set --change-set-type IMPORT \\",
		"    --stack-name "+strings.ReplaceAll(identifier(t.name, "role"), "_", "-")+" --change-set-name import \\",
		"    --template-body file://"+file+" --capabilities CAPABILITY_NAMED_IAM \\")
	for _, r := range t.all {
		lines = append(lines, fmt.Sprintf("    --parameters ParameterKey=%s,ParameterValue=VALUE \\", r.name))
	}
	identity := fmt.Sprintf(`[{"ResourceType":"AWS::IAM::Role","LogicalResourceId":%s,"ResourceIdentifier":{"RoleName":%s}}]`,
		render.Quoted(t.resource), render.Quoted(t.name))
	return append(lines, "    --resources-to-import "+shellQuoted(identity), "",
		"Look at the change set, execute it, and have the drift of the stack detected.")
}

func object(members ...trust.Member) trust.Value {
	return trust.Value{Kind: trust.Object, Members: members}
}

func member(name string, value trust.Value) trust.Member {
	return trust.Member{Key: trust.Literal(name), Value: value}
}

func number(n int) trust.Value { return trust.Value{Kind: trust.Number, Text: strconv.Itoa(n)} }
