package export

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"countersign/internal/audit"
	"countersign/internal/role"
)

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
			if want := fmt.Sprintf("r%d", len(found)); subject.Name != want {
				t.Fatalf("role %q, want %q", subject.Name, want)
			}
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
		if i%2 == 0 {
			continue
		}
		if want := fmt.Sprintf("r%d", i); subject.Name != want {
			t.Fatalf("role %q, want %q", subject.Name, want)
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
