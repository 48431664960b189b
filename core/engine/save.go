package engine

import (
	"context"
	"slices"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
)

// effects are what must leave the process after commit, gathered over a batch.
type effects struct {
	calls     map[string][]Pair
	asks      map[ident.User][]string
	abandoned []ident.Run
	spreads   []SpreadJob
	reminders []journey.Reminder
}

// collect takes what the journeys' commands made necessary. It must be called until a
// round finds nothing more: what it learns for a lead may move other journeys.
func (b *batch) collect(ctx context.Context) (unassigned []*waitingRun, more bool) {
	for _, j := range b.order {
		fx := j.Take()
		rec := j.Record()
		b.events = append(b.events, fx.Events...)
		b.inputs = append(b.inputs, fx.Inputs...)
		b.fx.abandoned = append(b.fx.abandoned, fx.Abandoned...)
		for _, c := range fx.Calls {
			if b.fx.calls == nil {
				b.fx.calls = map[string][]Pair{}
			}
			b.fx.calls[c.Connector] = append(b.fx.calls[c.Connector], Pair{Journey: c.Journey, Run: c.Run, Call: c.Call})
		}
		if len(fx.Ask) > 0 {
			if b.fx.asks == nil {
				b.fx.asks = map[ident.User][]string{}
			}
			b.fx.asks[rec.Lead] = append(b.fx.asks[rec.Lead], fx.Ask...)
		}
		for _, r := range fx.Unassigned {
			unassigned = append(unassigned, &waitingRun{journey: j, run: r})
		}
		b.fx.reminders = append(b.fx.reminders, fx.Reminders...)
		if len(fx.OfLead) > 0 {
			more = true
			b.lift(ctx, rec, fx.OfLead)
		}
	}
	return unassigned, more
}

type waitingRun struct {
	journey *journey.Journey
	run     *journey.Run
}

// assign lets the policies pick until no run waits for it. Policies are locked last,
// once for each round; a pick that moves a journey on may need another round.
func (b *batch) assign(ctx context.Context) error {
	for {
		waiting, more := b.collect(ctx)
		if len(waiting) == 0 {
			if more {
				continue
			}
			return nil
		}
		names := make([]string, len(waiting))
		for i, w := range waiting {
			names[i] = w.run.Assignee.Policy
		}
		people, err := b.tx.Assigner.Pick(ctx, names)
		if err != nil {
			return err
		}
		for i, w := range waiting {
			w.journey.Assigned(w.run, people[i], b.turns[w.journey.Record().ID])
		}
	}
}

// save writes every table once.
func (b *batch) save(ctx context.Context) error {
	if err := b.assign(ctx); err != nil {
		return err
	}
	if b.err != nil {
		return b.err
	}
	var leads []*lead.Lead
	for _, l := range b.leads {
		if l.New || l.Changed {
			leads = append(leads, l)
		}
	}
	slices.SortFunc(leads, func(x, y *lead.Lead) int { return compare(x.Email.String(), y.Email.String()) })
	if len(leads) > 0 {
		if err := b.tx.Leads.Save(ctx, leads); err != nil {
			return err
		}
	}
	var changed []*journey.Journey
	for _, j := range b.order {
		if j.Changed() {
			changed = append(changed, j)
		}
	}
	if len(changed) > 0 {
		if err := b.tx.Journeys.Save(ctx, changed, b.inputs); err != nil {
			return err
		}
	}
	if len(b.events) > 0 {
		if err := b.tx.Events.Append(ctx, b.events); err != nil {
			return err
		}
	}
	if len(b.links) > 0 {
		if err := b.tx.Sessions.Insert(ctx, b.links); err != nil {
			return err
		}
	}
	if err := b.saveVisits(ctx); err != nil {
		return err
	}
	if len(b.subscriptions) > 0 {
		if err := b.tx.Webhooks.Save(ctx, b.subscriptions); err != nil {
			return err
		}
	}
	if len(b.records) > 0 {
		if err := b.tx.Idem.Save(ctx, b.records); err != nil {
			return err
		}
	}
	return b.enqueue(ctx)
}

// enqueue makes the jobs: one per connector and MostPairs calls, one per lead to enrich.
func (b *batch) enqueue(ctx context.Context) error {
	ws := actor.From(ctx).Workspace
	var jobs []job.Item
	for _, connector := range sortedKeys(b.fx.calls) {
		for pairs := range slices.Chunk(b.fx.calls[connector], MostPairs) {
			jobs = append(jobs, job.Item{Job: CallJob{Workspace: ws, Connector: connector, Pairs: pairs}})
		}
	}
	for _, id := range sortedKeys(b.fx.asks) {
		keys := b.fx.asks[id]
		slices.Sort(keys)
		jobs = append(jobs, job.Item{Job: EnrichJob{Workspace: ws, Lead: id, Keys: slices.Compact(keys)}})
	}
	for runs := range slices.Chunk(b.fx.abandoned, MostPairs) {
		jobs = append(jobs, job.Item{Job: CancelJob{Workspace: ws, Runs: runs}})
	}
	for _, s := range b.fx.spreads {
		jobs = append(jobs, job.Item{Job: s})
	}
	for _, r := range b.fx.reminders {
		jobs = append(jobs, job.Item{Job: RemindJob{Workspace: ws, Run: r.Run, ID: r.ID, Since: b.engine.wall()}})
	}
	if len(jobs) == 0 {
		return nil
	}
	return b.tx.Jobs.Enqueue(ctx, jobs...)
}
