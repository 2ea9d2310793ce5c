// Package role holds what every source reads and every rule judges: roles, as
// plain data.
package role

import (
	"time"

	"countersign/trust"
)

// Role is one IAM role as a source found it.
type Role struct {
	ARN       string // empty where the source cannot tell it
	Name      string
	Path      string            // "/" or "/…/"; empty where the source cannot tell it
	Account   string            // 12 digits; empty where the source cannot tell it
	Partition string            // "aws", "aws-cn", "aws-us-gov"; empty where the source cannot tell it
	Tags      map[string]string // nil where the source cannot tell them
	LastUsed  LastUsed
	// Details, when set, still holds the tags and the last use, which few
	// judgements need: Complete has them filled in. The roles of findings are
	// complete.
	Details Details

	// Access is what the role may do; nil where the source tells nothing of
	// it. Description and MaxSession (0 where the source cannot tell it) come
	// with it.
	Access      *Access
	Description string
	MaxSession  time.Duration
	// AccessDetails, when set, still holds these three: CompleteAccess has
	// them filled in. The roles of findings are complete.
	AccessDetails AccessDetails

	Trust  Document
	Source Source

	// Also is where the same role was found besides: the configuration of a
	// plan, for one.
	Also []Source

	// Notes are the waivers that comments at the role hold, as they are written.
	Notes []Note

	// DefaultAssumed is set when a parameter's or a variable's default went
	// into the trust policy.
	DefaultAssumed bool
}

// Details fills in the tags and the last use of a role.
type Details interface{ Fill(*Role) }

// Complete fills in what the source has held back so far.
func (r *Role) Complete() {
	if held := r.Details; held != nil {
		r.Details = nil
		held.Fill(r)
	}
}

// Title is what to call the role: its name, or, where the source cannot tell
// it, its address in the template.
func (r *Role) Title() string {
	switch {
	case r.Name != "":
		return r.Name
	case r.Source.Address != "":
		return r.Source.Address
	}
	return "(no name)"
}

// unknownAccount stands for the account that a template is deployed to, where
// nobody tells which one it is. AWS has no account of this id.
const unknownAccount = "000000000000"

// KnownAccount is the role's account, empty where the source cannot tell it.
func (r *Role) KnownAccount() string {
	if r.Account == unknownAccount {
		return ""
	}
	return r.Account
}

// ServiceLinked reports whether AWS owns the role's trust policy, so that
// nobody can change it (IAM User Guide, "Service-linked roles").
func (r *Role) ServiceLinked() bool {
	const prefix = "/aws-service-role/"
	return len(r.Path) >= len(prefix) && r.Path[:len(prefix)] == prefix
}

// LastUsed is when a role was last assumed, in the trailing 400 days that IAM
// keeps.
type LastUsed struct {
	Known bool      // the source carries the figure
	At    time.Time // zero when the role was not used in the tracked time
}

// Document is a trust policy as a source found it: a tree, or JSON text that
// is yet to be read, or the reason why there is neither.
type Document struct {
	Tree *trust.Value // set by sources that build the tree themselves
	JSON []byte       // else the policy as plain JSON text
	// Encoded says that JSON is percent-encoded still, as IAM's API gives it:
	// most documents have been met before, and need not be decoded to be
	// known again. Decode has it undone; the documents of findings are plain.
	Encoded bool
	// Line and Column are the 1-based place of the first byte of JSON in the
	// source's file. They are 0 where JSON does not stand there verbatim
	// (percent-encoded, or a string within JSON): places in the policy are
	// then places in the decoded text, and the finding's place is the role's.
	Line, Column int
	Err          error // why there is no policy to read
	// Sensitive is set where the source says that the text is not to be shown
	// to anybody.
	Sensitive bool
}

// InFile maps a 1-based place in JSON to the source's file. It must not be
// asked where Line is 0.
func (d *Document) InFile(line, column int) (fileLine, fileColumn int) {
	if line == 1 {
		column += d.Column - 1
	}
	return d.Line + line - 1, column
}

// Source is where a role was found.
type Source struct {
	Kind Kind
	Path string // file, "-" for standard input, empty for a live account
	// FromRoot is Path counted from the root of the git work tree, else from
	// the directory that was scanned, with slashes: it stays the same
	// wherever the tree lies and whoever scans it.
	FromRoot string
	Address  string // resource address in a template
	// Line and Column are the 1-based place where the role begins; 0 when
	// there is no file.
	Line, Column int
}

// WaiverMarker begins a waiver in a comment at a role.
const WaiverMarker = "countersign:ignore"

// Note is a comment at a role that begins with the marker of a waiver.
type Note struct {
	Text string // behind the marker
	Path string
	Line int // 1-based
}

// Kind is the kind of a source, as reports name it.
type Kind string

const (
	AuthorizationDetails Kind = "account-authorization-details"
	ListRoles            Kind = "list-roles"
	GetRole              Kind = "get-role"
	ConfigItem           Kind = "config-item"
	TrustPolicy          Kind = "trust-policy"
	Live                 Kind = "live"
	Saved                Kind = "saved" // answers kept of a live account
	Terraform            Kind = "terraform"
	TerraformPlan        Kind = "terraform-plan"
	TerraformState       Kind = "terraform-state"
)
