package enrich_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/enrich/enrichtest"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/rule"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// fake is a provider with a fixed answer that remembers what it was told.
type fake struct {
	name     string
	local    bool
	personal bool
	provides []string
	answer   datapoint.Data
	err      error
	block    chan struct{}

	mu    sync.Mutex
	asked []enrich.Subject
}

func (f *fake) Name() string       { return f.name }
func (f *fake) Local() bool        { return f.local }
func (f *fake) Provides() []string { return f.provides }
func (f *fake) Personal() bool     { return f.personal }

func (f *fake) Ask(ctx context.Context, s enrich.Subject) (datapoint.Data, error) {
	f.mu.Lock()
	f.asked = append(f.asked, s)
	f.mu.Unlock()
	if f.block != nil {
		select {
		case <-f.block:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return f.answer, f.err
}

func (f *fake) times() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.asked)
}

func text(s string, confidence float64) datapoint.Datum {
	return datapoint.Datum{Value: rule.TextValue(s), Confidence: confidence}
}

func mailProvider(domain string) *fake {
	f := &fake{name: "email", local: true, provides: []string{"email.domain", "company.domain"}, answer: datapoint.Data{"email.domain": text(domain, 1)}}
	if domain != "gmail.com" {
		f.answer["company.domain"] = text(domain, 0.9)
	}
	return f
}

func service(t *testing.T, limits enrich.Limits, providers ...*fake) *enrich.Service {
	t.Helper()
	return serviceAt(t, func() time.Time { return noon }, 5000, limits, providers...)
}

func serviceAt(t *testing.T, now func() time.Time, aDay int, limits enrich.Limits, providers ...*fake) *enrich.Service {
	t.Helper()
	var locals, remotes []enrich.Provider
	for _, p := range providers {
		if p.local {
			locals = append(locals, p)
		} else {
			remotes = append(remotes, p)
		}
	}
	s, err := enrich.NewService(locals, enrichtest.Fixed(now, aDay, remotes...), enrichtest.NewCache(), limits, now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// in is a context that speaks for a workspace.
func in(t *testing.T, ws ident.Workspace) context.Context {
	t.Helper()
	return actor.Systemic(t.Context(), ws)
}

func subject(known datapoint.Data, wanted ...string) enrich.Subject {
	return enrich.Subject{Email: lead.LoadEmail("jane@acme.example", "Jane@Acme.example"), Known: known, Wanted: wanted}
}

// value is a fact as text; "(unknown)" when it is told to be, "(absent)" when nothing is said.
func value(a enrich.Answer, key string) string {
	datum, ok := a.Facts[key]
	switch {
	case slices.Contains(a.Unknown, key) == ok && ok:
		return "(both known and unknown)"
	case slices.Contains(a.Unknown, key):
		return "(unknown)"
	case !ok:
		return "(absent)"
	default:
		return datum.Value.Text()
	}
}

func TestService_WaterfallStopsWhenKnown(t *testing.T) {
	t.Parallel()
	first := &fake{name: "first", provides: []string{"company.name", "company.city"}, answer: datapoint.Data{"company.name": text("Acme", 0.9)}}
	second := &fake{name: "second", provides: []string{"company.name", "company.city"}, answer: datapoint.Data{"company.name": text("ACME Inc", 0.9), "company.city": text("Paris", 0.7)}}
	third := &fake{name: "third", provides: []string{"company.name", "company.city"}}
	s := service(t, enrich.Limits{}, mailProvider("acme.example"), first, second, third)

	got := s.Ask(in(t, 1), subject(nil, "company.name", "company.city"))
	if third.times() != 0 {
		t.Error("the third was asked although nothing was left to ask")
	}
	if v := value(got, "company.name"); v != "Acme" {
		t.Errorf("name is %s, want the first provider's", v)
	}
	city := got.Facts["company.city"]
	if city.Value.Text() != "Paris" || city.Source != "second" || city.Confidence != 0.7 || !city.ObservedAt.Equal(noon) {
		t.Errorf("city lacks provenance: %+v", city)
	}
	if len(got.Unknown) != 0 || len(got.Troubles) != 0 || got.Retry {
		t.Errorf("answer is unclean: %+v", got)
	}
}

func TestService_SurerAnswerReplaces(t *testing.T) {
	t.Parallel()
	guess := &fake{name: "guess", provides: []string{"company.name"}, answer: datapoint.Data{"company.name": text("acme", 0.3)}}
	sure := &fake{name: "sure", provides: []string{"company.name", "company.city"}, answer: datapoint.Data{"company.name": text("Acme SA", 0.8), "company.city": text("Lyon", 0.8)}}
	s := service(t, enrich.Limits{}, mailProvider("acme.example"), guess, sure)
	got := s.Ask(in(t, 1), subject(nil, "company.name", "company.city"))
	if v := value(got, "company.name"); v != "Acme SA" {
		t.Errorf("name is %s, want the surer one", v)
	}
}

func TestService_PersonsEntryWins(t *testing.T) {
	t.Parallel()
	p := &fake{name: "p", provides: []string{"company.name", "company.city"}, answer: datapoint.Data{"company.name": text("Wrong", 1), "company.city": text("Nice", 1)}}
	s := service(t, enrich.Limits{}, mailProvider("acme.example"), p)
	own := text("Our name", 1)
	own.Source, own.ObservedAt = datapoint.SourceLead, noon.Add(-time.Hour)
	got := s.Ask(in(t, 1), subject(datapoint.Data{"company.name": own}, "company.name", "company.city"))
	if v := value(got, "company.name"); v != "(absent)" {
		t.Errorf("the person's entry would be replaced by %s", v)
	}
	if v := value(got, "company.city"); v != "Nice" {
		t.Errorf("city is %s", v)
	}
}

func TestService_EveryWantedFactEndsKnownOrFinal(t *testing.T) {
	t.Parallel()
	failing := &fake{name: "failing", provides: []string{"company.size"}, err: errors.New("no route")}
	silent := &fake{name: "silent", provides: []string{"company.size", "company.city"}}
	s := service(t, enrich.Limits{}, mailProvider("acme.example"), failing, silent)
	wanted := []string{"company.size", "company.city", "email.domain", "lead.title", "company.city"}
	got := s.Ask(in(t, 1), subject(nil, wanted...))
	for key, want := range map[string]string{"company.size": "(unknown)", "company.city": "(unknown)", "email.domain": "acme.example", "lead.title": "(unknown)"} {
		if v := value(got, key); v != want {
			t.Errorf("%s is %s, want %s", key, v, want)
		}
	}
	if !got.Retry || len(got.Troubles) != 1 || got.Troubles[0].Provider != "failing" {
		t.Errorf("the failure is not told: %+v", got)
	}
	// The one who failed has nothing to do with the city: no reason to ask again.
	if got := s.Ask(in(t, 1), subject(nil, "company.city")); got.Retry {
		t.Error("a retry is proposed that could not help")
	}
}

func TestService_Local(t *testing.T) {
	t.Parallel()
	web := &fake{name: "web", provides: []string{"company.size"}}
	bundle := &fake{name: "bundle", local: true, provides: []string{"company.size"}}
	s := service(t, enrich.Limits{}, mailProvider("acme.example"), bundle, web)
	got := s.Local(t.Context(), lead.LoadEmail("jane@acme.example", ""))
	if len(got) != 2 || got["email.domain"].Source != "email" || got["company.domain"].Value.Text() != "acme.example" {
		t.Errorf("%+v", got)
	}
	if known, _ := bundle.asked[0].Known.Fact("company.domain"); known.Text() != "acme.example" {
		t.Error("the second local provider was not told what the first found")
	}
	if web.times() != 0 {
		t.Error("a network provider was asked")
	}
	askable, err := s.Askable(in(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]bool{"company.size": true, "email.domain": false, "company.domain": false, "data.plan": false} {
		if askable(key) != want {
			t.Errorf("Askable(%s) = %v", key, !want)
		}
	}
}

func TestService_FreeMailboxAsksNobody(t *testing.T) {
	t.Parallel()
	web := &fake{name: "web", provides: []string{"company.size"}}
	s := service(t, enrich.Limits{}, mailProvider("gmail.com"), web)
	got := s.Ask(in(t, 1), subject(nil, "company.size"))
	if value(got, "company.size") != "(unknown)" || got.Retry || web.times() != 0 {
		t.Errorf("asked %d times: %+v", web.times(), got)
	}
	// Unless the lead names the company.
	own := text("acme.example", 1)
	own.Source = datapoint.SourceLead
	web.answer = datapoint.Data{"company.size": text("many", 1)}
	if got = s.Ask(in(t, 1), subject(datapoint.Data{"company.domain": own}, "company.size")); value(got, "company.size") != "many" {
		t.Errorf("%+v", got)
	}
}

type leads map[ident.User]lead.Lead

func (l leads) Get(_ context.Context, id ident.User) (lead.Lead, error) {
	if found, ok := l[id]; ok {
		return found, nil
	}
	return lead.Lead{}, fault.New(fault.NotFound, "not_found", "There is no such lead.")
}

func TestFinder_Find(t *testing.T) {
	t.Parallel()
	web := &fake{name: "web", provides: []string{"company.size", "company.city"}, answer: datapoint.Data{"company.city": text("Paris", 0.8)}}
	broken := &fake{name: "broken", provides: []string{"company.size"}, err: errors.New("no route")}
	stored := leads{7: lead.Lead{ID: 7, Email: lead.LoadEmail("jane@acme.example", "")}}
	ctx := actor.With(t.Context(), actor.Actor{Kind: actor.System, Workspace: 3})

	finder := enrich.NewFinder(service(t, enrich.Limits{}, mailProvider("acme.example"), web), stored)
	facts, err := finder.Find(ctx, 7, []string{"company.city", "company.size"})
	if err != nil || facts["company.city"].Value.Text() != "Paris" || !facts["company.size"].Final() {
		t.Errorf("%v, %v", facts, err)
	}
	if _, ok := facts["company.size"]; ok {
		t.Error("what nobody knows is among the facts")
	}
	finder = enrich.NewFinder(service(t, enrich.Limits{}, mailProvider("acme.example"), web, broken), stored)
	if facts, err := finder.Find(ctx, 7, []string{"company.city", "company.size"}); err == nil || facts["company.city"].Value.Text() != "Paris" {
		t.Errorf("with a broken provider: %v, %v", facts, err)
	}
	if _, err := finder.Find(ctx, 8, nil); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown lead: %v", err)
	}
}

func TestService_CachesPerProviderAndCompany(t *testing.T) {
	t.Parallel()
	now := noon
	web := &fake{name: "web", provides: []string{"company.name", "company.size"}, answer: datapoint.Data{"company.name": text("Acme", 0.9)}}
	mailer := mailProvider("acme.example")
	s := serviceAt(t, func() time.Time { return now }, 5000, enrich.Limits{Good: time.Hour}, mailer, web)
	// The first lead wants one fact, the second another: one question answers both.
	s.Ask(in(t, 1), subject(nil, "company.size"))
	got := s.Ask(in(t, 1), subject(nil, "company.name"))
	if web.times() != 1 || value(got, "company.name") != "Acme" {
		t.Errorf("asked %d times: %+v", web.times(), got)
	}
	if at := got.Facts["company.name"].ObservedAt; !at.Equal(noon) {
		t.Errorf("a kept answer claims to be from %s", at)
	}
	s.Ask(in(t, 2), subject(nil, "company.name"))
	if web.times() != 2 {
		t.Error("another workspace was served from this one's cache")
	}
	now = now.Add(time.Hour)
	s.Ask(in(t, 1), subject(nil, "company.name"))
	if web.times() != 3 {
		t.Error("an expired answer was used")
	}
	// What is shared among leads was found without knowing any of them.
	told := web.asked[0]
	if !told.Email.IsZero() || len(told.Known) != 1 || !slices.Equal(told.Wanted, []string{"company.name", "company.size"}) {
		t.Errorf("a shared answer was asked for with %+v", told)
	}
}

func TestService_AnswersAboutPersonsAreNotShared(t *testing.T) {
	t.Parallel()
	p := &fake{name: "people", provides: []string{"lead.title", "company.name"}, answer: datapoint.Data{"lead.title": text("CEO", 0.9)}}
	s := service(t, enrich.Limits{}, mailProvider("acme.example"), p)
	for range 2 {
		if got := s.Ask(in(t, 1), subject(nil, "lead.title")); value(got, "lead.title") != "CEO" {
			t.Errorf("%+v", got)
		}
	}
	if p.times() != 2 {
		t.Errorf("asked %d times, want 2", p.times())
	}
}

func TestService_Budget(t *testing.T) {
	t.Parallel()
	p := &fake{name: "people", provides: []string{"lead.title"}, answer: datapoint.Data{"lead.title": text("CEO", 0.9)}}
	s := serviceAt(t, func() time.Time { return noon }, 1, enrich.Limits{}, p)
	s.Ask(in(t, 1), subject(nil, "lead.title"))
	got := s.Ask(in(t, 1), subject(nil, "lead.title"))
	if p.times() != 1 || value(got, "lead.title") != "(unknown)" || got.Retry {
		t.Errorf("over budget: asked %d times, %+v", p.times(), got)
	}
	if len(got.Troubles) != 1 || !errors.Is(got.Troubles[0].Err, enrich.ErrBudget) {
		t.Errorf("the budget is not named: %+v", got.Troubles)
	}
}

func TestService_TakesOnlyWhatIsProvided(t *testing.T) {
	t.Parallel()
	p := &fake{name: "liar", provides: []string{"company.name", "company.city"}, answer: datapoint.Data{
		"company.name": {Value: rule.TextValue("Acme"), Source: datapoint.SourceLead, Confidence: 7},
		"email.role":   {Value: rule.BooleanValue(true), Confidence: 1},
		"company.city": {Source: "liar"},
	}}
	s := service(t, enrich.Limits{}, mailProvider("acme.example"), p)
	got := s.Ask(in(t, 1), subject(nil, "company.name"))
	if d := got.Facts["company.name"]; d.Source != "liar" || d.Confidence != 0.5 {
		t.Errorf("provenance was believed: %+v", d)
	}
	if len(got.Facts) != 3 { // name, and the two of the e-mail
		t.Errorf("facts nobody promised: %+v", got.Facts)
	}
}

func TestService_MeetingQuestionsAreOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		web := &fake{name: "web", provides: []string{"company.name"}, answer: datapoint.Data{"company.name": text("Acme", 0.9)}, block: make(chan struct{})}
		s := service(t, enrich.Limits{}, mailProvider("acme.example"), web)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if got := s.Ask(in(t, 1), subject(nil, "company.name")); value(got, "company.name") != "Acme" {
					t.Errorf("%+v", got)
				}
			})
		}
		synctest.Wait()
		close(web.block)
		all.Wait()
		if web.times() != 1 {
			t.Errorf("asked %d times, want once", web.times())
		}
	})
}

func TestService_LosesPatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		web := &fake{name: "web", provides: []string{"company.name"}, block: make(chan struct{})}
		s := service(t, enrich.Limits{Patience: 3 * time.Second}, mailProvider("acme.example"), web)
		begin := time.Now()
		got := s.Ask(in(t, 1), subject(nil, "company.name"))
		if time.Since(begin) != 3*time.Second || !got.Retry || value(got, "company.name") != "(unknown)" {
			t.Errorf("after %s: %+v", time.Since(begin), got)
		}
	})
}

func TestNewService_RefusesNonsense(t *testing.T) {
	t.Parallel()
	for name, providers := range map[string][]enrich.Provider{
		"same name twice":   {&fake{name: "a", local: true}, &fake{name: "a", local: true}},
		"no name":           {&fake{local: true}},
		"not local":         {&fake{name: "a"}},
		"key of a journey":  {&fake{name: "a", local: true, provides: []string{"data.plan"}}},
		"key without a dot": {&fake{name: "a", local: true, provides: []string{"size"}}},
	} {
		if _, err := enrich.NewService(providers, enrichtest.Fixed(time.Now, 1), enrichtest.NewCache(), enrich.Limits{}, time.Now); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Who reads the address is told it, and his answer is not kept for others of the company.
func TestService_PersonalAnswersAreNotShared(t *testing.T) {
	t.Parallel()
	p := &fake{name: "people", personal: true, provides: []string{"company.name"}, answer: datapoint.Data{"company.name": text("Acme", 0.9)}}
	s := service(t, enrich.Limits{}, mailProvider("acme.example"), p)
	for range 2 {
		s.Ask(in(t, 1), subject(nil, "company.name"))
	}
	if p.times() != 2 || p.asked[0].Email.String() != "jane@acme.example" {
		t.Errorf("asked %d times, with %+v", p.times(), p.asked[0])
	}
}

func TestService_RefusalsAreHeeded(t *testing.T) {
	t.Parallel()
	now := noon
	p := &fake{name: "web", provides: []string{"company.name"}, err: &enrich.Refusal{Reason: "It is asked too often.", After: time.Minute}}
	s := serviceAt(t, func() time.Time { return now }, 2, enrich.Limits{}, mailProvider("acme.example"), p)
	for range 5 {
		got := s.Ask(in(t, 1), subject(nil, "company.name"))
		if len(got.Troubles) != 1 || got.Troubles[0].Err.Error() != "It is asked too often." || !got.Retry {
			t.Errorf("%+v", got)
		}
	}
	if p.times() != 1 {
		t.Errorf("asked %d times within its pause", p.times())
	}
	// Other workspaces have accounts of their own: they are asked.
	s.Ask(in(t, 2), subject(nil, "company.name"))
	if p.times() != 2 {
		t.Error("one workspace's refusal kept another from asking")
	}
	// What was not asked did not cost anything.
	now, p.err, p.answer = now.Add(time.Minute), nil, datapoint.Data{"company.name": text("Acme", 0.9)}
	if got := s.Ask(in(t, 1), subject(nil, "company.name")); value(got, "company.name") != "Acme" {
		t.Errorf("after its pause: %+v", got)
	}
}

func TestService_LastingRefusalIsFinal(t *testing.T) {
	t.Parallel()
	p := &fake{name: "web", provides: []string{"company.name"}, err: &enrich.Refusal{Reason: "The key is not accepted.", Lasting: true}}
	s := service(t, enrich.Limits{}, mailProvider("acme.example"), p)
	if got := s.Ask(in(t, 1), subject(nil, "company.name")); got.Retry || len(got.Troubles) != 1 {
		t.Errorf("%+v", got)
	}
}
