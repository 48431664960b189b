package memory

import (
	"context"
	"sync"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/session"
	"github.com/kohomai/kohomai/core/unit"
	"github.com/kohomai/kohomai/core/workspace"
)

// DB holds any number of workspaces. Make it with New.
type DB struct {
	now func() time.Time

	mu      sync.Mutex // held by a transaction from its beginning to its end
	tenants map[ident.Workspace]*tenant
	jobs    []Job
	lastJob int64

	ids    sync.Mutex
	lastID int64

	interrupt func(step string) error
}

// Job is a committed job that was not taken yet.
type Job struct {
	ID   int64
	Item job.Item
}

type tenant struct {
	workspace workspace.Workspace
	leads     map[ident.User]*lead.Lead
	byEmail   map[string]ident.User
	journeys  map[ident.Journey]journey.Record
	runs      map[ident.Journey][]*journey.Run
	inputs    map[ident.Input]journey.Input
	events    []event.Event
	links     []session.Link
	visits    map[ident.Session]session.Visit
	webhooks  map[subscriber]engine.Subscription
	records   map[idem.Key]idem.Record
	policies  map[string]*policy
	plans     map[ident.Funnel]map[int]*funnel.Plan
	current   map[ident.Funnel]int
	origins   map[string]workspace.Origin
}

type policy struct {
	members []ident.User
	turn    int
}

// New makes an empty database whose clock is now.
func New(now func() time.Time) *DB {
	return &DB{now: now, tenants: map[ident.Workspace]*tenant{}, lastID: 4095}
}

// Interrupt has f called before every step of a transaction and after its commit: an
// error ends the transaction there, as a crash would. Set it before use; nil never does.
func (db *DB) Interrupt(f func(step string) error) { db.interrupt = f }

func (db *DB) step(name string) error {
	if db.interrupt == nil {
		return nil
	}
	return db.interrupt(name)
}

// Reserve implements ident.Source.
func (db *DB) Reserve(_ context.Context, n int) ([]int64, error) {
	db.ids.Lock()
	defer db.ids.Unlock()
	out := make([]int64, n)
	for i := range out {
		db.lastID++
		out[i] = db.lastID
	}
	return out, nil
}

// AddWorkspace makes a workspace, with the policies of the names given, empty.
func (db *DB) AddWorkspace(w workspace.Workspace, policies ...string) {
	db.mu.Lock()
	defer db.mu.Unlock()
	t := &tenant{
		workspace: w, leads: map[ident.User]*lead.Lead{}, byEmail: map[string]ident.User{}, journeys: map[ident.Journey]journey.Record{},
		runs: map[ident.Journey][]*journey.Run{}, inputs: map[ident.Input]journey.Input{}, records: map[idem.Key]idem.Record{},
		policies: map[string]*policy{}, plans: map[ident.Funnel]map[int]*funnel.Plan{}, current: map[ident.Funnel]int{},
		origins: map[string]workspace.Origin{}, visits: map[ident.Session]session.Visit{}, webhooks: map[subscriber]engine.Subscription{},
	}
	for _, name := range policies {
		t.policies[name] = &policy{}
	}
	db.tenants[w.ID] = t
}

// AddMember makes a person a member of a policy.
func (db *DB) AddMember(ws ident.Workspace, name string, user ident.User) {
	db.mu.Lock()
	defer db.mu.Unlock()
	p := db.tenants[ws].policies[name]
	p.members = append(p.members, user)
}

// Publish keeps the plan of a version and makes it current.
func (db *DB) Publish(ws ident.Workspace, p *funnel.Plan) {
	db.mu.Lock()
	defer db.mu.Unlock()
	t := db.tenants[ws]
	if t.plans[p.Funnel] == nil {
		t.plans[p.Funnel] = map[int]*funnel.Plan{}
	}
	t.plans[p.Funnel][p.Version], t.current[p.Funnel] = p, p.Version
}

// AddOrigin makes a way into a funnel.
func (db *DB) AddOrigin(o workspace.Origin) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.tenants[o.Workspace].origins[o.Ref] = o
}

// Jobs are the committed jobs that were not taken, in the order they were enqueued.
func (db *DB) Jobs() []Job {
	db.mu.Lock()
	defer db.mu.Unlock()
	return append([]Job(nil), db.jobs...)
}

// Done takes a job off.
func (db *DB) Done(id int64) {
	db.mu.Lock()
	defer db.mu.Unlock()
	for i, j := range db.jobs {
		if j.ID == id {
			db.jobs = append(db.jobs[:i:i], db.jobs[i+1:]...)
			return
		}
	}
}

// Links are the links of a workspace, oldest first.
func (db *DB) Links(ws ident.Workspace) []session.Link {
	db.mu.Lock()
	defer db.mu.Unlock()
	return append([]session.Link(nil), db.tenants[ws].links...)
}

// Log are all events of a workspace in the order they were appended.
func (db *DB) Log(ws ident.Workspace) []event.Event {
	db.mu.Lock()
	defer db.mu.Unlock()
	return append([]event.Event(nil), db.tenants[ws].events...)
}

// Engine is the engine's unit of work.
func (db *DB) Engine() unit.Work[engine.Tx] { return work{db} }

type work struct{ db *DB }

type inside struct{}

// Do implements unit.Work.
func (w work) Do(ctx context.Context, fn func(ctx context.Context, tx engine.Tx) error) error {
	if ctx.Value(inside{}) != nil {
		return unit.ErrNested
	}
	if err := w.db.step("begin"); err != nil {
		return err
	}
	w.db.mu.Lock()
	defer w.db.mu.Unlock()
	t, err := w.db.tenant(ctx)
	if err != nil {
		return err
	}
	tx := &tx{db: w.db, t: t, lastJob: w.db.lastJob}
	err = fn(context.WithValue(ctx, inside{}, true), engine.Tx{
		Clock: tx, Idem: idemStore{tx}, Leads: leadStore{tx}, Journeys: journeyStore{tx}, Events: eventStore{tx},
		Sessions: sessionStore{tx}, Visits: visitStore{tx}, Webhooks: webhookStore{tx}, Assigner: assigner{tx}, Jobs: queue{tx},
	})
	if err == nil {
		err = w.db.step("commit")
	}
	if err != nil {
		for i := len(tx.undo) - 1; i >= 0; i-- {
			tx.undo[i]()
		}
		return err
	}
	return w.db.step("committed")
}

// tenant is the workspace of the context's actor. The mutex is held.
func (db *DB) tenant(ctx context.Context) (*tenant, error) {
	a := actor.From(ctx)
	if a.Workspace == 0 {
		return nil, fault.New(fault.Unauthenticated, "unauthenticated", "Nobody is signed in.")
	}
	t := db.tenants[a.Workspace]
	if t == nil {
		return nil, notFound()
	}
	return t, nil
}

func notFound() error { return fault.New(fault.NotFound, "not_found", "There is no such thing.") }

// tx writes in place and remembers how to take each write back.
type tx struct {
	db      *DB
	t       *tenant
	undo    []func()
	lastJob int64
}

// Now implements engine.Clock.
func (x *tx) Now(context.Context) (time.Time, error) {
	if err := x.db.step("clock"); err != nil {
		return time.Time{}, err
	}
	return x.db.now().Add(x.t.workspace.ClockOffset).UTC().Truncate(time.Microsecond), nil
}

// put writes a map's entry.
func put[K comparable, V any](x *tx, m map[K]V, key K, value V) {
	old, had := m[key]
	x.undo = append(x.undo, func() {
		if had {
			m[key] = old
		} else {
			delete(m, key)
		}
	})
	m[key] = value
}

// SetClockOffset moves the engine time of a workspace.
func (db *DB) SetClockOffset(ws ident.Workspace, d time.Duration) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.tenants[ws].workspace.ClockOffset = d
}
