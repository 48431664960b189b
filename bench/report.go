package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// results are all that was measured.
type results struct {
	hand, product  []turn
	bareCalm, calm latency
	bareHalf, half latency
}

// middle is the turn of median rate.
func (r *results) middle(turns []turn) turn {
	sorted := slices.SortedFunc(slices.Values(turns), func(a, b turn) int { return cmp.Compare(a.rate, b.rate) })
	return sorted[len(sorted)/2]
}

// text is one table with ratios, then one line for each goal.
func (r *results) text() string {
	var b strings.Builder
	hand, product := r.middle(r.hand), r.middle(r.product)
	fmt.Fprintf(&b, "%-28s %10s %8s %10s %10s %22s\n", "at saturation", "journeys/s", "WAL each", "commits", "statements", "CPU µs: client+server+PG")
	for _, side := range []struct {
		name string
		turn turn
	}{{"hand-written, same batch", hand}, {"product, HTTP API", product}} {
		t := side.turn
		fmt.Fprintf(&b, "%-28s %10.0f %8.0f %10.3f %10.3f %10d + %d + %d\n", side.name, t.rate, t.wal, t.commits, t.statements,
			t.client.Microseconds(), t.server.Microseconds(), t.backend.Microseconds())
	}
	fmt.Fprintf(&b, "%-28s %10.2f %8.2f\n", "ratio", product.rate/hand.rate, product.wal/hand.wal)
	goal := func(name string, value, limit float64, atLeast bool) {
		verdict := "met"
		if value > limit != atLeast && value != limit {
			verdict = "NOT met"
		}
		fmt.Fprintf(&b, "%s %.2f (goal %.2f) %s\n", name, value, limit, verdict)
	}
	if len(r.calm.took) > 0 {
		fmt.Fprintf(&b, "%-28s %12s %12s %12s\n", "open loop, ms", "median", "90th", "99th")
		for _, side := range []struct {
			name string
			l    *latency
		}{{"bare commit, 10/s", &r.bareCalm}, {"acknowledgement, 10/s", &r.calm}, {"bare commit, half", &r.bareHalf}, {"acknowledgement, half", &r.half}} {
			fmt.Fprintf(&b, "%-28s %12.2f %12.2f %12.2f\n", side.name, ms(side.l.at(.5)), ms(side.l.at(.9)), ms(side.l.at(.99)))
		}
	}
	goal("P1", product.rate/hand.rate, 0.5, true)
	goal("P1 WAL", product.wal/hand.wal, 1.3, false)
	goal("P1 commits", product.commits, 0.05, false)
	if len(r.calm.took) > 0 {
		goal("P3 at 10/s", ms(r.calm.at(.5))/ms(r.bareCalm.at(.5)), 2.5, false)
		goal("P3 at half, median ms", ms(r.half.at(.5)), 15*ms(r.bareHalf.at(.5))/0.7, false)
		goal("P3 at half, 99th / median", ms(r.half.at(.99))/ms(r.half.at(.5)), 4, false)
	}
	return b.String()
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// keep appends a result to the record.
func keep(ctx context.Context, path, machine, text string) error {
	commit, err := exec.CommandContext(ctx, "git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return fmt.Errorf("asking for the commit: %w", err)
	}
	if machine == "" {
		machine = fmt.Sprintf("%d cores, %s/%s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0) // #nosec G304 -- the caller's own file
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "\n### %s, commit %s\n\n%s\n\n```\n%s```\n", time.Now().UTC().Format(time.DateOnly),
		strings.TrimSpace(string(commit)), machine, text)
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}
