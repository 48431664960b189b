package engine

import (
	"context"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/ident"
)

// MostPairs is how many calls one job carries.
const MostPairs = 32

// CallJob asks the worker to make calls of one connector, side by side. Pairs that are
// no longer current are skipped.
type CallJob struct {
	Workspace ident.Workspace
	Connector string
	Pairs     []Pair
}

// Pair is a run and the number of its call.
type Pair struct {
	Journey ident.Journey
	Run     ident.Run
	Call    int
}

// Kind names the job.
func (CallJob) Kind() string { return "activity_call" }

// CancelJob tells connectors that runs were abandoned; best effort, once.
type CancelJob struct {
	Workspace ident.Workspace
	Runs      []ident.Run
}

// Kind names the job.
func (CancelJob) Kind() string { return "activity_cancel" }

// EnrichJob looks for the facts of a lead that journeys wait for.
type EnrichJob struct {
	Workspace ident.Workspace
	Lead      ident.User
	Keys      []string
}

// Kind names the job.
func (EnrichJob) Kind() string { return "lead_enrich" }

// SpreadJob brings what became known of a lead to all its open journeys: from what an
// activity of a journey wrote, or from the lead itself when Journey is 0.
type SpreadJob struct {
	Workspace ident.Workspace
	Lead      ident.User
	Journey   ident.Journey
}

// Kind names the job.
func (SpreadJob) Kind() string { return "lead_spread" }

// Calls reads what calls need, in the workspace of the context's actor.
type Calls interface {
	// Load must return a request for each pair whose call is current, and leave the others
	// out; a current call that cannot be made must be returned as Refused, or nobody would
	// ever learn of it. The deadline is the worker's to set.
	Load(ctx context.Context, pairs []Pair) ([]Loaded, error)
	// Abandoned must return a request for each of the runs that was ever started outside;
	// its kind and deadline are the worker's to set.
	Abandoned(ctx context.Context, runs []ident.Run) ([]activity.Request, error)
}

// Loaded is a call ready to be made.
type Loaded struct {
	Pair    Pair
	Request activity.Request
	// Refused says why the call cannot be made at all; empty when it can. It is the call's
	// outcome: a failure that trying again does not mend.
	Refused string
}
