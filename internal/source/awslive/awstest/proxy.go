package awstest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// AccessKey is the access key of the caller in every world; its secret may be
// anything.
const AccessKey = "AKIAIOSFODNN7EXAMPLE"

// Proxy stands in front of moto. What it adds is HAND-WRITTEN after the AWS
// API Reference, not recorded from AWS: it percent-encodes policy documents,
// pages GetAccountAuthorizationDetails, and commits the faults that a test asks
// for. It also plays CloudTrail and Account Management (trail.go).
type Proxy struct {
	URL string
	// Trail is the event history that it plays.
	Trail Trail

	world  *World
	server *httptest.Server
	fault  func(Call) Fault

	mu    sync.Mutex
	keys  map[string]string // access key → account
	calls map[string]int    // by operation and account
	good  map[string]int    // by operation
}

// Call is one call that arrives.
type Call struct {
	Operation string // "iam:ListRoles"
	Account   string // whose credentials signed it; of AssumeRole, the account to go to
	Region    string // that it was signed for
	Nth       int    // how often this operation has been called for this account, from 1
	Form      url.Values
}

// Fault is what the proxy does instead of answering soundly; it writes an
// answer or breaks the connection. Nil answers soundly.
type Fault func(w http.ResponseWriter, r *http.Request, sound func() []byte)

// Paged is the number of roles in a page of GetAccountAuthorizationDetails and
// of ListRoles, whose pages moto makes.
const Paged = 100

// NewProxy starts a proxy for a world. fault says for each call what goes
// wrong; it may be nil, and is called by several goroutines at once.
func NewProxy(t testing.TB, world *World, fault func(Call) Fault) *Proxy {
	t.Helper()
	p := &Proxy{
		world: world, fault: fault,
		keys: map[string]string{}, calls: map[string]int{}, good: map[string]int{},
	}
	p.server = httptest.NewServer(p)
	p.URL = p.server.URL
	t.Cleanup(p.server.Close)
	return p
}

// Good returns how many calls of an operation were answered soundly.
func (p *Proxy) Good(operation string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.good[operation]
}

// All returns how many calls of an operation arrived.
func (p *Proxy) All(operation string) (all int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, calls := range p.calls {
		if strings.HasPrefix(key, operation+" ") {
			all += calls
		}
	}
	return all
}

var signed = regexp.MustCompile(`Credential=([A-Z0-9]+)/\d+/([^/]+)/([a-z]+)/`)

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil } // for faults
	call, key := p.recognise(r, body)
	sound := func() []byte {
		p.mu.Lock()
		p.good[call.Operation]++
		p.mu.Unlock()
		return p.answer(r, call, key, body)
	}
	if p.fault != nil {
		if fault := p.fault(call); fault != nil {
			fault(w, r, func() []byte { return p.answer(r, call, key, body) })
			return
		}
	}
	answer := sound()
	w.Header().Set("Content-Type", contentType(call))
	if bytes.Contains(answer, []byte("<ErrorResponse")) {
		w.WriteHeader(http.StatusBadRequest)
	}
	_, _ = w.Write(answer)
}

func contentType(call Call) string {
	switch service, _, _ := strings.Cut(call.Operation, ":"); service {
	case "organizations", "cloudtrail", "account":
		return "application/x-amz-json-1.1"
	case "securityhub":
		return "application/json"
	}
	return "text/xml"
}

// recognise tells what is called, by whom.
func (p *Proxy) recognise(r *http.Request, body []byte) (call Call, key string) {
	service := ""
	if match := signed.FindStringSubmatch(r.Header.Get("Authorization")); match != nil {
		key, call.Region, service = match[1], match[2], match[3]
	}
	call.Form, _ = url.ParseQuery(string(body))
	name := call.Form.Get("Action")
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		name = target[strings.LastIndexByte(target, '.')+1:]
	}
	if service == "account" {
		name = strings.ToUpper(r.URL.Path[1:2]) + r.URL.Path[2:] // "/listRegions"
	}
	if service == "securityhub" {
		name = hubOperations[r.URL.Path]
	}
	call.Operation = service + ":" + name
	p.mu.Lock()
	defer p.mu.Unlock()
	call.Account = p.keys[key]
	if key == AccessKey {
		call.Account = p.world.Account
	}
	if name == "AssumeRole" {
		call.Account = accountOf(call.Form.Get("RoleArn"))
	}
	p.calls[call.Operation+" "+call.Account]++
	call.Nth = p.calls[call.Operation+" "+call.Account]
	return call, key
}

func accountOf(arn string) string {
	if fields := strings.Split(arn, ":"); len(fields) > 4 {
		return fields[4]
	}
	return ""
}

// answer is moto's answer, made more like that of AWS.
func (p *Proxy) answer(r *http.Request, call Call, key string, body []byte) []byte {
	switch call.Operation {
	case "cloudtrail:LookupEvents":
		return p.Trail.lookUp(call.Region, body)
	case "account:ListRegions":
		return p.Trail.listRegions()
	}
	if call.Operation == "iam:ListRoles" {
		call.Form.Set("MaxItems", strconv.Itoa(Paged))
		body = []byte(call.Form.Encode())
	}
	request, err := http.NewRequest(r.Method, p.world.moto+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return []byte(err.Error())
	}
	request.Header = r.Header.Clone()
	request.Header.Del("Content-Length")
	if key == AccessKey {
		request.Header.Set("x-moto-account-id", p.world.Account)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return []byte(err.Error())
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return []byte(err.Error())
	}
	switch call.Operation {
	case "sts:AssumeRole":
		p.learn(answer, call.Account)
	case "iam:GetAccountAuthorizationDetails":
		answer = paged(answer, call.Form.Get("Marker"))
	case "securityhub:GetFindings":
		answer = filtered(answer, body)
	}
	return encoded(answer)
}

var newKey = regexp.MustCompile(`<AccessKeyId>([A-Z0-9]+)</AccessKeyId>`)

func (p *Proxy) learn(answer []byte, account string) {
	if match := newKey.FindSubmatch(answer); match != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.keys[string(match[1])] = account
	}
}

// paged cuts moto's single page of roles into several.
func paged(answer []byte, marker string) []byte {
	var whole struct {
		Roles []struct {
			Inner string `xml:",innerxml"`
		} `xml:"GetAccountAuthorizationDetailsResult>RoleDetailList>member"`
	}
	if xml.Unmarshal(answer, &whole) != nil || len(whole.Roles) == 0 {
		return answer
	}
	begin, _ := strconv.Atoi(marker)
	end := min(begin+Paged, len(whole.Roles))
	var page strings.Builder
	page.WriteString(`<GetAccountAuthorizationDetailsResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetAccountAuthorizationDetailsResult><UserDetailList/><GroupDetailList/><RoleDetailList>`)
	for _, role := range whole.Roles[min(begin, end):end] {
		page.WriteString("<member>" + role.Inner + "</member>")
	}
	fmt.Fprintf(&page, `</RoleDetailList><Policies/><IsTruncated>%t</IsTruncated>`, end < len(whole.Roles))
	if end < len(whole.Roles) {
		fmt.Fprintf(&page, `<Marker>%d</Marker>`, end)
	}
	page.WriteString(`</GetAccountAuthorizationDetailsResult></GetAccountAuthorizationDetailsResponse>`)
	return []byte(page.String())
}

var policyElement = regexp.MustCompile(`(?s)<((?:AssumeRolePolicy|Policy|)Document)>(.*?)</`)

// encoded percent-encodes policy documents as RFC 3986 has it.
func encoded(answer []byte) []byte {
	return policyElement.ReplaceAllFunc(answer, func(element []byte) []byte {
		parts := policyElement.FindSubmatch(element)
		text := html.UnescapeString(string(parts[2]))
		if strings.HasPrefix(text, "%7B") {
			return element
		}
		escaped := strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
		return []byte("<" + string(parts[1]) + ">" + escaped + "</")
	})
}
