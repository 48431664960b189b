package pg

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Figures counts what operators watch, over all workspaces.
type Figures struct {
	db  *DB
	now func() time.Time

	mu      sync.Mutex
	samples []sample
}

// sample is the first transaction id that was not given out yet at a moment.
type sample struct {
	at   time.Time
	xmax uint64
}

// mostSamples bounds what is remembered: at one a five seconds, a transaction older than
// two hours shows as two hours old.
const mostSamples = 1440

// NewFigures makes the counter.
func NewFigures(db *DB, now func() time.Time) *Figures { return &Figures{db: db, now: now} }

// Count returns the unfinished jobs of a queue by state, the journeys whose moment has
// come, and the open calls.
func (f *Figures) Count(ctx context.Context, queueSchema string) (jobs map[string]int64, due, calls int64, err error) {
	jobs = map[string]int64{}
	// #nosec G202 -- the schema is our own constant
	rows, err := f.db.sql.QueryContext(ctx, `SELECT state::text, count(*) FROM `+queueSchema+`.river_job
		WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled', 'discarded') GROUP BY state`)
	if err != nil {
		return nil, 0, 0, fmt.Errorf("counting jobs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for _, state := range []string{"available", "pending", "retryable", "running", "scheduled", "discarded"} {
		jobs[state] = 0
	}
	for rows.Next() {
		var state string
		var n int64
		if err := rows.Scan(&state, &n); err != nil {
			return nil, 0, 0, fmt.Errorf("counting jobs: %w", err)
		}
		jobs[state] = n
	}
	if err := rows.Err(); err != nil {
		return nil, 0, 0, fmt.Errorf("counting jobs: %w", err)
	}
	if err := f.db.sql.QueryRowContext(ctx, "SELECT due, calls FROM kohomai.standing_figures()").Scan(&due, &calls); err != nil {
		return nil, 0, 0, fmt.Errorf("counting journeys: %w", err)
	}
	return jobs, due, calls, nil
}

// Horizon returns how long the oldest transaction has kept events from their readers: they
// read below the oldest transaction that still runs. A serving role may not see when
// others began, so the age comes from samples: it is the time since the newest sample all
// of whose transactions have ended, exact to the interval between calls.
func (f *Figures) Horizon(ctx context.Context) (time.Duration, error) {
	at := f.now()
	var xmin, xmax uint64
	err := f.db.sql.QueryRowContext(ctx, `SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint
		FROM pg_current_snapshot() AS s`).Scan(&xmin, &xmax)
	if err != nil {
		return 0, fmt.Errorf("reading the event horizon: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.samples = append(f.samples, sample{at: at, xmax: xmax})
	if len(f.samples) > mostSamples {
		f.samples = f.samples[len(f.samples)-mostSamples:]
	}
	// What ended before the horizon is of no use but its newest.
	for len(f.samples) > 1 && f.samples[1].xmax <= xmin {
		f.samples = f.samples[1:]
	}
	if f.samples[0].xmax > xmin && len(f.samples) == 1 {
		return 0, nil // nothing to compare with yet
	}
	return at.Sub(f.samples[0].at), nil
}
