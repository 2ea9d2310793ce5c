package trust

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The limits of tags (STS API Reference, Tag), in characters.
const (
	mostTags        = 50
	longestTagKey   = 128
	longestTagValue = 256
)

// tags couples aws:TagKeys, aws:RequestTag/… and sts:TransitiveTagKeys with
// each other and with the check for them.
func (a *admission) tags() error {
	passed := map[string]bool{} // lower case: tag keys that differ only in case are the same key
	tagKeys, _ := a.keys.get("aws:tagkeys")
	for _, key := range tagKeys {
		passed[lowerASCII(key)] = true
	}
	if len(passed) != len(tagKeys) || len(passed) > mostTags {
		return errors.New("aws:TagKeys names a key twice, or more than 50")
	}
	requested := 0
	for _, key := range a.keys {
		prefix, tag, ok := strings.Cut(key.name, "/")
		if !ok {
			continue
		}
		if utf8.RuneCountInString(tag) > longestTagKey || utf8.RuneCountInString(key.values[0]) > longestTagValue {
			return fmt.Errorf("a tag under %s/ is too long", prefix)
		}
		ofCaller := sameKey(prefix, "aws:requesttag") || sameKey(prefix, "aws:principaltag")
		if ofCaller && !(isTagText(tag) && isTagText(key.values[0])) {
			return fmt.Errorf("a tag under %s/ has a character that no tag has", prefix)
		}
		if sameKey(prefix, "aws:requesttag") {
			requested++
			if !passed[lowerASCII(tag)] {
				return errors.New("aws:RequestTag/… is present for a key that aws:TagKeys does not name")
			}
		}
	}
	if requested != len(passed) {
		return errors.New("aws:TagKeys names a key without its aws:RequestTag/…")
	}
	inherited := map[string]bool{}
	transitive, _ := a.keys.get("sts:transitivetagkeys")
	for _, key := range transitive {
		if !passed[lowerASCII(key)] {
			return errors.New("sts:TransitiveTagKeys names a key that aws:TagKeys does not")
		}
		inherited[lowerASCII(key)] = true
	}
	if len(inherited) != len(transitive) {
		return errors.New("sts:TransitiveTagKeys names a key twice")
	}
	if checked := slices.Contains(a.request.Checks, ActionTagSession); checked != (len(passed) > 0) {
		return fmt.Errorf("session tags and the check %s do not go together", ActionTagSession)
	}
	return nil
}

// isTagText reports whether a text may be the key or the value of a tag: its
// pattern is [\p{L}\p{Z}\p{N}_.:/=+\-@]* (STS API Reference, Tag).
func isTagText(text string) bool {
	for _, c := range text {
		if !unicode.IsLetter(c) && !unicode.IsNumber(c) && !unicode.In(c, unicode.Z) && !strings.ContainsRune("_.:/=+-@", c) {
			return false
		}
	}
	return true
}

// The longest that temporary credentials last.
const (
	longestRoleSession = 12 * time.Hour
	longestUserSession = 36 * time.Hour
)

// clock demands one present that both clocks show, not before now, and a token
// that was issued before it and has not expired.
func (a *admission) clock() error {
	current, ok := a.instant("aws:currenttime")
	if !ok {
		return errors.New("aws:CurrentTime is missing or no time in UTC to the second")
	}
	epoch, _ := a.keys.single("aws:epochtime")
	if seconds, ok := wholeSeconds(epoch); !ok || seconds != current.Unix() {
		return errors.New("aws:EpochTime is not aws:CurrentTime in seconds")
	}
	if current.Before(a.now) {
		return errors.New("aws:CurrentTime is in the past")
	}
	if _, present := a.keys.get("aws:tokenissuetime"); !present {
		return nil
	}
	issued, ok := a.instant("aws:tokenissuetime")
	longest := longestUserSession
	if a.request.Kind == RoleSession {
		longest = longestRoleSession
	}
	switch {
	case !ok:
		return errors.New("aws:TokenIssueTime is no time in UTC to the second")
	case issued.After(current):
		return errors.New("aws:TokenIssueTime is in the future")
	case current.Sub(issued) > longest:
		return errors.New("aws:TokenIssueTime is of credentials that have expired")
	}
	return nil
}

// instant reads a time as AWS spells it in a context: UTC, to the second.
func (a *admission) instant(key string) (time.Time, bool) {
	const layout = "2006-01-02T15:04:05Z"
	text, _ := a.keys.single(key)
	instant, err := time.Parse(layout, text)
	return instant, err == nil && instant.Format(layout) == text
}

// wholeSeconds reads a decimal integer in its shortest spelling.
func wholeSeconds(text string) (int64, bool) {
	seconds, err := strconv.ParseInt(text, 10, 64)
	return seconds, err == nil && strconv.FormatInt(seconds, 10) == text
}

// network demands exactly one way in: from an address, or through a VPC
// endpoint, which hides the address.
func (a *admission) network() error {
	ofEndpoint := []string{"aws:SourceVpc", "aws:SourceVpce", "aws:VpcSourceIp"}
	if _, direct := a.keys.get("aws:sourceip"); direct {
		ofEndpoint = append(ofEndpoint, "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths", "aws:SourceVpcArn")
		if err := a.keysAbsent("beside aws:SourceIp", ofEndpoint...); err != nil {
			return err
		}
		return a.address("aws:SourceIp")
	}
	for _, key := range ofEndpoint {
		if values, _ := a.keys.get(key); len(values) == 0 || values[0] == "" {
			return fmt.Errorf("%s is missing, and so is aws:SourceIp", key)
		}
	}
	return a.address("aws:VpcSourceIp")
}

func (a *admission) address(key string) error {
	if values, _ := a.keys.get(key); !isAddress(values[0]) {
		return fmt.Errorf("%s is no address", key)
	}
	return nil
}

func isAddress(text string) bool {
	_, ok := parseAddress(text)
	return ok
}

// organization couples the caller's organization with its path in it.
func (a *admission) organization() error {
	id, isMember := a.keys.single("aws:principalorgid")
	paths, _ := a.keys.get("aws:principalorgpaths")
	switch {
	case isMember && !strings.HasPrefix(id, "o-"):
		return errors.New("aws:PrincipalOrgID is not the id of an organization")
	case isMember && (len(paths) != 1 || !isPathIn(id, paths[0])):
		return errors.New("aws:PrincipalOrgPaths is not one path within aws:PrincipalOrgID")
	case !isMember && len(paths) > 0:
		return errors.New("aws:PrincipalOrgPaths is present without aws:PrincipalOrgID")
	case a.subject.Organization != "" && a.request.Account == a.subject.Account && id != a.subject.Organization:
		return errors.New("aws:PrincipalOrgID is not that of the role's own account")
	}
	return nil
}

// isPathIn reports whether a path leads through an organization: its id, the
// root's and those of units, with a slash behind each.
func isPathIn(organization, path string) bool {
	rest, ok := strings.CutPrefix(path, organization+"/")
	ids := strings.Split(rest, "/")
	last := len(ids) - 1
	if !ok || last < 1 || ids[last] != "" || !strings.HasPrefix(ids[0], "r-") || len(ids[0]) < len("r-ab12") {
		return false
	}
	return strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz0123456789-/") == ""
}

// roleFacts holds the keys that describe the role to what is known of it.
func (a *admission) roleFacts() error {
	if a.subject.Account != "" {
		if err := a.keyIs("aws:ResourceAccount", a.subject.Account, "the role's account"); err != nil {
			return err
		}
	}
	if organization := a.subject.Organization; organization != "" {
		if err := a.keyIs("aws:ResourceOrgID", organization, "the role's organization"); err != nil {
			return err
		}
		paths, _ := a.keys.get("aws:resourceorgpaths")
		for _, path := range paths {
			if !strings.HasPrefix(path, organization+"/") {
				return errors.New("aws:ResourceOrgPaths is not within the role's organization")
			}
		}
	}
	return a.roleTags()
}

// roleTags demands that both families of resource tags are the role's tags,
// all of them and no others.
func (a *admission) roleTags() error {
	if a.subject.Tags == nil {
		return nil
	}
	for _, prefix := range []string{"aws:ResourceTag/", "iam:ResourceTag/"} {
		present := 0
		for _, key := range a.keys {
			if len(key.name) > len(prefix) && sameKey(key.name[:len(prefix)], prefix) {
				present++
			}
		}
		if present != len(a.subject.Tags) {
			return fmt.Errorf("%s… are not the role's tags", prefix)
		}
		for key, value := range a.subject.Tags {
			if err := a.keyIs(prefix+key, value, "the role's tag"); err != nil {
				return err
			}
		}
	}
	return nil
}
