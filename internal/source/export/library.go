package export

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"sync"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/internal/source/rawjson"
	"countersign/internal/source/walk"

	"github.com/go-json-experiment/json/jsontext"
)

// library has the documents of the managed policies in a file.
type library struct{ details, config shelf }

func newLibrary(file walk.File) *library {
	return &library{
		details: shelf{file: file, read: readPolicies},
		config:  shelf{file: file, read: readConfigPolicies},
	}
}

// of returns the documents that belong to a kind of roles.
func (l *library) of(kind role.Kind) role.Library {
	if kind == role.ConfigItem {
		return &l.config
	}
	return &l.details
}

// shelf holds the documents that are written in one way. They stand behind the
// roles, and most are wanted by nobody, so that the file is read a second time
// once a role of a finding wants one. It implements role.Library.
type shelf struct {
	file walk.File
	read func(walk.File, io.Reader, func(policy []byte)) error

	once      sync.Once
	documents map[string]string // default versions, as they are spelt, by ARN
	texts     map[string]string // each text once
	size      int               // bytes of texts
	missing   string            // why a document is not here
}

// librarySize bounds the documents that are held, in bytes: an account has at
// most 5,000 customer managed policies of at most 6,144 characters each (IAM
// User Guide, "IAM and AWS STS quotas").
const librarySize = 48 << 20

// Find implements role.Library.
func (s *shelf) Find(arn string) (document *role.Document, missing string) {
	s.once.Do(s.fill)
	text, ok := s.documents[arn]
	if !ok {
		return nil, s.missing
	}
	made := identityPolicy([]byte(text))
	return &made, ""
}

// fill reads the file. What is there before a fault is kept.
func (s *shelf) fill() {
	if s.file.Root == nil || s.file.Size == 0 {
		s.missing = "its document may follow in what is read, which cannot be read twice; save it to a file first"
		return
	}
	s.documents, s.texts = map[string]string{}, map[string]string{}
	err := again(s.file, func(text io.Reader) error { return s.read(s.file, text, s.add) })
	if err != nil && s.missing == "" {
		s.missing = fmt.Sprintf("reading %s a second time: %v", s.file.Path, err)
	}
	s.texts = nil
}

// again opens a file for another time.
func again(file walk.File, read func(io.Reader) error) error {
	opened, err := file.Open()
	if err != nil {
		return err
	}
	defer opened.Close()
	text := bufio.NewReaderSize(opened, blockSize)
	if head, _ := text.Peek(2); string(head) == "\x1F\x8B" { // RFC 1952, section 2.3.1
		unzipped, err := gzip.NewReader(text)
		if err != nil {
			return err
		}
		text = bufio.NewReaderSize(unzipped, blockSize)
	}
	if head, _ := text.Peek(3); string(head) == "\xEF\xBB\xBF" { // a byte order mark
		_, _ = text.Discard(3) // it is there
	}
	return read(text)
}

// add takes a managed policy in, in the spelling of the IAM API or of AWS
// Config.
func (s *shelf) add(policy []byte) {
	var arn, version string
	var versions []byte
	rawjson.EachMember(policy, func(m rawjson.Member) bool {
		switch string(m.Key) {
		case "Arn", "arn":
			arn = string(rawjson.Unquote(m.Value))
		case "DefaultVersionId", "defaultVersionId":
			version = string(rawjson.Unquote(m.Value))
		case "PolicyVersionList", "policyVersionList":
			versions = m.Value
		}
		return true
	})
	document := inForce(versions, version)
	if _, known := s.documents[arn]; known || arn == "" || document == nil {
		return
	}
	text, known := s.texts[string(document)]
	if !known {
		if s.size += len(document); s.size > librarySize {
			s.missing = fmt.Sprintf("the file has more than %d MB of managed policies", librarySize>>20)
			return
		}
		text = string(document)
		s.texts[text] = text
	}
	s.documents[arn] = text
}

// inForce returns the document of the default version, as it is spelt.
func inForce(versions []byte, wanted string) (document []byte) {
	rawjson.EachElement(versions, func(entry []byte) bool {
		var text []byte
		isDefault := false
		rawjson.EachMember(entry, func(m rawjson.Member) bool {
			switch string(m.Key) {
			case "Document", "document":
				text = m.Value
			case "IsDefaultVersion", "isDefaultVersion":
				isDefault = isDefault || string(m.Value) == "true"
			case "VersionId", "versionId":
				isDefault = isDefault || wanted != "" && string(rawjson.Unquote(m.Value)) == wanted
			}
			return true
		})
		if isDefault {
			document = text
		}
		return !isDefault
	})
	return document
}

// policiesKey begins the list of managed policies. Inside of a string its
// quotation marks would be escaped, so that it is found without parsing what
// is before it.
var policiesKey = []byte(`"Policies"`)

// readPolicies hands on the entries of every list called Policies.
func readPolicies(_ walk.File, text io.Reader, add func([]byte)) error {
	back := &pushback{src: text}
	in := bufio.NewReaderSize(back, 4*blockSize)
	for {
		window, err := in.Peek(in.Size())
		at := bytes.Index(window, policiesKey)
		if at < 0 {
			if err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			_, _ = in.Discard(len(window) - len(policiesKey) + 1) // it is all there
			continue
		}
		_, _ = in.Discard(at + len(policiesKey))
		if !follows(in, ':') || !follows(in, '[') {
			continue
		}
		if err := in.UnreadByte(); err != nil {
			return err
		}
		bound := &bounded{src: in}
		decoder := jsontext.NewDecoder(bound, jsontext.AllowDuplicateNames(true))
		if err := readEntries(decoder, bound, add); err != nil {
			return err
		}
		buffered, _ := in.Peek(in.Buffered())
		back.held = append(append(bytes.Clone(decoder.UnreadBuffer()), buffered...), back.held...)
		in.Reset(back)
	}
}

// follows reports whether the next byte that is no space is c, and passes it.
func follows(in *bufio.Reader, c byte) bool {
	for {
		got, err := in.ReadByte()
		if err != nil || got == c {
			return err == nil
		}
		if got != ' ' && got != '\n' && got != '\r' && got != '\t' {
			_ = in.UnreadByte() // it was read just now
			return false
		}
	}
}

// readEntries hands on the objects of an array.
func readEntries(decoder *jsontext.Decoder, bound *bounded, each func([]byte)) error {
	bound.left = maxValue
	if _, err := decoder.ReadToken(); err != nil {
		return err
	}
	for decoder.PeekKind() != ']' {
		value, err := decoder.ReadValue()
		if err != nil {
			return err
		}
		each(value)
		bound.left = maxValue
	}
	_, err := decoder.ReadToken()
	return err
}

// bounded ends when more is read than one value may have.
type bounded struct {
	src  io.Reader
	left int
}

func (b *bounded) Read(into []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	n, err := b.src.Read(into[:min(len(into), b.left)])
	b.left -= n
	return n, err
}

// pushback gives what was read too far once more.
type pushback struct {
	held []byte
	src  io.Reader
}

func (p *pushback) Read(into []byte) (int, error) {
	if len(p.held) == 0 {
		return p.src.Read(into)
	}
	n := copy(into, p.held)
	p.held = p.held[n:]
	return n, nil
}

// readConfigPolicies hands on the managed policies among configuration items.
func readConfigPolicies(file walk.File, text io.Reader, add func([]byte)) error {
	reader := Reader{passedOver: func(item []byte) {
		var configuration []byte
		isPolicy := false
		rawjson.EachMember(item, func(m rawjson.Member) bool {
			switch string(m.Key) {
			case "resourceType":
				isPolicy = string(rawjson.Unquote(m.Value)) == "AWS::IAM::Policy"
			case "configuration":
				configuration = m.Value
			}
			return true
		})
		if !isPolicy {
			return
		}
		if len(configuration) > 0 && configuration[0] == '"' {
			inner := jsontext.Value(rawjson.Unquote(configuration))
			if !inner.IsValid(jsontext.AllowDuplicateNames(true)) {
				return
			}
			configuration = inner[rawjson.SkipSpace(inner, 0):]
		}
		add(configuration)
	}}
	_, err := reader.Read(context.Background(), file, text, Output{
		Yield:      func(audit.Item) error { return nil },
		Incomplete: func(audit.Incomplete) {}, // told when the roles were read
	})
	return err
}
