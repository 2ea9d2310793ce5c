package rawjson_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"countersign/internal/source/rawjson"
	"countersign/internal/synthetic"
)

// BenchmarkEachMember walks over the members of 1,000 roles, as a scan does.
// "ratio" is its time to that of the check, just before, whether they are valid
// JSON.
func BenchmarkEachMember(b *testing.B) {
	for _, one := range []struct {
		name  string
		style synthetic.Style
	}{{"indented", synthetic.Indented}, {"compact", synthetic.Compact}} {
		b.Run(one.name, func(b *testing.B) {
			roles := rolesOf(b, one.style)
			var checking, walking time.Duration
			for b.Loop() {
				start := time.Now()
				for _, role := range roles {
					if !jsontext.Value(role).IsValid() {
						b.Fatal("not valid")
					}
				}
				checked := time.Now()
				members := 0
				for _, role := range roles {
					rawjson.EachMember(role, func(rawjson.Member) bool { members++; return true })
				}
				checking, walking = checking+checked.Sub(start), walking+time.Since(checked)
				if members != 11*len(roles) {
					b.Fatal(members)
				}
			}
			b.ReportMetric(walking.Seconds()/checking.Seconds(), "ratio")
		})
	}
}

func rolesOf(b *testing.B, style synthetic.Style) (roles [][]byte) {
	b.Helper()
	var export bytes.Buffer
	if err := synthetic.Export(&export, 1000, style); err != nil {
		b.Fatal(err)
	}
	rawjson.EachMember(export.Bytes(), func(m rawjson.Member) bool {
		if string(m.Key) == "RoleDetailList" {
			rawjson.EachElement(m.Value, func(role []byte) bool { roles = append(roles, role); return true })
		}
		return true
	})
	return roles
}
