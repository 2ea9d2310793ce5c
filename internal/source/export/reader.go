// Package export reads roles out of JSON that somebody took from AWS: the
// answers of get-account-authorization-details, list-roles and get-role,
// configuration items of AWS Config, and bare trust policies. What a document
// is follows from its members alone. Memory does not grow with the file.
package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/walk"

	"github.com/go-json-experiment/json/jsontext"
)

// Output is where a reader's results go.
type Output struct {
	Yield      func(audit.Item) error
	Incomplete func(audit.Incomplete)
}

// Reader reads one file after the other. The zero value is ready.
type Reader struct {
	text    text
	decoder *jsontext.Decoder
	slabs   slabs // hold the text of roles

	file       *walk.File
	out        Output
	passedOver func(configItem []byte) // told of items of other resources than roles; may be nil
	library    *library                // of the file's managed policies
	yielded    bool                    // something of the file was handed on
	documents  int                     // objects met so far, at the top or in an array at the top
	values     int                     // values met so far at the top
	instead    Instead                 // what stands here that holds nothing to judge, if that can be told
	known      bool                    // something that a role export has was met
	truncated  bool                    // the last page says that another follows
	inLine     bool                    // the object that is read stands on a line of JSON Lines
}

// Read reads the documents of a file, and reports whether it holds any of the
// kinds this package knows. A file that turns out to be broken is told to
// out.Incomplete, unless it was met in a directory and nothing in it speaks of
// roles. The error is that of out.Yield or of the context.
func (r *Reader) Read(ctx context.Context, file walk.File, content io.Reader, out Output) (known bool, err error) {
	r.reset(file, &contextReader{ctx, content}, out)
	fault, err := r.readAll()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return r.known, err
	}
	if fault != nil {
		return r.reportBroken(fault), nil
	}
	if r.truncated {
		r.out.Incomplete(audit.Incomplete{
			Source: file.Path,
			Reason: "the last page says that more pages follow (IsTruncated)",
			Hint:   "put all pages into one file, or let the AWS CLI fetch them all",
		})
	}
	return r.known, nil
}

func (r *Reader) reset(file walk.File, content io.Reader, out Output) {
	r.text.reset(content)
	// A duplicate name is looked for where it matters, in the role itself.
	options := jsontext.AllowDuplicateNames(true)
	if r.decoder == nil {
		r.decoder = jsontext.NewDecoder(&r.text, options)
	} else {
		r.decoder.Reset(&r.text, options)
	}
	r.file, r.out, r.yielded = &file, out, false
	r.out.Yield = func(item audit.Item) error {
		r.yielded = true
		return out.Yield(item)
	}
	r.library = newLibrary(file)
	r.documents, r.values, r.known, r.truncated = 0, 0, false, false
	r.instead, r.inLine = Instead{}, false
}

// Instead says what a file is in place of something to judge.
type Instead struct{ Reason, Hint string }

const judgedKinds = "docs/usage.md lists what can be judged: exports of roles, trust policies, infrastructure as code"

var (
	emptyInput = Instead{"standard input is empty", "did the command before it fail?"}
	emptyFile  = Instead{"the file is empty", judgedKinds}
	noTrust    = Instead{"a policy that is no trust policy: not every statement has a Principal and actions of STS alone", judgedKinds}
)

// Instead says what a file is that Read did not know; it is zero where that
// cannot be told.
func (r *Reader) Instead() Instead { return r.instead }

// readAll returns the fault of the file, or the error that has to end the run.
func (r *Reader) readAll() (fault, err error) {
	for {
		kind := r.next()
		r.values++
		line := r.beginLine(kind)
		switch kind {
		case '{':
			fault, err = r.readObject()
		case '[':
			fault, err = r.readArray()
		case jsontext.KindInvalid:
			r.text.keep()
			if _, fault = r.decoder.ReadToken(); errors.Is(fault, io.EOF) {
				r.endOfFile()
				return nil, nil
			}
		default:
			fault = r.skip()
		}
		if err != nil || fault != nil && !r.passLine(fault, line) {
			return fault, err
		}
	}
}

// endOfFile notes what there was if there was nothing before it.
func (r *Reader) endOfFile() {
	switch {
	case r.values > 1:
	case r.file.Path == walk.Stdin:
		r.instead = emptyInput
	default:
		r.instead = emptyFile
	}
}

// readArray reads the objects of an array as if each stood alone.
func (r *Reader) readArray() (fault, err error) {
	if _, fault = r.decoder.ReadToken(); fault != nil {
		return fault, nil
	}
	for {
		switch r.next() {
		case '{':
			fault, err = r.readObject()
		case ']':
			_, fault = r.decoder.ReadToken()
			return fault, nil
		default:
			fault = r.skip()
		}
		if fault != nil || err != nil {
			return fault, err
		}
	}
}

// beginLine notes whether a line of JSON Lines begins here, and which: that of an
// object, or of no JSON, in a file that has a value on every line so far, or is
// called so.
func (r *Reader) beginLine(kind jsontext.Kind) int {
	line := r.text.line
	may := kind == '{' || kind == jsontext.KindInvalid
	r.inLine = may && r.text.column == 1 && (line > 1 && line == r.values || r.isLines())
	return line
}

// isLines reports whether the file is called like one of JSON Lines.
func (r *Reader) isLines() bool {
	switch filepath.Ext(strings.TrimSuffix(r.file.Path, ".gz")) {
	case ".jsonl", ".ndjson":
		return true
	}
	return false
}

// passLine tells of a broken line, and goes on behind it. It reports false where
// the file is no JSON Lines: where the fault is further down, and the next line
// does not begin an object.
func (r *Reader) passLine(fault error, line int) bool {
	if !r.inLine || r.text.kept < 0 || r.text.failure != nil || !r.file.Named && !r.known {
		return false
	}
	at, _ := r.faultPlace(fault)
	next := r.text.afterLine()
	if next != '{' && (at > line || next == 0) {
		return false
	}
	reason, _ := r.explain(fault)
	r.text.nextLine(line + 1)
	r.known = true
	r.out.Incomplete(audit.Incomplete{
		Source: r.file.Path, Reason: reason,
		Hint: fmt.Sprintf("line %d is passed over, and the lines behind it are judged; correct it", line),
	})
	r.decoder.Reset(&r.text, jsontext.AllowDuplicateNames(true))
	return true
}

// readObject reads a document. It cannot be told what it is before its members
// are met, so its text is kept meanwhile, as far as a role or a policy goes.
func (r *Reader) readObject() (fault, err error) {
	r.documents++
	line, column := r.text.line, r.text.column
	r.text.keep()
	defer func() {
		if fault == nil || !r.inLine { // else the line is passed over
			r.text.drop()
		}
	}()
	if _, fault = r.decoder.ReadToken(); fault != nil {
		return fault, nil
	}
	whole := false
	for r.next() == '"' {
		name, fault := r.decoder.ReadToken()
		if fault != nil {
			return fault, nil
		}
		key, kind := name.String(), r.next()
		switch {
		case kind == '[' && listKinds[key] != "":
			r.text.drop()
			fault, err = r.readList(listKinds[key], key)
		case kind == '{' && key == "Role":
			r.text.drop()
			fault, err = r.readOne()
		case key == "IsTruncated":
			r.truncated = kind == 't'
			fault = r.skip()
		default:
			whole = whole || standsAlone[key]
			r.known = r.known || listsBeside[key] && kind == '['
			fault = r.skip()
		}
		if fault != nil || err != nil {
			r.known = r.known || whole
			return fault, err
		}
	}
	if _, fault = r.decoder.ReadToken(); fault != nil {
		r.known = r.known || whole
		return fault, nil
	}
	if !whole {
		return nil, nil
	}
	return nil, r.yieldWhole(line, column)
}

// listKinds are the members that hold a list of roles, or of configuration
// items.
var listKinds = map[string]role.Kind{
	"RoleDetailList":         role.AuthorizationDetails,
	"Roles":                  role.ListRoles,
	"configurationItems":     role.ConfigItem,
	"baseConfigurationItems": role.ConfigItem,
}

// standsAlone are members of objects that are read whole.
var standsAlone = map[string]bool{
	"Statement":                true,
	"AssumeRolePolicyDocument": true,
	"resourceType":             true,
}

// listsBeside are members that stand beside RoleDetailList.
var listsBeside = map[string]bool{
	"UserDetailList":  true,
	"GroupDetailList": true,
}

// readList reads the elements of a list of roles.
func (r *Reader) readList(kind role.Kind, key string) (fault, err error) {
	if _, fault = r.decoder.ReadToken(); fault != nil {
		return fault, nil
	}
	// No other document has lists of these names.
	r.known = r.known || key != "Roles"
	for first := true; ; first = false {
		switch next := r.next(); {
		case next == ']':
			r.known = true
			_, fault = r.decoder.ReadToken()
			return fault, nil
		case next == '{' && kind == role.ConfigItem:
			fault, err = r.readConfigItem()
		case next == '{':
			var found *item
			if found, fault = r.readRole(kind); fault != nil {
				return fault, nil
			}
			if first && !isRole(found.object) {
				found.Release()
				return r.skipRest(), nil
			}
			r.known = true
			err = r.out.Yield(found)
		case first && kind != role.ConfigItem:
			return r.skipRest(), nil
		default:
			what := audit.Incomplete{
				Source: r.file.Path, Reason: place(r.text.line, r.text.column) + ": not a role in the list " + key,
			}
			if fault = r.skip(); fault == nil {
				r.out.Incomplete(what)
			}
		}
		if fault != nil || err != nil {
			return fault, err
		}
	}
}

// readOne reads the role of a get-role answer.
func (r *Reader) readOne() (fault, err error) {
	found, fault := r.readRole(role.GetRole)
	if fault != nil {
		return fault, nil
	}
	if !isRole(found.object) {
		found.Release()
		return nil, nil
	}
	r.known = true
	return nil, r.out.Yield(found)
}

// readRole reads a role whole; the workers take it apart.
func (r *Reader) readRole(kind role.Kind) (*item, error) {
	value, fault := r.decoder.ReadValue()
	if fault != nil {
		r.known = r.known || speaksOfRole(r.decoder.UnreadBuffer())
		return nil, fault
	}
	found := r.hold(kind, value, r.text.line, r.text.column)
	r.text.passValue(value)
	return found, nil
}

// hold makes an item of a value that begins at line and column.
func (r *Reader) hold(kind role.Kind, value []byte, line, column int) *item {
	found := r.slabs.hold(value)
	found.kind, found.file, found.library = kind, r.file, r.library
	found.line, found.column = line, column
	return found
}

func (r *Reader) readConfigItem() (fault, err error) {
	line, column := r.text.line, r.text.column
	value, fault := r.decoder.ReadValue()
	if fault != nil {
		return fault, nil
	}
	err = r.yieldConfigItem(value, line, column)
	r.text.passValue(value)
	return nil, err
}

func (r *Reader) yieldConfigItem(value []byte, line, column int) error {
	if !isConfigRole(value) {
		if r.passedOver != nil {
			r.passedOver(value)
		}
		return nil
	}
	return r.out.Yield(configItem{r.hold(role.ConfigItem, value, line, column)})
}

// yieldWhole hands on a document that was kept.
func (r *Reader) yieldWhole(line, column int) error {
	kept, ok := r.text.keptText(r.decoder.InputOffset())
	if !ok {
		r.known = true
		r.out.Incomplete(audit.Incomplete{
			Source: r.file.Path, Reason: place(line, column) + ": an object of more than 4 MiB is no role",
		})
		return nil
	}
	switch {
	case isTrustPolicy(kept):
		r.known = true
		return r.out.Yield(policyItem{r.hold(role.TrustPolicy, kept, line, column), r.documents})
	case isConfig(kept):
		r.known = true
		return r.yieldConfigItem(kept, line, column)
	case !isRole(kept):
		if hasStatement(kept) {
			r.instead = noTrust
		}
		return nil
	}
	r.known = true
	return r.out.Yield(r.hold(role.GetRole, kept, line, column))
}

// next tells the kind of the next token or value and passes what is before it.
func (r *Reader) next() jsontext.Kind {
	kind := r.decoder.PeekKind()
	gap := 0
	for _, b := range r.decoder.UnreadBuffer() {
		if b != ' ' && b != '\n' && b != '\r' && b != '\t' && b != ',' && b != ':' {
			break
		}
		gap++
	}
	r.text.pass(r.decoder.InputOffset() + int64(gap))
	return kind
}

// skip reads over a value token by token, so that its size does not matter.
func (r *Reader) skip() error {
	return r.skipTo(r.decoder.StackDepth())
}

// skipRest reads to the end of the array that has been entered.
func (r *Reader) skipRest() error {
	return r.skipTo(r.decoder.StackDepth() - 1)
}

func (r *Reader) skipTo(depth int) error {
	for {
		if _, err := r.decoder.ReadToken(); err != nil {
			return err
		}
		offset := r.decoder.InputOffset()
		if offset-r.text.at > blockSize/2 {
			r.text.pass(offset)
		}
		if r.decoder.StackDepth() <= depth {
			r.text.pass(offset)
			return nil
		}
	}
}

// contextReader ends with the context.
type contextReader struct {
	ctx     context.Context
	content io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.content.Read(p)
}
