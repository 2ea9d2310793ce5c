// Package browsertest opens pages in a browser: in Chromium, or in one that is
// made of it. It serves tests only. A browser that cannot be had fails the test.
package browsertest

import (
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// names are those under which the browser is installed: on Debian, by Google
// and by Microsoft, on three systems.
var names = []string{
	"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	`C:\Program Files\Google\Chrome\Application\chrome.exe`,
	`C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`,
}

// longest is how long a page may take for everything that a test asks of it.
const longest = 2 * time.Minute

// Page is an open page.
type Page struct {
	t   testing.TB
	ctx context.Context
	url string

	mu     sync.Mutex
	faults []string
}

// Open opens a file in a browser of its own, which ends with the test.
func Open(t testing.TB, file string) *Page {
	t.Helper()
	path := ""
	for _, name := range names {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Fatal("there is no Chromium: on Debian it comes with apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.WindowSize(1280, 900), chromedp.WSURLReadTimeout(time.Minute),
	)
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	page := &Page{t: t}
	page.ctx, _ = chromedp.NewContext(ctx, chromedp.WithListener(page.note))
	t.Cleanup(func() { _ = chromedp.Cancel(page.ctx) })
	absolute, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	page.url = (&url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(absolute), "/")}).String()
	Call(page, network.Enable, network.EnableParams{})
	page.Do(chromedp.Navigate(page.url))
	return page
}

// note writes down what a page asks for, and what goes wrong in it.
func (p *Page) note(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		if asked := event.Request.URL; asked != p.url {
			p.faults = append(p.faults, "it asks for "+asked)
		}
	case *runtime.EventExceptionThrown:
		p.faults = append(p.faults, fmt.Sprintf("it throws %+v", event.ExceptionDetails))
	case *log.EventEntryAdded:
		p.faults = append(p.faults, fmt.Sprintf("the browser says %s (%s)", event.Entry.Text, event.Entry.Source))
	}
}

// Faults lists what the page asked for beside itself, and what went wrong in it.
func (p *Page) Faults() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.faults)
}

// Do does one thing after another.
func (p *Page) Do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// Get does something that has a result.
func Get[T any](p *Page, action chromedp.Action[T]) T {
	p.t.Helper()
	result, err := chromedp.Run(p.ctx, action)
	if err != nil {
		p.t.Fatal(err)
	}
	return result
}

// Call sends a command of the protocol.
func Call[P, R any](p *Page, command cdp.Command[P, R], parameters P) R {
	p.t.Helper()
	result, err := chromedp.Call(p.ctx, command, parameters)
	if err != nil {
		p.t.Fatal(err)
	}
	return result
}

// Value is what a JavaScript expression comes to; of a promise, what it yields.
func Value[T any](p *Page, expression string) T {
	p.t.Helper()
	return Get(p, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Prefer sets features of the reader's system, such as prefers-color-scheme, or
// the medium.
func (p *Page) Prefer(medium string, features ...string) {
	p.t.Helper()
	asked := emulation.SetEmulatedMediaParams{Media: medium}
	for i := 0; i < len(features); i += 2 {
		asked.Features = append(asked.Features, &emulation.MediaFeature{Name: features[i], Value: features[i+1]})
	}
	Call(p, emulation.SetEmulatedMedia, asked)
}

// in has what is called fail another test than the one that opened the page.
func (p *Page) in(t testing.TB, call func()) {
	opener := p.t
	p.t = t
	defer func() { p.t = opener }()
	call()
}
