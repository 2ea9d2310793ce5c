package trust_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"countersign/trust"
	"countersign/trust/jsontree"
)

func FuzzParse(f *testing.F) {
	for _, v := range readVectors(f) {
		f.Add([]byte(v.Policy))
		for _, rcp := range v.RCPs {
			f.Add([]byte(rcp))
		}
	}
	f.Add([]byte(condition(`{"ForAllValues:stringlike": {"a": ["x${*}*?${b, 'c'}", true, -1e5], "A": []}, "Nul": {}}`)))
	f.Fuzz(func(t *testing.T, text []byte) {
		file := &trust.File{Text: text}
		document, err := jsontree.Parse(file)
		if err != nil {
			return
		}
		for _, parse := range []func(trust.Value) (*trust.Policy, error){trust.Parse, trust.ParseRCP} {
			policy, err := parse(document)
			if err != nil {
				checkFault(t, file, err)
				continue
			}
			checkPlaces(t, file, policy)
		}
		checkWhiteSpaceIsNothing(t, document, text)
	})
}

func checkFault(t *testing.T, file *trust.File, err error) {
	t.Helper()
	var fault *trust.SyntaxError
	if !errors.As(err, &fault) || fault.Message == "" || fault.Hint == "" {
		t.Fatalf("error %#v", err)
	}
	checkPlace(t, file, fault.Range)
}

func checkPlace(t *testing.T, file *trust.File, place trust.Range) {
	t.Helper()
	if place.File != file || place.Start < 0 || place.Start >= place.End || place.End > len(file.Text) {
		t.Fatalf("range %d–%d of %d bytes", place.Start, place.End, len(file.Text))
	}
}

// checkPlaces makes sure that every range of a policy cuts out what was read
// there.
func checkPlaces(t *testing.T, file *trust.File, policy *trust.Policy) {
	t.Helper()
	checkPlace(t, file, policy.Range)
	for _, w := range policy.Warnings {
		checkPlace(t, file, w.Range)
	}
	for _, s := range policy.Statements {
		checkPlace(t, file, s.Range)
		for _, p := range s.Principals {
			checkScalar(t, p.Range, p.Text)
		}
		for _, o := range s.Actions {
			checkScalar(t, o.Range, o.Text)
			checkPieces(t, o.Pieces)
		}
		for _, o := range s.Resources {
			checkPlace(t, file, o.Range)
			checkPieces(t, o.Pieces)
		}
		for _, c := range s.Conditions {
			checkScalar(t, c.KeyRange, c.Spelling)
			checkScalar(t, c.Operator.Range, c.Operator.Name)
			checkPlace(t, file, c.Range)
			for _, o := range c.Values {
				checkScalar(t, o.Range, o.Text)
				checkPieces(t, o.Pieces)
			}
		}
	}
}

// checkScalar reads the place as JSON and compares.
func checkScalar(t *testing.T, place trust.Range, want string) {
	t.Helper()
	text := place.Text()
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal([]byte(text), &text); err != nil {
			t.Fatal(err)
		}
	}
	if text != want {
		t.Fatalf("place reads %q, want %q", text, want)
	}
}

// checkPieces holds pieces to what their type promises.
func checkPieces(t *testing.T, pieces []trust.Piece) {
	t.Helper()
	for i, piece := range pieces {
		again := i > 0 && pieces[i-1].Kind == piece.Kind
		switch piece.Kind {
		case trust.LiteralPiece:
			if piece.Text == "" || again {
				t.Fatalf("pieces %+v", pieces)
			}
		case trust.AnyRunPiece:
			if again {
				t.Fatalf("pieces %+v", pieces)
			}
		case trust.VariablePiece:
			if piece.Key == "" {
				t.Fatalf("pieces %+v", pieces)
			}
		}
	}
}

// checkWhiteSpaceIsNothing parses the document without its white space and
// expects the same policy at other places.
func checkWhiteSpaceIsNothing(t *testing.T, document trust.Value, text []byte) {
	t.Helper()
	dense := &trust.File{Text: appendDense(nil, document)}
	again, err := jsontree.Parse(dense)
	if err != nil {
		t.Fatalf("%q: %v", dense.Text, err)
	}
	policy, err := trust.Parse(document)
	policyAgain, errAgain := trust.Parse(again)
	if (err == nil) != (errAgain == nil) {
		t.Fatalf("%q gives %v, without white space %v", text, err, errAgain)
	}
	if err == nil && !reflect.DeepEqual(withoutPlaces(policy), withoutPlaces(policyAgain)) {
		t.Fatalf("%q means something else without white space", text)
	}
}

// appendDense writes a tree as JSON, each scalar as it is spelt.
func appendDense(out []byte, v trust.Value) []byte {
	switch v.Kind {
	case trust.Array:
		out = append(out, '[')
		for i, item := range v.Items {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendDense(out, item)
		}
		return append(out, ']')
	case trust.Object:
		out = append(out, '{')
		for i, member := range v.Members {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(appendDense(out, member.Key), ':')
			out = appendDense(out, member.Value)
		}
		return append(out, '}')
	}
	return append(out, v.Range.Text()...)
}

// withoutPlaces copies what a policy means.
func withoutPlaces(policy *trust.Policy) trust.Policy {
	bare := trust.Policy{Version: policy.Version}
	for _, w := range policy.Warnings {
		w.Range = trust.Range{}
		bare.Warnings = append(bare.Warnings, w)
	}
	for _, s := range policy.Statements {
		s.Range = trust.Range{}
		s.Principals = append([]trust.Principal(nil), s.Principals...)
		for i := range s.Principals {
			s.Principals[i].Range = trust.Range{}
		}
		s.Actions, s.Resources = operandsWithoutPlaces(s.Actions), operandsWithoutPlaces(s.Resources)
		s.Conditions = append([]trust.Condition(nil), s.Conditions...)
		for i := range s.Conditions {
			c := &s.Conditions[i]
			c.Range, c.KeyRange, c.Operator.Range = trust.Range{}, trust.Range{}, trust.Range{}
			c.Values = operandsWithoutPlaces(c.Values)
		}
		bare.Statements = append(bare.Statements, s)
	}
	return bare
}

func operandsWithoutPlaces(operands []trust.Operand) []trust.Operand {
	bare := append([]trust.Operand(nil), operands...)
	for i := range bare {
		bare[i].Range = trust.Range{}
	}
	return bare
}

// The documents are so long that quadratic effort would take minutes, and the
// bound leaves room for a busy machine.
func TestHostileDocumentsTakeLinearTime(t *testing.T) {
	repeat := func(unit string, n int) string { return strings.TrimSuffix(strings.Repeat(unit, n), ",") }
	numbered := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(format, "#", strings.Repeat("x", 1+i%7)+strconv.Itoa(i)))
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	shapes := map[string]func(n int) string{
		"many statements":          func(n int) string { return `{"Statement": [` + repeat(`{`+allow+`},`, n) + `]}` },
		"many Sids":                func(n int) string { return `{"Statement": [` + numbered(`{"Sid": "#", `+allow+`},`, n) + `]}` },
		"many condition keys":      func(n int) string { return condition(`{"Bool": {` + numbered(`"#": "true",`, n) + `}}`) },
		"many values":              func(n int) string { return condition(`{"StringLike": {"a": [` + repeat(`"a*b",`, n) + `]}}`) },
		"a long run of wildcards":  func(n int) string { return condition(`{"StringLike": {"a": "` + repeat(`*?`, n) + `"}}`) },
		"unclosed variables":       func(n int) string { return condition(`{"StringLike": {"a": "` + repeat(`${*`, n) + `"}}`) },
		"escaped characters":       func(n int) string { return condition(`{"StringLike": {"a": "` + repeat(`a${*}`, n) + `"}}`) },
		"a long misspelt operator": func(n int) string { return condition(`{"` + repeat(`StringLike`, n) + `": {}}`) },
		"a long number":            func(n int) string { return condition(`{"NumericEquals": {"a": "` + repeat(`1`, n) + `"}}`) },
		"a long base64":            func(n int) string { return condition(`{"BinaryEquals": {"a": "` + repeat(`eHh4`, n) + `"}}`) },
	}
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			text := shape(100_000)
			start := time.Now()
			_, _ = trust.Parse(tree(t, text))
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("%d bytes took %v", len(text), took)
			}
		})
	}
}

// realistic is a policy of about 600 bytes, as an export has it.
const realistic = `{"Version":"2012-10-17","Statement":[{"Sid":"VendorAccess","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"r7Kq-91ZpX.vendor"}}},{"Sid":"Breakglass","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::222233334444:user/ops/alice","arn:aws:iam::222233334444:user/ops/bob"]},"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}},{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

func BenchmarkParse(b *testing.B) {
	document := tree(b, realistic)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := trust.Parse(document); err != nil {
			b.Fatal(err)
		}
	}
}
