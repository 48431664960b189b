package app

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/google/wire"

	"github.com/kohomai/kohomai/adapters/auth"
	"github.com/kohomai/kohomai/adapters/cel"
	"github.com/kohomai/kohomai/adapters/jobs"
	"github.com/kohomai/kohomai/adapters/outbound"
	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/adapters/text"
	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/rule"
	"github.com/kohomai/kohomai/core/unit"
	"github.com/kohomai/kohomai/core/webhook"
	"github.com/kohomai/kohomai/core/workspace"
	"github.com/kohomai/kohomai/migrations"
)

// The parts, room by room. Functions below stand where wire cannot make a part by its
// constructor alone: instances of generic types, and values that come from the settings.
var (
	// storeSet is what stands on PostgreSQL.
	storeSet = wire.NewSet(
		wire.FieldsOf(new(*Database), "DB", "Listener"),
		pg.NewIDs, wire.Bind(new(ident.Source), new(*pg.IDs)),
		pg.NewSweeper, wire.Bind(new(jobs.Sweeper), new(*pg.Sweeper)),
		pg.NewFunnels, wire.Bind(new(funnel.Reader), new(*pg.Funnels)),
		pg.NewWorkspaces, wire.Bind(new(auth.Keys), new(*pg.Workspaces)),
		pg.NewLeads, wire.Bind(new(enrich.Leads), new(*pg.Leads)),
		newCalls, wire.Bind(new(jobs.Calls), new(*pg.Calls)),
		pg.NewMailbox, wire.Bind(new(activity.Mailbox), new(*pg.Mailbox)),
		pg.NewJourneys,
		newDirectory, wire.Bind(new(engine.Directory), new(*pg.Directory)),
		pg.NewConfigurations, wire.Bind(new(activity.ConfigurationReader), new(*pg.Configurations)), pg.NewCallbacks,
		engineWork, funnelWork, workspaceWork, configurationWork,
	)
	// authSet is keys and secrets.
	authSet = wire.NewSet(
		newSealer, wire.Bind(new(pg.Sealer), new(*auth.Sealer)),
		auth.NewAuthenticator,
		wire.Struct(new(auth.Credentials)), wire.Bind(new(workspace.Credentials), new(auth.Credentials)),
		wire.Struct(new(auth.UUID)), wire.Bind(new(engine.Secrets), new(auth.UUID)),
		wire.Struct(new(text.Unicode)), wire.Bind(new(lead.Unicode), new(text.Unicode)),
	)
	// outsideSet is what speaks to the world.
	outsideSet = wire.NewSet(
		newTransport, wire.Bind(new(http.RoundTripper), new(*outbound.Transport)),
		newMailServer, outbound.NewSMTP, newPost, wire.Bind(new(activity.Mailer), new(*activity.Post)),
		activity.NewEmailer,
	)
	// connectorSet is the kinds of activity there are and who carries them out.
	connectorSet = wire.NewSet(
		newConnectors, wire.Bind(new(activity.Catalog), new(*Connectors)), wire.Bind(new(activity.Judge), new(*Connectors)),
		wire.Struct(new(runners), "*"), wire.Bind(new(activity.Runner), new(runners)), activity.NewConfigurator,
	)
	// domainSet is the use cases.
	domainSet = wire.NewSet(
		cel.New, wire.Bind(new(rule.Compiler), new(*cel.Compiler)),
		funnel.NewService, workspace.NewService, engine.New, wire.Bind(new(jobs.Engine), new(*engine.Engine)),
		systemClock,
	)
	// jobSet is the queue and its workers.
	jobSet = wire.NewSet(newJobs, newWorkers)
	// observeSet is what operators watch.
	observeSet = wire.NewSet(pg.NewFigures, newMetrics, wire.Struct(new(atomic.Bool)))
)

func systemClock() func() time.Time { return time.Now }

func newSealer(c Config) (*auth.Sealer, error) { return auth.LoadSealer(c.KeyFile) }

func newTransport(c Config) *outbound.Transport {
	return outbound.NewTransport(outbound.Options{Allow: c.Egress})
}

func newMailServer(c Config) (outbound.MailServer, error) { return outbound.ParseMailServer(c.SMTP) }

// newPost sends by SMTP, and into the mailbox of a sandbox.
func newPost(smtp *outbound.SMTP, box activity.Mailbox, now func() time.Time) *activity.Post {
	return activity.NewPost(smtp, box, now)
}

func newDirectory(db *pg.DB, funnels *funnel.Service, now func() time.Time) *pg.Directory {
	return pg.NewDirectory(db, funnels.Compile, now)
}

func engineWork(db *pg.DB, seal pg.Sealer, queue *jobs.Jobs) unit.Work[engine.Tx] {
	return pg.NewPipedWork(db, pg.EngineTx(seal, queue.Queue))
}

func funnelWork(db *pg.DB, ids *pg.IDs, seal pg.Sealer) unit.Work[funnel.Tx] {
	return pg.NewWork(db, pg.FunnelTx(ids, seal))
}

func configurationWork(db *pg.DB, seal pg.Sealer, ids *pg.IDs) unit.Work[activity.ConfigurationTx] {
	return pg.NewWork(db, pg.ConfigurationTx(seal, ids))
}

func newCalls(c Config, db *pg.DB, dir *pg.Directory, seal pg.Sealer, connectors *Connectors) *pg.Calls {
	return pg.NewCalls(db, dir, seal, c.PublicURL, func(id string) bool {
		m, ok := connectors.Manifest(id)
		return ok && m.Callbacks
	})
}

func workspaceWork(db *pg.DB, ids *pg.IDs, seal pg.Sealer) unit.Work[workspace.Tx] {
	return pg.NewWork(db, pg.WorkspaceTx(ids, seal))
}

// newJobs makes the queue, whose workers newWorkers binds: the engine needs the one, and
// the others need the engine.
func newJobs(c Config, o Options, d *Database, sweeper jobs.Sweeper, now func() time.Time) (*jobs.Jobs, error) {
	return jobs.New(jobs.Options{
		DB: d.DB.SQL(), Listener: d.Listener, Schema: migrations.QueueSchema, Log: c.Log, Work: o.Work, Sweeper: sweeper, Now: now,
		Classes: map[string]int{webhook.Class: webhookWorkers, webhook.FailingClass: failingWebhookWorkers},
	})
}

// Workers is the queue with everything its workers call.
type Workers struct{ *jobs.Jobs }

func newWorkers(queue *jobs.Jobs, e jobs.Engine, runner activity.Runner, calls jobs.Calls, finder jobs.Finder) Workers {
	queue.Bind(e, runner, calls, finder)
	return Workers{queue}
}
