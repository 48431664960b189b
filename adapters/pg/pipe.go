package pg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/kohomai/kohomai/core/actor"
)

// transaction is where a store reads and writes: *sql.Tx, or a Pipe.
type transaction interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Pipe is a transaction whose writes wait and travel together, in order, in one round
// trip: before the next question, or before the commit. A write's failure shows there and
// names the statement. Alone, a registration is mostly round trips.
type Pipe struct {
	tx      *sql.Tx
	conn    *sql.Conn
	waiting pgx.Batch
}

// ExecContext lets a write wait; its result is never known.
func (p *Pipe) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	p.waiting.Queue(query, args...)
	return unknownResult{}, nil
}

// QueryContext sends what waits, then asks.
func (p *Pipe) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := p.flush(ctx); err != nil {
		return nil, err
	}
	return p.tx.QueryContext(ctx, query, args...)
}

// ask sends what waits together with a question for one row.
func (p *Pipe) ask(ctx context.Context, into any, query string, args ...any) error {
	p.waiting.Queue(query, args...).QueryRow(func(row pgx.Row) error { return row.Scan(into) })
	return p.flush(ctx)
}

// flush sends what waits.
func (p *Pipe) flush(ctx context.Context) error {
	waiting := p.waiting
	p.waiting = pgx.Batch{}
	if waiting.Len() == 0 {
		return nil
	}
	return p.conn.Raw(func(driver any) (err error) {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("pg: a connection of type %T", driver)
		}
		answers := c.Conn().SendBatch(ctx, &waiting)
		defer func() {
			if closing := answers.Close(); err == nil {
				err = closing
			}
		}()
		for _, q := range waiting.QueuedQueries {
			if q.Fn != nil {
				err = q.Fn(answers)
			} else {
				_, err = answers.Exec()
			}
			if err != nil {
				return fmt.Errorf("%s: %w", strings.Join(strings.Fields(q.SQL)[:2], " "), err)
			}
		}
		return nil
	})
}

// unknownResult is the result of a write that waits.
type unknownResult struct{}

var errUnknown = errors.New("pg: the result of a write in a pipe is not known")

func (unknownResult) LastInsertId() (int64, error) { return 0, errUnknown }
func (unknownResult) RowsAffected() (int64, error) { return 0, errUnknown }

// NewPipedWork makes a Work whose Tx is made over a pipe.
func NewPipedWork[T any](db *DB, make func(p *Pipe, a actor.Actor) T) *Work[T] {
	return &Work[T]{run: func(ctx context.Context, fn func(T) error) error {
		return db.piped(ctx, func(p *Pipe, a actor.Actor) error { return fn(make(p, a)) })
	}}
}

// piped is scoped over a pipe.
func (db *DB) piped(ctx context.Context, fn func(*Pipe, actor.Actor) error) error {
	a := actor.From(ctx)
	if a.Workspace == 0 {
		return errNobody()
	}
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return fmt.Errorf("taking a connection: %w", err)
	}
	defer func() { _ = conn.Close() }()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	p := &Pipe{tx: tx, conn: conn}
	p.waiting.Queue(scopeTo, scopeOf(a))
	if err := fn(p, a); err != nil {
		return err
	}
	if err := p.flush(ctx); err != nil {
		return err
	}
	return tx.Commit()
}
