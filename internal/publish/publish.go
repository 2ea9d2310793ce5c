// Package publish brings the findings of an audit to AWS Security Hub, and puts
// away there what is resolved since.
package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"countersign/internal/audit"
	"countersign/internal/report"
	"countersign/internal/rule"
	"countersign/internal/source/awslive"
	"countersign/trust"
)

// mostHeld is how many bytes of findings wait to be sent, of all accounts.
const mostHeld = 16 << 20

// concurrency is the number of accounts that are written to at a time.
const concurrency = 8

// Publisher takes the findings of one audit, those that pass included, and
// sends those that need attention to the Security Hub of the role's account.
// It implements audit.Sink; what goes wrong is told by Close.
type Publisher struct {
	ctx      context.Context // of the whole run
	session  *awslive.Session
	options  report.Options
	accounts map[string]*account
	held     int // bytes
	nowhere  int // findings of roles whose account is not known
}

// Outcome is what became of the findings.
type Outcome struct {
	Published, Archived int
	// Kept is set where nothing was archived because the audit does not know
	// the whole of any account.
	Kept bool
	Gaps []audit.Incomplete
}

// New makes a publisher that writes findings as the options say.
func New(ctx context.Context, session *awslive.Session, options report.Options) *Publisher {
	options.Region, options.Now = session.Region(), time.Now()
	return &Publisher{ctx: ctx, session: session, options: options, accounts: map[string]*account{}}
}

// Finding implements audit.Sink. The error is that of a finding that cannot be
// spelt.
func (p *Publisher) Finding(finding *rule.Finding) error {
	id := finding.Role.KnownAccount()
	passes := finding.Verdict.Outcome == trust.Pass || finding.Verdict.Outcome == trust.NotApplicable
	if id == "" {
		if !passes {
			p.nowhere++
		}
		return nil
	}
	of := p.accounts[id]
	if of == nil {
		of = &account{id: id, sent: map[string]bool{}}
		p.accounts[id] = of
	}
	if passes {
		return nil
	}
	text, err := report.ASFF(finding, p.options)
	if err != nil {
		return fmt.Errorf("publishing the finding on %s: %w", finding.Role.Title(), err)
	}
	of.waiting = append(of.waiting, text)
	of.sent[finding.Fingerprint] = true
	if p.held += len(text); p.held > mostHeld {
		p.send()
	}
	return nil
}

// send sends what waits, several accounts at a time.
func (p *Publisher) send() {
	p.each(func(of *account) { of.send(p) })
	p.held = 0
}

func (p *Publisher) each(do func(*account)) {
	var group errgroup.Group
	group.SetLimit(concurrency)
	for _, of := range p.accounts {
		group.Go(func() error { do(of); return nil })
	}
	_ = group.Wait() // each account holds its own faults
}

// Close sends the rest. With whole, which says that the audit saw all roles of
// the accounts it read, findings of ours that are open in Security Hub and were
// not found again are archived, except where something could not be read.
func (p *Publisher) Close(summary audit.Summary, whole bool) Outcome {
	p.send()
	outcome := Outcome{Kept: !whole}
	if whole && !blocked(summary, "") {
		p.each(func(of *account) {
			if !blocked(summary, of.id) {
				of.archive(p)
			}
		})
	}
	var ids []string
	for id := range p.accounts {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		of := p.accounts[id]
		of.count()
		outcome.Published += of.published
		outcome.Archived += of.archived
		outcome.Gaps = append(outcome.Gaps, of.gaps...)
	}
	if p.nowhere > 0 {
		outcome.Gaps = append(outcome.Gaps, audit.Incomplete{
			Source: "Security Hub", Reason: findings(p.nowhere, "") + " not published: the account of the role is not known",
			Hint: "say which account they belong to: --account",
		})
	}
	return outcome
}

// blocked reports whether something of an account could not be read; with no
// account, something that may be of any.
func blocked(summary audit.Summary, account string) bool {
	return slices.ContainsFunc(summary.Incomplete, func(one audit.Incomplete) bool { return one.Account == account })
}

// account is what is sent to one account.
type account struct {
	id      string
	waiting []json.RawMessage
	sent    map[string]bool // by fingerprint

	once sync.Once
	hub  *awslive.Hub          // nil where it cannot be reached
	open []awslive.OpenFinding // before this run

	published, archived, refused, unsent int
	gaps                                 []audit.Incomplete
}

// ready opens the account's Security Hub, and reads what is open there.
func (a *account) ready(p *Publisher) bool {
	a.once.Do(func() {
		hub, err := p.session.Hub(p.ctx, a.id)
		var open []awslive.OpenFinding
		if err == nil {
			open, err = hub.Open(p.ctx, report.ASFFGenerator)
		}
		if err != nil {
			a.fail(err)
			return
		}
		a.hub, a.open = hub, open
	})
	return a.hub != nil
}

// send sends what waits in as few calls as may be. After a call that fails for
// good no other is made to the account.
func (a *account) send(p *Publisher) {
	waiting := a.waiting
	a.waiting = nil
	if len(waiting) == 0 {
		return
	}
	ready := a.ready(p)
	for batch := range batches(waiting) {
		if !ready {
			a.unsent += len(batch)
			continue
		}
		refused, err := a.hub.Import(p.ctx, batch)
		if err != nil {
			a.fail(err)
			a.hub, ready = nil, false
			a.unsent += len(batch)
			continue
		}
		a.published += len(batch) - len(refused)
		a.refuse(refused)
	}
}

// batches cuts documents into what one call takes.
func batches(documents []json.RawMessage) iter.Seq[[]json.RawMessage] {
	return func(yield func([]json.RawMessage) bool) {
		const envelope = 1 << 10 // what the call has around them
		var batch []json.RawMessage
		size := envelope
		for _, one := range documents {
			if len(batch) == awslive.HubBatch || len(batch) > 0 && size+len(one)+1 > awslive.HubBatchBytes {
				if !yield(batch) {
					return
				}
				batch, size = nil, envelope
			}
			batch, size = append(batch, one), size+len(one)+1
		}
		if len(batch) > 0 {
			yield(batch)
		}
	}
}

// archive puts away what is open and was not found again. A finding on a file
// is another scan's, and stays.
func (a *account) archive(p *Publisher) {
	if !a.ready(p) {
		return
	}
	var ids []string
	for _, one := range a.open {
		if !a.sent[one.ID] && strings.Contains(one.Resource, ":iam::"+a.id+":role/") {
			ids = append(ids, one.ID)
		}
	}
	slices.Sort(ids)
	archived, refused, err := a.hub.Archive(p.ctx, report.ASFFGenerator, ids, p.options.Now)
	a.archived += archived
	a.refuse(refused)
	if err != nil {
		a.fail(err)
	}
}

// mostRefused is how many refusals are told one by one, of an account.
const mostRefused = 5

func (a *account) refuse(refused []awslive.Refusal) {
	for _, one := range refused {
		if a.refused++; a.refused <= mostRefused {
			a.gap("finding " + one.ID + " was refused: " + one.Reason)
		}
	}
}

// count tells how many findings are not named one by one.
func (a *account) count() {
	if more := a.refused - mostRefused; more > 0 {
		a.gap(findings(more, "more ") + " refused")
	}
	if a.unsent > 0 {
		a.gap(findings(a.unsent, "") + " not published")
	}
}

func (a *account) gap(reason string) {
	a.gaps = append(a.gaps, audit.Incomplete{Source: importing, Account: a.id, Reason: reason})
}

const importing = "securityhub:BatchImportFindings"

func (a *account) fail(err error) {
	gap := audit.Incomplete{Source: "Security Hub", Account: a.id, Reason: err.Error()}
	var fault *awslive.Fault
	if errors.As(err, &fault) {
		gap.Source, gap.Hint = fault.Operation, fault.Hint()
	}
	a.gaps = append(a.gaps, gap)
}

func findings(n int, more string) string {
	if n == 1 {
		return "1 " + more + "finding was"
	}
	return fmt.Sprintf("%d %sfindings were", n, more)
}
