package terraform

import (
	"context"
	"fmt"
	"testing"
	"testing/fstest"

	"countersign/internal/role"
	"countersign/trust"
)

// read reads a root module of files in memory.
func read(t testing.TB, files map[string]string, dir string, options Options) (roles []*role.Role, incomplete []Incomplete) {
	t.Helper()
	held := fstest.MapFS{}
	for name, text := range files {
		held[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return readFrom(t, FS(held), dir, options)
}

func readFrom(t testing.TB, files Files, dir string, options Options) (roles []*role.Role, incomplete []Incomplete) {
	t.Helper()
	err := ReadDirectory(context.Background(), files, dir, options, Output{
		Role:       func(r *role.Role) error { roles = append(roles, r); return nil },
		Incomplete: func(i Incomplete) { incomplete = append(incomplete, i) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return roles, incomplete
}

const ownNumber = "111122223333"

// verdict judges a role of the account 111122223333.
func verdict(r *role.Role) trust.Verdict {
	if r.Trust.Err != nil {
		return trust.Verdict{Outcome: trust.Broken, Problem: r.Trust.Err.Error()}
	}
	policy, err := trust.Parse(*r.Trust.Tree)
	if err != nil {
		return trust.Verdict{Outcome: trust.Broken, Problem: err.Error()}
	}
	return trust.Decide(policy, trust.Question{Subject: trust.Subject{Account: r.Account, Partition: "aws"}})
}

// line is a role with its verdict.
func line(r *role.Role) string {
	v := verdict(r)
	out := fmt.Sprintf("%s:%d %s %s", r.Source.Path, r.Source.Line, r.Source.Address, v.Outcome)
	if v.Outcome == trust.Undecided {
		out += fmt.Sprint(" ", v.DependsOn)
	}
	if v.Outcome == trust.Broken {
		out += " " + v.Problem
	}
	if r.DefaultAssumed {
		out += " default"
	}
	return out
}
