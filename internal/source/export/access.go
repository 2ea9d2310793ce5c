package export

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"countersign/internal/role"
	"countersign/internal/source/rawjson"
)

// FillAccess implements role.AccessDetails.
func (i *item) FillAccess(found *role.Role) {
	// What is taken from a copy outlives the file's text.
	text := i.told
	if i.trustAt < i.trustEnd {
		text = slices.Concat(text[:i.trustAt], []byte("null"), text[i.trustEnd:])
	} else {
		text = slices.Clone(text)
	}
	var inline, attached, boundary []byte
	rawjson.EachMember(text, func(m rawjson.Member) bool {
		switch string(m.Key) {
		case "RolePolicyList", "rolePolicyList":
			inline = m.Value
		case "AttachedManagedPolicies", "attachedManagedPolicies":
			attached = m.Value
		case "PermissionsBoundary", "permissionsBoundary":
			boundary = m.Value
		case "Description", "description":
			found.Description = string(rawjson.Unquote(m.Value))
		case "MaxSessionDuration", "maxSessionDuration":
			if seconds, err := strconv.ParseUint(string(m.Value), 10, 31); err == nil {
				found.MaxSession = time.Duration(seconds) * time.Second
			}
		}
		return true
	})
	found.Access = readAccess(inline, attached, boundary)
	if found.Access != nil {
		found.Access.Library = i.library.of(i.kind)
	}
}

// readAccess reads the three members that tell what a role may do, as they are
// spelt, by the IAM API or by AWS Config; nil when none of them is there.
func readAccess(inline, attached, boundary []byte) *role.Access {
	tellsInline, tellsAttached := isArray(inline), isArray(attached)
	if !tellsInline && !tellsAttached && !isObject(boundary) {
		return nil
	}
	access := &role.Access{}
	if tellsInline {
		access.Inline = readInline(inline)
	} else {
		access.Lacks = append(access.Lacks, "the inline policies")
	}
	if tellsAttached {
		rawjson.EachElement(attached, func(entry []byte) bool {
			access.Attached = append(access.Attached, readManaged(entry, "PolicyArn"))
			return true
		})
	} else {
		access.Lacks = append(access.Lacks, "the attached policies")
	}
	if isObject(boundary) {
		policy := readManaged(boundary, "PermissionsBoundaryArn")
		access.Boundary = &policy
	}
	return access
}

func readInline(list []byte) (policies []role.InlinePolicy) {
	rawjson.EachElement(list, func(entry []byte) bool {
		policy := role.InlinePolicy{Document: role.Document{Err: errors.New("it carries no document")}}
		rawjson.EachMember(entry, func(m rawjson.Member) bool {
			switch string(m.Key) {
			case "PolicyName", "policyName":
				policy.Name = string(rawjson.Unquote(m.Value))
			case "PolicyDocument", "policyDocument":
				policy.Document = identityPolicy(m.Value)
			}
			return true
		})
		policies = append(policies, policy)
		return true
	})
	return policies
}

// readManaged reads an object that names a managed policy by its ARN.
func readManaged(entry []byte, arnKey string) role.ManagedPolicy {
	var policy role.ManagedPolicy
	rawjson.EachMember(entry, func(m rawjson.Member) bool {
		switch {
		case strings.EqualFold(string(m.Key), arnKey):
			policy.ARN = string(rawjson.Unquote(m.Value))
		case strings.EqualFold(string(m.Key), "PolicyName"):
			policy.Name = string(rawjson.Unquote(m.Value))
		}
		return true
	})
	if policy.Name == "" {
		policy.Name = policy.ARN[strings.LastIndexByte(policy.ARN, '/')+1:]
	}
	return policy
}

// identityPolicy makes a document of the value that stands for it: an object,
// or a string that holds JSON, percent-encoded or plain. It takes over value.
func identityPolicy(value []byte) role.Document {
	if len(value) > 0 && value[0] == '"' {
		value = rawjson.Unquote(value)
	}
	if len(value) == 0 || string(value) == "null" {
		return role.Document{Err: errors.New("it carries no document")}
	}
	return role.IdentityPolicy(value)
}

func isArray(value []byte) bool  { return len(value) > 0 && value[0] == '[' }
func isObject(value []byte) bool { return len(value) > 0 && value[0] == '{' }
