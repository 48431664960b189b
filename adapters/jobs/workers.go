package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/fault"
)

// call makes the calls of a job side by side; each outcome is reported for itself. It
// fails only when the database does: every failure of a call is an outcome.
func (j *Jobs) call(ctx context.Context, c engine.CallJob) error {
	ctx = actor.Systemic(ctx, c.Workspace)
	loaded, err := j.calls.Load(ctx, c.Pairs)
	if err != nil {
		return fmt.Errorf("loading %d calls: %w", len(c.Pairs), err)
	}
	failed := make([]error, len(loaded))
	var calls sync.WaitGroup
	for i, l := range loaded {
		calls.Go(func() {
			if l.Refused != "" {
				failed[i] = j.report(ctx, l.Pair, activity.FailedWith("host", l.Refused, false))
				return
			}
			failed[i] = j.report(ctx, l.Pair, j.run(ctx, l.Request))
		})
	}
	calls.Wait()
	return errors.Join(failed...)
}

// run makes one call. A panic in our own code on the way is an outcome, too: it would
// otherwise take the process with it.
func (j *Jobs) run(ctx context.Context, r activity.Request) (o activity.Outcome) {
	defer func() {
		if p := recover(); p != nil {
			j.o.Log.ErrorContext(ctx, "a call panicked", "connector", r.Connector, "run", r.Run, "panic", p, "stack", string(debug.Stack()))
			o = activity.FailedWith("host", "The call failed on our side.", true)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	r.Deadline = j.o.Now().Add(callDeadline)
	return j.runner.Call(ctx, r)
}

// report tells the engine of an outcome. A journey that is gone needs none. An outcome
// the engine refuses would be refused for ever: it is told as a failure instead.
func (j *Jobs) report(ctx context.Context, p engine.Pair, o activity.Outcome) error {
	err := j.engine.Report(ctx, p, o)
	if refused(err) {
		j.o.Log.ErrorContext(ctx, "an outcome was refused", "journey", p.Journey, "run", p.Run, "error", err)
		err = j.engine.Report(ctx, p, activity.FailedWith("host", "The outcome of the call could not be taken.", false))
	}
	if err != nil && !fault.Is(err, fault.NotFound) {
		return fmt.Errorf("reporting on run %d: %w", p.Run, err)
	}
	return nil
}

// refused reports whether an error is about what was reported, not about the moment.
func refused(err error) bool {
	return fault.Is(err, fault.Invalid) || fault.Is(err, fault.Malformed) || fault.Is(err, fault.TooLarge)
}

// cancel tells connectors of abandoned runs, once each: what they cannot take back, they
// keep.
func (j *Jobs) cancel(ctx context.Context, c engine.CancelJob) error {
	ctx = actor.Systemic(ctx, c.Workspace)
	requests, err := j.calls.Abandoned(ctx, c.Runs)
	if err != nil {
		return fmt.Errorf("loading %d abandoned runs: %w", len(c.Runs), err)
	}
	var calls sync.WaitGroup
	for _, r := range requests {
		r.Kind = activity.Cancel
		calls.Go(func() {
			if o := j.run(ctx, r); o.Kind == activity.Failed {
				j.o.Log.WarnContext(ctx, "a connector did not cancel", "connector", r.Connector, "run", r.Run, "source", o.Source)
			}
		})
	}
	calls.Wait()
	return nil
}

// enrich looks for facts, once: the request ends with what was found, and what was not is
// finally unknown, also when the search failed. Nobody waits for a provider that is away.
func (j *Jobs) enrich(ctx context.Context, e engine.EnrichJob) error {
	ctx = actor.Systemic(ctx, e.Workspace)
	facts, err := j.find(ctx, e)
	if err != nil {
		j.o.Log.WarnContext(ctx, "looking for facts failed", "lead", e.Lead, "error", err)
	}
	if err := j.engine.Learn(ctx, e.Lead, facts, e.Keys); err != nil && !fault.Is(err, fault.NotFound) {
		return fmt.Errorf("learning about lead %d: %w", e.Lead, err)
	}
	return nil
}

func (j *Jobs) find(ctx context.Context, e engine.EnrichJob) (facts engine.Facts, err error) {
	defer func() {
		if p := recover(); p != nil {
			facts, err = nil, fmt.Errorf("the search panicked: %v\n%s", p, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	return j.finder.Find(ctx, e.Lead, e.Keys)
}
