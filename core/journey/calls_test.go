package journey_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/rule"
)

func TestReport_OnlyTheCurrentCallCounts(t *testing.T) {
	t.Parallel()
	w := begin(t, stage(robot("a"), robot("b")))
	a := w.run("a")
	if a.Call != 1 || !a.CallOpen || a.WaitingOn != activity.System || len(w.fx.Calls) != 2 {
		t.Fatalf("call %d, open %v, waits on %s, calls %v", a.Call, a.CallOpen, a.WaitingOn, w.fx.Calls)
	}
	ignored := func(what string, call int) {
		t.Helper()
		before := w.j.Record()
		w.do(func(t journey.Turn) error {
			return w.j.Report(a.ID, call, activity.FailedWith("connector", "late", false), t)
		})
		if after := w.j.Record(); after.Sequence != before.Sequence || after.Status != before.Status || a.Reason == "late" {
			t.Errorf("%s was taken", what)
		}
	}
	ignored("a call that was never made", 2)
	w.report("a", screenOut())
	if a.WaitingOn != activity.Provider || a.CallOpen {
		t.Errorf("waits on %s, open %v", a.WaitingOn, a.CallOpen)
	}
	ignored("a second outcome", 1)
	w.do(func(t journey.Turn) error {
		return w.j.Submit(journey.Submission{Run: a.ID, Input: 77, Body: []byte(`{"x":1}`)}, t)
	})
	if a.Call != 2 || a.CallKind != activity.Resume || a.Input != 77 || len(w.fx.Inputs) != 1 || !bytes.Equal(a.State, []byte("s")) {
		t.Errorf("call %d of kind %d with input %d, inputs %v, state %q", a.Call, a.CallKind, a.Input, w.fx.Inputs, a.State)
	}
	ignored("the first call's outcome during the second", 1)
	w.report("a", done())
	ignored("an outcome after the end", 2)
	w.report("b", done())
	ignored("an outcome after the journey's end", 2)
	if err := w.j.Report(4711, 1, done(), w.turn()); !fault.Is(err, fault.NotFound) {
		t.Errorf("a run that is none: %v", err)
	}
}

func TestReport_RetriesAndBackOff(t *testing.T) {
	t.Parallel()
	trouble := activity.FailedWith("downstream", "busy", true)
	w := begin(t, stage(robot("a")))
	a := w.run("a")
	wait := 2 * time.Second
	for attempt := 1; attempt < 8; attempt++ {
		w.report("a", trouble)
		if a.Attempts != attempt || a.CallOpen || a.RetryAt.Sub(w.now) != wait || !w.j.Record().WakeAt.Equal(a.RetryAt) {
			t.Fatalf("attempt %d: attempts %d, again in %v, wakes in %v", attempt, a.Attempts, a.RetryAt.Sub(w.now), w.j.Record().WakeAt.Sub(w.now))
		}
		w.pass(wait - time.Millisecond)
		if a.CallOpen {
			t.Fatal("repeated too early")
		}
		w.pass(time.Millisecond)
		if !a.CallOpen || a.Call != attempt+1 || a.CallKind != activity.Start {
			t.Fatalf("not repeated: call %d, open %v", a.Call, a.CallOpen)
		}
		wait = min(2*wait, 5*time.Minute)
	}
	w.report("a", trouble)
	w.runIs("a", journey.RunFailed, "busy")
	w.status(journey.Blocked)

	w = begin(t, stage(robot("a")))
	a = w.run("a")
	slow := trouble
	slow.RetryAfter = time.Hour
	w.report("a", slow)
	if a.RetryAt.Sub(w.now) != time.Hour {
		t.Errorf("the connector's own wait is not kept: %v", a.RetryAt.Sub(w.now))
	}
	for range 50 {
		w.toWake()
		w.report("a", activity.FailedWith("host", "not running", true))
	}
	w.runIs("a", journey.RunInProgress, "not running")
	w.toWake()
	w.report("a", screenOut())
	if a.Attempts != 0 {
		t.Errorf("a success leaves %d attempts", a.Attempts)
	}
}

func TestReport_RefusesWhatIsNoOutcome(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]activity.Outcome{
		"none":            {},
		"too large state": {Kind: activity.Waiting, State: make([]byte, activity.MaxState+1)},
	} {
		w := begin(t, stage(robot("a")))
		w.report("a", o)
		w.runIs("a", journey.RunFailed, "not acceptable")
		w.status(journey.Blocked)
		_ = name
	}
}

func TestReport_KeepsDeclaredFactsOnly(t *testing.T) {
	t.Parallel()
	w := begin(t, stage(robot("a")))
	score, _ := rule.NumberValue(4)
	w.report("a", activity.CompletedWith(map[string]rule.Value{"score": score, "secret": score}))
	d := w.j.Record().Data
	if v, _ := d.Fact("activity.a.score"); v.Number() != 4 || d["activity.a.score"].Source != "activity:a" {
		t.Errorf("score is %+v", d["activity.a.score"])
	}
	if _, kept := d["activity.a.secret"]; kept {
		t.Error("an undeclared fact was kept")
	}
	w = begin(t, stage(robot("a")))
	w.report("a", activity.CompletedWith(map[string]rule.Value{"score": rule.TextValue("4")}))
	if _, kept := w.j.Record().Data["activity.a.score"]; kept {
		t.Error("a fact of another type was kept")
	}
}

func TestTimers_DueMarksTimeoutFails(t *testing.T) {
	t.Parallel()
	w := begin(t, stage(desk("a", `"Due":{"In":"1h"}`, `"Timeout":"2h"`), robot("b")))
	w.report("a", screenOut())
	a := w.run("a")
	if !w.j.Record().WakeAt.Equal(epoch.Add(time.Hour)) {
		t.Errorf("wakes at %v", w.j.Record().WakeAt)
	}
	w.toWake()
	if !a.Overdue || w.happened(event.ActivityOverdue, "a") != 1 || a.Status != journey.RunInProgress {
		t.Errorf("overdue %v, %s, events %v", a.Overdue, a.Status, eventTypes(w.fx.Events))
	}
	w.pass(time.Minute)
	if w.happened(event.ActivityOverdue) != 1 {
		t.Error("overdue twice")
	}
	w.toWake()
	w.runIs("a", journey.RunFailed, "Timeout")
	w.status(journey.Blocked)
	if w.j.Record().BlockedReason != "Timeout" || !slices.Contains(w.fx.Abandoned, a.ID) || string(a.State) != "s" {
		t.Errorf("blocked for %q, abandoned %v with state %q", w.j.Record().BlockedReason, w.fx.Abandoned, a.State)
	}
	w.do(func(t journey.Turn) error { return w.j.Retry(a.ID, t) })
	if a.Overdue || !a.DueAt.Equal(w.now.Add(time.Hour)) || !a.TimeoutAt.Equal(w.now.Add(2*time.Hour)) {
		t.Errorf("the retry is due %v and times out %v", a.DueAt, a.TimeoutAt)
	}
}

func TestTimers_RemindersFromTheStart(t *testing.T) {
	t.Parallel()
	w := begin(t, stage(desk("a", `"Remind":["48h","24h","96h"]`), robot("b")))
	w.report("a", screenOut())
	w.report("b", done())
	w.toWake()
	if w.now.Sub(epoch) != 24*time.Hour || len(w.fx.Reminders) != 1 {
		t.Fatalf("after %v: %v", w.now.Sub(epoch), w.fx.Reminders)
	}
	w.toWake()
	if w.now.Sub(epoch) != 48*time.Hour || len(w.fx.Reminders) != 2 || w.fx.Reminders[0].ID == w.fx.Reminders[1].ID {
		t.Fatalf("after %v: %v", w.now.Sub(epoch), w.fx.Reminders)
	}
	w.do(func(t journey.Turn) error {
		return w.j.Submit(journey.Submission{Run: w.run("a").ID, Input: 9, Body: []byte(`{}`)}, t)
	})
	w.pass(72 * time.Hour)
	if len(w.fx.Reminders) != 2 {
		t.Error("somebody was reminded of what waits on the connector")
	}
	w.report("a", done())
	if !w.j.Record().WakeAt.IsZero() {
		t.Error("an ended journey wakes")
	}

	w = begin(t, stage(desk("a", `"Remind":["1h","2h","3h"]`)))
	w.report("a", screenOut())
	w.pass(5 * time.Hour)
	if len(w.fx.Reminders) != 1 || !w.j.Record().WakeAt.IsZero() {
		t.Errorf("after a long sleep: %v, wakes at %v", w.fx.Reminders, w.j.Record().WakeAt)
	}
}

func TestTimers_WaitAndUntil(t *testing.T) {
	t.Parallel()
	w := begin(t, stage(act("w", `"Connector":"wait","Assignee":{"Automatic":true},"Config":{"For":"24h"}`), robot("a")))
	o := screenOut()
	o.Until = epoch.Add(time.Hour)
	w.report("a", o)
	w.toWake()
	a := w.run("a")
	if !a.CallOpen || a.CallKind != activity.Resume || len(w.fx.Inputs) != 1 || w.fx.Inputs[0].From != "timer" || a.Input != w.fx.Inputs[0].ID {
		t.Errorf("call of kind %d, open %v, inputs %v", a.CallKind, a.CallOpen, w.fx.Inputs)
	}
	w.report("a", done())
	w.toWake()
	w.status(journey.Converted)
	if w.now.Sub(epoch) != 24*time.Hour {
		t.Errorf("the wait took %v", w.now.Sub(epoch))
	}
}

func TestTimers_NoMomentLiesBehind(t *testing.T) {
	t.Parallel()
	// A wake-up in the past would be swept again and again.
	t.Run("a pending run of a blocked journey", func(t *testing.T) {
		t.Parallel()
		w := begin(t, stage(robot("a", `"When":"company.size >= 1"`), robot("b")), asking("company.size"))
		w.report("b", activity.FailedWith("connector", "no", false))
		w.pass(time.Minute)
		if at := w.j.Record().WakeAt; !at.IsZero() {
			t.Errorf("wakes at %v, it is %v", at, w.now)
		}
		w.do(func(t journey.Turn) error { return w.j.Skip(w.run("b").ID, "", t) })
		w.status(journey.Converted)
	})
	t.Run("a retry of what waits until a time", func(t *testing.T) {
		t.Parallel()
		w := begin(t, stage(robot("a")))
		o := screenOut()
		o.Until = epoch.Add(time.Hour)
		w.report("a", o)
		w.do(func(t journey.Turn) error { return w.j.Retry(w.run("a").ID, t) })
		w.pass(2 * time.Hour)
		if at := w.j.Record().WakeAt; !at.IsZero() {
			t.Errorf("wakes at %v, it is %v", at, w.now)
		}
	})
}

func TestTick_StaleChangesNothing(t *testing.T) {
	t.Parallel()
	w := begin(t, stage(robot("a", `"Timeout":"1h"`)))
	rec := w.j.Record()
	for _, r := range w.j.Runs() {
		r.New, r.Changed = false, false
	}
	loaded := journey.Load(rec, w.j.Runs())
	w.now = w.now.Add(time.Minute)
	if err := loaded.Tick(w.turn()); err != nil || loaded.Changed() || !loaded.Record().ChangedAt.Equal(epoch) {
		t.Errorf("%v, changed %v at %v", err, loaded.Changed(), loaded.Record().ChangedAt)
	}
	postponed := rec
	postponed.WakeAt = w.now.Add(30 * time.Second)
	loaded = journey.Load(postponed, w.j.Runs())
	if err := loaded.Tick(w.turn()); err != nil || !loaded.Changed() || !loaded.Record().WakeAt.Equal(epoch.Add(time.Hour)) {
		t.Errorf("%v: the true moment is not written: %v", err, loaded.Record().WakeAt)
	}
}

func TestJourney_TimeNeverGoesBack(t *testing.T) {
	t.Parallel()
	w := begin(t, stage(robot("a"), robot("b")))
	w.now = epoch.Add(-time.Hour)
	w.report("a", done())
	if !w.run("a").CompletedAt.Equal(epoch) || !w.j.Record().ChangedAt.Equal(epoch) {
		t.Errorf("completed at %v", w.run("a").CompletedAt)
	}
}
