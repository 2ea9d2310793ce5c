package tfplan

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"countersign/internal/role"
	"countersign/trust"
)

// attributes are those of aws_iam_role, and of awscc_iam_role where it has
// names of its own. A policy may be an object in awscc.
type attributes struct {
	Name        string            `json:"name"`
	RoleName    string            `json:"role_name"`
	Path        string            `json:"path"`
	ARN         string            `json:"arn"`
	Policy      jsontext.Value    `json:"assume_role_policy"`
	CloudPolicy jsontext.Value    `json:"assume_role_policy_document"`
	TagsAll     map[string]string `json:"tags_all"`
}

// roles makes the roles of what was read.
func (r *reader) roles(kind role.Kind) []*role.Role {
	var made []*role.Role
	for i := range r.managed {
		made = append(made, r.role(kind, &r.managed[i]))
	}
	if kind == role.TerraformPlan && !r.has["planned_values"] {
		for _, found := range r.changed {
			if found.remains() {
				made = append(made, r.role(kind, &resource{
					Address: found.Address, Type: found.Type, Values: found.Change.After, offset: found.offset, end: found.end,
				}))
			}
		}
	}
	return made
}

// remains reports whether a resource is there once the plan is applied.
func (c *change) remains() bool { return c.Change.After.Kind() == '{' }

func (r *reader) role(kind role.Kind, from *resource) *role.Role {
	var values attributes
	_ = json.Unmarshal(from.Values, &values) // what is missing or of another type is not known
	policy, name := values.Policy, "assume_role_policy"
	if from.Type == "awscc_iam_role" {
		policy, name = values.CloudPolicy, "assume_role_policy_document"
		values.Name = values.RoleName
	}
	made := &role.Role{
		ARN: values.ARN, Name: values.Name, Path: values.Path, Tags: values.TagsAll,
		Account: accountID(segment(values.ARN, 4)), Partition: segment(values.ARN, 1),
		Source: role.Source{Kind: kind, Path: r.at.Path, FromRoot: r.at.FromRoot, Address: from.Address},
	}
	if made.Name == "" {
		made.Name = lastName(from.Address)
	}
	account, partition := r.owner(from.Address)
	if made.Account == "" {
		made.Account = account
	}
	if made.Partition == "" {
		made.Partition = partition
	}
	made.Trust = r.policy(from, policy, name)
	made.Trust.Sensitive = made.Trust.Sensitive || marked(from.Sensitive, name)
	if change := r.changes[from.Address]; change != nil {
		made.Trust.Sensitive = made.Trust.Sensitive || marked(change.Change.Sensitive, name)
	}
	made.Source.Line, made.Source.Column = r.position(r.placeOf(from, policy))
	return made
}

// lastName is the name of a resource in its address.
func lastName(address string) string {
	_, rest := moduleOf(address)
	_, name, _ := strings.Cut(rest, ".")
	return name
}

// policy is the trust policy of a role, or what it depends on.
func (r *reader) policy(from *resource, policy jsontext.Value, name string) role.Document {
	switch policy.Kind() {
	case '"':
		text, err := jsontext.AppendUnquote(nil, policy)
		if err != nil {
			return role.Document{Err: fmt.Errorf("reading %s: %w", name, err)}
		}
		return role.Document{JSON: text}
	case '{':
		return role.Document{JSON: policy}
	}
	tree := r.deferred(from.Address, name)
	return role.Document{Tree: &tree}
}

// marked reports whether an attribute, or something in it, is sensitive.
func marked(marks jsontext.Value, name string) bool {
	if marks.Kind() == 't' {
		return true
	}
	var all map[string]jsontext.Value
	if marks.Kind() != '{' || json.Unmarshal(marks, &all) != nil {
		return false
	}
	mark := all[name]
	return len(mark) > 0 && strings.Contains(string(mark), "true")
}

// placeOf is the offset of a role's trust policy, which the text spells as it
// was read, or else of the role.
func (r *reader) placeOf(from *resource, policy jsontext.Value) int {
	if len(policy) > 0 {
		if at := bytes.Index(r.text[from.offset:from.end], policy); at >= 0 {
			return from.offset + at
		}
	}
	return from.offset
}

// unknown is a value of which only the name is known that it depends on.
func unknown(on string) trust.Value { return trust.Value{Kind: trust.Unknown, On: on} }
