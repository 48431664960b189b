package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// rung is the hand-written "state machine, group commit, automatic activities applied in
// the same batch": registrations gathered while the previous gathering commits, two
// lanes, leads looked for and locked, the machine run in memory, each table written with
// one multi-row statement, every caller answered after the commit.
type rung struct {
	pool  *pgxpool.Pool
	queue chan *request
	mu    sync.Mutex
	ids   int64
}

type request struct {
	n    int64
	done chan error
}

// The rows and indexes a reader of the product needs: a lead by its address, journeys by
// creation and by lead, the runs and the events of a journey. Like the product's hot
// tables they have no foreign keys.
const rungSchema = `
CREATE TABLE lead (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, facts jsonb NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE journey (id bigint PRIMARY KEY, lead_id bigint NOT NULL, status text NOT NULL, sequence bigint NOT NULL,
	state jsonb NOT NULL, data jsonb NOT NULL, created_at timestamptz NOT NULL, ended_at timestamptz);
CREATE INDEX ON journey (created_at DESC, id DESC);
CREATE INDEX ON journey (lead_id);
CREATE TABLE run (id bigint PRIMARY KEY, journey_id bigint NOT NULL, key text NOT NULL, stage text NOT NULL,
	status text NOT NULL, started_at timestamptz, completed_at timestamptz);
CREATE INDEX ON run (journey_id);
CREATE TABLE event (id bigint PRIMARY KEY, journey_id bigint NOT NULL, sequence bigint NOT NULL, type text NOT NULL,
	at timestamptz NOT NULL, data jsonb);
CREATE INDEX ON event (journey_id, sequence);
CREATE TABLE bare (id bigint NOT NULL, at timestamptz NOT NULL)`

const rungCheck = `SELECT (SELECT count(*) FROM journey WHERE status = 'Converted'),
	(SELECT count(*) FROM (SELECT journey_id FROM run GROUP BY 1 HAVING count(*) = 6 AND bool_and(status = 'Completed')) AS r),
	(SELECT count(*) FROM (SELECT e.journey_id FROM event e JOIN journey j ON j.id = e.journey_id GROUP BY 1, j.sequence
		HAVING count(*) = j.sequence AND count(DISTINCT e.sequence) = j.sequence AND max(e.sequence) = j.sequence) AS e)`

func newRung(ctx context.Context, dsn string) (*rung, error) {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close(ctx) }()
	if _, err := c.Exec(ctx, "CREATE DATABASE bench"); err != nil {
		return nil, err
	}
	pool, err := pgxpool.New(ctx, inDatabase(dsn, "bench"))
	if err != nil {
		return nil, err
	}
	if _, err := pool.Exec(ctx, rungSchema); err != nil {
		return nil, err
	}
	r := &rung{pool: pool, queue: make(chan *request, 4096)}
	for range 2 {
		go r.lane(ctx)
	}
	return r, nil
}

func (r *rung) register(_ context.Context, n int64) error {
	q := &request{n: n, done: make(chan error, 1)}
	r.queue <- q
	if err := <-q.done; err != nil {
		return err
	}
	acknowledged.bench.Add(1)
	return nil
}

// bare is one row committed alone: the least any acknowledgement can cost.
func (r *rung) bare(ctx context.Context, n int64) error {
	_, err := r.pool.Exec(ctx, "INSERT INTO bare VALUES ($1, $2)", n, time.Now())
	return err
}

func (r *rung) lane(ctx context.Context) {
	for first := range r.queue {
		batch := []*request{first}
	gather:
		for len(batch) < 256 {
			select {
			case q := <-r.queue:
				batch = append(batch, q)
			default:
				break gather
			}
		}
		err := r.commit(ctx, batch)
		for _, q := range batch {
			q.done <- err
		}
	}
}

func (r *rung) nextID() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ids++
	return r.ids
}

func (r *rung) commit(ctx context.Context, batch []*request) error {
	emails := make([]string, len(batch))
	for i, q := range batch {
		emails[i] = fmt.Sprintf("lead%d@bench.example.org", q.n)
	}
	return pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		var now time.Time
		var known int64
		if err := tx.QueryRow(ctx, `SELECT clock_timestamp(), count(*) FROM (SELECT FROM lead WHERE email = ANY($1) ORDER BY email FOR UPDATE) AS l`,
			emails).Scan(&now, &known); err != nil {
			return err
		}
		if known > 0 {
			return fmt.Errorf("%d leads registered twice", known)
		}
		journeys := make([]*journey, len(batch))
		for i, q := range batch {
			journeys[i] = start(q.n, now, r.nextID)
		}
		return write(ctx, tx, journeys, now)
	})
}

func write(ctx context.Context, tx pgx.Tx, journeys []*journey, now time.Time) error {
	var ids, leads, sequences, runs, runJourneys, events, eventJourneys, eventSequences []int64
	var emails, facts, statuses, states, keys, stages, runStatuses, types, data []string
	for _, j := range journeys {
		raw, err := json.Marshal(j.facts)
		if err != nil {
			return err
		}
		ids, leads, sequences, emails = append(ids, j.id), append(leads, j.lead), append(sequences, j.sequence), append(emails, j.email)
		facts, statuses, states = append(facts, string(raw)), append(statuses, j.status), append(states, j.state())
		for _, w := range j.runs {
			runs, runJourneys = append(runs, w.id), append(runJourneys, j.id)
			keys, stages, runStatuses = append(keys, w.key), append(stages, w.stage), append(runStatuses, w.status)
		}
		for _, e := range j.events {
			events, eventJourneys, eventSequences = append(events, e.id), append(eventJourneys, j.id), append(eventSequences, e.sequence)
			types, data = append(types, e.typ), append(data, e.data)
		}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO lead SELECT i, e, f, $4 FROM unnest($1::bigint[], $2::text[], $3::jsonb[]) AS n (i, e, f)`,
		leads, emails, facts, now); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO journey SELECT i, l, s, q, t, f, $7, $7
		FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::jsonb[], $6::jsonb[]) AS n (i, l, s, q, t, f)`,
		ids, leads, statuses, sequences, states, facts, now); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO run SELECT i, j, k, s, t, $6, $6
		FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[]) AS n (i, j, k, s, t)`,
		runs, runJourneys, keys, stages, runStatuses, now); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO event SELECT i, j, s, t, $6, d
		FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::jsonb[]) AS n (i, j, s, t, d)`,
		events, eventJourneys, eventSequences, types, data, now)
	return err
}

func inDatabase(dsn, name string) string {
	before, after, _ := strings.Cut(dsn, "?")
	i := strings.LastIndex(before, "/")
	if after != "" {
		after = "?" + after
	}
	return before[:i+1] + name + after
}
