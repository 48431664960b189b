package engine

import "github.com/kohomai/kohomai/core/ident"

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
