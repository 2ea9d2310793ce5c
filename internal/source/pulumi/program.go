package pulumi

import (
	"regexp"
	"slices"
	"strings"

	"countersign/internal/role"
	"countersign/internal/source/template"
	"countersign/internal/source/yamltree"
	"countersign/trust"
)

// programPolicy evaluates the policy of a role in a program.
func (r *reader) programPolicy(key, properties trust.Value) role.Document {
	v, found := policyOf(properties)
	if !found {
		return role.Document{Err: template.Fault(key.Range, "every role has a trust policy", "the role has no trust policy")}
	}
	if v.Kind == trust.String {
		tree, err := r.jsonText(v)
		if err != nil {
			return role.Document{Err: err}
		}
		return role.Document{Tree: &tree}
	}
	tree := r.evaluate(v)
	if tree.Kind == trust.String && len(tree.Parts) == 0 {
		inner, err := yamltree.Inside(tree)
		if err != nil {
			return role.Document{Err: err}
		}
		tree = inner
	}
	return role.Document{Tree: &tree}
}

// reference is an interpolation; $${ is none.
var reference = regexp.MustCompile(`\$?\$\{([^{}]*)\}`)

// jsonText reads a policy of JSON in which references may stand.
func (r *reader) jsonText(v trust.Value) (trust.Value, error) {
	matches := reference.FindAllStringSubmatchIndex(v.Text, -1)
	if len(matches) == 1 && matches[0][0] == 0 && matches[0][1] == len(v.Text) {
		return r.reference(v.Text[matches[0][2]:matches[0][3]], v.Range), nil
	}
	text := yamltree.NewText(v.Range)
	from, on := 0, ""
	for _, m := range matches {
		text.Add(v, from, m[0])
		place := text.Place(v, m[0], m[1])
		from = m[1]
		if strings.HasPrefix(v.Text[m[0]:], "$$") {
			text.Add(v, m[0]+1, m[1])
			continue
		}
		value := r.reference(v.Text[m[2]:m[3]], v.Range)
		if value.Kind == trust.String && len(value.Parts) == 0 {
			text.AddAt(value.Text, place)
		} else {
			on = orName(value.On, v.Text[m[0]:m[1]])
			text.AddUnknown(on, place)
		}
	}
	text.Add(v, from, len(v.Text))
	tree, err := text.JSON()
	if err != nil && on != "" {
		return trust.Value{Kind: trust.Unknown, On: on, Range: v.Range}, nil
	}
	return tree, err
}

func orName(on, otherwise string) string {
	if on == "" {
		return otherwise
	}
	return on
}

// evaluate gives a value without functions and references (Pulumi YAML language
// reference).
func (r *reader) evaluate(v trust.Value) trust.Value {
	r.left--
	if r.depth++; r.left < 0 || r.depth > 100 {
		r.depth--
		return trust.Value{Kind: trust.Unknown, On: "a program that is too large", Range: v.Range}
	}
	defer func() { r.depth-- }()
	switch v.Kind {
	case trust.String:
		return r.text(v)
	case trust.Number:
		v.Kind = trust.String
	case trust.Array:
		items := make([]trust.Value, len(v.Items))
		for i := range v.Items {
			items[i] = r.evaluate(v.Items[i])
		}
		v.Items = items
	case trust.Object:
		if len(v.Members) == 1 && strings.HasPrefix(strings.ToLower(v.Members[0].Key.Text), "fn::") {
			return r.function(strings.ToLower(v.Members[0].Key.Text), v.Members[0].Value, v.Range)
		}
		members := make([]trust.Member, len(v.Members))
		for i, m := range v.Members {
			members[i] = trust.Member{Key: r.text(m.Key), Value: r.evaluate(m.Value)}
		}
		v.Members = members
	}
	return v
}

func (r *reader) function(name string, argument trust.Value, at trust.Range) trust.Value {
	switch {
	case name == "fn::tojson", name == "fn::secret":
		return r.evaluate(argument)
	case name == "fn::join" && len(argument.Items) == 2:
		by, list := r.evaluate(argument.Items[0]), r.evaluate(argument.Items[1])
		var parts []trust.Part
		for i, item := range list.Items {
			if i > 0 {
				parts = append(parts, trust.Part{Text: by.Text})
			}
			parts = append(parts, partsOf(item)...)
		}
		if list.Kind == trust.Array && by.Kind == trust.String && len(by.Parts) == 0 {
			return assembled(parts, at)
		}
	}
	return trust.Value{Kind: trust.Unknown, On: name, Range: at}
}

func partsOf(v trust.Value) []trust.Part {
	switch {
	case len(v.Parts) > 0:
		return v.Parts
	case v.Kind == trust.String:
		return []trust.Part{{Text: v.Text}}
	}
	return []trust.Part{{On: orName(v.On, "a list within a text")}}
}

// assembled makes one value of parts.
func assembled(parts []trust.Part, at trust.Range) trust.Value {
	parts = slices.DeleteFunc(parts, func(p trust.Part) bool { return p.Text == "" && p.On == "" })
	var text strings.Builder
	isKnown := true
	for _, part := range parts {
		text.WriteString(part.Text)
		isKnown = isKnown && part.On == ""
	}
	switch {
	case text.Len() > 1<<16:
		return trust.Value{Kind: trust.Unknown, On: "a text that is too long", Range: at}
	case isKnown:
		return trust.Value{Kind: trust.String, Text: text.String(), Range: at}
	case len(parts) == 1:
		return trust.Value{Kind: trust.Unknown, On: parts[0].On, Range: at}
	}
	return trust.Value{Kind: trust.String, Parts: parts, Range: at}
}

// text replaces the references in a text.
func (r *reader) text(v trust.Value) trust.Value {
	if v.Kind != trust.String || len(v.Parts) > 0 || !strings.Contains(v.Text, "${") {
		return v
	}
	matches := reference.FindAllStringSubmatchIndex(v.Text, -1)
	if len(matches) == 1 && matches[0][0] == 0 && matches[0][1] == len(v.Text) && !strings.HasPrefix(v.Text, "$$") {
		return r.reference(v.Text[matches[0][2]:matches[0][3]], v.Range)
	}
	var parts []trust.Part
	from := 0
	for _, m := range matches {
		parts = append(parts, trust.Part{Text: v.Text[from:m[0]]})
		from = m[1]
		if strings.HasPrefix(v.Text[m[0]:], "$$") {
			parts = append(parts, trust.Part{Text: v.Text[m[0]+1 : m[1]]})
		} else {
			parts = append(parts, partsOf(r.reference(v.Text[m[2]:m[3]], v.Range))...)
		}
	}
	return assembled(append(parts, trust.Part{Text: v.Text[from:]}), v.Range)
}

// reference looks up a name: the configuration, a variable, the own account.
func (r *reader) reference(name string, at trust.Range) trust.Value {
	nothing := trust.Value{Kind: trust.Unknown, On: "${" + name + "}", Range: at}
	first, property, _ := strings.Cut(name, ".")
	if given, found := r.options.Config[first]; found && property == "" {
		return trust.Value{Kind: trust.String, Text: given, Range: at}
	}
	if declared, found := r.config.Get(first); found {
		value, hasDefault := declared.Get("default")
		if !hasDefault {
			value, hasDefault = declared.Get("value")
		}
		if declared.Kind == trust.String {
			value, hasDefault = declared, true
		}
		if hasDefault && property == "" {
			r.assumed = true
			return r.evaluate(value)
		}
		nothing.On = "config " + first
		return nothing
	}
	variable, found := r.variables.Get(first)
	if !found {
		return nothing
	}
	invoke, found := variable.Get("fn::invoke")
	if !found {
		invoke, found = variable.Get("Fn::Invoke")
	}
	if !found {
		if property == "" {
			return r.evaluate(variable)
		}
		return nothing
	}
	function, found := invoke.Get("function")
	if !found {
		function, _ = invoke.Get("Function")
	}
	property = orName(property, textOf(invoke, "return", "Return"))
	switch {
	case slices.Contains([]string{"aws:getCallerIdentity", "aws:index:getCallerIdentity", "aws:index/getCallerIdentity:getCallerIdentity"}, function.Text) && property == "accountId":
		return trust.Value{Kind: trust.String, Text: orName(r.options.Account, template.OwnAccount), Range: at}
	case strings.HasSuffix(function.Text, ":getPolicyDocument") && (property == "json" || property == "minifiedJson"):
		arguments, found := invoke.Get("arguments")
		if !found {
			arguments, _ = invoke.Get("Arguments")
		}
		return policyDocument(r.evaluate(arguments))
	}
	return nothing
}

func textOf(v trust.Value, keys ...string) string {
	for _, key := range keys {
		if found, ok := v.Get(key); ok {
			return found.Text
		}
	}
	return ""
}

// policyDocument makes the policy that aws.iam.getPolicyDocument gives for its
// arguments.
func policyDocument(arguments trust.Value) trust.Value {
	for _, other := range []string{"sourcePolicyDocuments", "overridePolicyDocuments", "sourceJson", "overrideJson"} {
		if v, found := arguments.Get(other); found {
			return trust.Value{Kind: trust.Unknown, On: other, Range: v.Range}
		}
	}
	statements, _ := arguments.Get("statements")
	if statements.Kind == trust.Unknown {
		statements.On = orName(statements.On, "the statements of a policy document")
		return statements
	}
	list := trust.Value{Kind: trust.Array, Range: statements.Range}
	for _, s := range statements.Items {
		list.Items = append(list.Items, statement(s))
	}
	version := trust.Literal("2012-10-17")
	if v, found := arguments.Get("version"); found {
		version = v
	}
	return trust.Value{Kind: trust.Object, Range: arguments.Range, Members: []trust.Member{
		{Key: trust.Literal("Version"), Value: version}, {Key: trust.Literal("Statement"), Value: list},
	}}
}

func statement(s trust.Value) trust.Value {
	v := trust.Value{Kind: trust.Object, Range: s.Range}
	add := func(name string, value trust.Value) {
		v.Members = append(v.Members, trust.Member{Key: trust.Value{Kind: trust.String, Text: name, Range: s.Range}, Value: value})
	}
	effect, found := s.Get("effect")
	if !found {
		effect = trust.Value{Kind: trust.String, Text: "Allow", Range: s.Range}
	}
	add("Effect", effect)
	for from, to := range map[string]string{"sid": "Sid", "actions": "Action", "notActions": "NotAction"} {
		if value, found := s.Get(from); found {
			add(to, value)
		}
	}
	for from, to := range map[string]string{"principals": "Principal", "notPrincipals": "NotPrincipal"} {
		if list, found := s.Get(from); found {
			add(to, grouped(list, "type", "", "identifiers"))
		}
	}
	if list, found := s.Get("conditions"); found {
		add("Condition", grouped(list, "test", "variable", "values"))
	}
	slices.SortFunc(v.Members, func(a, b trust.Member) int { return strings.Compare(a.Key.Text, b.Key.Text) })
	return v
}

// grouped makes a map of a list of entries, by one key or by two. Entries of
// the same keys are one list of values, as the provider has it.
func grouped(list trust.Value, outer, inner, values string) trust.Value {
	if list.Kind != trust.Array {
		list.On = orName(list.On, "a list of "+values)
		list.Kind = trust.Unknown
		return list
	}
	v := trust.Value{Kind: trust.Object, Range: list.Range}
	for _, entry := range list.Items {
		key, _ := entry.Get(outer)
		items, _ := entry.Get(values)
		into := member(&v, key, entry.Range)
		if inner != "" {
			second, _ := entry.Get(inner)
			into.Kind = trust.Object
			into = member(into, second, entry.Range)
		}
		if items.Kind == trust.Unknown && items.On == "" {
			continue
		}
		if items.Kind == trust.Array && into.Kind == trust.Array {
			into.Items = append(slices.Clone(into.Items), items.Items...)
		} else {
			*into = items
		}
	}
	return v
}

// member finds a member of an object, or adds it.
func member(v *trust.Value, key trust.Value, at trust.Range) *trust.Value {
	if key.Kind == trust.Unknown {
		key.On = orName(key.On, "a key of a policy document")
	}
	for i := range v.Members {
		if v.Members[i].Key.Text == key.Text && key.Kind == trust.String && len(key.Parts) == 0 {
			return &v.Members[i].Value
		}
	}
	v.Members = append(v.Members, trust.Member{Key: key, Value: trust.Value{Kind: trust.Array, Range: at}})
	return &v.Members[len(v.Members)-1].Value
}
