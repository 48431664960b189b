package app

import (
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/google/wire"

	"github.com/kohomai/kohomai/adapters/auth"
	"github.com/kohomai/kohomai/adapters/jobs"
	"github.com/kohomai/kohomai/adapters/outbound"
	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/unit"
	"github.com/kohomai/kohomai/core/webhook"
)

// webhookSet tells other programs what happened.
var webhookSet = wire.NewSet(
	webhookWork, pg.NewWebhooks, newWebhookPlanner, newWebhooks,
)

// The workers of receivers, beside the usual ones, and of those in trouble.
const (
	webhookWorkers        = 16
	failingWebhookWorkers = 8
)

// wakePause is the least time between two commits of which the planner is told.
const wakePause = 50 * time.Millisecond

func webhookWork(db *pg.DB, ids *pg.IDs, seal pg.Sealer, queue *jobs.Jobs) unit.Work[webhook.Tx] {
	return pg.NewWork(db, pg.WebhookTx(ids, seal, queue.Queue))
}

func newWebhookPlanner(db *pg.DB, queue *jobs.Jobs) *pg.WebhookPlanner {
	return pg.NewWebhookPlanner(db, queue.Queue)
}

// Webhooks is the service with what it was made of.
type Webhooks struct {
	*webhook.Service
	reader *pg.Webhooks
	links  *addresses
}

func newWebhooks(c Config, work unit.Work[webhook.Tx], planner *pg.WebhookPlanner, reader *pg.Webhooks, seal *auth.Sealer,
	people *pg.Workspaces, dir *pg.Directory, post *activity.Post, ids ident.Source, guard *outbound.Transport, now func() time.Time,
) Webhooks {
	links := &addresses{}
	// Receivers share no connections with other traffic.
	own := outbound.NewTransport(outbound.Options{Allow: c.Egress})
	return Webhooks{reader: reader, links: links, Service: webhook.NewService(webhook.Parts{
		Work: work, Planner: planner, Reader: reader, Sender: outbound.NewWebhookSender(own, "kohomai-webhooks", now), Guard: guard,
		Seal: seal, People: people, Workspaces: dir, Mailer: post, IDs: ids, Random: rand.Reader,
		Spread: mathrand.Float64, // #nosec G404 -- jitter
		Console: func() string {
			_, console := links.get()
			return console
		}, Now: now,
	})}
}

// handleWebhooks adds the jobs and periodic work of webhooks.
func (a *App) handleWebhooks() error {
	w, queue := a.Webhooks, a.Jobs.Jobs
	wake := make(chan struct{}, 1)
	var told atomic.Int64
	a.Engine.OnCommit(func([]ident.Journey) {
		// Under load commits follow one another closely: one look serves many.
		now := a.Now().UnixNano()
		if before := told.Load(); !w.Awake() || now-before < int64(wakePause) || !told.CompareAndSwap(before, now) {
			return
		}
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	queue.Every(webhook.PlanEvery, wake, w.Plan)
	queue.Every(webhook.ReapEvery, nil, w.Reap)
	return errors.Join(
		jobs.Handle(queue, w.Send), jobs.Handle(queue, w.Notice), jobs.Handle(queue, w.ReplayStep),
	)
}
