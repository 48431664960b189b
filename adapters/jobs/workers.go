package jobs

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/engine"
)

// callWorker makes calls side by side; each outcome is reported for itself.
type callWorker struct {
	river.WorkerDefaults[args[engine.CallJob]]
	jobs *Jobs
}

// Work implements river.Worker. A job fails only when the database does: every failure of
// a call is an outcome.
func (w *callWorker) Work(ctx context.Context, j *river.Job[args[engine.CallJob]]) error {
	o := w.jobs.o
	ctx = actor.Systemic(ctx, j.Args.Job.Workspace)
	loaded, err := o.Calls.Load(ctx, j.Args.Job.Pairs)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var failed []error
	var calls sync.WaitGroup
	for _, l := range loaded {
		calls.Go(func() {
			call, cancel := context.WithTimeout(ctx, callDeadline)
			defer cancel()
			l.Request.Deadline = time.Now().Add(callDeadline)
			outcome := o.Runner.Call(call, l.Request)
			if err := o.Engine.Report(ctx, l.Pair, outcome); err != nil {
				mu.Lock()
				failed = append(failed, err)
				mu.Unlock()
			}
		})
	}
	calls.Wait()
	return errors.Join(failed...)
}

// cancelWorker tells connectors of abandoned runs, once: what they cannot take back, they
// keep.
type cancelWorker struct {
	river.WorkerDefaults[args[engine.CancelJob]]
	jobs *Jobs
}

// Work implements river.Worker.
func (w *cancelWorker) Work(ctx context.Context, j *river.Job[args[engine.CancelJob]]) error {
	ctx = actor.Systemic(ctx, j.Args.Job.Workspace)
	loaded, err := w.jobs.o.Calls.Load(ctx, abandoned(j.Args.Job))
	if err != nil {
		return err
	}
	for _, l := range loaded {
		l.Request.Kind = activity.Cancel
		w.jobs.o.Runner.Call(ctx, l.Request)
	}
	return nil
}

// abandoned are the pairs of a cancel job: call 0 stands for whichever was the latest.
func abandoned(j engine.CancelJob) []engine.Pair {
	pairs := make([]engine.Pair, len(j.Runs))
	for i, run := range j.Runs {
		pairs[i] = engine.Pair{Run: run}
	}
	return pairs
}

// enrichWorker looks for facts; a request always ends, with values or as finally unknown.
type enrichWorker struct {
	river.WorkerDefaults[args[engine.EnrichJob]]
	jobs *Jobs
}

// Work implements river.Worker.
func (w *enrichWorker) Work(ctx context.Context, j *river.Job[args[engine.EnrichJob]]) error {
	o := w.jobs.o
	ctx = actor.Systemic(ctx, j.Args.Job.Workspace)
	search, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	facts, err := o.Finder.Find(search, j.Args.Job.Lead, j.Args.Job.Keys)
	if err != nil {
		o.Log.Warn("looking for facts failed", "lead", j.Args.Job.Lead, "error", err)
	}
	return o.Engine.Learn(ctx, j.Args.Job.Lead, facts, j.Args.Job.Keys)
}
