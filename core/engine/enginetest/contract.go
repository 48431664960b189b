package enginetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/session"
	"github.com/kohomai/kohomai/core/unit"
)

// TestStores is the contract of the engine's ports; house is made for each part.
func TestStores(t *testing.T, house func(t *testing.T) *House) {
	t.Helper()
	for name, part := range map[string]func(*testing.T, *House){
		"Work": testWork, "Work/waits": testLocks, "Clock": testClock, "Idem": testIdem, "Leads": testLeads, "Journeys": testJourneys,
		"Journeys/queries": testQueries, "Events": testEvents, "Sessions": testSessions, "Webhooks": testWebhooks, "Assigner": testAssigner,
		"Sweeper": testSweeper, "Calls": testCalls, "Directory": testDirectory, "Remindings": testRemindings, "Readers": testReaders,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part(t, house(t))
		})
	}
}

var errOnPurpose = errors.New("on purpose")

func testWork(t *testing.T, h *House) {
	l := h.lead(t, "a@example.org")
	j := h.start(t, l.ID)
	err := h.fails(t, func(ctx context.Context, tx engine.Tx) error {
		if err := tx.Leads.Save(ctx, []*lead.Lead{l}); err != nil {
			return err
		}
		if err := saved(ctx, tx, j); err != nil {
			return err
		}
		if _, err := tx.Assigner.Pick(ctx, []string{"account-managers"}); err != nil {
			return err
		}
		return errOnPurpose
	})
	if !errors.Is(err, errOnPurpose) {
		t.Errorf("another error: %v", err)
	}
	if _, err := h.Leads.Get(h.in(t.Context(), h.One), l.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("a lead of a failed transaction is there: %v", err)
	}
	if left := h.load(t, engine.Query{IDs: []ident.Journey{j.Record().ID}}); len(left) != 0 {
		t.Error("a journey of a failed transaction is there")
	}
	h.do(t, func(ctx context.Context, tx engine.Tx) error {
		picked, err := tx.Assigner.Pick(ctx, []string{"account-managers"})
		if err == nil && picked[0] != h.Members[0] {
			t.Errorf("a failed transaction advanced the policy: %v", picked)
		}
		return err
	})
	h.keep(t, l)
	if err := h.Work.Do(h.in(t.Context(), h.Two), func(ctx context.Context, tx engine.Tx) error {
		seen, err := tx.Leads.Lock(ctx, []string{"a@example.org"}, []ident.User{l.ID})
		if len(seen) != 0 {
			t.Error("another workspace sees the lead")
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	h.do(t, func(ctx context.Context, _ engine.Tx) error {
		if err := h.Work.Do(ctx, func(context.Context, engine.Tx) error { return nil }); !errors.Is(err, unit.ErrNested) {
			t.Errorf("Do inside Do: %v", err)
		}
		return nil
	})
	if err := h.Work.Do(context.Background(), func(context.Context, engine.Tx) error { return nil }); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("without an actor: %v", err)
	}
}

// testLocks lets a second transaction ask for what the first has locked: it must get it
// only as the first has left it.
func testLocks(t *testing.T, h *House) {
	key := idem.Key{Holder: "crm", Route: "/r", Value: "k"}
	l := h.lead(t, "a@example.org")
	j := h.start(t, l.ID)
	h.keep(t, l, j)
	id := j.Record().ID
	second := func(ask func(ctx context.Context, tx engine.Tx) error) (asks chan struct{}, got chan error) {
		asks, got = make(chan struct{}), make(chan error, 1)
		go func() {
			close(asks)
			got <- h.Work.Do(h.in(context.Background(), h.One), ask)
		}()
		return asks, got
	}
	var waits []chan error
	h.do(t, func(ctx context.Context, tx engine.Tx) error {
		if _, err := tx.Idem.Lock(ctx, []idem.Key{key}); err != nil {
			return err
		}
		leads, err := tx.Leads.Lock(ctx, nil, []ident.User{l.ID})
		if err != nil {
			return err
		}
		journeys, err := tx.Journeys.Lock(ctx, engine.Query{IDs: []ident.Journey{id}})
		if err != nil {
			return err
		}
		for _, ask := range []func(ctx context.Context, tx engine.Tx) error{
			func(ctx context.Context, tx engine.Tx) error {
				seen, err := tx.Idem.Lock(ctx, []idem.Key{key})
				if len(seen) != 1 {
					t.Error("an idempotency key was given to two at a time")
				}
				return err
			},
			func(ctx context.Context, tx engine.Tx) error {
				seen, err := tx.Leads.Lock(ctx, []string{"a@example.org"}, nil)
				if len(seen) != 1 || seen[0].Person.Firstname != "Bo" {
					t.Error("a lead was given to two at a time")
				}
				return err
			},
			func(ctx context.Context, tx engine.Tx) error {
				seen, err := tx.Journeys.Lock(ctx, engine.Query{OpenOf: []ident.User{l.ID}, IDs: []ident.Journey{id}})
				if len(seen) != 1 || seen[0].Record().Status != journey.Cancelled || seen[0].Latest("auto").Status != journey.RunCancelled {
					t.Error("a journey was given to two at a time")
				}
				return err
			},
		} {
			asks, got := second(ask)
			<-asks
			waits = append(waits, got)
		}
		leads[0].Describe(lead.Person{Firstname: "Bo"}, moment)
		if err := tx.Leads.Save(ctx, leads); err != nil {
			return err
		}
		if err := journeys[0].Cancel("why", h.turn(t, moment)); err != nil {
			return err
		}
		if err := saved(ctx, tx, journeys[0]); err != nil {
			return err
		}
		return tx.Idem.Save(ctx, []idem.Record{{Request: idem.Request{Key: key}, Answer: idem.Answer{Status: 201, Body: []byte("x")}}})
	})
	for _, got := range waits {
		if err := <-got; err != nil {
			t.Error(err)
		}
	}
}

func testClock(t *testing.T, h *House) {
	now := func() (at time.Time) {
		h.do(t, func(ctx context.Context, tx engine.Tx) error {
			var err error
			at, err = tx.Clock.Now(ctx)
			return err
		})
		return at
	}
	before := now()
	h.Offset(t, 48*time.Hour)
	if moved := now().Sub(before); moved < 48*time.Hour || moved > 49*time.Hour {
		t.Errorf("an offset of two days moved the clock by %v", moved)
	}
	if loc := before.Location(); loc != time.UTC {
		t.Errorf("the clock tells the time of %v", loc)
	}
}

func testIdem(t *testing.T, h *House) {
	one := idem.Key{Holder: "crm", Route: "/a", Value: "k"}
	record := idem.Record{
		Request: idem.Request{Key: one, Fingerprint: [32]byte{1, 2, 3}}, Answer: idem.Answer{Status: 201, Body: []byte("answer\x00")},
	}
	h.do(t, func(ctx context.Context, tx engine.Tx) error {
		seen, err := tx.Idem.Lock(ctx, []idem.Key{one})
		if err != nil || len(seen) != 0 {
			t.Errorf("a key never used is %v", seen)
		}
		return errors.Join(err, tx.Idem.Save(ctx, []idem.Record{record}))
	})
	h.do(t, func(ctx context.Context, tx engine.Tx) error {
		others := []idem.Key{{Holder: "x", Route: "/a", Value: "k"}, {Holder: "crm", Route: "/b", Value: "k"}, {Holder: "crm", Route: "/a", Value: "l"}}
		seen, err := tx.Idem.Lock(ctx, append(others, one, one))
		if len(seen) != 1 {
			t.Errorf("%d records of one", len(seen))
		}
		same(t, "the record", seen[one], record)
		return err
	})
	if err := h.fails(t, func(ctx context.Context, tx engine.Tx) error { return tx.Idem.Save(ctx, []idem.Record{record}) }); fault.As(err).Kind == fault.Unavailable {
		t.Errorf("a second record of a key: %v", err)
	}
}

func testLeads(t *testing.T, h *House) {
	a, b := h.lead(t, "a@example.org"), h.lead(t, "b@example.org")
	a.Stakeholder = true
	h.do(t, func(ctx context.Context, tx engine.Tx) error { return tx.Leads.Save(ctx, []*lead.Lead{b, a}) })
	h.do(t, func(ctx context.Context, tx engine.Tx) error {
		got, err := tx.Leads.Lock(ctx, []string{"b@example.org", "nobody@example.org", "a@example.org"}, []ident.User{a.ID, 1})
		if err != nil {
			return err
		}
		if len(got) != 2 || got[0].ID != a.ID || got[1].ID != b.ID {
			t.Fatalf("locked %v, want both, by e-mail", got)
		}
		want := *a
		want.New, want.Changed = false, false
		same(t, "the lead", got[0], want)
		if got[0].Email != a.Email {
			t.Errorf("the e-mail came back as %v", got[0].Email)
		}
		got[0].Describe(lead.Person{Lastname: "Kay"}, moment.Add(time.Second))
		got[0].Data["company.size"] = b.Data["company.size"]
		got[1].TakePart(moment)
		return tx.Leads.Save(ctx, got)
	})
	if got, err := h.Leads.Get(h.in(t.Context(), h.One), b.ID); err != nil || !got.Stakeholder {
		t.Errorf("one who takes part by now: %+v, %v", got, err)
	}
	got, err := h.Leads.Get(h.in(t.Context(), h.One), a.ID)
	if err != nil || got.Person.Lastname != "Kay" || !got.ChangedAt.Equal(moment.Add(time.Second)) {
		t.Errorf("%+v, %v", got, err)
	}
	twin := h.lead(t, "a@example.org")
	twin.ExternalID = ""
	if err := h.fails(t, func(ctx context.Context, tx engine.Tx) error { return tx.Leads.Save(ctx, []*lead.Lead{twin}) }); !fault.HasCode(err, "lead_race") {
		t.Errorf("a second lead of an e-mail: %v", err)
	}
	other := h.lead(t, "c@example.org")
	other.ExternalID = a.ExternalID
	err = h.fails(t, func(ctx context.Context, tx engine.Tx) error { return tx.Leads.Save(ctx, []*lead.Lead{other}) })
	if !fault.HasCode(err, "external_id_taken") || !fault.Is(err, fault.Conflict) {
		t.Errorf("an external id of two: %v", err)
	}
}

func testJourneys(t *testing.T, h *House) {
	l := h.lead(t, "a@example.org")
	j := h.start(t, l.ID)
	for _, r := range j.Runs() {
		if r.Assignee.Kind == journey.ByPolicy {
			j.Assigned(r, h.Members[0], h.turn(t, moment))
		}
	}
	h.keep(t, l, j)
	id := j.Record().ID
	loaded := h.load(t, engine.Query{IDs: []ident.Journey{id}})
	if len(loaded) != 1 || loaded[0].New() || loaded[0].Changed() {
		t.Fatalf("loaded %v", loaded)
	}
	same(t, "the journey", loaded[0].Record(), j.Record())
	same(t, "the runs", stored(loaded[0].Runs()), stored(j.Runs()))

	// Everything a run can hold.
	h.do(t, func(ctx context.Context, tx engine.Tx) error {
		locked, err := tx.Journeys.Lock(ctx, engine.Query{IDs: []ident.Journey{id}})
		if err != nil {
			return err
		}
		j = locked[0]
		desk := j.Latest("desk")
		o := activity.Outcome{
			Kind: activity.Waiting, Screen: &activity.Screen{Kind: activity.ScreenForm, Title: "T", Fields: []activity.Field{{Key: "k", Label: "K"}}},
			State: []byte{0, 1, 2}, External: "ref", Until: moment.Add(time.Hour),
		}
		if err := j.Report(desk.ID, desk.Call, o, h.turn(t, moment.Add(time.Minute))); err != nil {
			return err
		}
		if err := j.Report(j.Latest("auto").ID, 1, activity.FailedWith("downstream", "busy", true), h.turn(t, moment.Add(time.Minute))); err != nil {
			return err
		}
		if err := j.Tick(h.turn(t, moment.Add(40*time.Minute))); err != nil {
			return err
		}
		if err := j.Submit(journey.Submission{Run: desk.ID, Input: ident.Input(h.id(t)), Body: []byte(`{"k":1}`)}, h.turn(t, moment.Add(41*time.Minute))); err != nil {
			return err
		}
		j.Redirect("https://example.org/other", "ext-1")
		return saved(ctx, tx, j)
	})
	loaded = h.load(t, engine.Query{IDs: []ident.Journey{id}})
	same(t, "the changed journey", loaded[0].Record(), j.Record())
	same(t, "the changed runs", stored(loaded[0].Runs()), stored(j.Runs()))
	if r := loaded[0].Latest("desk"); r.Reminded != 1 || string(r.State) != "\x00\x01\x02" || !r.CallOpen || r.CallKind != activity.Resume {
		t.Errorf("the run came back as %+v", r)
	}

	other := h.start(t, l.ID)
	other.Redirect("", "ext-1")
	err := h.fails(t, func(ctx context.Context, tx engine.Tx) error { return saved(ctx, tx, other) })
	if !fault.HasCode(err, "external_id_taken") {
		t.Errorf("an external id of two: %v", err)
	}
}

// stored are runs as they look after a load.
func stored(runs []*journey.Run) []journey.Run {
	out := make([]journey.Run, len(runs))
	for i, r := range runs {
		out[i] = *r
		out[i].New, out[i].Changed = false, false
	}
	slices.SortFunc(out, func(a, b journey.Run) int { return int(a.ID - b.ID) })
	return out
}

func testQueries(t *testing.T, h *House) {
	a, b := h.lead(t, "a@example.org"), h.lead(t, "b@example.org")
	first, second, third, ended := h.start(t, a.ID), h.start(t, a.ID), h.start(t, b.ID), h.start(t, b.ID)
	if err := ended.Cancel("why", h.turn(t, moment)); err != nil {
		t.Fatal(err)
	}
	h.keep(t, a, first, second)
	h.keep(t, b, third, ended)
	// Two nodes draw ids from blocks of their own: the later journey may have the lower one.
	c, low, high := h.lead(t, "c@example.org"), ident.Journey(h.id(t)), ident.Journey(h.id(t))
	earlier := journey.Start(journey.Record{ID: max(low, high), Lead: c.ID, Origin: h.Origin}, h.turn(t, moment))
	later := journey.Start(journey.Record{ID: min(low, high), Lead: c.ID, Origin: h.Origin}, h.turn(t, moment.Add(time.Second)))
	h.keep(t, c, earlier, later)
	ids := func(q engine.Query) []ident.Journey {
		var out []ident.Journey
		for _, j := range h.load(t, q) {
			out = append(out, j.Record().ID)
		}
		return out
	}
	id := func(j *journey.Journey) ident.Journey { return j.Record().ID }
	in := func(l *lead.Lead) engine.LeadFunnel { return engine.LeadFunnel{Lead: l.ID, Funnel: h.Plan.Funnel} }
	for name, want := range map[string]struct {
		q    engine.Query
		want []ident.Journey
	}{
		"by id, rising, each once": {engine.Query{IDs: []ident.Journey{id(third), id(first), id(first), 1}}, []ident.Journey{id(first), id(third)}},
		"the newest open one":      {engine.Query{In: []engine.LeadFunnel{in(a), in(b)}}, []ident.Journey{id(second), id(third)}},
		"the one created last":     {engine.Query{In: []engine.LeadFunnel{in(c)}}, []ident.Journey{id(later)}},
		"in another funnel":        {engine.Query{In: []engine.LeadFunnel{{Lead: a.ID, Funnel: 1}}}, nil},
		"every open one":           {engine.Query{OpenOf: []ident.User{a.ID, b.ID}}, []ident.Journey{id(first), id(second), id(third)}},
		"all at once":              {engine.Query{IDs: []ident.Journey{id(ended)}, In: []engine.LeadFunnel{in(a)}, OpenOf: []ident.User{b.ID}}, []ident.Journey{id(second), id(third), id(ended)}},
	} {
		if got := ids(want.q); !slices.Equal(got, want.want) {
			t.Errorf("%s: %v, want %v", name, got, want.want)
		}
	}
	h.do(t, func(ctx context.Context, tx engine.Tx) error {
		open, err := tx.Journeys.Lock(ctx, engine.Query{OpenOf: []ident.User{a.ID, b.ID, c.ID}})
		for _, j := range open {
			err = errors.Join(err, j.Cancel("why", h.turn(t, moment)))
		}
		return errors.Join(err, saved(ctx, tx, open...))
	})
	want := []ident.Journey{id(second), id(ended), id(later)}
	slices.Sort(want)
	if got := ids(engine.Query{In: []engine.LeadFunnel{in(a), in(b), in(c)}}); !slices.Equal(got, want) {
		t.Errorf("without an open one the newest: %v", got)
	}
}

func testEvents(t *testing.T, h *House) {
	l := h.lead(t, "a@example.org")
	j := h.start(t, l.ID)
	want := j.Take().Events
	h.do(t, func(ctx context.Context, tx engine.Tx) error {
		return errors.Join(tx.Leads.Save(ctx, []*lead.Lead{l}), tx.Journeys.Save(ctx, []*journey.Journey{j}, nil), tx.Events.Append(ctx, want))
	})
	got, err := h.Journeys.Events(h.in(t.Context(), h.One), j.Record().ID, all())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the events", got.Items, want)
}

func testSessions(t *testing.T, h *House) {
	l := h.lead(t, "a@example.org")
	j := h.start(t, l.ID)
	h.keep(t, l, j)
	want := session.Link{
		ID: ident.Session(h.id(t)), TokenHash: session.HashToken("t"), User: l.ID, Journey: j.Record().ID, RedirectURL: "https://example.org",
		CreatedAt: moment, ValidUntil: moment.Add(session.LinkLife),
	}
	h.do(t, func(ctx context.Context, tx engine.Tx) error { return tx.Sessions.Insert(ctx, []session.Link{want}) })
	same(t, "the links", h.Links(t), []session.Link{want})
	h.do(t, func(ctx context.Context, tx engine.Tx) error {
		locked, err := tx.Visits.Lock(ctx, [][]byte{session.HashToken("other"), want.TokenHash})
		if err != nil {
			return err
		}
		if len(locked) != 1 {
			t.Fatalf("locked %v, want the link that is known", locked)
		}
		locked[0].UsedAt = moment.Add(time.Minute)
		visit := session.Visit{
			ID: ident.Session(h.id(t)), Kind: actor.Front, User: l.ID, TokenHash: session.HashToken("cookie"), Journey: j.Record().ID,
			CreatedAt: moment, SeenAt: moment, ExpiresAt: moment.Add(time.Hour),
		}
		return errors.Join(tx.Visits.Use(ctx, locked), tx.Visits.Begin(ctx, visit))
	})
	if used := h.Links(t)[0].UsedAt; !used.Equal(moment.Add(time.Minute)) {
		t.Errorf("used at %v", used)
	}
}

func testAssigner(t *testing.T, h *House) {
	const name = "account-managers"
	n := len(h.Members)
	var got []ident.User
	for range 2 {
		h.do(t, func(ctx context.Context, tx engine.Tx) error {
			picked, err := tx.Assigner.Pick(ctx, []string{name, "no such policy", name})
			if err == nil && (len(picked) != 3 || picked[1] != 0) {
				t.Errorf("picked %v", picked)
			}
			got = append(got, picked[0], picked[2])
			return err
		})
	}
	for i, u := range got {
		if u != h.Members[i%n] {
			t.Errorf("pick %d is %d, want %d", i, u, h.Members[i%n])
		}
	}
	if err := h.Work.Do(h.in(t.Context(), h.Two), func(ctx context.Context, tx engine.Tx) error {
		picked, err := tx.Assigner.Pick(ctx, []string{name})
		if err == nil && picked[0] != 0 {
			t.Errorf("an empty policy has %d", picked[0])
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}
