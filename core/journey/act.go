package journey

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/ident"
)

// Submission is what a person gives to an activity: JSON, at most 64 KiB.
type Submission struct {
	Run   ident.Run
	Input ident.Input
	Body  []byte
}

// Submit takes what the assignee gave: a form's answers complete it, an approval's or
// task's word completes or fails it, a connector is resumed with it.
func (j *Journey) Submit(s Submission, t Turn) error {
	r, err := j.runFor(s.Run, CommandSubmit)
	if err != nil {
		return err
	}
	if !activity.Pure(r.Connector) {
		if r.CallOpen || r.Screen == nil {
			return fault.New(fault.Conflict, "not_waiting", "This activity waits for nothing from you now.")
		}
		if len(s.Body) > activity.MaxState || !json.Valid(s.Body) {
			return fault.New(fault.Invalid, "invalid_input", "The input is not acceptable.")
		}
		j.begin(t)
		j.resume(r, s.Input, "person", s.Body)
		j.settle()
		return nil
	}
	var in map[string]any
	if len(s.Body) > 0 {
		if err := json.Unmarshal(s.Body, &in); err != nil {
			return fault.New(fault.Invalid, "invalid_input", "The input is not a JSON object.")
		}
	}
	switch r.Connector {
	case activity.Form:
		values, err := activity.ReadForm(r.Screen, in, t.Plan.DataPoints())
		if err != nil {
			return err
		}
		j.begin(t)
		j.write(r, values)
		j.accept(r, activity.CompletedWith(nil))
	case activity.Approval, activity.Task:
		if approved, said := in["approved"].(bool); said && !approved {
			reason, _ := in["reason"].(string)
			return j.Fail(r.ID, reason, t)
		}
		return j.Complete(r.ID, t)
	default:
		return fault.New(fault.Conflict, "not_waiting", "This activity waits for nothing from you now.")
	}
	j.settle()
	return nil
}

// Complete says that a run is done, by a person's word.
func (j *Journey) Complete(id ident.Run, t Turn) error {
	r, err := j.runFor(id, CommandComplete)
	if err != nil {
		return err
	}
	j.begin(t)
	var o activity.Outcome
	if r.Connector == activity.Approval {
		o = activity.CompletedWith(approved(true))
	} else {
		o = activity.CompletedWith(nil)
	}
	j.abandon(r)
	j.accept(r, o)
	j.settle()
	return nil
}

// Fail says that a run has failed, by a person's word. An approval refused is Failed,
// reason Rejected.
func (j *Journey) Fail(id ident.Run, reason string, t Turn) error {
	r, err := j.runFor(id, CommandFail)
	if err != nil {
		return err
	}
	j.begin(t)
	if r.Connector == activity.Approval {
		j.produce(r, approved(false))
		if reason == "" {
			reason = "Rejected"
		} else {
			reason = "Rejected: " + reason
		}
	}
	if reason == "" {
		reason = "Declared failed"
	}
	j.abandon(r)
	j.fail(r, reason)
	j.settle()
	return nil
}

// Retry starts a run again from its beginning. A refused approval cannot be retried.
func (j *Journey) Retry(id ident.Run, t Turn) error {
	r, err := j.runFor(id, CommandRetry)
	if err != nil {
		return err
	}
	step, ok := t.Plan.Node(r.Stage)
	if !ok || step.Activity(r.Key) == nil || !j.isCurrent(r) {
		return refusal("of a past visit", CommandRetry, "activity")
	}
	if r.Status == RunFailed && r.Connector == activity.Approval {
		return fault.New(fault.Conflict, "not_retryable", "A refused approval cannot be retried.")
	}
	j.begin(t)
	j.again(step.Activity(r.Key), r)
	return nil
}

// Reopen does a run again that was completed or skipped, while its stage is under way.
func (j *Journey) Reopen(id ident.Run, t Turn) error {
	r, err := j.runFor(id, CommandReopen)
	if err != nil {
		return err
	}
	step, ok := t.Plan.Node(r.Stage)
	if !ok || step.Activity(r.Key) == nil || !j.isCurrent(r) || !j.underWay(r) {
		return refusal("of a past visit", CommandReopen, "activity")
	}
	j.begin(t)
	j.again(step.Activity(r.Key), r)
	return nil
}

// again starts a run from its beginning.
func (j *Journey) again(a *funnel.PlanActivity, r *Run) {
	r.Attempts, r.CompletedAt = 0, time.Time{}
	for i := range j.rec.State.Path {
		// What follows may have been visited too often: then the visit was closed.
		if v := &j.rec.State.Path[i]; v.Key == r.Stage && v.Visit == r.Visit {
			v.Status, v.CompletedAt = StageInProgress, time.Time{}
		}
	}
	j.unblockAfter(r)
	j.start(a, r)
	j.settle()
}

// underWay reports whether the visit a run belongs to is not over.
func (j *Journey) underWay(r *Run) bool {
	return slices.ContainsFunc(j.rec.State.Path, func(v StageVisit) bool {
		return v.Key == r.Stage && v.Visit == r.Visit && v.Status == StageInProgress
	})
}

// Remind sends the assignee of a run a message now.
func (j *Journey) Remind(id ident.Run, t Turn) error {
	r, err := j.runFor(id, CommandRemind)
	if err != nil {
		return err
	}
	if !r.waitsOnPerson() {
		return fault.New(fault.Conflict, "nobody_waited_on", "This activity waits for nobody who could be reminded.")
	}
	j.begin(t)
	j.fx.Reminders = append(j.fx.Reminders, Reminder{Run: r.ID, ID: t.IDs()})
	return nil
}

// Skip leaves a run out; the stage goes on as if it were completed.
func (j *Journey) Skip(id ident.Run, reason string, t Turn) error {
	r, err := j.runFor(id, CommandSkip)
	if err != nil {
		return err
	}
	if !j.isCurrent(r) {
		return refusal("of a past visit", CommandSkip, "activity")
	}
	j.begin(t)
	if reason == "" {
		reason = "Skipped by the team"
	}
	j.abandon(r)
	j.skip(r, reason)
	j.unblockAfter(r)
	j.settle()
	return nil
}

// Assign hands a run to a person of the team.
func (j *Journey) Assign(id ident.Run, user ident.User, t Turn) error {
	r, err := j.runFor(id, CommandAssign)
	if err != nil {
		return err
	}
	j.begin(t)
	r.Assignee = Assignee{Kind: ByUser, User: user}
	r.Changed = true
	switch {
	case r.Status == RunBlocked:
		if a := j.planned(r); a != nil {
			j.start(a, r)
		}
	case r.WaitingOn == activity.Lead || r.WaitingOn == activity.Stakeholder:
		r.WaitingOn = activity.Team
	}
	j.settle()
	return nil
}

// Assigned takes the person a policy picked and begins the run; 0 means that nobody could
// be found, which blocks it and waits on the team.
func (j *Journey) Assigned(r *Run, user ident.User, t Turn) {
	if r.Status != RunInProgress || r.Assignee.Kind != ByPolicy || r.Assignee.User != 0 {
		return // meanwhile its stage was left
	}
	j.begin(t)
	r.Assignee.User, r.Changed = user, true
	if user == 0 {
		r.Status, r.WaitingOn, r.Reason = RunBlocked, activity.Team, NobodyInPolicy
		j.emit(event.ActivityWaiting, r, map[string]any{"WaitingOn": r.WaitingOn, "Reason": r.Reason})
	} else {
		if j.rec.Owner == 0 {
			j.rec.Owner = user
		}
		if a := j.planned(r); a != nil {
			j.launch(a, r)
		}
	}
	j.settle()
}

// resume stores an input and opens the call that reads it.
func (j *Journey) resume(r *Run, id ident.Input, from string, body []byte) {
	j.input(r, id, from, body)
	j.goOn(r, id)
}

func (j *Journey) input(r *Run, id ident.Input, from string, body []byte) {
	j.fx.Inputs = append(j.fx.Inputs, Input{ID: id, Run: r.ID, From: from, Body: body, At: j.turn.Now})
}

// goOn opens the call that reads a stored input.
func (j *Journey) goOn(r *Run, id ident.Input) {
	r.Until = time.Time{}
	j.call(r, activity.Resume, id)
}

// runFor finds a run on which a command may be carried out.
func (j *Journey) runFor(id ident.Run, c Command) (*Run, error) {
	r := j.Find(id)
	if r == nil {
		return nil, fault.New(fault.NotFound, "not_found", "There is no such activity run.")
	}
	if !j.rec.Status.Open() {
		return nil, refusal(string(j.rec.Status), c, "journey")
	}
	if ok, err := r.allow(c); !ok {
		return nil, err
	}
	return r, nil
}

func (j *Journey) isCurrent(r *Run) bool {
	return r.Stage == j.rec.State.Position && r.Visit == j.rec.State.Visits[r.Stage]
}

// unblockAfter lets the journey go on once the run that blocked it was dealt with and no
// other failed run holds it.
func (j *Journey) unblockAfter(dealt *Run) {
	for _, r := range j.runs {
		if r == dealt || r.Status != RunFailed || !j.isCurrent(r) {
			continue
		}
		// A failure that could not lead on because of MaxVisits holds the journey, too.
		if a := j.planned(r); a != nil && a.OnFailure.Policy != funnel.ContinueOnFail {
			return
		}
	}
	j.unblock()
}
