// Package awstest gives tests an AWS to talk to: a moto server, which plays
// IAM, STS and Organizations, and in front of it a proxy of our own that plays
// what moto does not (proxy.go). It serves tests only.
package awstest

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
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
	python, err := Python("moto.server", wanted)
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
