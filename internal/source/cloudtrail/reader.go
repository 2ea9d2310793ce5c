package cloudtrail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"countersign/internal/evidence"
	"countersign/internal/source/rawjson"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	blockSize = 64 << 10
	// maxValue bounds one record and one token. CloudTrail keeps no event of more
	// than 1 MB (CloudTrail User Guide, "Quotas").
	maxValue = 4 << 20
	// sampled says of how many records one is looked at in any case, so that logs
	// of other accounts are known as such.
	sampled = 64
)

var errTooLarge = errors.New("a single value of more than 4 MiB")

// reader reads one file after the other. Its memory does not grow with them.
type reader struct {
	to       *evidence.Collectors
	accounts []string // of the roles
	coverage *evidence.Coverage
	// covered has the days with their Regions, of how many of the accounts there
	// is a record, and behind each the accounts themselves.
	covered map[string]int
	place   []byte

	input   limited
	decoder *jsontext.Decoder
	record  record
	scratch []byte

	// Of the file that is read:
	known  bool  // it is a CloudTrail log
	events int   // met so far
	broken int   // that could not be read
	why    error // of the first of these
}

func newReader(to *evidence.Collectors) *reader {
	accounts := to.Accounts()
	return &reader{to: to, accounts: accounts, coverage: evidence.NewCoverage(accounts...), covered: map[string]int{}}
}

// read reads the records of a file to its end, or to a fault, which it returns.
func (r *reader) read(ctx context.Context, content io.Reader) error {
	r.input = limited{ctx: ctx, from: content}
	// A duplicate name is looked for where it matters, in the records taken.
	options := jsontext.AllowDuplicateNames(true)
	if r.decoder == nil {
		r.decoder = jsontext.NewDecoder(&r.input, options)
	} else {
		r.decoder.Reset(&r.input, options)
	}
	r.known, r.events, r.broken, r.why = false, 0, 0, nil
	for {
		var fault error
		switch r.next() {
		case '{':
			fault = r.document()
		case '[':
			fault = r.list()
		case jsontext.KindInvalid:
			if _, fault = r.decoder.ReadToken(); errors.Is(fault, io.EOF) {
				return nil
			}
		default:
			fault = r.skip()
		}
		if fault != nil {
			return fault
		}
	}
}

// next tells the kind of the next token, before which all is done with.
func (r *reader) next() jsontext.Kind {
	r.input.done = r.decoder.InputOffset()
	return r.decoder.PeekKind()
}

// document reads an object at the top: a list of records under a name, or one
// record.
func (r *reader) document() error {
	if _, err := r.decoder.ReadToken(); err != nil {
		return err
	}
	r.record, r.scratch = record{}, r.scratch[:0]
	for r.next() == '"' {
		token, err := r.decoder.ReadToken()
		if err != nil {
			return err
		}
		name, kind := token.String(), r.next()
		switch {
		case kind == '[' && (name == "Records" || name == "Events"):
			r.known = true
			err = r.list()
			r.record = record{}
		case memberNames[name] != noMember:
			err = r.keep(name)
		default:
			err = r.skip()
		}
		if err != nil {
			return err
		}
	}
	if _, err := r.decoder.ReadToken(); err != nil {
		return err
	}
	if r.record.isEvent() || r.record.values[cloudTrailEvent] != nil {
		r.events++
		r.known = true
		r.take(true)
	}
	return nil
}

// keep reads a member of the record at hand.
func (r *reader) keep(name string) error {
	value, err := r.decoder.ReadValue()
	if err != nil {
		return err
	}
	start := len(r.scratch)
	r.scratch = append(r.scratch, value...)
	r.record.set([]byte(name), r.scratch[start:len(r.scratch):len(r.scratch)])
	return nil
}

// list reads an array of records.
func (r *reader) list() error {
	if _, err := r.decoder.ReadToken(); err != nil {
		return err
	}
	for {
		switch r.next() {
		case ']':
			_, err := r.decoder.ReadToken()
			return err
		case '{':
			object, err := r.decoder.ReadValue()
			if err != nil {
				return err
			}
			r.element(object)
		case jsontext.KindInvalid:
			_, err := r.decoder.ReadToken()
			return err
		default:
			if err := r.skip(); err != nil {
				return err
			}
			r.fail(errors.New("not a record"))
		}
	}
}

// take adds the call of the record at hand, if it is one. look says to note its
// time and Region.
func (r *reader) take(look bool) {
	if inner := r.record.values[cloudTrailEvent]; inner != nil {
		text := jsontext.Value(rawjson.Unquote(inner))
		if !text.IsValid(jsontext.AllowDuplicateNames(true)) || text.Kind() != '{' {
			r.fail(errors.New("CloudTrailEvent is not JSON"))
			return
		}
		r.known = true
		r.record.split(text[rawjson.SkipSpace(text, 0):])
	}
	if look {
		if at, err := r.record.time(); err == nil {
			r.saw(at)
		}
	}
	if !r.record.assumes() {
		return
	}
	call, err := r.record.call()
	if err != nil {
		r.fail(err)
		return
	}
	recipient := r.record.text(recipientAccountID)
	to := r.to.Of(call.RoleARN)
	if to == nil {
		return
	}
	if recipient == "" {
		r.coverage.Saw(to.Role().Account, call.Region, call.Time) // old records do not say it
	}
	to.Add(call, recipient)
}

// Take adds the call of a record that stands alone, as LookupEvents gives it, if it
// is one. The error says that it is no record.
func Take(to *evidence.Collectors, text string) error {
	value := jsontext.Value(text)
	if !value.IsValid(jsontext.AllowDuplicateNames(true)) || value.Kind() != '{' {
		return errors.New("not JSON")
	}
	var r record
	r.split(value[rawjson.SkipSpace(value, 0):])
	if !r.isEvent() {
		return errors.New("not a CloudTrail record")
	}
	if !r.assumes() {
		return nil
	}
	call, err := r.call()
	if err == nil {
		to.Add(call, r.text(recipientAccountID))
	}
	return err
}

func (r *reader) fail(why error) {
	if r.broken++; r.broken == 1 {
		r.why = fmt.Errorf("record %d: %w", r.events, why)
	}
}

// skip reads over a value token by token, so that its size does not matter.
func (r *reader) skip() error {
	for depth := r.decoder.StackDepth(); ; {
		if _, err := r.decoder.ReadToken(); err != nil {
			return err
		}
		r.input.done = r.decoder.InputOffset()
		if r.decoder.StackDepth() <= depth {
			return nil
		}
	}
}

// limited hands bytes to the decoder, and no more of them than a value may have
// before the decoder is done with what it has.
type limited struct {
	ctx         context.Context
	from        io.Reader
	given, done int64
	failure     error // why no more can be read, when that is not the end
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	if err := l.ctx.Err(); err != nil {
		l.failure = err
		return 0, err
	}
	room := maxValue - (l.given - l.done)
	if room <= 0 {
		l.failure = errTooLarge
		return 0, errTooLarge
	}
	n, err := l.from.Read(p[:min(int64(len(p)), room)])
	l.given += int64(n)
	if err != nil && err != io.EOF {
		l.failure = err
	}
	return n, err
}

// explain says why a file could not be read to its end.
func (r *reader) explain(fault error) string {
	where := fmt.Sprintf("byte %d", r.decoder.InputOffset()+1)
	if r.input.failure != nil {
		return fmt.Sprintf("%s: cannot read on: %v", where, r.input.failure)
	}
	var syntax *jsontext.SyntacticError
	if !errors.As(fault, &syntax) {
		return where + ": not valid JSON: " + fault.Error()
	}
	where = fmt.Sprintf("byte %d", syntax.ByteOffset+1)
	if errors.Is(syntax.Err, io.ErrUnexpectedEOF) {
		return where + ": the file ends in the middle of a JSON value"
	}
	return where + ": not valid JSON: " + strings.TrimPrefix(syntax.Err.Error(), "jsontext: ")
}
