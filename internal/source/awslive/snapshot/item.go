package snapshot

import (
	"errors"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/role"
)

// item is what a role is judged by, as IAM answered it. Roles wait for their
// turn, and with all that IAM tells of them they would take much memory.
type item struct {
	arn, name, path string
	policy          *string
	tags            []Tag
	lastUsed        *LastUsed
	source          *role.Source
	access          access
}

// Items returns the roles of a page, to be found in source. library has the
// documents of managed policies.
func (p Page) Items(source role.Source, library role.Library) []audit.Item {
	items := make([]audit.Item, 0, len(p.RoleDetailList)+len(p.Roles))
	for _, list := range [][]Role{p.RoleDetailList, p.Roles} {
		whole := len(items) < len(p.RoleDetailList)
		for i := range list {
			r := &list[i]
			items = append(items, &item{
				r.Arn, r.RoleName, r.Path, r.AssumeRolePolicyDocument, r.Tags, r.RoleLastUsed, &source, accessOf(r, whole, library),
			})
		}
	}
	return items
}

// Size implements audit.Sized.
func (i *item) Size() int {
	size := 512
	if i.policy != nil {
		size += len(*i.policy)
	}
	for _, policy := range i.access.inline {
		size += len(policy.PolicyDocument)
	}
	return size
}

// Role implements audit.Item.
func (i *item) Role() (*role.Role, error) {
	if i.arn == "" || i.name == "" {
		return nil, errors.New("AWS answered with a role that has no name or no ARN")
	}
	found := &role.Role{
		ARN:    i.arn,
		Name:   i.name,
		Path:   i.path,
		Trust:  document(i.policy),
		Source: *i.source,

		AccessDetails: &i.access,
	}
	if fields := strings.SplitN(i.arn, ":", 6); len(fields) == 6 {
		found.Partition, found.Account = fields[1], fields[4]
	}
	if i.tags != nil {
		found.Tags = make(map[string]string, len(i.tags))
		for _, tag := range i.tags {
			found.Tags[tag.Key] = tag.Value
		}
	}
	if i.lastUsed != nil {
		found.LastUsed.Known = true
		if i.lastUsed.LastUsedDate != nil {
			found.LastUsed.At = *i.lastUsed.LastUsedDate
		}
	}
	return found, nil
}

// document makes a document of a trust policy. IAM percent-encodes it; a stand-in
// for AWS may leave it plain.
func document(text *string) role.Document {
	if text == nil || *text == "" {
		return role.Document{Err: errors.New("the role carries no trust policy")}
	}
	document := role.Encoded([]byte(*text))
	document.Decode()
	return document
}
