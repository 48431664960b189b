package engine

import (
	"context"

	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/lead"
)

// Description is what somebody says about a lead. Empty fields say nothing.
type Description struct {
	Person     lead.Person
	ExternalID string
	// Source of it: datapoint.SourceTeam or datapoint.SourceAPI.
	Source string

	// Idem is the idempotency request, nil for none; Render makes the answer that is kept.
	Idem   *idem.Request
	Render func(lead.Lead) (idem.Answer, error)
}

// Described is what a description came to.
type Described struct {
	Lead lead.Lead
	// Replay is set when the request was answered before; nothing else is then.
	Replay *idem.Answer
}

// Describe corrects what is known of a lead's person, and brings it to all open journeys.
// Refusals: NotFound; external_id_taken.
func (e *Engine) Describe(ctx context.Context, id ident.User, d Description) (Described, error) {
	c := &command{lead: id, allOpen: true, idem: d.Idem}
	c.do = func(ctx context.Context, b *batch) (any, error) {
		who := b.byID[id]
		if who == nil || who.RegisteredAt.IsZero() {
			return nil, fault.New(fault.NotFound, "not_found", "There is no such lead.")
		}
		person, external := who.Person, who.ExternalID
		who.Describe(d.Person, b.now)
		who.Name(d.ExternalID, b.now)
		if who.Person != person || who.ExternalID != external {
			b.note(event.LeadUpdated, id)
		}
		said := identity(&lead.Lead{Person: d.Person}, d.Source, b.now)
		if len(who.Learn(said, b.now)) > 0 {
			b.spread(ctx, who, 0)
		}
		return Described{Lead: *who}, nil
	}
	c.render = func(result any) (idem.Answer, error) { return d.Render(result.(Described).Lead) }
	result, err := e.submit(ctx, c)
	if err != nil {
		return Described{}, err
	}
	if replay, ok := result.(Replayed); ok {
		return Described{Replay: &replay.Answer}, nil
	}
	return result.(Described), nil
}
