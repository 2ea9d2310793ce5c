// Package cloudtrail reads CloudTrail logs: files as they lie in S3, JSON Lines,
// and what aws cloudtrail lookup-events prints. It hands on the calls that assume
// the roles in question, and passes over all else.
package cloudtrail

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"countersign/internal/evidence"
	"countersign/internal/source/rawjson"
)

// record is a CloudTrail event taken apart: its members as they are spelt. The
// names are those of the CloudTrail User Guide, "CloudTrail record contents".
type record struct {
	values [memberCount][]byte
	twice  string // the name of a member that is there more than once
}

// memberKind is a member that is needed.
type memberKind uint8

const (
	noMember memberKind = iota
	eventName
	eventSource
	eventTime
	eventType
	eventID
	sharedEventID
	awsRegion
	sourceIPAddress
	userAgent
	errorCode
	recipientAccountID
	vpcEndpointID
	userIdentity
	requestParameters
	responseElements
	cloudTrailEvent // of an answer of LookupEvents: a record in a string
	memberCount
)

var memberNames = map[string]memberKind{
	"eventName": eventName, "eventSource": eventSource, "eventTime": eventTime, "eventType": eventType,
	"eventID": eventID, "sharedEventID": sharedEventID, "awsRegion": awsRegion,
	"sourceIPAddress": sourceIPAddress, "userAgent": userAgent, "errorCode": errorCode,
	"recipientAccountId": recipientAccountID, "vpcEndpointId": vpcEndpointID, "userIdentity": userIdentity,
	"requestParameters": requestParameters, "responseElements": responseElements, "CloudTrailEvent": cloudTrailEvent,
}

func (r *record) set(name, value []byte) {
	kind := memberNames[string(name)]
	if kind == noMember {
		return
	}
	if r.values[kind] != nil {
		r.twice = string(name)
	}
	r.values[kind] = value
}

// split takes the text of a record apart.
func (r *record) split(object []byte) {
	*r = record{}
	rawjson.EachMember(object, func(m rawjson.Member) bool {
		r.set(m.Key, m.Value)
		return true
	})
}

func (r *record) text(kind memberKind) string { return string(rawjson.Unquote(r.values[kind])) }

// isEvent reports whether the record is an event of any kind, rather than some
// other JSON.
func (r *record) isEvent() bool {
	return r.values[eventName] != nil && r.values[eventTime] != nil || r.values[eventType] != nil && r.values[eventID] != nil
}

// assumes reports whether the event is a call that assumes a role. Calls that the
// session makes later have other names, and Insights events have none.
func (r *record) assumes() bool {
	switch string(rawjson.Unquote(r.values[eventName])) {
	case evidence.AssumeRole, evidence.AssumeRoleWithSAML, evidence.AssumeRoleWithWebIdentity:
		return string(rawjson.Unquote(r.values[eventSource])) == "sts.amazonaws.com"
	}
	return false
}

func (r *record) time() (time.Time, error) {
	return time.Parse(time.RFC3339, r.text(eventTime))
}

// call makes the call of a record that assumes a role.
func (r *record) call() (*evidence.Call, error) {
	if r.twice != "" {
		return nil, fmt.Errorf("the member %s is there twice", r.twice)
	}
	at, err := r.time()
	if err != nil {
		return nil, errors.New("eventTime is no time")
	}
	call := &evidence.Call{
		Time: at, Action: r.text(eventName), Region: r.text(awsRegion), ErrorCode: r.text(errorCode),
		ID: r.text(sharedEventID), Keys: map[string][]string{},
	}
	if call.ID == "" {
		call.ID = r.text(eventID)
	}
	r.identity(call)
	r.parameters(call)
	r.response(call)
	r.network(call)
	return call, nil
}

// identity reads who called.
func (r *record) identity(call *evidence.Call) {
	call.Identity = evidence.Unknown
	issuer := ""
	rawjson.EachMember(r.values[userIdentity], func(m rawjson.Member) bool {
		text := string(rawjson.Unquote(m.Value))
		switch string(m.Key) {
		case "type":
			call.Identity = evidence.Identity(text)
		case "accountId":
			call.Account = text
		case "principalId":
			call.Principal = text
		case "arn":
			call.ARN = text
		case "invokedBy":
			call.InvokedBy = text
		case "identityProvider":
			call.Provider = text
		case "userName":
			call.Keys["userName"] = []string{text}
		case "accessKeyId":
			call.Credentials = credentials(text)
		case "sessionContext":
			issuer = session(call, m.Value)
		}
		return true
	})
	if call.Identity == evidence.AssumedRole {
		call.ARN = issuer // userIdentity has the ARN of the session, without path
	}
	if call.Identity == evidence.IAMUser && call.SessionMFA == evidence.Unsaid && call.Credentials != evidence.Temporary {
		call.Credentials = evidence.LongTerm // a session has a sessionContext
	}
}

// credentials tells by the prefix of an access key id what it is (IAM User Guide,
// "IAM identifiers"). The key itself is not kept.
func credentials(accessKey string) evidence.Credentials {
	switch {
	case strings.HasPrefix(accessKey, "AKIA"):
		return evidence.LongTerm
	case strings.HasPrefix(accessKey, "ASIA"):
		return evidence.Temporary
	}
	return evidence.UnknownCredentials
}

// session reads the session that called, and returns the ARN of the role that
// issued it.
func session(call *evidence.Call, context []byte) (issuer string) {
	rawjson.EachMember(context, func(m rawjson.Member) bool {
		switch string(m.Key) {
		case "sessionIssuer":
			rawjson.EachMember(m.Value, func(m rawjson.Member) bool {
				if string(m.Key) == "arn" {
					issuer = string(rawjson.Unquote(m.Value))
				}
				return true
			})
		case "sourceIdentity":
			call.CarriesIdentity = true
			call.Keys["aws:sourceidentity"] = []string{string(rawjson.Unquote(m.Value))}
		case "attributes":
			rawjson.EachMember(m.Value, func(m rawjson.Member) bool {
				if string(m.Key) == "mfaAuthenticated" {
					call.SessionMFA = saidMFA(m.Value)
				}
				return true
			})
		}
		return true
	})
	return issuer
}

// saidMFA reads mfaAuthenticated, which is a string.
func saidMFA(value []byte) evidence.Answer {
	switch string(bytes.Trim(value, `"`)) {
	case "true":
		return evidence.Yes
	case "false":
		return evidence.No
	}
	return evidence.Unsaid
}

// parameters reads what was passed.
func (r *record) parameters(call *evidence.Call) {
	keys := call.Keys
	for _, name := range []string{"sts:rolesessionname", "sts:sourceidentity", "aws:tagkeys", "sts:transitivetagkeys"} {
		keys[name] = nil // a record shows them wherever they are
	}
	tags := map[string]string{}
	rawjson.EachMember(r.values[requestParameters], func(m rawjson.Member) bool {
		text := string(rawjson.Unquote(m.Value))
		switch string(m.Key) {
		case "roleArn":
			call.RoleARN = text
		case "roleSessionName":
			keys["sts:rolesessionname"] = []string{text}
		case "externalId":
			call.ExternalID, call.HasExternalID = text, m.Value[0] == '"'
		case "serialNumber":
			call.MFACode = text != ""
		case "sourceIdentity":
			call.PassesIdentity = text != ""
			keys["sts:sourceidentity"] = []string{text}
		case "principalArn":
			call.Provider = text
		case "tags":
			listedTags(tags, m.Value)
		case "incomingTransitiveTags", "principalTags":
			mappedTags(tags, m.Value)
		case "transitiveTagKeys":
			rawjson.EachElement(m.Value, func(value []byte) bool {
				keys["sts:transitivetagkeys"] = append(keys["sts:transitivetagkeys"], string(rawjson.Unquote(value)))
				return true
			})
		}
		return true
	})
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		call.PassesTags = true
		keys["aws:tagkeys"] = append(keys["aws:tagkeys"], name)
		keys["aws:requesttag/"+strings.ToLower(name)] = []string{tags[name]}
	}
}

// listedTags reads [{"key": …, "value": …}].
func listedTags(into map[string]string, list []byte) {
	rawjson.EachElement(list, func(tag []byte) bool {
		var key, value string
		rawjson.EachMember(tag, func(m rawjson.Member) bool {
			switch string(m.Key) {
			case "key":
				key = string(rawjson.Unquote(m.Value))
			case "value":
				value = string(rawjson.Unquote(m.Value))
			}
			return true
		})
		into[key] = value
		return len(into) < mostTags
	})
}

// mostTags is more than a session can have.
const mostTags = 200

// mappedTags reads {KEY: VALUE}.
func mappedTags(into map[string]string, object []byte) {
	rawjson.EachMember(object, func(m rawjson.Member) bool {
		into[string(m.Key)] = string(rawjson.Unquote(m.Value))
		return len(into) < mostTags
	})
}

// response reads what STS made of it, and of that nothing of the credentials.
func (r *record) response(call *evidence.Call) {
	said := map[string]string{}
	rawjson.EachMember(r.values[responseElements], func(m rawjson.Member) bool {
		switch name := string(m.Key); name {
		case "sourceIdentity", "audience", "issuer", "subject", "subjectType", "nameQualifier", "provider", "subjectFromWebIdentityToken":
			said[name] = string(rawjson.Unquote(m.Value))
		}
		return true
	})
	if name := said["sourceIdentity"]; name != "" && !call.PassesIdentity && call.Action == evidence.AssumeRole {
		call.CarriesIdentity = true
		call.Keys["aws:sourceidentity"] = []string{name}
	}
	know := func(key, value string) {
		if value != "" {
			call.Keys[key] = []string{value}
		}
	}
	switch call.Action {
	case evidence.AssumeRoleWithSAML:
		know("saml:aud", said["audience"])
		know("saml:iss", said["issuer"])
		know("saml:sub", said["subject"])
		know("saml:sub_type", said["subjectType"])
		know("saml:namequalifier", said["nameQualifier"])
	case evidence.AssumeRoleWithWebIdentity:
		host := strings.ToLower(host(call.Provider))
		know(host+":aud", said["audience"])
		know(host+":sub", said["subjectFromWebIdentityToken"])
		if name := call.Keys["userName"]; name != nil && said["subjectFromWebIdentityToken"] == "" {
			know(host+":sub", name[0])
		}
	}
	delete(call.Keys, "userName")
}

// host is the name of an OIDC provider without what stands before it in its ARN.
func host(provider string) string {
	if _, name, ok := strings.Cut(provider, ":oidc-provider/"); ok {
		return name
	}
	return provider
}

// network reads where the call came from.
func (r *record) network(call *evidence.Call) {
	if call.Region != "" {
		call.Keys["aws:requestedregion"] = []string{call.Region}
	}
	if agent := r.text(userAgent); agent != "" {
		call.Keys["aws:useragent"] = []string{agent}
	}
	address := r.text(sourceIPAddress)
	if _, err := netip.ParseAddr(address); err != nil {
		return // the name of a service, or "AWS Internal"
	}
	if endpoint := r.text(vpcEndpointID); endpoint != "" {
		call.Keys["aws:sourcevpce"] = []string{endpoint}
		call.Keys["aws:vpcsourceip"] = []string{address}
		call.Keys["aws:sourceip"] = nil
		return
	}
	call.Keys["aws:sourceip"] = []string{address}
	call.Keys["aws:vpcsourceip"], call.Keys["aws:sourcevpce"] = nil, nil
}
