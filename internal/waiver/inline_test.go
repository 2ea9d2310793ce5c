package waiver_test

import (
	"strings"
	"testing"
	"time"

	"countersign/internal/role"
	"countersign/internal/waiver"
)

func TestParseInline(t *testing.T) {
	for text, want := range map[string][3]string{ // owner, reason, until
		`IAM-050 until=2027-03-31 reason="no external ID yet" owner=cloud`:   {"cloud", "no external ID yet", "2027-03-31"},
		`IAM-050 owner="cloud team" reason="a \"b\" \\ c" until=2027-03-31`:  {"cloud team", `a "b" \ c`, "2027-03-31"},
		`  IAM-050   until=2027-03-31 owner=cloud team reason=not yet: a=b `: {"cloud team", "not yet: a=b", "2027-03-31"},
		`IAM-050 reason=until later until=2027-03-31 owner=x`:                {"x", "until later", "2027-03-31"},
		`IAM-050 until="2027-03-31" owner="x" reason="\n"`:                   {"x", `\n`, "2027-03-31"},
	} {
		got, err := waiver.ParseInline(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got.Owner != want[0] || got.Reason != want[1] || got.Until.Format(time.DateOnly) != want[2] || got.Rule != "IAM-050" || !got.Inline {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

func TestWaiversInCommentsThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		``: "no rule is named",
		`IAM-500 until=2027-03-31 reason=x owner=y`:                  `unknown rule "IAM-500": is IAM-050 meant?`,
		`IAM-050 until=2027-03-31 reason=x`:                          "a waiver without owner",
		`IAM-050 until=2027-03-31 owner=x`:                           "a waiver without reason",
		`IAM-050 reason=x owner=y`:                                   "a waiver without until",
		`IAM-050 until=31.3.2027 reason=x owner=y`:                   `until: "31.3.2027" is not a date such as 2027-03-31`,
		`IAM-050 until=2027-02-30 reason=x owner=y`:                  `until: "2027-02-30" is not a date such as 2027-03-31`,
		`IAM-050 until=2027-03-31 reason=x owner=y until=2028-03-31`: "until= stands there twice",
		`IAM-050 untill="2027-03-31" reason=x owner=y`:               `unknown key "untill": is until= meant?`,
		`IAM-050 forever`:                                            `expected until=, owner= or reason=, found "forever"`,
		`IAM-050 reason="x`:                                          "a quoted text is not closed",
		`IAM-050 reason="x"owner=y`:                                  `expected a blank behind a quoted text, found "owner=y"`,
		`IAM-050 until=2027-03-31 reason="" owner=y`:                 "reason: is empty",
		`IAM-050 reason="` + strings.Repeat("x", 1001) + `" owner=y`: "reason: is longer than 1000 bytes",
		"IAM-050 reason=\xff":                                        "it is not UTF-8 text",
	} {
		if _, err := waiver.ParseInline(text); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func FuzzParseInline(f *testing.F) {
	f.Add(`IAM-050 until=2027-03-31 reason="no \"external\" ID yet" owner=cloud team`)
	f.Add(`IAM-050 owner=a reason=b until=2027-03-31`)
	f.Add("IAM-050 reason=\x1b[31m\u202e owner=\t until=")
	f.Fuzz(func(t *testing.T, text string) {
		made, err := waiver.ParseInline(text)
		if err != nil {
			if strings.ContainsRune(err.Error(), '\n') && !strings.Contains(text, "\n") {
				t.Errorf("the message %q has lines of its own", err)
			}
			return
		}
		if made.Complete() != nil || waiver.CheckRule(made.Rule) != nil || len(made.Reason) > waiver.MaxReason || len(made.Owner) > waiver.MaxOwner {
			t.Errorf("%q makes %+v", text, made)
		}
		if made.Role != "" || made.Tag != nil || made.ThirdParty != nil {
			t.Errorf("%q names a role of its own", text)
		}
	})
}

func TestWaiversAtRoles(t *testing.T) {
	const good = `IAM-050 until=2027-03-31 owner=cloud reason=not yet`
	for name, test := range map[string]struct {
		inline  waiver.Inline
		comment string
		tag     string
		want    bool
		told    string
	}{
		"a comment":                            {comment: good, want: true},
		"a comment that is forbidden":          {comment: good, inline: waiver.Inline{Comments: waiver.Forbidden}, told: "refused: the settings forbid waivers in comments"},
		"a comment that is malformed":          {comment: "IAM-050", told: "refused: a waiver without reason"},
		"a comment that has ended":             {comment: strings.Replace(good, "2027", "2026", 1), told: "expired: its last day is over, and what it covered counts again"},
		"a tag that the settings do not allow": {tag: good, told: "refused: the settings do not allow waivers in tags: inline.tags"},
		"a tag":                                {tag: good, inline: waiver.Inline{Tags: waiver.Allowed}, want: true},
		"a tag that is malformed":              {tag: "yes", inline: waiver.Inline{Tags: waiver.Allowed}, told: `refused: unknown rule "yes"`},
	} {
		t.Run(name, func(t *testing.T) {
			finding := judged(t, "r", opens([]string{vendor}, nil))
			if test.comment != "" {
				finding.Role.Notes = []role.Note{{Text: test.comment, Path: "a.tf", Line: 3}}
			}
			if test.tag != "" {
				finding.Role.Tags = map[string]string{waiver.Marker: test.tag}
			}
			list := waiver.New(nil, test.inline, now)
			if got := covered(list, finding); got != test.want {
				t.Errorf("covered: %v", got)
			}
			if finding.Waiver != nil && test.comment != "" && (finding.Waiver.Path != "a.tf" || finding.Waiver.Line != 3 || !finding.Waiver.Inline) {
				t.Errorf("it stands at %+v", finding.Waiver)
			}
			told := ""
			for _, note := range list.Notes() {
				told += string(note.State) + ": " + note.Why
			}
			if told != test.told {
				t.Errorf("told %q, want %q", told, test.told)
			}
			neighbour := judged(t, "s", opens([]string{vendor}, nil))
			if covered(list, neighbour) {
				t.Error("a waiver at one role covers another")
			}
		})
	}
}

func TestACommentAtARoleThatPassesIsUnused(t *testing.T) {
	list := waiver.New(nil, waiver.Inline{}, now)
	passing := judged(t, "r", opens([]string{own}, nil))
	passing.Role.Notes = []role.Note{{Text: "IAM-050 until=2027-03-31 owner=a reason=b", Path: "a.tf", Line: 3}}
	list.Apply("IAM-050", passing.Role, nil)
	if notes := list.Notes(); len(notes) != 1 || notes[0].State != waiver.Unused || notes[0].Line != 3 {
		t.Errorf("%+v", notes)
	}
}
