package terraform

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"countersign/trust"
)

// The data source aws_iam_policy_document, as the AWS provider makes its JSON
// (Terraform registry, hashicorp/aws, "Data Source: aws_iam_policy_document").

// maxStatements bounds a policy document. IAM's own limit is a few thousand
// characters.
const maxStatements = 1000

// policyDocument gives the policy that a data source makes, as a value.
func policyDocument(s *scope, body *hclsyntax.Body, place trust.Range) *value {
	blocks, assumed, problem := s.blocksOf(body)
	if problem != nil {
		return problem
	}
	if len(blocks) > maxStatements {
		return unknownValue("a policy document of too many statements", place)
	}
	own := []*value{}
	for i := range blocks {
		if blocks[i].kind == "statement" {
			own = append(own, when(statement(&blocks[i]), blocks[i].guards))
		}
	}
	version := s.attribute(body, "version")
	if version == nil {
		version = textValue("2012-10-17", place)
	}
	before := s.inputs(body, "source_json", "source_policy_documents")
	after := s.inputs(body, "override_policy_documents", "override_json")
	all := append(append([]*value{}, before...), after...)
	return each(all, place, func(all []*value) *value {
		m := &merged{version: version}
		for i, input := range all {
			if i == len(before) {
				m.add(own)
			}
			if problem := m.input(input); problem != nil {
				return problem
			}
		}
		if len(before) == len(all) {
			m.add(own)
		}
		return objectValue([]member{
			{textValue("Version", place), m.version},
			{textValue("Statement", place), listValue(m.statements, place)},
		}, place).with(assumed)
	})
}

// inputs lists the documents that attributes name.
func (s *scope) inputs(body *hclsyntax.Body, names ...string) []*value {
	var all []*value
	for _, name := range names {
		v := s.attribute(body, name)
		switch {
		case v == nil || v.kind == null:
		case strings.HasSuffix(name, "_json"):
			all = append(all, v)
		default:
			items := concat(s, []*value{v}, v.place)
			all = append(all, items.spread()...)
		}
	}
	return all
}

// merged gathers statements. One with the Sid of an earlier one takes its
// place.
type merged struct {
	version    *value
	statements []*value
}

// input merges a document.
func (m *merged) input(v *value) (problem *value) {
	if s, ok := v.isText(); v.kind == null || v.kind == absent || ok && strings.TrimSpace(s) == "" {
		return nil
	}
	if v.kind == text {
		parsed, err := parseJSON(v)
		if err != nil {
			return badValue("a source document that is no JSON", v.place)
		}
		v = parsed
	}
	if v.kind == choice || v.kind == unknown {
		m.add([]*value{composed(v.describe(), v.place)})
		return nil
	}
	if v.kind != object {
		return badValue("a source document that is no policy", v.place)
	}
	if version, _ := v.get("Version"); version != nil {
		theirs, _ := version.isText()
		if ours, ok := m.version.isText(); ok && theirs > ours {
			m.version = version
		}
	}
	statements, _ := v.get("Statement")
	switch {
	case statements == nil:
	case statements.kind == list:
		m.add(statements.items)
	case statements.kind == choice:
		m.add(spreadChoice(statements))
	default:
		m.add([]*value{statements})
	}
	return nil
}

func (m *merged) add(statements []*value) {
	for _, added := range statements {
		replaced := -1
		for i, existing := range m.statements {
			left := remaining(existing, added, 0)
			if left.kind == absent && replaced < 0 {
				replaced = i
			}
			m.statements[i] = left
		}
		if replaced >= 0 {
			m.statements[replaced] = added
			continue
		}
		m.statements = append(m.statements, added)
	}
}

// remaining is what stays of a statement when another one is merged in.
func remaining(existing, added *value, depth int) *value {
	switch {
	case existing.kind == absent || added.kind == absent || depth > 8:
		return existing
	case added.kind == choice:
		return mapOptions(added, existing, func(option *value) *value { return remaining(existing, option, depth+1) })
	case existing.kind == choice:
		return mapOptions(existing, existing, func(option *value) *value { return remaining(option, added, depth+1) })
	case existing.kind != object || added.kind != object:
		return existing
	}
	ours, _ := existing.get("Sid")
	theirs, _ := added.get("Sid")
	if ours == nil || theirs == nil {
		return existing
	}
	a, okA := ours.isText()
	b, okB := theirs.isText()
	switch {
	case okA && okB && a == b && a != "":
		return &value{kind: absent, size: 1}
	case okA && okB || !mayBe(ours, theirs):
		return existing
	}
	return choiceValue(boundName(ours.describe()+" == "+theirs.describe()), []*value{{kind: absent, size: 1}, existing}, existing.place)
}

// mayBe reports whether two texts that are not wholly known can be the same:
// their known beginnings must agree.
func mayBe(a, b *value) bool {
	beginning := func(v *value) string {
		if s, ok := v.isText(); ok {
			return s
		}
		if pieces := v.spelled(); len(pieces) > 0 && pieces[0].on == "" {
			return pieces[0].text
		}
		return ""
	}
	first, second := beginning(a), beginning(b)
	n := min(len(first), len(second))
	return first[:n] == second[:n]
}

// mapOptions makes a choice on the condition of another, unless that leaves
// existing as it is.
func mapOptions(of, existing *value, f func(*value) *value) *value {
	options := make([]*value, len(of.items))
	unchanged := true
	for i := range of.items {
		before := existing
		if of == existing {
			before = of.items[i]
		}
		options[i] = f(of.items[i])
		unchanged = unchanged && options[i] == before
	}
	if unchanged {
		return existing
	}
	return choiceValue(of.on, options, existing.place)
}

// statement makes a statement of a block.
func statement(b *nested) *value {
	inner, assumed, problem := b.scope.blocksOf(b.body)
	if problem != nil {
		return unknownValue(problem.name(), b.place)
	}
	return guarded(inner, b.place, maxOptions, func(inner []nested) *value {
		return statementOf(b, inner).with(assumed)
	})
}

// elements are the attributes of a statement that become elements as they are.
var elements = []struct{ attribute, element string }{
	{"sid", "Sid"}, {"effect", "Effect"}, {"actions", "Action"}, {"not_actions", "NotAction"},
	{"resources", "Resource"}, {"not_resources", "NotResource"},
}

func statementOf(b *nested, inner []nested) *value {
	var members []member
	for _, e := range elements {
		v := b.scope.attribute(b.body, e.attribute)
		if v == nil || v.kind == null {
			if e.element == "Effect" {
				members = append(members, member{textValue("Effect", b.place), textValue("Allow", b.place)})
			}
			continue
		}
		if s, ok := v.isText(); ok && s == "" || v.kind == list && len(v.items) == 0 {
			continue
		}
		key := textValue(e.element, b.scope.place(b.body.Attributes[e.attribute].NameRange))
		members = append(members, member{key, v})
	}
	for _, kind := range []string{"principals", "not_principals"} {
		if v := principals(inner, kind, b.place); v != nil {
			name := map[string]string{"principals": "Principal", "not_principals": "NotPrincipal"}[kind]
			members = append(members, member{textValue(name, v.place), v})
		}
	}
	if v := conditions(inner, b.place); v != nil {
		members = append(members, member{textValue("Condition", v.place), v})
	}
	return objectValue(members, b.place)
}

// principals gathers blocks by their type; nil where there are none. Lists in
// lists are taken apart, as Terraform 0.11 did.
func principals(inner []nested, kind string, place trust.Range) *value {
	var members []member
	count := 0
	for i := range inner {
		b := &inner[i]
		if b.kind != kind {
			continue
		}
		if count++; count == 1 {
			place = b.place
		}
		key, who := b.scope.attribute(b.body, "type"), b.scope.attribute(b.body, "identifiers")
		if key == nil || who == nil {
			return unknownValue("principals without type or identifiers", b.place)
		}
		if key.kind == choice {
			key = composed(key.describe(), key.place)
		}
		items := concat(b.scope, []*value{who}, who.place)
		if items.kind != list {
			return items
		}
		members = gather(members, key, flatItems(nil, items.items, 0), who.place)
	}
	if count == 0 {
		return nil
	}
	if len(members) == 1 {
		name, _ := members[0].key.isText()
		if items := members[0].value.items; name == "*" && len(items) == 1 {
			if s, ok := items[0].isText(); ok && s == "*" {
				return items[0]
			}
		}
	}
	return objectValue(members, place)
}

// gather adds items to the member with that key.
func gather(members []member, key *value, items []*value, place trust.Range) []member {
	items = withVariables(items)
	name, known := key.isText()
	for i := range members {
		if k, ok := members[i].key.isText(); ok && known && k == name {
			members[i].value = listValue(append(members[i].value.items[:len(members[i].value.items):len(members[i].value.items)], items...), place)
			return members
		}
	}
	return append(members, member{key, listValue(items, place)})
}

// withVariables spells policy variables as IAM does: the data source takes
// &{…}, so that Terraform leaves them alone.
func withVariables(items []*value) []*value {
	changed := make([]*value, len(items))
	for i, item := range items {
		changed[i] = item
		pieces := item.spelled()
		if item.kind != text {
			continue
		}
		for j := range pieces {
			if !strings.Contains(pieces[j].text, "&{") {
				continue
			}
			replaced := append([]piece(nil), pieces...)
			for k := range replaced {
				replaced[k].text = strings.ReplaceAll(replaced[k].text, "&{", "${")
			}
			changed[i] = piecesValue(replaced, item.place, item.assumed)
			break
		}
	}
	return changed
}

// conditions gathers blocks by test and variable; nil where there are none.
// Two blocks with the same test and variable become one list of values, any
// of which will do.
func conditions(inner []nested, place trust.Range) *value {
	var tests []member
	for i := range inner {
		b := &inner[i]
		if b.kind != "condition" {
			continue
		}
		if len(tests) == 0 {
			place = b.place
		}
		test, key, operands := b.scope.attribute(b.body, "test"), b.scope.attribute(b.body, "variable"), b.scope.attribute(b.body, "values")
		if test == nil || key == nil || operands == nil {
			return unknownValue("a condition without test, variable or values", b.place)
		}
		if test.kind == choice || key.kind == choice {
			return condition(test, key, b)
		}
		items := concat(b.scope, []*value{operands}, operands.place)
		if items.kind != list {
			return items
		}
		tests = addCondition(tests, test, key.at(b.place), flatItems(nil, items.items, 0), b.place)
	}
	if tests == nil {
		return nil
	}
	return objectValue(tests, place)
}

// condition is unknown as a whole where its operator or key is a choice.
func condition(test, key *value, b *nested) *value {
	if test.kind == choice {
		return composed(test.describe(), b.place)
	}
	return composed(key.describe(), b.place)
}

func addCondition(tests []member, test, key *value, items []*value, place trust.Range) []member {
	name, known := test.isText()
	for i := range tests {
		if t, ok := tests[i].key.isText(); ok && known && t == name {
			tests[i].value = objectValue(gather(append([]member(nil), tests[i].value.members...), key, items, place), place)
			return tests
		}
	}
	return append(tests, member{test, objectValue(gather(nil, key, items, place), place)})
}
