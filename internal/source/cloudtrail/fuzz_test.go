package cloudtrail

import (
	"context"
	"strings"
	"testing"
)

// FuzzRead holds the reader to this: it ends, and what it takes from a text is
// what it takes from the same text in pieces of one byte.
func FuzzRead(f *testing.F) {
	for _, text := range []string{
		`{"Records":[` + event(vendor, `,"externalId":"x","tags":[{"key":"a","value":"b"}]`, "") + `]}`,
		`{"Events":[{"CloudTrailEvent":"{\"eventName\":\"AssumeRole\"}"}]}`,
		numbered(1) + "\n" + numbered(2),
		`[` + numbered(1) + `,7]`,
		`{"Records":{"Records":[]}}`,
		`{"eventName":"AssumeRole","eventSource":"sts.amazonaws.com","eventTime":"2026-11-20T04:05:06Z","userIdentity":[],"requestParameters":"vendor"}`,
		`{"Records":[{"eventName":"AssumeRole","vendor":"\u0041"}`,
		"\x1f\x8b", `{"Records":[`, `]`, "",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		whole, pieces := newReader(newCollectors("sts:rolesessionname")), newReader(newCollectors("sts:rolesessionname"))
		first := whole.read(context.Background(), strings.NewReader(text))
		second := pieces.read(context.Background(), oneByOne{strings.NewReader(text)})
		if (first == nil) != (second == nil) || whole.events != pieces.events || whole.broken != pieces.broken || whole.known != pieces.known {
			t.Errorf("%v, %d events, %d broken; in pieces %v, %d, %d", first, whole.events, whole.broken, second, pieces.events, pieces.broken)
		}
		if one, other := whole.to.Of(roleARN).Evidence(), pieces.to.Of(roleARN).Evidence(); one.Calls != other.Calls || one.Failed != other.Failed {
			t.Errorf("%d calls, in pieces %d", one.Calls, other.Calls)
		}
		if first != nil {
			whole.explain(first)
		}
	})
}

// oneByOne gives one byte at a time.
type oneByOne struct{ from *strings.Reader }

func (o oneByOne) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	return o.from.Read(p[:1])
}
