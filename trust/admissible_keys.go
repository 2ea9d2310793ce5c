package trust

import (
	"errors"
	"fmt"
	"strings"
)

// possibleKeys are the keys that a call of sts:AssumeRole by a user or a role
// session may carry.
var possibleKeys = keySet(`
	sts:externalid sts:rolesessionname sts:sourceidentity sts:transitivetagkeys aws:tagkeys
	aws:multifactorauthpresent aws:multifactorauthage aws:tokenissuetime
	aws:principaltype aws:username aws:userid aws:principalarn aws:principalaccount
	aws:principalorgid aws:principalorgpaths
	aws:sourceip aws:sourcevpc aws:sourcevpce aws:vpcsourceip
	aws:vpceaccount aws:vpceorgid aws:vpceorgpaths aws:sourcevpcarn
	aws:currenttime aws:epochtime aws:securetransport aws:viaawsservice
	aws:principalisawsservice aws:assumedroot aws:requestedregion aws:useragent aws:referer
	aws:resourceaccount aws:resourceorgid aws:resourceorgpaths`)

// sessionKeys are the keys that only a role session can carry: what its
// identity provider, or the service that runs it, put there.
var sessionKeys = keySet(`
	aws:sourceidentity aws:federatedprovider
	saml:namequalifier saml:sub saml:sub_type
	cognito-identity.amazonaws.com:amr cognito-identity.amazonaws.com:aud cognito-identity.amazonaws.com:sub
	accounts.google.com:aud accounts.google.com:sub
	graph.facebook.com:app_id graph.facebook.com:id
	www.amazon.com:app_id www.amazon.com:user_id
	ec2:sourceinstancearn ec2:roledelivery lambda:sourcefunctionarn
	aws:ec2instancesourcevpc aws:ec2instancesourceprivateipv4
	identitystore:userid aws:chatbotsourcearn`)

// Families of keys: a tag key, or a name within a service, follows the prefix.
var (
	possiblePrefixes = []string{"aws:requesttag/", "aws:principaltag/", "aws:resourcetag/", "iam:resourcetag/"}
	sessionPrefixes  = []string{"ssm:", "glue:"}
)

func keySet(names string) map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		set[name] = true
	}
	return set
}

// keysExist demands that every key is one that such a call can carry, spelt in
// one letter case only, and with one value unless it is a set.
func (a *admission) keysExist() error {
	if len(a.keys) < len(a.request.Context) {
		return errors.New("a context key has no value")
	}
	ofSession := a.request.Kind == RoleSession
	for i, key := range a.keys {
		name := lowerASCII(key.name)
		if !inFamily(possibleKeys, possiblePrefixes, name) && !(ofSession && inFamily(sessionKeys, sessionPrefixes, name)) {
			return fmt.Errorf("%s is never present in such a request", name)
		}
		if len(key.values) > 1 && !multivalued[name] {
			return fmt.Errorf("%s has more than one value", name)
		}
		if _, twice := a.keys[:i].get(name); twice {
			return fmt.Errorf("%s is given twice", name)
		}
	}
	return nil
}

func inFamily(names map[string]bool, prefixes []string, name string) bool {
	if names[name] {
		return true
	}
	for _, prefix := range prefixes {
		if len(name) > len(prefix) && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
