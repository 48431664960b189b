package pg_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
	"github.com/kohomai/kohomai/core/webhook"
)

// taken counts the jobs of endpoints.
type taken struct {
	mu   sync.Mutex
	jobs int
}

func (q *taken) Enqueue(_ context.Context, items ...job.Item) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.jobs += len(items)
	return nil
}

// Whatever the order in which transactions begin and commit, and with several nodes that
// plan at once: every event has exactly one delivery to each endpoint at its level.
func TestWebhookPlanner_missesNothingAndPlansNothingTwice(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	dsn := template.Database(t)
	db, err := pg.Open(ctx, dsn, pg.Options{Throwaway: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	owner, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = owner.Close() }()
	if _, err := owner.ExecContext(ctx, `
		INSERT INTO kohomai.workspace (workspace_id, name, sandbox, created_at) SELECT n, 'w' || n, true, now() FROM generate_series(1, 3) n;
		INSERT INTO kohomai.webhook_endpoint (workspace_id, id, level, subject_id, url, events, secret_sealed, created_at) VALUES
			(1, 11, 'Workspace', 0, 'https://a.example/', '{*}', '', now()),
			(1, 12, 'Lead', 7, 'https://a.example/', '{lead.*}', '', now()),
			(2, 21, 'Workspace', 0, 'https://a.example/', '{lead.updated}', '', now())`); err != nil {
		t.Fatal(err)
	}

	var next sync.Mutex
	last := int64(1000)
	ids := func(n int) []int64 {
		next.Lock()
		defer next.Unlock()
		out := make([]int64, n)
		for i := range out {
			last++
			out[i] = last
		}
		return out
	}
	want := map[string]bool{}
	var mu sync.Mutex
	now := time.Now()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var writers, planners sync.WaitGroup
	for w := range 6 {
		random := rand.New(rand.NewPCG(seed, uint64(w))) // #nosec G404 -- a test
		writers.Go(func() {
			for range 40 {
				tx, err := owner.BeginTx(ctx, nil)
				if err != nil {
					t.Error(err)
					return
				}
				var mine []string
				for range 1 + random.IntN(3) {
					ws, lead, typ, id := 1+random.IntN(3), 7+random.IntN(2), event.LeadRegistered, ids(1)[0]
					if random.IntN(2) == 0 {
						typ = event.LeadUpdated
					}
					if _, err := tx.ExecContext(ctx, `INSERT INTO kohomai.event (workspace_id, id, month, type, at, lead_id)
						VALUES ($1, $2, date_trunc('month', $3::timestamptz), $4, $3, $5)`, ws, id, now, string(typ), lead); err != nil {
						t.Error(err)
					}
					if ws == 1 {
						mine = append(mine, fmt.Sprintf("11/%d", id))
						if lead == 7 {
							mine = append(mine, fmt.Sprintf("12/%d", id))
						}
					} else if ws == 2 && typ == event.LeadUpdated {
						mine = append(mine, fmt.Sprintf("21/%d", id))
					}
				}
				// Others begin and commit in between.
				if _, err := tx.ExecContext(ctx, `SELECT pg_sleep($1)`, random.Float64()*0.01); err != nil {
					t.Error(err)
				}
				if random.IntN(5) == 0 {
					_ = tx.Rollback()
					continue
				}
				if err := tx.Commit(); err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, one := range mine {
					want[one] = true
				}
				mu.Unlock()
			}
		})
	}
	queue := &taken{}
	planner := pg.NewWebhookPlanner(db, func(*sql.Tx) job.Queue { return queue })
	matches := func(all []webhook.Candidate) ([]webhook.Planned, error) {
		var out []webhook.Planned
		for _, c := range all {
			if c.Endpoint == 21 && c.Event.Type != event.LeadUpdated {
				continue
			}
			out = append(out, webhook.Planned{Workspace: c.Workspace, Delivery: webhook.Delivery{
				ID: ident.Delivery(ids(1)[0]), Endpoint: c.Endpoint, Event: c.Event.ID, Type: c.Event.Type, EventAt: c.Event.At,
				Lead: c.Event.Lead, Status: webhook.Pending, NextAt: now.Add(5 * time.Minute), CreatedAt: now, // a node whose clock is ahead
			}})
		}
		return out, nil
	}
	written := make(chan struct{})
	for range 3 {
		planners.Go(func() {
			for {
				more, err := planner.Plan(ctx, 7, matches)
				if err != nil {
					t.Error(err)
					return
				}
				select {
				case <-written:
					if !more {
						return
					}
				default:
				}
			}
		})
	}
	writers.Wait()
	close(written)
	planners.Wait()
	// The horizon waits for every transaction of the cluster, those of other tests too.
	for n := 0; n < len(want); time.Sleep(5 * time.Millisecond) {
		if _, err := planner.Plan(ctx, 1000, matches); err != nil {
			t.Fatal(err)
		}
		if err := owner.QueryRowContext(ctx, `SELECT count(*) FROM kohomai.webhook_delivery`).Scan(&n); err != nil {
			t.Fatalf("of %d deliveries there were %d: %v", len(want), n, err)
		}
	}
	rows, err := owner.QueryContext(ctx, `SELECT endpoint_id || '/' || event_id FROM kohomai.webhook_delivery`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	got := map[string]bool{}
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			t.Fatal(err)
		}
		if got[one] {
			t.Errorf("%s is planned twice", one)
		}
		got[one] = true
		if !want[one] {
			t.Errorf("%s is planned and was never committed or wanted", one)
		}
	}
	for one := range want {
		if !got[one] {
			t.Errorf("%s is missed", one)
		}
	}
	if rows.Err() != nil || len(want) < 100 {
		t.Errorf("only %d deliveries, %v", len(want), rows.Err())
	}
	var late int
	if err := owner.QueryRowContext(ctx, `SELECT count(*) FROM kohomai.webhook_delivery WHERE next_at > now()`).Scan(&late); err != nil || late != 0 {
		t.Errorf("%d deliveries wait for the clock of a node, %v", late, err)
	}
	woken, err := planner.Wake(ctx, 10, func(d webhook.Due) job.Item {
		return job.Item{Job: webhook.SendJob{Workspace: d.Workspace, Endpoint: d.Endpoint}}
	})
	if err != nil || woken != 3 || queue.jobs != 3 {
		t.Errorf("%d endpoints woken, %d jobs, %v", woken, queue.jobs, err)
	}
	if again, err := planner.Wake(ctx, 10, func(webhook.Due) job.Item { return job.Item{} }); err != nil || again != 0 {
		t.Errorf("woken twice: %d, %v", again, err)
	}
	if gone, err := planner.Reap(ctx, now.Add(time.Hour), 50); err != nil || gone != 50 {
		t.Errorf("reaped %d, %v", gone, err)
	}
}
