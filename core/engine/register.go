package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/rule"
	"github.com/kohomai/kohomai/core/session"
	"github.com/kohomai/kohomai/core/workspace"
)

// Registration is a request to take a person into a funnel.
type Registration struct {
	Email  lead.Email
	Person lead.Person
	Origin workspace.Origin
	// Data are given facts by data point key, already read by their type.
	Data map[string]rule.Value
	// Source of the data: datapoint.SourceAPI and its like.
	Source      string
	RedirectURL string
	// LeadExternalID and JourneyExternalID are the caller's own ids; empty says nothing.
	LeadExternalID, JourneyExternalID string
	// Webhook subscribes an address to the lead's events; nil for none.
	Webhook *Subscription

	// Idem is the idempotency request, nil for none; Render makes the answer that is kept.
	Idem   *idem.Request
	Render func(Registered) (idem.Answer, error)
}

// Registered is what a registration came to, all durable.
type Registered struct {
	Lead    lead.Lead
	Journey journey.Record
	Plan    *funnel.Plan
	// Created is set for a new journey; the same one again under Continue is not.
	Created bool
	Link    session.Link
	// Token signs the person in once; it is kept as a hash only.
	Token string
	// Webhook is the subscription asked for; its Secret is empty when the lead had it before.
	Webhook *Subscription
	// Replay is set when the request was answered before; nothing else is then.
	Replay *idem.Answer
}

// Register finds or creates the lead, resolves the funnel's version, creates or continues
// the journey, applies given data and what local providers know, asks for the rest and
// moves the journey as far as it can go: all durable before it returns.
// Refusals: redirect_not_allowed, reentry_refused, external_id_taken, not_published,
// too_many_webhooks.
func (e *Engine) Register(ctx context.Context, r Registration) (Registered, error) {
	ws, err := e.directory.Workspace(ctx)
	if err != nil {
		return Registered{}, err
	}
	if err := session.CheckRedirect(r.RedirectURL, ws.RedirectOrigins, ws.Sandbox); err != nil {
		f := fault.As(err)
		return Registered{}, fault.InvalidField("RedirectURL", f.Code, "%s", f.Detail)
	}
	plan, err := e.directory.Current(ctx, r.Origin.Funnel)
	if err != nil {
		return Registered{}, err
	}
	known := e.enricher.Local(ctx, r.Email)
	token := e.secrets.Token()
	c := &command{email: r.Email, in: r.Origin.Funnel, idem: r.Idem, subscribes: r.Webhook != nil}
	c.do = func(ctx context.Context, b *batch) (any, error) { return b.register(ctx, r, plan, known, token) }
	c.render = func(result any) (idem.Answer, error) { return r.Render(result.(Registered)) }
	result, err := e.submit(ctx, c)
	if err != nil {
		return Registered{}, err
	}
	if replay, ok := result.(Replayed); ok {
		return Registered{Replay: &replay.Answer}, nil
	}
	return result.(Registered), nil
}

func (b *batch) register(ctx context.Context, r Registration, plan *funnel.Plan, known Facts, token string) (Registered, error) {
	l := b.leads[r.Email.String()]
	var old *journey.Journey
	if l != nil {
		old = b.newest[LeadFunnel{Lead: l.ID, Funnel: plan.Funnel}]
	}
	if old != nil && plan.Reentry == funnel.Refuse {
		return Registered{}, fault.New(fault.Conflict, "reentry_refused", "This lead is or was in this funnel already.")
	}
	if l != nil {
		if err := b.maySubscribe(l.ID, r.Webhook); err != nil {
			return Registered{}, err
		}
	}
	// From here on nothing may fail: what is refused must leave no trace.
	continues := old != nil && plan.Reentry == funnel.Continue
	var oldTurn journey.Turn
	if old != nil {
		var err error
		if oldTurn, err = b.turn(ctx, old.Record(), 0); err != nil {
			return Registered{}, err
		}
	}
	if l == nil {
		l = lead.New(ident.User(b.ids.Next()), r.Email, b.now)
		b.leads[r.Email.String()], b.byID[l.ID] = l, l
		b.note(event.LeadRegistered, l.ID)
	} else if l.RegisteredAt.IsZero() {
		b.note(event.LeadRegistered, l.ID)
	}
	l.Register(b.now)
	l.Describe(r.Person, b.now)
	l.Name(r.LeadExternalID, b.now)
	given := b.given(r)
	ofLead, ofJourney := split(given)
	learned := l.Learn(b.stamped(known), b.now)
	learned = append(learned, l.Learn(identity(l, r.Source, b.now), b.now)...)
	learned = append(learned, l.Learn(ofLead, b.now)...)

	j := old
	switch {
	case continues:
		if err := old.Learn(merged(l.Data, ofJourney), nil, oldTurn); err != nil {
			return Registered{}, err
		}
		old.Redirect(r.RedirectURL, r.JourneyExternalID)
	default:
		if old != nil && old.Record().Status.Open() {
			if err := old.Cancel("Restarted", oldTurn); err != nil {
				return Registered{}, err
			}
		}
		rec := journey.Record{
			ID: ident.Journey(b.ids.Next()), Lead: l.ID, Origin: r.Origin.ID, ExternalID: r.JourneyExternalID,
			RedirectURL: r.RedirectURL, Data: merged(l.Data, ofJourney),
		}
		rec.Data["journey.origin"] = datapoint.Datum{
			Value: rule.TextValue(r.Origin.Ref), Source: datapoint.SourceDerived, Confidence: 1, ObservedAt: b.now,
		}
		t := journey.Turn{Plan: plan, Now: b.now, IDs: b.ids.Next, Askable: b.askable}
		b.turns[rec.ID] = t
		j = journey.Start(rec, t)
		b.keep(j)
	}
	if len(learned) > 0 {
		b.spread(ctx, l, j.Record().ID)
	}
	wall := b.engine.wall()
	link := session.Link{
		ID: ident.Session(b.ids.Next()), TokenHash: session.HashToken(token), User: l.ID, Journey: j.Record().ID,
		RedirectURL: j.Record().RedirectURL, CreatedAt: wall, ValidUntil: wall.Add(session.LinkLife),
	}
	b.links = append(b.links, link)
	return Registered{
		Lead: *l, Journey: j.Record(), Plan: b.turns[j.Record().ID].Plan, Created: !continues, Link: link, Token: token,
		Webhook: b.subscribe(l.ID, r.Webhook),
	}, nil
}

// given are the data of a registration with their provenance.
func (b *batch) given(r Registration) datapoint.Data {
	data := make(datapoint.Data, len(r.Data))
	for key, v := range r.Data {
		data[key] = datapoint.Datum{Value: v, Source: r.Source, Confidence: 1, ObservedAt: b.now}
	}
	return data
}

// stamped gives a provider's facts the batch's time where they bear none.
func (b *batch) stamped(in datapoint.Data) datapoint.Data {
	out := make(datapoint.Data, len(in))
	for key, d := range in {
		if d.ObservedAt.IsZero() {
			d.ObservedAt = b.now
		}
		out[key] = d
	}
	return out
}

// note appends an event of a lead.
func (b *batch) note(typ event.Type, l ident.User) {
	b.events = append(b.events, event.Event{ID: ident.Event(b.ids.Next()), Type: typ, At: b.now, Lead: l})
}

// identity are the lead.* facts that the person's own fields give.
func identity(l *lead.Lead, source string, now time.Time) datapoint.Data {
	data := datapoint.Data{}
	put := func(key string, t rule.Type, s string) {
		if s == "" {
			return
		}
		if v, err := rule.Read(t, nil, s); err == nil {
			data[key] = datapoint.Datum{Value: v, Source: source, Confidence: 1, ObservedAt: now}
		}
	}
	put("lead.email", rule.Email, l.Email.String())
	put("lead.firstname", rule.Text, l.Person.Firstname)
	put("lead.lastname", rule.Text, l.Person.Lastname)
	put("lead.phone", rule.Phone, l.Person.Phone)
	return data
}

func split(in datapoint.Data) (ofLead, ofJourney datapoint.Data) {
	ofLead, ofJourney = datapoint.Data{}, datapoint.Data{}
	for key, d := range in {
		if datapoint.OfLead(key) {
			ofLead[key] = d
		} else {
			ofJourney[key] = d
		}
	}
	return ofLead, ofJourney
}

func merged(a, b datapoint.Data) datapoint.Data {
	out := make(datapoint.Data, len(a)+len(b))
	maps.Copy(out, a)
	maps.Copy(out, b)
	return out
}

func compare(a, b string) int { return cmp.Compare(a, b) }

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
