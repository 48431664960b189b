package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/migrations"
)

// The age of the event horizon is how long committed events have waited for an older
// transaction to end, in whole samples. The cluster is the test's own: others' transactions count.
func TestFigures_HorizonAges(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "")
	dsn := c.super
	if err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	db, err := pg.Open(t.Context(), dsn, pg.Options{Throwaway: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	clock := time.Unix(1_000_000, 0)
	f := pg.NewFigures(db, func() time.Time { return clock })
	age := func() time.Duration {
		t.Helper()
		d, err := f.Horizon(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if d := age(); d != 0 {
		t.Errorf("at rest it is %s", d)
	}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT pg_current_xact_id()"); err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(5 * time.Second)
	if d := age(); d != 0 {
		t.Errorf("nothing waits, and it is %s", d)
	}
	for range 4 {
		clock = clock.Add(5 * time.Second)
		// Another one, begun later, has committed: its events wait for the first.
		c.exec(dsn, "SELECT pg_current_xact_id()")
		age()
	}
	if d := age(); d != 20*time.Second {
		t.Errorf("after twenty seconds of one transaction it is %s", d)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := age(); d != 0 {
		t.Errorf("at rest again it is %s", d)
	}
	jobs, due, calls, err := f.Count(t.Context(), migrations.QueueSchema)
	if err != nil || jobs["available"] != 0 || len(jobs) != 6 || due != 0 || calls != 0 {
		t.Errorf("%v %d %d %v", jobs, due, calls, err)
	}
}
