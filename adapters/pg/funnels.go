package pg

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/rule"
	"github.com/kohomai/kohomai/core/workspace"
)

// FunnelTx makes the stores of core/funnel.
func FunnelTx(ids *IDs, seal Sealer) func(*sql.Tx, actor.Actor) funnel.Tx {
	return func(tx *sql.Tx, a actor.Actor) funnel.Tx {
		return funnel.Tx{Idem: idemStore{tx, a.Workspace, seal}, Funnels: funnelStore{tx, a.Workspace}, Audit: auditLog{tx, a.Workspace, ids}}
	}
}

type funnelStore struct {
	tx *sql.Tx
	ws ident.Workspace
}

const funnelColumns = `id, name, draft, draft_etag, COALESCE(current, 0), created_at, changed_at`

func scanFunnel(row interface{ Scan(...any) error }) (funnel.Funnel, error) {
	var f funnel.Funnel
	var draft []byte
	if err := row.Scan(&f.ID, &f.Name, &draft, &f.Etag, &f.Current, &f.CreatedAt, &f.ChangedAt); err != nil {
		return f, err
	}
	f.CreatedAt, f.ChangedAt = f.CreatedAt.UTC(), f.ChangedAt.UTC()
	return f, fromJSON(draft, &f.Draft)
}

func (s funnelStore) Insert(ctx context.Context, f funnel.Funnel, origins []workspace.Origin) error {
	draft, err := toJSON(f.Draft)
	if err != nil {
		return err
	}
	if _, err := s.tx.ExecContext(ctx, `INSERT INTO funnel (workspace_id, id, name, draft, draft_etag, created_at, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $6)`, int64(s.ws), int64(f.ID), f.Name, draft, f.Etag, f.CreatedAt); err != nil {
		return classify(fmt.Errorf("inserting a funnel: %w", err))
	}
	for _, o := range origins {
		if err := s.AddOrigin(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

func (s funnelStore) Lock(ctx context.Context, id ident.Funnel) (funnel.Funnel, error) {
	return scanFunnel(s.tx.QueryRowContext(ctx, `SELECT `+funnelColumns+` FROM funnel WHERE workspace_id = $1 AND id = $2 FOR UPDATE`,
		int64(s.ws), int64(id)))
}

func (s funnelStore) SaveDraft(ctx context.Context, f funnel.Funnel) error {
	draft, err := toJSON(f.Draft)
	if err != nil {
		return err
	}
	_, err = s.tx.ExecContext(ctx, `UPDATE funnel SET name = $3, draft = $4, draft_etag = $5, changed_at = $6
		WHERE workspace_id = $1 AND id = $2`, int64(s.ws), int64(f.ID), f.Name, draft, f.Etag, f.ChangedAt)
	return classify(err)
}

func (s funnelStore) Publish(ctx context.Context, id ident.Funnel, v funnel.Version, fresh []datapoint.Definition) error {
	def, err := toJSON(v.Definition)
	if err != nil {
		return err
	}
	connectors, err := toJSON(connectorRows(v.Connectors))
	if err != nil {
		return err
	}
	if err := insertDataPoints(ctx, s.tx, s.ws, fresh); err != nil {
		return err
	}
	if _, err := s.tx.ExecContext(ctx, `INSERT INTO funnel_version (workspace_id, funnel_id, number, definition, connectors, note, published_by, published_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, int64(s.ws), int64(id), v.Number, def, connectors, v.Note, orNull(v.PublishedBy), v.PublishedAt); err != nil {
		return fmt.Errorf("inserting a version: %w", err)
	}
	_, err = s.tx.ExecContext(ctx, `UPDATE funnel SET current = $3, changed_at = $4 WHERE workspace_id = $1 AND id = $2`,
		int64(s.ws), int64(id), v.Number, v.PublishedAt)
	return err
}

func (s funnelStore) AddOrigin(ctx context.Context, o workspace.Origin) error {
	var taken bool
	if err := s.tx.QueryRowContext(ctx, `SELECT ref_taken($1)`, o.Ref).Scan(&taken); err != nil {
		return err
	}
	if taken {
		return fault.New(fault.Conflict, "ref_taken", "The ref %s is taken.", o.Ref)
	}
	_, err := s.tx.ExecContext(ctx, `INSERT INTO origin (workspace_id, id, funnel_id, name, ref, kind, builtin, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, int64(s.ws), int64(o.ID), int64(o.Funnel), o.Name, o.Ref, string(o.Kind), o.Builtin, o.CreatedAt)
	return classify(err)
}

// Funnels is funnel.Reader.
type Funnels struct{ db *DB }

// NewFunnels makes the reader.
func NewFunnels(db *DB) *Funnels { return &Funnels{db: db} }

// List implements funnel.Reader.
func (r *Funnels) List(ctx context.Context) ([]funnel.Funnel, error) {
	return collect(ctx, r.db, scanFunnel, `SELECT `+funnelColumns+` FROM funnel WHERE archived_at IS NULL ORDER BY created_at DESC, id DESC`)
}

// Get implements funnel.Reader.
func (r *Funnels) Get(ctx context.Context, id ident.Funnel) (funnel.Funnel, error) {
	return one(collect(ctx, r.db, scanFunnel, `SELECT `+funnelColumns+` FROM funnel WHERE id = $1`, int64(id)))
}

const versionColumns = `number, definition, connectors, note, published_by, published_at`

func scanVersion(row interface{ Scan(...any) error }) (funnel.Version, error) {
	var v funnel.Version
	var def, connectors []byte
	var by *int64
	if err := row.Scan(&v.Number, &def, &connectors, &v.Note, &by, &v.PublishedAt); err != nil {
		return v, err
	}
	v.PublishedBy, v.PublishedAt = ident.User(deref(by)), v.PublishedAt.UTC()
	var kept []connectorRow
	if err := fromJSON(connectors, &kept); err != nil {
		return v, err
	}
	v.Connectors = connectorsOf(kept)
	return v, fromJSON(def, &v.Definition)
}

// Versions implements funnel.Reader.
func (r *Funnels) Versions(ctx context.Context, id ident.Funnel) ([]funnel.Version, error) {
	return collect(ctx, r.db, scanVersion, `SELECT `+versionColumns+` FROM funnel_version
		WHERE funnel_id = $1 ORDER BY number DESC`, int64(id))
}

func (r *Funnels) version(ctx context.Context, id ident.Funnel, number int) (funnel.Version, error) {
	return one(collect(ctx, r.db, scanVersion, `SELECT `+versionColumns+` FROM funnel_version
		WHERE funnel_id = $1 AND number = $2`, int64(id), number))
}

const originColumns = `workspace_id, id, funnel_id, name, ref, kind, builtin, created_at`

func scanOrigin(row interface{ Scan(...any) error }) (workspace.Origin, error) {
	var o workspace.Origin
	err := row.Scan(&o.Workspace, &o.ID, &o.Funnel, &o.Name, &o.Ref, &o.Kind, &o.Builtin, &o.CreatedAt)
	return o, err
}

// Origins implements funnel.Reader.
func (r *Funnels) Origins(ctx context.Context, id ident.Funnel) ([]workspace.Origin, error) {
	return collect(ctx, r.db, scanOrigin, `SELECT `+originColumns+` FROM origin WHERE funnel_id = $1 ORDER BY created_at, id`, int64(id))
}

// DataPoints lists the workspace's definitions, by key.
func (r *Funnels) DataPoints(ctx context.Context) ([]datapoint.Definition, error) {
	return collect(ctx, r.db, func(row interface{ Scan(...any) error }) (datapoint.Definition, error) {
		var d datapoint.Definition
		var typ, options string
		if err := row.Scan(&d.ID, &d.Key, &d.Name, &typ, &options, &d.Builtin); err != nil {
			return d, err
		}
		d.Type, _ = rule.ParseType(typ)
		return d, fromJSON([]byte(options), &d.Options)
	}, `SELECT id, key, name, type, to_json(options)::text, builtin FROM data_point ORDER BY key`)
}

// Env implements funnel.Reader.
func (r *Funnels) Env(ctx context.Context) (funnel.Env, error) {
	defs, err := r.DataPoints(ctx)
	if err != nil {
		return funnel.Env{}, err
	}
	policies, err := collect(ctx, r.db, func(row interface{ Scan(...any) error }) (name string, err error) {
		return name, row.Scan(&name)
	}, `SELECT name FROM policy ORDER BY name`)
	if err != nil {
		return funnel.Env{}, err
	}
	type kept struct {
		connector string
		config    []byte
	}
	set, err := collect(ctx, r.db, func(row interface{ Scan(...any) error }) (k kept, err error) {
		return k, row.Scan(&k.connector, &k.config)
	}, `SELECT connector, config FROM connector_config WHERE config <> '{}'`)
	defaults := make(map[string][]byte, len(set))
	for _, k := range set {
		defaults[k.connector] = k.config
	}
	return funnel.Env{DataPoints: defs, Policies: policies, Defaults: defaults}, err
}

// collect runs a query in the actor's workspace and scans every row.
func collect[T any](ctx context.Context, db *DB, scan func(interface{ Scan(...any) error }) (T, error), text string, args ...any) ([]T, error) {
	var out []T
	err := db.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, text, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			item, err := scan(rows)
			if err != nil {
				return err
			}
			out = append(out, item)
		}
		return rows.Err()
	})
	return out, err
}

func one[T any](items []T, err error) (T, error) {
	var none T
	if err != nil {
		return none, err
	}
	if len(items) == 0 {
		return none, notFound()
	}
	return items[0], nil
}

// Directory is engine.Directory: what registrations need, from a cache that is re-read
// after five seconds. Published versions never change and are kept.
type Directory struct {
	db      *DB
	funnels *Funnels
	compile func(ctx context.Context, id ident.Funnel, v funnel.Version) (*funnel.Plan, error)
	now     func() time.Time

	looks singleflight.Group
	mu    sync.Mutex
	short map[string]cached
	plans map[planKey]*funnel.Plan
}

type cached struct {
	value any
	until time.Time
}

type planKey struct {
	ws      ident.Workspace
	funnel  ident.Funnel
	version int
}

const cacheFor = 5 * time.Second

// NewDirectory makes the directory; compile makes plans of published versions.
func NewDirectory(db *DB, compile func(context.Context, ident.Funnel, funnel.Version) (*funnel.Plan, error), now func() time.Time) *Directory {
	return &Directory{
		db: db, funnels: NewFunnels(db), compile: compile, now: now,
		short: map[string]cached{}, plans: map[planKey]*funnel.Plan{},
	}
}

// remember answers from the cache of the actor's workspace, or looks and keeps. Those who
// ask while somebody looks share the answer: a crowd of registrations asks once.
func remember[T any](ctx context.Context, d *Directory, key string, look func(context.Context) (T, error)) (T, error) {
	key = ident.String(actor.From(ctx).Workspace) + "/" + key
	d.mu.Lock()
	c, ok := d.short[key]
	d.mu.Unlock()
	if ok && d.now().Before(c.until) {
		return c.value.(T), nil
	}
	return share(ctx, d, key, func(ctx context.Context) (T, error) {
		value, err := look(ctx)
		if err == nil {
			d.mu.Lock()
			if len(d.short) > 10_000 {
				clear(d.short)
			}
			d.short[key] = cached{value: value, until: d.now().Add(cacheFor)}
			d.mu.Unlock()
		}
		return value, err
	})
}

// share looks once for all who ask at the same time. Who asked first may leave: the
// others still get the answer.
func share[T any](ctx context.Context, d *Directory, key string, look func(context.Context) (T, error)) (T, error) {
	value, err, _ := d.looks.Do(key, func() (any, error) { return look(context.WithoutCancel(ctx)) })
	if err != nil {
		var none T
		return none, err
	}
	return value.(T), nil
}

// Origin implements engine.Directory.
func (d *Directory) Origin(ctx context.Context, ref string) (workspace.Origin, error) {
	return remember(ctx, d, "ref/"+ref, func(ctx context.Context) (workspace.Origin, error) {
		return one(collect(ctx, d.db, scanOrigin, `SELECT `+originColumns+` FROM origin WHERE ref = $1`, ref))
	})
}

// Current implements engine.Directory.
func (d *Directory) Current(ctx context.Context, id ident.Funnel) (*funnel.Plan, error) {
	number, err := remember(ctx, d, "current/"+ident.String(id), func(ctx context.Context) (int, error) {
		f, err := d.funnels.Get(ctx, id)
		return f.Current, err
	})
	if err != nil {
		return nil, err
	}
	if number == 0 {
		return nil, fault.New(fault.Conflict, "not_published", "This funnel has no published version.")
	}
	return d.Plan(ctx, id, number)
}

// Plan implements engine.Directory. It must not open a second connection inside a
// transaction for long: after the first time a plan is answered from memory.
func (d *Directory) Plan(ctx context.Context, id ident.Funnel, version int) (*funnel.Plan, error) {
	key := planKey{actor.From(ctx).Workspace, id, version}
	d.mu.Lock()
	plan := d.plans[key]
	d.mu.Unlock()
	if plan != nil {
		return plan, nil
	}
	return share(ctx, d, fmt.Sprintf("plan/%d/%d/%d", key.ws, id, version), func(ctx context.Context) (*funnel.Plan, error) {
		v, err := d.funnels.version(ctx, id, version)
		if err != nil {
			return nil, err
		}
		plan, err := d.compile(ctx, id, v)
		if err != nil {
			return nil, err
		}
		d.mu.Lock()
		d.plans[key] = plan
		d.mu.Unlock()
		return plan, nil
	})
}

// DataPoints returns the workspace's definitions, in order of key, as of at most five seconds ago.
func (d *Directory) DataPoints(ctx context.Context) (*datapoint.Index, error) {
	return remember(ctx, d, "data points", func(ctx context.Context) (*datapoint.Index, error) {
		defs, err := d.funnels.DataPoints(ctx)
		return datapoint.NewIndex(defs), err
	})
}

// Workspace implements engine.Directory.
func (d *Directory) Workspace(ctx context.Context) (workspace.Workspace, error) {
	return remember(ctx, d, "workspace", func(ctx context.Context) (workspace.Workspace, error) {
		return one(collect(ctx, d.db, func(row interface{ Scan(...any) error }) (workspace.Workspace, error) {
			var w workspace.Workspace
			var origins, sandboxOf string
			err := row.Scan(&w.ID, &w.Name, &w.Sandbox, &sandboxOf, &origins, &w.CreatedAt)
			if err != nil {
				return w, err
			}
			w.SandboxOf, _ = ident.Parse[ident.Workspace](sandboxOf)
			w.RedirectOrigins = strings.FieldsFunc(origins, func(r rune) bool { return r == '\n' })
			return w, nil
		}, `SELECT workspace_id, name, sandbox, COALESCE(sandbox_of, 0)::text, array_to_string(redirect_origins, E'\n'), created_at FROM workspace`))
	})
}
