// Package synthetic makes up exports of any size for benchmarks and tests: a
// realistic mix of roles, the same every time, of accounts that do not exist.
package synthetic

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"strings"
)

// Style is how an export is written.
type Style uint8

const (
	// Indented is what the AWS CLI prints: documents are objects.
	Indented Style = iota
	// Compact is what IAM's API gives: documents are percent-encoded text.
	Compact
)

// rolesPerAccount is IAM's default quota (IAM User Guide, "IAM and AWS STS
// quotas"), from which on the next account begins.
const rolesPerAccount = 1000

// Export writes an answer of get-account-authorization-details with so many
// roles, about 2 KB each.
func Export(w io.Writer, roles int, style Style) error {
	out := bufio.NewWriterSize(w, 1<<20)
	m := &maker{random: rand.New(rand.NewPCG(20, 26))}
	out.WriteString("{\n    \"UserDetailList\": [],\n    \"GroupDetailList\": [],\n    \"RoleDetailList\": [")
	for i := range roles {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(m.role(i, style))
	}
	out.WriteString("\n    ],\n    \"Policies\": []\n}\n")
	return out.Flush()
}

type maker struct {
	random *rand.Rand
	text   writer
}

func (m *maker) role(i int, style Style) string {
	account := fmt.Sprintf("%012d", 100000000000+int64(i/rolesPerAccount)*7919)
	k := m.kind(i, account)
	w := &m.text
	w.reset(style == Compact, 2)
	w.open("{")
	w.text("Path", k.path)
	w.text("RoleName", k.name)
	w.text("RoleId", "AROA"+m.letters(17))
	w.text("Arn", "arn:aws:iam::"+account+":role"+k.path+k.name)
	w.text("CreateDate", fmt.Sprintf("20%02d-%02d-%02dT%02d:14:07+00:00", 16+i%10, 1+i%12, 1+i%28, i%24))
	w.document("AssumeRolePolicyDocument", k.trust)
	w.key("InstanceProfileList").list(k.profile, func() {
		w.open("{")
		w.text("InstanceProfileName", k.name)
		w.text("Arn", "arn:aws:iam::"+account+":instance-profile/"+k.name)
		w.close("}")
	})
	w.key("RolePolicyList").list(k.inline, func() {
		w.open("{")
		w.text("PolicyName", "inline-"+k.name)
		w.document("PolicyDocument", m.inlinePolicy(account, k.name))
		w.close("}")
	})
	w.key("AttachedManagedPolicies").list(true, func() {
		for n := range 1 + i%3 {
			w.open("{")
			w.text("PolicyName", managed[(i+n)%len(managed)])
			w.text("PolicyArn", "arn:aws:iam::aws:policy/"+managed[(i+n)%len(managed)])
			w.close("}")
		}
	})
	w.key("Tags").list(!k.linked, func() {
		for n, value := range []string{teams[i%len(teams)], stages[i%len(stages)], k.name} {
			w.open("{")
			w.text("Key", []string{"team", "stage", "service"}[n])
			w.text("Value", value)
			w.close("}")
		}
	})
	w.key("RoleLastUsed").open("{")
	if i%3 != 0 {
		w.text("LastUsedDate", fmt.Sprintf("2026-%02d-%02dT%02d:31:02+00:00", 1+i%11, 1+i%28, i%24))
		w.text("Region", "eu-central-1")
	}
	w.close("}")
	w.close("}")
	return w.out.String()
}

func (m *maker) letters(n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var b strings.Builder
	for range n {
		b.WriteByte(alphabet[m.random.IntN(len(alphabet))])
	}
	return b.String()
}

// writer writes JSON in one of the styles.
type writer struct {
	out     strings.Builder
	compact bool
	depth   int
	fresh   bool // nothing stands in the present object or list yet
	keyed   bool // a key stands, its value follows
}

func (w *writer) reset(compact bool, depth int) {
	w.out.Reset()
	w.compact, w.depth, w.fresh, w.keyed = compact, depth, true, false
}

func (w *writer) line() {
	if !w.compact {
		w.out.WriteByte('\n')
		w.out.WriteString(strings.Repeat("    ", w.depth))
	}
}

func (w *writer) next() {
	if w.keyed {
		w.keyed = false
		return
	}
	if !w.fresh {
		w.out.WriteByte(',')
	}
	w.fresh = false
	w.line()
}

func (w *writer) key(name string) *writer {
	w.next()
	w.out.WriteString(`"` + name + `":`)
	if !w.compact {
		w.out.WriteByte(' ')
	}
	w.keyed = true
	return w
}

func (w *writer) text(name, value string) {
	w.key(name).keyed = false
	fmt.Fprintf(&w.out, "%q", value)
}

func (w *writer) open(bracket string) {
	w.next()
	w.out.WriteString(bracket)
	w.depth++
	w.fresh = true
}

func (w *writer) close(bracket string) {
	w.depth--
	if !w.fresh {
		w.line()
	}
	w.out.WriteString(bracket)
	w.fresh = false
}

func (w *writer) list(filled bool, elements func()) {
	w.open("[")
	if filled {
		elements()
	}
	w.close("]")
}

// document writes a policy as the style has it. tree is made of maps in
// order, lists and text.
func (w *writer) document(name string, tree any) {
	w.key(name)
	if !w.compact {
		w.value(tree)
		return
	}
	inner := &writer{compact: true, fresh: true}
	inner.value(tree)
	w.keyed = false
	w.out.WriteString(`"` + strings.ReplaceAll(url.QueryEscape(inner.out.String()), "+", "%20") + `"`)
}

// entry is one member of an object.
type entry struct {
	name  string
	value any
}

func (w *writer) value(tree any) {
	switch tree := tree.(type) {
	case string:
		w.next()
		fmt.Fprintf(&w.out, "%q", tree)
	case []any:
		w.open("[")
		for _, element := range tree {
			w.value(element)
		}
		w.close("]")
	case []entry:
		w.open("{")
		for _, member := range tree {
			w.key(member.name).value(member.value)
		}
		w.close("}")
	}
}
