package privilege

import (
	"testing"

	"countersign/internal/role"
)

// alone is what a role with one managed policy of AWS may do.
func alone(name string) *Privilege {
	return Of(&role.Role{
		ARN: "arn:aws:iam::111122223333:role/r", Account: "111122223333", Partition: "aws",
		Access: &role.Access{Attached: []role.ManagedPolicy{{ARN: "arn:aws:iam::aws:policy/" + name, Name: name}}},
	}, Read)
}

func TestTheTableOfManagedPoliciesAgreesWithTheJudgement(t *testing.T) {
	if len(managed()) < 60 {
		t.Fatalf("%d policies", len(managed()))
	}
	for name, policy := range managed() {
		if policy.Source == "" || policy.Level == None {
			t.Errorf("%s: level %v, source %q", name, policy.Level, policy.Source)
		}
		if got := alone(name); got.Level != policy.Level || got.Unknown != nil && got.Level < CanBecomeAdministrator {
			t.Errorf("%s: %s %s (%s), unknown %v; want %s", name, got.Level, got.Way, got.Because, got.Unknown, policy.Level)
		}
	}
}
