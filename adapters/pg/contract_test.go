package pg_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/adapters/pg/pgtest"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/engine/enginetest"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/funnel/funneltest"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
	"github.com/kohomai/kohomai/core/session"
	"github.com/kohomai/kohomai/core/workspace"
	"github.com/kohomai/kohomai/migrations"
)

var template = pgtest.New(migrations.Up, migrations.Files())

func TestStores_Contract(t *testing.T) {
	t.Parallel()
	enginetest.TestStores(t, newHouse)
}

// plainSealer shows that what is kept went through the sealer and is opened at its place.
type plainSealer struct{}

func (plainSealer) Seal(plain []byte, place string) ([]byte, error) {
	return append([]byte(place+"\x00"), plain...), nil
}

func (plainSealer) Open(sealed []byte, place string) ([]byte, error) {
	return sealed[len(place)+1:], nil
}

type noQueue struct{}

func (noQueue) Enqueue(context.Context, ...job.Item) error { return nil }

// noCredentials is enough for workspaces and policies.
type noCredentials struct{}

func (noCredentials) Key(workspace.Environment) (secret, lookup string, hash []byte, err error) {
	return "s", "l", []byte("h"), nil
}

func (noCredentials) Token() (token string, hash []byte, err error) {
	return "t", session.HashToken(time.Now().String()), nil
}

func newHouse(t *testing.T) *enginetest.House {
	t.Helper()
	return openHouse(t, template.Database(t), plainSealer{})
}

// openHouse makes the house in an empty database.
func openHouse(t *testing.T, dsn string, seal pg.Sealer) *enginetest.House {
	t.Helper()
	ctx := t.Context()
	db, err := pg.Open(ctx, dsn, pg.Options{Throwaway: true, MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	ids := pg.NewIDs(db)
	people := workspace.NewService(pg.NewWork(db, pg.WorkspaceTx(ids, nil)), ids, noCredentials{}, time.Now)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	one, err := people.Create(ctx, workspace.Workspace{Name: "One", Sandbox: true})
	must(err)
	two, err := people.Create(ctx, workspace.Workspace{Name: "Two"})
	must(err)
	in := actor.Systemic(ctx, one.ID)
	h := &enginetest.House{
		IDs: ids, One: one.ID, Two: two.ID, Journeys: pg.NewJourneys(db), Log: pg.NewJourneys(db), Leads: pg.NewLeads(db), Sweeper: pg.NewSweeper(db), Remindings: pg.NewRemindings(db),
	}
	for _, email := range []string{"m1@example.org", "m2@example.org", "m3@example.org"} {
		u, _, err := people.Invite(in, workspace.User{Email: email, DisplayEmail: email, Role: workspace.Manager}, time.Hour)
		must(err)
		h.Members = append(h.Members, u.ID)
	}
	fresh, err := ids.Reserve(ctx, 2)
	must(err)
	id, origin := ident.Funnel(fresh[0]), ident.Origin(fresh[1])
	def, found := funnel.Parse([]byte(enginetest.Definition))
	if len(found) > 0 {
		t.Fatal(found)
	}
	must(pg.NewWork(db, pg.FunnelTx(ids, seal)).Do(in, func(ctx context.Context, tx funnel.Tx) error {
		f := funnel.Funnel{ID: id, Name: def.Name, Draft: def, Etag: 1, CreatedAt: time.Now(), ChangedAt: time.Now()}
		o := workspace.Origin{ID: origin, Workspace: one.ID, Funnel: id, Name: "API", Ref: "contract-" + ident.String(origin), Kind: workspace.OriginAPI, CreatedAt: time.Now()}
		if err := tx.Funnels.Insert(ctx, f, []workspace.Origin{o}); err != nil {
			return err
		}
		return tx.Funnels.Publish(ctx, id, funnel.Version{Number: 1, Definition: def, PublishedAt: time.Now()}, nil)
	}))
	h.Plan, h.Origin = funneltest.Plan(t, enginetest.Definition).For(id, 1), origin
	compile := func(context.Context, ident.Funnel, funnel.Version) (*funnel.Plan, error) { return h.Plan, nil }
	directory := pg.NewDirectory(db, compile, time.Now)
	h.Directory = directory
	h.Calls = pg.NewCalls(db, directory, seal, "", func(string) bool { return false })
	h.Work = pg.NewPipedWork(db, pg.EngineTx(seal, func(*sql.Tx) job.Queue { return noQueue{} }))
	owner, err := sql.Open("pgx", dsn)
	must(err)
	t.Cleanup(func() { _ = owner.Close() })
	h.Offset = func(t *testing.T, d time.Duration) {
		t.Helper()
		_, err := owner.ExecContext(t.Context(), `UPDATE kohomai.workspace SET clock_offset = make_interval(secs => $2) WHERE workspace_id = $1`, int64(one.ID), d.Seconds())
		must(err)
	}
	h.Links = func(t *testing.T) []session.Link {
		t.Helper()
		rows, err := owner.QueryContext(t.Context(), `SELECT id, token_hash, user_id, COALESCE(journey_id, 0), redirect_url, created_at, valid_until, used_at
			FROM kohomai.session WHERE workspace_id = $1 ORDER BY id`, int64(one.ID))
		must(err)
		defer func() { _ = rows.Close() }()
		var out []session.Link
		for rows.Next() {
			var l session.Link
			var used *time.Time
			must(rows.Scan(&l.ID, &l.TokenHash, &l.User, &l.Journey, &l.RedirectURL, &l.CreatedAt, &l.ValidUntil, &used))
			l.CreatedAt, l.ValidUntil = l.CreatedAt.UTC(), l.ValidUntil.UTC()
			if used != nil {
				l.UsedAt = used.UTC()
			}
			out = append(out, l)
		}
		must(rows.Err())
		return out
	}
	return h
}
