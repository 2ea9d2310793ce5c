package trust

import (
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// sampleTagWords are keys of tags, some of which differ in letter case only;
// the last three are two keys.
var sampleTagWords = []string{"team", "Team", "TEAM", "Dept", "dept", "s", "S", "ſ"}

// sampleTagStatement draws a statement that lets session tags be passed and
// asks for some, by name and in the lists of keys.
func sampleTagStatement(t *rapid.T) Value {
	members := []Member{
		sampleMember("Effect", Literal(rapid.SampledFrom([]string{"Allow", "Allow", "Deny"}).Draw(t, "effect"))),
		sampleMember("Principal", sampleObject(sampleMember("AWS", Literal(rapid.SampledFrom([]string{"*", sampleVendor}).Draw(t, "entry"))))),
		sampleMember("Action", rapid.SampledFrom([]Value{
			{Kind: Array, Items: []Value{Literal("sts:AssumeRole"), Literal("sts:TagSession")}},
			{Kind: Array, Items: []Value{Literal("sts:AssumeRole"), Literal("sts:TagSession")}},
			Literal("sts:AssumeRole"),
		}).Draw(t, "actions")),
	}
	blocks := map[string]Value{}
	for range rapid.IntRange(0, 3).Draw(t, "conditions") {
		operator, condition := sampleTagCondition(t)
		if _, taken := blocks[operator]; !taken {
			blocks[operator] = sampleObject(condition)
		}
	}
	if len(blocks) == 0 {
		return sampleObject(members...)
	}
	var conditions []Member
	for _, operator := range slices.Sorted(maps.Keys(blocks)) {
		conditions = append(conditions, sampleMember(operator, blocks[operator]))
	}
	return sampleObject(append(members, sampleMember("Condition", sampleObject(conditions...)))...)
}

func sampleTagCondition(t *rapid.T) (operator string, condition Member) {
	word := rapid.SampledFrom(sampleTagWords)
	if rapid.IntRange(0, 2).Draw(t, "by name") > 0 {
		list := rapid.SampledFrom([]string{"aws:TagKeys", "aws:TagKeys", "sts:TransitiveTagKeys"}).Draw(t, "list")
		set := rapid.SampledFrom([]string{"ForAnyValue:", "ForAllValues:"}).Draw(t, "set operator")
		operator := rapid.SampledFrom(sampleStringOperators[:4]).Draw(t, "operator")
		return set + operator, sampleMember(list, sampleEntries(t, append([]string{"*e*", "T*", "?"}, sampleTagWords...), 1))
	}
	name := rapid.SampledFrom([]string{"aws:RequestTag/", "aws:RequestTag/", "aws:PrincipalTag/"}).Draw(t, "family") + word.Draw(t, "tag")
	if rapid.Bool().Draw(t, "null") {
		return "Null", sampleMember(name, Literal(rapid.SampledFrom(sampleBools[:2]).Draw(t, "absent")))
	}
	value := rapid.SampledFrom([]string{"blue", "", "b*", "${aws:RequestTag/" + word.Draw(t, "variable") + "}"}).Draw(t, "value")
	return rapid.SampledFrom(sampleStringOperators[:4]).Draw(t, "operator"), sampleMember(name, Literal(value))
}

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
	if !m.chance(50) {
		return
	}
	tags := append(m.tagKeys("aws:RequestTag"), m.value("aws:TagKeys", "team", "Dept"), m.value("sts:TransitiveTagKeys", "team", "extra"))
	for _, key := range []string{"aws:tagkeys", "sts:transitivetagkeys"} {
		for _, hint := range m.hints[key] {
			tags = append(tags, m.instance(hint))
		}
	}
	m.random.Shuffle(len(tags), func(i, j int) { tags[i], tags[j] = tags[j], tags[i] })
	passed := map[string]string{} // by lower case
	for _, tag := range tags {
		if tag != "" && (len(passed) == 0 || m.chance(40)) {
			passed[lowerASCII(tag)] = tag
		}
	}
	var keys, transitive []string
	for _, low := range slices.Sorted(maps.Keys(passed)) {
		tag := passed[low]
		keys = append(keys, tag)
		m.set("aws:RequestTag/"+tag, m.value("aws:RequestTag/"+tag, "blue", "", "ci"))
		for _, other := range tags { // the list may spell the key in its own way
			if lowerASCII(other) == low && m.chance(30) {
				transitive = append(transitive, other)
				break
			}
		}
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
