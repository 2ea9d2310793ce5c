package export

import (
	"strings"

	"countersign/trust"
)

// roleARN is a role's ARN taken apart:
// arn:partition:iam::account:role/path/name (IAM User Guide, "IAM ARNs").
type roleARN struct{ partition, account, path, name string }

func parseRoleARN(arn string) (parsed roleARN, ok bool) {
	rest, ok := strings.CutPrefix(arn, "arn:")
	if !ok {
		return roleARN{}, false
	}
	partition, rest, ok := strings.Cut(rest, ":iam::")
	if !ok || partition == "" || strings.Contains(partition, ":") {
		return roleARN{}, false
	}
	account, resource, ok := strings.Cut(rest, ":role")
	if !ok || !trust.IsAccountID(account) || !strings.HasPrefix(resource, "/") {
		return roleARN{}, false
	}
	name := strings.LastIndexByte(resource, '/') + 1
	return roleARN{partition, account, resource[:name], resource[name:]}, true
}
