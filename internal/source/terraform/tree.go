package terraform

import (
	"strings"

	"countersign/trust"
)

// treeOf gives a policy as the document tree that the judge reads. The account
// that stands in the policy as own is the role's: it is spelt account there.
func treeOf(v *value, own, account string) trust.Value {
	t := tree{own: own, account: account}
	made := t.value(v)
	if v.open {
		var secrets []string
		collectSecrets(made, false, &secrets)
		if len(secrets) > 0 {
			scrub(&made, secrets)
		}
	}
	return made
}

// collectSecrets lists the literals that a policy holds an external ID against,
// or makes one of.
func collectSecrets(v trust.Value, within bool, secrets *[]string) {
	if within {
		for _, s := range append([]string{v.Text}, partTexts(v.Parts)...) {
			if len(s) > 2 {
				*secrets = append(*secrets, s)
			}
		}
		for _, name := range append([]string{v.On}, partNames(v.Parts)...) {
			for i, s := range strings.Split(name, `"`) {
				if i%2 == 1 && len(s) > 2 { // between quotation marks
					*secrets = append(*secrets, s)
				}
			}
		}
	}
	for _, item := range v.Items {
		collectSecrets(item, within, secrets)
	}
	for _, m := range v.Members {
		collectSecrets(m.Value, within || strings.Contains(strings.ToLower(m.Key.Text), "externalid"), secrets)
	}
}

func partTexts(parts []trust.Part) []string {
	var texts []string
	for _, part := range parts {
		if part.On == "" {
			texts = append(texts, part.Text)
		}
	}
	return texts
}

func partNames(parts []trust.Part) []string {
	var names []string
	for _, part := range parts {
		names = append(names, part.On)
	}
	return names
}

// scrub takes external IDs out of the names of what is unknown, which reports
// show. Names that differ stay different.
func scrub(v *trust.Value, secrets []string) {
	v.On = scrubbed(v.On, secrets)
	for i := range v.Parts {
		v.Parts[i].On = scrubbed(v.Parts[i].On, secrets)
	}
	for i := range v.Items {
		scrub(&v.Items[i], secrets)
	}
	for i := range v.Members {
		scrub(&v.Members[i].Key, secrets)
		scrub(&v.Members[i].Value, secrets)
	}
}

func scrubbed(on string, secrets []string) string {
	for _, secret := range secrets {
		if strings.Contains(on, `"`+secret+`"`) {
			on = strings.ReplaceAll(on, `"`+secret+`"`, `"…`+fingerprint(secret)+`"`)
		}
	}
	return on
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
