package evidence

import (
	"slices"

	"countersign/trust"
)

// remedy is what a call that is refused could have brought along.
type remedy struct {
	externalID, mfa bool
}

// remedies are tried in this order: the first that lets a call in is what it lacks.
var remedies = []remedy{{externalID: true}, {mfa: true}, {externalID: true, mfa: true}}

// lacks says what would let a call in that is refused in all possible worlds.
func (r *replay) lacks(w *worlds, possible []int, m *Manner) []string {
	ids := r.externalIDs()
	effort := len(possible) * (2*len(ids) + 1)
	if effort > r.spare {
		return nil
	}
	r.spare -= effort
	for _, one := range remedies {
		for _, world := range possible {
			if request, ok := r.remedied(w, world, one, ids); ok {
				return one.words(m, request.Kind)
			}
		}
	}
	return nil
}

// remedied returns the request of a world with what it may lack, if that is
// granted.
func (r *replay) remedied(w *worlds, world int, one remedy, ids []string) (trust.Request, bool) {
	request := w.request(world)
	if one.mfa {
		request.Context[mfaPresent], request.Context[mfaAge] = []string{"true"}, []string{"1"}
	}
	if !one.externalID {
		return request, trust.Granted(r.change.After, r.change.RCPs, request)
	}
	for _, id := range ids {
		request.Context["sts:externalid"] = []string{id}
		if trust.Granted(r.change.After, r.change.RCPs, request) {
			return request, true
		}
	}
	return request, false
}

func (o remedy) words(m *Manner, kind trust.CallerKind) (words []string) {
	switch {
	case !o.externalID:
	case m.HasExternalID:
		words = append(words, "sends another external ID")
	default:
		words = append(words, "sends no external ID")
	}
	switch {
	case !o.mfa:
	case kind == trust.RoleSession:
		words = append(words, "shows no MFA, which a role's session never can")
	default:
		words = append(words, "shows no MFA")
	}
	return words
}

// externalIDs are the values that the policy in question asks for.
func (r *replay) externalIDs() (ids []string) {
	for i := range r.change.After.Statements {
		for j := range r.change.After.Statements[i].Conditions {
			condition := &r.change.After.Statements[i].Conditions[j]
			if condition.Key != "sts:externalid" || condition.Operator.Negated {
				continue
			}
			for k := range condition.Values {
				for _, text := range instances(condition.Operator.Family, &condition.Values[k], nil) {
					if text != "" && !slices.Contains(ids, text) {
						ids = append(ids, text)
					}
				}
			}
		}
	}
	return ids
}
