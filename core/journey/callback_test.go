package journey_test

import (
	"testing"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
)

func (w *world) callback(input int64, digest string) error {
	return w.j.Callback(journey.Callback{Run: w.run("x").ID, Input: ident.Input(input), Digest: digest, Body: []byte(`{}`)}, w.turn())
}

func waits() activity.Outcome {
	return activity.Outcome{Kind: activity.Waiting, WaitsOn: activity.Provider}
}

func TestJourney_Callback(t *testing.T) {
	t.Parallel()
	t.Run("a waiting run goes on with it", func(t *testing.T) {
		t.Parallel()
		w := withRun(t, journey.RunInProgress)
		x := w.run("x")
		if err := w.j.Report(x.ID, x.Call, waits(), w.turn()); err != nil {
			t.Fatal(err)
		}
		before := x.Call
		if err := w.callback(501, "a"); err != nil || !x.CallOpen || x.Call != before+1 || x.CallKind != activity.Resume || x.Input != 501 {
			t.Fatalf("%v, %+v", err, x)
		}
		fx := w.j.Take()
		if len(fx.Inputs) == 0 || fx.Inputs[len(fx.Inputs)-1].From != "callback" {
			t.Errorf("%+v", fx.Inputs)
		}
	})
	t.Run("repetitions change nothing", func(t *testing.T) {
		t.Parallel()
		w := withRun(t, journey.RunInProgress)
		x := w.run("x")
		_ = w.j.Report(x.ID, x.Call, waits(), w.turn())
		_ = w.callback(501, "a")
		_ = w.j.Report(x.ID, x.Call, waits(), w.turn())
		call := x.Call
		if err := w.callback(502, "a"); err != nil || x.Call != call || x.CallOpen {
			t.Errorf("%v, call %d became %d", err, call, x.Call)
		}
	})
	t.Run("those that come while a call is open are heard in order after it", func(t *testing.T) {
		t.Parallel()
		w := withRun(t, journey.RunInProgress)
		x := w.run("x")
		if err := w.j.Retry(x.ID, w.turn()); err != nil || !x.CallOpen {
			t.Fatalf("%v, open %v", err, x.CallOpen)
		}
		call := x.Call
		_ = w.callback(501, "a")
		_ = w.callback(502, "b")
		if x.Call != call || !x.CallOpen || len(x.Queue) != 2 {
			t.Fatalf("%+v", x)
		}
		for _, want := range []ident.Input{501, 502} {
			if err := w.j.Report(x.ID, x.Call, waits(), w.turn()); err != nil || x.Input != want || !x.CallOpen {
				t.Fatalf("%v, want input %d: %+v", err, want, x)
			}
		}
		if err := w.j.Report(x.ID, x.Call, waits(), w.turn()); err != nil || x.CallOpen || len(x.Queue) != 0 {
			t.Fatalf("%v, %+v", err, x)
		}
	})
	t.Run("a call that is to be repeated is not overtaken", func(t *testing.T) {
		t.Parallel()
		w := withRun(t, journey.RunInProgress)
		x := w.run("x")
		_ = w.j.Retry(x.ID, w.turn())
		_ = w.j.Report(x.ID, x.Call, activity.FailedWith("downstream", "Away.", true), w.turn())
		if err := w.callback(501, "a"); err != nil || x.CallOpen || len(x.Queue) != 1 || x.CallKind != activity.Start {
			t.Fatalf("%v, %+v", err, x)
		}
	})
	t.Run("a run that is over ignores it", func(t *testing.T) {
		t.Parallel()
		w := withRun(t, journey.RunInProgress)
		x := w.run("x")
		_ = w.callback(501, "a")
		_ = w.callback(502, "c")
		_ = w.j.Report(x.ID, x.Call, done(), w.turn())
		if err := w.callback(503, "b"); err != nil || x.Status != journey.RunCompleted || x.CallOpen || len(x.Queue) != 0 {
			t.Fatalf("%v, %+v", err, x)
		}
	})
	t.Run("no run of this journey is NotFound", func(t *testing.T) {
		t.Parallel()
		w := withRun(t, journey.RunInProgress)
		if err := w.j.Callback(journey.Callback{Run: 1}, w.turn()); err == nil {
			t.Error("taken")
		}
	})
}
