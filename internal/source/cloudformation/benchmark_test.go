package cloudformation

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/template"
)

// manyYAML is a template of so many roles in the style that people write.
func manyYAML(roles int) string {
	var b strings.Builder
	b.WriteString("AWSTemplateFormatVersion: '2010-09-09'\nParameters:\n  Vendor: {Type: String, Default: '444455556666'}\n  ExternalId: {Type: String}\nResources:\n")
	for i := range roles {
		fmt.Fprintf(&b, `  Role%d:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub '${AWS::StackName}-reader-%d'
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal:
              AWS: !Sub 'arn:${AWS::Partition}:iam::${Vendor}:root'
            Action: sts:AssumeRole
            Condition:
              StringEquals:
                sts:ExternalId: !Ref ExternalId
      ManagedPolicyArns:
        - !Sub 'arn:${AWS::Partition}:iam::aws:policy/SecurityAudit'
`, i, i)
	}
	return b.String()
}

// manyJSON is the same as JSON, as generators write it.
func manyJSON(roles int) string {
	var b strings.Builder
	b.WriteString(`{"Parameters": {"Vendor": {"Type": "String", "Default": "444455556666"}, "ExternalId": {"Type": "String"}}, "Resources": {`)
	for i := range roles {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, `
  "Role%d": {
   "Type": "AWS::IAM::Role",
   "Properties": {
    "AssumeRolePolicyDocument": {
     "Version": "2012-10-17",
     "Statement": [
      {
       "Effect": "Allow",
       "Principal": {"AWS": {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::", {"Ref": "Vendor"}, ":root"]]}},
       "Action": "sts:AssumeRole",
       "Condition": {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}}
      }
     ]
    },
    "ManagedPolicyArns": [{"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::aws:policy/SecurityAudit"]]}]
   }
  }`, i)
	}
	b.WriteString("}}")
	return b.String()
}

// drain reads a template and keeps nothing of it.
func drain(t testing.TB, text []byte) (roles int) {
	t.Helper()
	_, err := Read(template.Input{Path: "x.yaml", Text: text}, Options{}, template.Output{
		Role:       func(*role.Role) error { roles++; return nil },
		Incomplete: func(i audit.Incomplete) { t.Error(i) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return roles
}

func BenchmarkRoles(b *testing.B) {
	for _, count := range []int{1000, 20_000} {
		for name, text := range map[string]string{"yaml": manyYAML(count), "json": manyJSON(count)} {
			b.Run(fmt.Sprintf("%s/%d", name, count), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					if drain(b, []byte(text)) != count {
						b.Fatal("roles are missing")
					}
				}
			})
		}
	}
}

// A template of five times the roles takes some five times as long, and the room
// of one role beside its text.
func TestTimeGrowsWithTheRolesAndMemoryDoesNot(t *testing.T) {
	for name, many := range map[string]func(int) string{"yaml": manyYAML, "json": manyJSON} {
		t.Run(name, func(t *testing.T) {
			measure := func(count int) time.Duration {
				text := []byte(many(count))
				start := time.Now()
				if got := drain(t, text); got != count {
					t.Fatalf("%d roles, want %d", got, count)
				}
				return time.Since(start)
			}
			measure(1000)
			small, large := measure(1000), measure(5_000)
			if large > 15*small+time.Second {
				t.Errorf("1,000 roles take %v, 5,000 take %v", small, large)
			}
			text := []byte(many(10_000))
			var peak, before runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			roles := 0
			_, _ = Read(template.Input{Path: "x", Text: text}, Options{}, template.Output{
				Role: func(*role.Role) error {
					if roles++; roles%2500 == 0 {
						runtime.GC()
						var now runtime.MemStats
						runtime.ReadMemStats(&now)
						peak.HeapAlloc = max(peak.HeapAlloc, now.HeapAlloc)
					}
					return nil
				},
				Incomplete: func(audit.Incomplete) {},
			})
			if held := int64(peak.HeapAlloc) - int64(before.HeapAlloc); held > 30<<20 {
				t.Errorf("%d MB are held beside the text", held>>20)
			}
		})
	}
}
