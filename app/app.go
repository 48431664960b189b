package app

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/kohomai/kohomai/adapters/auth"
	"github.com/kohomai/kohomai/adapters/observe"
	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/adapters/text"
	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/workspace"
)

// App is everything, made and connected, not yet running. wire fills it: a part that
// somebody needs is one more field.
type App struct {
	Config     Config
	Options    Options
	Database   *Database
	Jobs       Workers
	Engine     *engine.Engine
	Directory  *pg.Directory
	Workspaces *workspace.Service
	Readers    *pg.Workspaces
	Funnels    *funnel.Service
	Keys       *auth.Authenticator
	Unicode    text.Unicode
	Now        func() time.Time
	funnels    *pg.Funnels
	journeys   *pg.Journeys
	leads      *pg.Leads
	People     People
	Metrics    *observe.Metrics
	figures    *pg.Figures
	draining   *atomic.Bool
	Connectors *Connectors
	setup      *activity.Configurator
	providers  *enrich.Configurator
	callbacks  *pg.Callbacks
	post       *activity.Post
	links      addresses `wire:"-"`
	Webhooks   Webhooks
	Watching   *journey.Watching
}

// Options say how an App is used.
type Options struct {
	// Lasting is set by the server: others join its PostgreSQL.
	Lasting bool
	// Migrate brings the schema up first.
	Migrate bool
	// Work runs background jobs.
	Work bool
	// Throwaway allows a cluster that is not durable, for tests.
	Throwaway bool
}

// Open makes the app: it finds or starts PostgreSQL and connects everything.
func Open(ctx context.Context, c Config, o Options) (*App, error) {
	d, err := openDatabase(ctx, c, o)
	if err != nil {
		return nil, err
	}
	a, err := assemble(ctx, c, o, d)
	if err == nil {
		a.handleHousekeeping()
		err = errors.Join(a.handleLeads(), a.handleWebhooks())
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	a.Engine.OnCommit(a.Watching.Woken)
	return a, nil
}

// Close ends connections, and PostgreSQL when it is ours.
func (a *App) Close() {
	if err := a.Database.Close(); err != nil {
		a.Config.Log.Warn("closing the database", "error", err)
	}
}
