package pg_test

import (
	"context"
	"testing"
	"time"

	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/enrich/enrichtest"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/workspace"
)

// twoWorkspaces is a database with two of them.
func twoWorkspaces(t *testing.T) (db *pg.DB, one, two ident.Workspace) {
	t.Helper()
	db, err := pg.Open(t.Context(), template.Database(t), pg.Options{Throwaway: true, MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	ids := pg.NewIDs(db)
	people := workspace.NewService(pg.NewWork(db, pg.WorkspaceTx(ids, nil)), ids, noCredentials{}, time.Now)
	a, err := people.Create(t.Context(), workspace.Workspace{Name: "One", Sandbox: true})
	if err != nil {
		t.Fatal(err)
	}
	b, err := people.Create(t.Context(), workspace.Workspace{Name: "Two"})
	if err != nil {
		t.Fatal(err)
	}
	return db, a.ID, b.ID
}

func TestEnrichment_CacheContract(t *testing.T) {
	t.Parallel()
	db, one, two := twoWorkspaces(t)
	enrichtest.TestCache(t, pg.NewEnrichment(db, plainSealer{}), func(ws ident.Workspace) context.Context {
		return actor.Systemic(t.Context(), ws)
	}, one, two)
}

func TestEnrichment_SettingsContract(t *testing.T) {
	t.Parallel()
	db, one, two := twoWorkspaces(t)
	ids := pg.NewIDs(db)
	store := pg.NewEnrichment(db, plainSealer{})
	enrichtest.TestSettings(t, pg.NewWork(db, pg.EnrichTx(plainSealer{}, ids)), store, store, func(ws ident.Workspace) context.Context {
		return actor.Systemic(t.Context(), ws)
	}, one, two)
}
