package export

import (
	"errors"

	"countersign/internal/role"

	"github.com/go-json-experiment/json/jsontext"
)

// configItem is a configuration item of AWS Config that records a role.
type configItem struct{ item }

// Role implements audit.Item. The role itself is the item's configuration: an
// object in a snapshot, a string of JSON in the answers of the API (AWS Config
// API Reference, "ConfigurationItem").
func (c *configItem) Role() (*role.Role, error) {
	var configuration member
	var arn, name, account []byte
	eachMember(c.object, func(m member) bool {
		switch string(m.key) {
		case "configuration":
			configuration = m
		case "arn", "ARN":
			arn = m.value
		case "resourceName":
			name = m.value
		case "awsAccountId", "accountId":
			account = unquote(m.value)
		}
		return true
	})
	members, fault := c.configured(configuration)
	if len(unquote(members.values[arnMember])) == 0 {
		members.values[arnMember] = arn
	}
	if len(unquote(members.values[nameMember])) == 0 {
		members.values[nameMember] = name
	}
	found := &role.Role{Source: c.source()}
	c.fill(found, &members)
	if fault != nil {
		found.Trust = role.Document{Err: fault}
	}
	if found.Account == "" && isAccount(string(account)) {
		found.Account = string(account)
	}
	return found, nil
}

// configured returns the members of the configuration, which is a role.
func (c *configItem) configured(configuration member) (members, error) {
	switch jsontext.Value(configuration.value).Kind() {
	case '{':
		line, column := move(c.line, c.column, c.object[:configuration.start])
		return membersOf(configuration.value, line, column), nil
	case '"':
		inner := jsontext.Value(unquote(configuration.value))
		if !inner.IsValid(jsontext.AllowDuplicateNames(true)) || inner.Kind() != '{' {
			return members{}, errors.New("the item's configuration is no JSON object")
		}
		return membersOf(inner[skipSpace(inner, 0):], 0, 0), nil
	}
	return members{}, errors.New("the item carries no configuration")
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
