package export

import (
	"errors"

	"countersign/internal/role"
	"countersign/internal/source/rawjson"
	"countersign/trust"

	"github.com/go-json-experiment/json/jsontext"
)

// configItem is a configuration item of AWS Config that records a role.
type configItem struct{ *item }

// Role implements audit.Item. The role itself is the item's configuration: an
// object in a snapshot, a string of JSON in the answers of the API (AWS Config
// API Reference, "ConfigurationItem").
func (c configItem) Role() (*role.Role, error) {
	var configuration rawjson.Member
	var arn, name, account []byte
	rawjson.EachMember(c.object, func(m rawjson.Member) bool {
		switch string(m.Key) {
		case "configuration":
			configuration = m
		case "arn", "ARN":
			arn = m.Value
		case "resourceName":
			name = m.Value
		case "awsAccountId", "accountId":
			account = rawjson.Unquote(m.Value)
		}
		return true
	})
	members, fault := c.configured(configuration)
	if len(rawjson.Unquote(members.values[arnMember])) == 0 {
		members.values[arnMember] = arn
	}
	if len(rawjson.Unquote(members.values[nameMember])) == 0 {
		members.values[nameMember] = name
	}
	found := c.fill(&members)
	if fault != nil {
		found.Trust = role.Document{Err: fault}
	}
	if found.Account == "" && trust.IsAccountID(string(account)) {
		found.Account = string(account)
	}
	return found, nil
}

// configured returns the members of the configuration, which is a role.
func (c configItem) configured(configuration rawjson.Member) (members, error) {
	switch jsontext.Value(configuration.Value).Kind() {
	case '{':
		line, column := move(c.line, c.column, c.object[:configuration.Start])
		c.told = configuration.Value
		return membersOf(configuration.Value, line, column), nil
	case '"':
		inner := jsontext.Value(rawjson.Unquote(configuration.Value))
		if !inner.IsValid(jsontext.AllowDuplicateNames(true)) || inner.Kind() != '{' {
			return members{}, errors.New("the item's configuration is no JSON object")
		}
		c.told = inner[rawjson.SkipSpace(inner, 0):]
		return membersOf(c.told, 0, 0), nil
	}
	return members{}, errors.New("the item carries no configuration")
}

// isConfigRole reports whether a configuration item records a role that still
// exists.
func isConfigRole(object []byte) bool {
	isRole, deleted := false, false
	rawjson.EachMember(object, func(m rawjson.Member) bool {
		switch string(m.Key) {
		case "resourceType":
			isRole = string(rawjson.Unquote(m.Value)) == "AWS::IAM::Role"
		case "configurationItemStatus":
			switch string(rawjson.Unquote(m.Value)) {
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
	rawjson.EachMember(object, func(m rawjson.Member) bool {
		resource = resource || string(m.Key) == "resourceType"
		configuration = configuration || string(m.Key) == "configuration"
		return !resource || !configuration
	})
	return resource && configuration
}
