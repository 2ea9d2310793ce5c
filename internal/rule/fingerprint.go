package rule

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"countersign/internal/role"
)

// Fingerprint names a finding for good: the same rule and the same role give
// the same text on every machine and in every later version, whatever the role
// says and wherever it stands in its file. docs/fingerprint.md describes the
// encoding.
func Fingerprint(rule string, subject *role.Role) string {
	fields := []string{"cs1", rule, "arn", subject.ARN}
	if subject.ARN == "" {
		address := subject.Source.Address
		if address == "" {
			address = subject.Name
		}
		fields = []string{"cs1", rule, "path", subject.Source.FromRoot, address}
	}
	encoded := make([]byte, 0, 256)
	for _, field := range fields {
		encoded = strconv.AppendInt(encoded, int64(len(field)), 10)
		encoded = append(encoded, ':')
		encoded = append(encoded, field...)
		encoded = append(encoded, ',')
	}
	sum := sha256.Sum256(encoded)
	return "cs1-" + hex.EncodeToString(sum[:16])
}
