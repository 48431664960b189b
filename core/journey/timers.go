package journey

import (
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/rule"
)

// timers lets every due timer act, once.
func (j *Journey) timers() {
	now := j.turn.Now
	for _, r := range j.runs {
		if !r.Status.Open() || !j.rec.Status.Open() {
			continue
		}
		j.remindDue(r)
		if due(r.DueAt, now) && !r.Overdue {
			r.Overdue, r.Changed = true, true
			j.emit(event.ActivityOverdue, r, nil)
		}
		switch {
		case r.Status == RunPending:
		case due(r.TimeoutAt, now):
			r.TimeoutAt = time.Time{}
			j.abandon(r)
			j.fail(r, "Timeout")
		case due(r.RetryAt, now):
			kind := r.CallKind
			if kind == 0 {
				kind = activity.Start
			}
			j.call(r, kind, r.Input)
		case due(r.Until, now) && r.Connector == activity.Wait:
			j.accept(r, activity.CompletedWith(nil))
		case due(r.Until, now) && !r.CallOpen:
			j.resume(r, ident.Input(j.turn.IDs()), "timer", []byte(`{}`))
		}
	}
}

// remindDue sends the reminder whose time has come: after a long sleep one, not all.
func (j *Journey) remindDue(r *Run) {
	passed := false
	for at := j.remindAt(r); due(at, j.turn.Now); at = j.remindAt(r) {
		r.Reminded++
		r.Changed, passed = true, true
	}
	if passed && r.waitsOnPerson() {
		j.fx.Reminders = append(j.fx.Reminders, Reminder{Run: r.ID, ID: j.turn.IDs()})
	}
}

// remindAt is when the next planned reminder of a run leaves, counted from its start;
// zero for none.
func (j *Journey) remindAt(r *Run) time.Time {
	if r.Status == RunPending {
		return time.Time{}
	}
	a := j.planned(r)
	if a == nil || r.Reminded >= len(a.Remind) {
		return time.Time{}
	}
	return r.StartedAt.Add(a.Remind[r.Reminded])
}

// waitsOnPerson reports whether somebody known can be reminded of a run.
func (r *Run) waitsOnPerson() bool {
	if r.Status != RunInProgress || r.Assignee.User == 0 {
		return false
	}
	switch r.WaitingOn {
	case activity.Lead, activity.Team, activity.Stakeholder:
		return true
	case activity.Nobody, activity.Provider, activity.System:
	}
	return false
}

func due(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

// nextMoment is when time alone will next change something; zero for never.
func (j *Journey) nextMoment() time.Time {
	if !j.rec.Status.Open() {
		return time.Time{}
	}
	var next time.Time
	consider := func(at time.Time) {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if j.rec.Status == InProgress {
		consider(j.decisionDeadline())
	}
	for _, r := range j.runs {
		if !r.Status.Open() {
			continue
		}
		if r.Status == RunPending {
			// While the journey is blocked nothing starts.
			if j.rec.Status == InProgress {
				consider(j.whenDeadline(r))
			}
			continue
		}
		consider(j.remindAt(r))
		consider(r.TimeoutAt)
		consider(r.RetryAt)
		consider(r.Until)
		if !r.Overdue {
			consider(r.DueAt)
		}
	}
	return next
}

func approved(yes bool) map[string]rule.Value {
	return map[string]rule.Value{"approved": rule.BooleanValue(yes)}
}
