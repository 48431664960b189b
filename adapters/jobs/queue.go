package jobs

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/kohomai/kohomai/core/job"
)

// args carries a job.Job through River.
type args[T job.Job] struct {
	Job T
	// Unique is the job's own key, empty for none.
	Unique string `json:",omitempty" river:"unique"`
}

// Kind implements river.JobArgs.
func (args[T]) Kind() string {
	var zero T
	return zero.Kind()
}

// wrapper makes River's arguments of a job of one kind.
type wrapper func(j job.Job, unique string) (river.JobArgs, error)

// unfinished are the states in which a unique job keeps others of its key away.
var unfinished = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
	rivertype.JobStateRunning, rivertype.JobStateScheduled,
}

// Handle adds a kind of job with its only worker, before Run; a second worker for a kind is
// an error. Jobs are taken by value. Work runs at least once and may run again, also beside
// an attempt that hangs. Its error means that it could not be tried (the database is away):
// it runs again five seconds later, without limit, until it returns nil. The context has no
// actor: work sets it from the job.
func Handle[T job.Job](j *Jobs, work func(ctx context.Context, job T) error) error {
	var zero T
	if err := river.AddWorkerSafely(j.workers, &worker[T]{jobs: j, work: work}); err != nil {
		return fmt.Errorf("adding the worker of %s: %w", zero.Kind(), err)
	}
	j.kinds[zero.Kind()] = func(one job.Job, unique string) (river.JobArgs, error) {
		typed, ok := one.(T)
		if !ok {
			return nil, fmt.Errorf("a job of kind %s is a %T, its worker takes %T", one.Kind(), one, zero)
		}
		return args[T]{Job: typed, Unique: unique}, nil
	}
	return nil
}

// worker adapts a handler to River.
type worker[T job.Job] struct {
	river.WorkerDefaults[args[T]]
	jobs *Jobs
	work func(ctx context.Context, job T) error
}

// Work implements river.Worker. A failure is a snooze, not an error: River would keep every
// error in the job's row, which grows without limit and may hold what errors quote.
func (w *worker[T]) Work(ctx context.Context, j *river.Job[args[T]]) error {
	if err := w.work(ctx, j.Args.Job); err != nil {
		w.jobs.o.Log.WarnContext(ctx, "a job could not be done and will be tried again", "kind", j.Kind, "job", j.ID, "error", err)
		return river.JobSnooze(retryAfter)
	}
	return nil
}

// Queue binds the queue to a transaction.
func (j *Jobs) Queue(tx *sql.Tx) job.Queue { return queue{j, tx} }

type queue struct {
	jobs *Jobs
	tx   *sql.Tx
}

// Enqueue implements job.Queue.
func (q queue) Enqueue(ctx context.Context, items ...job.Item) error {
	if len(items) == 0 {
		return nil
	}
	params, err := q.jobs.params(items)
	if err != nil {
		return err
	}
	if _, err := q.jobs.client.InsertManyFastTx(ctx, q.tx, params); err != nil {
		return fmt.Errorf("enqueuing %d jobs: %w", len(items), err)
	}
	return nil
}

func (j *Jobs) params(items []job.Item) ([]river.InsertManyParams, error) {
	params := make([]river.InsertManyParams, len(items))
	for i, item := range items {
		wrap, ok := j.kinds[item.Job.Kind()]
		if !ok {
			return nil, fmt.Errorf("the job kind %s has no worker", item.Job.Kind())
		}
		wrapped, err := wrap(item.Job, item.Options.Unique)
		if err != nil {
			return nil, err
		}
		opts := &river.InsertOpts{ScheduledAt: item.Options.At, Queue: item.Options.Class}
		if item.Options.Unique != "" {
			opts.UniqueOpts = river.UniqueOpts{ByArgs: true, ByState: unfinished}
		}
		params[i] = river.InsertManyParams{Args: wrapped, InsertOpts: opts}
	}
	return params, nil
}
