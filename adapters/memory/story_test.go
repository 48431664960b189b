package memory_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kohomai/kohomai/adapters/memory"
	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/funnel/funneltest"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/page"
	"github.com/kohomai/kohomai/core/rule"
	"github.com/kohomai/kohomai/core/session"
	"github.com/kohomai/kohomai/core/workspace"
)

// tale is an engine over memory with one funnel for each definition, by ref.
type tale struct {
	t      *testing.T
	db     *memory.DB
	engine *engine.Engine
	ctx    context.Context
	now    time.Time
}

func tell(t *testing.T, funnels map[string]string) *tale {
	t.Helper()
	s := &tale{t: t, now: epoch, ctx: actor.With(t.Context(), actor.Actor{Kind: actor.APIKey, Workspace: ws, KeyName: "story", Sandbox: true})}
	s.db = memory.New(func() time.Time { return s.now })
	s.db.AddWorkspace(workspace.Workspace{ID: ws, Name: "Acme", Sandbox: true, RedirectOrigins: []string{"https://app.example.com"}}, funneltest.Policy)
	s.db.AddMember(ws, funneltest.Policy, manager)
	id := ident.Funnel(100)
	for ref, definition := range funnels {
		id++
		s.db.Publish(ws, funneltest.Plan(t, definition).For(id, 1))
		s.db.AddOrigin(workspace.Origin{ID: ident.Origin(id), Workspace: ws, Funnel: id, Name: ref, Ref: ref})
	}
	s.engine = engine.New(s.db.Engine(), memory.NewDirectory(s.db), enricher{}, s.db, &secrets{}, func() time.Time { return s.now })
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = s.engine.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	return s
}

func (s *tale) origin(ref string) workspace.Origin {
	s.t.Helper()
	o, err := memory.NewDirectory(s.db).Origin(s.ctx, ref)
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

func (s *tale) register(ref, email string, change ...func(*engine.Registration)) engine.Registered {
	s.t.Helper()
	r := engine.Registration{Email: lead.LoadEmail(email, email), Origin: s.origin(ref), Source: datapoint.SourceAPI}
	for _, c := range change {
		c(&r)
	}
	got, err := s.engine.Register(s.ctx, r)
	if err != nil {
		s.t.Fatal(err)
	}
	return got
}

func (s *tale) view(id ident.Journey) journey.View {
	s.t.Helper()
	v, err := memory.NewJourneys(s.db).Get(s.ctx, id)
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

func (s *tale) run(id ident.Journey, key string) *journey.Run {
	s.t.Helper()
	for _, r := range s.view(id).Runs {
		if r.Key == key {
			return r
		}
	}
	s.t.Fatalf("journey %d has no run of %s", id, key)
	return nil
}

func (s *tale) act(id ident.Journey, d engine.Deed) {
	s.t.Helper()
	if _, err := s.engine.Act(s.ctx, id, d); err != nil {
		s.t.Fatal(err)
	}
}

// jobs takes the committed jobs of a kind.
func jobsOf[T any](s *tale) []T {
	var out []T
	for _, j := range s.db.Jobs() {
		if typed, ok := j.Item.Job.(T); ok {
			out = append(out, typed)
			s.db.Done(j.ID)
		}
	}
	return out
}

func (s *tale) happened(typ event.Type) int {
	n := 0
	for _, e := range s.db.Log(ws) {
		if e.Type == typ {
			n++
		}
	}
	return n
}

const ends = `{"Key":"done","Kind":"End","Result":"Converted"},{"Key":"no","Kind":"End","Result":"NotQualified"}`

// asks has a form for the company's size; waits decides on it and looks for it outside.
var twoFunnels = map[string]string{
	"asks": `{"Name":"Asks","Start":"s","Nodes":[{"Key":"s","Kind":"Stage","Activities":[
		{"Key":"form","Connector":"form","Assignee":{"Lead":true},"Config":{"Fields":["company.size","lead.firstname"]}},
		{"Key":"more","Connector":"task","Assignee":{"Policy":"account-managers"}}],"Next":"done"},` + ends + `]}`,
	"waits": `{"Name":"Waits","Start":"d","Nodes":[{"Key":"d","Kind":"Decision","Branches":[
		{"Name":"Big","When":"company.size >= 10","Next":"done"}],"Otherwise":"no"},` + ends + `]}`,
	"sets": `{"Name":"Sets","Start":"s","Nodes":[{"Key":"s","Kind":"Stage","Activities":[
		{"Key":"first","Connector":"robot","Assignee":{"Automatic":true}}],"Next":"t"},{"Key":"t","Kind":"Stage","Activities":[
		{"Key":"set","Connector":"set","Assignee":{"Automatic":true},"Config":{"Values":{"company.size":40}}},
		{"Key":"more","Connector":"task","Assignee":{"Policy":"account-managers"}}],"Next":"done"},` + ends + `]}`,
}

func TestStory_WhatALeadEntersReachesAllItsJourneys(t *testing.T) {
	t.Parallel()
	s := tell(t, twoFunnels)
	asks, waits := s.register("asks", "zoe@example.org"), s.register("waits", "zoe@example.org")
	if v := s.view(waits.Journey.ID); v.Record.Status != journey.InProgress || waits.Lead.ID != asks.Lead.ID {
		t.Fatalf("%s, leads %d and %d", v.Record.Status, asks.Lead.ID, waits.Lead.ID)
	}
	s.act(asks.Journey.ID, engine.Deed{
		Command: journey.CommandSubmit, Run: s.run(asks.Journey.ID, "form").ID, Body: []byte(`{"company.size":12,"lead.firstname":"Zoe"}`),
	})
	if v := s.view(waits.Journey.ID); v.Record.Status != journey.Converted || v.Record.Data["company.size"].Source != datapoint.SourceLead {
		t.Errorf("the other journey is %s with %+v", v.Record.Status, v.Record.Data["company.size"])
	}
	l, err := memory.NewLeads(s.db).Get(s.ctx, asks.Lead.ID)
	if err != nil || l.Data["company.size"].Value.Number() != 12 || l.Person.Firstname != "Zoe" {
		t.Errorf("the lead is %+v, %v", l, err)
	}
	if n := s.happened(event.LeadUpdated); n != 1 {
		t.Errorf("lead.updated happened %d times", n)
	}
	if left := jobsOf[engine.SpreadJob](s); len(left) != 0 {
		t.Errorf("jobs for what was done at once: %v", left)
	}
	// A later journey knows it from the beginning.
	if again := s.register("waits", "zoe@example.org"); again.Created {
		t.Error("a terminal journey did not stay under Continue")
	}
}

func TestStory_WhatAnAutomaticActivityWritesReachesThem_ByAJob(t *testing.T) {
	t.Parallel()
	s := tell(t, twoFunnels)
	sets, waits := s.register("sets", "zoe@example.org"), s.register("waits", "zoe@example.org")
	first := s.run(sets.Journey.ID, "first")
	if err := s.engine.Report(s.ctx, engine.Pair{Journey: sets.Journey.ID, Run: first.ID, Call: 1}, activity.CompletedWith(nil)); err != nil {
		t.Fatal(err)
	}
	jobs := jobsOf[engine.SpreadJob](s)
	if len(jobs) != 1 || jobs[0] != (engine.SpreadJob{Workspace: ws, Lead: sets.Lead.ID, Journey: sets.Journey.ID}) {
		t.Fatalf("jobs %v", jobs)
	}
	for range 2 { // jobs run at least once
		if err := s.engine.Spread(context.Background(), jobs[0]); err != nil {
			t.Fatal(err)
		}
	}
	if v := s.view(waits.Journey.ID); v.Record.Status != journey.Converted {
		t.Errorf("the other journey is %s", v.Record.Status)
	}
	if n := s.happened(event.LeadUpdated); n != 1 {
		t.Errorf("lead.updated happened %d times", n)
	}
}

func TestStory_RegisteringAgainTellsTheOtherJourneys(t *testing.T) {
	t.Parallel()
	s := tell(t, twoFunnels)
	waits := s.register("waits", "zoe@example.org")
	if jobs := jobsOf[engine.SpreadJob](s); len(jobs) != 0 {
		t.Errorf("a new lead has no other journeys: %v", jobs)
	}
	s.register("asks", "zoe@example.org", func(r *engine.Registration) { r.Data = map[string]rule.Value{"company.size": number(3)} })
	jobs := jobsOf[engine.SpreadJob](s)
	if len(jobs) != 1 {
		t.Fatalf("jobs %v", jobs)
	}
	if err := s.engine.Spread(context.Background(), jobs[0]); err != nil {
		t.Fatal(err)
	}
	if v := s.view(waits.Journey.ID); v.Record.Status != journey.NotQualified {
		t.Errorf("the other journey is %s", v.Record.Status)
	}
}

func TestStory_Reentry(t *testing.T) {
	t.Parallel()
	definition := func(policy string) string {
		return `{"Name":"` + policy + `","Reentry":"` + policy + `","Start":"s","Nodes":[{"Key":"s","Kind":"Stage","Activities":[
			{"Key":"robot","Connector":"robot","Assignee":{"Automatic":true}}],"Next":"done"},` + ends + `]}`
	}
	s := tell(t, map[string]string{"continue": definition("Continue"), "restart": definition("Restart"), "refuse": definition("Refuse")})
	again := func(r *engine.Registration) {
		r.RedirectURL, r.Data = "https://app.example.com/x", map[string]rule.Value{"company.founded": number(1999)}
	}
	first := s.register("continue", "a@example.org")
	if second := s.register("continue", "a@example.org", again); second.Created || second.Journey.ID != first.Journey.ID ||
		second.Journey.RedirectURL != "https://app.example.com/x" || second.Link.RedirectURL != "https://app.example.com/x" || second.Token == first.Token {
		t.Errorf("Continue: %+v", second)
	}
	first = s.register("restart", "a@example.org")
	jobsOf[engine.CallJob](s)
	second := s.register("restart", "a@example.org")
	if !second.Created || second.Journey.ID == first.Journey.ID {
		t.Errorf("Restart: %+v", second)
	}
	old := s.view(first.Journey.ID)
	last := s.db.Log(ws)
	reason := ""
	for _, e := range last {
		if e.Type == event.JourneyCancelled {
			reason, _ = e.Data["Reason"].(string)
		}
	}
	if old.Record.Status != journey.Cancelled || reason != "Restarted" {
		t.Errorf("the old journey is %s for %q", old.Record.Status, reason)
	}
	if jobs := jobsOf[engine.CancelJob](s); len(jobs) != 1 || len(jobs[0].Runs) != 1 || jobs[0].Runs[0] != old.Runs[0].ID {
		t.Errorf("the connector is told to cancel by %v", jobs)
	}
	// The old call's outcome is late, and its job is left out.
	if err := s.engine.Report(s.ctx, engine.Pair{Journey: first.Journey.ID, Run: old.Runs[0].ID, Call: 1}, activity.CompletedWith(nil)); err != nil {
		t.Error(err)
	}
	if v := s.view(first.Journey.ID); v.Record.Status != journey.Cancelled || v.Runs[0].Status != journey.RunCancelled {
		t.Errorf("the cancelled journey is %s", v.Record.Status)
	}
	s.register("refuse", "a@example.org")
	before := len(s.db.Log(ws))
	if _, err := s.engine.Register(s.ctx, engine.Registration{Email: lead.LoadEmail("a@example.org", ""), Origin: s.origin("refuse"), Source: datapoint.SourceAPI, Person: lead.Person{Firstname: "X"}}); !fault.HasCode(err, "reentry_refused") {
		t.Errorf("Refuse: %v", err)
	}
	if l, _ := memory.NewLeads(s.db).Get(s.ctx, first.Lead.ID); len(s.db.Log(ws)) != before || l.Person.Firstname == "X" {
		t.Error("what was refused left a trace")
	}
}

func TestStory_OneKeyOneAnswer(t *testing.T) {
	t.Parallel()
	s := tell(t, twoFunnels)
	key := idem.Key{Holder: "crm", Route: "/leads", Value: "k"}
	request := engine.Registration{
		Email: lead.LoadEmail("a@example.org", ""), Origin: s.origin("asks"), Source: datapoint.SourceAPI, Idem: &idem.Request{Key: key},
		Render: func(r engine.Registered) (idem.Answer, error) {
			return idem.Answer{Status: 201, Body: []byte(ident.String(r.Journey.ID))}, nil
		},
	}
	var made, replayed int
	var mu sync.Mutex
	var callers sync.WaitGroup
	for range 20 {
		callers.Go(func() {
			got, err := s.engine.Register(s.ctx, request)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				t.Error(err)
			case got.Replay != nil:
				replayed++
			default:
				made++
			}
		})
	}
	callers.Wait()
	if made != 1 || replayed != 19 || s.happened(event.JourneyStarted) != 1 {
		t.Errorf("made %d, replayed %d, %d journeys", made, replayed, s.happened(event.JourneyStarted))
	}
	request.Idem = &idem.Request{Key: key, Fingerprint: [32]byte{1}}
	if _, err := s.engine.Register(s.ctx, request); !fault.HasCode(err, "idempotency_key_reused") {
		t.Errorf("another request under the key: %v", err)
	}
	failing := request
	failing.Idem, failing.Email = &idem.Request{Key: idem.Key{Value: "other"}}, lead.LoadEmail("b@example.org", "")
	failing.Render = func(engine.Registered) (idem.Answer, error) { return idem.Answer{}, errors.New("cannot be written") }
	if _, err := s.engine.Register(s.ctx, failing); err == nil {
		t.Error("an answer that cannot be rendered was committed")
	}
	if list, _ := memory.NewLeads(s.db).List(s.ctx, lead.Filter{Email: "b@example.org"}, page.Request{}); len(list.Items) != 0 {
		t.Error("its lead is there")
	}
}

func TestStory_LinksAndTheirJourney(t *testing.T) {
	t.Parallel()
	s := tell(t, twoFunnels)
	r := s.register("asks", "a@example.org")
	if links := s.db.Links(ws); len(links) != 1 || string(links[0].TokenHash) != string(session.HashToken(r.Token)) || links[0].ValidUntil.Sub(s.now) != session.LinkLife {
		t.Errorf("links %v", links)
	}
	if _, err := s.engine.Register(s.ctx, engine.Registration{Email: r.Lead.Email, Origin: s.origin("asks"), RedirectURL: "https://evil.example/"}); !fault.Is(err, fault.Invalid) ||
		fault.As(err).Fields[0].Path != "RedirectURL" || fault.As(err).Fields[0].Code != "redirect_not_allowed" {
		t.Errorf("a redirect to a stranger: %v", err)
	}
}

// remindings answers for one run.
type remindings struct {
	w   engine.Reminding
	err error
}

func (r remindings) Reminding(context.Context, ident.Run) (engine.Reminding, error) {
	return r.w, r.err
}

type outbox struct {
	sent []activity.Message
	as   []actor.Actor
	err  error
}

func (o *outbox) Send(ctx context.Context, m activity.Message) error {
	o.sent, o.as = append(o.sent, m), append(o.as, actor.From(ctx))
	return o.err
}

func TestStory_Reminders(t *testing.T) {
	t.Parallel()
	s := tell(t, map[string]string{"r": `{"Name":"R","Start":"s","Nodes":[{"Key":"s","Kind":"Stage","Activities":[
		{"Key":"task","Name":"Call \n back","Connector":"task","Assignee":{"Policy":"account-managers"},"Remind":["24h","48h"]}],"Next":"done"},` + ends + `]}`})
	r := s.register("r", "a@example.org")
	s.now = s.now.Add(24 * time.Hour)
	if err := s.engine.Tick(s.ctx, r.Journey.ID); err != nil {
		t.Fatal(err)
	}
	jobs := jobsOf[engine.RemindJob](s)
	if len(jobs) != 1 || jobs[0].Run != s.run(r.Journey.ID, "task").ID || jobs[0].Workspace != ws || jobs[0].ID == 0 {
		t.Fatalf("jobs %v", jobs)
	}
	if at := s.view(r.Journey.ID).Record.WakeAt; at.Sub(epoch) != 48*time.Hour {
		t.Errorf("the next one leaves after %v", at.Sub(epoch))
	}
	mail := &outbox{}
	w := engine.Reminding{Run: jobs[0].Run, Journey: r.Journey.ID, Activity: "Call \n back", Funnel: "R", Workspace: "Acme", Sandbox: true, To: "m@example.org", Name: "Ada", BackOffice: true, Of: "Ann Lee"}
	links := func() (front, console string) { return "https://front.example", "https://console.example" }
	remind := func(read remindings) error {
		return engine.NewReminder(read, mail, links, func() time.Time { return s.now }).Remind(context.Background(), jobs[0])
	}
	if err := remind(remindings{w: w}); err != nil {
		t.Fatal(err)
	}
	w.BackOffice, w.DueAt = false, epoch
	if err := remind(remindings{w: w}); err != nil {
		t.Fatal(err)
	}
	team, person := mail.sent[0], mail.sent[1]
	if team.To != "m@example.org" || team.Subject != "Reminder: Call back" || team.ID != person.ID || !mail.as[0].Sandbox || mail.as[0].Workspace != ws ||
		!strings.Contains(team.Text, "https://console.example/p/journeys/"+ident.String(r.Journey.ID)) || !strings.Contains(team.Text, "Ann Lee") {
		t.Errorf("to the team: %+v as %+v", team, mail.as[0])
	}
	if !strings.Contains(person.Text, "https://front.example/f/activities/"+ident.String(w.Run)) || !strings.Contains(person.Text, "24 November 2026") {
		t.Errorf("to a person: %+v", person)
	}
	sent := len(mail.sent)
	if err := remind(remindings{err: fault.New(fault.NotFound, "not_found", "")}); err != nil || len(mail.sent) != sent {
		t.Errorf("what waits for nobody is reminded of: %v", err)
	}
	mail.err = fault.New(fault.Unavailable, "mail_unavailable", "")
	if err := remind(remindings{w: w}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a server that is away: %v", err)
	}
	s.now = s.now.Add(25 * time.Hour)
	if err := remind(remindings{w: w}); !fault.Is(err, fault.Provider) {
		t.Errorf("for a day: %v", err)
	}
}
