package engine

import (
	"context"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/session"
	"github.com/kohomai/kohomai/core/workspace"
)

// Tx are the stores of one batch, bound to its transaction and workspace. The fields are
// used in the order they stand: it is the order of locks.
type Tx struct {
	Clock    Clock
	Idem     idem.Store
	Leads    LeadStore
	Journeys JourneyStore
	Events   EventStore
	Sessions SessionStore
	Visits   VisitStore
	Webhooks WebhookStore
	Assigner Assigner
	Jobs     job.Queue
}

// Clock tells engine time.
type Clock interface {
	// Now must be the database's time plus the workspace's clock offset.
	Now(ctx context.Context) (time.Time, error)
}

// LeadStore keeps leads.
type LeadStore interface {
	// Lock must lock and return the users who exist by normalized e-mail or by id, sorted
	// by e-mail. Unknown ones are left out.
	Lock(ctx context.Context, emails []string, ids []ident.User) ([]*lead.Lead, error)
	// Save must insert new and update changed leads. When a new one exists by now (another
	// node was faster) it must fail with a fault of code lead_race; an external id that
	// another lead holds must be a Conflict of code external_id_taken.
	Save(ctx context.Context, leads []*lead.Lead) error
}

// Query names the journeys a batch needs: by id; the newest open one, else the newest, of
// a lead in a funnel; every open one of a lead. Newest is by creation, then id.
type Query struct {
	IDs    []ident.Journey
	In     []LeadFunnel
	OpenOf []ident.User
}

// LeadFunnel is a lead in a funnel.
type LeadFunnel struct {
	Lead   ident.User
	Funnel ident.Funnel
}

// JourneyStore keeps journeys with their runs.
type JourneyStore interface {
	// Lock must lock and return the journeys a query names, with all their runs, by rising id.
	Lock(ctx context.Context, q Query) ([]*journey.Journey, error)
	// Save must write what is new or changed of journeys and runs, and the inputs, each
	// table in one statement.
	Save(ctx context.Context, journeys []*journey.Journey, inputs []journey.Input) error
}

// EventStore appends events.
type EventStore interface {
	// Append must insert the events as they are.
	Append(ctx context.Context, events []event.Event) error
}

// SessionStore keeps links.
type SessionStore interface {
	// Insert must insert the links.
	Insert(ctx context.Context, links []session.Link) error
}

// VisitStore lets people in by links.
type VisitStore interface {
	// Lock must lock and return the links of tokens' hashes, sorted by id. Unknown ones are
	// left out.
	Lock(ctx context.Context, hashes [][]byte) ([]*session.Link, error)
	// Use must write when links were used.
	Use(ctx context.Context, links []*session.Link) error
	// Begin must insert a visit, and may take away those of its user that have expired.
	Begin(ctx context.Context, v session.Visit) error
}

// Assigner picks people by policy.
type Assigner interface {
	// Pick must answer one person for each name, in order, advancing each policy's turn;
	// 0 where the policy has nobody. It locks policies sorted by name, once.
	Pick(ctx context.Context, policies []string) ([]ident.User, error)
}

// Directory answers what commands need to know before they are locked, from caches where it
// may: origins and published versions. It works outside the batch.
type Directory interface {
	// Origin must return the origin of a ref in the context's workspace, or NotFound.
	Origin(ctx context.Context, ref string) (workspace.Origin, error)
	// Current must return the plan new journeys of a funnel begin with, or a Conflict of
	// code not_published.
	Current(ctx context.Context, f ident.Funnel) (*funnel.Plan, error)
	// Plan must return the plan of a version.
	Plan(ctx context.Context, f ident.Funnel, version int) (*funnel.Plan, error)
	// Workspace must return the context's workspace.
	Workspace(ctx context.Context) (workspace.Workspace, error)
	// LeadOf must return the lead of a journey, or NotFound.
	LeadOf(ctx context.Context, id ident.Journey) (ident.User, error)
}

// Enricher knows facts about a lead.
type Enricher interface {
	// Local must answer at once, from what is known without the network.
	Local(ctx context.Context, email lead.Email) Facts
	// Askable must answer which facts a provider that is not local may know in the
	// context's workspace, from memory where it may. It is called outside transactions; the
	// function it returns is called inside.
	Askable(ctx context.Context) (func(key string) bool, error)
}

// Secrets draws random tokens.
type Secrets interface {
	// Token must return a random UUIDv4.
	Token() string
}

// Builtin tells apart what the engine starts itself; kept here so that jobs and engine agree.
func Builtin(connector string) bool { return activity.Pure(connector) }
