package jobs

import (
	"context"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/ident"
)

// Engine takes what workers found out. *engine.Engine is one.
type Engine interface {
	// Report must take the outcome of a call, and change nothing for one that is not current.
	Report(ctx context.Context, p engine.Pair, o activity.Outcome) error
	// Learn must take facts about a lead and end the requests for the asked ones.
	Learn(ctx context.Context, lead ident.User, facts engine.Facts, asked []string) error
	// Tick must let time pass for a journey.
	Tick(ctx context.Context, id ident.Journey) error
}

// Calls and Loaded are the engine's: who reads them for the workers knows no other adapter.
type (
	Calls  = engine.Calls
	Loaded = engine.Loaded
)

// Finder looks for facts outside.
type Finder interface {
	// Find must ask for the keys and return what was found, also beside an error; knowing
	// nothing is no error. It works in the workspace of the context's actor.
	Find(ctx context.Context, lead ident.User, keys []string) (engine.Facts, error)
}

// Sweeper finds what time or a crash left behind, in every workspace.
type Sweeper interface {
	engine.Sweeper
	// Stale must return open calls that are older than a call takes, at most n. Those that
	// still have a job are among them.
	Stale(ctx context.Context, n int) ([]engine.CallJob, error)
}
