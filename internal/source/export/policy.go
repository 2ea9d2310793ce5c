package export

import (
	"bytes"
	"path/filepath"
	"strconv"
	"strings"

	"countersign/internal/role"
	"countersign/internal/source/rawjson"
	"countersign/trust"
)

// policyItem is a trust policy that stands alone in a file.
type policyItem struct {
	*item
	document int // which of the file's documents it is, from 1
}

// Role implements audit.Item.
func (p policyItem) Role() (*role.Role, error) {
	p.role = role.Role{
		Name:   policyName(p.file.Path, p.document),
		Trust:  role.Document{JSON: p.object, Line: p.line, Column: p.column},
		Source: p.source(),
	}
	return &p.role, nil
}

// policyName names the role of a bare trust policy after its file, without
// ending. The second and later documents of a file carry their number.
func policyName(path string, document int) string {
	name := "stdin"
	if path != "-" {
		name = strings.TrimSuffix(filepath.Base(path), ".gz")
		if stem := strings.TrimSuffix(name, filepath.Ext(name)); stem != "" {
			name = stem
		}
	}
	if document > 1 {
		name += "#" + strconv.Itoa(document)
	}
	return name
}

// isTrustPolicy reports whether an object is a role's trust policy and no
// other kind of policy: every statement says who, and none speaks of another
// service than STS.
func isTrustPolicy(object []byte) bool {
	found, all := false, true
	rawjson.EachMember(object, func(m rawjson.Member) bool {
		if string(m.Key) != "Statement" {
			return true
		}
		found = true
		if m.Value[0] == '[' {
			rawjson.EachElement(m.Value, func(statement []byte) bool {
				all = all && isTrustStatement(statement)
				return all
			})
		} else {
			all = all && isTrustStatement(m.Value)
		}
		return all
	})
	return found && all
}

func isTrustStatement(statement []byte) bool {
	principal, sts := false, true
	rawjson.EachMember(statement, func(m rawjson.Member) bool {
		// A slip leaves a trust policy, which is told where it is.
		switch trust.NearestElement(string(m.Key)) {
		case "Principal", "NotPrincipal":
			principal = true
		}
		if string(m.Key) == "Action" {
			if m.Value[0] == '"' {
				sts = sts && mayBeSTS(rawjson.Unquote(m.Value))
			}
			rawjson.EachElement(m.Value, func(action []byte) bool {
				sts = sts && mayBeSTS(rawjson.Unquote(action))
				return sts
			})
		}
		return sts
	})
	return principal && sts
}

// hasStatement reports whether an object is a policy of some kind.
func hasStatement(object []byte) (found bool) {
	rawjson.EachMember(object, func(m rawjson.Member) bool {
		found = string(m.Key) == "Statement"
		return !found
	})
	return found
}

// mayBeSTS reports whether an action belongs to STS or to no service at all.
// A wildcard before the colon is left to the policy parser.
func mayBeSTS(action []byte) bool {
	service, _, ok := bytes.Cut(action, []byte{':'})
	return !ok || bytes.EqualFold(service, []byte("sts")) || bytes.ContainsAny(service, "*?")
}
