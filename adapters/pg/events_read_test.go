package pg_test

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/page"
)

// Whoever follows the events of a workspace sees each committed one of it exactly once,
// whatever the order in which transactions begin, take ids and commit.
func TestJourneys_EventsOf_followedMissesNothing(t *testing.T) {
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
	if _, err := owner.ExecContext(ctx, `INSERT INTO kohomai.workspace (workspace_id, name, sandbox, created_at)
		SELECT n, 'w' || n, true, now() FROM generate_series(1, 2) n`); err != nil {
		t.Fatal(err)
	}
	var last atomic.Int64
	var mu sync.Mutex
	all, narrow := map[int64]bool{}, map[int64]bool{}
	now, seed := time.Now(), rand.Uint64()
	t.Logf("seed %d", seed)
	var writers sync.WaitGroup
	for w := range 6 {
		random := rand.New(rand.NewPCG(seed, uint64(w))) // #nosec G404 -- a test
		writers.Go(func() {
			for range 40 {
				tx, err := owner.BeginTx(ctx, nil)
				if err != nil {
					t.Error(err)
					return
				}
				var mine, few []int64
				for range 1 + random.IntN(3) {
					ws, lead, typ, id := 1+random.IntN(2), 7+random.IntN(2), event.LeadRegistered, last.Add(1)
					if random.IntN(2) == 0 {
						typ = event.LeadUpdated
					}
					if _, err := tx.ExecContext(ctx, `INSERT INTO kohomai.event (workspace_id, id, month, type, at, lead_id)
						VALUES ($1, $2, date_trunc('month', $3::timestamptz), $4, $3, $5)`, ws, id, now, string(typ), lead); err != nil {
						t.Error(err)
					}
					if ws == 1 {
						mine = append(mine, id)
						if lead == 7 && typ == event.LeadUpdated {
							few = append(few, id)
						}
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
				for _, id := range mine {
					all[id] = true
				}
				for _, id := range few {
					narrow[id] = true
				}
				mu.Unlock()
			}
		})
	}
	written := make(chan struct{})
	inside := actor.Systemic(ctx, 1)
	reader := pg.NewJourneys(db)
	follow := func(f journey.EventFilter, want map[int64]bool) {
		got, p := map[int64]bool{}, page.Request{Size: 7}
		for {
			over := false
			select {
			case <-written:
				over = true
			default:
			}
			found, err := reader.EventsOf(inside, f, p)
			if err != nil {
				t.Error(err)
				return
			}
			for _, e := range found.Items {
				if got[int64(e.ID)] {
					t.Errorf("%d is told twice", e.ID)
				}
				got[int64(e.ID)] = true
			}
			p.After = &found.Follow
			// The horizon waits for every transaction of the cluster, those of other tests too.
			if over && !found.More && len(got) >= len(want) {
				break
			}
			if len(found.Items) == 0 {
				time.Sleep(time.Millisecond)
			}
		}
		if len(want) < 20 {
			t.Errorf("only %d events", len(want))
		}
		for id := range want {
			if !got[id] {
				t.Errorf("%d is missed", id)
			}
		}
		for id := range got {
			if !want[id] {
				t.Errorf("%d is told and was never committed or asked for", id)
			}
		}
	}
	var readers sync.WaitGroup
	readers.Go(func() { follow(journey.EventFilter{}, all) })
	readers.Go(func() { follow(journey.EventFilter{Lead: 7, Types: []event.Type{event.LeadUpdated}}, narrow) })
	readers.Go(func() { follow(journey.EventFilter{Since: now.Add(-time.Second)}, all) })
	writers.Wait()
	close(written)
	readers.Wait()

	if found, err := reader.EventsOf(inside, journey.EventFilter{Since: now.Add(time.Hour)}, page.Request{}); err != nil || len(found.Items) != 0 {
		t.Errorf("of the future there are %d, %v", len(found.Items), err)
	}
	if _, err := reader.EventsOf(inside, journey.EventFilter{}, page.Request{After: &page.Cursor{Sort: "x"}}); err == nil {
		t.Error("a forged place is taken")
	}
}

// The place of a follower is found by the index, under row-level security too: what was
// told is not read again.
func TestJourneys_EventsOf_readsByIndex(t *testing.T) {
	t.Parallel()
	owner, err := sql.Open("pgx", template.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = owner.Close() }()
	tx, err := owner.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, text := range []string{
		`SET LOCAL search_path = kohomai`, `SET LOCAL ROLE kohomai_app`, `SET LOCAL app.ws = '1'`, `SET LOCAL enable_seqscan = off`,
		`SET LOCAL enable_bitmapscan = off`,
	} {
		if _, err := tx.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := tx.QueryContext(t.Context(), `EXPLAIN SELECT id FROM event_in_full WHERE xid >= '5'::xid8 AND xid < '9'::xid8 ORDER BY xid, id LIMIT 51`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil || !strings.Contains(plan.String(), "Index Cond: ((xid >= ") {
		t.Errorf("%v\n%s", err, plan.String())
	}
}
