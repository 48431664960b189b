package connectapi

import (
	"context"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
)

// A connector answers by a job. The person who handed something in is told what became of it
// if that is known within settleFor; after that the page asks again by itself.
const (
	settleFor   = 4 * time.Second
	settleFirst = 15 * time.Millisecond
	settleMost  = 200 * time.Millisecond
)

// settled reads a run again until no call of it is under way, or patience ends; then as it
// is.
func (f *front) settled(ctx context.Context, id ident.Run) (journey.View, *journey.Run, []journey.View, error) {
	v, r, views, err := f.find(ctx, id)
	if err != nil || !busy(r) {
		return v, r, views, err
	}
	patience := time.NewTimer(settleFor)
	defer patience.Stop()
	for wait := settleFirst; ; wait = min(2*wait, settleMost) {
		pause := time.NewTimer(wait)
		select {
		case <-pause.C:
		case <-patience.C:
			pause.Stop()
			return f.find(ctx, id)
		case <-ctx.Done():
			pause.Stop()
			return v, r, views, ctx.Err()
		}
		one, err := f.journeys.Get(ctx, v.Record.ID)
		if err != nil {
			return v, r, views, err
		}
		for _, again := range one.Runs {
			if again.ID == id && !busy(again) {
				return f.find(ctx, id)
			}
		}
	}
}

// busy reports whether a call of a connector is under way; one that is to be repeated later
// is not.
func busy(r *journey.Run) bool {
	return r.CallOpen && r.Status == journey.RunInProgress && !activity.Pure(r.Connector)
}
