package tfplan

import "countersign/trust"

func object(members ...trust.Member) trust.Value {
	return trust.Value{Kind: trust.Object, Members: members}
}

func member(name string, value trust.Value) trust.Member {
	return trust.Member{Key: trust.Literal(name), Value: value}
}

// at returns the member of that name, which it adds where there is none.
func at(of *trust.Value, name string, kind trust.Kind) *trust.Value {
	for i := range of.Members {
		if of.Members[i].Key.Text == name {
			return &of.Members[i].Value
		}
	}
	of.Members = append(of.Members, member(name, trust.Value{Kind: kind}))
	return &of.Members[len(of.Members)-1].Value
}

// extend adds the elements of a list, or a list that is unknown, to a list.
func extend(list *trust.Value, more trust.Value) {
	if more.Kind == trust.Array {
		list.Items = append(list.Items, more.Items...)
	} else {
		list.Items = append(list.Items, more)
	}
}
