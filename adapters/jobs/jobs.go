package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivertype"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/engine"
)

// Deadlines: a call ends before its job, and a job whose node died is taken up again
// soon after.
const (
	callDeadline = 15 * time.Second
	jobTimeout   = 20 * time.Second
	rescueAfter  = 25 * time.Second
	retryAfter   = 5 * time.Second
)

// recallEvery is how often calls without a job are looked for.
const recallEvery = 30 * time.Second

// mostAttempts is in effect no limit: an attempt is counted only when a node died or a
// worker panicked. The column is a smallint.
const mostAttempts = 30_000

// Options are what the jobs need.
type Options struct {
	DB *sql.DB
	// Listener is a pool of its own for notifications, of one connection.
	Listener *pgxpool.Pool
	// Schema is where River's tables are.
	Schema string
	// Log must not be nil.
	Log *slog.Logger
	// Work is false on nodes that only insert.
	Work bool
	// Workers is how many jobs a node works at a time; zero is 32.
	Workers int
	// Classes are workers apart from the usual ones, each with its number: what is slow or
	// comes in floods waits there among its own.
	Classes map[string]int
	Sweeper Sweeper
	// Now is real time, for the deadlines of calls; nil is time.Now.
	Now func() time.Time
}

// Jobs is the queue and its workers.
type Jobs struct {
	o       Options
	client  *river.Client[*sql.Tx]
	workers *river.Workers
	kinds   map[string]wrapper

	engine Engine
	runner activity.Runner
	calls  Calls
	finder Finder
	loops  []loop
}

// loop is periodic work of every node.
type loop struct {
	interval time.Duration
	wake     <-chan struct{}
	do       func(context.Context) error
}

// Every adds periodic work, before Run. It runs on every node that works, also when wake
// (which may be nil) tells of something to do; what it must do once, it must see to itself.
func (j *Jobs) Every(interval time.Duration, wake <-chan struct{}, do func(context.Context) error) {
	j.loops = append(j.loops, loop{interval, wake, do})
}

// New makes the queue with the engine's three kinds of job. What its workers call is set
// by Bind, and further kinds by Handle, before Run.
func New(o Options) (*Jobs, error) {
	if o.Workers == 0 {
		o.Workers = 32
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	j := &Jobs{o: o, workers: river.NewWorkers(), kinds: map[string]wrapper{}}
	if err := errors.Join(Handle(j, j.call), Handle(j, j.cancel), Handle(j, j.enrich)); err != nil {
		return nil, err
	}
	config := &river.Config{
		Schema: o.Schema, Logger: o.Log, JobTimeout: jobTimeout, RescueStuckJobsAfter: rescueAfter,
		MaxAttempts: mostAttempts, RetryPolicy: flat{o.Now}, SoftStopTimeout: jobTimeout,
		// An inserting client tells of new jobs once per cooldown, and a rolled-back insert
		// uses that up: the poll is what then finds the next job.
		FetchCooldown: 20 * time.Millisecond, FetchPollInterval: time.Second,
		CompletedJobRetentionPeriod: time.Hour,
		// Serving roles own no index.
		ReindexerIndexNames: []string{},
	}
	if o.Work {
		config.Workers = j.workers
		config.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: o.Workers}}
		for class, n := range o.Classes {
			config.Queues[class] = river.QueueConfig{MaxWorkers: n}
		}
	}
	client, err := river.NewClient(riverdatabasesql.NewWithPgxListener(o.DB, o.Listener), config)
	if err != nil {
		return nil, fmt.Errorf("making the queue: %w", err)
	}
	j.client = client
	return j, nil
}

// Bind sets what the workers call, before Run: the engine needs the queue, and they need
// the engine.
func (j *Jobs) Bind(e Engine, runner activity.Runner, calls Calls, finder Finder) {
	j.engine, j.runner, j.calls, j.finder = e, runner, calls, finder
}

// Kinds lists the kinds of job that have a worker, sorted.
func (j *Jobs) Kinds() []string { return slices.Sorted(maps.Keys(j.kinds)) }

// Run works until the context ends, then lets running jobs finish for as long as one may
// take. The engine must outlive it.
func (j *Jobs) Run(ctx context.Context) error {
	if !j.o.Work {
		<-ctx.Done()
		return nil
	}
	if j.engine == nil || j.runner == nil || j.calls == nil || j.finder == nil || j.o.Sweeper == nil {
		return errors.New("the workers of the queue are not bound")
	}
	if err := j.client.Start(ctx); err != nil {
		return fmt.Errorf("starting the workers: %w", err)
	}
	var loops sync.WaitGroup
	for _, l := range append([]loop{{engine.SweepEvery, nil, j.Sweep}, {recallEvery, nil, j.Recall}}, j.loops...) {
		loops.Go(func() { j.every(ctx, l) })
	}
	<-ctx.Done()
	loops.Wait()
	// River stops softly by itself when its context ends, and hard after jobTimeout.
	<-j.client.Stopped()
	return nil
}

func (j *Jobs) every(ctx context.Context, l loop) {
	ticker := time.NewTicker(l.interval)
	defer ticker.Stop()
	for {
		if err := l.do(ctx); err != nil && ctx.Err() == nil {
			j.o.Log.WarnContext(ctx, "a sweep failed", "error", err)
		}
		select {
		case <-ticker.C:
		case <-l.wake:
		case <-ctx.Done():
			return
		}
	}
}

// flat is when River itself tries again: after a panic or the death of a node.
type flat struct{ now func() time.Time }

// NextRetry implements river.ClientRetryPolicy.
func (f flat) NextRetry(*rivertype.JobRow) time.Time { return f.now().Add(retryAfter) }
