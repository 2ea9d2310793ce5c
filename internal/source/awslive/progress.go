package awslive

import "sync/atomic"

// Progress is how far a run has come.
type Progress struct {
	// Accounts is the number of accounts to read, 0 while it is not known.
	Accounts     int
	AccountsDone int
	Roles        int // read so far
	Calls        int // made so far, repeated ones included
	Throttled    int // how many of them AWS throttled
}

// meter counts; the zero value is ready.
type meter struct {
	accounts, accountsDone, roles, calls, throttled atomic.Int64
}

// Progress returns the present state. It may be called at any time, from any
// goroutine.
func (s *Session) Progress() Progress {
	return Progress{
		Accounts:     int(s.meter.accounts.Load()),
		AccountsDone: int(s.meter.accountsDone.Load()),
		Roles:        int(s.meter.roles.Load()),
		Calls:        int(s.meter.calls.Load()),
		Throttled:    int(s.meter.throttled.Load()),
	}
}
