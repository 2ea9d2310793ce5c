package patch

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"countersign/internal/role"
	"countersign/trust"
)

// many is a file with so many roles, of each kind.
var many = map[string]func(count int) (name, text string){
	"jsonencode": func(count int) (string, string) {
		var b strings.Builder
		for i := range count {
			b.WriteString(strings.ReplaceAll(resource(encodedPolicy), `"r"`, fmt.Sprintf(`"r%d"`, i)))
		}
		return "main.tf", b.String()
	},
	"documents": func(count int) (string, string) {
		var b strings.Builder
		for i := range count {
			b.WriteString(strings.NewReplacer(`"r"`, fmt.Sprintf(`"r%d"`, i), `"d"`, fmt.Sprintf(`"d%d"`, i), ".d.json", fmt.Sprintf(".d%d.json", i)).Replace(documentPolicy))
		}
		return "main.tf", b.String()
	},
	"YAML": func(count int) (string, string) {
		var b strings.Builder
		b.WriteString("Resources:\n")
		for i := range count {
			fmt.Fprintf(&b, "  R%d:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:%s", i, blockPolicy)
		}
		return "t.yaml", b.String()
	},
	"JSON": func(count int) (string, string) {
		var b strings.Builder
		for i := range count {
			fmt.Fprintf(&b, ",\n    \"R%d\": {\"Type\": \"AWS::IAM::Role\", \"Properties\": {\"AssumeRolePolicyDocument\": {\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"444455556666\"}, \"Action\": \"sts:AssumeRole\"}]}}}", i)
		}
		return "t.json", "{\"Resources\": {" + b.String()[1:] + "\n}}\n"
	},
	"one text": func(count int) (string, string) {
		return "main.tf", "resource \"aws_iam_role\" \"r\" {\n  count              = " + fmt.Sprint(count) + "\n  assume_role_policy = " + encodedPolicy + "\n}\n"
	},
}

// planned makes and applies a plan in which every role gets an external ID.
func planned(t tester, roles []*role.Role, name string, text []byte) *Patch {
	plan := NewPlan(Options{})
	for _, one := range roles {
		plan.Add(one, []trust.Change{{Statement: 0, Conditions: []trust.ConditionEdit{{New: externalID()}}}})
	}
	made := plan.Finish()
	if _, err := made.Apply(name, text); err != nil || len(made.Edited) != len(roles) {
		t.Fatalf("%d of %d are edited: %v", len(made.Edited), len(roles), err)
	}
	return made
}

// A thousand edits of one file are to take less than half a second, and four
// times as many about four times as long: "times-as-long" is the ratio, which
// does not depend on the machine.
func BenchmarkThousandRoles(b *testing.B) {
	for kind, file := range many {
		b.Run(kind, func(b *testing.B) {
			took := func(count int) time.Duration {
				name, text := file(count)
				roles := readTree(b, treeOf(map[string]string{name: text}))
				start := time.Now()
				planned(b, roles, name, []byte(text))
				return time.Since(start)
			}
			var more time.Duration
			for b.Loop() {
				b.StopTimer()
				more += took(4000)
				name, text := file(1000)
				roles := readTree(b, treeOf(map[string]string{name: text}))
				b.StartTimer()
				planned(b, roles, name, []byte(text))
			}
			b.ReportMetric(float64(more)/float64(b.Elapsed()), "times-as-long")
		})
	}
}
