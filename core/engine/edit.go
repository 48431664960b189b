package engine

import (
	"context"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/rule"
)

// Edition is what somebody says about a journey: values by data point key, already read by
// their type.
type Edition struct {
	Data map[string]rule.Value
	// Source of the data: datapoint.SourceTeam or datapoint.SourceAPI.
	Source string

	// Idem is the idempotency request, nil for none; Render makes the answer that is kept.
	Idem   *idem.Request
	Render func(journey.Record) (idem.Answer, error)
}

// Edit takes what somebody says: it wins over what providers found. Facts of the lead reach
// the lead and all its open journeys, and every journey runs on from what it knows now.
// Refusals: NotFound; state_forbids, when the journey has ended.
func (e *Engine) Edit(ctx context.Context, id ident.Journey, d Edition) (Done, error) {
	// The lead is locked before its journeys, so it must be known first.
	of, err := e.directory.LeadOf(ctx, id)
	if err != nil {
		return Done{}, err
	}
	c := &command{lead: of, journey: id, allOpen: true, idem: d.Idem}
	c.do = func(ctx context.Context, b *batch) (any, error) {
		j, who := b.journeys[id], b.byID[of]
		if j == nil || who == nil {
			return nil, fault.New(fault.NotFound, "not_found", "There is no such journey.")
		}
		if status := j.Record().Status; !status.Open() {
			return nil, fault.New(fault.Conflict, "state_forbids", "This journey is %s: its data cannot change.", string(status))
		}
		t, err := b.turn(ctx, j.Record(), c.by)
		if err != nil {
			return nil, err
		}
		said := make(datapoint.Data, len(d.Data))
		for key, v := range d.Data {
			said[key] = datapoint.Datum{Value: v, Source: d.Source, Confidence: 1, ObservedAt: b.now}
		}
		theirs, its := split(said)
		changed := who.Learn(theirs, b.now)
		if err := j.Learn(merged(who.Data, its), sortedKeys(said), t); err != nil {
			return nil, err
		}
		if len(changed) > 0 {
			b.note(event.LeadUpdated, who.ID)
			b.spread(ctx, who, id)
		}
		return j.Record(), nil
	}
	c.render = func(result any) (idem.Answer, error) { return d.Render(result.(journey.Record)) }
	result, err := e.submit(ctx, c)
	if err != nil {
		return Done{}, err
	}
	if replay, ok := result.(Replayed); ok {
		return Done{Replay: &replay.Answer}, nil
	}
	return Done{Journey: result.(journey.Record)}, nil
}
