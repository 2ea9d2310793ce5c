package awstest

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// World is an account of moto, with the organization that it manages if it has
// one. No two worlds share an account.
type World struct {
	Account string // of the caller
	t       testing.TB
	moto    string
}

var worlds atomic.Int64

// NewWorld returns a world with an account in which nothing is.
func NewWorld(t testing.TB) *World {
	t.Helper()
	return &World{Account: fmt.Sprintf("2%011d", worlds.Add(1)), t: t, moto: Moto(t)}
}

// Role makes a role in an account of the world.
func (w *World) Role(account, path, name, policy string, tags ...string) {
	w.t.Helper()
	form := url.Values{
		"Action": {"CreateRole"}, "Version": {"2010-05-08"},
		"Path": {path}, "RoleName": {name}, "AssumeRolePolicyDocument": {policy},
	}
	for i, tag := range tags {
		key, value, _ := strings.Cut(tag, "=")
		form.Set(fmt.Sprintf("Tags.member.%d.Key", i+1), key)
		form.Set(fmt.Sprintf("Tags.member.%d.Value", i+1), value)
	}
	w.send(account, "iam", "application/x-www-form-urlencoded", "", form.Encode())
}

// Policy makes a managed policy in an account of the world and returns its ARN.
func (w *World) Policy(account, name, document string) string {
	w.t.Helper()
	w.iam(account, "CreatePolicy", "PolicyName", name, "PolicyDocument", document)
	return "arn:aws:iam::" + account + ":policy/" + name
}

// Attach attaches a managed policy to a role.
func (w *World) Attach(account, name, arn string) {
	w.t.Helper()
	w.iam(account, "AttachRolePolicy", "RoleName", name, "PolicyArn", arn)
}

// Inline makes an inline policy of a role.
func (w *World) Inline(account, name, policy, document string) {
	w.t.Helper()
	w.iam(account, "PutRolePolicy", "RoleName", name, "PolicyName", policy, "PolicyDocument", document)
}

// Bound gives a role a permissions boundary.
func (w *World) Bound(account, name, arn string) {
	w.t.Helper()
	w.iam(account, "PutRolePermissionsBoundary", "RoleName", name, "PermissionsBoundary", arn)
}

// SetTrust gives a role another trust policy.
func (w *World) SetTrust(account, name, policy string) {
	w.t.Helper()
	w.iam(account, "UpdateAssumeRolePolicy", "RoleName", name, "PolicyDocument", policy)
}

// Trust returns the trust policy that a role has now, decoded.
func (w *World) Trust(account, name string) string {
	w.t.Helper()
	_, policy := w.found(account, name)
	return policy
}

// RoleID returns the id of a role, which tells it from others of its name.
func (w *World) RoleID(account, name string) string {
	w.t.Helper()
	id, _ := w.found(account, name)
	return id
}

func (w *World) found(account, name string) (id, policy string) {
	w.t.Helper()
	answer := w.iam(account, "GetRole", "RoleName", name)
	var found struct {
		ID     string `xml:"GetRoleResult>Role>RoleId"`
		Policy string `xml:"GetRoleResult>Role>AssumeRolePolicyDocument"`
	}
	if err := xml.Unmarshal(answer, &found); err != nil {
		w.t.Fatalf("reading the role %s: %v in %s", name, err, answer)
	}
	policy, err := url.PathUnescape(found.Policy)
	if err != nil {
		w.t.Fatalf("reading the role %s: %v", name, err)
	}
	return found.ID, policy
}

// Delete deletes a role that has nothing attached.
func (w *World) Delete(account, name string) {
	w.t.Helper()
	w.iam(account, "DeleteRole", "RoleName", name)
}

// iam makes a call of IAM with its parameters, each a name and a value.
func (w *World) iam(account, action string, parameters ...string) []byte {
	w.t.Helper()
	form := url.Values{"Action": {action}, "Version": {"2010-05-08"}}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	return w.send(account, "iam", "application/x-www-form-urlencoded", "", form.Encode())
}

// Organization makes an organization of the world's account and returns its id
// and that of its root.
func (w *World) Organization() (id, root string) {
	w.t.Helper()
	var created struct{ Organization struct{ Id string } }
	w.organizations("CreateOrganization", `{"FeatureSet":"ALL"}`, &created)
	var listed struct{ Roots []struct{ Id string } }
	w.organizations("ListRoots", `{}`, &listed)
	root = listed.Roots[0].Id
	w.organizations("EnablePolicyType", quoted(`{"RootId":%q,"PolicyType":"RESOURCE_CONTROL_POLICY"}`, root), nil)
	return created.Organization.Id, root
}

// Unit makes an organizational unit and returns its id.
func (w *World) Unit(parent, name string) string {
	w.t.Helper()
	var created struct{ OrganizationalUnit struct{ Id string } }
	w.organizations("CreateOrganizationalUnit", quoted(`{"ParentId":%q,"Name":%q}`, parent, name), &created)
	return created.OrganizationalUnit.Id
}

// Member makes an account under a unit, away from the root, and returns its
// id. moto gives it a role OrganizationAccountAccessRole, as AWS does.
func (w *World) Member(root, parent, name string) string {
	w.t.Helper()
	var created struct{ CreateAccountStatus struct{ AccountId string } }
	w.organizations("CreateAccount", quoted(`{"AccountName":%q,"Email":%q}`, name, name+"@example.com"), &created)
	id := created.CreateAccountStatus.AccountId
	if parent != root {
		w.organizations("MoveAccount", quoted(`{"AccountId":%q,"SourceParentId":%q,"DestinationParentId":%q}`, id, root, parent), nil)
	}
	return id
}

// Suspend closes an account.
func (w *World) Suspend(account string) {
	w.t.Helper()
	w.organizations("CloseAccount", quoted(`{"AccountId":%q}`, account), nil)
}

// RCP makes a resource control policy, attaches it and returns its id.
func (w *World) RCP(name, content string, targets ...string) string {
	w.t.Helper()
	var created struct {
		Policy struct{ PolicySummary struct{ Id string } }
	}
	w.organizations("CreatePolicy", quoted(`{"Name":%q,"Description":"","Type":"RESOURCE_CONTROL_POLICY","Content":%q}`, name, content), &created)
	id := created.Policy.PolicySummary.Id
	for _, target := range targets {
		w.organizations("AttachPolicy", quoted(`{"PolicyId":%q,"TargetId":%q}`, id, target), nil)
	}
	return id
}

// quoted fills JSON strings in.
func quoted(format string, values ...string) string {
	texts := make([]any, len(values))
	for i, value := range values {
		text, _ := json.Marshal(value)
		texts[i] = string(text)
	}
	return fmt.Sprintf(strings.ReplaceAll(format, "%q", "%s"), texts...)
}

func (w *World) organizations(operation, body string, into any) {
	w.t.Helper()
	answer := w.send(w.Account, "organizations", "application/x-amz-json-1.1", "AWSOrganizationsV20161128."+operation, body)
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			w.t.Fatalf("%s: %v in %s", operation, err, answer)
		}
	}
}

// send makes one call to moto, past the proxy.
func (w *World) send(account, service, contentType, target, body string) []byte {
	w.t.Helper()
	return w.sendTo("", account, service, contentType, target, body)
}

func (w *World) sendTo(path, account, service, contentType, target, body string) []byte {
	w.t.Helper()
	request, err := http.NewRequest(http.MethodPost, w.moto+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("x-moto-account-id", account)
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+AccessKey+"/20260101/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature=none")
	if target != "" {
		request.Header.Set("X-Amz-Target", target)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatalf("asking moto: %v", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		w.t.Fatalf("asking moto for %s: %v, status %d: %s", target, err, response.StatusCode, answer)
	}
	return answer
}
