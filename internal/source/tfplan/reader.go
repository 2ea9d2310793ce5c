package tfplan

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// reader takes what matters out of a document in one pass: it keeps roles,
// policy documents and who the caller is, and of the rest nothing.
type reader struct {
	at      Place
	text    []byte
	decoder *jsontext.Decoder
	has     map[string]bool // members of the document
	version int

	managed   []resource           // in the order of the text
	changes   map[string]*change   // of roles, by address
	changed   []*change            // the same, in the order of the text
	documents map[string][]*change // policy documents, by address without indexes
	configs   map[string]*configured
	calls     map[string]*call // by the address of the module, without indexes
	outputs   map[string][]string
	providers map[string]string // the account of a provider, by its key
	callers   []caller

	counted, line, column int // see position
}

// resource is one instance of a role.
type resource struct {
	Address   string         `json:"address"`
	Mode      string         `json:"mode"`
	Type      string         `json:"type"`
	Name      string         `json:"name"`
	Values    jsontext.Value `json:"values"`
	Sensitive jsontext.Value `json:"sensitive_values"`

	offset, end int // where it stands in the text
}

// change is what a plan does to a role, or how it reads a policy document.
type change struct {
	Address string `json:"address"`
	Mode    string `json:"mode"`
	Type    string `json:"type"`
	Deposed string `json:"deposed"`
	Change  struct {
		Actions   []string       `json:"actions"`
		After     jsontext.Value `json:"after"`
		Unknown   jsontext.Value `json:"after_unknown"`
		Sensitive jsontext.Value `json:"after_sensitive"`
	} `json:"change"`

	offset, end int
}

const (
	// maxDepth bounds how deep modules nest.
	maxDepth = 64
	identity = "aws_caller_identity"
	document = "aws_iam_policy_document"
)

var errTooDeep = errors.New("modules nest deeper than 64 levels")

// isRole reports whether a type of resource is an IAM role.
func isRole(kind string) bool { return kind == "aws_iam_role" || kind == "awscc_iam_role" }

func (r *reader) document() error {
	r.has = map[string]bool{}
	r.changes, r.configs = map[string]*change{}, map[string]*configured{}
	r.documents = map[string][]*change{}
	r.calls, r.outputs = map[string]*call{}, map[string][]string{}
	r.providers = map[string]string{}
	if r.decoder.PeekKind() != '{' {
		return nil
	}
	return r.object(func(key string) error {
		r.has[key] = true
		switch key {
		case "version":
			value, err := r.decoder.ReadValue()
			if err == nil && string(value) == "4" {
				r.version = 4
			}
			return err
		case "planned_values", "values":
			return r.values(true)
		case "prior_state":
			return r.within("values", func() error { return r.values(false) })
		case "resource_changes":
			return r.array(r.change)
		case "resources":
			return r.array(r.stateResource)
		case "configuration":
			return r.configuration()
		}
		return r.decoder.SkipValue()
	})
}

// object reads an object, whose members member has to read. Any other value is
// passed over.
func (r *reader) object(member func(key string) error) error {
	if r.decoder.PeekKind() != '{' {
		return r.decoder.SkipValue()
	}
	if _, err := r.decoder.ReadToken(); err != nil {
		return err
	}
	for r.decoder.PeekKind() == '"' {
		name, err := r.decoder.ReadToken()
		if err == nil {
			err = member(name.String())
		}
		if err != nil {
			return err
		}
	}
	_, err := r.decoder.ReadToken()
	return err
}

// array reads an array, whose elements element has to read.
func (r *reader) array(element func() error) error {
	if r.decoder.PeekKind() != '[' {
		return r.decoder.SkipValue()
	}
	if _, err := r.decoder.ReadToken(); err != nil {
		return err
	}
	for kind := r.decoder.PeekKind(); kind != ']' && kind != jsontext.KindInvalid; kind = r.decoder.PeekKind() {
		if err := element(); err != nil {
			return err
		}
	}
	_, err := r.decoder.ReadToken()
	return err
}

// within reads one member of an object.
func (r *reader) within(key string, read func() error) error {
	return r.object(func(name string) error {
		if name == key {
			return read()
		}
		return r.decoder.SkipValue()
	})
}

// values reads the modules of a state. Roles of a prior state do not count: the
// plan says what becomes of them.
func (r *reader) values(roles bool) error {
	return r.within("root_module", func() error { return r.module(roles, 0) })
}

func (r *reader) module(roles bool, depth int) error {
	if depth > maxDepth {
		return errTooDeep
	}
	return r.object(func(key string) error {
		switch key {
		case "resources":
			return r.array(func() error { return r.resource(roles) })
		case "child_modules":
			return r.array(func() error { return r.module(roles, depth+1) })
		}
		return r.decoder.SkipValue()
	})
}

// read reads a value into target, and returns where it stands. A value of
// another shape leaves target as far as it came.
func (r *reader) read(target any) (start, end int, err error) {
	value, err := r.decoder.ReadValue()
	end = int(r.decoder.InputOffset())
	if err != nil {
		return end, end, err
	}
	_ = json.Unmarshal(value, target) // somebody else's document: what is missing is told later
	return end - len(value), end, nil
}

func (r *reader) resource(roles bool) error {
	var found resource
	var err error
	found.offset, found.end, err = r.read(&found)
	if err != nil {
		return err
	}
	switch {
	case found.Type == identity:
		r.identity(found.Address, found.Values)
	case roles && found.Mode == "managed" && isRole(found.Type):
		r.managed = append(r.managed, found)
	}
	return nil
}

func (r *reader) change() error {
	var found change
	var err error
	found.offset, found.end, err = r.read(&found)
	if err != nil {
		return err
	}
	switch {
	case found.Deposed != "":
	case isRole(found.Type) && found.Mode == "managed":
		r.changes[found.Address] = &found
		r.changed = append(r.changed, &found)
	case found.Type == document:
		key := withoutIndexes(found.Address)
		r.documents[key] = append(r.documents[key], &found)
	}
	return nil
}
