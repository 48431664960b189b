package journey

import (
	"slices"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/rule"
)

// open begins a visit of a stage: new runs for all its activities.
func (j *Journey) open(step *funnel.Step) {
	visit := j.rec.State.Visits[step.Key]
	j.rec.State.Path = append(j.rec.State.Path, StageVisit{
		Key: step.Key, Name: step.Name, Visit: visit, Status: StageInProgress, StartedAt: j.turn.Now,
	})
	j.emit(event.StageStarted, nil, map[string]any{"Node": step.Key, "Name": step.Name, "Visit": visit})
	j.countVisits(visit)
	for i, a := range step.Activities {
		j.runs = append(j.runs, &Run{
			ID: ident.Run(j.turn.IDs()), Journey: j.rec.ID, Key: a.Key, Name: a.Name, Stage: step.Key,
			Visit: visit, Position: i, Connector: a.Connector, Assignee: assignee(a.Assignee, j.rec.Lead),
			Required: a.Required, Status: RunPending, New: true, Changed: true,
		})
	}
}

// countVisits lets conditions read how often the current stage was visited.
func (j *Journey) countVisits(visit int) {
	const key = "journey.visits"
	if _, read := slices.BinarySearch(j.turn.Plan.Reads(), key); !read {
		return
	}
	if v, err := rule.NumberValue(float64(visit)); err == nil {
		j.rec.Data[key] = datapoint.Datum{Value: v, Source: datapoint.SourceDerived, Confidence: 1, ObservedAt: j.turn.Now}
	}
}

func assignee(a funnel.Assignee, lead ident.User) Assignee {
	switch {
	case a.Lead:
		return Assignee{Kind: ByLead, User: lead}
	case a.User != 0:
		return Assignee{Kind: ByUser, User: ident.User(a.User)}
	case a.Stakeholder != "":
		return Assignee{Kind: ByStakeholder, Role: a.Stakeholder}
	case a.Policy != "":
		return Assignee{Kind: ByPolicy, Policy: a.Policy}
	default:
		return Assignee{Kind: Automatic}
	}
}

// current are the runs of the visit under way.
func (j *Journey) current(step *funnel.Step) []*Run {
	visit := j.rec.State.Visits[step.Key]
	var runs []*Run
	for _, r := range j.runs {
		if r.Stage == step.Key && r.Visit == visit {
			runs = append(runs, r)
		}
	}
	return runs
}

// work starts what can start in the current stage and reports whether the journey moved
// on: the stage ends when every required activity is completed or skipped (or failed
// under Continue); without a required one, when all have ended.
func (j *Journey) work(step *funnel.Step) bool {
	runs := j.current(step)
	for _, r := range runs {
		if r.Status == RunPending {
			j.tryStart(step, r)
			if j.rec.Status != InProgress || j.rec.State.Position != step.Key || j.rec.State.Visits[step.Key] != r.Visit {
				return j.rec.Status == InProgress
			}
		}
	}
	anyRequired, open := false, false
	for _, r := range runs {
		anyRequired = anyRequired || r.Required
	}
	for _, r := range runs {
		if (r.Required || !anyRequired) && r.Status.Open() {
			open = true
		}
	}
	if open {
		return false
	}
	j.closeStage(StageCompleted, "The stage is complete.")
	j.enter(step.Next)
	return true
}

// closeStage ends the current visit of a stage; what is still open in it is cancelled.
func (j *Journey) closeStage(status StageStatus, reason string) {
	step, ok := j.turn.Plan.Node(j.rec.State.Position)
	if !ok || step.Kind != funnel.Stage {
		return
	}
	for _, r := range j.current(step) {
		if r.Status.Open() {
			j.abandon(r)
			j.close(r, RunCancelled, reason)
		}
	}
	for i := range j.rec.State.Path {
		v := &j.rec.State.Path[i]
		if v.Key == step.Key && v.Visit == j.rec.State.Visits[step.Key] {
			v.Status, v.CompletedAt = status, j.turn.Now
		}
	}
	if status == StageCompleted {
		j.emit(event.StageCompleted, nil, map[string]any{
			"Node": step.Key, "Name": step.Name, "Visit": j.rec.State.Visits[step.Key],
		})
	}
}

// tryStart starts a pending run whose When holds, skips it when it does not, and leaves
// it pending while a fact it reads is being looked for.
func (j *Journey) tryStart(step *funnel.Step, r *Run) {
	a := step.Activity(r.Key)
	if a == nil {
		j.close(r, RunSkipped, "The activity is not in this version.")
		return
	}
	if a.When != nil {
		switch a.When.Eval(j.rec.Data) {
		case rule.False:
			j.skip(r, "Its condition does not hold.")
			return
		case rule.Unknown:
			if j.turn.Now.Before(j.whenDeadline(r)) && j.pending(a.When) {
				if r.WaitingOn != activity.System {
					r.WaitingOn, r.Changed = activity.System, true
					r.Reason = "Being looked for: " + strings.Join(j.missing(a.When), ", ") + "."
				}
				return
			}
			j.skip(r, "Not known: "+strings.Join(j.missing(a.When), ", ")+".")
			return
		case rule.True:
		}
	}
	j.start(a, r)
}

// whenDeadline is when a run stops waiting for the facts of its condition.
func (j *Journey) whenDeadline(*Run) time.Time {
	return j.rec.State.Entered.Add(funnel.DefaultUnknownAfter)
}

func (j *Journey) start(a *funnel.PlanActivity, r *Run) {
	now := j.turn.Now
	r.Status, r.StartedAt, r.Reason, r.WaitingOn, r.Changed = RunInProgress, now, "", activity.System, true
	r.CallOpen, r.RetryAt, r.Until, r.State, r.Screen = false, time.Time{}, time.Time{}, nil, nil
	r.Queue = nil
	r.DueAt, r.TimeoutAt, r.Overdue, r.Reminded = time.Time{}, time.Time{}, false, 0
	if a.Due > 0 {
		r.DueAt = now.Add(a.Due)
	}
	if a.Timeout > 0 {
		r.TimeoutAt = now.Add(a.Timeout)
	}
	j.emit(event.ActivityStarted, r, nil)
	switch r.Assignee.Kind {
	case ByStakeholder:
		r.Assignee.User = j.rec.State.Participants[r.Assignee.Role]
		if r.Assignee.User == 0 {
			r.Status, r.WaitingOn, r.Reason = RunBlocked, activity.Team, NoParticipant
			j.emit(event.ActivityWaiting, r, map[string]any{"WaitingOn": r.WaitingOn, "Reason": r.Reason})
			return
		}
	case ByPolicy:
		if r.Assignee.User == 0 {
			// It begins when the policy has picked somebody, in the same transaction.
			j.fx.Unassigned = append(j.fx.Unassigned, r)
			return
		}
	case ByLead, ByUser, Automatic:
	}
	j.launch(a, r)
}

// launch begins the work itself: a pure built-in activity at once, anything else by a call.
func (j *Journey) launch(a *funnel.PlanActivity, r *Run) {
	if !activity.Pure(r.Connector) {
		j.call(r, activity.Start, 0)
		return
	}
	began := activity.Begin(r.Connector, a.Config, j.turn.Plan.DataPoints(), j.rec.Data, funnel.ParseDuration, j.turn.Now)
	j.write(r, began.Data)
	j.accept(r, began.Outcome)
}

// call opens a new numbered call: it is current until its first accepted outcome.
func (j *Journey) call(r *Run, kind activity.CallKind, input ident.Input) {
	r.Call++
	r.CallOpen, r.CallKind, r.Input, r.RetryAt, r.Changed = true, kind, input, time.Time{}, true
	r.WaitingOn = activity.System
	j.fx.Calls = append(j.fx.Calls, Call{Journey: j.rec.ID, Run: r.ID, Call: r.Call, Connector: r.Connector})
}
