package remedy

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"countersign/trust"
)

// module is a Terraform configuration with one role.
type module struct {
	*subject
	references
	label  string // of the role
	labels map[string][]string
	blocks []string
}

func terraform(s *subject) (string, error) {
	m := &module{subject: s, label: identifier(s.name, "role"), labels: map[string][]string{}}
	m.spell = variableName
	if err := m.find(&s.document); err != nil {
		return "", err
	}
	for i := range s.inline {
		if err := m.find(&s.inline[i].document); err != nil {
			return "", err
		}
	}
	if !m.isNormal() {
		return "", &RefusedError{"a text of the role is not in Unicode's normal form C, which Terraform would make of it", "use another form, such as --as cli"}
	}
	for _, r := range m.all {
		entries := []hclEntry{{"description", hclQuoted(r.about())}, {"type", "string"}}
		if r.externalID {
			entries = append(entries, hclEntry{"sensitive", "true"})
		}
		m.add(`variable "`+r.name+`"`, entries...)
	}
	if m.ownAccount {
		m.blocks = append(m.blocks, "data \"aws_caller_identity\" \"current\" {}\n")
	}
	m.role()
	for _, policy := range m.managed {
		m.attachment(policy)
	}
	for i := range m.inline {
		m.inlinePolicy(&m.inline[i])
	}
	return m.notes() + strings.Join(m.blocks, "\n"), nil
}

// reserved are the names that no variable of a module may have (Terraform
// Language, "Use input variables").
var reserved = []string{"source", "version", "providers", "count", "for_each", "lifecycle", "depends_on", "locals"}

func variableName(prefix, name string) string {
	made := name
	if prefix != "var." {
		made = identifier(name, "value")
	}
	if slices.Contains(reserved, made) {
		made += "_value"
	}
	return made
}

// isNormal reports whether Terraform keeps all texts: it makes normal form C of
// strings (Terraform Language, "Strings and Templates"), also of the JSON that
// jsonencode makes, where the last letter of an escape may take up a mark.
func (m *module) isNormal() bool {
	return !slices.ContainsFunc(m.texts(), func(text string) bool {
		encoded, err := json.Marshal(text)
		return err != nil || !norm.NFC.IsNormalString(text) || !norm.NFC.IsNormal(encoded)
	})
}

func (m *module) add(header string, entries ...hclEntry) {
	m.blocks = append(m.blocks, hclBlock(header, entries))
}

// adopt has a resource adopted that is there already.
func (m *module) adopt(address, id string) {
	if m.name != "" {
		m.add("import", hclEntry{"to", address}, hclEntry{"id", hclQuoted(id)})
	}
}

func (m *module) refer(on string) string {
	if on == ownAccount {
		return "data.aws_caller_identity.current.account_id"
	}
	return "var." + m.of(on).name
}

func (m *module) encoded(document *trust.Value) string {
	return "jsonencode(" + expression(document, "  ", m.refer) + ")"
}

func (m *module) role() {
	m.adopt("aws_iam_role."+m.label, m.name)
	var entries []hclEntry
	text := func(key, value string) {
		if value != "" {
			entries = append(entries, hclEntry{key, hclQuoted(value)})
		}
	}
	text("name", m.name)
	text("path", m.path)
	text("description", m.description)
	if m.session > 0 {
		entries = append(entries, hclEntry{"max_session_duration", strconv.Itoa(m.session)})
	}
	text("permissions_boundary", m.boundary)
	apart := func(more ...hclEntry) {
		if len(entries) > 0 {
			entries = append(entries, hclEntry{})
		}
		entries = append(entries, more...)
	}
	apart(hclEntry{"assume_role_policy", m.encoded(&m.document)})
	if len(m.tags) > 0 {
		tags := make([]hclEntry, len(m.tags))
		for i, one := range m.tags {
			key := trust.Literal(one.key)
			tags[i] = hclEntry{hclKey(&key, nil), hclQuoted(one.value)}
		}
		apart(hclEntry{"tags", "{\n" + hclLines(tags, "    ") + "  }"})
	}
	if ignored := m.ignored(); len(ignored) > 0 {
		apart(hclEntry{"", "lifecycle {\n    ignore_changes = [" + strings.Join(ignored, ", ") + "]\n  }"})
	}
	m.add(`resource "aws_iam_role" "`+m.label+`"`, entries...)
}

// ignored are the arguments that Terraform must leave alone, or it would take
// away what the role has of them.
func (m *module) ignored() (arguments []string) {
	for _, one := range []struct {
		property
		argument string
	}{
		{thePath, "path"}, {theDescription, "description"}, {theSession, "max_session_duration"},
		{theBoundary, "permissions_boundary"}, {theTags, "tags"},
	} {
		if m.unknown[one.property] {
			arguments = append(arguments, one.argument)
		}
	}
	return arguments
}

// labelFor makes a label that no other resource of the type has.
func (m *module) labelFor(kind, name string) string {
	label := free(m.label+"_"+identifier(name, "policy"), m.labels[kind])
	m.labels[kind] = append(m.labels[kind], label)
	return label
}

func (m *module) attachment(policy managed) {
	const kind = "aws_iam_role_policy_attachment"
	name := policy.name
	if name == "" {
		name = policy.arn[strings.LastIndexByte(policy.arn, '/')+1:]
	}
	label := m.labelFor(kind, name)
	m.adopt(kind+"."+label, m.name+"/"+policy.arn)
	m.add(`resource "`+kind+`" "`+label+`"`,
		hclEntry{"role", "aws_iam_role." + m.label + ".name"}, hclEntry{"policy_arn", hclQuoted(policy.arn)})
}

func (m *module) inlinePolicy(policy *inline) {
	const kind = "aws_iam_role_policy"
	label := m.labelFor(kind, policy.name)
	m.adopt(kind+"."+label, m.name+":"+policy.name)
	m.add(`resource "`+kind+`" "`+label+`"`,
		hclEntry{"role", "aws_iam_role." + m.label + ".name"}, hclEntry{"name", hclQuoted(policy.name)},
		hclEntry{}, hclEntry{"policy", m.encoded(&policy.document)})
}

// notes say what the configuration does.
func (m *module) notes() string {
	lines := wrapped(m.heading())
	add := func(text string) { lines = append(lines, wrapped(text)...) }
	if m.name != "" {
		add("The import blocks (Terraform 1.5 or later) adopt what is there: the plan has to show a change of " +
			"assume_role_policy and nothing else.")
	} else {
		add("The name of the role is not known: this creates a new one.")
	}
	if m.stack != "" {
		add("The role belongs to the CloudFormation stack " + shown(m.stack) + ": change the template of that stack instead.")
	}
	if missing := m.notKnown(); len(missing) > 0 {
		add("Not known here, and left as it is: " + joined(missing) + ".")
	}
	return "# " + strings.Join(lines, "\n# ") + "\n\n"
}
