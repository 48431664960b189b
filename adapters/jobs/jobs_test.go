package jobs_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/kohomai/kohomai/adapters/jobs"
	"github.com/kohomai/kohomai/adapters/pg/pgtest"
	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
)

// patience bounds every wait; no test waits this long unless it fails.
const patience = 30 * time.Second

var queueOnly = pgtest.New(func(ctx context.Context, dsn string) error {
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := pool.Exec(ctx, "CREATE SCHEMA river"); err != nil {
		return err
	}
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: "river"})
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}, fstest.MapFS{"river": {Data: []byte("the queue alone, river v0.51.1")}})

// world is everything around the queue, as the workers see it.
type world struct {
	mu sync.Mutex
	// current calls by run, with what calling them answers.
	current map[ident.Run]int
	// refused says of current calls that they cannot be made, and why.
	refused  map[ident.Run]string
	outcome  func(activity.Request) activity.Outcome
	find     func(lead ident.User, keys []string) (engine.Facts, error)
	troubles []error // answered by the next reports and lessons, in turn
	due      []engine.Wake
	stale    []engine.CallJob

	requests []activity.Request
	reports  map[engine.Pair][]activity.Outcome
	lessons  [][]string
	ticks    []engine.Wake
	actors   []actor.Actor
}

func newWorld() *world {
	return &world{
		current: map[ident.Run]int{}, reports: map[engine.Pair][]activity.Outcome{},
		outcome: func(activity.Request) activity.Outcome { return activity.CompletedWith(nil) },
		find:    func(ident.User, []string) (engine.Facts, error) { return nil, nil },
	}
}

func (w *world) trouble() error {
	if len(w.troubles) == 0 {
		return nil
	}
	err := w.troubles[0]
	w.troubles = w.troubles[1:]
	return err
}

func (w *world) Load(ctx context.Context, pairs []engine.Pair) ([]engine.Loaded, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.actors = append(w.actors, actor.From(ctx))
	var out []engine.Loaded
	for _, p := range pairs {
		if w.current[p.Run] == p.Call {
			out = append(out, engine.Loaded{Pair: p, Refused: w.refused[p.Run], Request: activity.Request{Kind: activity.Start, Connector: "echo", Run: p.Run}})
		}
	}
	return out, nil
}

func (w *world) Abandoned(ctx context.Context, runs []ident.Run) ([]activity.Request, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.actors = append(w.actors, actor.From(ctx))
	var out []activity.Request
	for _, run := range runs {
		if w.current[run] != 0 {
			out = append(out, activity.Request{Kind: activity.Start, Connector: "echo", Run: run})
		}
	}
	return out, nil
}

func (w *world) Call(_ context.Context, r activity.Request) activity.Outcome {
	w.mu.Lock()
	w.requests = append(w.requests, r)
	w.mu.Unlock()
	return w.outcome(r)
}

func (w *world) Report(_ context.Context, p engine.Pair, o activity.Outcome) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.trouble(); err != nil {
		return err
	}
	w.reports[p] = append(w.reports[p], o)
	if w.current[p.Run] == p.Call {
		delete(w.current, p.Run)
	}
	return nil
}

func (w *world) Find(_ context.Context, lead ident.User, keys []string) (engine.Facts, error) {
	return w.find(lead, keys)
}

func (w *world) Learn(_ context.Context, _ ident.User, _ engine.Facts, asked []string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.trouble(); err != nil {
		return err
	}
	w.lessons = append(w.lessons, asked)
	return nil
}

func (w *world) Tick(ctx context.Context, id ident.Journey) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ticks = append(w.ticks, engine.Wake{Workspace: actor.From(ctx).Workspace, Journey: id})
	return nil
}

func (w *world) Due(_ context.Context, n int) ([]engine.Wake, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	some := w.due[:min(n, len(w.due))]
	w.due = w.due[len(some):]
	return some, nil
}

func (w *world) Stale(context.Context, int) ([]engine.CallJob, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stale, nil
}

// until waits for a condition on the world.
func (w *world) until(t *testing.T, what string, met func() bool) {
	t.Helper()
	wait(t, what, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return met()
	})
}

func wait(t *testing.T, what string, met func() bool) {
	t.Helper()
	end := time.NewTimer(patience)
	defer end.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !met() {
		select {
		case <-tick.C:
		case <-end.C:
			t.Fatalf("never %s", what)
		}
	}
}

// queue is a queue on a database of its own, with its workers when they are wanted.
func queue(t *testing.T, w *world, work bool) (*jobs.Jobs, *sql.DB) {
	t.Helper()
	dsn := queueOnly.Database(t)
	pool, err := pgxpool.New(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := pgxpool.New(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDBFromPool(pool)
	t.Cleanup(func() {
		_ = db.Close()
		pool.Close()
		listener.Close()
	})
	j, err := jobs.New(jobs.Options{
		DB: db, Listener: listener, Schema: "river", Log: slog.New(slog.DiscardHandler), Work: work, Workers: 4, Sweeper: w,
	})
	if err != nil {
		t.Fatal(err)
	}
	j.Bind(w, w, w, w)
	return j, db
}

// run works until the test ends, and checks that it stops.
func run(t *testing.T, j *jobs.Jobs) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- j.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(patience):
			t.Error("the workers do not stop")
		}
	})
}

func enqueue(t *testing.T, j *jobs.Jobs, db *sql.DB, commit bool, items ...job.Item) {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := j.Queue(tx).Enqueue(t.Context(), items...); err != nil {
		t.Fatal(err)
	}
	if commit {
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
	}
}

func count(t *testing.T, db *sql.DB, where string) int {
	t.Helper()
	var n int
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM river.river_job WHERE "+where).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func pair(run ident.Run, call int) engine.Pair { return engine.Pair{Journey: 1, Run: run, Call: call} }

func calls(pairs ...engine.Pair) job.Item {
	return job.Item{Job: engine.CallJob{Workspace: 7, Connector: "echo", Pairs: pairs}}
}

func TestQueue_jobs_exist_exactly_when_their_cause_does(t *testing.T) {
	t.Parallel()
	j, db := queue(t, newWorld(), false)
	enqueue(t, j, db, false, calls(pair(1, 1)))
	if n := count(t, db, "true"); n != 0 {
		t.Errorf("%d jobs after a rollback", n)
	}
	at := time.Now().Add(time.Hour)
	enqueue(t, j, db, true, calls(pair(1, 1)), job.Item{Job: engine.CancelJob{Workspace: 7, Runs: []ident.Run{1}}, Options: job.Options{At: at}})
	if n := count(t, db, "kind = 'activity_call' AND state = 'available' AND unique_key IS NULL"); n != 1 {
		t.Errorf("%d jobs after a commit", n)
	}
	if n := count(t, db, "kind = 'activity_cancel' AND state = 'scheduled' AND scheduled_at > now() + interval '59 minutes'"); n != 1 {
		t.Errorf("%d scheduled jobs", n)
	}
	enqueue(t, j, db, true)
}

func TestQueue_unique_jobs(t *testing.T) {
	t.Parallel()
	j, db := queue(t, newWorld(), false)
	unique := func(run ident.Run, key string) job.Item {
		item := calls(pair(run, 1))
		item.Options.Unique = key
		return item
	}
	for range 2 {
		enqueue(t, j, db, true, unique(1, "a"), unique(2, "a"), unique(1, "b"))
	}
	if n := count(t, db, "true"); n != 2 {
		t.Errorf("%d jobs of two keys", n)
	}
	if _, err := db.ExecContext(t.Context(), "UPDATE river.river_job SET state = 'completed', finalized_at = now()"); err != nil {
		t.Fatal(err)
	}
	enqueue(t, j, db, true, unique(1, "a"))
	if n := count(t, db, "state = 'available'"); n != 1 {
		t.Errorf("%d jobs after the first of the key was done", n)
	}
}

type stranger struct{}

func (stranger) Kind() string { return "stranger" }

type impostor struct{}

func (impostor) Kind() string { return engine.CallJob{}.Kind() }

func TestJobs_each_kind_has_exactly_one_worker(t *testing.T) {
	t.Parallel()
	j, db := queue(t, newWorld(), false)
	if got, want := j.Kinds(), []string{"activity_call", "activity_cancel", "lead_enrich"}; !slices.Equal(got, want) {
		t.Errorf("kinds %v, want %v", got, want)
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, bad := range []job.Job{stranger{}, impostor{}} {
		if err := j.Queue(tx).Enqueue(t.Context(), job.Item{Job: bad}); err == nil {
			t.Errorf("%T was taken", bad)
		}
	}
	if err := jobs.Handle(j, func(context.Context, impostor) error { return nil }); err == nil {
		t.Error("a kind has two workers")
	}
	if err := jobs.Handle(j, func(context.Context, stranger) error { return nil }); err != nil {
		t.Error(err)
	}
	if err := j.Queue(tx).Enqueue(t.Context(), job.Item{Job: stranger{}}); err != nil {
		t.Error(err)
	}
}

func TestRun_refuses_to_work_unbound(t *testing.T) {
	t.Parallel()
	j, _ := queue(t, newWorld(), true)
	j.Bind(nil, nil, nil, nil)
	if err := j.Run(t.Context()); err == nil {
		t.Error("it ran")
	}
}

func TestCalls(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.current = map[ident.Run]int{1: 1, 2: 3, 4: 1}
	w.outcome = func(r activity.Request) activity.Outcome {
		switch r.Run {
		case 2:
			return activity.FailedWith("downstream", "No.", true)
		case 4:
			panic("our own fault")
		}
		return activity.CompletedWith(nil)
	}
	j, db := queue(t, w, true)
	run(t, j)
	before := time.Now()
	item := calls(pair(1, 1), pair(2, 3), pair(2, 2), pair(3, 1), pair(4, 1))
	enqueue(t, j, db, true, item)
	w.until(t, "reported", func() bool { return len(w.reports) == 3 })
	wait(t, "done", func() bool { return count(t, db, "state = 'completed'") == 1 })
	// Twice: the pairs are no longer current.
	enqueue(t, j, db, true, item)
	wait(t, "done twice", func() bool { return count(t, db, "state = 'completed'") == 2 })
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.requests) != 3 {
		t.Errorf("%d calls", len(w.requests))
	}
	for p, want := range map[engine.Pair]activity.OutcomeKind{pair(1, 1): activity.Completed, pair(2, 3): activity.Failed, pair(4, 1): activity.Failed} {
		if got := w.reports[p]; len(got) != 1 || got[0].Kind != want {
			t.Errorf("%+v: reported %+v", p, got)
		}
	}
	for _, r := range w.requests {
		if r.Deadline.Before(before.Add(15*time.Second)) || r.Deadline.After(time.Now().Add(15*time.Second)) {
			t.Errorf("deadline %s", r.Deadline.Sub(before))
		}
	}
	for _, a := range w.actors {
		if a.Kind != actor.System || a.Workspace != 7 {
			t.Errorf("loaded as %+v", a)
		}
	}
}

func TestCalls_what_a_report_may_answer(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.current = map[ident.Run]int{1: 1, 2: 1}
	w.troubles = []error{
		fault.New(fault.NotFound, "not_found", "The journey was erased."),
		fault.New(fault.Invalid, "invalid", "Not this outcome."),
	}
	j, db := queue(t, w, true)
	run(t, j)
	enqueue(t, j, db, true, calls(pair(1, 1)))
	wait(t, "given up", func() bool { return count(t, db, "state = 'completed'") == 1 })
	enqueue(t, j, db, true, calls(pair(2, 1)))
	wait(t, "told as a failure", func() bool { return count(t, db, "state = 'completed'") == 2 })
	w.mu.Lock()
	defer w.mu.Unlock()
	if got := w.reports[pair(2, 1)]; len(w.reports) != 1 || len(got) != 1 || got[0].Kind != activity.Failed || got[0].Source != "host" {
		t.Errorf("reported %+v", w.reports)
	}
}

// A current call that cannot be made would stay current, and be recalled, for ever.
func TestCalls_one_that_cannot_be_made_is_reported(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.current, w.refused = map[ident.Run]int{1: 1}, map[ident.Run]string{1: "The activity is not in the plan."}
	j, db := queue(t, w, true)
	run(t, j)
	enqueue(t, j, db, true, calls(pair(1, 1)))
	wait(t, "done", func() bool { return count(t, db, "state = 'completed'") == 1 })
	w.mu.Lock()
	defer w.mu.Unlock()
	got := w.reports[pair(1, 1)]
	if len(got) != 1 || got[0].Kind != activity.Failed || got[0].Retryable || got[0].Reason != "The activity is not in the plan." || len(w.requests) != 0 {
		t.Errorf("reported %+v, called %d times", got, len(w.requests))
	}
}

func TestCalls_are_tried_again_when_the_database_was_away(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.current = map[ident.Run]int{1: 1}
	w.troubles = []error{errors.New("connection reset, jane@acme.example")}
	j, db := queue(t, w, true)
	run(t, j)
	enqueue(t, j, db, true, calls(pair(1, 1)))
	wait(t, "put off", func() bool { return count(t, db, "metadata ? 'snoozes'") == 1 })
	if n := count(t, db, "errors IS NOT NULL AND cardinality(errors) > 0"); n != 0 {
		t.Error("the row keeps the error")
	}
	if n := count(t, db, "max_attempts - attempt < 29000"); n != 0 {
		t.Error("the attempts run out")
	}
	w.until(t, "reported", func() bool { return len(w.reports[pair(1, 1)]) == 1 })
}

func TestCancel(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.current = map[ident.Run]int{5: 2}
	w.outcome = func(activity.Request) activity.Outcome { return activity.FailedWith("connector", "Too late.", true) }
	j, db := queue(t, w, true)
	run(t, j)
	enqueue(t, j, db, true, job.Item{Job: engine.CancelJob{Workspace: 7, Runs: []ident.Run{5, 6}}})
	wait(t, "done", func() bool { return count(t, db, "state = 'completed'") == 1 })
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.requests) != 1 || w.requests[0].Kind != activity.Cancel || w.requests[0].Run != 5 || len(w.reports) != 0 {
		t.Errorf("called %+v, reported %+v", w.requests, w.reports)
	}
}

func TestEnrich_a_request_always_ends(t *testing.T) {
	t.Parallel()
	for name, find := range map[string]func(ident.User, []string) (engine.Facts, error){
		"found":    func(ident.User, []string) (engine.Facts, error) { return engine.Facts{}, nil },
		"failed":   func(ident.User, []string) (engine.Facts, error) { return nil, errors.New("away") },
		"panicked": func(ident.User, []string) (engine.Facts, error) { panic("our own fault") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.find = find
			j, db := queue(t, w, true)
			run(t, j)
			enqueue(t, j, db, true, job.Item{Job: engine.EnrichJob{Workspace: 7, Lead: 3, Keys: []string{"company.size"}}})
			wait(t, "done", func() bool { return count(t, db, "state = 'completed'") == 1 })
			w.mu.Lock()
			defer w.mu.Unlock()
			if len(w.lessons) != 1 || !slices.Equal(w.lessons[0], []string{"company.size"}) {
				t.Errorf("learned %v", w.lessons)
			}
		})
	}
}

func TestSweep_wakes_everyone_in_their_workspace(t *testing.T) {
	t.Parallel()
	w := newWorld()
	want := map[engine.Wake]int{}
	for i := range 600 {
		one := engine.Wake{Workspace: ident.Workspace(i%3 + 1), Journey: ident.Journey(i + 1)}
		w.due, want[one] = append(w.due, one), 1
	}
	j, _ := queue(t, w, false)
	if err := j.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := map[engine.Wake]int{}
	for _, one := range w.ticks {
		got[one]++
	}
	if !maps.Equal(got, want) {
		t.Errorf("%d of %d journeys were woken, %d times", len(got), len(want), len(w.ticks))
	}
}

func TestRecall_only_calls_without_a_job(t *testing.T) {
	t.Parallel()
	w := newWorld()
	stale := func(run ident.Run, call int) engine.CallJob {
		return engine.CallJob{Workspace: 7, Connector: "echo", Pairs: []engine.Pair{pair(run, call)}}
	}
	j, db := queue(t, w, false)
	enqueue(t, j, db, true, calls(pair(1, 1), pair(2, 1)))
	enqueue(t, j, db, true, calls(pair(3, 1)))
	if _, err := db.ExecContext(t.Context(), `UPDATE river.river_job SET state = 'completed', finalized_at = now()
		WHERE args->'Job'->'Pairs'->0->>'Run' = '3'`); err != nil {
		t.Fatal(err)
	}
	// Run 2 is at a later call than its job; run 3's job is done; run 4 never had one.
	w.stale = []engine.CallJob{stale(1, 1), stale(2, 2), stale(3, 1), stale(4, 1)}
	for range 2 {
		if err := j.Recall(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for runs, want := range map[string]int{"1": 1, "2": 1, "3": 1, "4": 1} {
		if n := count(t, db, "state = 'available' AND args->'Job'->'Pairs'->0->>'Run' = '"+runs+"'"); n != want {
			t.Errorf("run %s has %d live jobs first in line", runs, n)
		}
	}
	if n := count(t, db, "true"); n != 5 {
		t.Errorf("%d jobs in all", n)
	}
}
