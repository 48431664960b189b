package memory

import (
	"context"
	"slices"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/rule"
	"github.com/kohomai/kohomai/core/workspace"
)

// Directory is engine.Directory.
type Directory struct{ db *DB }

// NewDirectory makes the directory.
func NewDirectory(db *DB) Directory { return Directory{db} }

// looked reads something of the actor's workspace. Inside a transaction the mutex is held
// already.
func looked[T any](ctx context.Context, db *DB, look func(*tenant) (T, error)) (T, error) {
	if ctx.Value(inside{}) == nil {
		db.mu.Lock()
		defer db.mu.Unlock()
	}
	t, err := db.tenant(ctx)
	if err != nil {
		var none T
		return none, err
	}
	return look(t)
}

// Origin implements engine.Directory.
func (d Directory) Origin(ctx context.Context, ref string) (workspace.Origin, error) {
	return looked(ctx, d.db, func(t *tenant) (workspace.Origin, error) {
		o, ok := t.origins[ref]
		if !ok {
			return o, notFound()
		}
		return o, nil
	})
}

// Current implements engine.Directory.
func (d Directory) Current(ctx context.Context, f ident.Funnel) (*funnel.Plan, error) {
	return looked(ctx, d.db, func(t *tenant) (*funnel.Plan, error) {
		p := t.plans[f][t.current[f]]
		if p == nil {
			return nil, fault.New(fault.Conflict, "not_published", "This funnel has no published version.")
		}
		return p, nil
	})
}

// Plan implements engine.Directory.
func (d Directory) Plan(ctx context.Context, f ident.Funnel, version int) (*funnel.Plan, error) {
	return looked(ctx, d.db, func(t *tenant) (*funnel.Plan, error) {
		if p := t.plans[f][version]; p != nil {
			return p, nil
		}
		return nil, notFound()
	})
}

// Workspace implements engine.Directory.
func (d Directory) Workspace(ctx context.Context) (workspace.Workspace, error) {
	return looked(ctx, d.db, func(t *tenant) (workspace.Workspace, error) { return t.workspace, nil })
}

// LeadOf implements engine.Directory.
func (d Directory) LeadOf(ctx context.Context, id ident.Journey) (ident.User, error) {
	return looked(ctx, d.db, func(t *tenant) (ident.User, error) {
		r, ok := t.journeys[id]
		if !ok {
			return 0, notFound()
		}
		return r.Lead, nil
	})
}

// Sweeper is engine.Sweeper.
type Sweeper struct{ db *DB }

// NewSweeper makes the sweeper.
func NewSweeper(db *DB) Sweeper { return Sweeper{db} }

// postponed is how long a journey that was swept is left alone if nobody wakes it.
const postponed = 30 * time.Second

// Due implements engine.Sweeper.
func (s Sweeper) Due(_ context.Context, n int) ([]engine.Wake, error) {
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	type due struct {
		wake engine.Wake
		at   time.Time
	}
	var all []due
	for ws, t := range s.db.tenants {
		now := s.db.now().Add(t.workspace.ClockOffset)
		for id, r := range t.journeys {
			if !r.WakeAt.IsZero() && !now.Before(r.WakeAt) {
				all = append(all, due{engine.Wake{Workspace: ws, Journey: id}, r.WakeAt})
			}
		}
	}
	slices.SortFunc(all, func(a, b due) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return int(a.wake.Journey - b.wake.Journey)
	})
	out := make([]engine.Wake, 0, min(n, len(all)))
	for _, d := range all[:min(n, len(all))] {
		t := s.db.tenants[d.wake.Workspace]
		r := t.journeys[d.wake.Journey]
		r.WakeAt = s.db.now().Add(t.workspace.ClockOffset).Add(postponed)
		t.journeys[d.wake.Journey] = r
		out = append(out, d.wake)
	}
	return out, nil
}

// Calls is engine.Calls.
type Calls struct{ db *DB }

// NewCalls makes the reader.
func NewCalls(db *DB) Calls { return Calls{db} }

// Load implements engine.Calls.
func (c Calls) Load(ctx context.Context, pairs []engine.Pair) ([]engine.Loaded, error) {
	return looked(ctx, c.db, func(t *tenant) ([]engine.Loaded, error) {
		var out []engine.Loaded
		for _, p := range pairs {
			if r := t.run(p.Run); r != nil && r.CallOpen && r.Call == p.Call {
				if q, ok := c.request(ctx, t, r); ok {
					out = append(out, engine.Loaded{Pair: engine.Pair{Journey: r.Journey, Run: r.ID, Call: r.Call}, Request: q})
				}
			}
		}
		return out, nil
	})
}

// Abandoned implements engine.Calls.
func (c Calls) Abandoned(ctx context.Context, runs []ident.Run) ([]activity.Request, error) {
	return looked(ctx, c.db, func(t *tenant) ([]activity.Request, error) {
		var out []activity.Request
		for _, id := range runs {
			if r := t.run(id); r != nil && r.CallKind != 0 {
				if q, ok := c.request(ctx, t, r); ok {
					out = append(out, q)
				}
			}
		}
		return out, nil
	})
}

func (t *tenant) run(id ident.Run) *journey.Run {
	for _, runs := range t.runs {
		for _, r := range runs {
			if r.ID == id {
				return r
			}
		}
	}
	return nil
}

func (c Calls) request(ctx context.Context, t *tenant, r *journey.Run) (activity.Request, bool) {
	rec := t.journeys[r.Journey]
	plan := t.plans[rec.Funnel][rec.Version]
	if plan == nil {
		return activity.Request{}, false
	}
	step, ok := plan.Node(r.Stage)
	if !ok || step.Activity(r.Key) == nil {
		return activity.Request{}, false
	}
	a := step.Activity(r.Key)
	q := activity.Request{
		Kind: r.CallKind, Connector: r.Connector, Workspace: actor.From(ctx).Workspace, Journey: r.Journey, Run: r.ID, Key: r.Key,
		Idempotency: "act_" + ident.String(r.ID), Attempt: r.Attempts + 1, Sandbox: t.workspace.Sandbox, Config: a.Config,
		Facts: map[string]rule.Value{}, State: slices.Clone(r.State),
		Now: c.db.now().Add(t.workspace.ClockOffset).UTC().Truncate(time.Microsecond),
	}
	if r.CallKind == activity.Resume {
		q.Idempotency += "_" + ident.String(r.Input)
		in := t.inputs[r.Input]
		q.Input = activity.Input{ID: in.ID, From: in.From, Body: slices.Clone(in.Body)}
	}
	for _, key := range a.Reads {
		if v, known := rec.Data.Fact(key); known {
			q.Facts[key] = v
		}
	}
	return q, true
}
