package staged

import (
	"errors"
	"strings"
	"testing"

	"countersign/internal/role"
	"countersign/trust"
	"countersign/trust/jsontree"
)

// policy reads a trust policy behind some empty lines.
func policy(t *testing.T, lines int, text string) role.Document {
	t.Helper()
	tree, err := jsontree.Parse(&trust.File{Text: []byte(strings.Repeat("\n", lines) + text)})
	if err != nil {
		t.Fatal(err)
	}
	return role.Document{Tree: &tree}
}

func TestARoleIsTheSameWhereverItStandsInItsFile(t *testing.T) {
	const text = `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}`
	one := &role.Role{Name: "r", Trust: policy(t, 0, text)}
	other := &role.Role{Name: "r", Trust: policy(t, 7, text), Source: role.Source{Line: 8, Column: 1}}
	if digestOf(one, "main.tf") != digestOf(other, "main.tf") {
		t.Error("lines that move make another role")
	}
}

func TestRolesThatDifferInAnythingAreDifferent(t *testing.T) {
	unknown := func(on string) role.Document {
		return role.Document{Tree: &trust.Value{Kind: trust.Unknown, On: on}}
	}
	parts := func(parts ...trust.Part) role.Document {
		return role.Document{Tree: &trust.Value{Kind: trust.String, Parts: parts}}
	}
	seen := map[digest]int{}
	for i, one := range []struct {
		path string
		role role.Role
	}{
		{"a.tf", role.Role{}},
		{"b.tf", role.Role{}},
		{"a.tf", role.Role{Name: "r"}},
		{"a.tf", role.Role{ARN: "r"}},
		{"a.tf", role.Role{Account: "r"}},
		{"a.tf", role.Role{Source: role.Source{Address: "r"}}},
		{"a.tf", role.Role{Tags: map[string]string{"a": "b"}}},
		{"a.tf", role.Role{Tags: map[string]string{"ab": ""}}},
		{"a.tf", role.Role{Trust: role.Document{Err: errors.New("r")}}},
		{"a.tf", role.Role{Trust: role.Document{JSON: []byte(`{}`)}}},
		{"a.tf", role.Role{Trust: policy(t, 0, `{}`)}},
		{"a.tf", role.Role{Trust: policy(t, 0, `{"a":"b"}`)}},
		{"a.tf", role.Role{Trust: policy(t, 0, `{"a":["b"]}`)}},
		{"a.tf", role.Role{Trust: policy(t, 0, `{"a":"b","c":"d"}`)}},
		{"a.tf", role.Role{Trust: policy(t, 0, `{"a":{"b":"c","d":"e"}}`)}},
		{"a.tf", role.Role{Trust: policy(t, 0, `{"a":{"b":"c"},"d":"e"}`)}},
		{"a.tf", role.Role{Trust: policy(t, 0, `{"a":"true"}`)}},
		{"a.tf", role.Role{Trust: policy(t, 0, `{"a":true}`)}},
		{"a.tf", role.Role{Trust: unknown("var.a")}},
		{"a.tf", role.Role{Trust: unknown("var.b")}},
		{"a.tf", role.Role{Trust: parts(trust.Part{Text: "a"}, trust.Part{On: "b"})}},
		{"a.tf", role.Role{Trust: parts(trust.Part{On: "a"}, trust.Part{Text: "b"})}},
		{"a.tf", role.Role{Trust: parts(trust.Part{Text: "a"}, trust.Part{Text: "b"})}},
	} {
		made := digestOf(&one.role, one.path)
		if before, ok := seen[made]; ok {
			t.Errorf("the roles %d and %d are the same", before, i)
		}
		seen[made] = i
	}
}
