package export

import (
	"bytes"
	"fmt"
	"time"

	"countersign/internal/role"
	"countersign/internal/source/walk"
)

// item is a role as it stands in a file. Its text is valid JSON.
type item struct {
	kind         role.Kind
	file         *walk.File
	raw          []byte
	line, column int
}

// Size implements audit.Sized.
func (i *item) Size() int { return len(i.raw) }

// Role implements audit.Item.
func (i *item) Role() (*role.Role, error) {
	found := &role.Role{Source: role.Source{
		Kind: i.kind, Path: i.file.Path, FromRoot: i.file.FromRoot, Line: i.line, Column: i.column,
	}}
	readRole(found, i.raw, i.line, i.column)
	complete(found)
	return found, nil
}

// readRole fills a role in from its object in the spelling of the IAM API or,
// with a small first letter, of AWS Config. line and column are the place of
// the object, 0 where it does not stand in the file verbatim. What is not
// needed is passed over, policies other than the trust policy included.
func readRole(found *role.Role, object []byte, line, column int) {
	var policy member
	var seen uint
	var twice string
	once := func(bit uint, name string) {
		if seen&bit != 0 {
			twice = name
		}
		seen |= bit
	}
	eachMember(object, func(m member) bool {
		switch string(m.key) {
		case "AssumeRolePolicyDocument", "assumeRolePolicyDocument":
			once(1, "AssumeRolePolicyDocument")
			policy = m
		case "Arn", "arn":
			once(2, "Arn")
			found.ARN = string(unquote(m.value))
		case "RoleName", "roleName":
			once(4, "RoleName")
			found.Name = string(unquote(m.value))
		case "Path", "path":
			once(8, "Path")
			found.Path = string(unquote(m.value))
		case "Tags", "tags":
			once(16, "Tags")
			found.Tags = readTags(m.value)
		case "RoleLastUsed", "roleLastUsed":
			found.LastUsed = readLastUsed(m.value)
		}
		return true
	})
	if twice != "" {
		// Readers differ on which of two members counts, so either could be
		// the one that is in force.
		found.Trust.Err = fmt.Errorf("the role carries %s twice", twice)
		return
	}
	if line > 0 && len(policy.value) > 0 {
		line, column = move(line, column, object[:policy.start])
	}
	found.Trust = document(policy.value, line, column)
}

// complete fills in what the role's ARN tells.
func complete(found *role.Role) {
	arn, ok := parseRoleARN(found.ARN)
	if !ok {
		return
	}
	found.Partition, found.Account = arn.partition, arn.account
	if found.Name == "" {
		found.Name = arn.name
	}
	if found.Path == "" {
		found.Path = arn.path
	}
}

// readTags reads [{"Key": …, "Value": …}, …], in the spelling of the IAM API
// or of AWS Config; nil when value is no such list.
func readTags(value []byte) map[string]string {
	if len(value) == 0 || value[0] != '[' {
		return nil
	}
	tags := map[string]string{}
	eachElement(value, func(tag []byte) bool {
		var key, text string
		eachMember(tag, func(m member) bool {
			switch string(m.key) {
			case "Key", "key":
				key = string(unquote(m.value))
			case "Value", "value":
				text = string(unquote(m.value))
			}
			return true
		})
		tags[key] = text
		return true
	})
	return tags
}

// readLastUsed reads {"LastUsedDate": …, "Region": …}. An object without a
// date says that the role was not used in the tracked time.
func readLastUsed(value []byte) role.LastUsed {
	if len(value) == 0 || value[0] != '{' {
		return role.LastUsed{}
	}
	used := role.LastUsed{Known: true}
	eachMember(value, func(m member) bool {
		if string(m.key) == "LastUsedDate" || string(m.key) == "lastUsedDate" {
			at, err := time.Parse(time.RFC3339, string(unquote(m.value)))
			used = role.LastUsed{Known: err == nil, At: at}
		}
		return true
	})
	return used
}

// looksLikeRole reports whether a value is a role rather than something else
// that happens to stand in a list of that name.
func looksLikeRole(value []byte) bool {
	found := false
	eachMember(value, func(m member) bool {
		switch string(m.key) {
		case "AssumeRolePolicyDocument", "assumeRolePolicyDocument":
			found = true
		case "Arn", "arn":
			found = bytes.Contains(m.value, []byte(":role/"))
		}
		return !found
	})
	return found
}
