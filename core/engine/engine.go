package engine

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/session"
	"github.com/kohomai/kohomai/core/unit"
)

// Facts are what is known about a lead.
type Facts = datapoint.Data

// Sizes of the group commit, from measurement (PERFORMANCE): two lanes keep the database
// busy while the other prepares; larger batches gain nothing.
const (
	lanes       = 2
	mostInBatch = 256
)

// Engine is the owner of every change to a journey. Make it with New and keep Run running.
type Engine struct {
	work      unit.Work[Tx]
	directory Directory
	enricher  Enricher
	ids       ident.Source
	secrets   Secrets
	wall      func() time.Time
	batch     *unit.Batch[*command, any]
	committed []func(changed []ident.Journey)
	meter     Meter
}

// New makes an engine. Wall is real time, for the life of links.
func New(work unit.Work[Tx], directory Directory, enricher Enricher, ids ident.Source, secrets Secrets, wall func() time.Time) *Engine {
	e := &Engine{work: work, directory: directory, enricher: enricher, ids: ids, secrets: secrets, wall: wall}
	e.batch = unit.NewBatch(lanes, mostInBatch, e.measured)
	return e
}

// OnCommit has f called after every commit, before the callers are answered, with the
// journeys that have new events. It must be called before Run, and f must not block.
func (e *Engine) OnCommit(f func(changed []ident.Journey)) { e.committed = append(e.committed, f) }

// Run works until the context ends; what was queued by then is still committed.
func (e *Engine) Run(ctx context.Context) error { return e.batch.Run(ctx) }

// command is one request on its way through a batch.
type command struct {
	workspace ident.Workspace
	by        ident.User
	// email finds or creates the lead of a registration; else lead names it, 0 for none.
	email lead.Email
	lead  ident.User
	// query names the journeys needed besides.
	journey ident.Journey
	in      ident.Funnel
	allOpen bool
	// subscribes is set for a registration with a webhook.
	subscribes bool
	// link is the hash of the token of a link to be used; nil for none.
	link []byte
	// askable tells which facts somebody outside may know.
	askable func(key string) bool

	idem   *idem.Request
	render func(result any) (idem.Answer, error)
	do     func(ctx context.Context, b *batch) (any, error)
}

// Replayed is the result of a request that was made before under its idempotency key.
type Replayed struct{ Answer idem.Answer }

// submit sends a command through the lane its rows belong to.
func (e *Engine) submit(ctx context.Context, c *command) (any, error) {
	a := actor.From(ctx)
	if a.Workspace == 0 {
		return nil, fault.New(fault.Unauthenticated, "unauthenticated", "Nobody is signed in.")
	}
	var err error
	if c.askable, err = e.enricher.Askable(ctx); err != nil {
		return nil, err
	}
	c.workspace, c.by = a.Workspace, a.User
	h := fnv.New64a()
	if c.email.IsZero() {
		_, _ = fmt.Fprintf(h, "%d/%d/%d", c.workspace, c.lead, c.journey)
	} else {
		_, _ = fmt.Fprintf(h, "%d/%s", c.workspace, c.email.String())
	}
	return e.batch.Submit(ctx, ident.String(c.workspace), h.Sum64(), c)
}

// batch is the state of one gathering while it is applied.
type batch struct {
	engine    *Engine
	workspace ident.Workspace
	tx        Tx
	now       time.Time
	ids       *ident.Block
	askable   func(key string) bool
	err       error
	leads     map[string]*lead.Lead
	byID      map[ident.User]*lead.Lead
	journeys  map[ident.Journey]*journey.Journey
	order     []*journey.Journey
	newest    map[LeadFunnel]*journey.Journey
	turns     map[ident.Journey]journey.Turn
	whole     map[ident.User]bool // leads of whom every open journey is here
	events    []event.Event
	inputs    []journey.Input
	links     []session.Link
	opened    map[string]*session.Link // those to be used, by hash
	visits    []session.Visit
	records   []idem.Record
	fx        effects

	webhooks      map[subscriber]ident.Webhook
	webhookCount  map[ident.User]int
	subscriptions []Subscription
}

// idsEach is how many identifiers a command is expected to draw.
const idsEach = 40

// apply carries out the commands of one workspace in one transaction.
func (e *Engine) apply(ctx context.Context, _ string, commands []*command) ([]unit.Result[any], error) {
	ctx = actor.Systemic(ctx, commands[0].workspace)
	reserved, err := e.ids.Reserve(ctx, idsEach*len(commands))
	if err != nil {
		return nil, err
	}
	var results []unit.Result[any]
	var changed []ident.Journey
	for try := 0; ; try++ {
		err = e.work.Do(ctx, func(ctx context.Context, tx Tx) error {
			b := &batch{
				engine: e, workspace: commands[0].workspace, tx: tx, askable: commands[0].askable, leads: map[string]*lead.Lead{}, byID: map[ident.User]*lead.Lead{},
				journeys: map[ident.Journey]*journey.Journey{}, newest: map[LeadFunnel]*journey.Journey{},
				turns: map[ident.Journey]journey.Turn{}, whole: map[ident.User]bool{},
			}
			b.ids = ident.NewBlock(slices.Clone(reserved), func(n int) []int64 {
				more, err := e.ids.Reserve(ctx, n)
				if err != nil {
					// A batch without ids cannot commit; until then any numbers will do.
					b.err = err
					return make([]int64, n)
				}
				return more
			})
			var err error
			results, err = b.run(ctx, commands)
			changed = b.told()
			return err
		})
		// Another node created one of the leads meanwhile: it exists now.
		if !fault.HasCode(err, "lead_race") || try == 3 {
			if err == nil {
				for _, f := range e.committed {
					f(changed)
				}
			}
			return results, err
		}
	}
}

func (b *batch) run(ctx context.Context, commands []*command) ([]unit.Result[any], error) {
	replays, err := b.lock(ctx, commands)
	if err != nil {
		return nil, err
	}
	results := make([]unit.Result[any], len(commands))
	first := map[idem.Key]int{}
	for i, c := range commands {
		if c.idem != nil {
			if done, again, err := replay(replays, first, results, commands, c); done {
				results[i] = unit.Result[any]{Value: again, Err: err}
				continue
			}
			first[c.idem.Key] = i
		}
		value, err := c.do(ctx, b)
		results[i] = unit.Result[any]{Value: value, Err: err}
		if err == nil && c.idem != nil {
			answer, err := c.render(value)
			if err != nil {
				return nil, fmt.Errorf("rendering an answer: %w", err)
			}
			b.records = append(b.records, idem.Record{Request: *c.idem, Answer: answer})
		}
	}
	return results, b.save(ctx)
}

// told are the journeys with new events.
func (b *batch) told() []ident.Journey {
	var ids []ident.Journey
	for _, e := range b.events {
		if e.Journey != 0 && (len(ids) == 0 || ids[len(ids)-1] != e.Journey) {
			ids = append(ids, e.Journey)
		}
	}
	return ids
}

// replay answers a request whose key was seen before: in an earlier commit, or in this
// very gathering.
func replay(stored map[idem.Key]idem.Record, first map[idem.Key]int, results []unit.Result[any], commands []*command, c *command) (bool, any, error) {
	if record, seen := stored[c.idem.Key]; seen {
		if err := record.Check(*c.idem); err != nil {
			return true, nil, err
		}
		return true, Replayed{Answer: record.Answer}, nil
	}
	i, seen := first[c.idem.Key]
	if !seen || results[i].Err != nil {
		return false, nil, nil
	}
	twin := idem.Record{Request: *commands[i].idem}
	if err := twin.Check(*c.idem); err != nil {
		return true, nil, err
	}
	answer, err := c.render(results[i].Value)
	return true, Replayed{Answer: answer}, err
}

// lock takes every row the commands need, in the fixed order: idempotency keys, leads by
// e-mail, journeys by id, links by id.
func (b *batch) lock(ctx context.Context, commands []*command) (map[idem.Key]idem.Record, error) {
	var keys []idem.Key
	var emails []string
	var leadIDs []ident.User
	var links [][]byte
	var q Query
	for _, c := range commands {
		if c.idem != nil {
			keys = append(keys, c.idem.Key)
		}
		if !c.email.IsZero() {
			emails = append(emails, c.email.String())
		} else if c.lead != 0 {
			leadIDs = append(leadIDs, c.lead)
		}
		if c.journey != 0 {
			q.IDs = append(q.IDs, c.journey)
		}
		if c.link != nil {
			links = append(links, c.link)
		}
		if c.allOpen {
			q.OpenOf = append(q.OpenOf, c.lead)
			b.whole[c.lead] = true
		}
	}
	var err error
	if b.now, err = b.tx.Clock.Now(ctx); err != nil {
		return nil, err
	}
	replays := map[idem.Key]idem.Record{}
	if len(keys) > 0 {
		if replays, err = b.tx.Idem.Lock(ctx, keys); err != nil {
			return nil, err
		}
	}
	if len(emails)+len(leadIDs) > 0 {
		leads, err := b.tx.Leads.Lock(ctx, emails, leadIDs)
		if err != nil {
			return nil, err
		}
		for _, l := range leads {
			b.leads[l.Email.String()], b.byID[l.ID] = l, l
		}
	}
	if err := b.lockWebhooks(ctx, commands); err != nil {
		return nil, err
	}
	for _, c := range commands {
		if l := b.leads[c.email.String()]; l != nil && c.in != 0 {
			q.In = append(q.In, LeadFunnel{Lead: l.ID, Funnel: c.in})
		}
	}
	if len(q.IDs)+len(q.In)+len(q.OpenOf) > 0 {
		journeys, err := b.tx.Journeys.Lock(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, j := range journeys {
			b.keep(j)
		}
	}
	return replays, b.lockLinks(ctx, links)
}

// keep makes a journey part of the batch.
func (b *batch) keep(j *journey.Journey) {
	rec := j.Record()
	if _, had := b.journeys[rec.ID]; had {
		return
	}
	b.journeys[rec.ID] = j
	b.order = append(b.order, j)
	in := LeadFunnel{Lead: rec.Lead, Funnel: rec.Funnel}
	if old := b.newest[in]; old == nil || newer(rec, old.Record()) {
		b.newest[in] = j
	}
}

// newer prefers an open journey, then the later one. Nodes draw ids from blocks of their
// own, so that ids do not tell which came later.
func newer(a, b journey.Record) bool {
	if a.Status.Open() != b.Status.Open() {
		return a.Status.Open()
	}
	return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID)) > 0
}

// turn is what a command on a journey needs.
func (b *batch) turn(ctx context.Context, rec journey.Record, by ident.User) (journey.Turn, error) {
	plan, err := b.engine.directory.Plan(ctx, rec.Funnel, rec.Version)
	if err != nil {
		return journey.Turn{}, err
	}
	t := journey.Turn{Plan: plan, Now: b.now, IDs: b.ids.Next, Askable: b.askable, By: by}
	b.turns[rec.ID] = t
	return t, nil
}
