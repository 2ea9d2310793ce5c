package snapshot

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/role"
)

// item is a role as IAM answered it.
type item struct {
	answer Role
	source role.Source
}

// Items returns the roles of a page, to be found in source.
func (p Page) Items(source role.Source) []audit.Item {
	items := make([]audit.Item, 0, len(p.RoleDetailList)+len(p.Roles))
	for _, list := range [][]Role{p.RoleDetailList, p.Roles} {
		for _, answer := range list {
			items = append(items, item{answer, source})
		}
	}
	return items
}

// Size implements audit.Sized.
func (i item) Size() int {
	const rest = 512
	if i.answer.AssumeRolePolicyDocument == nil {
		return rest
	}
	return rest + len(*i.answer.AssumeRolePolicyDocument)
}

// Role implements audit.Item.
func (i item) Role() (*role.Role, error) {
	if i.answer.Arn == "" || i.answer.RoleName == "" {
		return nil, errors.New("AWS answered with a role that has no name or no ARN")
	}
	found := &role.Role{
		ARN:    i.answer.Arn,
		Name:   i.answer.RoleName,
		Path:   i.answer.Path,
		Trust:  document(i.answer.AssumeRolePolicyDocument),
		Source: i.source,
	}
	if fields := strings.SplitN(i.answer.Arn, ":", 6); len(fields) == 6 {
		found.Partition, found.Account = fields[1], fields[4]
	}
	if i.answer.Tags != nil {
		found.Tags = make(map[string]string, len(i.answer.Tags))
		for _, tag := range i.answer.Tags {
			found.Tags[tag.Key] = tag.Value
		}
	}
	if used := i.answer.RoleLastUsed; used != nil {
		found.LastUsed.Known = true
		if used.LastUsedDate != nil {
			found.LastUsed.At = *used.LastUsedDate
		}
	}
	return found, nil
}

// document decodes a trust policy. IAM percent-encodes it as RFC 3986 has it,
// so that "+" stands for itself; a stand-in for AWS may leave it plain, which
// is told by how it begins.
func document(text *string) role.Document {
	switch {
	case text == nil || *text == "":
		return role.Document{Err: errors.New("the role carries no trust policy")}
	case plain(*text):
		return role.Document{JSON: []byte(*text)}
	}
	decoded, err := url.PathUnescape(*text)
	if err != nil {
		return role.Document{Err: fmt.Errorf("the trust policy cannot be decoded: %w", err)}
	}
	return role.Document{JSON: []byte(decoded)}
}

// plain reports whether text begins like a JSON object rather than like an
// encoded one: encoders that leave braces alone still encode the quote.
func plain(text string) bool {
	const space = " \t\r\n"
	rest, ok := strings.CutPrefix(strings.TrimLeft(text, space), "{")
	rest = strings.TrimLeft(rest, space)
	return ok && (strings.HasPrefix(rest, `"`) || strings.HasPrefix(rest, "}"))
}
