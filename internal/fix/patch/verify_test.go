package patch

import (
	"countersign/internal/role"
	"countersign/trust"
	"countersign/trust/jsontree"
)

// verify compares the roles of the edited files, read again by the ordinary
// readers, with what the plan wanted: edited policies mean what their changes
// say, and those of all other roles of the plan what they meant before. It tells
// the roles of which that does not hold.
func (p *Plan) verify(read []*role.Role) []Refusal {
	again := make(map[identity][]*role.Role, len(read))
	for _, one := range read {
		if one.Trust.Err == nil {
			id := identityOf(one)
			again[id] = append(again[id], one)
		}
	}
	var faults []Refusal
	for _, one := range p.jobs {
		wanted, known := one.wanted()
		if !known {
			continue
		}
		id := identityOf(one.role)
		var found *role.Role
		if list := again[id]; len(list) > 0 {
			found, again[id] = list[0], list[1:]
		}
		reason := "read again, the policy would not be the one that was wanted"
		if len(one.pieces) == 0 {
			reason = "its policy would change with that of another role"
		}
		got, ok := policyTree(found)
		if !ok || !Same(wanted, got) {
			faults = append(faults, Refusal{Role: one.role, Reason: reason, Hint: "the files are left as they are"})
		}
	}
	return faults
}

// identity tells the roles of the same files apart.
type identity struct{ path, address, name string }

func identityOf(one *role.Role) identity {
	return identity{one.Source.Path, one.Source.Address, one.Name}
}

// wanted is what a role's policy is to be.
func (j *job) wanted() (trust.Value, bool) {
	if j.tree == nil {
		return trust.Value{}, false
	}
	if len(j.pieces) == 0 {
		return *j.tree, true
	}
	wanted, err := trust.Apply(*j.tree, j.changes)
	return wanted, err == nil
}

// policyTree is the policy of a role that was read.
func policyTree(one *role.Role) (trust.Value, bool) {
	switch {
	case one == nil || one.Trust.Err != nil:
		return trust.Value{}, false
	case one.Trust.Tree != nil:
		return *one.Trust.Tree, true
	}
	one.Trust.Decode()
	v, err := jsontree.Parse(&trust.File{Text: one.Trust.JSON})
	return v, err == nil
}
