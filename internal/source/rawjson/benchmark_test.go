package rawjson_test

import (
	"bytes"
	"testing"

	"countersign/internal/source/rawjson"
	"countersign/internal/synthetic"
)

// BenchmarkEachMember walks over the members of 1,000 roles, as a scan does.
func BenchmarkEachMember(b *testing.B) {
	for name, style := range map[string]synthetic.Style{"indented": synthetic.Indented, "compact": synthetic.Compact} {
		b.Run(name, func(b *testing.B) {
			var export bytes.Buffer
			if err := synthetic.Export(&export, 1000, style); err != nil {
				b.Fatal(err)
			}
			var roles [][]byte
			rawjson.EachMember(export.Bytes(), func(m rawjson.Member) bool {
				if string(m.Key) == "RoleDetailList" {
					rawjson.EachElement(m.Value, func(role []byte) bool { roles = append(roles, role); return true })
				}
				return true
			})
			b.SetBytes(int64(export.Len()))
			for b.Loop() {
				members := 0
				for _, role := range roles {
					rawjson.EachMember(role, func(rawjson.Member) bool { members++; return true })
				}
				if members != 11*len(roles) {
					b.Fatal(members)
				}
			}
		})
	}
}
