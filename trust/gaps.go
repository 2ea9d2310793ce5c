package trust

import (
	"slices"
	"strings"
)

// The values that unknown parts of a document may have, by where they stand.

// gapFinder walks a document and gathers its gaps.
type gapFinder struct {
	question *Question
	accounts []string // named anywhere in the document
	operands map[string][]string
	gaps     []gap
}

// documentGaps lists what is unknown in a document.
func documentGaps(document Value, question *Question) []gap {
	f := &gapFinder{question: question, operands: map[string][]string{}}
	f.survey(document)
	f.element("", document)
	return f.gaps
}

// survey gathers the accounts and operands that the known parts name.
func (f *gapFinder) survey(v Value) {
	f.accounts = append(f.accounts, accountsIn(v.Text)...)
	for _, part := range v.Parts {
		f.accounts = append(f.accounts, accountsIn(part.Text)...)
	}
	for _, item := range v.Items {
		f.survey(item)
	}
	for _, m := range v.Members {
		f.survey(m.Value)
		key := lowerASCII(m.Key.Text)
		for _, value := range append([]Value{m.Value}, m.Value.Items...) {
			if value.Kind == String && len(value.Parts) == 0 && strings.Contains(key, ":") {
				f.operands[key] = append(f.operands[key], strings.NewReplacer("*", "x", "?", "7").Replace(value.Text))
				f.operands[key] = append(f.operands[key], defaultsIn(value.Text)...)
			}
		}
	}
}

// defaultsIn lists the defaults of the policy variables in a text.
func defaultsIn(text string) []string {
	var defaults []string
	for _, variable := range strings.Split(text, "${")[1:] {
		if _, rest, ok := strings.Cut(variable, "'"); ok {
			if inner, _, ok := strings.Cut(rest, "'"); ok {
				defaults = append(defaults, inner)
			}
		}
	}
	return defaults
}

// add notes the options of a gap; those of several places are joined.
func (f *gapFinder) add(name string, options ...Value) {
	at := slices.IndexFunc(f.gaps, func(g gap) bool { return g.name == name })
	if at < 0 {
		f.gaps = append(f.gaps, gap{name: name})
		at = len(f.gaps) - 1
	}
	f.gaps[at].add(options)
}

func sameValue(a, b Value) bool {
	if a.Kind != b.Kind || a.Text != b.Text || len(a.Items) != len(b.Items) || len(a.Members) != len(b.Members) {
		return false
	}
	for i := range a.Items {
		if !sameValue(a.Items[i], b.Items[i]) {
			return false
		}
	}
	for i := range a.Members {
		if !sameValue(a.Members[i].Key, b.Members[i].Key) || !sameValue(a.Members[i].Value, b.Members[i].Value) {
			return false
		}
	}
	return true
}

// choice notes a conditional: its options are numbered in strokes.
func (f *gapFinder) choice(v Value) {
	options := make([]Value, len(v.Items))
	for i := range v.Items {
		options[i] = Value{Kind: Number, Text: strings.Repeat("|", i)}
	}
	f.add(v.On, options...)
}

// each walks a value that stands for one or many: through conditionals and
// lists.
func (f *gapFinder) each(v Value, visit func(Value)) {
	switch v.Kind {
	case Choice:
		f.choice(v)
		for _, item := range v.Items {
			f.each(item, visit)
		}
	case Array:
		for _, item := range v.Items {
			f.each(item, visit)
		}
	default:
		visit(v)
	}
}

// element walks the value of an element of the policy.
func (f *gapFinder) element(name string, v Value) {
	f.each(v, func(v Value) {
		switch name {
		case "", "Statement":
			f.members(v)
		case "Principal", "NotPrincipal":
			f.principal(v)
		case "Condition":
			f.conditions(v)
		default:
			f.scalar(v, f.scalarOptions(name))
		}
	})
}

// members walks a policy or a statement.
func (f *gapFinder) members(v Value) {
	if v.Kind == Unknown {
		f.add(v.On, statement("Allow", nil), statement("Allow", []string{"*"}), statement("Deny", []string{"*"}))
		return
	}
	for _, m := range v.Members {
		f.scalar(m.Key, literals([]string{"Sid"}))
		f.element(m.Key.Text, m.Value)
	}
}

// statement makes a bare statement on sts:AssumeRole.
func statement(effect string, principals []string) Value {
	return object("Effect", Literal(effect), "Principal", object("AWS", Value{Kind: Array, Items: literals(principals)}), "Action", Literal(ActionAssumeRole))
}

func object(keysAndValues ...any) Value {
	v := Value{Kind: Object}
	for i := 0; i < len(keysAndValues); i += 2 {
		v.Members = append(v.Members, Member{Literal(keysAndValues[i].(string)), keysAndValues[i+1].(Value)})
	}
	return v
}

func (f *gapFinder) scalarOptions(element string) []Value {
	switch element {
	case "Effect":
		return literals([]string{"Allow", "Deny"})
	case "Version":
		return literals([]string{version2012, version2008})
	case "Action", "NotAction":
		return literals([]string{ActionAssumeRole, "sts:GetCallerIdentity"})
	}
	return literals([]string{"x"})
}

// scalar notes the gaps of a text: the whole of it, or parts.
func (f *gapFinder) scalar(v Value, whole []Value) {
	if v.Kind == Unknown {
		f.add(v.On, whole...)
		return
	}
	if len(v.Parts) == 1 {
		f.add(v.Parts[0].On, whole...)
		return
	}
	for i, part := range v.Parts {
		if part.On != "" {
			f.add(part.On, f.partOptions(v.Parts[:i])...)
		}
	}
}

// partOptions guesses from the text before it what a part of a text may be.
func (f *gapFinder) partOptions(before []Part) []Value {
	text := ""
	for _, part := range before {
		if text += part.Text; part.On != "" {
			text += "x"
		}
	}
	switch {
	case strings.HasSuffix(text, "arn:") || text == "arn":
		return literals([]string{f.partition()})
	case strings.HasPrefix(text, "arn:") && strings.Count(text, ":") == 4 && strings.HasSuffix(text, ":"):
		return literals(f.possibleAccounts())
	case strings.HasSuffix(text, "sts:"):
		return literals([]string{"AssumeRole", "GetCallerIdentity"})
	}
	return literals([]string{"unknown1"})
}

func (f *gapFinder) partition() string {
	if p := f.question.Subject.Partition; p != "" {
		return p
	}
	return "aws"
}

// possibleAccounts are the own account, a stranger's, and those that the zone
// and the document name.
func (f *gapFinder) possibleAccounts() []string {
	accounts := []string{strangers[1]}
	if own := f.question.Subject.Account; own != "" {
		accounts = append(accounts, own)
	}
	return append(append(accounts, f.question.Zone.Accounts...), f.accounts...)
}

// principal walks a principal element.
func (f *gapFinder) principal(v Value) {
	switch v.Kind {
	case Unknown:
		for _, account := range f.possibleAccounts() {
			f.add(v.On, object("AWS", Literal(account)))
		}
		f.add(v.On, object("AWS", Literal("*")), object("AWS", Value{Kind: Array}), object("Service", Literal("ec2.amazonaws.com")))
		return
	case String:
		f.scalar(v, literals([]string{"*"}))
		return
	}
	for _, m := range v.Members {
		f.scalar(m.Key, literals([]string{"AWS", "Service"}))
		options := literals([]string{"service.amazonaws.com"})
		if m.Key.Text == "AWS" {
			// A stranger first: the likeliest of those that make the role open,
			// which is the one that is told of.
			options = literals(append(f.possibleAccounts(), "*"))
		}
		f.each(m.Value, func(v Value) { f.scalar(v, options) })
	}
}

// neverSent is a condition that nobody can meet.
var neverSent = object("StringEquals", object("countersign:never", Literal("x")))

// conditions walks a condition element.
func (f *gapFinder) conditions(v Value) {
	if v.Kind == Unknown {
		f.add(v.On, Value{Kind: Object}, neverSent, object("StringEquals", object("sts:ExternalId", Literal("unknown-1"))))
		return
	}
	for _, operator := range v.Members {
		f.scalar(operator.Key, literals([]string{"StringEquals", "StringLike", "StringNotEquals", "StringEqualsIfExists"}))
		f.partial(operator.Key, "Equals", "Like", "NotEquals")
		f.each(operator.Value, func(block Value) { f.block(operator.Key.Text, block) })
	}
}

// partial adds options for the unknown part of an operator's name.
func (f *gapFinder) partial(v Value, options ...string) {
	if len(v.Parts) > 1 {
		for _, part := range v.Parts {
			if part.On != "" {
				f.add(part.On, literals(options)...)
			}
		}
	}
}

// block walks the keys under one operator.
func (f *gapFinder) block(operator string, v Value) {
	if v.Kind == Unknown {
		f.add(v.On, Value{Kind: Object}, object("countersign:never", Literal("x")), object("sts:ExternalId", Literal("unknown-1")))
		return
	}
	for _, m := range v.Members {
		f.scalar(m.Key, literals([]string{"sts:ExternalId", "aws:MultiFactorAuthPresent", "countersign:never", "aws:PrincipalAccount"}))
		options := f.operandOptions(operator, lowerASCII(m.Key.Text))
		f.each(m.Value, func(v Value) { f.scalar(v, options) })
	}
}

// operandOptions are the values that an unknown operand may have.
func (f *gapFinder) operandOptions(operator, key string) []Value {
	operator = strings.ToLower(operator)
	options := f.valuesFor(operator, key)
	if strings.Contains(operator, "like") && key != "sts:externalid" {
		options = append(options, Literal("*"))
	}
	return options
}

func (f *gapFinder) valuesFor(operator, key string) []Value {
	named := f.operands[key]
	family := func(word string) bool { return strings.Contains(operator, word) }
	switch {
	case family("bool") || family("null"):
		return literals([]string{"true", "false"})
	case family("numeric"):
		return literals(append([]string{"0", "3600", "100000000"}, numericOnly(named)...))
	case family("date"):
		return literals([]string{"2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"})
	case family("ipaddress"):
		return literals([]string{"203.0.113.0/24", "0.0.0.0/0"})
	case family("binary"):
		return literals([]string{"dW5rbm93bg=="})
	case key == "sts:externalid":
		// Any legal literal: not the empty one, no wildcards (DESIGN: verdicts).
		return literals(append([]string{"unknown-external-id-1"}, legalIDs(named)...))
	case key == "aws:principaltype":
		return literals(append([]string{"unknown-1", "User", "AssumedRole"}, named...))
	case lookupKey(key, key).class == keyConstant:
		return literals([]string{"true", "false"})
	case key == "aws:resourceaccount":
		return literals(append(f.possibleAccounts(), named...))
	case key == "aws:principalaccount":
		return literals(append(f.possibleAccounts(), named...))
	case key == "aws:principalorgid", key == "aws:resourceorgid":
		options := append([]string{"o-unknown0000"}, f.question.Zone.Organizations...)
		if own := f.question.Subject.Organization; own != "" {
			options = append(options, own)
		}
		return literals(append(options, named...))
	case isResourceTag(key):
		options := append([]string{"unknown-1"}, named...)
		for name, value := range f.question.Subject.Tags {
			if strings.HasSuffix(key, "/"+lowerASCII(name)) {
				options = append(options, value)
			}
		}
		return literals(options)
	case key == "aws:principalorgpaths":
		options := []string{"o-unknown0000/*"}
		for _, org := range f.question.Zone.Organizations {
			options = append(options, org+"/*")
		}
		return literals(append(options, named...))
	case key == "aws:principalarn":
		options := append([]string{"*"}, named...)
		for _, account := range f.possibleAccounts() {
			options = append(options, "arn:"+f.partition()+":iam::"+account+":role/unknown-1")
		}
		return literals(options)
	}
	return literals(append([]string{"unknown-1"}, named...))
}

func numericOnly(texts []string) []string {
	return slices.DeleteFunc(slices.Clone(texts), func(text string) bool { _, ok := parseNumber(text); return !ok })
}

func legalIDs(texts []string) []string {
	return slices.DeleteFunc(slices.Clone(texts), func(text string) bool {
		return !externalIDShape.legal([]string{text}) || strings.Contains(text, "${")
	})
}
