package pg_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/workspace"
)

func TestPipe(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, err := pg.Open(ctx, template.Database(t), pg.Options{Throwaway: true, MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	ids := pg.NewIDs(db)
	people := workspace.NewService(pg.NewWork(db, pg.WorkspaceTx(ids, nil)), ids, noCredentials{}, time.Now)
	ws, err := people.Create(ctx, workspace.Workspace{Name: "Pipe"})
	if err != nil {
		t.Fatal(err)
	}
	in := actor.Systemic(ctx, ws.ID)
	work := pg.NewPipedWork(db, func(p *pg.Pipe, _ actor.Actor) *pg.Pipe { return p })
	write := func(ctx context.Context, p *pg.Pipe, name string) error {
		_, err := p.ExecContext(ctx, "INSERT INTO policy (workspace_id, name) VALUES ($1, $2)", int64(ws.ID), name)
		return err
	}
	count := func(ctx context.Context, p *pg.Pipe, name string) (n int, err error) {
		rows, err := p.QueryContext(ctx, "SELECT FROM policy WHERE name = $1", name)
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for rows.Next() {
			n++
		}
		return n, rows.Err()
	}
	stored := func(name string) (n int) {
		t.Helper()
		if err := work.Do(in, func(ctx context.Context, p *pg.Pipe) (err error) {
			n, err = count(ctx, p, name)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}

	if err := work.Do(in, func(ctx context.Context, p *pg.Pipe) error {
		if err := write(ctx, p, "first"); err != nil {
			return err
		}
		if n, err := count(ctx, p, "first"); n != 1 || err != nil {
			t.Errorf("a question does not see the write before it: %d, %v", n, err)
		}
		return write(ctx, p, "second")
	}); err != nil {
		t.Fatal(err)
	}
	if stored("first") != 1 || stored("second") != 1 {
		t.Error("writes were lost at the commit")
	}

	err = work.Do(in, func(ctx context.Context, p *pg.Pipe) error {
		return errors.Join(write(ctx, p, "third"), write(ctx, p, "first"), write(ctx, p, "fourth"))
	})
	if err == nil || stored("third") != 0 || stored("fourth") != 0 {
		t.Errorf("a failed write left something, or no error: %v", err)
	}
	if unknown := work.Do(in, func(ctx context.Context, p *pg.Pipe) error {
		_, err := p.ExecContext(ctx, "INSERT INTO policy (workspace_id, name) VALUES ($1, NULL)", int64(ws.ID))
		return err
	}); unknown == nil || !strings.Contains(unknown.Error(), "INSERT INTO") {
		t.Errorf("a failed write is not named: %v", unknown)
	}

	own := errors.New("changed my mind")
	if err := work.Do(in, func(ctx context.Context, p *pg.Pipe) error {
		return errors.Join(write(ctx, p, "fifth"), own)
	}); !errors.Is(err, own) || stored("fifth") != 0 {
		t.Errorf("a use case's own error was lost or something stored: %v", err)
	}
	if err := work.Do(t.Context(), func(context.Context, *pg.Pipe) error { return nil }); err == nil {
		t.Error("nobody may write")
	}
}
