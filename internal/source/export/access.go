package export

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"time"

	"countersign/internal/role"
	"countersign/internal/source/rawjson"
)

// FillAccess implements role.AccessDetails.
func (i *item) FillAccess(found *role.Role) {
	value := func(kind memberKind) []byte { return i.access[kind-firstAccess] }
	found.Description = string(rawjson.Unquote(value(descriptionMember)))
	if seconds, err := strconv.ParseUint(string(value(sessionMember)), 10, 31); err == nil {
		found.MaxSession = time.Duration(seconds) * time.Second
	}
	find := func(arn string) (*role.Document, string) { return i.library.find(arn, i.kind == role.ConfigItem) }
	found.Access = readAccess(value(inlineMember), value(attachedMember), value(boundaryMember), find)
}

// readAccess reads the three members that tell what a role may do, as they are
// spelt, by the IAM API or by AWS Config; nil when none of them is there.
func readAccess(inline, attached, boundary []byte, find func(arn string) (*role.Document, string)) *role.Access {
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
			access.Attached = append(access.Attached, readManaged(entry, "PolicyArn", find))
			return true
		})
	} else {
		access.Lacks = append(access.Lacks, "the attached policies")
	}
	if isObject(boundary) {
		policy := readManaged(boundary, "PermissionsBoundaryArn", find)
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
func readManaged(entry []byte, arnKey string, find func(arn string) (*role.Document, string)) role.ManagedPolicy {
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
	if policy.ARN != "" {
		policy.Document, policy.Missing = find(policy.ARN)
	}
	return policy
}

// identityPolicy makes a document of the value that stands for it: an object,
// or a string that holds JSON, percent-encoded or plain. It outlives value.
func identityPolicy(value []byte) role.Document {
	if len(value) > 0 && value[0] == '"' {
		value = rawjson.Unquote(value)
	}
	if len(value) == 0 || string(value) == "null" {
		return role.Document{Err: errors.New("it carries no document")}
	}
	return role.IdentityPolicy(bytes.Clone(value))
}

func isArray(value []byte) bool  { return len(value) > 0 && value[0] == '[' }
func isObject(value []byte) bool { return len(value) > 0 && value[0] == '{' }
