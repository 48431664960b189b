package jobs_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/kohomai/kohomai/adapters/jobs"
	"github.com/kohomai/kohomai/adapters/pg/pgtest"
	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/migrations"
)

var product = pgtest.New(migrations.Up, migrations.Files())

// The serving role owns nothing of River's tables: what it was granted must do.
func TestRun_as_the_serving_role(t *testing.T) {
	t.Parallel()
	config, err := pgxpool.ParseConfig(product.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.RuntimeParams["role"] = "kohomai_app"
	config.ConnConfig.RuntimeParams["search_path"] = migrations.Schema
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := pgxpool.NewWithConfig(t.Context(), config.Copy())
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDBFromPool(pool)
	t.Cleanup(func() {
		_ = db.Close()
		pool.Close()
		listener.Close()
	})
	w := newWorld()
	w.current = map[ident.Run]int{1: 1}
	j, err := jobs.New(jobs.Options{
		DB: db, Listener: listener, Schema: migrations.QueueSchema, Log: slog.New(slog.DiscardHandler), Work: true, Sweeper: w,
	})
	if err != nil {
		t.Fatal(err)
	}
	j.Bind(w, w, w, w)
	run(t, j)
	enqueue(t, j, db, true, calls(pair(1, 1)))
	wait(t, "done", func() bool { return count(t, db, "state = 'completed'") == 1 })
	var leader string
	wait(t, "led", func() bool {
		return db.QueryRowContext(t.Context(), "SELECT leader_id FROM river.river_leader").Scan(&leader) == nil
	})
}

func TestRun_lets_a_running_job_finish(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.current = map[ident.Run]int{1: 1}
	began, release := make(chan struct{}), make(chan struct{})
	w.outcome = func(activity.Request) activity.Outcome {
		close(began)
		<-release
		return activity.CompletedWith(nil)
	}
	j, db := queue(t, w, true)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- j.Run(ctx) }()
	enqueue(t, j, db, true, calls(pair(1, 1)))
	<-began
	cancel()
	select {
	case err := <-done:
		t.Fatalf("it stopped under a running job: %v", err)
	default:
	}
	close(release)
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(patience):
		t.Fatal("it does not stop")
	}
	if got := w.reports[pair(1, 1)]; len(got) != 1 || got[0].Kind != activity.Completed {
		t.Errorf("reported %+v", got)
	}
	if n := count(t, db, "state = 'completed'"); n != 1 {
		t.Error("the job is not done")
	}
}

func TestRun_sweeps(t *testing.T) {
	t.Parallel()
	w := newWorld()
	j, _ := queue(t, w, true)
	run(t, j)
	for i := range 2 {
		w.mu.Lock()
		w.due = append(w.due, wake(7, ident.Journey(i+1)))
		w.mu.Unlock()
		w.until(t, "woken", func() bool { return len(w.ticks) == i+1 })
	}
}

func wake(ws ident.Workspace, j ident.Journey) engine.Wake {
	return engine.Wake{Workspace: ws, Journey: j}
}
