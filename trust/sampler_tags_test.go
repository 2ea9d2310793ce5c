package trust

import (
	"maps"
	"slices"
	"strings"
)

// tagKeys returns the tag keys of one family that the policies speak of.
func (m *requestMaker) tagKeys(family string) []string {
	var keys []string
	for _, spelling := range m.spellings {
		if prefix, tag, ok := strings.Cut(spelling, "/"); ok && strings.EqualFold(prefix, family) {
			keys = append(keys, tag)
		}
	}
	return keys
}

func (m *requestMaker) principalTags() {
	for _, tag := range append(m.tagKeys("aws:PrincipalTag"), "team") {
		key := "aws:PrincipalTag/" + tag
		if _, taken := m.context.Lookup(key); !taken && m.chance(60) {
			m.set(key, m.value(key, "blue", "ab", "acme-7", ""))
		}
	}
}

func (m *requestMaker) sessionTags() {
	m.checks = append([]string{ActionAssumeRole}, m.checks...)
	if !m.chance(40) {
		return
	}
	passed := map[string]string{} // by lower case
	for _, tag := range append(m.tagKeys("aws:RequestTag"), m.value("aws:TagKeys", "team", "Dept"), m.value("sts:TransitiveTagKeys", "team", "extra")) {
		if tag != "" && (len(passed) == 0 || m.chance(60)) {
			passed[strings.ToLower(tag)] = tag
		}
	}
	var keys, transitive []string
	for _, low := range slices.Sorted(maps.Keys(passed)) {
		tag := passed[low]
		keys = append(keys, tag)
		if m.chance(30) {
			transitive = append(transitive, tag)
		}
		m.set("aws:RequestTag/"+tag, m.value("aws:RequestTag/"+tag, "blue", "", "ci"))
	}
	if len(keys) == 0 {
		return
	}
	m.set("aws:TagKeys", keys...)
	if len(transitive) > 0 {
		m.set("sts:TransitiveTagKeys", transitive...)
	}
	m.checks = append(m.checks, ActionTagSession)
}

// role sets the facts of the role: those that are known, and some completion
// of those that are not.
func (m *requestMaker) role() {
	subject := m.question.Subject
	m.set("aws:ResourceAccount", subject.Account)
	if organization := subject.Organization; organization != "" {
		m.set("aws:ResourceOrgID", organization)
	} else if m.chance(50) {
		m.set("aws:ResourceOrgID", pick(m, sampleOrganizations))
	}
	tags := subject.Tags
	if tags == nil {
		tags = map[string]string{}
		for _, tag := range append(m.tagKeys("aws:ResourceTag"), m.tagKeys("iam:ResourceTag")...) {
			tags[strings.ToLower(tag)] = m.value("aws:ResourceTag/"+tag, "prod", "dev")
		}
	}
	for key, value := range tags {
		m.set("aws:ResourceTag/"+key, value)
		m.set("iam:ResourceTag/"+key, value)
	}
}
