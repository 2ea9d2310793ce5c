package cloudtrail

import (
	"bytes"
	"slices"
	"time"

	"countersign/internal/source/rawjson"
)

// element looks at a record of a list. Most cannot matter, and are known by their
// text without being taken apart.
func (r *reader) element(object []byte) {
	r.events++
	look := r.events%sampled == 1 || r.isNews(object)
	if !look && !r.mayMatter(object) {
		return
	}
	r.record.split(object)
	r.known = r.known || r.record.isEvent()
	r.take(look)
}

var (
	assume, escape = []byte("AssumeRole"), []byte(`\u`)
	roleMember     = []byte("roleArn")
)

// mayMatter reports whether a record may be a call that assumes one of the roles.
// No character of these names needs to be escaped; a record where one may be is
// looked at all the same.
func (r *reader) mayMatter(object []byte) bool {
	return bytes.Contains(object, assume) && r.mayName(object) || hidesText(object)
}

// hidesText reports whether an escape may stand for a character of a name. Many
// records have escapes of <, > and &, which stand in none.
func hidesText(object []byte) bool {
	for {
		at := bytes.Index(object, escape)
		if at < 0 {
			return false
		}
		object = object[at+len(escape):]
		if len(object) < 4 || !markup[string(object[:4])] {
			return true
		}
	}
}

var markup = map[string]bool{"003c": true, "003e": true, "0026": true}

// mayName reports whether a record may have one of the roles as its roleArn:
// unless all that follows this name is the ARN of another.
func (r *reader) mayName(object []byte) bool {
	for met := false; ; met = true {
		at := bytes.Index(object, roleMember)
		if at < 0 {
			return !met // a record within a text
		}
		arn, plain := plainText(object[:at], object[at+len(roleMember):])
		if !plain || r.to.Of(string(arn)) != nil {
			return true
		}
		object = object[at+len(roleMember):]
	}
}

// plainText is the text that a member has whose name stands between two pieces of
// JSON, if it is one without an escape.
func plainText(before, after []byte) (text []byte, ok bool) {
	if !bytes.HasSuffix(before, quote) || !bytes.HasPrefix(after, quote) {
		return nil, false
	}
	at := rawjson.SkipSpace(after, 1)
	if at >= len(after) || after[at] != ':' {
		return nil, false
	}
	at = rawjson.SkipSpace(after, at+1)
	if at >= len(after) || after[at] != '"' {
		return nil, false
	}
	text = after[at+1:]
	end := bytes.IndexByte(text, '"')
	if end < 0 || bytes.IndexByte(text[:end], '\\') >= 0 {
		return nil, false
	}
	return text[:end], true
}

var quote = []byte(`"`)

// isNews reports whether a record may be of a day or a Region of which no record of
// its account has been seen.
func (r *reader) isNews(object []byte) bool {
	day, region := textAfter(object, eventTimeIs), textAfter(object, awsRegionIs)
	if len(day) < len(time.DateOnly) {
		return true // written in another way
	}
	r.place = append(append(r.place[:0], day[:len(time.DateOnly)]...), region...)
	if r.covered[string(r.place)] == len(r.accounts) {
		return false
	}
	recipient := textAfter(object, recipientIs)
	if recipient == nil {
		return bytes.Contains(object, recipientMember) // written in another way
	}
	if _, matters := slices.BinarySearchFunc(r.accounts, recipient, compareText); !matters {
		return false
	}
	r.place = append(r.place, recipient...)
	return r.covered[string(r.place)] == 0
}

func compareText(account string, text []byte) int { return bytes.Compare([]byte(account), text) }

var (
	eventTimeIs, awsRegionIs = []byte(`"eventTime":"`), []byte(`"awsRegion":"`)
	recipientIs              = []byte(`"recipientAccountId":"`)
	recipientMember          = []byte(`recipientAccountId`)
)

// textAfter is the text from a lead up to the next quotation mark.
func textAfter(object, lead []byte) []byte {
	at := bytes.Index(object, lead)
	if at < 0 {
		return nil
	}
	text := object[at+len(lead):]
	return text[:max(bytes.IndexByte(text, '"'), 0)]
}

// saw notes the time and the Region of the record at hand.
func (r *reader) saw(at time.Time) {
	recipient, region := r.record.text(recipientAccountID), r.record.text(awsRegion)
	r.coverage.Saw(recipient, region, at)
	if _, matters := slices.BinarySearch(r.accounts, recipient); !matters || len(r.covered) >= mostCovered {
		return
	}
	place := at.Format(time.DateOnly) + region
	if r.covered[place+recipient] == 0 {
		r.covered[place+recipient] = 1
		r.covered[place]++
	}
}

// mostCovered bounds what is remembered of days and Regions; beyond it records
// are looked at more often.
const mostCovered = 100_000
