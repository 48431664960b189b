package journey

import (
	"context"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/page"
)

// Reader answers what people and integrators ask about journeys, in the workspace of the
// context's actor. Another workspace's journey is NotFound, like one that never was. The
// state that connectors keep with runs is for connectors: no reader must return it.
type Reader interface {
	// Get must return one journey with everything about it.
	Get(ctx context.Context, id ident.Journey) (View, error)
	// List must return journeys newest first by creation and id.
	List(ctx context.Context, f Filter, p page.Request) (page.Of[Summary], error)
	// Events must return a journey's events, oldest first by sequence.
	Events(ctx context.Context, id ident.Journey, p page.Request) (page.Of[event.Event], error)
	// OpenRuns must return runs in progress or blocked, oldest due first, then oldest.
	OpenRuns(ctx context.Context, f RunFilter, p page.Request) (page.Of[OpenRun], error)
}

// Filter narrows a list of journeys; zero fields do not filter.
type Filter struct {
	Status     []Status
	Funnel     ident.Funnel
	Version    int
	Stage      string
	WaitingOn  []activity.Party
	Lead       ident.User
	Origin     ident.Origin
	ExternalID string
	// Search matches a part of the lead's e-mail or name.
	Search                      string
	CreatedAfter, CreatedBefore time.Time
}

// RunFilter narrows a list of open runs; zero fields do not filter.
type RunFilter struct {
	Assignee  ident.User
	WaitingOn activity.Party
}

// Name is a person as shown beside something.
type Name struct {
	ID                         ident.User
	Email, Firstname, Lastname string
}

// Summary is a journey as lists show it.
type Summary struct {
	Record     Record
	Lead       Name
	Owner      *Name
	FunnelName string
	OriginName string
	OriginRef  string
	// Completed and Total count the runs met so far.
	Completed, Total int
	// DueAt is the nearest due time of an open run; zero for none.
	DueAt time.Time
}

// View is a journey with everything about it. People are the assignees and participants by id.
type View struct {
	Summary
	Runs   []*Run
	People map[ident.User]Name
}

// OpenRun is a run somebody is waited on for, with its journey.
type OpenRun struct {
	Run        *Run
	Journey    ident.Journey
	Status     Status
	Lead       Name
	Funnel     ident.Funnel
	FunnelName string
	Version    int
	CreatedAt  time.Time
}
