package browsertest

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// axe-core looks for what keeps people from using a page.
const (
	axeVersion = "4.14.1"
	axeDigest  = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c" // SHA-256 of axe.min.js
)

// Violation is a rule of axe-core that a page breaks, and where.
type Violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// Violations has axe-core look at the page as it stands.
func (p *Page) Violations() []Violation {
	p.t.Helper()
	script, err := axe()
	if err != nil {
		p.t.Fatalf("getting axe-core: %v", err)
	}
	if !Value[bool](p, `typeof axe !== "undefined"`) {
		p.Do(chromedp.Evaluate[chromedp.Void](script))
	}
	return Value[[]Violation](p, `axe.run().then(found => found.violations.map(one =>
		({id: one.id, help: one.help, nodes: one.nodes.slice(0, 5).map(node => ({html: node.html.slice(0, 300), failureSummary: node.failureSummary}))})))`)
}

// Report fails the test by violations.
func Report(t testing.TB, found []Violation) {
	t.Helper()
	for _, one := range found {
		t.Errorf("axe: %s: %s", one.ID, one.Help)
		for _, node := range one.Nodes {
			t.Logf("%s\n%s", node.HTML, node.Summary)
		}
	}
}

// axe returns the script, from the user's cache, else from npm.
var axe = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(cache, "countersign", "axe-core-"+axeVersion+".js")
	script, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		script, err = fetchAxe(path)
	}
	if err != nil {
		return "", err
	}
	if sum := sha256.Sum256(script); hex.EncodeToString(sum[:]) != axeDigest {
		return "", fmt.Errorf("%s is not axe-core %s: remove it", path, axeVersion)
	}
	return string(script), nil
})

// fetchAxe has npm get the package, and keeps the script of it.
func fetchAxe(path string) ([]byte, error) {
	folder, err := os.MkdirTemp("", "axe-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }() // a temporary one
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "npm", "pack", "--silent", "--pack-destination", folder, "axe-core@"+axeVersion)
	command.Dir = folder
	if said, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", command, err, said)
	}
	script, err := member(filepath.Join(folder, "axe-core-"+axeVersion+".tgz"), "package/axe.min.js")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	kept, err := os.CreateTemp(filepath.Dir(path), "axe-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(kept.Name()) }() // it is gone once it was renamed
	_, err = kept.Write(script)
	if err = errors.Join(err, kept.Close()); err != nil {
		return nil, err
	}
	return script, os.Rename(kept.Name(), path)
}

// member reads a file of an archive.
func member(archive, name string) ([]byte, error) {
	file, err := os.Open(archive)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	for reader := tar.NewReader(unpacked); ; {
		header, err := reader.Next()
		if err != nil {
			return nil, fmt.Errorf("looking for %s: %w", name, err)
		}
		if header.Name == name {
			return io.ReadAll(reader)
		}
	}
}
