package staged

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"maps"
	"path/filepath"
	"slices"

	"countersign/internal/audit"
	"countersign/internal/role"
	"countersign/trust"
)

// past is what the current commit has, as digests: never roles.
type past struct {
	roles  map[digest]bool
	faults map[fault]bool
}

type digest [sha256.Size]byte

// fault is something that could not be read.
type fault struct{ path, reason string }

func newPast() *past { return &past{map[digest]bool{}, map[fault]bool{}} }

func (p *past) add(item audit.Item) error {
	if found, err := item.Role(); err == nil {
		p.roles[digestOf(found, found.Source.FromRoot)] = true
	}
	if used, ok := item.(audit.Releaser); ok {
		used.Release()
	}
	return nil
}

func (p *past) miss(what audit.Incomplete) {
	p.faults[fault{filepath.ToSlash(what.Source), what.Reason}] = true
}

// has reports whether a role was the same, at the path that its file had.
func (p *past) has(found *role.Role, before string) bool {
	return p.roles[digestOf(found, before)]
}

// digestOf is equal for roles that are called the same, at the same path, with
// the same trust policy, wherever in the file they stand.
func digestOf(found *role.Role, path string) digest {
	d := digester{sha256.New()}
	for _, text := range []string{path, found.Source.Address, found.ARN, found.Name, found.Account, found.Partition} {
		d.text(text)
	}
	found.Complete()
	d.number(len(found.Tags))
	for _, name := range slices.Sorted(maps.Keys(found.Tags)) {
		d.text(name)
		d.text(found.Tags[name])
	}
	if err := found.Trust.Err; err != nil {
		d.text(err.Error())
	}
	d.text(string(found.Trust.JSON))
	if found.Trust.Tree != nil {
		d.value(found.Trust.Tree)
	}
	return digest(d.Sum(nil))
}

// digester writes what has an end of its own, so that no two roles are spelt
// the same.
type digester struct{ hash.Hash }

func (d digester) number(n int) {
	var buffer [binary.MaxVarintLen64]byte
	d.Write(binary.AppendVarint(buffer[:0], int64(n)))
}

func (d digester) text(text string) {
	d.number(len(text))
	d.Write([]byte(text))
}

func (d digester) value(v *trust.Value) {
	d.number(int(v.Kind))
	d.text(v.Text)
	d.text(v.On)
	d.number(len(v.Parts))
	for _, part := range v.Parts {
		d.text(part.Text)
		d.text(part.On)
	}
	d.number(len(v.Items))
	for i := range v.Items {
		d.value(&v.Items[i])
	}
	d.number(len(v.Members))
	for i := range v.Members {
		d.value(&v.Members[i].Key)
		d.value(&v.Members[i].Value)
	}
}
