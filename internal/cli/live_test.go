package cli

import (
	"testing"

	"countersign/internal/source/awslive"
)

func TestLiveStateSaysHowFarARunHasCome(t *testing.T) {
	for _, test := range []struct {
		name     string
		progress awslive.Progress
		want     string
	}{
		{"one account", awslive.Progress{Accounts: 1, Roles: 1500}, "1500 roles · 150 roles/s"},
		{"none of many accounts done", awslive.Progress{Accounts: 40, Roles: 20}, "0 of 40 accounts · 20 roles · 2 roles/s"},
		{"a quarter of the accounts", awslive.Progress{Accounts: 40, AccountsDone: 10, Roles: 500}, "10 of 40 accounts · 500 roles · 50 roles/s · about 30 s left"},
		{"all of the accounts", awslive.Progress{Accounts: 40, AccountsDone: 40, Roles: 500}, "40 of 40 accounts · 500 roles · 50 roles/s"},
		{"throttled", awslive.Progress{Accounts: 1, Roles: 0, Calls: 9, Throttled: 4}, "0 roles · 0 roles/s · AWS throttled 4 of 9 calls"},
	} {
		t.Run(test.name, func(t *testing.T) {
			state := liveState(func() awslive.Progress { return test.progress })
			if got := state(10); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
