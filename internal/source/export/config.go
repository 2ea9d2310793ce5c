package export

import (
	"errors"

	"countersign/internal/role"

	"github.com/go-json-experiment/json/jsontext"
)

// configItem is a configuration item of AWS Config that records a role.
type configItem struct {
	item // with the members of the configuration, once Role has read it
	raw  []byte
}

// Size implements audit.Sized.
func (c *configItem) Size() int { return len(c.raw) }

// Role implements audit.Item. The role itself is the item's configuration: an
// object in a snapshot, a string of JSON in the answers of the API (AWS Config
// API Reference, "ConfigurationItem").
func (c *configItem) Role() (*role.Role, error) {
	found := &role.Role{Source: c.source(), Details: c}
	var configuration member
	var arn, name, account string
	eachMember(c.raw, func(m member) bool {
		switch string(m.key) {
		case "configuration":
			configuration = m
		case "arn", "ARN":
			arn = string(unquote(m.value))
		case "resourceName":
			name = string(unquote(m.value))
		case "awsAccountId", "accountId":
			account = string(unquote(m.value))
		}
		return true
	})
	c.readConfiguration(found, configuration)
	if found.ARN == "" {
		found.ARN = arn
	}
	if found.Name == "" {
		found.Name = name
	}
	complete(found)
	if found.Account == "" && isAccount(account) {
		found.Account = account
	}
	return found, nil
}

func (c *configItem) readConfiguration(found *role.Role, configuration member) {
	switch jsontext.Value(configuration.value).Kind() {
	case '{':
		line, column := move(c.line, c.column, c.raw[:configuration.start])
		c.members = membersOf(configuration.value, line, column)
	case '"':
		inner := jsontext.Value(unquote(configuration.value))
		if !inner.IsValid(jsontext.AllowDuplicateNames(true)) || inner.Kind() != '{' {
			found.Trust.Err = errors.New("the item's configuration is no JSON object")
			return
		}
		c.members = membersOf(inner[skipSpace(inner, 0):], 0, 0)
	default:
		found.Trust.Err = errors.New("the item carries no configuration")
		return
	}
	c.members.fill(found)
}

// isConfigRole reports whether a configuration item records a role that still
// exists.
func isConfigRole(object []byte) bool {
	isRole, deleted := false, false
	eachMember(object, func(m member) bool {
		switch string(m.key) {
		case "resourceType":
			isRole = string(unquote(m.value)) == "AWS::IAM::Role"
		case "configurationItemStatus":
			switch string(unquote(m.value)) {
			case "ResourceDeleted", "ResourceDeletedNotRecorded":
				deleted = true
			}
		}
		return true
	})
	return isRole && !deleted
}

// isConfig reports whether an object is a configuration item of any resource.
func isConfig(object []byte) bool {
	resource, configuration := false, false
	eachMember(object, func(m member) bool {
		resource = resource || string(m.key) == "resourceType"
		configuration = configuration || string(m.key) == "configuration"
		return !resource || !configuration
	})
	return resource && configuration
}
