package audit

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"

	"countersign/internal/privilege"
	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"
	"countersign/trust/jsontree"
)

// judge turns roles into findings. Many roles carry the same policy, so it
// remembers what it parsed and what it decided.
type judge struct {
	options  Options
	rules    []rule.Rule
	policies *cache[*policy]
	verdicts *cache[*verdict]
	rights   *cache[*privilege.Policy]
	zones    zones
	controls *controlSets
	parsed   atomic.Uint64
}

// policy is a trust policy, or why there is none.
type policy struct {
	number   uint64 // names it in the key of a verdict
	parsed   *trust.Policy
	broken   *trust.Verdict // set when it could not be parsed
	fault    trust.Range    // then: where
	seesRole bool
	secrets  []string // see externalIDs
}

// verdict is a verdict with its worth.
type verdict struct {
	trust.Verdict
	severity rule.Severity
	elevated rule.Severity // where the role is an administrator or can become one
}

// Sizes of a generation of what is remembered, keys and entries together.
const (
	policyMemory  = 4 << 20
	verdictMemory = 4 << 20
	rightsMemory  = 2 << 20
)

func newJudge(options Options, rules []rule.Rule) *judge {
	return &judge{
		options:  options,
		rules:    rules,
		policies: newCache[*policy](policyMemory),
		verdicts: newCache[*verdict](verdictMemory),
		rights:   newCache[*privilege.Policy](rightsMemory),
		controls: newControlSets(&options),
	}
}

// bench is a worker's own place at the judge: what it need not share.
type bench struct {
	*judge
	key  []byte
	zone zoneMemo
}

// judgeItem hands on the findings of one role that are to be kept, and counts
// all.
func (b *bench) judgeItem(item Item, into *results) {
	subject, err := b.take(item)
	if err != nil {
		into.incomplete = append(into.incomplete, Incomplete{Reason: err.Error()})
		return
	}
	into.tally.Roles++
	for i := range b.rules {
		b.apply(&b.rules[i], i, subject, into)
	}
}

// take has the item taken apart. A panic on the way becomes an error.
func (b *bench) take(item Item) (subject *role.Role, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			subject, err = nil, errors.New("a role could not be read: "+internalFault(fault))
		}
	}()
	subject, err = item.Role()
	if err != nil {
		return nil, err
	}
	if subject.Account == "" {
		subject.Account = b.options.Account
	}
	if subject.Partition == "" {
		subject.Partition = b.options.Partition
	}
	return subject, nil
}

func (b *bench) apply(applied *rule.Rule, index int, subject *role.Role, into *results) {
	answer, policy := b.decide(applied, index, subject)
	finding, kept := b.report(applied, subject, answer, policy)
	b.options.Waivers.Apply(applied.ID, subject, finding)
	b.options.Baseline.Apply(finding)
	if finding != nil {
		into.count(finding)
	} else {
		into.count(&rule.Finding{Verdict: &answer.Verdict, Severity: answer.severity})
	}
	if kept {
		// A finding outlives the text its role was read from by far.
		document := &finding.Role.Trust
		document.JSON = bytes.Clone(document.JSON)
		document.Decode()
		into.findings = append(into.findings, finding)
	}
}

// report makes the finding, where it is to be kept. A panic on the way is a
// finding, too.
func (b *bench) report(applied *rule.Rule, subject *role.Role, answer *verdict, policy *policy) (finding *rule.Finding, kept bool) {
	defer func() {
		if fault := recover(); fault != nil {
			own := *subject
			own.Details, own.AccessDetails = nil, nil // they may be what failed
			finding = &rule.Finding{Rule: applied.ID, Role: &own, Verdict: &broken(internalFault(fault)).Verdict}
			kept = true
		}
	}()
	settled := answer.Outcome == trust.Pass || answer.Outcome == trust.NotApplicable
	if b.options.Keep == nil && settled {
		return nil, false
	}
	subject.Complete()
	own := *subject // which may be part of something larger, or lent
	subject = &own
	finding = &rule.Finding{
		Fingerprint: rule.Fingerprint(applied.ID, subject),
		Rule:        applied.ID,
		Role:        subject,
		Severity:    answer.severity,
		Verdict:     &answer.Verdict,
		Place:       rule.PlaceOf(subject, decisive(answer, policy)),
	}
	if !settled {
		b.weigh(finding, answer)
	}
	kept = b.options.Keep == nil || b.options.Keep(finding)
	if settled && kept {
		b.weigh(finding, answer)
	}
	return finding, kept
}

// weigh says what the role may do, and what the finding is worth by that.
func (b *bench) weigh(finding *rule.Finding, answer *verdict) {
	finding.Role.CompleteAccess()
	finding.Privilege = privilege.Of(finding.Role, b.identityPolicy)
	if finding.Role.Access != nil {
		finding.Role.Access.Library = nil // it was asked for all there is to ask
	}
	if finding.Privilege.Decisive() {
		finding.Severity = answer.elevated
	}
}

// identityPolicy reads a policy of a role, or remembers it: managed policies
// are those of many roles.
func (b *bench) identityPolicy(document *role.Document) *privilege.Policy {
	if document.Tree != nil || document.Err != nil {
		return privilege.Read(document)
	}
	return b.rights.get(document.JSON, func() *privilege.Policy { return readPolicy(document) })
}

func readPolicy(document *role.Document) (policy *privilege.Policy) {
	defer func() {
		if fault := recover(); fault != nil {
			policy = privilege.Read(&role.Document{Err: errors.New(internalFault(fault))})
		}
	}()
	return privilege.Read(document)
}

// decide finds the verdict. Whatever goes wrong inside is an error about this
// role and no other.
func (b *bench) decide(applied *rule.Rule, index int, subject *role.Role) (answer *verdict, parsed *policy) {
	defer func() {
		if fault := recover(); fault != nil {
			answer, parsed = broken(internalFault(fault)), &policy{}
		}
	}()
	if subject.Trust.Err != nil {
		return broken(subject.Trust.Err.Error()), &policy{}
	}
	parsed = b.policy(&subject.Trust)
	if parsed.broken != nil {
		return &verdict{Verdict: *parsed.broken}, parsed
	}
	controls := b.controls.of(subject)
	seesRole := parsed.seesRole || controls.seesRole
	if seesRole {
		subject.Complete()
	}
	var zone trust.Zone
	if b.options.Zone != nil {
		zone = b.options.Zone(subject)
	}
	question := trust.Question{Subject: b.subject(subject), Zone: zone, RCPs: controls.policies, Members: b.options.Members, Now: b.options.Now}
	if seesRole || subject.ARN == "" {
		if parsed.number == 0 {
			return b.check(applied, parsed, question), parsed
		}
		b.keyOf(index, parsed, controls, question)
		b.keyOfRole(question.Subject)
		return b.verdicts.get(b.key, func() *verdict { return b.check(applied, parsed, question) }), parsed
	}
	// The policy cannot tell this role from the account's others.
	question.Subject.ARN, question.Subject.Tags = "", nil
	if !parsed.repeats(subject.Name) {
		question.Subject.Name = ""
	}
	b.keyOf(index, parsed, controls, question)
	b.key = appendField(b.key, question.Subject.Name)
	answer = b.verdicts.get(b.key, func() *verdict { return b.check(applied, parsed, question) })
	return answer.about(subject), parsed
}

// policy parses a trust policy, or remembers it.
func (b *bench) policy(document *role.Document) *policy {
	if document.Tree != nil {
		parsed := parseTree(*document.Tree)
		// Some of the tree may be unknown: nothing tells what it sees.
		parsed.seesRole = true
		return parsed
	}
	// The same text means something else when it is encoded.
	b.key = strconv.AppendBool(b.key[:0], document.Encoded)
	b.key = append(b.key, document.JSON...)
	return b.policies.get(b.key, func() *policy {
		parsed := parseText(document)
		parsed.number = b.parsed.Add(1)
		return parsed
	})
}

// parseText parses a document, which it decodes where it lies.
func parseText(document *role.Document) (parsed *policy) {
	defer recoverPolicy(&parsed)
	if document.Decode(); document.Err != nil {
		return unparsed(document.Err)
	}
	// Verdicts point into the text for as long as they live.
	tree, err := jsontree.Parse(&trust.File{Text: bytes.Clone(document.JSON)})
	if err != nil {
		return unparsed(err)
	}
	return parseTree(tree)
}

func recoverPolicy(parsed **policy) {
	if fault := recover(); fault != nil {
		*parsed = &policy{broken: &broken(internalFault(fault)).Verdict}
	}
}

func parseTree(tree trust.Value) (parsed *policy) {
	defer recoverPolicy(&parsed)
	statements, err := trust.Parse(tree)
	if err != nil {
		return unparsed(err)
	}
	return &policy{parsed: statements, seesRole: seesRole(statements), secrets: externalIDs(statements)}
}

func unparsed(err error) *policy {
	message := err.Error()
	var syntax *trust.SyntaxError
	if !errors.As(err, &syntax) {
		return &policy{broken: &broken(message).Verdict}
	}
	message = syntax.Message
	if syntax.Hint != "" {
		message += " (" + syntax.Hint + ")"
	}
	return &policy{broken: &broken(message).Verdict, fault: syntax.Range}
}

func (b *bench) subject(subject *role.Role) trust.Subject {
	return trust.Subject{
		ARN:          subject.ARN,
		Account:      subject.Account,
		Partition:    subject.Partition,
		Organization: b.options.Organization,
		Tags:         subject.Tags,
		Name:         subject.Name,
	}
}

// check asks the rule. The answer is shared by every role with the same
// question, so nobody changes it.
func (b *bench) check(applied *rule.Rule, parsed *policy, question trust.Question) (answer *verdict) {
	defer func() {
		if fault := recover(); fault != nil {
			answer = broken(internalFault(fault))
		}
	}()
	answer = &verdict{Verdict: applied.Check(parsed.parsed, question)}
	answer.Warnings = append(answer.Warnings, b.options.Parties.Warnings(answer.Outsiders)...)
	answer.severity = rule.SeverityOf(applied.ID, parsed.parsed, &answer.Verdict, false, b.options.Severities)
	answer.elevated = rule.SeverityOf(applied.ID, parsed.parsed, &answer.Verdict, true, b.options.Severities)
	return answer
}

// keyOf makes the key of a verdict: all of the question that can matter. What
// is the same for a whole run (the organization, the present) is left out.
func (b *bench) keyOf(index int, parsed *policy, controls *controls, question trust.Question) {
	b.key = binary.AppendUvarint(b.key[:0], uint64(index))
	b.key = binary.AppendUvarint(b.key, parsed.number)
	b.key = binary.AppendUvarint(b.key, controls.number)
	b.key = binary.AppendUvarint(b.key, b.zones.number(&b.zone, question.Zone))
	b.key = appendField(b.key, question.Subject.Account)
	b.key = appendField(b.key, question.Subject.Partition)
}

func (b *bench) keyOfRole(subject trust.Subject) {
	b.key = appendField(b.key, subject.ARN)
	b.key = appendField(b.key, subject.Name)
	if subject.Tags == nil {
		return
	}
	b.key = binary.AppendUvarint(b.key, uint64(len(subject.Tags)))
	for _, name := range slices.Sorted(maps.Keys(subject.Tags)) {
		b.key = appendField(b.key, name)
		b.key = appendField(b.key, subject.Tags[name])
	}
}

// about gives a shared verdict the role it is told of: the witness asks for
// that role, whose tags are in the request.
func (v *verdict) about(subject *role.Role) *verdict {
	if v.Witness == nil {
		return v
	}
	subject.Complete()
	own := *v
	witness := *v.Witness
	witness.Resource = subject.ARN
	witness.Context = make(trust.Context, len(v.Witness.Context)+2*len(subject.Tags))
	maps.Copy(witness.Context, v.Witness.Context)
	for name, value := range subject.Tags {
		witness.Context["aws:ResourceTag/"+name] = []string{value}
		witness.Context["iam:ResourceTag/"+name] = []string{value}
	}
	own.Witness = &witness
	return &own
}

// decisive is the range that a finding should point at.
func decisive(answer *verdict, parsed *policy) trust.Range {
	switch {
	case !parsed.fault.IsZero():
		return parsed.fault
	case len(answer.Reasons) > 0:
		return answer.Reasons[0].Range
	}
	return trust.Range{}
}

func broken(problem string) *verdict {
	return &verdict{Verdict: trust.Verdict{Outcome: trust.Broken, Problem: problem}}
}

// internalFault describes a panic. Only the runtime's own words are shown: any
// other value could hold a part of the policy.
func internalFault(fault any) string {
	if runtimeError, ok := fault.(runtime.Error); ok {
		return fmt.Sprintf("internal fault: %v", runtimeError)
	}
	return "internal fault"
}
