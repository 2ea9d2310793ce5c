package baseline_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/baseline"
	"countersign/internal/report/schematest"
)

const anEntry = `{"fingerprint":"cs1-00000000000000000000000000000000","rule":"IAM-050","role":"r","account":"","path":"","address":"","verdict":"fail",` +
	`"severity":"medium","exploitable":true,"anyone":false,"accounts":["444455556666"],"reasons":["no-condition"],"depends_on":[],"privilege":"","ways":[],"denials":[],"policy":""}`

func aFile(entries string) string {
	return `{"schema":"countersign.baseline/v1","commit":null,"zone":{"accounts":[],"organizations":[]},"entries":[` + entries + `]}`
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	file := baseline.File{
		Commit:  strings.Repeat("0a", 20),
		Zone:    baseline.Zone{Accounts: []string{other}, Organizations: []string{"o-aaaaaaaaaa"}},
		Entries: []baseline.Entry{baseline.NewEntry(found(t, policyOf(allow(`["`+vendor+`","*"]`, ""))))},
	}
	file.Entries[0].Role = "evil\x1b[31m\n\u202e</script>\xff"
	var text bytes.Buffer
	if err := file.Write(&text); err != nil {
		t.Fatal(err)
	}
	schematest.Baseline(t, text.Bytes())
	read, err := baseline.Read(bytes.NewReader(text.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	file.Entries[0].Role = "evil\x1b[31m\n\u202e</script>\ufffd"
	file.Entries[0].DependsOn = []string{}
	file.Entries[0].Denials = []string{}
	for i := range file.Entries[0].Ways {
		file.Entries[0].Ways[i].Limits = []string{}
	}
	if diff := cmp.Diff(&file, read); diff != "" {
		t.Error(diff)
	}
	if bytes.Contains(text.Bytes(), []byte("\x1b")) || bytes.Contains(text.Bytes(), []byte("</")) {
		t.Errorf("a name is written as it is: %s", text.Bytes())
	}
}

func TestFilesThatAreNoBaselines(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "it is not JSON, from byte 0 on",
		"[]":                                    "it is no baseline: see byte 0",
		"{}":                                    `its schema is "", not "countersign.baseline/v1"`,
		`{"schema":"countersign.scan/v1"}`:      `its schema is "countersign.scan/v1", not "countersign.baseline/v1"`,
		strings.Replace(aFile(""), "]}", "", 1): "it is not JSON, from byte",
		strings.Replace(aFile(""), `"commit":null`, `"commit":"HEAD"`, 1): "its commit is not one: it has 40 hexadecimal digits",
		strings.Replace(aFile(""), `"commit":null`, `"commits":null`, 1):  "it is no baseline: see byte",
		aFile(`{}`): "entry 1 has no fingerprint",
		aFile(anEntry + "," + strings.Replace(anEntry, "cs1-0", "cs1-g", 1)):      "entry 2 has no fingerprint",
		aFile(strings.Replace(anEntry, `"fail"`, `"pass"`, 1)):                    `entry 1 has the verdict "pass": only fail and unknown can be known`,
		aFile(strings.Replace(anEntry, `"medium"`, `"none"`, 1)):                  `entry 1: unknown severity "none"`,
		aFile(strings.Replace(anEntry, `"anyone":false`, `"anyone":"yes"`, 1)):    "it is no baseline: see byte",
		aFile(strings.Replace(anEntry, `"role":"r"`, `"role":"r","role":"s"`, 1)): "it is not JSON, from byte",
	} {
		if _, err := baseline.Read(strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(aFile(anEntry)))
	f.Add([]byte(aFile("")))
	f.Add([]byte(`{"schema":"countersign.baseline/v1","entries":[{"ways":[{"principals":["*"]}]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		read, err := baseline.Read(bytes.NewReader(text))
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the message has lines: %q", err)
			}
			return
		}
		var again bytes.Buffer
		if err := read.Write(&again); err != nil {
			t.Fatal(err)
		}
		twice, err := baseline.Read(bytes.NewReader(again.Bytes()))
		if err != nil {
			t.Fatalf("what was written is not read: %v\n%s", err, again.Bytes())
		}
		var third bytes.Buffer
		if err := twice.Write(&third); err != nil || !bytes.Equal(again.Bytes(), third.Bytes()) {
			t.Errorf("writing again makes another text: %v", err)
		}
		finding := found(t, policyOf(allow(`"`+vendor+`"`, "")))
		baseline.New(read, baseline.Options{}).Apply(finding)
		if finding.Standing == "" {
			t.Error("a finding has no standing")
		}
	})
}
