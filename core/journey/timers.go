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
		if !r.Status.Open() || j.rec.Status.Open() == false {
			continue
		}
		if due(r.DueAt, now) && !r.Overdue {
			r.Overdue, r.Changed = true, true
			j.emit(event.ActivityOverdue, r, nil)
		}
		switch {
		case r.Status == RunPending:
		case due(r.TimeoutAt, now):
			r.TimeoutAt = time.Time{}
			j.fx.Abandoned = append(j.fx.Abandoned, r.ID)
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
			consider(j.whenDeadline(r))
			continue
		}
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
