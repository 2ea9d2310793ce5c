//go:build unix

package action

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// remark is a comment of a pull request.
type remark struct {
	ID          int    `json:"id"`
	Body        string `json:"body"`
	Association string `json:"author_association"`
	User        struct {
		Type string `json:"type"`
	} `json:"user"`
}

// conversation plays as much of GitHub's API as comments are written with: by
// hand from "REST API endpoints for issue comments".
type conversation struct {
	remarks  []*remark
	readOnly bool // as for a pull request from a fork
}

func (c *conversation) say(kind, association, body string) {
	made := &remark{ID: 1000 + len(c.remarks), Body: body, Association: association}
	made.User.Type = kind
	c.remarks = append(c.remarks, made)
}

func (c *conversation) serve(t *testing.T) *httptest.Server {
	mux := http.NewServeMux()
	const issues = "/repos/example/infrastructure/issues"
	mux.HandleFunc("GET "+issues+"/7/comments", func(w http.ResponseWriter, request *http.Request) {
		page, _ := strconv.Atoi(request.URL.Query().Get("page"))
		size, _ := strconv.Atoi(request.URL.Query().Get("per_page"))
		from := min((page-1)*size, len(c.remarks))
		_ = json.NewEncoder(w).Encode(c.remarks[from:min(from+size, len(c.remarks))])
	})
	written := func(w http.ResponseWriter, request *http.Request) (body string, ok bool) {
		if c.readOnly {
			http.Error(w, `{"message":"Resource not accessible by integration"}`, http.StatusForbidden)
			return "", false
		}
		var sent struct{ Body string }
		if err := json.NewDecoder(request.Body).Decode(&sent); err != nil {
			t.Errorf("what is sent is no JSON: %v", err)
		}
		return sent.Body, true
	}
	mux.HandleFunc("POST "+issues+"/7/comments", func(w http.ResponseWriter, request *http.Request) {
		if body, ok := written(w, request); ok {
			c.say("Bot", "NONE", body)
			w.WriteHeader(http.StatusCreated)
		}
	})
	mux.HandleFunc("PATCH "+issues+"/comments/{id}", func(w http.ResponseWriter, request *http.Request) {
		body, ok := written(w, request)
		for _, one := range c.remarks {
			if ok && strconv.Itoa(one.ID) == request.PathValue("id") {
				one.Body = body
			}
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

// comment runs the script with the results of a scan.
func (c *conversation) comment(t *testing.T, r *runner, results string, code int) {
	t.Helper()
	path := filepath.Join(r.temporary, "countersign-comment.md")
	if err := os.WriteFile(path, []byte(results), 0o600); err != nil {
		t.Fatal(err)
	}
	r.variables["NUMBER"], r.variables["EXIT_CODE"] = "7", strconv.Itoa(code)
	if log, code := r.run("comment"); code != 0 {
		t.Errorf("exit code %d:\n%s", code, log)
	}
}

func TestAPullRequestHasOneCommentThatIsKeptUpToDate(t *testing.T) {
	const marker = "<!-- countersign checks/roles -->\n"
	talk := &conversation{}
	for i := range 150 { // more than a page
		talk.say("User", "MEMBER", fmt.Sprint("remark ", i))
	}
	talk.say("User", "NONE", marker+"all is well")
	r := newRunner(t)
	r.variables["GITHUB_API_URL"] = talk.serve(t).URL

	talk.comment(t, r, "no role fails\n", 0)
	if len(talk.remarks) != 151 {
		t.Fatal("nothing is the matter, and there is a comment")
	}
	findings := "1 role fails: \"quoted\" \\ `$(touch ran)` ü\n" + strings.Repeat("| a row |\n", 6000)
	talk.comment(t, r, findings, 1)
	if len(talk.remarks) != 152 || talk.remarks[151].Body != marker+findings {
		t.Fatalf("%d comments, the last one %.100q", len(talk.remarks), talk.remarks[len(talk.remarks)-1].Body)
	}
	talk.comment(t, r, "2 roles fail\n", 1)
	talk.comment(t, r, "no role fails\n", 0)
	if len(talk.remarks) != 152 || talk.remarks[151].Body != marker+"no role fails\n" {
		t.Errorf("%d comments, the last one %.100q", len(talk.remarks), talk.remarks[151].Body)
	}
	if talk.remarks[150].Body != marker+"all is well" {
		t.Error("a stranger's comment is taken for ours")
	}
	r.variables["GITHUB_JOB"] = "other"
	talk.comment(t, r, "1 role fails\n", 1)
	if len(talk.remarks) != 153 {
		t.Error("another job writes into the same comment")
	}
}

func TestATokenThatMayNotWriteIsAWarning(t *testing.T) {
	talk := &conversation{readOnly: true}
	r := newRunner(t)
	r.variables["GITHUB_API_URL"] = talk.serve(t).URL
	if err := os.WriteFile(filepath.Join(r.temporary, "countersign-comment.md"), []byte("1 role fails\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.variables["NUMBER"], r.variables["EXIT_CODE"] = "7", "1"
	log, code := r.run("comment")
	if code != 0 || !strings.Contains(log, "::warning title=countersign::the comment could not be written") {
		t.Errorf("exit code %d:\n%s", code, log)
	}
}

func TestWhereNothingWasJudgedThereIsNoComment(t *testing.T) {
	r := newRunner(t)
	r.variables["GITHUB_API_URL"] = "http://127.0.0.1:1"
	if log, code := r.run("comment"); code != 0 || log != "" {
		t.Errorf("exit code %d:\n%s", code, log)
	}
}
