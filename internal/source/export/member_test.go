package export

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"countersign/internal/audit"
	"countersign/internal/role"
)

// TestMembersAreFoundWhateverTheIndentation holds the walk over an object, which
// takes spaces in large steps, against every width of them.
func TestMembersAreFoundWhateverTheIndentation(t *testing.T) {
	const object = `{"Arn":"a","Lists":[[],{},[1,{"b\\\"":"}]"}],-2.5e3,true,null],"Path":"\\","Tags":[{"Key":"k","Value":"{"}]}`
	want := []string{`Arn "a"`, `Lists [[],{},[1,{"b\\\"":"}]"}],-2.5e3,true,null]`, `Path "\\"`, `Tags [{"Key":"k","Value":"{"}]`}
	for width := range 40 {
		for _, prefix := range []string{"", " ", "\t", "\r"} {
			var indented bytes.Buffer
			if err := json.Indent(&indented, []byte(object), prefix, strings.Repeat(" ", width)); err != nil {
				t.Fatal(err)
			}
			var got []string
			eachMember(indented.Bytes(), func(m member) bool {
				var value bytes.Buffer
				if err := json.Compact(&value, m.value); err != nil {
					t.Errorf("width %d: %v in %q", width, err, m.value)
				}
				if !bytes.HasPrefix(indented.Bytes()[m.start:], m.value) {
					t.Errorf("width %d: %q does not start at %d", width, m.value, m.start)
				}
				got = append(got, string(m.key)+" "+value.String())
				return true
			})
			equal(t, want, got)
		}
	}
}

// TestRolesKeepTheirTextUntilTheyAreReleased reads more roles than a slab holds
// and takes them out late, releasing every second one early.
func TestRolesKeepTheirTextUntilTheyAreReleased(t *testing.T) {
	const roles = 5000
	var text strings.Builder
	text.WriteString(`{"RoleDetailList":[`)
	for i := range roles {
		if i > 0 {
			text.WriteByte(',')
		}
		padding := strings.Repeat("x", i%7*100+i/4000*20000)
		fmt.Fprintf(&text, `{"Arn":"arn:aws:iam::111122223333:role/r%d","AssumeRolePolicyDocument":"%%7B%%22Id%%22:%%22%d%%22%%7D","Tags":[{"Key":"pad","Value":"%s%d"}]}`, i, i, padding, i)
	}
	text.WriteString("]}")
	var late []audit.Item
	var found []*role.Role
	var reader Reader
	out := Output{
		Yield: func(item audit.Item) error {
			if len(found) != len(late) {
				t.Fatal("roles and items differ")
			}
			subject, err := item.Role()
			if len(late)%2 == 0 {
				item.(audit.Releaser).Release()
			}
			late, found = append(late, item), append(found, subject)
			return err
		},
		Incomplete: func(what audit.Incomplete) { t.Error(what) },
	}
	if _, err := reader.Read(context.Background(), named("x"), strings.NewReader(text.String()), out); err != nil {
		t.Fatal(err)
	}
	for i, subject := range found {
		if want := fmt.Sprintf("r%d", i); subject.Name != want {
			t.Fatalf("role %q, want %q", subject.Name, want)
		}
		if i%2 == 0 {
			continue
		}
		subject.Complete()
		subject.Trust.Decode()
		if want := fmt.Sprintf(`{"Id":"%d"}`, i); string(subject.Trust.JSON) != want {
			t.Fatalf("%s: policy %s, want %s", subject.Name, subject.Trust.JSON, want)
		}
		if want := fmt.Sprint(i); !strings.HasSuffix(subject.Tags["pad"], want) {
			t.Fatalf("%s: tag ends in %q, want %s", subject.Name, subject.Tags["pad"], want)
		}
	}
	if len(found) != roles {
		t.Errorf("%d roles, want %d", len(found), roles)
	}
}
