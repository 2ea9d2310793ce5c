package rcp_test

import (
	"errors"
	"strings"
	"testing"

	"countersign/internal/rcp"
)

const (
	guard  = `{"Version": "2012-10-17", "Statement": [{"Sid": "Guard", "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"}]}`
	full   = `{"Version": "2012-10-17", "Statement": {"Sid": "Full", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}`
	quoted = `"{\"Version\": \"2012-10-17\", \"Statement\": [{\"Sid\": \"Quoted\", \"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": \"*\", \"Resource\": \"*\"}]}"`
)

func TestRead(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want string // the Sid of each policy's first statement
	}{
		"one document":                        {guard, "Guard"},
		"a byte order mark before it":         {"\ufeff" + guard, "Guard"},
		"a list of documents":                 {"[" + full + "," + guard + "]", "Full Guard"},
		"documents one after the other":       {full + "\n" + guard + "\n", "Full Guard"},
		"an answer of describe-policy":        {`{"Policy": {"PolicySummary": {"Type": "RESOURCE_CONTROL_POLICY"}, "Content": ` + quoted + `}}`, "Quoted"},
		"answers one after the other":         {`{"Policy": {"Content": ` + quoted + `}} {"Policy": {"Content": ` + quoted + `}}`, "Quoted Quoted"},
		"a list of answers and of their part": {`[{"Policy": {"Content": ` + quoted + `}}, {"Content": ` + quoted + `}]`, "Quoted Quoted"},
		"lists within lists":                  {`[[` + full + `], [], [` + guard + `]]`, "Full Guard"},
	} {
		t.Run(name, func(t *testing.T) {
			policies, err := rcp.Read("f.json", strings.NewReader(test.text))
			if err != nil {
				t.Fatal(err)
			}
			var sids []string
			for _, policy := range policies {
				sids = append(sids, policy.Statements[0].Sid)
			}
			if got := strings.Join(sids, " "); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestReadFaults(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"nothing":                       {"", "f.json:1:1: "},
		"an empty list":                 {"[]", "f.json: holds no policy"},
		"no JSON":                       {"\n  Version: x", "f.json:2:3: "},
		"text behind a document":        {guard + "\n x", "f.json:2:2: "},
		"a string":                      {` "x"`, "f.json:1:2: expected a policy, found something else"},
		"a service control policy":      {`{"Policy": {"PolicySummary": {"Type": "SERVICE_CONTROL_POLICY"}, "Content": ` + quoted + `}}`, `f.json:1:39: a policy of type "SERVICE_CONTROL_POLICY", not a resource control policy`},
		"an answer without the content": {`{"Policy": {"PolicySummary": {}}}`, "f.json:1:12: a policy without Content"},
		"content that is no string":     {`{"Policy": {"Content": {}}}`, "f.json:1:12: a policy without Content"},
		"content that is no policy":     {"{\"Policy\":\n {\"Content\": \"{}\"}}", "f.json:2:14: in this Content: "},
		"the answer of list-policies":   {`{"Policies": []}`, "f.json:1:1: list-policies does not tell what the policies say"},
		"a fault in a later document":   {full + "\n" + ` {"Statement": [],` + "\n" + `  "Statements": []}`, "f.json:3:3: "},
		"a fault beside another":        {full + ` {"Statements": []}`, "f.json:1:127: "},
		"too many":                      {strings.Repeat(full, 1001), "f.json: holds more than 1000 policies"},
		"a hostile depth":               {strings.Repeat("[", 1<<20), "f.json:1:"},
		"too large":                     {strings.Repeat(" ", 16<<20+1), "f.json: is larger than 16 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rcp.Read("f.json", strings.NewReader(test.text))
			var fault *rcp.Error
			if !errors.As(err, &fault) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if !strings.HasPrefix(fault.Error(), test.want) {
				t.Errorf("got  %.200s\nwant %s", fault, test.want)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("[" + guard + "]" + full))
	f.Add([]byte(`{"Policy": {"Content": ` + quoted + `}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		policies, err := rcp.Read("f.json", strings.NewReader(string(text)))
		var fault *rcp.Error
		switch {
		case err != nil && !errors.As(err, &fault):
			t.Errorf("an error of another kind: %v", err)
		case err == nil && len(policies) == 0:
			t.Error("neither policies nor an error")
		}
	})
}
