package terraform

import (
	"encoding/json"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// hclRange is where a block stands, as an hcl range.
func hclRange(b *block) hcl.Range {
	return hcl.Range{Filename: b.src.name, Start: hcl.Pos{Byte: b.start}, End: hcl.Pos{Byte: b.end}}
}

// locate finds the directory that a call's source names: a local path, what
// terraform init has fetched, or our own description of a well-known module.
func (m *module) locate(b *block, body *hclsyntax.Body) (dir *directory, model bool, why string) {
	r := m.r
	attribute := body.Attributes["source"]
	if attribute == nil {
		r.faultOnce(b.src, b.start, m.named("module."+b.labels[0])+" has no source", "")
		return nil, false, "no source"
	}
	written, ok := m.scope().eval(attribute.Expr).isText()
	if !ok {
		r.faultOnce(b.src, b.start, "the source of "+m.named("module."+b.labels[0])+" is not a plain text", "")
		return nil, false, "unknown source"
	}
	if isLocal(written) {
		dir, why := m.locateLocal(b, written)
		return dir, false, why
	}
	if fetched := r.fetched(m.childKey(b)); fetched != "" {
		return r.load(fetched), false, ""
	}
	version := ""
	if attribute := body.Attributes["version"]; attribute != nil {
		version, _ = m.scope().eval(attribute.Expr).isText()
	}
	if described := r.described(written, version); described != nil {
		return described, true, ""
	}
	if m.model {
		return nil, false, "remote source"
	}
	r.faultOnce(b.src, b.start,
		"module source not available: "+m.named("module."+b.labels[0])+" comes from "+redactSource(written),
		"terraform init fetches it, and then it is read from .terraform/modules")
	return nil, false, "remote source"
}

// redactSource leaves the credentials out of a module's address.
func redactSource(written string) string {
	scheme, after, ok := strings.Cut(written, "://")
	if !ok {
		return shorten(written, 120)
	}
	host, behind, _ := strings.Cut(after, "/")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = host[at+1:]
	}
	behind, _, _ = strings.Cut(behind, "?")
	return shorten(scheme+"://"+host+"/"+behind, 120)
}

func isLocal(written string) bool {
	return strings.HasPrefix(written, "./") || strings.HasPrefix(written, "../") || written == "." || written == ".."
}

func (m *module) locateLocal(b *block, written string) (*directory, string) {
	target, inside := within(m.dir.path, written)
	if !inside {
		m.r.faultOnce(b.src, b.start, "the source of "+m.named("module."+b.labels[0])+", "+shorten(written, 120)+", lies outside the scanned directory",
			"scan the directory that holds both")
		return nil, "outside the scanned directory"
	}
	if _, err := m.r.files.List(target); err != nil {
		m.r.faultOnce(b.src, b.start, "the source of "+m.named("module."+b.labels[0])+", "+shorten(written, 120)+", cannot be read: "+err.Error(), "")
		return nil, "no directory at " + shorten(written, 80)
	}
	dir := m.r.load(target)
	if len(dir.blocks) == 0 && len(dir.locals) == 0 {
		m.r.faultOnce(b.src, b.start, "the source of "+m.named("module."+b.labels[0])+", "+shorten(written, 120)+", holds no configuration", "")
		return nil, "no configuration at " + shorten(written, 80)
	}
	return dir, ""
}

// within resolves a path below the scanned root. inside is false where it
// leaves it.
func within(dir, written string) (name string, inside bool) {
	if strings.HasPrefix(written, "/") || strings.HasPrefix(written, "~") || strings.ContainsAny(written, "\x00\\") || len(written) > 2 && written[1] == ':' {
		return "", false
	}
	name = path.Join(dir, written)
	return name, name != ".." && !strings.HasPrefix(name, "../")
}

func (m *module) childKey(b *block) string {
	if m.key == "" {
		return b.labels[0]
	}
	return m.key + "." + b.labels[0]
}

// fetched gives the directory below the scanned root to which terraform init
// has fetched a module, from its own list; empty where it has not.
func (r *reader) fetched(key string) string {
	if r.manifest == nil {
		r.manifest = map[string]string{}
		name := path.Join(r.rootDir, ".terraform/modules/modules.json")
		if raw, err := r.files.Read(name, maxChunk); err == nil {
			var list struct {
				Modules []struct{ Key, Dir string }
			}
			if json.Unmarshal(raw, &list) != nil {
				r.incomplete(name, 0, 0, "not a list of modules", "run terraform init again")
			}
			for _, one := range list.Modules {
				if dir, inside := within(r.rootDir, strings.ReplaceAll(one.Dir, "\\", "/")); inside && one.Key != "" {
					r.manifest[one.Key] = dir
				}
			}
		}
	}
	dir := r.manifest[key]
	if dir == "" {
		return ""
	}
	if names, err := r.files.List(dir); err != nil || len(names) == 0 {
		return ""
	}
	return dir
}
