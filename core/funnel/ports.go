package funnel

import (
	"context"
	"time"

	"github.com/kohomai/kohomai/core/audit"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/workspace"
)

// Funnel is a workflow with its draft; published versions stand beside it.
type Funnel struct {
	ID   ident.Funnel
	Name string
	// Draft is being worked on; Etag changes with every save.
	Draft Definition
	Etag  int64
	// Current is the version new journeys begin with, 0 before the first publishing.
	Current              int
	CreatedAt, ChangedAt time.Time
}

// Version is a published definition: immutable.
type Version struct {
	Number     int
	Definition Definition
	// Connectors are those it uses, as they stood at its publishing.
	Connectors  []Connector
	Note        string
	PublishedBy ident.User
	PublishedAt time.Time
}

// Tx are the stores of this module's use cases, bound to a transaction.
type Tx struct {
	Idem    idem.Store
	Funnels Store
	Audit   audit.Log
}

// Store keeps funnels inside a transaction.
type Store interface {
	// Insert must insert a funnel with its origins; a name or ref that stands is a Conflict.
	Insert(ctx context.Context, f Funnel, origins []workspace.Origin) error
	// Lock must lock and return a funnel, or NotFound.
	Lock(ctx context.Context, id ident.Funnel) (Funnel, error)
	// SaveDraft must write name, draft and etag of a locked funnel.
	SaveDraft(ctx context.Context, f Funnel) error
	// Publish must insert a version, make it current, and insert the data points that are new.
	Publish(ctx context.Context, id ident.Funnel, v Version, fresh []datapoint.Definition) error
	// AddOrigin must insert an origin.
	AddOrigin(ctx context.Context, o workspace.Origin) error
}

// Reader answers what there is, in the workspace of the context's actor.
type Reader interface {
	// List must return all funnels that are not archived, newest first.
	List(ctx context.Context) ([]Funnel, error)
	// Get must return one funnel, or NotFound.
	Get(ctx context.Context, id ident.Funnel) (Funnel, error)
	// Versions must return the versions, newest first.
	Versions(ctx context.Context, id ident.Funnel) ([]Version, error)
	// Origins must return the origins, oldest first.
	Origins(ctx context.Context, id ident.Funnel) ([]workspace.Origin, error)
	// Env must return the workspace's data points and policies; compiler and catalog are
	// the service's.
	Env(ctx context.Context) (Env, error)
}
