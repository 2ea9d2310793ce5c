package awslive

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"countersign/internal/audit"
	"countersign/internal/heap"
	"countersign/internal/rule"
	"countersign/internal/source/awslive/snapshot"
)

// latency is what the endpoint of the benchmarks waits before each answer.
const latency = 20 * time.Millisecond

// fleet is an endpoint of known latency, HAND-WRITTEN: accounts with a number
// of roles each, in pages of 1,000.
type fleet struct {
	accounts, roles int
	calls           atomic.Int64
	pages           []string // the answers of one account; all have the same
}

func newFleet(tb testing.TB, accounts, roles int) (*fleet, string) {
	f := &fleet{accounts: accounts, roles: roles}
	for from := 0; from < roles; from += pageSize {
		f.pages = append(f.pages, page(from, min(from+pageSize, roles), roles))
	}
	server := httptest.NewServer(f)
	tb.Cleanup(server.Close)
	return f, server.URL
}

func page(from, to, all int) string {
	var b strings.Builder
	b.WriteString(`<GetAccountAuthorizationDetailsResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetAccountAuthorizationDetailsResult><UserDetailList/><GroupDetailList/><Policies/><RoleDetailList>`)
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, `<member><Path>/service/</Path><RoleName>role-%[1]d</RoleName><RoleId>AROAEXAMPLE%010[1]d</RoleId><Arn>arn:aws:iam::111122223333:role/service/role-%[1]d</Arn><CreateDate>2026-01-02T03:04:05Z</CreateDate>`, i)
		fmt.Fprintf(&b, `<AssumeRolePolicyDocument>%%7B%%22Version%%22%%3A%%222012-10-17%%22%%2C%%22Statement%%22%%3A%%5B%%7B%%22Effect%%22%%3A%%22Allow%%22%%2C%%22Principal%%22%%3A%%7B%%22AWS%%22%%3A%%22arn%%3Aaws%%3Aiam%%3A%%3A%012d%%3Aroot%%22%%7D%%2C%%22Action%%22%%3A%%22sts%%3AAssumeRole%%22%%7D%%5D%%7D</AssumeRolePolicyDocument>`, 222200000000+i%50)
		b.WriteString(`<InstanceProfileList/><RolePolicyList><member><PolicyName>inline</PolicyName><PolicyDocument>` + strings.Repeat("%7B%22Action%22%3A%22s3%3AGetObject%22%7D", 12) + `</PolicyDocument></member></RolePolicyList>`)
		b.WriteString(`<AttachedManagedPolicies><member><PolicyName>ReadOnlyAccess</PolicyName><PolicyArn>arn:aws:iam::aws:policy/ReadOnlyAccess</PolicyArn></member></AttachedManagedPolicies><Tags><member><Key>team</Key><Value>payments</Value></member></Tags><RoleLastUsed><LastUsedDate>2026-10-02T03:04:05Z</LastUsedDate><Region>eu-west-1</Region></RoleLastUsed></member>`)
	}
	fmt.Fprintf(&b, `</RoleDetailList><IsTruncated>%t</IsTruncated>`, to < all)
	if to < all {
		fmt.Fprintf(&b, `<Marker>%d</Marker>`, to/pageSize)
	}
	b.WriteString(`</GetAccountAuthorizationDetailsResult></GetAccountAuthorizationDetailsResponse>`)
	return b.String()
}

// ServeHTTP implements http.Handler.
func (f *fleet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(latency)
	f.calls.Add(1)
	_ = r.ParseForm()
	switch r.Form.Get("Action") {
	case "GetCallerIdentity":
		fmt.Fprint(w, caller("arn:aws:iam::111122223333:user/auditor"))
	case "AssumeRole":
		fmt.Fprint(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`)
	default:
		at, _ := strconv.Atoi(r.Form.Get("Marker"))
		fmt.Fprint(w, f.pages[at])
	}
}

// members are the fleet as an organization. The caller's account is one of it
// where it is the only one.
func (f *fleet) members() *snapshot.Organization {
	organization := &snapshot.Organization{ID: "o-benchmark1", ManagementAccount: "111122223333"}
	if f.accounts == 1 {
		organization.Accounts = []snapshot.Account{{ID: "111122223333"}}
		return organization
	}
	for i := range f.accounts {
		organization.Accounts = append(organization.Accounts, snapshot.Account{ID: fmt.Sprintf("3%011d", i)})
	}
	return organization
}

// bare pages over the same answers with the SDK alone, at the same concurrency.
func (f *fleet) bare(tb testing.TB, session *Session, concurrency int) (roles int64) {
	var total atomic.Int64
	var next atomic.Int64
	accounts := f.members().Accounts
	var workers sync.WaitGroup
	for range min(concurrency, len(accounts)) {
		workers.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(accounts); i = next.Add(1) - 1 {
				config := session.config.Copy()
				if accounts[i].ID != session.Caller.Account {
					arn := "arn:aws:iam::" + accounts[i].ID + ":role/" + DefaultRoleName
					config.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(config), arn))
				}
				pages := iam.NewGetAccountAuthorizationDetailsPaginator(iam.NewFromConfig(config), &iam.GetAccountAuthorizationDetailsInput{
					Filter: []types.EntityType{types.EntityTypeRole}, MaxItems: aws.Int32(pageSize),
				})
				for pages.HasMorePages() {
					out, err := pages.NextPage(context.Background())
					if err != nil {
						tb.Error(err)
						return
					}
					total.Add(int64(len(out.RoleDetailList)))
				}
			}
		})
	}
	workers.Wait()
	return total.Load()
}

func none(*rule.Finding) bool { return false }

// BenchmarkLive reads and judges a fleet, and reads it with the bare SDK. ratio
// is the one time by the other, heap-MB the most that was held at any time.
func BenchmarkLive(b *testing.B) {
	const concurrency = 8
	for _, size := range []struct{ accounts, roles int }{{1, 5000}, {200, 50}, {200, 1000}} {
		b.Run(fmt.Sprintf("%dx%d", size.accounts, size.roles), func(b *testing.B) {
			f, url := newFleet(b, size.accounts, size.roles)
			session, err := openAt(url, Options{Concurrency: concurrency, tempo: &steady})
			if err != nil {
				b.Fatal(err)
			}
			want := int64(size.accounts * size.roles)
			var ours, bare []time.Duration
			var most, bareMost float64
			for b.Loop() {
				runtime.GC()
				began := time.Now()
				peak := heap.Watch()
				if roles := f.bare(b, session, concurrency); roles != want {
					b.Fatalf("the bare SDK read %d roles, want %d", roles, want)
				}
				bareMost = max(bareMost, peak())
				bare = append(bare, time.Since(began))

				f.calls.Store(0)
				runtime.GC()
				began = time.Now()
				peak = heap.Watch()
				source, err := session.Members(f.members(), nil)
				if err != nil {
					b.Fatal(err)
				}
				summary, err := audit.Run(context.Background(), []audit.Source{source}, audit.Options{Keep: none}, nil)
				most = max(most, peak())
				ours = append(ours, time.Since(began))
				if err != nil || int64(summary.Roles) != want || len(summary.Incomplete) > 0 {
					b.Fatalf("error %v, %d roles, gaps %+v", err, summary.Roles, summary.Incomplete)
				}
			}
			b.ReportMetric(median(ours).Seconds()/median(bare).Seconds(), "ratio")
			b.ReportMetric(float64(median(bare).Milliseconds()), "bare-ms")
			b.ReportMetric(float64(median(ours).Milliseconds()), "ours-ms")
			b.ReportMetric(most/1e6, "heap-MB")
			b.ReportMetric(bareMost/1e6, "bare-heap-MB")
			b.ReportMetric(float64(f.calls.Load()), "calls")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
