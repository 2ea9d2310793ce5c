package trust

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestSamplingFindsNobodyWhoMeetsADeadCondition(t *testing.T) {
	dead, met := map[barrier]int{}, 0
	checkLaw(t, 1500, func(t *rapid.T) {
		policy, question := mustParseTree(t, samplePolicy(t)), question(t)
		if needsCompletion(policy, &question) {
			return
		}
		p := newProgram(policy, &question, &effort{left: maxEffort})
		defer p.release()
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		requests := sampleRequests([]*Policy{policy}, question, random, 40)
		for _, r := range p.allows {
			for i := range r.atoms {
				if !r.actions[0] {
					continue
				}
				by := p.barredBy(r, i, true)
				dead[by]++
				for _, request := range requests {
					e := newEvaluation(request)
					if !e.holds(r.atoms[i].Condition, Allow) {
						continue
					}
					met++
					plain := by == furtherChecks && len(request.Checks) == 1
					if by == anything || (by == principals || plain) && e.named(r.Statement) {
						t.Fatalf("condition %d of statement %d is dead (%d), but this caller meets it: %+v", i, r.Index, by, request)
					}
				}
			}
		}
	})
	t.Logf("conditions by what stops everybody: %v; met %d times", dead, met)
	if dead[anything] == 0 || dead[principals] == 0 || met == 0 {
		t.Error("the law was not put to the test")
	}
}
