package tfplan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"countersign/trust"
	"countersign/trust/jsontree"
)

// node is a part of a policy document that is read during apply: its value as
// far as it is known, what of it is unknown, and what the configuration says
// of it. Documentation of aws_iam_policy_document describes the attributes.
type node struct {
	after, unknown, config any
	module                 string // of the configuration's references
	name                   string
}

// policyDocument builds the policy that a policy document stands for.
func (r *reader) policyDocument(from *change) trust.Value {
	module, _ := moduleOf(from.Address)
	whole := node{module: module, name: from.Address}
	_ = json.Unmarshal(from.Change.After, &whole.after)
	_ = json.Unmarshal(from.Change.Unknown, &whole.unknown)
	if config := r.configs[withoutIndexes(from.Address)]; config != nil {
		_ = json.Unmarshal(config.Expressions, &whole.config)
	}
	list := &statements{}
	list.join(whole, "source_policy_documents", "source_json")
	blocks := whole.get("statement")
	if blocks.isUnknown() {
		list.items = append(list.items, blocks.gap())
	}
	for _, block := range blocks.items() {
		list.add(block.statement())
	}
	before := len(list.items)
	list.join(whole, "override_policy_documents", "override_json")
	if slices.ContainsFunc(list.items[min(before, len(list.items)):], isGap) {
		return unknown(whole.get("override_policy_documents").on()) // any statement may be replaced
	}
	return object(
		member("Version", trust.Literal("2012-10-17")),
		member("Statement", trust.Value{Kind: trust.Array, Items: list.items}),
	)
}

func isGap(v trust.Value) bool { return v.Kind == trust.Unknown }

// get is an attribute or a block of the node.
func (n node) get(key string) node {
	child := node{module: n.module, name: n.name + "." + key}
	child.after = field(n.after, key)
	child.config = field(n.config, key)
	if child.unknown = field(n.unknown, key); n.unknown == true {
		child.unknown = true
	}
	return child
}

func field(of any, key string) any {
	members, _ := of.(map[string]any)
	return members[key]
}

// items are the elements of the node. What the configuration says of them is
// told apart only where it has as many.
func (n node) items() []node {
	values, _ := n.after.([]any)
	gaps, _ := n.unknown.([]any)
	config, _ := n.config.([]any)
	count := max(len(values), len(gaps))
	made := make([]node, count)
	for i := range made {
		made[i] = node{module: n.module, name: fmt.Sprintf("%s[%d]", n.name, i)}
		if i < len(values) {
			made[i].after = values[i]
		}
		if i < len(gaps) {
			made[i].unknown = gaps[i]
		}
		switch {
		case len(config) == count:
			made[i].config = config[i]
		case config == nil && count == 1:
			made[i].config = n.config // the list of one value
		}
	}
	return made
}

func (n node) isUnknown() bool { return n.unknown == true }

// on names what an unknown node depends on.
func (n node) on() string {
	var references []string
	list, _ := field(n.config, "references").([]any)
	for _, reference := range list {
		if text, ok := reference.(string); ok {
			references = append(references, text)
		}
	}
	if name := named(n.module, references); name != "" {
		return name
	}
	return n.name
}

func (n node) gap() trust.Value { return unknown(n.on()) }

// text is a string, or else the text that stands in its place when it is not
// given.
func (n node) text(otherwise string) trust.Value {
	if n.isUnknown() {
		return n.gap()
	}
	if text, ok := n.after.(string); ok && text != "" {
		return trust.Literal(text)
	}
	return trust.Literal(otherwise)
}

// texts is a list of strings; given is false where there is none.
func (n node) texts() (list trust.Value, given bool) {
	if n.isUnknown() {
		return n.gap(), true
	}
	items := n.items()
	list = trust.Value{Kind: trust.Array}
	for _, item := range items {
		list.Items = append(list.Items, item.text(""))
	}
	return list, len(items) > 0
}

// statement builds a statement from its block.
func (n node) statement() trust.Value {
	if n.isUnknown() {
		return n.gap()
	}
	made := object(member("Effect", n.get("effect").text("Allow")))
	add := func(name string, value trust.Value) { made.Members = append(made.Members, member(name, value)) }
	if sid := n.get("sid").text(""); sid.Kind == trust.String && sid.Text != "" {
		add("Sid", sid)
	}
	for _, pair := range [][2]string{{"actions", "Action"}, {"not_actions", "NotAction"}, {"resources", "Resource"}, {"not_resources", "NotResource"}} {
		if list, given := n.get(pair[0]).texts(); given {
			add(pair[1], list)
		}
	}
	for _, pair := range [][2]string{{"principals", "Principal"}, {"not_principals", "NotPrincipal"}} {
		if value, given := n.get(pair[0]).principals(); given {
			add(pair[1], value)
		}
	}
	if value, given := n.get("condition").conditions(); given {
		add("Condition", value)
	}
	return made
}

// principals joins blocks of principals by their type. The type "*" is for
// everybody and stands alone, as the provider writes it.
func (n node) principals() (value trust.Value, given bool) {
	if n.isUnknown() {
		return n.gap(), true
	}
	blocks := n.items()
	made := object()
	for _, block := range blocks {
		kind := block.get("type").text("AWS")
		identifiers, _ := block.get("identifiers").texts()
		switch {
		case block.isUnknown():
			return block.gap(), true
		case kind.Kind == trust.Unknown:
			return kind, true
		case kind.Text == "*":
			return trust.Literal("*"), true
		}
		extend(at(&made, kind.Text, trust.Array), identifiers)
	}
	return made, len(blocks) > 0
}

// conditions joins blocks of conditions by test and variable: the provider
// makes one list of two that have both in common.
func (n node) conditions() (value trust.Value, given bool) {
	if n.isUnknown() {
		return n.gap(), true
	}
	blocks := n.items()
	byTest := object()
	for _, block := range blocks {
		test, variable := block.get("test").text(""), block.get("variable").text("")
		values, _ := block.get("values").texts()
		switch {
		case block.isUnknown():
			return block.gap(), true
		case test.Kind == trust.Unknown || variable.Kind == trust.Unknown:
			return firstGap(test, variable), true
		}
		extend(at(at(&byTest, test.Text, trust.Object), variable.Text, trust.Array), values)
	}
	return byTest, len(blocks) > 0
}

func firstGap(values ...trust.Value) trust.Value {
	return values[slices.IndexFunc(values, isGap)]
}

// statements are those of a document in the making.
type statements struct{ items []trust.Value }

// add appends a statement, or puts it in the place of that with the same Sid.
func (s *statements) add(one trust.Value) {
	if sid, ok := one.Get("Sid"); ok && sid.Text != "" {
		for i, other := range s.items {
			if same, ok := other.Get("Sid"); ok && same.Text == sid.Text {
				s.items[i] = one
				return
			}
		}
	}
	s.items = append(s.items, one)
}

// join adds the statements of whole documents: those of a list, and of the
// single one that older versions of the provider took.
func (s *statements) join(from node, list, single string) {
	documents := from.get(list).items()
	if whole := from.get(list); whole.isUnknown() {
		s.items = append(s.items, whole.gap())
	}
	for _, one := range append(documents, from.get(single)) {
		text, ok := one.after.(string)
		switch {
		case one.isUnknown():
			s.items = append(s.items, one.gap())
		case ok && strings.TrimSpace(text) != "":
			s.parse(one, text)
		}
	}
}

func (s *statements) parse(from node, text string) {
	tree, err := jsontree.Parse(&trust.File{Text: []byte(text)})
	if err != nil {
		s.items = append(s.items, from.gap())
		return
	}
	tree = withoutPlaces(tree)
	listed, _ := tree.Get("Statement")
	if listed.Kind == trust.Object {
		listed = trust.Value{Kind: trust.Array, Items: []trust.Value{listed}}
	}
	for _, one := range listed.Items {
		s.add(one)
	}
}

// withoutPlaces takes the places off a tree: they are those of a text that
// stands in no file.
func withoutPlaces(v trust.Value) trust.Value {
	v.Range = trust.Range{}
	for i := range v.Items {
		v.Items[i] = withoutPlaces(v.Items[i])
	}
	for i := range v.Members {
		v.Members[i].Key = withoutPlaces(v.Members[i].Key)
		v.Members[i].Value = withoutPlaces(v.Members[i].Value)
	}
	return v
}
