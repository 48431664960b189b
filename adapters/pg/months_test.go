package pg_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kohomai/kohomai/adapters/pg"
)

// The serving role gives the event log the months around a moment, protected like the
// table, also when several nodes do at once and when they are there already.
func TestMonths_AreMadeAheadAndProtected(t *testing.T) {
	t.Parallel()
	dsn := template.Database(t)
	db, err := pg.Open(t.Context(), dsn, pg.Options{Throwaway: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	owner, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = owner.Close() })
	months := pg.NewMonths(db, func() time.Time { return time.Date(2031, 11, 30, 23, 59, 59, 0, time.UTC) })
	group, ctx := errgroup.WithContext(context.WithoutCancel(t.Context()))
	for range 8 {
		group.Go(func() error { return months.Make(ctx) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"event_2031_11", "event_2031_12", "event_2032_01"} {
		var forced bool
		var policies int
		if err := owner.QueryRowContext(t.Context(), `SELECT c.relrowsecurity AND c.relforcerowsecurity,
				(SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid)
			FROM pg_class c WHERE c.oid = to_regclass('kohomai.' || $1)`, part).Scan(&forced, &policies); err != nil {
			t.Fatalf("%s: %v", part, err)
		}
		if !forced || policies != 2 {
			t.Errorf("%s: forced row-level security %v, %d policies", part, forced, policies)
		}
	}
}
