package journey_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/funnel/funneltest"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/rule"
)

// The people of the tests.
const (
	theLead ident.User = 7
	manager ident.User = 11
	signer  ident.User = 12
)

var epoch = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

// world holds one journey, its time and everything it made follow.
type world struct {
	t       *testing.T
	plan    *funnel.Plan
	now     time.Time
	last    int64
	askable map[string]bool
	data    datapoint.Data
	j       *journey.Journey
	fx      journey.Effects
}

// begin starts a journey through a definition.
func begin(t *testing.T, definition string, set ...func(*world)) *world {
	t.Helper()
	w := &world{t: t, plan: funneltest.Plan(t, definition), now: epoch, askable: map[string]bool{}, data: datapoint.Data{}}
	for _, s := range set {
		s(w)
	}
	w.j = journey.Start(journey.Record{ID: 1, Lead: theLead, Origin: 3, Data: w.data}, w.turn())
	w.take()
	return w
}

// asking makes providers that may know facts; knowing gives the journey a number.
func asking(keys ...string) func(*world) {
	return func(w *world) {
		for _, k := range keys {
			w.askable[k] = true
		}
	}
}

func knowing(key string, n float64) func(*world) {
	return func(w *world) { w.data[key] = number(n) }
}

func number(n float64) datapoint.Datum {
	v, err := rule.NumberValue(n)
	if err != nil {
		panic(err)
	}
	return datapoint.Datum{Value: v, Source: datapoint.SourceAPI, Confidence: 1, ObservedAt: epoch}
}

func (w *world) turn() journey.Turn {
	return journey.Turn{
		Plan: w.plan, Now: w.now, By: manager, Askable: func(k string) bool { return w.askable[k] },
		IDs: func() int64 { w.last++; return 1000 + w.last },
	}
}

// take lets policies pick the manager and gathers the effects.
func (w *world) take() {
	for {
		fx := w.j.Take()
		w.fx.Events = append(w.fx.Events, fx.Events...)
		w.fx.Calls = append(w.fx.Calls, fx.Calls...)
		w.fx.Inputs = append(w.fx.Inputs, fx.Inputs...)
		w.fx.Ask = append(w.fx.Ask, fx.Ask...)
		w.fx.Abandoned = append(w.fx.Abandoned, fx.Abandoned...)
		w.fx.Reminders = append(w.fx.Reminders, fx.Reminders...)
		if len(fx.Unassigned) == 0 {
			return
		}
		for _, r := range fx.Unassigned {
			w.j.Assigned(r, manager, w.turn())
		}
	}
}

func (w *world) run(key string) *journey.Run {
	w.t.Helper()
	r := w.j.Latest(key)
	if r == nil {
		w.t.Fatalf("there is no run of %s", key)
	}
	return r
}

// do carries a command out and fails the test when it is refused.
func (w *world) do(command func(journey.Turn) error) {
	w.t.Helper()
	if err := command(w.turn()); err != nil {
		w.t.Fatal(err)
	}
	w.take()
}

func (w *world) report(key string, o activity.Outcome) {
	w.t.Helper()
	r := w.run(key)
	w.do(func(t journey.Turn) error { return w.j.Report(r.ID, r.Call, o, t) })
}

// pass lets time pass and ticks.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	w.now = w.now.Add(d)
	w.do(w.j.Tick)
}

// toWake goes to the moment the journey wants to be woken at.
func (w *world) toWake() {
	w.t.Helper()
	at := w.j.Record().WakeAt
	if at.IsZero() {
		w.t.Fatal("the journey does not want to be woken")
	}
	w.pass(at.Sub(w.now))
}

func (w *world) status(want journey.Status) {
	w.t.Helper()
	if got := w.j.Record().Status; got != want {
		w.t.Fatalf("the journey is %s (%s) at %s, want %s", got, w.j.Record().BlockedReason, w.j.Record().State.Position, want)
	}
}

func (w *world) runIs(key string, want journey.RunStatus, reason string) {
	w.t.Helper()
	if r := w.run(key); r.Status != want || !strings.Contains(r.Reason, reason) {
		w.t.Errorf("%s is %s (%q), want %s (%q)", key, r.Status, r.Reason, want, reason)
	}
}

func (w *world) at(position string) {
	w.t.Helper()
	if got := w.j.Record().State.Position; got != position {
		w.t.Fatalf("the journey is at %s, want %s", got, position)
	}
}

// happened counts events of a type, of one activity if a key is given.
func (w *world) happened(typ event.Type, key ...string) int {
	n := 0
	for _, e := range w.fx.Events {
		if e.Type == typ && (len(key) == 0 || e.Data["Key"] == key[0]) {
			n++
		}
	}
	return n
}

// gapFree checks the sequence of all events.
func (w *world) gapFree() {
	w.t.Helper()
	for i, e := range w.fx.Events {
		if e.Sequence != int64(i+1) {
			w.t.Fatalf("event %d (%s) has the sequence %d", i, e.Type, e.Sequence)
		}
	}
	if got := w.j.Record().Sequence; got != int64(len(w.fx.Events)) {
		w.t.Fatalf("the sequence is %d after %d events", got, len(w.fx.Events))
	}
}

// stage is a funnel of one stage with these activities, then done; elsewhere is another end.
func stage(activities ...string) string {
	return `{"Name":"F","Start":"s","Nodes":[{"Key":"s","Kind":"Stage","Activities":[` + strings.Join(activities, ",") + `],"Next":"done"},
		{"Key":"done","Kind":"End","Result":"Converted"},{"Key":"elsewhere","Kind":"End","Result":"NotQualified"}]}`
}

func robot(key string, more ...string) string {
	return act(key, append([]string{`"Connector":"robot","Assignee":{"Automatic":true}`}, more...)...)
}

func task(key string, more ...string) string {
	return act(key, append([]string{`"Connector":"task","Assignee":{"Policy":"account-managers"}`}, more...)...)
}

func desk(key string, more ...string) string {
	return act(key, append([]string{`"Connector":"desk","Assignee":{"Lead":true}`}, more...)...)
}

func act(key string, fields ...string) string {
	return `{"Key":"` + key + `",` + strings.Join(fields, ",") + `}`
}

func done() activity.Outcome { return activity.CompletedWith(nil) }

func screenOut() activity.Outcome {
	return activity.Outcome{Kind: activity.Waiting, Screen: &activity.Screen{Kind: activity.ScreenMessage}, State: []byte("s")}
}

func eventTypes(events []event.Event) []string {
	var out []string
	for _, e := range events {
		out = append(out, string(e.Type))
	}
	return slices.Clip(out)
}

func plan(t *testing.T, definition string) *funnel.Plan {
	t.Helper()
	return funneltest.Plan(t, definition)
}
