package jsontree

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"countersign/trust"
)

// realistic is a policy of about 600 bytes, as an export has it.
const realistic = `{"Version":"2012-10-17","Statement":[{"Sid":"VendorAccess","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"r7Kq-91ZpX.vendor"}}},{"Sid":"Breakglass","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::222233334444:user/ops/alice","arn:aws:iam::222233334444:user/ops/bob"]},"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}},{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

func BenchmarkParse(b *testing.B) {
	file := &trust.File{Text: []byte(realistic)}
	b.SetBytes(int64(len(file.Text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(file); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTokens is the yardstick: the standard library's scanner alone, which
// builds nothing.
func BenchmarkTokens(b *testing.B) {
	text := []byte(realistic)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if !json.Valid(text) {
			b.Fatal("not valid")
		}
	}
}

func BenchmarkParseLarge(b *testing.B) {
	items := bytes.Repeat([]byte(realistic+",\n"), 2000)
	file := &trust.File{Text: []byte("[" + strings.TrimSuffix(string(items), ",\n") + "]")}
	b.SetBytes(int64(len(file.Text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(file); err != nil {
			b.Fatal(err)
		}
	}
}
