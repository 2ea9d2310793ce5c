package settings

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"countersign/internal/spelling"
	"countersign/internal/waiver"
)

// waivers reads the findings that are accepted until a date.
func (r reader) waivers(node *yaml.Node, into *Settings) error {
	return r.list(node, func(item *yaml.Node) error {
		made, err := r.waiver(item)
		if err == nil {
			into.Waivers = append(into.Waivers, made)
		}
		return err
	})
}

func (r reader) waiver(node *yaml.Node) (made waiver.Waiver, err error) {
	made.Path, made.Line = r.path, node.Line
	until := ""
	bounded := func(most int) func(string) error {
		return func(text string) error { return waiver.CheckText(text, most) }
	}
	err = r.mapping(node, fields{
		"rule":        func(value *yaml.Node) error { return r.text(value, &made.Rule, waiver.CheckRule) },
		"role":        func(value *yaml.Node) error { return r.text(value, &made.Role, checkRolePattern) },
		"third_party": func(value *yaml.Node) error { return r.textOrList(value, &made.Party, checkPartyOrAccount) },
		"tag":         func(value *yaml.Node) error { made.Tag = &waiver.Tag{}; return r.tag(value, made.Tag) },
		"account":     func(value *yaml.Node) error { return r.text(value, &made.Account, CheckAccount) },
		"reason":      func(value *yaml.Node) error { return r.text(value, &made.Reason, bounded(waiver.MaxReason)) },
		"owner":       func(value *yaml.Node) error { return r.text(value, &made.Owner, bounded(waiver.MaxOwner)) },
		"until": func(value *yaml.Node) error {
			return r.text(value, &until, func(text string) (err error) { made.Until, err = waiver.ParseUntil(text); return err })
		},
	})
	if err != nil {
		return made, err
	}
	switch {
	case made.Rule == "":
		return made, r.fault(node, "a waiver without rule", "add rule: IAM-050")
	case made.Role == "" && made.Tag == nil && made.Party != nil:
		return made, r.fault(node, "a waiver for a third party without role", `add the role that it is about, or role: "*" for every role`)
	case made.Role == "" && made.Tag == nil:
		return made, r.fault(node, "a waiver that names neither role nor tag", "add the role that it is about, by name, ARN, address or fingerprint")
	}
	if err := made.Complete(); err != nil {
		return made, r.fault(node, err.Error(), "a waiver has a reason, an owner and a last day: until: 2027-03-31")
	}
	return made, nil
}

// longestRole bounds how a waiver names a role: an ARN has at most 2,048
// characters (IAM API Reference, "arnType"), and addresses of modules can be as
// long.
const longestRole = 2048

// checkRolePattern accepts a name, an ARN, an address or a fingerprint.
func checkRolePattern(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return &Error{"is empty", ""}
	case len(text) > longestRole:
		return &Error{fmt.Sprintf("is longer than %d bytes", longestRole), ""}
	case strings.HasPrefix(text, waiver.FingerprintPrefix) && !fingerprint.MatchString(text):
		return &Error{fmt.Sprintf("%q is not a fingerprint", text), `a fingerprint is "cs1-" with 32 digits and letters from a to f`}
	}
	return nil
}

// checkPartyOrAccount accepts an account id or the name of a third party.
func checkPartyOrAccount(text string) error {
	if strings.Trim(text, "-0123456789") == "" {
		return CheckAccount(text)
	}
	return checkLabel(text)
}

// textOrList reads one text, or a list of some.
func (r reader) textOrList(node *yaml.Node, into *[]string, check func(string) error) error {
	read := func(item *yaml.Node) error {
		var text string
		err := r.text(item, &text, check)
		*into = append(*into, text)
		return err
	}
	if node.Kind != yaml.SequenceNode {
		return read(node)
	}
	if len(node.Content) == 0 {
		return r.fault(node, "the list is empty", "name somebody, or leave the key out")
	}
	return r.list(node, read)
}

func (r reader) tag(node *yaml.Node, into *waiver.Tag) error {
	hasValue := false
	err := r.mapping(node, fields{
		"key": func(value *yaml.Node) error { return r.text(value, &into.Key, anyText) },
		"value": func(value *yaml.Node) error {
			hasValue = true
			return r.text(value, &into.Value, anyText)
		},
	})
	switch {
	case err != nil:
		return err
	case into.Key == "":
		return r.fault(node, "a tag without key", "add key and value")
	case !hasValue:
		return r.fault(node, "a tag without value", `add value; value: "" is a tag that has none`)
	}
	return nil
}

// inline reads which waivers that stand at roles count.
func (r reader) inline(node *yaml.Node, into *Settings) error {
	return r.mapping(node, fields{
		"comments": func(value *yaml.Node) error {
			into.Origins.Comments = r.origin(value)
			return r.permission(value, &into.Inline.Comments)
		},
		"tags": func(value *yaml.Node) error {
			into.Origins.Tags = r.origin(value)
			return r.permission(value, &into.Inline.Tags)
		},
	})
}

func (r reader) permission(node *yaml.Node, into *waiver.Permission) error {
	var text string
	return r.text(node, &text, func(text string) error {
		switch text {
		case "true":
			*into = waiver.Allowed
		case "false":
			*into = waiver.Forbidden
		default:
			return &Error{fmt.Sprintf("expected true or false, found %q", text), ""}
		}
		return nil
	})
}

// resolveParties gives the waivers for third parties their accounts. A name is
// one of third_parties: the built-in list changes with versions, and so would
// what a waiver covers.
func (s *Settings) resolveParties() error {
	for i := range s.Waivers {
		one := &s.Waivers[i]
		one.ThirdParty = nil
		for _, name := range one.Party {
			if CheckAccount(name) == nil {
				one.ThirdParty = append(one.ThirdParty, name)
				continue
			}
			found := false
			var names []string
			for _, party := range s.ThirdParties {
				names = append(names, party.Name)
				if party.Name == name {
					one.ThirdParty, found = append(one.ThirdParty, party.Accounts...), true
				}
			}
			if !found {
				return &FileError{Path: one.Path, Line: one.Line, Column: 1, Message: fmt.Sprintf("no third party is called %q", name),
					Hint: either(spelling.Suggest(name, names), "name its accounts, or add it to third_parties")}
			}
		}
		slices.Sort(one.ThirdParty)
	}
	return nil
}
