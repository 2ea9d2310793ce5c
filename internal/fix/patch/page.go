package patch

import (
	"errors"
	"fmt"
	"path/filepath"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"countersign/internal/role"
	"countersign/internal/source/yamltree"
	"countersign/trust"
	"countersign/trust/jsontree"
)

// span is a byte range of a file.
type span struct{ start, end int }

// page is a file that policies stand in, taken apart by its own syntax.
type page struct {
	name  string
	text  []byte
	kind  role.Kind
	shift int // what has to be added to the places of a policy that was read alone
	whole *script
	nodes map[span]*node
	// blocks and bodies are those of HCL, tops the outermost ones.
	blocks map[span]*hclsyntax.Block
	tops   []*hclsyntax.Block
	// texts may hold JSON.
	texts []innerText
	err   error
}

// innerText is a string of a file, or a template of HCL.
type innerText struct {
	span
	value    *trust.Value
	at       *node
	template *hclsyntax.TemplateExpr
	tried    bool
	err      error
}

// The kinds of sources that are named elsewhere by packages that this one need
// not know.
const (
	cloudFormationKind role.Kind = "cloudformation"
	serverlessKind     role.Kind = "serverless"
	kubernetesKind     role.Kind = "kubernetes"
	ansibleKind        role.Kind = "ansible"
	pulumiKind         role.Kind = "pulumi"
)

func isHCL(name string) bool {
	return strings.HasSuffix(name, ".tf") || strings.HasSuffix(name, ".tofu")
}

func isTerraformJSON(name string) bool {
	return strings.HasSuffix(name, ".tf.json") || strings.HasSuffix(name, ".tofu.json")
}

// openPage takes a file apart.
func openPage(name string, text []byte, kind role.Kind) *page {
	p := &page{name: name, text: text, kind: kind, nodes: map[span]*node{}}
	p.whole = &script{page: p, text: text}
	switch {
	case kind == role.Terraform && isHCL(name):
		p.whole.language, p.whole.dialect = hclText, terraform
		p.err = p.readHCL()
	case kind == role.Terraform && isTerraformJSON(name):
		p.whole.dialect = terraform
		p.err = p.readTree()
	case kind == role.Terraform:
		if p.readTree() != nil || p.whole.language != jsonText {
			p.err = errTemplate
		}
	case kind == cloudFormationKind, kind == serverlessKind:
		p.whole.dialect = cloudFormation
		p.err = p.readTree()
	case kind == kubernetesKind:
		p.err = p.readTree()
	default:
		p.whole.dialect = foreign
		p.err = p.readTree()
	}
	sort.SliceStable(p.texts, func(i, j int) bool { return p.texts[i].start < p.texts[j].start })
	return p
}

// openPolicy takes apart a file of which the bytes from an offset on are a
// policy and nothing else.
func openPolicy(name string, text []byte, offset int, policy []byte) *page {
	p := &page{name: name, text: text, kind: role.TrustPolicy, shift: offset, nodes: map[span]*node{}}
	p.whole = &script{page: p, text: policy, base: offset}
	p.err = p.whole.readJSON(nil, p.take(p.whole))
	return p
}

// take notes the nodes of a script by their place in the file.
func (p *page) take(s *script) func(*node, *trust.Value) {
	return func(n *node, v *trust.Value) {
		if len(n.entries) == 0 && v.Kind != trust.Object && v.Kind != trust.Array {
			if s == p.whole && v.Kind == trust.String && strings.Contains(v.Text, "{") {
				p.texts = append(p.texts, innerText{span: span{n.start, n.end}, value: v, at: n})
			}
			return
		}
		start, end := s.inFile(n.start, n.end)
		if _, taken := p.nodes[span{start, end}]; !taken || n.kind != other {
			p.nodes[span{start, end}] = n
		}
	}
}

// readTree reads YAML or JSON.
func (p *page) readTree() error {
	file := &trust.File{Name: p.name, Text: p.text}
	documents := []trust.Value{}
	tree, err := jsontree.Parse(file)
	if err == nil {
		documents = append(documents, tree)
	} else {
		p.whole.language = yamlText
		if documents, err = yamltree.Read(file); err != nil {
			return errors.New("the file cannot be read")
		}
	}
	b := builder{in: p.whole, seen: map[*trust.Member]*node{}, list: map[*trust.Value]*node{}, take: p.take(p.whole)}
	for i := range documents {
		n := b.node(&documents[i], nil)
		if p.whole.root == nil {
			p.whole.root = n
		}
	}
	return nil
}

// place is something that a policy, or a part of it, stands in.
type place struct {
	node  *node
	block *hclsyntax.Block
}

// find gives what stands at a range.
func (p *page) find(r trust.Range) (place, error) {
	at := span{r.Start + p.shift, r.End + p.shift}
	if n := p.nodes[at]; n != nil {
		return place{node: n}, nil
	}
	if b := p.blocks[at]; b != nil {
		return place{block: b}, nil
	}
	i := sort.Search(len(p.texts), func(i int) bool { return p.texts[i].start > at.start }) - 1
	// A text may hold templates with texts of their own.
	for ; i >= 0 && p.texts[i].end < at.end; i-- {
		if at.start-p.texts[i].start > maxSearched {
			return place{}, errNotFound
		}
	}
	if i < 0 || p.texts[i].tried && p.texts[i].err == nil {
		return place{}, errNotFound
	}
	if err := p.open(&p.texts[i]); err != nil {
		return place{}, err
	}
	if n := p.nodes[at]; n != nil {
		return place{node: n}, nil
	}
	return place{}, errNotFound
}

// maxSearched bounds how far before a range the text that it is in may begin.
const maxSearched = 1 << 20

// errTemplate is returned for a file that Terraform does more with than read.
var errTemplate = errors.New("the file is a template that templatefile fills in, or is not JSON")

var errNotFound = errors.New("it is made by an expression")

// open reads the JSON in a text.
func (p *page) open(t *innerText) error {
	if t.tried {
		return t.err
	}
	t.tried = true
	if t.template != nil {
		t.err = p.openTemplate(t.template)
		return t.err
	}
	d := p.whole.dialect
	if d == cloudFormation {
		d = plain
		if p.kind == serverlessKind {
			d = foreign
		}
		for above, steps := t.at.parent, 0; above != nil && steps < 2; above, steps = above.parent, steps+1 {
			if above.kind == other && above.call != "" && above.call != "ToJsonString" {
				if d = substituted; above.call != "Sub" {
					t.err = fmt.Errorf("its text is put together by Fn::%s", above.call)
					return t.err
				}
				break
			}
		}
	}
	var s *script
	found := []func(){}
	s, t.err = p.inText(t.value, d, func(n *node, v *trust.Value) {
		found = append(found, func() { p.take(n.in)(n, v) })
	})
	if t.err == nil && s != nil {
		for _, note := range found {
			note()
		}
	}
	return t.err
}

// top is the outermost block of HCL around an offset.
func (p *page) top(at int) *hclsyntax.Block {
	i := sort.Search(len(p.tops), func(i int) bool { return p.tops[i].Range().Start.Byte > at }) - 1
	if i < 0 || p.tops[i].Range().End.Byte <= at {
		return nil
	}
	return p.tops[i]
}

// offsetOf is the byte at a 1-based line and column, in code points.
func offsetOf(text []byte, line, column int) int {
	at := 0
	for ; line > 1 && at < len(text); line-- {
		at = nextLine(text, at)
	}
	for ; column > 1 && at < len(text); column-- {
		at++
		for at < len(text) && text[at]&0xC0 == 0x80 {
			at++
		}
	}
	return at
}

// sameFile compares the names of files.
func sameFile(a, b string) bool { return filepath.Clean(a) == filepath.Clean(b) }
