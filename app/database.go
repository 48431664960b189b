package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kohomai/kohomai/adapters/embedpg"
	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/migrations"
)

// Database is PostgreSQL, found or started, and the connections the app serves from.
type Database struct {
	// DSN is the address that serves; MigrateURL the one that may change the schema.
	DSN, MigrateURL string
	// DB serves; Listener is a pool of one connection on which the queue hears.
	DB       *pg.DB
	Listener *pgxpool.Pool
	cluster  *embedpg.Server
}

// openDatabase finds or starts PostgreSQL, brings the schema up when asked, and connects.
func openDatabase(ctx context.Context, c Config, o Options) (*Database, error) {
	d, err := locateDatabase(ctx, c, o.Lasting)
	if err != nil {
		return nil, err
	}
	if err := d.open(ctx, c, o); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *Database) open(ctx context.Context, c Config, o Options) (err error) {
	if o.Migrate {
		if err := migrations.Up(ctx, d.MigrateURL); err != nil {
			return explain(c.databaseSetting("KOHOMAI_MIGRATE_URL"), err)
		}
	}
	if d.DB, err = pg.Open(ctx, d.DSN, pg.Options{Throwaway: o.Throwaway}); err != nil {
		return explain(c.databaseSetting("DATABASE_URL"), err)
	}
	if err = migrations.Judge(ctx, d.DB.SQL()); errors.Is(err, migrations.ErrNewer) {
		// A release runs on the schema of the next one, so that nodes can be exchanged one by one.
		c.Log.Warn("an old program on a newer schema", "error", err)
	} else if err != nil {
		return err
	}
	d.Listener, err = pg.Listener(ctx, d.DSN)
	return err
}

// locateDatabase is openDatabase without a connection.
func locateDatabase(ctx context.Context, c Config, lasting bool) (*Database, error) {
	if err := c.makeDataDir(); err != nil {
		return nil, err
	}
	if c.Database != "" {
		return &Database{DSN: c.Database, MigrateURL: c.MigrateURL}, nil
	}
	cluster, err := embedpg.Open(ctx, embedpg.Options{
		DataDir: c.DataDir, Lasting: lasting, Log: c.Log, Find: embedpg.FindOptions{Bin: c.PGBin},
	})
	if err != nil {
		return nil, fmt.Errorf("starting PostgreSQL: %w", err)
	}
	return &Database{DSN: cluster.DSN(), MigrateURL: cluster.DSN(), cluster: cluster}, nil
}

// Close ends the connections, and PostgreSQL when it is ours.
func (d *Database) Close() error {
	if d.Listener != nil {
		d.Listener.Close()
	}
	if d.DB != nil {
		d.DB.Close()
	}
	if d.cluster == nil {
		return nil
	}
	if err := d.cluster.Stop(); err != nil {
		return fmt.Errorf("stopping PostgreSQL: %w", err)
	}
	return nil
}
