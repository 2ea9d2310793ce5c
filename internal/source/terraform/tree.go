package terraform

import "countersign/trust"

// treeOf gives a policy as the document tree that the judge reads. The account
// that stands in the policy as own is the role's: it is spelt account there.
func treeOf(v *value, own, account string) trust.Value {
	t := tree{own: own, account: account}
	return t.value(v)
}

type tree struct{ own, account string }

func (t *tree) value(v *value) trust.Value {
	out := trust.Value{Range: v.place}
	switch v.kind {
	case unknown:
		if v.name() == t.own {
			return trust.Value{Kind: trust.String, Text: t.account, Range: v.place}
		}
		out.Kind, out.On = trust.Unknown, v.name()
	case null:
		out.Kind = trust.Null
	case boolean:
		out.Kind, out.Text = trust.Bool, v.text
	case number:
		out.Kind, out.Text = trust.Number, v.text
	case text:
		return t.text(v)
	case list:
		out.Kind = trust.Array
		if len(v.items) > 0 {
			out.Items = make([]trust.Value, len(v.items))
		}
		for i, item := range v.items {
			out.Items[i] = t.value(item)
		}
	case object:
		out.Kind = trust.Object
		if len(v.members) > 0 {
			out.Members = make([]trust.Member, len(v.members))
		}
		for i := range v.members {
			out.Members[i].Key = t.value(v.members[i].key)
			out.Members[i].Value = t.value(v.members[i].value)
		}
	case choice:
		out.Kind, out.On = trust.Choice, v.on
		out.Items = make([]trust.Value, len(v.items))
		for i, option := range v.items {
			out.Items[i] = t.value(option)
		}
	case absent:
		out.Kind = trust.Absent
	}
	return out
}

func (t *tree) text(v *value) trust.Value {
	out := trust.Value{Kind: trust.String, Range: v.place}
	if !v.open {
		out.Text, _ = v.isText()
		return out
	}
	for i := range v.pieces {
		switch p := &v.pieces[i]; {
		case p.on == t.own:
			out.Parts = addText(out.Parts, t.account)
		case p.on != "":
			out.Parts = append(out.Parts, trust.Part{On: p.on})
		case p.document != nil && p.document.open:
			out.Parts = append(out.Parts, trust.Part{On: p.document.firstUnknown(0)})
		case p.document != nil:
			out.Parts = addText(out.Parts, encodeJSON(p.document))
		default:
			out.Parts = addText(out.Parts, p.text)
		}
	}
	if len(out.Parts) == 1 && out.Parts[0].On != "" {
		return trust.Value{Kind: trust.Unknown, On: out.Parts[0].On, Range: v.place}
	}
	if len(out.Parts) == 1 {
		out.Text, out.Parts = out.Parts[0].Text, nil
	}
	return out
}

// addText adds a literal part, to the one before it if that is literal too.
func addText(parts []trust.Part, s string) []trust.Part {
	if s == "" {
		return parts
	}
	if n := len(parts); n > 0 && parts[n-1].On == "" {
		parts[n-1].Text += s
		return parts
	}
	return append(parts, trust.Part{Text: s})
}
