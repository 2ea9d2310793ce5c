package remedy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"countersign/internal/fix/render"
)

// policy writes the trust policy alone.
func policy(s *subject) (string, error) {
	text, err := render.JSON(s.document, "  ")
	var unknown *render.UnknownError
	switch {
	case err == nil:
		return text + "\n", nil
	case !errors.As(err, &unknown):
		return "", &RefusedError{reason: err.Error()}
	case slices.Contains(unknown.On, ownAccount):
		return "", &RefusedError{"the account that the role is in is not known", "say which one it is with --account"}
	}
	return "", &RefusedError{err.Error() + ", and this form has to say all of it",
		"give the value itself, or use --as cloudformation-yaml or --as terraform, which can refer to it"}
}

var errNoName = &RefusedError{"the name of the role is not known", "a role that is in a template is closed there: countersign fix PATH"}

// named writes the policy for a form that has to name the role.
func (s *subject) named() (string, error) {
	if s.name == "" {
		return "", errNoName
	}
	for _, c := range s.name {
		if !unicode.IsPrint(c) {
			return "", &RefusedError{reason: "the name of the role holds characters that no name in IAM has"}
		}
	}
	return policy(s)
}

// commands writes text for a shell.
func commands(s *subject) (string, error) {
	document, err := s.named()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, line := range wrapped("This replaces the trust policy of " + s.title() +
		", and keeps the one before in trust-policy-before.json. Tell the other side first: whoever does not comply is locked out at once.") {
		b.WriteString("# " + line + "\n")
	}
	if s.account != "" {
		// Another account may have a role of the same name.
		fmt.Fprintf(&b, "{ test \"$(aws sts get-caller-identity --query Account --output text)\" = %s ||\n", s.account)
		b.WriteString("  { echo 'these credentials are of another account' >&2; false; }; } &&\n")
	}
	argument := "--role-name " + shellQuoted(s.name)
	if strings.HasPrefix(s.name, "-") { // or the AWS CLI takes it for an option
		argument = "--role-name=" + shellQuoted(s.name)
	}
	policy := argument + " \\\n  --query Role.AssumeRolePolicyDocument"
	fmt.Fprintf(&b, "aws iam get-role %s > trust-policy-before.json &&\n", policy)
	// No line of JSON is the word that ends the text.
	fmt.Fprintf(&b, "cat > trust-policy.json <<'END_OF_POLICY' &&\n%sEND_OF_POLICY\n", document)
	fmt.Fprintf(&b, "aws iam update-assume-role-policy %s \\\n  --policy-document file://trust-policy.json &&\n", argument)
	fmt.Fprintf(&b, "aws iam get-role %s\n", policy)
	return b.String(), nil
}

// shellQuoted spells a word for a POSIX shell (POSIX.1-2017, Shell & Utilities,
// 2.2.2 "Single-Quotes").
func shellQuoted(word string) string {
	if shellPlain.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

var shellPlain = regexp.MustCompile(`^[A-Za-z0-9_+=,.@:/-]+$`)

// console writes steps for the console, in the words that it has (IAM User
// Guide, "Update a role trust policy").
func console(s *subject) (string, error) {
	document, err := s.named()
	if err != nil {
		return "", err
	}
	account := "the account of the role"
	if s.account != "" {
		account = "account " + s.account
	}
	return fmt.Sprintf(`Before you start, tell the other side: whoever does not comply is locked out the moment
you save.

1. Sign in to the AWS console of %s and open IAM.
2. Choose Roles, then the role %s.
3. Open the tab Trust relationships and choose Edit trust policy.
4. Replace the whole policy by this one:

%s
5. Choose Update policy.
6. Have the other side try it, with the countersign and without.
`, account, shown(s.name), document), nil
}
