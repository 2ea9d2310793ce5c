package export

import (
	"bytes"
	"context"
	"testing"

	"countersign/internal/audit"
	"countersign/internal/source/walk"
)

// FuzzExport holds that no bytes make the reader panic or go on for ever, that
// every role it finds can be taken out with a policy or a reason why there is
// none, and that places lie inside the file.
func FuzzExport(f *testing.F) {
	for _, seed := range []string{
		policy, policy + policy, `{"Roles":[{"Arn":"arn:aws:iam::111122223333:role/r","AssumeRolePolicyDocument":"` + encoded + `"}]}`,
		`{"RoleDetailList":[{"Tags":[{"Key":"a","Value":"b"}],"RoleLastUsed":{"LastUsedDate":"2026-01-01T00:00:00Z"},"AssumeRolePolicyDocument":` + policy + `}],"IsTruncated":true}`,
		`{"Role":{"AssumeRolePolicyDocument":{},"AssumeRolePolicyDocument":{}}}`,
		`[{"resourceType":"AWS::IAM::Role","configuration":"{\"arn\":1,\"tags\":[1,{}]}"}]`,
		`{"configurationItems":[{"resourceType":"AWS::IAM::Role","configuration":{"assumeRolePolicyDocument":"%7"}},3]}`,
		"{\"Statement\":\n {\"Principal\":\"*\",\"Action\":[\"\\u0073ts:AssumeRole\"]}}", `{"Roles":[`, `{"Roles":[{},null,[]]}`, "\xff", `[[[[`,
	} {
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, content []byte, isNamed bool) {
		lines := bytes.Count(content, newline) + 1
		var reader Reader
		yielded := 0
		known, err := reader.Read(context.Background(), walk.File{Path: "x", Named: isNamed}, bytes.NewReader(content), Output{
			Yield: func(found audit.Item) error {
				yielded++
				subject, err := found.Role()
				if err != nil {
					return err
				}
				subject.Complete()
				subject.Trust.Decode()
				document := subject.Trust
				if (document.Err == nil) == (document.JSON == nil) {
					t.Errorf("neither a policy nor a reason, or both: %v", document)
				}
				if subject.Source.Line < 1 || subject.Source.Line > lines || subject.Source.Column < 1 {
					t.Errorf("the role is at line %d, column %d", subject.Source.Line, subject.Source.Column)
				}
				if document.Line > 0 && !bytes.HasPrefix(content[offset(content, document.Line, document.Column):], document.JSON) {
					t.Errorf("line %d, column %d is not where %s stands", document.Line, document.Column, document.JSON)
				}
				return nil
			},
			Incomplete: func(audit.Incomplete) {},
		})
		if err != nil {
			t.Fatal(err)
		}
		if yielded > 0 && !known {
			t.Errorf("%d roles in a file that is said to be none", yielded)
		}
	})
}

// offset is the index of a line and column in UTF-8 text.
func offset(content []byte, line, column int) int {
	for i := range string(content) {
		if atLine, atColumn := move(1, 1, content[:i]); atLine == line && atColumn == column {
			return i
		}
	}
	return len(content)
}
