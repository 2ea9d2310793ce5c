package cloudformation

import "countersign/trust"

// function gives the role that SAM makes for a function, named after it, when
// the function has a trust policy. The role of any other function trusts
// lambda.amazonaws.com alone, and no template can change that (SAM Developer
// Guide, "AWS::Serverless::Function").
func (t *evaluator) function(key, body, properties, exists trust.Value) error {
	if _, hasOwn := properties.Get("Role"); hasOwn {
		return nil
	}
	document, found := properties.Get("AssumeRolePolicyDocument")
	globals, _ := t.outline.Top.Get("Globals")
	ofFunctions, _ := globals.Get("Function")
	if _, hasGlobal := ofFunctions.Get("Role"); hasGlobal {
		return nil
	}
	shared, isShared := ofFunctions.Get("AssumeRolePolicyDocument")
	switch {
	case found && isShared:
		document = t.combined(shared, document)
	case isShared:
		document = shared
	case !found:
		return nil
	}
	key.Text += "Role"
	body = trust.Value{Kind: trust.Object, Members: make([]trust.Member, 0, len(body.Members)), Range: body.Range}
	return t.give(key, body, exists, t.policy(document))
}

// combined adds a function's own value to that of Globals: maps are merged and
// lists appended (SAM Developer Guide, "Globals section").
func (t *evaluator) combined(shared, own trust.Value) trust.Value {
	if !t.enter() {
		return own
	}
	defer t.leave()
	switch {
	case shared.Kind == trust.Array && own.Kind == trust.Array:
		own.Items = append(append([]trust.Value{}, shared.Items...), own.Items...)
	case shared.Kind == trust.Object && own.Kind == trust.Object:
		if _, _, isCall := call(own); isCall {
			return own
		}
		members := append([]trust.Member{}, own.Members...)
		for _, m := range shared.Members {
			at := -1
			for i := range own.Members {
				if own.Members[i].Key.Text == m.Key.Text {
					at = i
				}
			}
			if at < 0 {
				members = append(members, m)
			} else {
				members[at].Value = t.combined(m.Value, own.Members[at].Value)
			}
		}
		own.Members = members
	}
	return own
}
