package jobs

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
)

// sweepBatch is how many journeys are woken side by side: enough for the engine to gather
// them into few commits. recallBatch is how many stale calls are judged at a time.
const (
	sweepBatch  = 256
	recallBatch = 500
)

// Sweep wakes the journeys that are due by now. One that cannot be woken is due again
// half a minute later.
func (j *Jobs) Sweep(ctx context.Context) error {
	for {
		due, err := j.o.Sweeper.Due(ctx, sweepBatch)
		if err != nil || len(due) == 0 {
			return err
		}
		var ticks sync.WaitGroup
		for _, w := range due {
			ticks.Go(func() {
				err := j.engine.Tick(actor.Systemic(ctx, w.Workspace), w.Journey)
				if err != nil && ctx.Err() == nil && !fault.Is(err, fault.NotFound) {
					j.o.Log.WarnContext(ctx, "a journey could not be woken", "journey", w.Journey, "error", err)
				}
			})
		}
		ticks.Wait()
		if len(due) < sweepBatch {
			return nil
		}
	}
}

// Recall enqueues open calls again that have no live job. None should exist, for a job
// and its cause commit together: this is for jobs that were deleted by hand or restored
// from another moment than the journeys. A call made twice bears the same key, and only
// its first outcome is accepted.
func (j *Jobs) Recall(ctx context.Context) error {
	stale, err := j.o.Sweeper.Stale(ctx, recallBatch)
	if err != nil || len(stale) == 0 {
		return err
	}
	live, err := j.live(ctx, stale)
	if err != nil {
		return err
	}
	var items []job.Item
	for _, s := range stale {
		for _, p := range s.Pairs {
			if live[call{p.Run, p.Call}] {
				continue
			}
			one := engine.CallJob{Workspace: s.Workspace, Connector: s.Connector, Pairs: []engine.Pair{p}}
			// Two nodes may look at the same moment.
			unique := fmt.Sprintf("recall/%d/%d/%d", s.Workspace, p.Run, p.Call)
			items = append(items, job.Item{Job: one, Options: job.Options{Unique: unique}})
		}
	}
	if len(items) == 0 {
		return nil
	}
	params, err := j.params(items)
	if err != nil {
		return err
	}
	if _, err := j.client.InsertMany(ctx, params); err != nil {
		return fmt.Errorf("enqueuing %d calls again: %w", len(items), err)
	}
	j.o.Log.WarnContext(ctx, "open calls had no job and were enqueued again", "calls", len(items))
	return nil
}

// call names a call of a run; ids of runs are unique in the installation.
type call struct {
	run    ident.Run
	number int
}

// live tells which of the calls have an unfinished job.
func (j *Jobs) live(ctx context.Context, stale []engine.CallJob) (map[call]bool, error) {
	var runs []int64
	for _, s := range stale {
		for _, p := range s.Pairs {
			runs = append(runs, int64(p.Run))
		}
	}
	table := pgx.Identifier{"river_job"}
	if j.o.Schema != "" {
		table = pgx.Identifier{j.o.Schema, "river_job"}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	// #nosec G202 -- the schema is our own setting, quoted
	rows, err := j.o.DB.QueryContext(ctx, `
		SELECT (pair->>'Run')::bigint, (pair->>'Call')::int
		FROM `+table.Sanitize()+` CROSS JOIN LATERAL jsonb_array_elements(args->'Job'->'Pairs') AS pair
		WHERE kind = $1 AND state IN ('available', 'pending', 'retryable', 'running', 'scheduled')
			AND (pair->>'Run')::bigint = ANY($2)`, engine.CallJob{}.Kind(), runs)
	if err != nil {
		return nil, fmt.Errorf("looking for the jobs of calls: %w", err)
	}
	defer func() { _ = rows.Close() }()
	live := map[call]bool{}
	for rows.Next() {
		var c call
		if err := rows.Scan(&c.run, &c.number); err != nil {
			return nil, fmt.Errorf("reading the jobs of calls: %w", err)
		}
		live[c] = true
	}
	return live, rows.Err()
}
