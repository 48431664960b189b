package enginetest

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/page"
)

func testSweeper(t *testing.T, h *House) {
	var now time.Time
	h.do(t, func(ctx context.Context, tx engine.Tx) error {
		var err error
		now, err = tx.Clock.Now(ctx)
		return err
	})
	l := h.lead(t, "a@example.org")
	// Their first moment is the reminder half an hour after the start.
	start := func(at time.Time) *journey.Journey {
		return journey.Start(journey.Record{ID: ident.Journey(h.id(t)), Lead: l.ID, Origin: h.Origin}, h.turn(t, at))
	}
	late, due, early := start(now.Add(-2*time.Hour)), start(now.Add(-time.Hour)), start(now)
	h.keep(t, l, late, due, early)
	sweep := func(n int) []ident.Journey {
		t.Helper()
		wakes, err := h.Sweeper.Due(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		var out []ident.Journey
		for _, w := range wakes {
			if w.Workspace != h.One {
				t.Errorf("a journey of workspace %d", w.Workspace)
			}
			out = append(out, w.Journey)
		}
		slices.Sort(out)
		return out
	}
	if got := sweep(1); !slices.Equal(got, []ident.Journey{late.Record().ID}) {
		t.Errorf("the first due is %v", got)
	}
	if got := sweep(10); !slices.Equal(got, []ident.Journey{due.Record().ID}) {
		t.Errorf("then %v, want what was not given out yet", got)
	}
	if got := sweep(10); len(got) != 0 {
		t.Errorf("given out twice: %v", got)
	}
	// In a workspace whose clock goes ahead, too.
	h.Offset(t, time.Hour)
	if got := sweep(10); len(got) != 3 {
		t.Errorf("an hour later %v are due", got)
	}
	if got := sweep(10); len(got) != 0 {
		t.Errorf("given out twice under an offset: %v", got)
	}
}

func testCalls(t *testing.T, h *House) {
	l := h.lead(t, "a@example.org")
	j := h.start(t, l.ID)
	calls := j.Take()
	h.do(t, func(ctx context.Context, tx engine.Tx) error {
		if err := tx.Leads.Save(ctx, []*lead.Lead{l}); err != nil {
			return err
		}
		return tx.Journeys.Save(ctx, []*journey.Journey{j}, calls.Inputs)
	})
	id, auto, desk, check := j.Record().ID, j.Latest("auto"), j.Latest("desk"), j.Latest("check")
	ctx := h.in(t.Context(), h.One)
	load := func(pairs ...engine.Pair) []engine.Loaded {
		t.Helper()
		loaded, err := h.Calls.Load(ctx, pairs)
		if err != nil {
			t.Fatal(err)
		}
		return loaded
	}
	got := load(engine.Pair{Journey: id, Run: auto.ID, Call: 1}, engine.Pair{Journey: id, Run: desk.ID, Call: 2}, engine.Pair{Journey: id, Run: 1, Call: 1})
	if len(got) != 1 {
		t.Fatalf("loaded %v, want the current call alone", got)
	}
	r := got[0].Request
	if r.Kind != activity.Start || r.Connector != "robot" || r.Run != auto.ID || r.Journey != id || r.Workspace != h.One || r.Key != "auto" ||
		r.Idempotency != "act_"+ident.String(auto.ID) || r.Attempt != 1 || r.Facts["company.size"].Number() != 12 {
		t.Errorf("the request is %+v", r)
	}
	input := ident.Input(h.id(t))
	h.do(t, func(ctx context.Context, tx engine.Tx) error {
		locked, err := tx.Journeys.Lock(ctx, engine.Query{IDs: []ident.Journey{id}})
		if err != nil {
			return err
		}
		waits := activity.Outcome{Kind: activity.Waiting, Screen: &activity.Screen{Kind: activity.ScreenMessage}, State: []byte("state")}
		if err := locked[0].Report(desk.ID, 1, waits, h.turn(t, moment)); err != nil {
			return err
		}
		if err := locked[0].Submit(journey.Submission{Run: desk.ID, Input: input, Body: []byte(`{"x":1}`)}, h.turn(t, moment)); err != nil {
			return err
		}
		return saved(ctx, tx, locked[0])
	})
	if got = load(engine.Pair{Journey: id, Run: desk.ID, Call: 1}); len(got) != 0 {
		t.Error("a call that is over was loaded")
	}
	if got = load(engine.Pair{Journey: id, Run: desk.ID, Call: 2}); len(got) != 1 {
		t.Fatal("the resumed call was not loaded")
	}
	r = got[0].Request
	if r.Kind != activity.Resume || string(r.State) != "state" || r.Input.ID != input || r.Input.From != "person" || string(r.Input.Body) != `{"x":1}` ||
		r.Idempotency != "act_"+ident.String(desk.ID)+"_"+ident.String(input) {
		t.Errorf("the request is %+v", r)
	}
	view, err := h.Journeys.Get(ctx, id)
	if err != nil || len(view.Runs) != 3 {
		t.Fatalf("the journey is %v, %v", view, err)
	}
	for _, run := range view.Runs {
		if run.State != nil {
			t.Errorf("who reads the journey sees the state %q of %s", run.State, run.Key)
		}
	}
	open, err := h.Journeys.OpenRuns(ctx, journey.RunFilter{}, all())
	if err != nil || !slices.ContainsFunc(open.Items, func(o journey.OpenRun) bool { return o.Run.ID == desk.ID }) {
		t.Fatalf("open are %v, %v", open, err)
	}
	for _, o := range open.Items {
		if o.Run.State != nil {
			t.Errorf("who reads the open runs sees the state %q of %s", o.Run.State, o.Run.Key)
		}
	}
	gone, err := h.Calls.Abandoned(ctx, []ident.Run{auto.ID, desk.ID, check.ID})
	if err != nil || len(gone) != 2 {
		t.Errorf("abandoned: %v, %v; want the two that were started outside", gone, err)
	}
	if other, err := h.Calls.Load(h.in(t.Context(), h.Two), []engine.Pair{{Journey: id, Run: auto.ID, Call: 1}}); err != nil || len(other) != 0 {
		t.Errorf("another workspace loads %v, %v", other, err)
	}
}

func testDirectory(t *testing.T, h *House) {
	l := h.lead(t, "a@example.org")
	j := h.start(t, l.ID)
	h.keep(t, l, j)
	one, two := h.in(t.Context(), h.One), h.in(t.Context(), h.Two)
	if got, err := h.Directory.LeadOf(one, j.Record().ID); err != nil || got != l.ID {
		t.Errorf("the lead is %d, %v", got, err)
	}
	if _, err := h.Directory.LeadOf(two, j.Record().ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("another workspace knows the lead: %v", err)
	}
	if p, err := h.Directory.Current(one, h.Plan.Funnel); err != nil || p.Version != h.Plan.Version {
		t.Errorf("current is %v, %v", p, err)
	}
	if _, err := h.Directory.Origin(one, "no-such-ref"); !fault.Is(err, fault.NotFound) {
		t.Errorf("an origin that is none: %v", err)
	}
	if w, err := h.Directory.Workspace(one); err != nil || w.ID != h.One {
		t.Errorf("the workspace is %v, %v", w, err)
	}
}

func testReaders(t *testing.T, h *House) {
	one, two := h.in(t.Context(), h.One), h.in(t.Context(), h.Two)
	var leads []*lead.Lead
	var journeys []*journey.Journey
	for _, email := range []string{"a@example.org", "b@example.org", "c@example.org"} {
		l := h.lead(t, email)
		leads = append(leads, l)
		journeys = append(journeys, h.start(t, l.ID))
		h.keep(t, l, journeys[len(journeys)-1])
	}
	var pages [][]ident.Journey
	request := page.Request{Size: 2}
	for {
		got, err := h.Journeys.List(one, journey.Filter{}, request)
		if err != nil {
			t.Fatal(err)
		}
		var ids []ident.Journey
		for _, s := range got.Items {
			ids = append(ids, s.Record.ID)
		}
		if pages = append(pages, ids); got.Next == nil {
			break
		}
		request.After = got.Next
	}
	id := func(i int) ident.Journey { return journeys[i].Record().ID }
	if len(pages) != 2 || !slices.Equal(pages[0], []ident.Journey{id(2), id(1)}) || !slices.Equal(pages[1], []ident.Journey{id(0)}) {
		t.Errorf("pages %v, want newest first", pages)
	}
	count := func(f journey.Filter) int {
		t.Helper()
		got, err := h.Journeys.List(one, f, all())
		if err != nil {
			t.Fatal(err)
		}
		return len(got.Items)
	}
	for name, c := range map[string]struct {
		f journey.Filter
		n int
	}{
		"status":     {journey.Filter{Status: []journey.Status{journey.InProgress}}, 3},
		"no status":  {journey.Filter{Status: []journey.Status{journey.Converted}}, 0},
		"lead":       {journey.Filter{Lead: leads[1].ID}, 1},
		"stage":      {journey.Filter{Stage: "s"}, 3},
		"search":     {journey.Filter{Search: "B@Example"}, 1},
		"name":       {journey.Filter{Search: "ann l"}, 3},
		"after":      {journey.Filter{CreatedAfter: moment.Add(time.Second)}, 0},
		"waiting on": {journey.Filter{WaitingOn: []activity.Party{activity.Lead}}, 0},
	} {
		if got := count(c.f); got != c.n {
			t.Errorf("filter %s gives %d, want %d", name, got, c.n)
		}
	}
	v, err := h.Journeys.Get(one, id(0))
	if err != nil || v.Total != 3 || v.Completed != 0 || len(v.Runs) != 3 || v.Lead.Email != "a@example.org" || v.FunnelName != h.Plan.Name {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := h.Journeys.Get(two, id(0)); !fault.Is(err, fault.NotFound) {
		t.Errorf("another workspace reads the journey: %v", err)
	}
	if _, err := h.Journeys.Events(two, id(0), all()); !fault.Is(err, fault.NotFound) {
		t.Errorf("another workspace reads the events: %v", err)
	}
	standings, err := h.Log.Standings(one, []ident.Journey{id(0), id(1), 1})
	want := map[ident.Journey]journey.Standing{
		id(0): {Sequence: journeys[0].Record().Sequence, Open: true}, id(1): {Sequence: journeys[1].Record().Sequence, Open: true},
	}
	if err != nil || want[id(0)].Sequence == 0 || !maps.Equal(standings, want) {
		t.Errorf("standings %v, %v; want %v", standings, err, want)
	}
	if none, err := h.Log.Standings(two, []ident.Journey{id(0)}); err != nil || len(none) != 0 {
		t.Errorf("another workspace sees %v, %v", none, err)
	}
	open, err := h.Journeys.OpenRuns(one, journey.RunFilter{Assignee: leads[1].ID}, all())
	if err != nil || len(open.Items) != 1 || open.Items[0].Run.Key != "desk" || open.Items[0].Journey != id(1) {
		t.Errorf("open runs %v, %v", open.Items, err)
	}
	found, err := h.Leads.List(one, lead.Filter{Email: "c@example.org"}, all())
	if err != nil || len(found.Items) != 1 || found.Items[0].ID != leads[2].ID {
		t.Errorf("leads %v, %v", found.Items, err)
	}
	if none, err := h.Leads.List(two, lead.Filter{}, all()); err != nil || len(none.Items) != 0 {
		t.Errorf("another workspace lists %v, %v", none.Items, err)
	}
}

func testRemindings(t *testing.T, h *House) {
	l := h.lead(t, "a@example.org")
	j := h.start(t, l.ID)
	h.keep(t, l, j)
	id, desk := j.Record().ID, j.Latest("desk")
	one := h.in(t.Context(), h.One)
	nobody := func(what string, ctx context.Context, run ident.Run) {
		t.Helper()
		if _, err := h.Remindings.Reminding(ctx, run); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	nobody("while the connector is called", one, desk.ID)
	change := func(command func(*journey.Journey) error) {
		t.Helper()
		h.do(t, func(ctx context.Context, tx engine.Tx) error {
			locked, err := tx.Journeys.Lock(ctx, engine.Query{IDs: []ident.Journey{id}})
			if err != nil {
				return err
			}
			if err := command(locked[0]); err != nil {
				return err
			}
			return saved(ctx, tx, locked[0])
		})
	}
	change(func(j *journey.Journey) error {
		return j.Report(desk.ID, 1, activity.Outcome{Kind: activity.Waiting, Screen: &activity.Screen{Kind: activity.ScreenMessage}}, h.turn(t, moment))
	})
	got, err := h.Remindings.Reminding(one, desk.ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the reminding", got, engine.Reminding{
		Run: desk.ID, Journey: id, Activity: "desk", Funnel: "Contract", Workspace: "One", Sandbox: true, To: "a@example.org", Name: "Ann Lee",
		Of: "Ann Lee", DueAt: moment.Add(time.Hour),
	})
	nobody("in another workspace", h.in(t.Context(), h.Two), desk.ID)
	change(func(j *journey.Journey) error { return j.Skip(desk.ID, "", h.turn(t, moment)) })
	nobody("after its end", one, desk.ID)
	nobody("a run that is none", one, 1)
}
