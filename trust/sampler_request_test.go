package trust

import (
	"math/big"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sampleRequests makes n admissible requests that are steered by the words of
// the policies: their operands, near misses of them, instances of their
// patterns, the principals and accounts they name. They come from inside and
// outside the zone, with and without a countersign.
func sampleRequests(policies []*Policy, question Question, random *rand.Rand, n int) []Request {
	policies = append(slices.Clone(policies), question.RCPs...)
	requests := make([]Request, 0, n)
	// What comes out inadmissible (an operand that is no legal name, say) is
	// thrown away; a plain request always is admissible, so this ends.
	for tries := 0; len(requests) < n; tries++ {
		m := &requestMaker{random: random, question: question, context: Context{}, hints: map[string][]sampleHint{}}
		if tries < 20*n {
			m.learn(policies)
		}
		request := m.request()
		if request.Admissible(question.Subject, question.Now) == nil {
			requests = append(requests, request)
		}
	}
	return requests
}

// sampleHint is an operand that a policy holds against a key.
type sampleHint struct {
	family  Family
	operand Operand
}

// requestMaker makes one request.
type requestMaker struct {
	random     *rand.Rand
	question   Question
	hints      map[string][]sampleHint
	spellings  []string // of the keys that policies speak of
	principals []Principal
	accounts   []string

	account, partition, principal, arn, session string
	kind                                        CallerKind
	checks                                      []string
	context                                     Context
}

var twelveDigits = regexp.MustCompile(`[0-9]{12}`)

// learn gathers the hints of all statements, or of one of them, so that a
// request can be aimed at it.
func (m *requestMaker) learn(policies []*Policy) {
	var statements []*Statement
	for _, policy := range policies {
		for i := range policy.Statements {
			statements = append(statements, &policy.Statements[i])
		}
	}
	if len(statements) > 0 && m.chance(50) {
		statements = []*Statement{pick(m, statements)}
	}
	for _, statement := range statements {
		m.principals = append(m.principals, statement.Principals...)
		for _, principal := range statement.Principals {
			m.accounts = append(m.accounts, twelveDigits.FindAllString(principal.Text, -1)...)
		}
		for _, condition := range statement.Conditions {
			m.spellings = append(m.spellings, condition.Spelling)
			for _, operand := range condition.Values {
				m.accounts = append(m.accounts, twelveDigits.FindAllString(operand.Text, -1)...)
				m.hints[condition.Key] = append(m.hints[condition.Key], sampleHint{condition.Operator.Family, operand})
			}
		}
	}
}

func (m *requestMaker) chance(percent int) bool { return m.random.IntN(100) < percent }

func pick[T any](m *requestMaker, from []T) T { return from[m.random.IntN(len(from))] }

func (m *requestMaker) request() Request {
	m.caller()
	m.identity()
	m.constants()
	m.clock()
	m.organization()
	m.network()
	m.principalTags()
	m.fromTheSession()
	m.parameters()
	m.sourceIdentity()
	m.sessionTags()
	m.role()
	// A second pass over the free texts: operands may hold variables of keys
	// that were not there the first time.
	m.parameters()
	return Request{
		Principal: m.principal,
		Kind:      m.kind,
		Account:   m.account,
		Checks:    m.checks,
		Resource:  m.resource(),
		Context:   m.respelt(),
	}
}

func (m *requestMaker) set(key string, values ...string) { m.context[key] = values }

// value makes a value for a key: an instance of an operand or one of the
// fallbacks.
func (m *requestMaker) value(key string, fallbacks ...string) string {
	hints := m.hints[strings.ToLower(key)]
	if len(hints) == 0 || m.chance(20) {
		return pick(m, fallbacks)
	}
	text := m.instance(pick(m, hints))
	if m.chance(10) {
		text = m.nearMiss(text)
	}
	return text
}

// instance makes a text that satisfies the operand, or nearly.
func (m *requestMaker) instance(hint sampleHint) string {
	operand := hint.operand
	switch hint.family {
	case NumericEqual, NumericLess, NumericLessOrEqual, NumericGreater, NumericGreaterOrEqual,
		DateEqual, DateLess, DateLessOrEqual, DateGreater, DateGreaterOrEqual:
		if m.chance(30) {
			return operand.Text
		}
		return strconv.FormatInt(seconds(hint)+m.random.Int64N(3)-1, 10)
	case BoolEqual, NullTest:
		return pick(m, []string{"true", "false"})
	case IPAddress:
		return m.addressIn(hint)
	}
	var b strings.Builder
	for _, piece := range operand.Pieces {
		switch piece.Kind {
		case LiteralPiece:
			b.WriteString(piece.Text)
		case AnyRunPiece:
			b.WriteString(pick(m, []string{"", "z", "zz", "-7b", "Deployer", sampleVendor, sampleOther + ":role/x"}))
		case AnyOnePiece:
			b.WriteString(pick(m, []string{"a", "7", "z"}))
		case VariablePiece:
			if values, ok := m.context.Lookup(piece.Key); ok {
				b.WriteString(values[0])
			} else {
				b.WriteString(piece.Default)
			}
		}
	}
	return b.String()
}

func (m *requestMaker) nearMiss(text string) string {
	switch m.random.IntN(4) {
	case 0:
		return sampleSwapCase(text)
	case 1:
		return text + "z"
	case 2:
		return "z" + text
	}
	return text[:max(0, len(text)-1)]
}

// seconds reads a number or date operand as seconds, rounded down.
func seconds(hint sampleHint) int64 {
	if number := hint.operand.Number; number != nil {
		return new(big.Int).Quo(number.Num(), number.Denom()).Int64()
	}
	return hint.operand.Millis / 1000
}

// secondsNear picks an instant at or beside an operand of one of the keys.
func (m *requestMaker) secondsNear(keys ...string) (int64, bool) {
	var instants []int64
	for _, key := range keys {
		for _, hint := range m.hints[key] {
			if family := hint.family; family >= NumericEqual && family <= DateGreaterOrEqual {
				instants = append(instants, seconds(hint))
			}
		}
	}
	if len(instants) == 0 || m.chance(25) {
		return 0, false
	}
	return pick(m, instants) + m.random.Int64N(3) - 1, true
}

// addressIn makes an address in the network of an operand, or just before it.
func (m *requestMaker) addressIn(hint sampleHint) string {
	prefix := hint.operand.Prefix
	switch {
	case !prefix.IsValid():
		return "2001:db8::1"
	case m.chance(15) && prefix.Addr().Prev().IsValid():
		return prefix.Addr().Prev().String()
	case m.chance(10) && prefix.Addr().Is4():
		return "::ffff:" + prefix.Addr().String()
	}
	return prefix.Addr().String()
}

func (m *requestMaker) constants() {
	m.set("aws:SecureTransport", "true")
	m.set("aws:ViaAWSService", "false")
	m.set("aws:PrincipalIsAWSService", "false")
	m.set("aws:RequestedRegion", m.value("aws:RequestedRegion", "us-east-1", "eu-west-1"))
	if m.chance(70) {
		m.set("aws:UserAgent", m.value("aws:UserAgent", "aws-cli/2"))
	}
	if m.chance(10) {
		m.set("aws:referer", m.value("aws:referer", "https://example.com/"))
	}
}

func (m *requestMaker) clock() {
	current, ok := m.secondsNear("aws:currenttime", "aws:epochtime")
	if now := m.question.Now.Unix(); !ok || current < now {
		current = now + pick(m, []int64{0, 0, 1, 3600, 100_000_000})
	}
	m.set("aws:CurrentTime", spellInstant(current))
	m.set("aws:EpochTime", strconv.FormatInt(current, 10))
	if m.kind == UserKey || m.kind == UserKeyMFA {
		return
	}
	longest := int64(longestUserSession / time.Second)
	if m.kind == RoleSession {
		longest = int64(longestRoleSession / time.Second)
	}
	issued, ok := m.secondsNear("aws:tokenissuetime")
	if !ok || issued > current || issued < current-longest {
		issued = current - pick(m, []int64{0, 60, 3600, longest})
	}
	m.set("aws:TokenIssueTime", spellInstant(issued))
}

func spellInstant(seconds int64) string {
	return time.Unix(seconds, 0).UTC().Format("2006-01-02T15:04:05Z")
}

var organizationWord = regexp.MustCompile(`o-[a-z0-9]{9,}`)

// organization puts the caller into an organization, or not. The role's own
// account has the organization that is known of it.
func (m *requestMaker) organization() {
	id := m.question.Subject.Organization
	if id == "" || m.account != m.question.Subject.Account {
		words := append(slices.Clone(sampleOrganizations), m.question.Zone.Organizations...)
		for _, key := range []string{"aws:principalorgid", "aws:principalorgpaths"} {
			for _, hint := range m.hints[key] {
				words = append(words, organizationWord.FindAllString(hint.operand.Text, -1)...)
			}
		}
		if m.chance(40) {
			return
		}
		id = pick(m, words)
	}
	path := m.value("aws:PrincipalOrgPaths", id+"/r-ab12/ou-ab12-11111111/")
	if !strings.HasPrefix(path, id+"/") {
		path = id + "/r-ab12/ou-ab12-22222222/"
	}
	m.set("aws:PrincipalOrgID", id)
	m.set("aws:PrincipalOrgPaths", path)
}

func (m *requestMaker) network() {
	if m.chance(75) {
		m.set("aws:SourceIp", m.value("aws:SourceIp", "198.51.100.7", "203.0.113.9", "2001:db8::7"))
		return
	}
	m.set("aws:SourceVpc", m.value("aws:SourceVpc", "vpc-0aa11bb22"))
	m.set("aws:SourceVpce", m.value("aws:SourceVpce", "vpce-0a1b2c3d"))
	m.set("aws:VpcSourceIp", m.value("aws:VpcSourceIp", "10.0.0.5"))
}

// fromTheSession sets what an identity provider or a service puts into role
// sessions.
func (m *requestMaker) fromTheSession() {
	if m.kind != RoleSession {
		return
	}
	for _, key := range []string{"aws:FederatedProvider", "saml:sub"} {
		if m.chance(40) {
			m.set(key, m.value(key, "accounts.google.com", "ci"))
		}
	}
}

// parameters sets what the caller passes freely.
func (m *requestMaker) parameters() {
	m.set("sts:RoleSessionName", m.value("sts:RoleSessionName", "attack-01", "ci", "acme-7"))
	delete(m.context, "sts:ExternalId")
	if m.chance(70) {
		m.set("sts:ExternalId", m.value("sts:ExternalId", "zz", "acme-zz91", "acme-7", "42", "arn:aws:iam::444455556666:role/x"))
	}
}

func (m *requestMaker) sourceIdentity() {
	if !m.chance(30) {
		return
	}
	m.checks = append(m.checks, ActionSetSourceIdentity)
	identity := m.value(pick(m, []string{"sts:SourceIdentity", "aws:SourceIdentity"}), "ci", "mallory")
	carried := m.kind == RoleSession && m.chance(60)
	if carried {
		m.set("aws:SourceIdentity", identity)
	}
	if !carried || m.chance(70) {
		m.set("sts:SourceIdentity", identity)
	}
}

// respelt sometimes turns the letter case of the keys around.
func (m *requestMaker) respelt() Context {
	if !m.chance(10) {
		return m.context
	}
	respelt := Context{}
	for key, values := range m.context {
		respelt[sampleSwapCase(key)] = values
	}
	return respelt
}
