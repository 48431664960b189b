package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// rung is the hand-written state machine "same batch": registrations gathered while the
// previous gathering commits, two lanes, each table written with one multi-row statement:
// a lead, a journey, six runs and twenty-two events each.
type rung struct {
	pool  *pgxpool.Pool
	queue chan *request
}

type request struct {
	n    int64
	done chan error
}

const rungSchema = `
CREATE TABLE lead (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, facts jsonb NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE journey (id bigint PRIMARY KEY, lead_id bigint NOT NULL REFERENCES lead, status text NOT NULL, state jsonb NOT NULL,
	data jsonb NOT NULL, created_at timestamptz NOT NULL);
CREATE INDEX ON journey (created_at DESC, id DESC);
CREATE INDEX ON journey (lead_id);
CREATE TABLE run (id bigint PRIMARY KEY, journey_id bigint NOT NULL REFERENCES journey, key text NOT NULL, stage text NOT NULL,
	status text NOT NULL, started_at timestamptz, completed_at timestamptz);
CREATE INDEX ON run (journey_id);
CREATE TABLE event (id bigint PRIMARY KEY, journey_id bigint NOT NULL, sequence bigint NOT NULL, type text NOT NULL,
	at timestamptz NOT NULL, data jsonb);
CREATE INDEX ON event (journey_id, sequence);`

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
	return <-q.done
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

const facts = `{"lead.email":{"v":{"t":"Email","v":"lead@bench.example.org"},"s":"api","c":1},"lead.firstname":{"v":{"t":"Text","v":"Ada"},"s":"api","c":1},"email.domain":{"v":{"t":"Text","v":"bench.example.org"},"s":"email","c":1}}`

func (r *rung) commit(ctx context.Context, batch []*request) error {
	now := time.Now()
	var leads, runs, runJourneys, events, eventJourneys, sequences []int64
	var emails, keys, stages, types, data []string
	for _, q := range batch {
		leads, emails = append(leads, q.n), append(emails, fmt.Sprintf("lead%d@bench.example.org", q.n))
		for i := range int64(6) {
			runs, runJourneys = append(runs, q.n*6+i), append(runJourneys, q.n)
			keys, stages = append(keys, fmt.Sprintf("act%d", i)), append(stages, fmt.Sprintf("stage%d", i/2))
		}
		for i := range int64(22) {
			events, eventJourneys, sequences = append(events, q.n*22+i), append(eventJourneys, q.n), append(sequences, i+1)
			types, data = append(types, "activity.completed"), append(data, `{"Key":"act","Name":"act","Stage":"stage","Connector":"set"}`)
		}
	}
	return pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO lead SELECT i, e, $3, $4 FROM unnest($1::bigint[], $2::text[]) AS n (i, e)`, leads, emails, facts, now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO journey SELECT i, i, 'Converted', $2, $2, $3 FROM unnest($1::bigint[]) AS n (i)`, leads, facts, now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO run SELECT i, j, k, s, 'Completed', $5, $5 FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) AS n (i, j, k, s)`,
			runs, runJourneys, keys, stages, now); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO event SELECT i, j, s, t, $6, d::jsonb FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[]) AS n (i, j, s, t, d)`,
			events, eventJourneys, sequences, types, data, now)
		return err
	})
}
