package export

import (
	"bytes"
	"fmt"
	"time"

	"countersign/internal/role"
	"countersign/internal/source/rawjson"
	"countersign/internal/source/walk"
)

// item is a role as it stands in a file.
type item struct {
	kind         role.Kind
	file         *walk.File
	line, column int
	object       []byte // as it is spelt; Role uses its room for the decoded policy
	slab         *slab  // of object and of the item itself; nil where it has none
	tags, used   []byte // as they are spelt, for Fill
	// For FillAccess: the members of the role, and where its trust policy
	// stands among them, whose room is taken.
	told              []byte
	trustAt, trustEnd int
	library           *library

	role role.Role // what Role returns
}

// Release implements audit.Releaser.
func (i *item) Release() {
	if i.slab == nil {
		*i = item{}
		return
	}
	i.slab.release() // which clears its items with the last of them
}

// Size implements audit.Sized.
func (i *item) Size() int { return len(i.object) }

// Role implements audit.Item.
func (i *item) Role() (*role.Role, error) {
	i.told = i.object
	members := membersOf(i.object, i.line, i.column)
	return i.fill(&members), nil
}

// fill takes over what the members of a role tell.
func (i *item) fill(members *members) *role.Role {
	found := &i.role
	found.Source = i.source()
	members.fill(found)
	i.tags, i.used = members.values[tagsMember], members.values[usedMember]
	i.trustAt = members.trustAt
	i.trustEnd = i.trustAt + len(members.values[policyMember])
	found.Details, found.AccessDetails = i, i
	return found
}

// Fill implements role.Details.
func (i *item) Fill(found *role.Role) {
	found.Tags, found.LastUsed = readTags(i.tags), readLastUsed(i.used)
}

// isRole reports whether an object is a role rather than something else that
// happens to stand in a list of that name.
func isRole(object []byte) bool {
	members := membersOf(object, 0, 0)
	return members.values[policyMember] != nil || bytes.Contains(members.values[arnMember], roleInARN)
}

var roleInARN = []byte(":role/")

// speaksOfRole reports whether text that breaks off or is no JSON was meant to
// be a role.
func speaksOfRole(text []byte) bool {
	return bytes.Contains(text, []byte(`"Arn"`)) || bytes.Contains(text, []byte(`"RoleName"`))
}

func (i *item) source() role.Source {
	return role.Source{Kind: i.kind, Path: i.file.Path, FromRoot: i.file.FromRoot, Line: i.line, Column: i.column}
}

// members are those members of a role's object that every judgement needs, as
// they are spelt. Its policies beside the trust policy are passed over.
type members struct {
	values [memberCount][]byte
	// line and column are the place of the trust policy, 0 where it does not
	// stand in the file verbatim.
	line, column int
	trustAt      int    // offset of the trust policy within the object
	twice        string // the name of a member that is there more than once
}

// memberKind is a member that is needed.
type memberKind int

const (
	policyMember memberKind = iota
	arnMember
	nameMember
	pathMember
	tagsMember
	usedMember
	memberCount
	otherMember memberKind = -1
)

// kindOf tells a member by its name in the spelling of the IAM API or, with a
// small first letter, of AWS Config.
func kindOf(name []byte) memberKind {
	switch string(name) {
	case "AssumeRolePolicyDocument", "assumeRolePolicyDocument":
		return policyMember
	case "Arn", "arn":
		return arnMember
	case "RoleName", "roleName":
		return nameMember
	case "Path", "path":
		return pathMember
	case "Tags", "tags":
		return tagsMember
	case "RoleLastUsed", "roleLastUsed":
		return usedMember
	}
	return otherMember
}

var memberNames = [memberCount]string{
	policyMember: "AssumeRolePolicyDocument", arnMember: "Arn", nameMember: "RoleName",
	pathMember: "Path", tagsMember: "Tags", usedMember: "RoleLastUsed",
}

// set notes a member. Readers differ on which of two members of one name
// counts, so either could be the one that is in force.
func (m *members) set(kind memberKind, value []byte) {
	if m.values[kind] != nil {
		m.twice = memberNames[kind]
	}
	m.values[kind] = value
}

// membersOf takes apart a whole object that stands at line and column.
func membersOf(object []byte, line, column int) members {
	var found members
	rawjson.EachMember(object, func(m rawjson.Member) bool {
		kind := kindOf(m.Key)
		if kind == otherMember {
			return true
		}
		found.set(kind, m.Value)
		if kind == policyMember {
			found.trustAt = m.Start
		}
		if kind == policyMember && line > 0 && m.Value[0] != '"' {
			found.line, found.column = move(line, column, object[:m.Start])
		}
		return true
	})
	return found
}

func (m *members) fill(found *role.Role) {
	found.ARN = string(rawjson.Unquote(m.values[arnMember]))
	complete(found, rawjson.Unquote(m.values[nameMember]), rawjson.Unquote(m.values[pathMember]))
	if m.twice != "" {
		found.Trust.Err = fmt.Errorf("the role carries %s twice", m.twice)
		return
	}
	found.Trust = document(m.values[policyMember], m.line, m.column)
}

// complete fills in what the role's ARN tells, and the name and the path where
// they are given. Where these repeat the ARN, as they do, they share its text.
func complete(found *role.Role, name, path []byte) {
	if arn, ok := parseRoleARN(found.ARN); ok {
		found.Partition, found.Account = arn.partition, arn.account
		found.Name, found.Path = arn.name, arn.path
	}
	if len(name) > 0 && string(name) != found.Name {
		found.Name = string(name)
	}
	if len(path) > 0 && string(path) != found.Path {
		found.Path = string(path)
	}
}

// readTags reads [{"Key": …, "Value": …}, …], in the spelling of the IAM API
// or of AWS Config; nil when value is no such list.
func readTags(value []byte) map[string]string {
	if len(value) == 0 || value[0] != '[' {
		return nil
	}
	tags := map[string]string{}
	rawjson.EachElement(value, func(tag []byte) bool {
		var key, text string
		rawjson.EachMember(tag, func(m rawjson.Member) bool {
			switch string(m.Key) {
			case "Key", "key":
				key = string(rawjson.Unquote(m.Value))
			case "Value", "value":
				text = string(rawjson.Unquote(m.Value))
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
	rawjson.EachMember(value, func(m rawjson.Member) bool {
		if string(m.Key) == "LastUsedDate" || string(m.Key) == "lastUsedDate" {
			at, err := time.Parse(time.RFC3339, string(rawjson.Unquote(m.Value)))
			used = role.LastUsed{Known: err == nil, At: at}
		}
		return true
	})
	return used
}
