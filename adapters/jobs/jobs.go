package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivertype"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
)

// Deadlines, as DESIGN "The engine" sets them: a call ends before its job, and a job
// whose node died is taken up again soon after.
const (
	callDeadline = 15 * time.Second
	jobTimeout   = 20 * time.Second
	rescueAfter  = 25 * time.Second
	retryAfter   = 5 * time.Second
)

// Calls reads what calls need.
type Calls interface {
	// Load must return a request for each pair whose call is current, with the pair.
	Load(ctx context.Context, pairs []engine.Pair) ([]Loaded, error)
}

// Loaded is a call ready to be made.
type Loaded struct {
	Pair    engine.Pair
	Request activity.Request
}

// Finder looks for facts outside.
type Finder interface {
	// Find must ask for the keys and return what was found; knowing nothing is no error.
	Find(ctx context.Context, lead ident.User, keys []string) (engine.Facts, error)
}

// Sweeper finds what time or a crash left behind.
type Sweeper interface {
	engine.Sweeper
	// Stale must return open calls whose job may be lost, at most n.
	Stale(ctx context.Context, n int) ([]engine.CallJob, error)
}

// Options are what the jobs need.
type Options struct {
	DB *sql.DB
	// Listener is a pool of its own for notifications.
	Listener *pgxpool.Pool
	Schema   string
	Log      *slog.Logger
	// Work is false on nodes that only insert.
	Work    bool
	Engine  *engine.Engine
	Runner  activity.Runner
	Calls   Calls
	Finder  Finder
	Sweeper Sweeper
}

// Jobs is the queue and its workers.
type Jobs struct {
	o      Options
	client *river.Client[*sql.Tx]
}

// args carries a job.Job through River: its own JSON under its own kind.
type args[T job.Job] struct{ Job T }

// Kind implements river.JobArgs.
func (args[T]) Kind() string {
	var zero T
	return zero.Kind()
}

// MarshalJSON keeps the job's own form.
func (a args[T]) MarshalJSON() ([]byte, error) { return json.Marshal(a.Job) }

// UnmarshalJSON reads it.
func (a *args[T]) UnmarshalJSON(raw []byte) error { return json.Unmarshal(raw, &a.Job) }

// New makes the queue. Engine and its like are set by Bind before Run.
func New(o Options) (*Jobs, error) {
	j := &Jobs{o: o}
	config := &river.Config{
		Schema: o.Schema, Logger: o.Log, JobTimeout: jobTimeout, RescueStuckJobsAfter: rescueAfter,
		FetchCooldown: 20 * time.Millisecond, FetchPollInterval: time.Second, MaxAttempts: 10_000,
		RetryPolicy: flat{}, CompletedJobRetentionPeriod: time.Hour, ReindexerTimeout: -1,
	}
	if o.Work {
		workers := river.NewWorkers()
		river.AddWorker(workers, &callWorker{jobs: j})
		river.AddWorker(workers, &cancelWorker{jobs: j})
		river.AddWorker(workers, &enrichWorker{jobs: j})
		config.Workers = workers
		config.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 32}}
	}
	client, err := river.NewClient(riverdatabasesql.NewWithPgxListener(o.DB, o.Listener), config)
	if err != nil {
		return nil, fmt.Errorf("making the queue: %w", err)
	}
	j.client = client
	return j, nil
}

// Bind sets what the workers call: they and the engine need each other.
func (j *Jobs) Bind(e *engine.Engine, runner activity.Runner, calls Calls, finder Finder) {
	j.o.Engine, j.o.Runner, j.o.Calls, j.o.Finder = e, runner, calls, finder
}

type flat struct{}

// NextRetry is flat: a job fails only when the database or the node does.
func (flat) NextRetry(*rivertype.JobRow) time.Time { return time.Now().Add(retryAfter) }

// Queue binds the queue to a transaction.
func (j *Jobs) Queue(tx *sql.Tx) job.Queue { return queue{j.client, tx} }

type queue struct {
	client *river.Client[*sql.Tx]
	tx     *sql.Tx
}

// Enqueue implements job.Queue.
func (q queue) Enqueue(ctx context.Context, items ...job.Item) error {
	params := make([]river.InsertManyParams, len(items))
	for i, item := range items {
		wrapped, err := wrap(item.Job)
		if err != nil {
			return err
		}
		params[i] = river.InsertManyParams{Args: wrapped, InsertOpts: &river.InsertOpts{ScheduledAt: item.Options.At}}
	}
	if _, err := q.client.InsertManyFastTx(ctx, q.tx, params); err != nil {
		return fmt.Errorf("enqueuing %d jobs: %w", len(items), err)
	}
	return nil
}

func wrap(j job.Job) (river.JobArgs, error) {
	switch j := j.(type) {
	case engine.CallJob:
		return args[engine.CallJob]{j}, nil
	case engine.CancelJob:
		return args[engine.CancelJob]{j}, nil
	case engine.EnrichJob:
		return args[engine.EnrichJob]{j}, nil
	default:
		return nil, fmt.Errorf("the job kind %q has no worker", j.Kind())
	}
}

// Run works until the context ends, then lets running jobs finish for a while.
func (j *Jobs) Run(ctx context.Context) error {
	if !j.o.Work {
		<-ctx.Done()
		return nil
	}
	if err := j.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("starting the workers: %w", err)
	}
	var loops sync.WaitGroup
	loops.Go(func() { j.every(ctx, engine.SweepEvery, j.wake) })
	loops.Go(func() { j.every(ctx, 30*time.Second, j.recall) })
	<-ctx.Done()
	loops.Wait()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), jobTimeout)
	defer cancel()
	return j.client.Stop(stop)
}

func (j *Jobs) every(ctx context.Context, interval time.Duration, do func(context.Context) error) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			j.o.Log.Warn("a sweep failed", "error", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// wake submits ticks for due journeys, in batches.
func (j *Jobs) wake(ctx context.Context) error {
	for {
		due, err := j.o.Sweeper.Due(ctx, 256)
		if err != nil || len(due) == 0 {
			return err
		}
		var ticks sync.WaitGroup
		for _, w := range due {
			ticks.Go(func() {
				if err := j.o.Engine.Tick(actor.Systemic(ctx, w.Workspace), w.Journey); err != nil && ctx.Err() == nil {
					j.o.Log.Warn("a journey could not be woken", "journey", w.Journey, "error", err)
				}
			})
		}
		ticks.Wait()
	}
}

// recall enqueues open calls again whose job may be lost; a call made twice bears the
// same key and only its first outcome is accepted.
func (j *Jobs) recall(ctx context.Context) error {
	stale, err := j.o.Sweeper.Stale(ctx, 500)
	if err != nil {
		return err
	}
	params := make([]river.InsertManyParams, len(stale))
	for i, s := range stale {
		params[i] = river.InsertManyParams{
			Args:       args[engine.CallJob]{s},
			InsertOpts: &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true}},
		}
	}
	if len(params) == 0 {
		return nil
	}
	_, err = j.client.InsertMany(ctx, params)
	return err
}
