package report

import (
	"bytes"
	"errors"

	"countersign/internal/role"
	"countersign/internal/rule"
	"countersign/trust"
	"countersign/trust/jsontree"
)

// document is the trust policy of a finding, as it can be shown: its text, its
// tree and the places that have to be masked.
type document struct {
	file    *trust.File
	tree    trust.Value
	parsed  bool                          // tree is set
	shared  bool                          // the file holds more than the policy
	own     map[*trust.File][]trust.Range // then: what of it is the policy's; sorted by start, apart
	masks   map[*trust.File][]trust.Range // sorted by start, apart from each other
	redact  bool                          // external IDs are not to be shown
	secrets *secrets                      // then: what they are; nil where there is no tree
	// hidden says why the text is not shown: it may hold external IDs which
	// cannot be told apart from the rest, or is sensitive.
	hidden string
	// moved maps places of the policy to file where that is a re-indented
	// copy; nil where file is what the policy was read from.
	moved *layout
	// base is what to add to a line of file to get the line that readers look
	// for: the scanned file's, where the policy stands there verbatim.
	base int
}

// openDocument reads the policy that a finding speaks of. The verdict's ranges
// point into the text that was judged, so that text is taken where there is one.
func openDocument(finding *rule.Finding, options *Options) *document {
	judged := judgedFile(finding.Verdict)
	last := options.opened
	if last == nil {
		last = &opened{}
	}
	if last.document == nil || last.role != finding.Role || last.judged != judged {
		*last = opened{finding.Role, judged, newDocument(finding, judged, options)}
	}
	return last.document
}

// opened is the document of the last finding: several parts of a report look into
// it.
type opened struct {
	role     *role.Role
	judged   *trust.File
	document *document
}

func newDocument(finding *rule.Finding, judged *trust.File, options *Options) *document {
	document := readDocument(finding.Role.Trust, judged)
	document.redact = !options.ShowExternalIDs || finding.Role.Trust.Sensitive
	switch {
	case finding.Role.Trust.Sensitive:
		document.hidden = sensitiveText
		document.hide()
	case !document.redact:
	case document.parsed:
		document.hide()
	case document.file != nil && mayHoldExternalID(document.file.Text):
		document.hidden = hiddenText
	}
	return document
}

// hide notes what is not to be shown.
func (d *document) hide() {
	if d.parsed {
		d.secrets = secretsOf(&d.tree)
		d.masks = d.secrets.ranges()
	}
}

func readDocument(policy role.Document, file *trust.File) *document {
	if policy.Tree != nil {
		return &document{file: policy.Tree.Range.File, tree: *policy.Tree, parsed: true, shared: true, own: ownText(*policy.Tree)}
	}
	if file == nil {
		if policy.JSON == nil {
			return &document{}
		}
		file = &trust.File{Text: policy.JSON}
	}
	tree, err := jsontree.Parse(file)
	return &document{file: file, tree: tree, parsed: err == nil, base: max(policy.Line-1, 0)}
}

// judgedFile is the text that the ranges of a verdict point into, nil if it has
// none.
func judgedFile(verdict *trust.Verdict) *trust.File {
	for _, part := range verdict.Parts {
		if !part.Range.IsZero() {
			return part.Range.File
		}
	}
	for _, reason := range verdict.Reasons {
		if !reason.Range.IsZero() {
			return reason.Range.File
		}
	}
	for _, warning := range verdict.Warnings {
		if !warning.Range.IsZero() {
			return warning.Range.File
		}
	}
	return nil
}

// fault returns where the policy has no meaning, the zero range if it has one.
func (d *document) fault() trust.Range {
	if d.file == nil {
		return trust.Range{}
	}
	var err error
	if d.parsed {
		_, err = trust.Parse(d.tree)
	} else {
		_, err = jsontree.Parse(d.file)
	}
	var syntax *trust.SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Range
	}
	return trust.Range{}
}

// relaid returns the document re-indented from its tree.
func (d *document) relaid() *document {
	laid := layOut(&d.tree, d.secrets)
	copied := *d
	copied.file, copied.moved, copied.masks, copied.base, copied.shared = laid.file, laid, nil, 0, false
	return &copied
}

// find returns the range of the shown text that a range of the policy means; it
// is zero where there is nothing to show.
func (d *document) find(place trust.Range) trust.Range {
	switch {
	case place.IsZero():
		return trust.Range{}
	case d.moved != nil:
		return d.moved.move(place)
	}
	return place
}

// shows reports whether a range stands in the text of the policy: parts of a
// policy of a template may stand elsewhere, in the same file or in another.
func (d *document) shows(place trust.Range) bool {
	if place.File == nil || place.File != d.file {
		return false
	}
	whole := d.tree.Range
	return d.moved != nil || whole.File != d.file || place.Start >= whole.Start && place.End <= whole.End
}

// oneLine reports whether the policy's text has no line breaks to read it by.
func (d *document) oneLine() bool {
	text := d.tree.Range.Text()
	return bytes.IndexByte(bytes.TrimSpace([]byte(text)), '\n') < 0
}
