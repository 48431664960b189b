package journey

import (
	"context"
	"time"

	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/page"
)

// EventFilter narrows the events of a workspace; zero values ask for all.
type EventFilter struct {
	Types   []event.Type
	Journey ident.Journey
	Lead    ident.User
	// Since is the earliest moment at which they happened.
	Since time.Time
}

// EventPage is a page of events in the order in which they were stored.
type EventPage struct {
	Items []event.Event
	// Follow is the place behind which everything stored later is found, nothing of it
	// missed and nothing twice.
	Follow page.Cursor
	// More is set when there is more behind Follow already.
	More bool
}

// EventReader reads the events of the workspace of the context's actor.
type EventReader interface {
	// EventsOf must return events in the order of their transactions. It must leave out
	// those of transactions that others, begun before, may still commit in front of.
	EventsOf(ctx context.Context, f EventFilter, p page.Request) (EventPage, error)
}
