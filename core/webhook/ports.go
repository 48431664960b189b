package webhook

import (
	"context"
	"net/url"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/audit"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
	"github.com/kohomai/kohomai/core/page"
	"github.com/kohomai/kohomai/core/workspace"
)

// Tx are the stores of this module's use cases, bound to a transaction. They are locked in
// the order they stand.
type Tx struct {
	Idem       idem.Store
	Subjects   Subjects
	Endpoints  Store
	Deliveries DeliveryStore
	Events     EventLog
	Audit      audit.Log
	Jobs       job.Queue
}

// Subjects are what endpoints can be of.
type Subjects interface {
	// Lock must report whether the subject exists and, if so, keep others from making
	// endpoints of it until the transaction ends. Now must be the database's time.
	Lock(ctx context.Context, l Level, subject int64) (bool, error)
	Now(ctx context.Context) (time.Time, error)
}

// Store keeps endpoints.
type Store interface {
	// Of must return the endpoints of a subject.
	Of(ctx context.Context, l Level, subject int64) ([]Endpoint, error)
	// Insert must keep a new endpoint; a second one of a subject and address must be a
	// Conflict of code webhook_exists.
	Insert(ctx context.Context, e Endpoint) error
	// Lock must lock and return an endpoint, or NotFound.
	Lock(ctx context.Context, id ident.Webhook) (Endpoint, error)
	// Save must write a locked endpoint.
	Save(ctx context.Context, e Endpoint) error
	// Delete must remove a locked endpoint.
	Delete(ctx context.Context, id ident.Webhook) error
}

// DeliveryStore keeps the deliveries of endpoints that are locked.
type DeliveryStore interface {
	// Due must return at most n deliveries of an endpoint that may be sent now, longest due
	// first, and the moment the next one may be: zero when none is Pending. Of an ordered
	// endpoint only the first Pending one of a journey may, and only when every earlier
	// event of the journey is planned.
	Due(ctx context.Context, e Endpoint, n int) ([]Delivery, time.Time, error)
	// Get must return a delivery of an endpoint, or NotFound.
	Get(ctx context.Context, e ident.Webhook, id ident.Delivery) (Delivery, error)
	// Put must insert the deliveries, which are Pending and due by the database's clock, and
	// write those whose endpoint and event are there already over what is there.
	Put(ctx context.Context, all []Delivery) error
	// Record must write deliveries and insert their attempts.
	Record(ctx context.Context, all []Delivery, attempts []Attempt) error
	// GiveUp must make every Pending delivery of an endpoint Failed, with a reason.
	GiveUp(ctx context.Context, e ident.Webhook, reason string, at time.Time) error
}

// EventLog takes events of the workspace, and reads old ones for replays.
type EventLog interface {
	// Append must insert the events as they are.
	Append(ctx context.Context, events []event.Event) error
	// Since must return at most n events of a level's subject that happened from one moment
	// to another, with an id above after, by rising id; each with the delivery the endpoint
	// has for it, whose ID is 0 for none.
	Since(ctx context.Context, e Endpoint, from, to time.Time, after ident.Event, n int) ([]Past, error)
}

// Past is an event with its delivery to an endpoint, if there is one.
type Past struct {
	Event    event.Event
	Delivery Delivery
}

// Reader answers what there is, in the workspace of the context's actor.
type Reader interface {
	// Get must return an endpoint, or NotFound.
	Get(ctx context.Context, id ident.Webhook) (Endpoint, error)
	// List must list endpoints, newest first.
	List(ctx context.Context, f Filter, p page.Request) (page.Of[Endpoint], error)
	// Deliveries must list an endpoint's deliveries, newest first.
	Deliveries(ctx context.Context, f DeliveryFilter, p page.Request) (page.Of[Delivery], error)
	// Delivery must return a delivery with its attempts, first one first, or NotFound.
	Delivery(ctx context.Context, e ident.Webhook, id ident.Delivery) (Delivery, []Attempt, error)
	// Facts must return the events of deliveries with what their messages say; those that
	// are no longer there are left out.
	Facts(ctx context.Context, all []Delivery) (map[ident.Event]Fact, error)
}

// Filter narrows a list of endpoints; zero fields do not filter.
type Filter struct {
	Level   Level
	Subject int64
	// Disabled is nil for both.
	Disabled *bool
}

// DeliveryFilter narrows a list of deliveries; zero fields but Endpoint do not filter.
type DeliveryFilter struct {
	Endpoint    ident.Webhook
	Status      Status
	Type        event.Type
	Lead        ident.User
	Journey     ident.Journey
	Since, Till time.Time
}

// Planner turns the event log into deliveries. It works across workspaces, in
// transactions of its own.
type Planner interface {
	// Plan must take at most n next events below the horizon, once in the installation,
	// hand those with endpoints at their level to pick, and keep what it returns, all in one
	// transaction that also moves the progress. More tells that further events wait.
	Plan(ctx context.Context, n int, pick func([]Candidate) ([]Planned, error)) (more bool, err error)
	// Wake must make a job for each of at most n endpoints with something due, in the
	// transaction that postpones them, and return how many.
	Wake(ctx context.Context, n int, make func(Due) job.Item) (int, error)
	// Reap must delete at most n deliveries made before a moment, and return how many.
	Reap(ctx context.Context, before time.Time, n int) (int, error)
}

// Candidate is an event and an endpoint at its level.
type Candidate struct {
	Workspace ident.Workspace
	Event     event.Event
	Endpoint  ident.Webhook
	Patterns  []string
}

// Planned is a delivery to be, in its workspace.
type Planned struct {
	Workspace ident.Workspace
	Delivery  Delivery
}

// Due is an endpoint with something to send.
type Due struct {
	Workspace ident.Workspace
	Endpoint  ident.Webhook
	// Failing tells that its last request failed.
	Failing bool
}

// Sender makes requests.
type Sender interface {
	// Send must make one signed request by Standard Webhooks, through the guard, without
	// following a redirect, within fifteen seconds. Every failure is an Answer.
	Send(ctx context.Context, r Request) Answer
}

// Request is one message to one address.
type Request struct {
	URL  string
	ID   string
	At   time.Time
	Body []byte
	// Secrets sign, the newest first.
	Secrets []string
}

// Guard is the door through which requests leave.
type Guard interface {
	// Judge must refuse an address that no request will be let out to, as far as that can
	// be told without the network.
	Judge(u *url.URL) error
}

// Sealer encrypts secrets.
type Sealer interface {
	// Seal must encrypt plain, bound to its place; Open must give it back or fail.
	Seal(plain []byte, place string) ([]byte, error)
	Open(sealed []byte, place string) ([]byte, error)
}

// People are told when an endpoint was disabled.
type People interface {
	// Users must list users newest first, of a role.
	Users(ctx context.Context, role workspace.Role, p page.Request) (page.Of[workspace.User], error)
}

// Workspaces answers whose workspace it is.
type Workspaces interface {
	// Workspace must return the context's workspace.
	Workspace(ctx context.Context) (workspace.Workspace, error)
}

// Mailer takes messages to be delivered, as activity's does.
type Mailer = activity.Mailer
