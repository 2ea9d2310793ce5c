package cloudformation

import (
	"encoding/base64"
	"strconv"
	"strings"

	"countersign/trust"
)

// maxEvaluationDepth bounds functions within functions, those that a reference
// leads to included.
const maxEvaluationDepth = 200

// enter counts a step of the evaluation; it reports false at its bounds.
func (t *evaluator) enter() bool {
	t.steps--
	t.total--
	if t.total < 0 {
		t.sayStopped(t.outline.Top.Range, "the template is too large to evaluate")
	}
	if t.total < 0 || t.steps < 0 || t.depth >= maxEvaluationDepth {
		return false
	}
	t.depth++
	return true
}

func (t *evaluator) leave() { t.depth-- }

func unknown(on string, at trust.Range) trust.Value {
	return trust.Value{Kind: trust.Unknown, On: on, Range: at}
}

var absent = trust.Value{Kind: trust.Absent}

// call takes a function call apart, in its long form or as a YAML tag.
func call(v trust.Value) (name string, argument trust.Value, ok bool) {
	if v.Kind != trust.Object || len(v.Members) != 1 {
		return "", trust.Value{}, false
	}
	name = v.Members[0].Key.Text
	switch {
	case name == "!Ref" || name == "!Condition":
		name = name[1:]
	case strings.HasPrefix(name, "!"):
		name = "Fn::" + name[1:]
	}
	isCall := name == "Ref" || name == "Condition" && v.Members[0].Value.Kind == trust.String ||
		strings.HasPrefix(name, "Fn::") && !strings.HasPrefix(name, forEach)
	return name, v.Members[0].Value, isCall
}

// evaluate gives a value without function calls: what cannot be known of it is
// unknown by name.
func (t *evaluator) evaluate(v trust.Value) trust.Value {
	if !t.enter() {
		return unknown("a part of the template that is too large to evaluate", v.Range)
	}
	defer t.leave()
	switch v.Kind {
	case trust.Object:
		if name, argument, ok := call(v); ok {
			return t.call(name, argument, v.Range)
		}
		return t.object(v)
	case trust.Array:
		items := make([]trust.Value, 0, len(v.Items))
		for _, item := range v.Items {
			if item = t.evaluate(item); item.Kind != trust.Absent {
				items = append(items, item)
			}
		}
		v.Items = items
	case trust.String:
		return t.plainText(v)
	case trust.Unknown:
		v.On = orName(v.On, "a value that is not there")
	case trust.Number:
		v.Kind = trust.String // CloudFormation hands on the text
	}
	return v
}

func (t *evaluator) object(v trust.Value) trust.Value {
	members := make([]trust.Member, 0, len(v.Members))
	for _, m := range v.Members {
		switch {
		case m.Key.Text == "Fn::Transform" || m.Key.Text == "!Transform":
			return t.transform(m.Value, v.Range)
		case strings.HasPrefix(m.Key.Text, forEach):
			// What is wrong with a loop is told where it is read.
			_ = t.loop(m.Key, m.Value, func(key, value trust.Value) error {
				members = append(members, trust.Member{Key: key, Value: t.evaluate(value)})
				return nil
			})
			continue
		}
		m.Key = t.plainText(m.Key)
		if m.Value = t.evaluate(m.Value); m.Value.Kind != trust.Absent {
			members = append(members, m)
		}
	}
	v.Members = members
	return v
}

// call evaluates a function.
func (t *evaluator) call(name string, argument trust.Value, at trust.Range) trust.Value {
	switch name {
	case "Ref":
		return t.ref(t.textOf(argument), at)
	case "Fn::Sub":
		return t.concat(t.substitution(argument, at), at)
	case "Fn::Join":
		return t.join(argument, at)
	case "Fn::If":
		return t.choose(argument, at, t.evaluate)
	case "Fn::GetAtt":
		return t.attribute(argument, at)
	case "Fn::FindInMap":
		return t.findInMap(argument, at)
	case "Fn::Select":
		return t.selectItem(argument, at)
	case "Fn::Split":
		return t.split(argument, at)
	case "Fn::ImportValue":
		return unknown("export "+display(t.evaluate(argument)), at)
	case "Fn::Base64":
		return t.encoded(argument, at)
	case "Fn::ToJsonString":
		return t.toJSON(argument, at)
	case "Fn::Length":
		return t.length(argument, at)
	case "Fn::Transform":
		return t.transform(argument, at)
	case "Fn::Equals", "Fn::Not", "Fn::And", "Fn::Or":
		return t.logic(trust.Value{Kind: trust.Object, Members: []trust.Member{{Key: trust.Literal(name), Value: argument}}, Range: at},
			"in a value", &decision{})
	}
	return unknown(name, at)
}

// textOf is the known text of a value; empty where it is not known.
func (t *evaluator) textOf(v trust.Value) string {
	if v = t.evaluate(v); isScalar(v) {
		return v.Text
	}
	return ""
}

// choose evaluates Fn::If: the branch that the condition asks for, or both.
func (t *evaluator) choose(argument trust.Value, at trust.Range, evaluate func(trust.Value) trust.Value) trust.Value {
	if argument.Kind != trust.Array || len(argument.Items) != 3 {
		return unknown("a malformed Fn::If", at)
	}
	condition := t.condition(t.textOf(argument.Items[0]))
	return t.branch(condition, argument.Items[1], argument.Items[2], at, evaluate)
}

func (t *evaluator) branch(condition, yes, no trust.Value, at trust.Range, evaluate func(trust.Value) trust.Value) trust.Value {
	switch condition.Kind {
	case trust.Bool:
		if condition.Text == "true" {
			return evaluate(yes)
		}
		return evaluate(no)
	case trust.Choice:
		choice := trust.Value{Kind: trust.Choice, On: condition.On, Range: at}
		for _, option := range condition.Items {
			choice.Items = append(choice.Items, t.branch(option, yes, no, at, evaluate))
		}
		return simplest(choice)
	}
	return unknown(dependsOn(condition), at)
}

// ref evaluates Ref: a loop's variable, a parameter, a pseudo parameter or a
// resource.
func (t *evaluator) ref(name string, at trust.Range) trust.Value {
	if v, found := t.loops[name]; found {
		return v
	}
	if v, found := t.parameter(name); found {
		if v.Range.IsZero() || v.Kind == trust.Unknown || v.Kind == trust.Choice {
			v.Range = at
		}
		return v
	}
	if strings.HasPrefix(name, "AWS::") {
		return t.pseudo(name, at)
	}
	return t.resourceName(name, at)
}

// pseudo gives a pseudo parameter (CloudFormation User Guide, "Pseudo
// parameters reference").
func (t *evaluator) pseudo(name string, at trust.Range) trust.Value {
	v := trust.Value{Kind: trust.String, Range: at}
	switch name {
	case "AWS::AccountId":
		v.Text = t.ownAccount()
	case "AWS::Partition":
		v.Text = t.partition()
	case "AWS::URLSuffix":
		v.Text = "amazonaws.com"
		if t.partition() == "aws-cn" {
			v.Text = "amazonaws.com.cn"
		}
	case "AWS::NoValue":
		return absent
	case "AWS::Region":
		if t.options.Region == "" {
			return unknown(name, at)
		}
		v.Text = t.options.Region
	default:
		return unknown(name, at)
	}
	return v
}

// encoded evaluates Fn::Base64.
func (t *evaluator) encoded(argument trust.Value, at trust.Range) trust.Value {
	return distribute([]trust.Value{t.evaluate(argument)}, at, func(v []trust.Value) trust.Value {
		if !isScalar(v[0]) {
			return unknown(orName(dependsOn(v[0]), "Fn::Base64"), at)
		}
		return trust.Value{Kind: trust.String, Text: base64.StdEncoding.EncodeToString([]byte(v[0].Text)), Range: at}
	})
}

// length evaluates Fn::Length, of AWS::LanguageExtensions.
func (t *evaluator) length(argument trust.Value, at trust.Range) trust.Value {
	return distribute([]trust.Value{t.evaluate(argument)}, at, func(v []trust.Value) trust.Value {
		if v[0].Kind != trust.Array {
			return unknown(orName(dependsOn(v[0]), "Fn::Length"), at)
		}
		return trust.Value{Kind: trust.String, Text: strconv.Itoa(len(v[0].Items)), Range: at}
	})
}

func orName(on, otherwise string) string {
	if on == "" {
		return otherwise
	}
	return on
}

// display spells a text for a message.
func display(v trust.Value) string {
	switch {
	case v.Kind == trust.Unknown, v.Kind == trust.Choice:
		return "${" + v.On + "}"
	case len(v.Parts) == 0:
		return v.Text
	}
	var b strings.Builder
	for _, part := range v.Parts {
		if part.On == "" {
			b.WriteString(part.Text)
		} else {
			b.WriteString("${" + part.On + "}")
		}
	}
	return b.String()
}
