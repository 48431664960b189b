package engine

import (
	"context"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
)

// Callback stores what a provider sent to a run's address and has it handed to the connector
// by a job. When it returns nil, both are committed; a repetition or one that came too late
// is taken and changes nothing.
func (e *Engine) Callback(ctx context.Context, a activity.Address, digest string, body []byte) error {
	_, err := e.onJourney(ctx, a.Journey, nil, func(j *journey.Journey, t journey.Turn, b *batch) (journey.Record, error) {
		err := j.Callback(journey.Callback{Run: a.Run, Input: ident.Input(b.ids.Next()), Digest: digest, Body: body}, t)
		return j.Record(), err
	})
	return err
}
