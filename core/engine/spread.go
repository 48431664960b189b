package engine

import (
	"context"
	"slices"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
)

// openOf are the open journeys of a lead that are part of the batch.
func (b *batch) openOf(l ident.User) []*journey.Journey {
	var open []*journey.Journey
	for _, j := range b.order {
		if rec := j.Record(); rec.Lead == l && rec.Status.Open() {
			open = append(open, j)
		}
	}
	return open
}

// ofLead are the facts of the lead that a journey knows.
func ofLead(j *journey.Journey) datapoint.Data {
	facts := datapoint.Data{}
	for key, d := range j.Record().Data {
		if datapoint.OfLead(key) && !d.Final() {
			facts[key] = d
		}
	}
	return facts
}

// lift gives the lead what an activity or a person wrote in one of its journeys. When the
// lead is not locked, a job does it.
func (b *batch) lift(ctx context.Context, from journey.Record, facts datapoint.Data) {
	l := b.byID[from.Lead]
	if l == nil {
		b.spreadLater(SpreadJob{Lead: from.Lead, Journey: from.ID})
		return
	}
	if len(l.Learn(facts, b.now)) > 0 {
		b.note(event.LeadUpdated, l.ID)
		b.spread(ctx, l, from.ID)
	}
}

// spread brings what is known of a lead to its open journeys but one: at once when they
// are all here, by a job otherwise. A lead that is new has no others.
//
// A failure fails the batch: by now the command may have changed something.
func (b *batch) spread(ctx context.Context, l *lead.Lead, but ident.Journey) {
	if !b.whole[l.ID] {
		if !l.New {
			b.spreadLater(SpreadJob{Lead: l.ID})
		}
		return
	}
	for _, j := range b.openOf(l.ID) {
		if j.Record().ID == but {
			continue
		}
		t, err := b.turn(ctx, j.Record(), 0)
		if err == nil {
			err = j.Learn(l.Data, nil, t)
		}
		if err != nil {
			b.err = err
			return
		}
	}
}

func (b *batch) spreadLater(s SpreadJob) {
	s.Workspace = b.workspace
	if !slices.Contains(b.fx.spreads, s) {
		b.fx.spreads = append(b.fx.spreads, s)
	}
}
