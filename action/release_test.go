//go:build unix

package action

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
)

// releases plays as much of GitHub's API as a release is read with: written by
// hand from "REST API endpoints for releases" and "... for release assets".
func releases(t *testing.T, assets map[string][]byte) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Header.Get("Authorization") != "Bearer secret-token" {
			http.Error(w, `{"message":"Bad credentials"}`, http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, request)
	}))
	t.Cleanup(server.Close)
	type asset struct {
		Name string `json:"name"`
		URL  string `json:"url"`
	}
	var listed []asset
	for name, content := range assets {
		path := fmt.Sprintf("/repos/example/countersign/releases/assets/%d", len(listed)+1)
		listed = append(listed, asset{name, server.URL + path})
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, request *http.Request) {
			if request.Header.Get("Accept") != "application/octet-stream" {
				http.Error(w, "{}", http.StatusNotAcceptable)
				return
			}
			_, _ = w.Write(content)
		})
	}
	mux.HandleFunc("GET /repos/example/countersign/releases/tags/v1.2.3", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"tag_name": "v1.2.3", "assets": listed})
	})
	return server
}

// archive packs the test binary as a release does.
func archive(t *testing.T) (name string, content []byte) {
	t.Helper()
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	zipped, _ := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	tarred := tar.NewWriter(zipped)
	for name, content := range map[string][]byte{"LICENSE": []byte("text"), "countersign": program} {
		if err := tarred.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := tarred.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := tarred.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("countersign_1.2.3_%s_%s.tar.gz", runtime.GOOS, runtime.GOARCH), packed.Bytes()
}

func TestAReleaseIsTakenOnlyWithItsChecksum(t *testing.T) {
	name, content := archive(t)
	sums := fmt.Sprintf("%x  %s\n%x  other_%s\n", sha256.Sum256(content), name, sha256.Sum256(nil), name)
	tests := []struct {
		name      string
		assets    map[string][]byte
		variables map[string]string
		fault     string // empty where it works
	}{
		{"at its tag", map[string][]byte{name: content, "checksums.txt": []byte(sums)}, nil, ""},
		{
			"by its version, at a branch", map[string][]byte{name: content, "checksums.txt": []byte(sums)},
			map[string]string{"ACTION_REF": "main", "INPUT_VERSION": "v1.2.3"}, "",
		},
		{"another archive", map[string][]byte{name: append(bytes.Clone(content), 0), "checksums.txt": []byte(sums)}, nil, "does not have the checksum"},
		{"a sum of another file", map[string][]byte{name: content, "checksums.txt": []byte(strings.ReplaceAll(sums, "  count", "  x-count"))}, nil, "checksums.txt of release v1.2.3 has no line for"},
		{"no sums", map[string][]byte{name: content}, nil, "release v1.2.3 of example/countersign has no checksums.txt"},
		{"no archive", map[string][]byte{"checksums.txt": []byte(sums)}, nil, "has no " + name},
		{"a release that is not there", nil, map[string]string{"INPUT_VERSION": "v1.2.4"}, "release v1.2.4 of example/countersign cannot be read"},
		{"a version that is none", nil, map[string]string{"INPUT_VERSION": "../../x"}, "version: ../../x is not like v1.2.3"},
		{"a version in a checkout", nil, map[string]string{"INPUT_VERSION": "v1.2.3", "ACTION_REPOSITORY": ""}, "used from a checkout"},
		{"a wrong token", nil, map[string]string{"TOKEN": "another-token"}, "cannot be read"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRunner(t)
			r.variables["GITHUB_API_URL"] = releases(t, test.assets).URL
			r.variables["ACTION_REPOSITORY"], r.variables["ACTION_REF"] = "example/countersign", "v1.2.3"
			for variable, value := range test.variables {
				r.variables[variable] = value
			}
			log, code := r.run("install")
			if test.fault == "" {
				if code != 0 {
					t.Fatalf("exit code %d:\n%s", code, log)
				}
				r.tryProgram()
				return
			}
			if code == 0 || !strings.Contains(log, "::error title=countersign::") || !strings.Contains(log, test.fault) {
				t.Errorf("exit code %d, no %q in\n%s", code, test.fault, log)
			}
			if path := r.read(r.variables["GITHUB_PATH"]); path != "" {
				t.Errorf("the path gets %q all the same", path)
			}
		})
	}
}
