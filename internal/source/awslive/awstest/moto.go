// Package awstest gives tests an AWS to talk to: a moto server, which plays
// IAM, STS and Organizations, and in front of it a proxy of our own that plays
// what moto does not (proxy.go). It serves tests only.
package awstest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// wanted is the release of moto that the tests were written against.
const wanted = "moto[server]==5.2.*"

// serve starts moto on a free port of the loopback interface and ends with its
// standard input, so that no server outlives the test that started it, however
// that ends.
const serve = `
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.server import main
main(["-H", "127.0.0.1", "-p", "0"])
`

var moto struct {
	once  sync.Once
	url   string
	err   error
	stdin io.Closer
}

// Moto returns the URL of the test binary's moto server and starts it first if
// need be. Tests that run side by side share it, each with accounts of its own.
// A server that cannot be had fails the test.
func Moto(t testing.TB) string {
	t.Helper()
	moto.once.Do(func() { moto.url, moto.err = start() })
	if moto.err != nil {
		t.Fatalf("starting moto: %v", moto.err)
	}
	return moto.url
}

func start() (url string, err error) {
	python, err := interpreter()
	if err != nil {
		return "", err
	}
	command := exec.Command(python, "-c", serve)
	stdin, err := command.StdinPipe()
	if err != nil {
		return "", err
	}
	stderr, err := command.StderrPipe()
	if err != nil {
		return "", err
	}
	if err := command.Start(); err != nil {
		return "", err
	}
	moto.stdin = stdin // held open for as long as the test binary runs
	said := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			if _, url, ok := strings.Cut(lines.Text(), "Running on "); ok {
				said <- strings.TrimSpace(url)
			}
		}
	}()
	select {
	case url = <-said:
		return url, nil
	case <-time.After(time.Minute):
		return "", fmt.Errorf("it did not say within a minute where it runs")
	}
}

// interpreter returns a Python that has moto: the one on the path, or one of a
// virtual environment in the user's cache, which is made where it is missing.
func interpreter() (string, error) {
	if hasMoto("python3") {
		return "python3", nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "countersign", "moto-5.2")
	python := filepath.Join(folder, "bin", "python3")
	if runtime.GOOS == "windows" {
		python = filepath.Join(folder, "Scripts", "python.exe")
	}
	unlock, err := lock(folder + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if hasMoto(python) {
		return python, nil
	}
	for _, command := range [][]string{
		{"python3", "-m", "venv", folder},
		{python, "-m", "pip", "install", "--quiet", wanted},
	} {
		if said, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, said)
		}
	}
	return python, nil
}

func hasMoto(python string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return exec.CommandContext(ctx, python, "-c", "import moto.server").Run() == nil
}

// lock keeps two test binaries from making the environment at once. A lock
// that is older than any installation takes is not minded.
func lock(path string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	const longest = 5 * time.Minute
	for {
		if err := os.Mkdir(path, 0o755); err == nil {
			return func() { _ = os.Remove(path) }, nil
		} else if !os.IsExist(err) {
			return nil, err
		}
		if held, err := os.Stat(path); err == nil && time.Since(held.ModTime()) > longest {
			_ = os.Remove(path)
		}
		time.Sleep(200 * time.Millisecond)
	}
}
