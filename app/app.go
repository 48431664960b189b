package app

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kohomai/kohomai/adapters/auth"
	"github.com/kohomai/kohomai/adapters/cel"
	"github.com/kohomai/kohomai/adapters/connectapi"
	"github.com/kohomai/kohomai/adapters/embedpg"
	providers "github.com/kohomai/kohomai/adapters/enrich"
	"github.com/kohomai/kohomai/adapters/jobs"
	"github.com/kohomai/kohomai/adapters/outbound"
	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/adapters/rest"
	"github.com/kohomai/kohomai/adapters/text"
	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/workspace"
	"github.com/kohomai/kohomai/migrations"
)

// App is everything, made and connected, not yet running.
type App struct {
	Config     Config
	DSN        string
	cluster    *embedpg.Server
	db         *pg.DB
	listener   *pgxpool.Pool
	Jobs       *jobs.Jobs
	Engine     *engine.Engine
	Directory  *pg.Directory
	Workspaces *workspace.Service
	Readers    *pg.Workspaces
	Funnels    *funnel.Service
	Keys       *auth.Authenticator
	Unicode    text.Unicode
	funnels    *pg.Funnels
	journeys   *pg.Journeys
	leads      *pg.Leads
	catalog    catalog
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
func Open(ctx context.Context, c Config, o Options) (a *App, err error) {
	a = &App{Config: c, DSN: c.Database}
	defer func() {
		if err != nil {
			a.Close()
		}
	}()
	migrate := c.MigrateURL
	if a.DSN == "" {
		a.cluster, err = embedpg.Open(ctx, embedpg.Options{
			DataDir: c.DataDir, Lasting: o.Lasting, Database: "kohomai", Log: c.Log, Find: embedpg.FindOptions{Bin: c.PGBin},
		})
		if err != nil {
			return a, fmt.Errorf("starting PostgreSQL: %w", err)
		}
		a.DSN = a.cluster.DSN()
		migrate = a.DSN
	}
	if o.Migrate {
		if err = migrations.Up(ctx, migrate); err != nil {
			return a, err
		}
	}
	if a.db, err = pg.Open(ctx, a.DSN, pg.Options{Throwaway: o.Throwaway}); err != nil {
		return a, err
	}
	return a, a.connect(ctx, o)
}

func (a *App) connect(ctx context.Context, o Options) error {
	now := time.Now
	seal, err := auth.LoadSealer(a.Config.KeyFile)
	if err != nil {
		return err
	}
	guarded := outbound.NewTransport(outbound.Options{Allow: a.Config.Egress})
	all, err := providers.Providers(guarded, now)
	if err != nil {
		return err
	}
	finding, err := enrich.NewService(all, providers.NewCache(0), enrich.Limits{}, now)
	if err != nil {
		return err
	}
	if a.listener, err = pg.Listener(ctx, a.DSN); err != nil {
		return err
	}
	ids := pg.NewIDs(a.db)
	sweeper := pg.NewSweeper(a.db)
	a.Jobs, err = jobs.New(jobs.Options{
		DB: a.db.SQL(), Listener: a.listener, Schema: migrations.QueueSchema, Log: a.Config.Log, Work: o.Work, Sweeper: sweeper,
	})
	if err != nil {
		return err
	}
	a.catalog = newCatalog(activity.Builtins())
	a.funnels, a.journeys, a.leads, a.Readers = pg.NewFunnels(a.db), pg.NewJourneys(a.db), pg.NewLeads(a.db), pg.NewWorkspaces(a.db)
	a.Funnels = funnel.NewService(pg.NewWork(a.db, pg.FunnelTx(ids)), a.funnels, cel.New(), a.catalog, ids, now)
	a.Workspaces = workspace.NewService(pg.NewWork(a.db, pg.WorkspaceTx(ids)), ids, auth.Credentials{}, now)
	a.Directory = pg.NewDirectory(a.db, a.Funnels.Compile, now)
	a.Engine = engine.New(pg.NewWork(a.db, pg.EngineTx(seal, a.Jobs.Queue)), a.Directory, finding, ids, auth.UUID{}, now)
	mail, err := a.mailer(now)
	if err != nil {
		return err
	}
	post := activity.NewPost(mail, pg.NewMailbox(a.db, ids), now)
	a.Jobs.Bind(a.Engine, runners{activity.Email: activity.NewEmailer(post)}, pg.NewCalls(a.db, a.Directory), enrich.NewFinder(finding, a.leads))
	a.Keys = auth.NewAuthenticator(a.Readers, now)
	return nil
}

func (a *App) mailer(now func() time.Time) (activity.Mailer, error) {
	var server outbound.MailServer
	if a.Config.SMTP != "" {
		var err error
		if server, err = outbound.ParseMailServer(a.Config.SMTP); err != nil {
			return nil, err
		}
	}
	return outbound.NewSMTP(server, now), nil
}

// Close ends connections, and PostgreSQL when it is ours.
func (a *App) Close() {
	if a.listener != nil {
		a.listener.Close()
	}
	if a.db != nil {
		a.db.Close()
	}
	if a.cluster != nil {
		if err := a.cluster.Stop(); err != nil {
			a.Config.Log.Warn("stopping PostgreSQL", "error", err)
		}
	}
}

// API is the HTTP face: REST under /api/v1, Connect beside it.
func (a *App) API(publicURL, frontURL string) (http.Handler, error) {
	procedures := connectapi.Handler(connectapi.Options{
		Engine: a.Engine, Directory: a.Directory, Journeys: a.journeys, Leads: a.leads, Users: a.Readers, Funnels: a.funnels,
		Funnel: a.Funnels, DataPoints: a.Directory, Catalog: a.catalog, Unicode: a.Unicode, FrontURL: frontURL, Now: time.Now,
		Log: a.Config.Log,
	})
	mapper, err := rest.New(rest.Options{
		Connect: procedures, Services: connectapi.Services(), PublicURL: publicURL, YAML: toJSON,
	})
	if err != nil {
		return nil, err
	}
	refuse := func(w http.ResponseWriter, r *http.Request, err error) { rest.WriteProblem(w, r, publicURL, err) }
	mux := http.NewServeMux()
	mux.Handle("/", mapper)
	for _, s := range connectapi.Services() {
		mux.Handle("/"+string(s.FullName())+"/", procedures)
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if err := a.db.Ping(ctx); err != nil {
			refuse(w, r, fault.New(fault.Unavailable, "unavailable", "The database does not answer now.").Retry(time.Second))
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
	return identified(a.Keys.Middleware(mux, refuse)), nil
}

// identified gives every answer its Request-Id and the headers that keep browsers safe.
func identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Request-Id", "req_"+auth.UUID{}.Token())
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}

// catalog knows the connectors that stand.
type catalog struct{ all []activity.Manifest }

func newCatalog(all []activity.Manifest) catalog { return catalog{all: all} }

// Manifest implements activity.Catalog.
func (c catalog) Manifest(id string) (activity.Manifest, bool) {
	for _, m := range c.all {
		if m.ID == id {
			return m, true
		}
	}
	return activity.Manifest{}, false
}

// Manifests implements activity.Catalog.
func (c catalog) Manifests() []activity.Manifest { return c.all }

// runners route calls by connector.
type runners map[string]activity.Runner

// Call implements activity.Runner.
func (r runners) Call(ctx context.Context, q activity.Request) activity.Outcome {
	if runner, ok := r[q.Connector]; ok {
		return runner.Call(ctx, q)
	}
	return activity.FailedWith("host", "The connector "+q.Connector+" is not running.", true)
}
