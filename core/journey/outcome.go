package journey

import (
	"slices"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/rule"
)

// How often a failing call is repeated before its run fails. Failures of the host (a
// crashed or missing connector, an open breaker) are not the activity's: they are
// repeated far longer.
const (
	mostAttempts     = 8
	mostHostAttempts = 200
	firstBackoff     = 2 * time.Second
	mostBackoff      = 5 * time.Minute
)

// Report takes the outcome of a call. It is accepted only while that call is current;
// anything later is ignored.
func (j *Journey) Report(id ident.Run, call int, o activity.Outcome, t Turn) error {
	r := j.Find(id)
	if r == nil {
		return fault.New(fault.NotFound, "not_found", "There is no such activity run.")
	}
	ok, err := r.allow(CommandReport)
	if !ok || !r.CallOpen || r.Call != call || !j.rec.Status.Open() {
		return err
	}
	if o.Kind == activity.NoOutcome || len(o.State) > activity.MaxState {
		o = activity.FailedWith("connector", "The connector's answer is not acceptable.", false)
	}
	j.begin(t)
	r.CallOpen, r.Changed = false, true
	j.accept(r, o)
	j.settle()
	return nil
}

// accept turns an outcome into the run's next state.
func (j *Journey) accept(r *Run, o activity.Outcome) {
	r.Changed = true
	switch o.Kind {
	case activity.Completed:
		j.produce(r, o.Facts)
		j.close(r, RunCompleted, "")
	case activity.Waiting:
		j.produce(r, o.Facts)
		r.Attempts = 0
		r.Screen, r.State, r.External, r.Until = o.Screen, o.State, o.External, o.Until
		r.WaitingOn = waitsOn(r, o)
		r.Reason = ""
		j.emit(event.ActivityWaiting, r, map[string]any{"WaitingOn": r.WaitingOn})
		j.heed(r)
	case activity.Failed, activity.NoOutcome:
		j.failed(r, o)
	}
}

func waitsOn(r *Run, o activity.Outcome) activity.Party {
	if o.WaitsOn != activity.Nobody {
		return o.WaitsOn
	}
	switch r.Assignee.Kind {
	case ByLead:
		return activity.Lead
	case ByUser, ByPolicy:
		return activity.Team
	case ByStakeholder:
		return activity.Stakeholder
	default:
		return activity.Provider
	}
}

// failed counts the attempt: the call is repeated after a while, or the run fails.
func (j *Journey) failed(r *Run, o activity.Outcome) {
	r.Attempts++
	most := mostAttempts
	if o.Source == "host" {
		most = mostHostAttempts
	}
	if o.Retryable && r.Attempts < most {
		wait := o.RetryAfter
		if wait <= 0 {
			wait = min(firstBackoff<<min(r.Attempts-1, 10), mostBackoff)
		}
		r.RetryAt = j.turn.Now.Add(wait)
		r.WaitingOn, r.Reason = activity.System, o.Reason
		return
	}
	j.fail(r, o.Reason)
}

// fail ends the run as failed and applies its policy.
func (j *Journey) fail(r *Run, reason string) {
	j.close(r, RunFailed, reason)
	step, ok := j.turn.Plan.Node(r.Stage)
	if !ok {
		return
	}
	policy := funnel.OnFailure{Policy: funnel.Block}
	if a := step.Activity(r.Key); a != nil {
		policy = a.OnFailure
	}
	switch policy.Policy {
	case funnel.ContinueOnFail:
	case funnel.Goto:
		if j.visitedOut(policy.Next) {
			// The stage stays as it is: whoever deals with the failure goes on from here.
			j.block(MaxVisits)
			return
		}
		// A sibling may have blocked the journey: it leaves the stage that was blocked.
		j.unblock()
		j.closeStage(StageCancelled, "Another activity of the stage failed.")
		j.enter(policy.Next)
	default:
		j.block(reason)
	}
}

// produce keeps a connector's declared facts under activity.<key>; others are dropped.
func (j *Journey) produce(r *Run, facts map[string]rule.Value) {
	if len(facts) == 0 {
		return
	}
	var produces map[string]rule.Type
	if step, ok := j.turn.Plan.Node(r.Stage); ok {
		if a := step.Activity(r.Key); a != nil {
			produces = a.Produces
		}
	}
	kept := make(map[string]rule.Value, len(facts))
	for name, v := range facts {
		if produces[name] != v.Type() || v.IsZero() {
			continue
		}
		kept[name] = v
		j.rec.Data["activity."+r.Key+"."+name] = datapoint.Datum{
			Value: v, Source: "activity:" + r.Key, Confidence: 1, ObservedAt: j.turn.Now,
		}
	}
	r.Result = kept
}

// write merges data points a built-in activity or a person wrote.
func (j *Journey) write(r *Run, values map[string]rule.Value) {
	if len(values) == 0 {
		return
	}
	source := datapoint.SourceDerived
	switch r.Assignee.Kind {
	case ByLead, ByStakeholder:
		source = datapoint.SourceLead
	case ByUser, ByPolicy:
		source = datapoint.SourceTeam
	case Automatic:
	}
	data := make(datapoint.Data, len(values))
	for key, v := range values {
		data[key] = datapoint.Datum{Value: v, Source: source, Confidence: 1, ObservedAt: j.turn.Now}
		delete(j.rec.State.Wanted, key)
		if datapoint.OfLead(key) {
			if j.fx.OfLead == nil {
				j.fx.OfLead = datapoint.Data{}
			}
			j.fx.OfLead[key] = data[key]
		}
	}
	j.rec.Data.Merge(data)
}

// abandon has the connector of a started run told that its work is not wanted any more.
func (j *Journey) abandon(r *Run) {
	if r.Call > 0 && !activity.Pure(r.Connector) {
		j.fx.Abandoned = append(j.fx.Abandoned, r.ID)
	}
}

func (j *Journey) skip(r *Run, reason string) {
	j.close(r, RunSkipped, reason)
}

// close ends a run and says so.
func (j *Journey) close(r *Run, status RunStatus, reason string) {
	r.Status, r.Reason, r.WaitingOn, r.CompletedAt, r.Changed = status, reason, activity.Nobody, j.turn.Now, true
	r.CallOpen, r.RetryAt, r.Until, r.Screen, r.Queue = false, time.Time{}, time.Time{}, nil, nil
	if !slices.Contains(j.fx.Abandoned, r.ID) {
		r.State = nil // else the connector needs it to cancel
	}
	switch status {
	case RunCompleted:
		j.emit(event.ActivityDone, r, nil)
	case RunSkipped:
		j.emit(event.ActivitySkipped, r, map[string]any{"Reason": reason})
	case RunFailed:
		j.emit(event.ActivityFailed, r, map[string]any{"Reason": reason})
	case RunCancelled, RunPending, RunInProgress, RunBlocked:
	}
}
