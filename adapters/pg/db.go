package pg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/unit"
)

// DB is the serving connection to PostgreSQL: its sessions act as kohomai_app.
type DB struct {
	sql  *sql.DB
	pool *pgxpool.Pool
}

// Options tune a connection. Zero fields take the defaults.
type Options struct {
	// MaxConns is the most connections, default 16.
	MaxConns int
	// Throwaway allows a cluster that is not durable, for tests.
	Throwaway bool
}

// Open connects, acts as kohomai_app and judges what it finds: it refuses a role that is
// a superuser, owns the tables or bypasses row-level security, and a server that is not
// durable.
func Open(ctx context.Context, dsn string, o Options) (*DB, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("reading the database address: %w", err)
	}
	if o.MaxConns == 0 {
		o.MaxConns = 16
	}
	config.MaxConns = int32(min(o.MaxConns, 1000)) // #nosec G115 -- bounded
	params := config.ConnConfig.RuntimeParams
	params["role"] = "kohomai_app"
	params["search_path"] = "kohomai"
	params["timezone"] = "UTC"
	params["application_name"] = "kohomai"
	params["max_parallel_workers_per_gather"] = "0"
	params["idle_in_transaction_session_timeout"] = "30000"
	params["statement_timeout"] = "60000"
	params["client_connection_check_interval"] = "5000"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	db := &DB{sql: stdlib.OpenDBFromPool(pool), pool: pool}
	if err := db.judge(ctx, o.Throwaway); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// SQL is the connection as database/sql has it, for the queue.
func (db *DB) SQL() *sql.DB { return db.sql }

// Ping asks the database whether it answers.
func (db *DB) Ping(ctx context.Context) error { return db.sql.PingContext(ctx) }

// Close ends all connections.
func (db *DB) Close() {
	_ = db.sql.Close()
	db.pool.Close()
}

func (db *DB) judge(ctx context.Context, throwaway bool) error {
	var user string
	var super, bypass, owns bool
	var version int
	err := db.sql.QueryRowContext(ctx, `
		SELECT current_user, r.rolsuper, r.rolbypassrls,
			EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = to_regnamespace('kohomai') AND c.relowner = r.oid),
			current_setting('server_version_num')::int
		FROM pg_roles r WHERE r.rolname = current_user`).Scan(&user, &super, &bypass, &owns, &version)
	if err != nil {
		return fmt.Errorf("judging the database: %w", err)
	}
	switch {
	case super || bypass || owns:
		return fmt.Errorf("the role %s may read every workspace (superuser %v, bypasses row-level security %v, owner %v): serve as kohomai_app", user, super, bypass, owns)
	case version < 150000:
		return fmt.Errorf("PostgreSQL %d is too old: 15 or later is needed", version/10000)
	case throwaway:
		return nil
	}
	for _, setting := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		var value string
		if err := db.sql.QueryRowContext(ctx, "SELECT current_setting($1)", setting).Scan(&value); err != nil {
			return fmt.Errorf("judging the database: %w", err)
		}
		if value == "off" {
			return fmt.Errorf("the database is not durable: %s is off; an acknowledged lead could be lost", setting)
		}
	}
	return nil
}

// Work is unit.Work over one database: T is made for each transaction.
type Work[T any] struct {
	run func(ctx context.Context, fn func(T) error) error
}

// NewWork makes a Work whose Tx is made by a function.
func NewWork[T any](db *DB, make func(tx *sql.Tx, a actor.Actor) T) *Work[T] {
	return &Work[T]{run: func(ctx context.Context, fn func(T) error) error {
		return db.scoped(ctx, nil, func(tx *sql.Tx, a actor.Actor) error { return fn(make(tx, a)) })
	}}
}

type inside struct{}

// most tries of a transaction that others got in the way of.
const mostTries = 3

// Do implements unit.Work.
func (w *Work[T]) Do(ctx context.Context, fn func(ctx context.Context, tx T) error) error {
	if ctx.Value(inside{}) != nil {
		return unit.ErrNested
	}
	ctx = context.WithValue(ctx, inside{}, true)
	for try := 1; ; try++ {
		err := w.run(ctx, func(tx T) error { return fn(ctx, tx) })
		if err == nil || try == mostTries || !retryable(err) {
			return classify(err)
		}
		time.Sleep(time.Duration(rand.Int64N(int64(try) * 20 * int64(time.Millisecond)))) // #nosec G404 -- jitter
	}
}

// read runs fn in a read-only transaction of the actor's workspace.
func (db *DB) read(ctx context.Context, fn func(tx *sql.Tx) error) error {
	return classify(db.scoped(ctx, &sql.TxOptions{ReadOnly: true}, func(tx *sql.Tx, _ actor.Actor) error { return fn(tx) }))
}

// scoped runs fn in a transaction that sees the workspace of the context's actor only.
func (db *DB) scoped(ctx context.Context, o *sql.TxOptions, fn func(*sql.Tx, actor.Actor) error) error {
	a := actor.From(ctx)
	if a.Workspace == 0 {
		return errNobody()
	}
	tx, err := db.sql.BeginTx(ctx, o)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, scopeTo, scopeOf(a)); err != nil {
		return fmt.Errorf("scoping a transaction: %w", err)
	}
	if err := fn(tx, a); err != nil {
		return err
	}
	return tx.Commit()
}

// lockTimeout reports whether a lock was not got in time.
func lockTimeout(err error) bool {
	pe, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pe.Code == "55P03"
}

// scopeTo makes a transaction see one workspace.
const scopeTo = "SELECT set_config('app.ws', $1, true)"

func scopeOf(a actor.Actor) string { return strconv.FormatInt(int64(a.Workspace), 10) }

func errNobody() error {
	return fault.New(fault.Unauthenticated, "unauthenticated", "Nobody is signed in.")
}

func retryable(err error) bool {
	pe, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pe.Code == "40001" || pe.Code == "40P01")
}

// uniqueNames gives the faults of unique constraints people can run into.
var uniqueNames = map[string]*fault.Error{
	"app_user_external":               fault.New(fault.Conflict, "external_id_taken", "Another lead has this ExternalId."),
	"journey_external":                fault.New(fault.Conflict, "external_id_taken", "Another journey has this ExternalId."),
	"app_user_workspace_id_email_key": fault.New(fault.Conflict, "lead_race", "Another node registered this lead meanwhile."),
	"funnel_name":                     fault.New(fault.Conflict, "name_taken", "Another funnel has this name."),
	"origin_ref_key":                  fault.New(fault.Conflict, "ref_taken", "This ref is taken."),
	"webhook_endpoint_workspace_id_level_subject_id_url_key": fault.New(fault.Conflict, "webhook_exists", "This subject has a webhook endpoint of this Url."),
}

// classify gives driver errors a kind; faults and nil pass.
func classify(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return notFound()
	}
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		if pe.Code == "23505" {
			if f, known := uniqueNames[pe.ConstraintName]; known {
				return f
			}
			return fault.WrapAs(err, fault.Conflict, "already_exists", "This exists already.")
		}
		if pe.Code == "55P03" || strings.HasPrefix(pe.Code, "57P") || strings.HasPrefix(pe.Code, "08") || strings.HasPrefix(pe.Code, "53") {
			return fault.WrapAs(err, fault.Unavailable, "unavailable", "The database does not answer now.").Retry(time.Second)
		}
		return err
	}
	var ne interface{ Timeout() bool }
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok || pgconn.SafeToRetry(err) || errors.As(err, &ne) {
		return fault.WrapAs(err, fault.Unavailable, "unavailable", "The database does not answer now.").Retry(time.Second)
	}
	return err
}

func notFound() error { return fault.New(fault.NotFound, "not_found", "There is no such thing.") }

// Listener opens the pool of one connection on which the queue hears notifications.
func Listener(ctx context.Context, dsn string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("reading the database address: %w", err)
	}
	config.MaxConns = 1
	config.ConnConfig.RuntimeParams["role"] = "kohomai_app"
	config.ConnConfig.RuntimeParams["application_name"] = "kohomai-listener"
	return pgxpool.NewWithConfig(ctx, config)
}
