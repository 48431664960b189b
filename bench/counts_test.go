package main

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write counts.json anew instead of judging by it")

// counts is what one journey costs in PostgreSQL. Commits are kept to be read: they have
// limits, not a baseline.
type counts struct{ Commits, Statements, WAL float64 }

// TestCounts judges the built program by what a journey costs, alone and in a crowd: no
// count may be a tenth above counts.json. Times are not looked at.
func TestCounts(t *testing.T) {
	t.Chdir("..")
	binary := filepath.Join(t.TempDir(), "kohomai")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./cmd/kohomai").CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	ctx := context.WithoutCancel(t.Context())
	prog, err := begin(ctx, binary)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(prog.end)
	watch, err := newWatch(ctx, prog)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { watch.close(ctx) })
	// Warm: plans are compiled, statements prepared, pages written once since the checkpoint.
	measure(t, watch, prog, 64, 256)
	got := map[string]counts{"alone": measure(t, watch, prog, 1, 200), "crowd": measure(t, watch, prog, 64, 1024)}
	if err := invariants(ctx, prog.dsn, "kohomai", productCheck); err != nil {
		t.Error(err)
	}
	t.Logf("%+v", got)
	if *update {
		raw, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("bench/counts.json", append(raw, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	raw, err := os.ReadFile("bench/counts.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]counts
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	grew := func(what string, got, limit float64) {
		if got > limit {
			t.Errorf("%s: %.3f a journey, at most %.3f are allowed", what, got, limit)
		}
	}
	alone, crowd := want["alone"], want["crowd"]
	grew("statements alone", got["alone"].Statements, 1.1*alone.Statements)
	grew("WAL bytes alone", got["alone"].WAL, 1.1*alone.WAL)
	grew("WAL bytes in a crowd", got["crowd"].WAL, 1.1*crowd.WAL)
	// How large batches get, and what else commits meanwhile, depends on the machine: these
	// are limits, not a baseline.
	grew("commits alone", got["alone"].Commits, 1.3)
	grew("commits in a crowd", got["crowd"].Commits, 0.2)
	grew("statements in a crowd", got["crowd"].Statements, 2)
}

// measure registers leads with so many callers and subtracts what goes on beside them.
func measure(t *testing.T, w *watch, p *program, callers, n int) counts {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	read := func() (reading, time.Time) {
		t.Helper()
		time.Sleep(1200 * time.Millisecond) // backends report their counts once a second
		r, err := w.read(ctx, "kohomai")
		if err != nil {
			t.Fatal(err)
		}
		return r, time.Now()
	}
	first, at := read()
	before, began := read()
	failed := make(chan error, callers)
	for range callers {
		go func() {
			var err error
			for range n / callers {
				if err = p.register(ctx, serial.Add(1)); err != nil {
					break
				}
			}
			failed <- err
		}()
	}
	for range callers {
		if err := <-failed; err != nil {
			t.Fatal(err)
		}
	}
	after, ended := read()
	beside := float64(ended.Sub(began)) / float64(began.Sub(at))
	done := float64(n / callers * callers)
	each := func(first, before, after float64) float64 { return (after - before - beside*(before-first)) / done }
	return counts{
		Commits: each(first.commits, before.commits, after.commits), Statements: each(first.statements, before.statements, after.statements),
		WAL: each(first.wal, before.wal, after.wal),
	}
}
