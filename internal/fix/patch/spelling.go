package patch

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"countersign/internal/source/template"
)

var (
	bareKey  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)
	notText  = regexp.MustCompile(`^(?i:null|true|false|yes|no|on|off|y|n)$`) // words of YAML 1.1 that are no texts
	plainKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9/_.-]*(?::[A-Za-z0-9/_.-]+)*$`)
)

func (w *writer) key(n *node) string {
	switch {
	case n.exists():
		return w.copied(n)
	case w.in.language == hclText && w.style.bareKeys && bareKey.MatchString(n.text),
		w.in.language == yamlText && plainKey.MatchString(n.text) && !notText.MatchString(n.text):
		return n.text
	}
	return w.quoted(w.escaped(n.text))
}

// scalar spells a text.
func (w *writer) scalar(text string) string {
	if strings.Contains(text, template.OwnAccount) {
		return w.account(text)
	}
	if w.dialect == policyDocument {
		text = strings.ReplaceAll(text, "${", "&{")
	}
	return w.quoted(w.escaped(text))
}

func (w *writer) quoted(text string) string {
	if w.in.language == yamlText && w.style.quote == '\'' && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	return `"` + encodeDouble(text) + `"`
}

// escaped keeps the dialect from taking a part of a text for its own.
func (w *writer) escaped(text string) string {
	switch w.dialect {
	case substituted:
		return strings.ReplaceAll(text, "${", "${!")
	case terraform, policyDocument:
		return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(text)
	case foreign:
		if strings.Contains(text, "${") || strings.Contains(text, "{{") {
			w.fail("a policy variable cannot be written where ${ has another meaning")
		}
	}
	return text
}

var errOwnAccount = errors.New("the account that the role will be in is not known here; say which one it is with --account")

// account spells the account that a template is deployed to.
func (w *writer) account(text string) string {
	if text == template.OwnAccount {
		switch w.dialect {
		case cloudFormation:
			return w.referenceTo(ownAccount)
		case substituted:
			return `"${AWS::AccountId}"`
		}
	}
	w.fail("%w", errOwnAccount)
	return ""
}

// referenceTo spells a reference to a parameter or variable.
func (w *writer) referenceTo(name string) string {
	switch {
	case w.dialect == cloudFormation && w.in.language == yamlText:
		return "!Ref " + name
	case w.dialect == cloudFormation:
		return "{" + w.style.pad + `"Ref"` + w.style.colon + `"` + name + `"` + w.style.pad + "}"
	case w.dialect == substituted:
		return `"${` + name + `}"`
	case w.in.language == hclText:
		return "var." + name
	case w.dialect == terraform || w.dialect == policyDocument:
		return `"${var.` + name + `}"`
	}
	w.fail("nothing can be referred to here; give the external ID itself")
	return ""
}

// encodeDouble spells a text within double quotation marks, as JSON, YAML and
// HCL have it.
func encodeDouble(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\\' || r == '"':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufeff':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// encodeSingle spells a text within YAML's single quotation marks.
func encodeSingle(text string) string {
	return strings.NewReplacer("'", "''", "\r", "", "\n", " ").Replace(text)
}
