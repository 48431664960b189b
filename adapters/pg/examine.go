package pg

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Examination is what an operator should know about a database that serves.
type Examination struct {
	Version  string
	Encoding string
	// Role is who serving connections act as; Login who they log in as.
	Role, Login string
	// LoginPowers are the rights of the login role that serving does not need: a leaked
	// address would hand them out.
	LoginPowers []string
	// Most and Used are connections of the whole server.
	Most, Used int
	// Durable is false when an acknowledged commit may be lost.
	Durable bool
	// Skew is how far the database's clock is before ours, within Doubt.
	Skew, Doubt time.Duration
	// Pooled says that sessions do not keep their settings: a pooler in transaction mode.
	Pooled bool
}

// Examine looks at the database. Now is real time.
func (db *DB) Examine(ctx context.Context, now func() time.Time) (Examination, error) {
	var e Examination
	var at time.Time
	asked := now()
	if err := db.sql.QueryRowContext(ctx, "SELECT clock_timestamp()").Scan(&at); err != nil {
		return e, fmt.Errorf("asking the database for the time: %w", err)
	}
	e.Doubt = now().Sub(asked)
	e.Skew = at.Sub(asked.Add(e.Doubt / 2))
	var powers string
	err := db.sql.QueryRowContext(ctx, `
		SELECT current_setting('server_version'), current_setting('server_encoding'), current_user, session_user,
			concat_ws(',', CASE WHEN r.rolsuper THEN 'superuser' END, CASE WHEN r.rolbypassrls THEN 'bypasses row-level security' END,
				CASE WHEN r.rolcreaterole THEN 'makes roles' END),
			current_setting('max_connections')::int, (SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL),
			current_setting('fsync') <> 'off' AND current_setting('full_page_writes') <> 'off' AND current_setting('synchronous_commit') <> 'off',
			current_setting('search_path') <> 'kohomai'
		FROM pg_roles r WHERE r.rolname = session_user`).Scan(
		&e.Version, &e.Encoding, &e.Role, &e.Login, &powers, &e.Most, &e.Used, &e.Durable, &e.Pooled)
	if err != nil {
		return e, fmt.Errorf("examining the database: %w", err)
	}
	if powers != "" {
		e.LoginPowers = strings.Split(powers, ",")
	}
	return e, nil
}

// MostConns is how many connections a node opens at most, its listener included.
const MostConns = 17
