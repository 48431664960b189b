package memory_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
)

// check compares everything that is kept with what must hold at any time.
func (w *world) check() error {
	if err := w.checkEvents(); err != nil {
		return err
	}
	views := w.views()
	for key, answer := range w.answers {
		var l, j int64
		if _, err := fmt.Sscanf(answer, "[%d,%d]", &l, &j); err != nil {
			return err
		}
		if !slices.ContainsFunc(views, func(v journey.View) bool { return int64(v.Record.ID) == j && int64(v.Record.Lead) == l }) {
			return fmt.Errorf("the request %s was acknowledged with journey %d, which is not there", key, j)
		}
	}
	jobs := w.pending()
	for _, v := range views {
		for _, judge := range []func(journey.View) error{
			w.checkEnd, w.checkWake, w.checkRuns, w.checkDecisions, w.checkBarrier,
			func(v journey.View) error { return w.checkMoves(v, jobs) },
		} {
			if err := judge(v); err != nil {
				return fmt.Errorf("journey %d (%s at %s, visit %d): %w", v.Record.ID, v.Record.Status, v.Record.State.Position,
					v.Record.State.Visits[v.Record.State.Position], err)
			}
		}
	}
	return nil
}

// checkEvents: the log only grows, each journey's sequence has no gap, and a run ends once
// for each time it was started.
func (w *world) checkEvents() error {
	log := w.db.Log(ws)
	if len(log) < w.seen {
		return fmt.Errorf("%d events became %d", w.seen, len(log))
	}
	for _, e := range log[w.seen:] {
		if e.Journey == 0 {
			continue
		}
		m := w.known[e.Journey]
		if m == nil {
			m = &memoryOf{last: map[ident.Run]event.Type{}}
			w.known[e.Journey] = m
		}
		if e.Sequence != m.sequence+1 {
			return fmt.Errorf("journey %d: the event %s has the sequence %d after %d", e.Journey, e.Type, e.Sequence, m.sequence)
		}
		m.sequence = e.Sequence
		if m.ended != nil {
			return fmt.Errorf("journey %d has ended, then %s", e.Journey, e.Type)
		}
		if e.Type == event.JourneyDecided {
			m.decided++
		}
		if e.Run == 0 {
			continue
		}
		// A failed run may be skipped by a person; any other second result needs a new start.
		last := m.last[e.Run]
		if closing(e.Type) && closing(last) && (last != event.ActivityFailed || e.Type != event.ActivitySkipped) {
			return fmt.Errorf("journey %d: run %d has two results, %s and %s", e.Journey, e.Run, last, e.Type)
		}
		if closing(e.Type) || e.Type == event.ActivityStarted {
			m.last[e.Run] = e.Type
		}
	}
	w.seen = len(log)
	return nil
}

func closing(t event.Type) bool {
	return t == event.ActivityDone || t == event.ActivityFailed || t == event.ActivitySkipped
}

// checkEnd: an end is final.
func (w *world) checkEnd(v journey.View) error {
	rec, m := v.Record, w.known[v.Record.ID]
	if m == nil || m.sequence != rec.Sequence {
		return fmt.Errorf("the record counts %d events, the log does not", rec.Sequence)
	}
	if m.ended != nil {
		if rec.Status != m.ended.Status || !rec.EndedAt.Equal(m.ended.EndedAt) || rec.Sequence != m.ended.Sequence {
			return fmt.Errorf("it ended as %s", m.ended.Status)
		}
		return nil
	}
	if rec.Status.Open() {
		return nil
	}
	if rec.WaitingOn != activity.Nobody || !rec.WakeAt.IsZero() || rec.EndedAt.IsZero() {
		return fmt.Errorf("it has ended, waits on %q and wakes at %v", rec.WaitingOn, rec.WakeAt)
	}
	for _, r := range v.Runs {
		if r.Status.Open() {
			return fmt.Errorf("it has ended and run %d is %s", r.ID, r.Status)
		}
	}
	m.ended = &rec
	return nil
}

// checkWake: the journey wakes when its next timer comes, which is worked out here anew.
func (w *world) checkWake(v journey.View) error {
	rec := v.Record
	var next time.Time
	soonest := func(at time.Time) {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	step, _ := w.plan.Node(rec.State.Position)
	if rec.Status == journey.InProgress && step.Kind == funnel.Decision {
		soonest(rec.State.Entered.Add(step.UnknownAfter))
	}
	for _, r := range v.Runs {
		switch r.Status {
		case journey.RunPending:
			if rec.Status == journey.InProgress {
				soonest(rec.State.Entered.Add(funnel.DefaultUnknownAfter))
			}
		case journey.RunInProgress, journey.RunBlocked:
			soonest(r.TimeoutAt)
			soonest(r.RetryAt)
			soonest(r.Until)
			if !r.Overdue {
				soonest(r.DueAt)
			}
			if stage, ok := w.plan.Node(r.Stage); ok && r.Reminded < len(stage.Activity(r.Key).Remind) {
				soonest(r.StartedAt.Add(stage.Activity(r.Key).Remind[r.Reminded]))
			}
		case journey.RunCompleted, journey.RunSkipped, journey.RunFailed, journey.RunCancelled:
		}
	}
	if w.swept[rec.ID] {
		// Its wake-up is under way or lost: it comes again.
		if !next.IsZero() && rec.WakeAt.IsZero() {
			return errors.New("it was swept and is forgotten")
		}
		return nil
	}
	if at, ok := w.ticked[rec.ID]; ok && at.Equal(w.now) && !next.IsZero() && !next.After(w.now) {
		return fmt.Errorf("it was woken at %v and wants to be woken at %v", at, next)
	}
	if !rec.WakeAt.Equal(next) {
		return fmt.Errorf("it wakes at %v, its next moment is %v", rec.WakeAt, next)
	}
	return nil
}

// checkRuns: what a run says is consistent.
func (w *world) checkRuns(v journey.View) error {
	for _, r := range v.Runs {
		last := w.known[v.Record.ID].last[r.ID]
		ok := true
		switch r.Status {
		case journey.RunCompleted:
			ok = last == event.ActivityDone
		case journey.RunFailed:
			ok = last == event.ActivityFailed
		case journey.RunSkipped:
			ok = last == event.ActivitySkipped
		case journey.RunInProgress, journey.RunBlocked:
			ok = last == event.ActivityStarted
		case journey.RunPending:
			ok = last == ""
		case journey.RunCancelled:
		}
		switch {
		case !ok:
			return fmt.Errorf("run %d is %s after %s", r.ID, r.Status, last)
		case r.CallOpen && r.Status != journey.RunInProgress:
			return fmt.Errorf("run %d is %s with an open call", r.ID, r.Status)
		case !r.Status.Open() && r.WaitingOn != activity.Nobody:
			return fmt.Errorf("run %d is %s and waits on %s", r.ID, r.Status, r.WaitingOn)
		case (r.Status == journey.RunSkipped || r.Status == journey.RunFailed || r.Status == journey.RunCancelled || r.Status == journey.RunBlocked) && r.Reason == "":
			return fmt.Errorf("run %d is %s and does not say why", r.ID, r.Status)
		}
	}
	return nil
}

// checkDecisions: every decision is kept with its reasons.
func (w *world) checkDecisions(v journey.View) error {
	decisions := v.Record.State.Decisions
	if want := w.known[v.Record.ID].decided; len(decisions) != want {
		return fmt.Errorf("%d decisions are kept of %d", len(decisions), want)
	}
	for _, d := range decisions {
		if len(d.Explanation) == 0 || d.Branch == "" {
			return fmt.Errorf("the decision %s does not say why", d.Key)
		}
		last := d.Explanation[len(d.Explanation)-1]
		if taken := d.Branch == last.Branch; taken != (last.Result == "True") {
			return fmt.Errorf("the decision %s took %s though %s is %s", d.Key, d.Branch, last.Branch, last.Result)
		}
		for _, r := range d.Explanation[:len(d.Explanation)-1] {
			if r.Result != "False" {
				return fmt.Errorf("the decision %s passed %s, which is %s", d.Key, r.Branch, r.Result)
			}
		}
	}
	return nil
}

// checkBarrier: a completed visit of a stage has every required activity done, skipped or
// failed under Continue.
func (w *world) checkBarrier(v journey.View) error {
	for _, visit := range v.Record.State.Path {
		if visit.Status != journey.StageCompleted {
			continue
		}
		step, _ := w.plan.Node(visit.Key)
		anyRequired := slices.ContainsFunc(step.Activities, func(a *funnel.PlanActivity) bool { return a.Required })
		for _, r := range v.Runs {
			if r.Stage != visit.Key || r.Visit != visit.Visit || anyRequired && !step.Activity(r.Key).Required {
				continue
			}
			switch r.Status {
			case journey.RunCompleted, journey.RunSkipped:
			case journey.RunFailed:
				if step.Activity(r.Key).OnFailure.Policy != funnel.ContinueOnFail {
					return fmt.Errorf("visit %d of %s is complete though %s has failed", visit.Visit, visit.Key, r.Key)
				}
			case journey.RunPending, journey.RunInProgress, journey.RunBlocked, journey.RunCancelled:
				return fmt.Errorf("visit %d of %s is complete though %s is %s", visit.Visit, visit.Key, r.Key, r.Status)
			}
		}
	}
	return nil
}

// pending are the calls and questions that have a job.
type pending struct {
	calls map[engine.Pair]bool
	asks  map[ident.User]bool
}

func (w *world) pending() pending {
	p := pending{calls: map[engine.Pair]bool{}, asks: map[ident.User]bool{}}
	for _, j := range w.db.Jobs() {
		switch job := j.Item.Job.(type) {
		case engine.CallJob:
			for _, pair := range job.Pairs {
				p.calls[pair] = true
			}
		case engine.EnrichJob:
			p.asks[job.Lead] = true
		}
	}
	return p
}

// checkMoves: an open journey is stuck nowhere: something will move it, or it says whom it
// waits for.
func (w *world) checkMoves(v journey.View, p pending) error {
	rec := v.Record
	switch rec.Status {
	case journey.Blocked:
		if rec.BlockedReason == "" || rec.WaitingOn != activity.Team {
			return fmt.Errorf("it is blocked for %q and waits on %q", rec.BlockedReason, rec.WaitingOn)
		}
		if rec.BlockedReason != "MaxVisits" && !slices.ContainsFunc(v.Runs, func(r *journey.Run) bool {
			return r.Status == journey.RunFailed && r.Stage == rec.State.Position && r.Visit == rec.State.Visits[r.Stage]
		}) {
			return fmt.Errorf("it is blocked for %q and nothing has failed where it is", rec.BlockedReason)
		}
	case journey.InProgress:
		if rec.WaitingOn == activity.Nobody {
			return errors.New("it waits on nobody")
		}
	case journey.Converted, journey.NotQualified, journey.Cancelled:
		return nil
	}
	for _, r := range v.Runs {
		if r.CallOpen && !p.calls[engine.Pair{Journey: rec.ID, Run: r.ID, Call: r.Call}] {
			return fmt.Errorf("call %d of run %d is open and has no job", r.Call, r.ID)
		}
	}
	if rec.Status == journey.Blocked {
		return nil
	}
	step, _ := w.plan.Node(rec.State.Position)
	if step.Kind == funnel.Decision {
		if len(rec.State.Wanted) == 0 || !p.asks[rec.Lead] && rec.WakeAt.IsZero() {
			return errors.New("it waits to decide and nobody looks for a fact")
		}
		return nil
	}
	held := false
	for _, r := range v.Runs {
		if r.Stage != rec.State.Position || r.Visit != rec.State.Visits[r.Stage] || !r.Status.Open() {
			continue
		}
		held = true
		switch {
		case r.Status == journey.RunBlocked, r.Status == journey.RunPending, r.CallOpen, !r.RetryAt.IsZero(), !r.Until.IsZero():
		case r.Screen != nil && (r.WaitingOn == activity.Lead || r.WaitingOn == activity.Team || r.WaitingOn == activity.Stakeholder):
		default:
			return fmt.Errorf("nothing will move run %d of %s, which waits on %q", r.ID, r.Key, r.WaitingOn)
		}
	}
	if !held {
		return errors.New("nothing is open in its stage")
	}
	return nil
}

// checkLeads: when no news is under way, open journeys know what is known of their lead.
func (w *world) checkLeads() error {
	for _, v := range w.views() {
		if !v.Record.Status.Open() {
			continue
		}
		l := w.lead(v.Record.Lead)
		for key, d := range l.Data {
			if here := v.Record.Data[key]; datapoint.OfLead(key) && !here.Value.Equal(d.Value) {
				return fmt.Errorf("journey %d has %s %v of %s (%v), its lead %d %v of %s (%v)", v.Record.ID, key, here.Value, here.Source, here.ObservedAt,
					l.ID, d.Value, d.Source, d.ObservedAt)
			}
		}
	}
	return nil
}
