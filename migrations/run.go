package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/migrate"
)

//go:embed *.sql
var files embed.FS

// Files are the migrations, for whoever needs a digest of them.
func Files() fs.FS { return files }

// Schema and QueueSchema are where the tables live.
const (
	Schema      = "kohomai"
	QueueSchema = "river"
)

// oldest is the first release of PostgreSQL that has what is used: views and grants of 15.
const oldest = 150000

// lockID keeps two migrating processes apart: a session lock that dies with its session,
// unlike bun's own lock, which is a row and survives a crash.
const lockID = 0x6b6f686f6d6169

// Up brings the database of a DSN to the newest schema. The login role must be a
// superuser, or own the database and hold CREATEROLE; otherwise the error tells the SQL
// an administrator runs once.
func Up(ctx context.Context, dsn string) error {
	return locked(ctx, dsn, func(m *migrate.Migrator) error {
		_, err := m.Migrate(ctx)
		return err
	}, queueUp)
}

// Down takes the newest group of migrations back. For development: a release never does.
func Down(ctx context.Context, dsn string) error {
	return locked(ctx, dsn, func(m *migrate.Migrator) error {
		_, err := m.Rollback(ctx)
		return err
	}, nil)
}

// Status tells applied and missing migrations by name.
func Status(ctx context.Context, dsn string) (applied, missing []string, err error) {
	err = locked(ctx, dsn, func(m *migrate.Migrator) error {
		all, err := m.MigrationsWithStatus(ctx)
		if err != nil {
			return err
		}
		for _, one := range all {
			if one.IsApplied() {
				applied = append(applied, one.String())
			} else {
				missing = append(missing, one.String())
			}
		}
		return nil
	}, nil)
	return applied, missing, err
}

func locked(ctx context.Context, dsn string, work func(*migrate.Migrator) error, after func(context.Context, string) error) error {
	guard, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("connecting to migrate: %w", err)
	}
	var version int
	if err := guard.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		return errors.Join(fmt.Errorf("asking PostgreSQL for its version: %w", err), guard.Close(ctx))
	}
	if version < oldest {
		return errors.Join(fmt.Errorf("PostgreSQL %d is too old: 15 or later is needed", version/10000), guard.Close(ctx))
	}
	defer guard.Close(context.WithoutCancel(ctx))
	if _, err := guard.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(lockID)); err != nil {
		return fmt.Errorf("waiting for another migration: %w", err)
	}
	if err := prepare(ctx, guard); err != nil {
		return err
	}
	config, err := asOwner(dsn)
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*config.ConnConfig)
	defer func() { _ = db.Close() }()
	if err := migrated(ctx, db, work); err != nil {
		if errors.Is(err, ErrNewer) {
			return err
		}
		return fmt.Errorf("migrating: %w", err)
	}
	if after == nil {
		return nil
	}
	return after(ctx, dsn)
}

func migrated(ctx context.Context, db *sql.DB, work func(*migrate.Migrator) error) error {
	all := migrate.NewMigrations()
	if err := all.Discover(files); err != nil {
		return err
	}
	m := migrate.NewMigrator(bun.NewDB(db, pgdialect.New()), all,
		migrate.WithTableName("schema_migration"), migrate.WithLocksTableName("schema_migration_lock"),
		migrate.WithMarkAppliedOnSuccess(true))
	if err := m.Init(ctx); err != nil {
		return err
	}
	applied, err := m.AppliedMigrations(ctx)
	if err != nil {
		return err
	}
	numbers := make([]string, len(applied))
	for i, one := range applied {
		numbers[i] = one.Name
	}
	if err := refuseNewer(numbers); err != nil {
		return err
	}
	return work(m)
}

// asOwner is the DSN's configuration acting as kohomai_owner in the schema.
func asOwner(dsn string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("reading the database address: %w", err)
	}
	config.ConnConfig.RuntimeParams["role"] = "kohomai_owner"
	config.ConnConfig.RuntimeParams["search_path"] = Schema
	return config, nil
}

// rolesSQL makes the three roles and the two schemas, and lets a login role act as each.
// The login is an identifier, quoted, or CURRENT_USER.
func rolesSQL(login string) string {
	return strings.ReplaceAll(`
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['kohomai_owner', 'kohomai_app', 'kohomai_sys'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        END IF;
        EXECUTE format('GRANT %I TO ', name) || $login${login}$login$;
        IF current_setting('server_version_num')::int >= 160000 THEN
            EXECUTE format('GRANT %I TO ', name) || $login${login} WITH SET TRUE$login$;
        END IF;
    END LOOP;
    EXECUTE 'GRANT kohomai_sys TO kohomai_owner';
    EXECUTE format('GRANT CREATE ON DATABASE %I TO kohomai_owner', current_database());
END $$;
CREATE SCHEMA IF NOT EXISTS kohomai AUTHORIZATION kohomai_owner;
GRANT USAGE, CREATE ON SCHEMA kohomai TO kohomai_sys;
CREATE SCHEMA IF NOT EXISTS river AUTHORIZATION kohomai_owner;
`, "{login}", login)
}

// preparedSQL tells whether rolesSQL has nothing left to do for the login role, which may
// then lack the right to run it.
const preparedSQL = `
SELECT to_regnamespace('kohomai') IS NOT NULL AND to_regnamespace('river') IS NOT NULL AND 3 = (
    SELECT count(*) FROM pg_roles WHERE rolname IN ('kohomai_owner', 'kohomai_app', 'kohomai_sys')
        AND pg_has_role(oid, CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END))`

// ErrRoles says that the login role may not make the roles.
var ErrRoles = errors.New("the roles of kohomai cannot be made by this login role")

func prepare(ctx context.Context, c *pgx.Conn) error {
	var prepared bool
	if err := c.QueryRow(ctx, preparedSQL).Scan(&prepared); err != nil {
		return fmt.Errorf("looking for the roles: %w", err)
	}
	if prepared {
		return nil
	}
	// Roles belong to the whole cluster: two databases may be prepared at once.
	var err error
	for range 5 {
		if _, err = c.Exec(ctx, rolesSQL("CURRENT_USER")); err == nil {
			return nil
		}
		if !strings.Contains(err.Error(), "tuple concurrently updated") && !strings.Contains(err.Error(), "duplicate key") && !strings.Contains(err.Error(), "already exists") {
			break
		}
	}
	var login, database string
	if asked := c.QueryRow(ctx, "SELECT quote_ident(session_user), current_database()").Scan(&login, &database); asked != nil {
		return errors.Join(err, asked)
	}
	return fmt.Errorf("%w: %w\nLet an administrator run this once in the database %s, as a superuser, and try again:\n%s", ErrRoles, err, database, rolesSQL(login))
}

func queueUp(ctx context.Context, dsn string) error {
	config, err := asOwner(dsn)
	if err != nil {
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: QueueSchema})
	if err != nil {
		return fmt.Errorf("preparing the queue's migrations: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrating the queue: %w", err)
	}
	_, err = pool.Exec(ctx, `GRANT SELECT ON kohomai.schema_migration TO kohomai_app;
		GRANT USAGE ON SCHEMA river TO kohomai_app;
		GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA river TO kohomai_app;
		GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA river TO kohomai_app`)
	return err
}
