package enrich

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/lead"
)

// Limits bound what the waterfall may spend. Zero fields take the defaults.
type Limits struct {
	// Good is how long an answer with facts is kept; default 30 days.
	Good time.Duration
	// Nothing is how long an answer without facts is kept; default 1 day.
	Nothing time.Duration
	// Patience is how long one provider may take; default 10 s.
	Patience time.Duration
}

func (l Limits) orDefault() Limits {
	if l.Good <= 0 {
		l.Good = 30 * 24 * time.Hour
	}
	if l.Nothing <= 0 {
		l.Nothing = 24 * time.Hour
	}
	if l.Patience <= 0 {
		l.Patience = 10 * time.Second
	}
	return l
}

// Service is the waterfall: providers in order, each asked only while somebody wants a
// fact that it provides and that is still unknown. What is local is the same everywhere;
// each workspace has its own providers over the network. It opens no transaction and may
// be used by any number of goroutines.
type Service struct {
	locals  []provider
	roster  *Roster
	cache   Cache
	limits  Limits
	now     func() time.Time
	flights flights
}

// provider is a Provider with what it says of itself looked up once.
type provider struct {
	Provider
	name     string
	local    bool
	provides map[string]struct{}
	// aboutCompany is set when every fact is under company.* and nothing of the person is
	// read: such a provider is told the company's domain and nothing else, so its answer
	// may be kept and shared by leads.
	aboutCompany bool

	// Of those over the network: the questions of a day, the setting it was made of, the
	// name its answers are kept under, and whether it wants to be left alone.
	aDay    int
	etag    int64
	changed time.Time
	kept    string
	gate    *gate
}

func describe(p Provider) provider {
	q := provider{Provider: p, name: p.Name(), local: p.Local(), provides: map[string]struct{}{}, aboutCompany: !p.Personal()}
	q.kept = q.name
	for _, key := range p.Provides() {
		q.provides[key] = struct{}{}
		q.aboutCompany = q.aboutCompany && datapoint.Namespace(key) == "company"
	}
	return q
}

// domainKey is the fact by which companies are told apart.
const domainKey = "company.domain"

// NewService makes the waterfall over the local providers and a roster of the others. Two
// of one name, one that is not local, or a key that is no data point's or not the lead's
// (see datapoint.OfLead), are errors.
func NewService(locals []Provider, roster *Roster, cache Cache, limits Limits, now func() time.Time) (*Service, error) {
	s := &Service{roster: roster, cache: cache, limits: limits.orDefault(), now: now}
	names := map[string]bool{}
	for _, p := range locals {
		q := describe(p)
		if q.name == "" || names[q.name] {
			return nil, fmt.Errorf("enrich: provider name %q is empty or used twice", q.name)
		}
		if !q.local {
			return nil, fmt.Errorf("enrich: provider %s is not local", q.name)
		}
		names[q.name] = true
		for key := range q.provides {
			if !datapoint.ValidKey(key) || !datapoint.OfLead(key) {
				return nil, fmt.Errorf("enrich: provider %s provides %q, which is no fact of a lead", q.name, key)
			}
		}
		s.locals = append(s.locals, q)
	}
	return s, nil
}

// Local is what the local providers know about an address; it touches neither network
// nor cache and is quick enough for a registration.
func (s *Service) Local(ctx context.Context, email lead.Email) datapoint.Data {
	d := s.begin(Subject{Email: email}, nil)
	d.locals(ctx)
	return d.answer.Facts
}

// Askable answers which facts a provider over the network may know in the workspace of
// the context's actor: whether it is worth a job that calls Ask.
func (s *Service) Askable(ctx context.Context) (func(key string) bool, error) {
	remotes, err := s.roster.providers(ctx)
	if err != nil {
		return nil, err
	}
	return func(key string) bool {
		return slices.ContainsFunc(remotes, func(p provider) bool {
			_, ok := p.provides[key]
			return ok
		})
	}, nil
}

// Ask goes down the whole waterfall of the workspace of the context's actor: what is local
// first, then over the network in the order of its settings. It never fails: every wanted
// key is known or Unknown in the end, and what went wrong on the way is told in Troubles.
func (s *Service) Ask(ctx context.Context, subject Subject) Answer {
	remotes, err := s.roster.providers(ctx)
	d := s.begin(subject, remotes)
	if err != nil {
		d.answer.Troubles, d.unread = append(d.answer.Troubles, Trouble{Provider: "settings", Err: err}), true
	}
	d.locals(ctx)
	for _, p := range remotes {
		if slices.ContainsFunc(d.missing(), func(key string) bool { return d.worthAsking(p, key) }) {
			d.ask(p, func() (datapoint.Data, error) { return s.remote(ctx, p, d) })
		}
	}
	d.answer.Unknown = d.missing()
	d.answer.Retry = slices.ContainsFunc(d.answer.Unknown, d.failed)
	return d.answer
}

// remote asks a provider over the network, through the cache where it may be shared.
func (s *Service) remote(ctx context.Context, p provider, d *descent) (datapoint.Data, error) {
	workspace := actor.From(ctx).Workspace
	ctx, cancel := context.WithTimeout(ctx, s.limits.Patience)
	defer cancel()
	if !p.aboutCompany {
		return s.question(ctx, workspace, p, d.subject())
	}
	domain := d.domain()
	key := CacheKey{Workspace: workspace, Provider: p.kept, Domain: domain.Value.Text()}
	return s.flights.do(ctx, key, func() (datapoint.Data, error) {
		facts, ok, err := s.cache.Find(ctx, key, s.now())
		if err != nil || ok {
			return facts, err
		}
		facts, err = s.question(ctx, workspace, p, p.ofCompany(domain))
		if err != nil {
			return nil, err
		}
		good := s.limits.Good
		if len(facts) == 0 {
			good = s.limits.Nothing
		}
		return facts, s.cache.Keep(ctx, key, facts, s.now().Add(good))
	})
}

// ofCompany is the question of a provider that is told the company and nothing else.
func (p provider) ofCompany(domain datapoint.Datum) Subject {
	return Subject{Known: datapoint.Data{domainKey: domain}, Wanted: slices.Sorted(maps.Keys(p.provides))}
}

// question spends one of the day's questions and asks, unless the provider wants to be
// left alone.
func (s *Service) question(ctx context.Context, workspace ident.Workspace, p provider, subject Subject) (datapoint.Data, error) {
	if r := p.gate.closed(s.now()); r != nil {
		return nil, r
	}
	ok, err := s.cache.Spend(ctx, workspace, p.name, s.now(), p.aDay)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrBudget
	}
	facts, err := p.Ask(ctx, subject)
	if err != nil {
		if r, refused := errors.AsType[*Refusal](err); refused {
			p.gate.close(*r, s.now())
		}
		return nil, err
	}
	return p.complete(facts, s.now()), nil
}

// local finds a local provider by name.
func (s *Service) local(name string) (provider, bool) {
	i := slices.IndexFunc(s.locals, func(p provider) bool { return p.name == name })
	if i < 0 {
		return provider{}, false
	}
	return s.locals[i], true
}

// try asks one provider about an address, past what is kept.
func (s *Service) try(ctx context.Context, p provider, email lead.Email) (datapoint.Data, error) {
	d := s.begin(Subject{Email: email, Wanted: slices.Sorted(maps.Keys(p.provides))}, nil)
	d.locals(ctx)
	if p.local {
		return p.only(d.known), nil
	}
	subject := d.subject()
	subject.Wanted = d.asked.Wanted
	if !p.Personal() {
		if _, ok := d.known.Fact(domainKey); !ok {
			return nil, fault.InvalidField("Email", "no_company", "The address points to no company: its domain gives mailboxes to anybody.")
		}
	}
	if p.aboutCompany {
		subject = p.ofCompany(d.domain())
	}
	ctx, cancel := context.WithTimeout(ctx, s.limits.Patience)
	defer cancel()
	return s.question(ctx, actor.From(ctx).Workspace, p, subject)
}

// only keeps what the provider itself said.
func (p provider) only(facts datapoint.Data) datapoint.Data {
	out := datapoint.Data{}
	for key, d := range facts {
		if d.Source == p.name {
			out[key] = d
		}
	}
	return out
}

// complete keeps the facts a provider may give and fills in what it left open.
func (p provider) complete(facts datapoint.Data, now time.Time) datapoint.Data {
	out := make(datapoint.Data, len(facts))
	for key, datum := range facts {
		if _, ok := p.provides[key]; !ok || datum.Final() {
			continue
		}
		datum.Source = p.name
		if datum.Confidence <= 0 || datum.Confidence > 1 {
			datum.Confidence = 0.5
		}
		if datum.ObservedAt.IsZero() {
			datum.ObservedAt = now
		}
		out[key] = datum
	}
	return out
}

// descent is one descent of the waterfall.
type descent struct {
	service *Service
	remotes []provider
	// unread is set when the remotes could not be told.
	unread bool
	asked  Subject
	known  datapoint.Data
	answer Answer
	now    time.Time
}

func (s *Service) begin(subject Subject, remotes []provider) *descent {
	known := make(datapoint.Data, len(subject.Known)+8)
	maps.Copy(known, subject.Known)
	return &descent{service: s, remotes: remotes, asked: subject, known: known, answer: Answer{Facts: datapoint.Data{}}, now: s.now()}
}

// subject is what a provider is told: everything known so far, and what is still wanted.
func (d *descent) subject() Subject {
	return Subject{Email: d.asked.Email, Known: maps.Clone(d.known), Wanted: d.missing()}
}

// missing are the wanted keys nobody has answered yet, each once.
func (d *descent) missing() []string {
	var out []string
	for _, key := range d.asked.Wanted {
		if _, ok := d.known.Fact(key); !ok && !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out
}

func (d *descent) domain() datapoint.Datum { return d.known[domainKey] }

// worthAsking reports whether the provider can answer the key for this subject.
func (d *descent) worthAsking(p provider, key string) bool {
	if _, ok := p.provides[key]; !ok {
		return false
	}
	return !p.aboutCompany || strings.Contains(d.domain().Value.Text(), ".")
}

// locals asks every local provider: they cost nothing and tell the others the company.
func (d *descent) locals(ctx context.Context) {
	for _, p := range d.service.locals {
		d.ask(p, func() (datapoint.Data, error) { return p.Ask(ctx, d.subject()) })
	}
}

// ask puts one question and takes in the answer.
func (d *descent) ask(p provider, question func() (datapoint.Data, error)) {
	facts, err := question()
	if err != nil {
		d.answer.Troubles = append(d.answer.Troubles, Trouble{Provider: p.name, Err: err})
	}
	for key, datum := range p.complete(facts, d.now) {
		old, had := d.known[key]
		if had && !datum.Supersedes(old) {
			continue
		}
		// Providers stand in the order of trust: among answers of this descent the first
		// stays unless a later one is surer.
		if _, ours := d.answer.Facts[key]; ours && datum.Confidence <= old.Confidence {
			continue
		}
		d.known[key], d.answer.Facts[key] = datum, datum
	}
}

// failed reports whether a provider that could know the key could not be asked, for a
// reason that may pass.
func (d *descent) failed(key string) bool {
	return d.unread || slices.ContainsFunc(d.answer.Troubles, func(t Trouble) bool {
		i := slices.IndexFunc(d.remotes, func(p provider) bool { return p.name == t.Provider })
		r, refused := errors.AsType[*Refusal](t.Err)
		return i >= 0 && !errors.Is(t.Err, ErrBudget) && !(refused && r.Lasting) && d.worthAsking(d.remotes[i], key)
	})
}
