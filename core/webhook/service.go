package webhook

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/audit"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/unit"
)

// Parts are what a Service is made of.
type Parts struct {
	Work       unit.Work[Tx]
	Planner    Planner
	Reader     Reader
	Sender     Sender
	Guard      Guard
	Seal       Sealer
	People     People
	Workspaces Workspaces
	Mailer     Mailer
	IDs        ident.Source
	// Random must be cryptographically random; it makes secrets. Spread is uniform in
	// [0, 1); it spreads retries.
	Random io.Reader
	Spread func() float64
	// Console answers where the console is, for mails.
	Console func() string
	// Now is real time.
	Now func() time.Time
}

// Service holds the use cases of webhooks.
type Service struct {
	work       unit.Work[Tx]
	planner    Planner
	reader     Reader
	sender     Sender
	guard      Guard
	seal       Sealer
	people     People
	workspaces Workspaces
	mailer     Mailer
	ids        ident.Source
	random     io.Reader
	spread     func() float64
	console    func() string
	now        func() time.Time
	wanted     atomic.Int64 // when an event was last wanted by an endpoint
}

// NewService makes the service.
func NewService(p Parts) *Service {
	return &Service{
		work: p.Work, planner: p.Planner, reader: p.Reader, sender: p.Sender, guard: p.Guard, seal: p.Seal, people: p.People,
		workspaces: p.Workspaces, mailer: p.Mailer, ids: p.IDs, random: p.Random, spread: p.Spread, console: p.Console, now: p.Now,
	}
}

func (s *Service) audit(ctx context.Context, tx Tx, verb string, id ident.Webhook, detail map[string]any) error {
	return tx.Audit.Append(ctx, audit.Entry{
		At: s.now(), Actor: actor.From(ctx), Action: "webhook." + verb, Object: "webhook/" + ident.String(id), Detail: detail,
	})
}
