package pg_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/core/ident"
)

// old rows and fresh ones of every kind, in one workspace. $1 is the workspace, $2 now.
var retained = []struct{ table, old, fresh string }{
	{
		"idempotency",
		`INSERT INTO kohomai.idempotency SELECT $1, 'k', '/r', 'old' || n, '', 200, '', $2::timestamptz - interval '7 days 1 second'
			FROM generate_series(1, 2500) n`,
		`INSERT INTO kohomai.idempotency SELECT $1, 'k', '/r', 'new', '', 200, '', $2::timestamptz - interval '6 days 23 hours'`,
	},
	{
		"sign_in_link",
		`INSERT INTO kohomai.sign_in_link (workspace_id, id, user_id, token_hash, created_at, valid_until, used_at) VALUES
			($1, 1, 7, int8send($1) || 'a', $2, $2::timestamptz - interval '7 days 1 second', NULL),
			($1, 2, 7, int8send($1) || 'b', $2, $2::timestamptz + interval '1 day', $2::timestamptz - interval '7 days 1 second')`,
		`INSERT INTO kohomai.sign_in_link (workspace_id, id, user_id, token_hash, created_at, valid_until, used_at) VALUES
			($1, 3, 7, int8send($1) || 'c', $2, $2::timestamptz - interval '6 days', NULL)`,
	},
	{
		"session",
		`INSERT INTO kohomai.session (workspace_id, id, user_id, token_hash, created_at, valid_until) VALUES
			($1, 1, 7, int8send($1) || 'a', $2, $2::timestamptz - interval '7 days 1 second')`,
		`INSERT INTO kohomai.session (workspace_id, id, user_id, token_hash, created_at, valid_until) VALUES
			($1, 2, 7, int8send($1) || 'b', $2, $2::timestamptz - interval '6 days')`,
	},
	{
		"access_code",
		`INSERT INTO kohomai.access_code (workspace_id, id, user_id, code_sealed, created_at, valid_until) VALUES
			($1, 1, 7, '', $2, $2::timestamptz - interval '7 days 1 second')`,
		`INSERT INTO kohomai.access_code (workspace_id, id, user_id, code_sealed, created_at, valid_until) VALUES
			($1, 2, 8, '', $2, $2::timestamptz - interval '6 days')`,
	},
	{
		"web_session",
		`INSERT INTO kohomai.web_session (workspace_id, id, kind, user_id, token_hash, created_at, seen_at, expires_at) VALUES
			($1, 1, 'front', 7, int8send($1) || 'a', $2, $2, $2::timestamptz - interval '1 second')`,
		`INSERT INTO kohomai.web_session (workspace_id, id, kind, user_id, token_hash, created_at, seen_at, expires_at) VALUES
			($1, 2, 'front', 7, int8send($1) || 'b', $2, $2, $2::timestamptz + interval '1 second')`,
	},
	{
		"draft",
		`INSERT INTO kohomai.draft SELECT $1, r.id, 'f', '1', $2 FROM kohomai.activity_run r WHERE r.workspace_id = $1
			AND r.status IN ('Completed', 'Failed', 'Skipped', 'Cancelled')`,
		`INSERT INTO kohomai.draft SELECT $1, r.id, 'f', '1', $2 FROM kohomai.activity_run r WHERE r.workspace_id = $1
			AND r.status = 'InProgress'`,
	},
}

func TestRetention_ForgetsWhatWasKeptLongEnoughAndNothingElse(t *testing.T) {
	t.Parallel()
	dsn := template.Database(t)
	h := openHouse(t, dsn, plainSealer{})
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
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := owner.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	exec(`DELETE FROM kohomai.sign_in_link`) // the members' invitations
	tenants := []ident.Workspace{h.One, h.Two}
	for _, ws := range tenants {
		exec(`INSERT INTO kohomai.app_user (workspace_id, id, email, display_email, created_at, changed_at)
			SELECT $1, n, n || '@example.org', '', $2, $2 FROM generate_series(7, 8) n`, int64(ws), now)
		exec(`INSERT INTO kohomai.activity_run (workspace_id, id, journey_id, key, name, stage, visit, position, connector, assignee_kind, required, status)
			SELECT $1, 100 + n, 1, 'k', 'n', 's', 1, 1, 'form', 'Lead', true, (ARRAY['Completed', 'Failed', 'Skipped', 'Cancelled', 'InProgress'])[n]
			FROM generate_series(1, 5) n`, int64(ws))
		for _, kind := range retained {
			exec(kind.old, int64(ws), now)
			exec(kind.fresh, int64(ws), now)
		}
	}
	retention := pg.NewRetention(db, func() time.Time { return now })
	for range 2 { // the second time there is nothing left to do
		if err := retention.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, ws := range tenants {
			for _, kind := range retained {
				if n := count(t.Context(), t, owner, kind.table, ws); n != 1 {
					t.Errorf("%d rows of %s are left in workspace %d, want the fresh one", n, kind.table, ws)
				}
			}
		}
	}
	if n := count(t.Context(), t, owner, "activity_run", h.One); n != 5 {
		t.Errorf("%d runs are left", n)
	}
}

func count(ctx context.Context, t *testing.T, owner *sql.DB, table string, ws ident.Workspace) (n int) {
	t.Helper()
	if err := owner.QueryRowContext(ctx, fmt.Sprintf(`SELECT count(*) FROM kohomai.%s WHERE workspace_id = $1`, table), int64(ws)).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
