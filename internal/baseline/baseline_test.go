package baseline_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"countersign/internal/baseline"
	"countersign/internal/privilege"
	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"
	"countersign/trust/jsontree"
)

const (
	own    = "111122223333"
	vendor = "444455556666"
	other  = "777788889999"
)

var now = time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)

type fataler interface{ Fatal(...any) }

func parse(t fataler, text string) *trust.Policy {
	tree, err := jsontree.Parse(&trust.File{Text: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	policy, err := trust.Parse(tree)
	if err != nil {
		t.Fatal(err, text)
	}
	return policy
}

var subject = trust.Subject{ARN: "arn:aws:iam::" + own + ":role/r", Account: own, Name: "r", Partition: "aws"}

// found is the finding of a role in an export.
func found(t fataler, policy string) *rule.Finding {
	parsed := parse(t, policy)
	verdict := trust.Decide(parsed, trust.Question{Subject: subject, Now: now})
	made := &role.Role{ARN: subject.ARN, Name: "r", Account: own, Trust: role.Document{JSON: []byte(policy)}}
	return &rule.Finding{
		Rule: "IAM-050", Role: made, Fingerprint: rule.Fingerprint("IAM-050", made), Verdict: &verdict,
		Severity: rule.SeverityOf("IAM-050", parsed, &verdict, false, nil),
	}
}

// kept is a baseline of findings that has been written and read.
func kept(t interface {
	Helper()
	Fatal(...any)
}, options baseline.Options, file baseline.File, findings ...*rule.Finding) *baseline.Baseline {
	t.Helper()
	for _, finding := range findings {
		file.Entries = append(file.Entries, baseline.NewEntry(finding))
	}
	var text bytes.Buffer
	if err := file.Write(&text); err != nil {
		t.Fatal(err)
	}
	read, err := baseline.Read(&text)
	if err != nil {
		t.Fatal(err)
	}
	return baseline.New(read, options)
}

func allow(principals, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return `{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":` + principals + `}` + condition + `}`
}

func policyOf(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

func TestWhatIsWider(t *testing.T) {
	const (
		root   = `"arn:aws:iam::` + vendor + `:root"`
		aRole  = `"arn:aws:iam::` + vendor + `:role/x"`
		both   = `["` + vendor + `","` + other + `"]`
		anyone = `"*"`
		inOrg  = `{"StringEquals":{"aws:PrincipalOrgID":"o-aaaaaaaaaa"}}`
		inTwo  = `{"StringEquals":{"aws:PrincipalOrgID":["o-aaaaaaaaaa","o-bbbbbbbbbb"]}}`
		office = `{"IpAddress":{"aws:SourceIp":"198.51.100.0/24"}}`
		prefix = `{"StringLike":{"sts:ExternalId":"abc-*"}}`
	)
	deny := `{"Effect":"Deny","Action":"sts:AssumeRole","Principal":"*","Condition":{"StringNotEquals":{"aws:PrincipalAccount":["` + vendor + `","` + own + `"]}}}`
	for name, test := range map[string]struct {
		before, after string
		want          []string // nil: it is known
	}{
		"nothing has changed":               {allow(root, ""), allow(root, ""), nil},
		"an account is spelt another way":   {allow(root, ""), allow(`"`+vendor+`"`, ""), nil},
		"another account gets in":           {allow(root, ""), allow(both, ""), []string{"account " + other + " gets in"}},
		"one account less":                  {allow(both, ""), allow(root, ""), nil},
		"the whole account instead of one":  {allow(aRole, ""), allow(root, ""), []string{vendor + " gets in"}},
		"one role instead of the account":   {allow(root, ""), allow(aRole, ""), nil},
		"anyone instead of an account":      {allow(root, ""), allow(anyone, ""), []string{"the severity is critical, it was medium", "any account gets in", "another reason: public-principal"}},
		"a condition is gone":               {allow(root, office), allow(root, ""), []string{"another reason: no-condition"}},
		"another network":                   {allow(root, office), allow(root, strings.Replace(office, "198", "199", 1)), []string{"a statement that lets " + vendor + " in has lost a condition, or has another one"}},
		"a condition has come":              {allow(root, prefix), allow(root, prefix[:len(prefix)-1]+`,"IpAddress":{"aws:SourceIp":"198.51.100.0/24"}}`), nil},
		"another organization":              {allow(anyone, inOrg), allow(anyone, inTwo), []string{"a statement that lets * in has lost a condition, or has another one"}},
		"another pattern of external IDs":   {allow(root, prefix), allow(root, strings.Replace(prefix, "abc", "x", 1)), nil},
		"anyone, then an organization":      {allow(anyone, "") + "," + deny, allow(anyone, inOrg) + "," + deny, []string{"another reason: organization-only"}},
		"a statement with a countersign":    {allow(root, ""), allow(root, "") + "," + allow(`"`+other+`"`, `{"StringEquals":{"sts:ExternalId":"s"}}`), []string{"another reason: other-statement-open"}},
		"a Sid, and the order of a list":    {allow(both, ""), strings.Replace(allow(`["`+other+`","`+vendor+`"]`, ""), "{", `{"Sid":"S",`, 1), nil},
		"a second statement with less":      {allow(root, ""), allow(root, "") + "," + allow(aRole, ""), nil},
		"the repaired role opens otherwise": {allow(root, `{"StringEqualsIfExists":{"sts:ExternalId":"s"}}`), allow(root, ""), []string{"another reason: no-condition"}},
	} {
		t.Run(name, func(t *testing.T) {
			known := kept(t, baseline.Options{}, baseline.File{}, found(t, policyOf(test.before)))
			finding := found(t, policyOf(test.after))
			known.Apply(finding)
			want := rule.Known
			if test.want != nil {
				want = rule.Wider
			}
			if finding.Standing != want {
				t.Errorf("it is %s: %v", finding.Standing, finding.Wider)
			}
			if diff := cmp.Diff(test.want, finding.Wider); test.want != nil && diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestADenyThatIsGoneIsNews(t *testing.T) {
	open := allow(`["`+vendor+`","`+other+`"]`, "")
	deny := `{"Effect":"Deny","Action":"sts:AssumeRole","Principal":{"AWS":"` + vendor + `"},"Condition":{"StringEquals":{"aws:username":"guest"}}}`
	known := kept(t, baseline.Options{}, baseline.File{}, found(t, policyOf(open, deny)))
	finding := found(t, policyOf(open))
	known.Apply(finding)
	if diff := cmp.Diff([]string{"a Deny statement is gone, or is another one"}, finding.Wider); diff != "" {
		t.Error(diff)
	}
}

func TestWhatTheRoleMayDoIsReach(t *testing.T) {
	with := func(level privilege.Level) *rule.Finding {
		finding := found(t, policyOf(allow(`"`+vendor+`"`, "")))
		finding.Privilege = &privilege.Privilege{Level: level}
		return finding
	}
	for _, test := range []struct {
		before, after privilege.Level
		want          rule.Standing
	}{
		{privilege.ReadsData, privilege.WritesData, rule.Wider},
		{privilege.WritesData, privilege.ReadsData, rule.Known},
		{privilege.Unknown, privilege.WritesData, rule.Known},
		{privilege.None, privilege.Unknown, rule.Known},
	} {
		known := kept(t, baseline.Options{}, baseline.File{}, with(test.before))
		finding := with(test.after)
		known.Apply(finding)
		if finding.Standing != test.want {
			t.Errorf("%s to %s: %s %v", test.before, test.after, finding.Standing, finding.Wider)
		}
	}
}

func TestANarrowerZoneIsNewsWhereNobodyIsNamed(t *testing.T) {
	zone := baseline.Zone{Accounts: []string{other}, Organizations: []string{"o-aaaaaaaaaa", "o-bbbbbbbbbb"}}
	less := baseline.Zone{Accounts: []string{other}, Organizations: []string{"o-bbbbbbbbbb"}}
	inOrg := policyOf(allow(`"*"`, `{"StringLike":{"aws:PrincipalOrgID":"o-*"}}`))
	known := kept(t, baseline.Options{Zone: less}, baseline.File{Zone: zone}, found(t, inOrg))
	finding := found(t, inOrg)
	known.Apply(finding)
	if finding.Standing != rule.Wider || len(finding.Wider) != 1 || !strings.Contains(finding.Wider[0], "o-aaaaaaaaaa") {
		t.Errorf("%s %v", finding.Standing, finding.Wider)
	}
	known = kept(t, baseline.Options{Zone: zone}, baseline.File{Zone: less}, found(t, inOrg))
	finding = found(t, inOrg)
	if known.Apply(finding); finding.Standing != rule.Known {
		t.Errorf("a wider zone: %s %v", finding.Standing, finding.Wider)
	}
}

func TestVerdictsThatAreNotAboutOutsiders(t *testing.T) {
	open := found(t, policyOf(allow(`"`+vendor+`"`, "")))
	for _, outcome := range []trust.Outcome{trust.Pass, trust.NotApplicable, trust.Broken} {
		known := kept(t, baseline.Options{}, baseline.File{}, open)
		closed := *open
		closed.Verdict = &trust.Verdict{Outcome: outcome}
		known.Apply(&closed)
		resolved := len(known.Resolved())
		if closed.Standing != "" || (resolved == 1) == (outcome == trust.Broken) {
			t.Errorf("%s: %q, %d resolved", outcome, closed.Standing, resolved)
		}
	}
	known := kept(t, baseline.Options{}, baseline.File{}, open)
	unknown := *open
	unknown.Verdict = &trust.Verdict{Outcome: trust.Undecided}
	if known.Apply(&unknown); unknown.Standing != rule.Wider {
		t.Errorf("an unknown that was a fail is %s", unknown.Standing)
	}
}

func TestRenamedFilesAreNoNews(t *testing.T) {
	at := func(path, policy string) *rule.Finding {
		finding := found(t, policy)
		finding.Role.ARN, finding.Role.Source.FromRoot, finding.Role.Source.Address = "", path, "aws_iam_role.r"
		finding.Fingerprint = rule.Fingerprint("IAM-050", finding.Role)
		return finding
	}
	open, wide := policyOf(allow(`"`+vendor+`"`, "")), policyOf(allow(`["`+vendor+`","`+other+`"]`, ""))
	asked := 0
	known := kept(t, baseline.Options{Renames: func(commit string) map[string]string {
		asked++
		return map[string]string{"new.tf": "old.tf"}
	}}, baseline.File{Commit: strings.Repeat("a", 40)}, at("old.tf", open), at("same.tf", open))
	for path, want := range map[string]rule.Standing{"new.tf": rule.Known, "same.tf": rule.Known, "third.tf": rule.New} {
		finding := at(path, open)
		if known.Apply(finding); finding.Standing != want {
			t.Errorf("%s: %s", path, finding.Standing)
		}
	}
	finding := at("new.tf", wide)
	if known.Apply(finding); finding.Standing != rule.Wider {
		t.Errorf("it was renamed and opens wider: %s", finding.Standing)
	}
	if asked != 1 || len(known.Resolved()) != 0 {
		t.Errorf("asked %d times, resolved %v", asked, known.Resolved())
	}
}

// drawPolicy draws a policy in which several parts repeat from draw to draw.
func drawPolicy(t *rapid.T, label string) string {
	pick := func(name string, from ...string) string { return rapid.SampledFrom(from).Draw(t, label+name) }
	var statements []string
	for range rapid.IntRange(1, 3).Draw(t, label+"statements") {
		condition := pick("condition", "", "", `{"StringEquals":{"aws:PrincipalOrgID":"o-aaaaaaaaaa"}}`,
			`{"StringEquals":{"aws:PrincipalOrgID":["o-aaaaaaaaaa","o-bbbbbbbbbb"]}}`, `{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::`+vendor+`:role/*"}}`,
			`{"StringLike":{"sts:ExternalId":"a*"}}`, `{"StringLike":{"sts:ExternalId":"*"}}`, `{"StringEquals":{"sts:ExternalId":"s"}}`,
			`{"StringEqualsIfExists":{"sts:ExternalId":"s"}}`, `{"StringNotEquals":{"aws:PrincipalAccount":"`+other+`"}}`,
			`{"StringEquals":{"aws:PrincipalAccount":["`+vendor+`","`+other+`"]}}`, `{"IpAddress":{"aws:SourceIp":"198.51.100.0/24"}}`,
			`{"StringLike":{"aws:username":"${aws:userid}*"}}`)
		principals := pick("principals", `"`+vendor+`"`, `"arn:aws:iam::`+vendor+`:root"`, `"arn:aws:iam::`+vendor+`:role/x"`, `"arn:aws:iam::`+vendor+`:user/u"`,
			`"`+other+`"`, `["`+vendor+`","`+other+`"]`, `"*"`, `"`+own+`"`)
		statement := allow(principals, condition)
		switch pick("kind", "allow", "allow", "allow", "deny", "not", "actions") {
		case "deny":
			statement = strings.Replace(statement, "Allow", "Deny", 1)
		case "not":
			statement = strings.Replace(statement, `"Principal"`, `"NotPrincipal"`, 1)
		case "actions":
			statement = strings.Replace(statement, `"sts:AssumeRole"`, `["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]`, 1)
		}
		statements = append(statements, statement)
	}
	version := pick("version", "2012-10-17", "2012-10-17", "2008-10-17")
	return `{"Version":"` + version + `","Statement":[` + strings.Join(statements, ",") + `]}`
}

// What a baseline calls known lets in nobody who was not let in before: every
// request from outside that is granted without a countersign was granted then.
func TestABaselineNeverHidesARoleThatOpensWider(t *testing.T) {
	knownPairs := 0
	rapid.Check(t, func(t *rapid.T) {
		before, after := drawPolicy(t, "before "), ""
		if rapid.Bool().Draw(t, "changed a little") {
			after = mutate(t, before)
		} else {
			after = drawPolicy(t, "after ")
		}
		was, is := found(t, before), found(t, after)
		if was.Verdict.Outcome != trust.Fail || is.Verdict.Outcome != trust.Fail {
			return
		}
		known := kept(t, baseline.Options{}, baseline.File{}, was)
		known.Apply(is)
		if is.Standing != rule.Known {
			if before == after {
				t.Fatalf("the same policy is %s: %v\n%s", is.Standing, is.Wider, before)
			}
			return
		}
		knownPairs++
		then, here := parse(t, before), parse(t, after)
		comparison := trust.Compare(then, here, trust.Question{Subject: subject, Now: now})
		for _, gain := range comparison.Gains {
			if !gain.Inside && !trust.Countersigned(gain.Request, here) && !gotIn(then, gain.Request) {
				t.Fatalf("%s gets in now and is hidden\nbefore %s\nafter  %s\n%v", gain.Principal, before, after, gain.Request)
			}
		}
	})
	if knownPairs == 0 {
		t.Error("no pair of policies was known: the test says nothing")
	}
}

// gotIn reports whether the caller of a request gets in by a policy without a
// countersign, with some external ID or none: an outsider may send what he
// likes.
func gotIn(policy *trust.Policy, request trust.Request) bool {
	for _, id := range []string{"", "a1", "b1", "another", "s-1"} {
		asked := request
		asked.Context = trust.Context{}
		for key, values := range request.Context {
			if !strings.EqualFold(key, "sts:ExternalId") {
				asked.Context[key] = values
			}
		}
		if id != "" {
			asked.Context["sts:ExternalId"] = []string{id}
		}
		if trust.Evaluate(policy, asked).Granted && !trust.Countersigned(asked, policy) {
			return true
		}
	}
	return false
}

// mutate changes a piece of a policy for another one.
func mutate(t *rapid.T, policy string) string {
	swaps := [][2]string{
		{`"` + vendor + `"`, `["` + vendor + `","` + other + `"]`}, {`:role/x"`, `:root"`}, {`"a*"`, `"*"`}, {`"a*"`, `"b*"`}, {`"s"`, `"t"`}, {`"s"`, `"*"`},
		{`"o-aaaaaaaaaa"`, `"o-bbbbbbbbbb"`}, {"198.51.100.0/24", "198.51.0.0/16"}, {"2008-10-17", "2012-10-17"}, {"StringEquals", "StringLike"},
		{`"Effect":"Allow"`, `"Sid":"X","Effect":"Allow"`}, {"IfExists", ""}, {`["` + vendor + `","` + other + `"]`, `"` + vendor + `"`},
	}
	swap := rapid.SampledFrom(swaps).Draw(t, "swap")
	if rapid.Bool().Draw(t, "back") {
		swap[0], swap[1] = swap[1], swap[0]
	}
	if swap[0] == "" {
		return policy
	}
	changed := strings.Replace(policy, swap[0], swap[1], 1)
	if _, err := jsontree.Parse(&trust.File{Text: []byte(changed)}); err != nil {
		return policy
	}
	tree, _ := jsontree.Parse(&trust.File{Text: []byte(changed)})
	if _, err := trust.Parse(tree); err != nil {
		return policy
	}
	return changed
}

func TestABaselineHidesNoOtherRole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := found(t, drawPolicy(t, "first "))
		if first.Verdict.Outcome != trust.Fail {
			return
		}
		known := kept(t, baseline.Options{}, baseline.File{}, first)
		second := *first
		renamed := *first.Role
		renamed.ARN = "arn:aws:iam::" + own + ":role/" + rapid.StringMatching(`[a-z]{2,5}`).Draw(t, "name")
		second.Role, second.Fingerprint = &renamed, rule.Fingerprint("IAM-050", &renamed)
		if known.Apply(&second); second.Standing != rule.New {
			t.Fatalf("%s is %s", renamed.ARN, second.Standing)
		}
	})
}

func TestNoExternalIDIsKept(t *testing.T) {
	const planted = "zzz-planted-1234"
	secret := policyOf(allow(`"`+vendor+`"`, `{"StringLikeIfExists":{"sts:ExternalId":"`+planted+`-*"}}`))
	other := strings.Replace(secret, planted, "another", 1)
	text := func(policy string) string {
		var out bytes.Buffer
		file := baseline.File{Entries: []baseline.Entry{baseline.NewEntry(found(t, policy))}}
		if err := file.Write(&out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if got := text(secret); strings.Contains(got, "planted") || got != text(other) {
		t.Errorf("what is kept depends on the external ID: %s", got)
	}
}

func TestAFileIsTheSameHoweverTheFindingsCome(t *testing.T) {
	var findings []*rule.Finding
	for i := range 5 {
		finding := found(t, policyOf(allow(`"`+vendor+`"`, "")))
		finding.Role.ARN = fmt.Sprintf("arn:aws:iam::%s:role/r%d", own, i)
		finding.Fingerprint = rule.Fingerprint("IAM-050", finding.Role)
		findings = append(findings, finding, finding)
	}
	write := func() string {
		var file baseline.File
		for _, finding := range findings {
			file.Entries = append(file.Entries, baseline.NewEntry(finding))
		}
		var out bytes.Buffer
		if err := file.Write(&out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	first := write()
	slices.Reverse(findings)
	if second := write(); first != second {
		t.Error("the order of the findings shows")
	}
	if n := strings.Count(first, "\n{"); n != 5 {
		t.Errorf("%d entries:\n%s", n, first)
	}
}
