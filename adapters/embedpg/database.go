package embedpg

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// duplicateDatabase is PostgreSQL's code for a database that exists.
const duplicateDatabase = "42P04"

// ensureDatabase makes the database when it does not exist.
func ensureDatabase(ctx context.Context, dsn, name string) error {
	return withConn(ctx, dsn, func(c *pgx.Conn) error {
		var exists bool
		if err := c.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists); err != nil {
			return err
		}
		if exists {
			return nil
		}
		_, err := c.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
		var pgErr *pgconn.PgError
		if errors.As(err, &pgErr) && pgErr.Code == duplicateDatabase {
			return nil
		}
		if err != nil {
			return fmt.Errorf("making database %s: %w", name, err)
		}
		return nil
	})
}

// Clone makes database name as a copy of template, to which nobody may be
// connected, by copying its files: quick on a cluster that is thrown away.
// dsn is a superuser's, of any other database of the cluster.
func Clone(ctx context.Context, dsn, template, name string) error {
	return withConn(ctx, dsn, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s STRATEGY FILE_COPY",
			pgx.Identifier{name}.Sanitize(), pgx.Identifier{template}.Sanitize()))
		if err != nil {
			return fmt.Errorf("cloning database %s to %s: %w", template, name, err)
		}
		return nil
	})
}

func withConn(ctx context.Context, dsn string, fn func(*pgx.Conn) error) error {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	return errors.Join(fn(c), c.Close(ctx))
}
