package schematest

import (
	"strings"
	"testing"
)

// recorder counts the failures that a check reports.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }
func (r *recorder) Fatalf(string, ...any) { r.failed = true; panic(r) }

func fails(check func(testing.TB)) (failed bool) {
	r := &recorder{}
	defer func() {
		if recover() != nil {
			failed = true
		}
	}()
	check(r)
	return r.failed
}

const (
	trailer = `{"schema":"countersign.scan/v1","summary":{"roles":1,"fail":0,"pass":0,"not_applicable":1,"unknown":0,"error":0,"waived":0},` +
		`"incomplete":[{"source":"a.json","account":null,"reason":"not JSON"}],"waivers":[],"baseline":null}`
	result = `{"fingerprint":"cs1-0","rule":"IAM-050","arn":null,"name":"a","account":null,` +
		`"source":{"kind":"get-role","path":"-","line":1,"column":1,"end_line":null,"end_column":null,"address":null},` +
		`"verdict":"not-applicable","severity":"none","exploitable":false,"default_assumed":false,"depends_on":[],"reasons":[],` +
		`"protection":[],"warnings":[],"witness":null,"third_parties":[],"privilege":null,"last_used":{"at":null},"compliance":[],` +
		`"waiver":null,"baseline":null,"wider":[],"fix":null}`
)

func document() string {
	zone := `"tool":{"name":"countersign","version":"1"},"zone":{"scope":"account","organization":null,"accounts":[],"organizations":[]},`
	return `{"schema":"countersign.scan/v1",` + zone + `"results":[` + result + `],` + strings.TrimPrefix(trailer, `{"schema":"countersign.scan/v1",`)
}

func TestTheSchemaAcceptsWhatTheContractAllows(t *testing.T) {
	Document(t, []byte(document()))
	Lines(t, []byte(result+"\n"+trailer+"\n"))
}

func TestTheSchemaRefusesWhatBreaksTheContract(t *testing.T) {
	for _, test := range []struct{ name, old, new string }{
		{"an unknown key", `"fix":null`, `"fix":null,"extra":1`},
		{"a missing key", `"waiver":null,`, ``},
		{"a list that is null", `"reasons":[]`, `"reasons":null`},
		{"an unknown verdict", `"not-applicable"`, `"n/a"`},
		{"a severity without a fail", `"severity":"none"`, `"severity":"high"`},
		{"a fail without a reason", `"verdict":"not-applicable","severity":"none"`, `"verdict":"fail","severity":"low"`},
		{"an exploitable role without a witness", `"exploitable":false`, `"exploitable":true`},
		{"a line that counts from 0", `"line":1`, `"line":0`},
		{"a time that is none", `"at":null`, `"at":"yesterday"`},
		{"another schema", `scan/v1`, `scan/v2`},
		{"no JSON", `{`, ``},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, valid := range []string{document(), result + "\n" + trailer + "\n"} {
				broken := strings.Replace(valid, test.old, test.new, 1)
				check := func(tb testing.TB) { Document(tb, []byte(broken)) }
				if strings.HasPrefix(valid, result) {
					check = func(tb testing.TB) { Lines(tb, []byte(broken)) }
				}
				if broken == valid || !fails(check) {
					t.Errorf("accepted:\n%s", broken)
				}
			}
		})
	}
}

func TestLinesWithoutASummaryAreRefused(t *testing.T) {
	if !fails(func(tb testing.TB) { Lines(tb, []byte(result+"\n")) }) {
		t.Error("accepted")
	}
}
