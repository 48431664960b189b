package pg

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/page"
	"github.com/kohomai/kohomai/core/webhook"
)

// deliveryStore is webhook.DeliveryStore.
type deliveryStore struct {
	tx *sql.Tx
	ws ident.Workspace
}

const deliveryColumns = `d.id, d.endpoint_id, d.event_id, d.type, d.event_at, COALESCE(d.lead_id, 0), COALESCE(d.journey_id, 0),
	COALESCE(d.sequence, 0), d.status, d.reason, d.attempts, d.tries, d.next_at, d.created_at, d.ended_at`

func scanDelivery(row interface{ Scan(...any) error }) (webhook.Delivery, error) {
	var d webhook.Delivery
	var next, ended *time.Time
	err := row.Scan(&d.ID, &d.Endpoint, &d.Event, &d.Type, &d.EventAt, &d.Lead, &d.Journey, &d.Sequence, &d.Status, &d.Reason,
		&d.Attempts, &d.Tries, &next, &d.CreatedAt, &ended)
	d.EventAt, d.CreatedAt, d.NextAt, d.EndedAt = d.EventAt.UTC(), d.CreatedAt.UTC(), moment(next), moment(ended)
	return d, err
}

// ahead is true of a delivery that waits for an earlier one of its journey, delivered or
// not yet planned.
const ahead = `(EXISTS (SELECT FROM webhook_delivery o WHERE o.workspace_id = d.workspace_id AND o.endpoint_id = d.endpoint_id
		AND o.status = 'Pending' AND o.journey_id = d.journey_id AND o.sequence < d.sequence)
	OR EXISTS (SELECT FROM event e, webhook_progress p WHERE e.workspace_id = d.workspace_id AND e.journey_id = d.journey_id
		AND e.sequence < d.sequence AND (e.xid > p.xid OR e.xid = p.xid AND e.id > p.id)))`

func (s deliveryStore) Due(ctx context.Context, e webhook.Endpoint, n int) ([]webhook.Delivery, time.Time, error) {
	where := ` FROM webhook_delivery d WHERE d.workspace_id = $1 AND d.endpoint_id = $2 AND d.status = 'Pending'`
	eligible := where
	if e.Ordered {
		eligible += ` AND (d.journey_id IS NULL OR NOT ` + ahead + `)`
		// Only the first of a journey tells when there is something to do.
		where += ` AND (d.journey_id IS NULL OR NOT EXISTS (SELECT FROM webhook_delivery o WHERE o.workspace_id = d.workspace_id
			AND o.endpoint_id = d.endpoint_id AND o.status = 'Pending' AND o.journey_id = d.journey_id AND o.sequence < d.sequence))`
	}
	rows, err := s.tx.QueryContext(ctx, `SELECT `+deliveryColumns+eligible+` AND d.next_at <= clock_timestamp() ORDER BY d.next_at, d.id LIMIT $3`, // #nosec G202 -- constants
		int64(s.ws), int64(e.ID), n)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("reading due deliveries: %w", err)
	}
	due, err := all(rows, scanDelivery)
	if err != nil {
		return nil, time.Time{}, err
	}
	var next *time.Time
	err = s.tx.QueryRowContext(ctx, `SELECT min(d.next_at)`+where, int64(s.ws), int64(e.ID)).Scan(&next) // #nosec G202 -- constants
	return due, moment(next), err
}

func (s deliveryStore) Get(ctx context.Context, e ident.Webhook, id ident.Delivery) (webhook.Delivery, error) {
	d, err := scanDelivery(s.tx.QueryRowContext(ctx, `SELECT `+deliveryColumns+` FROM webhook_delivery d
		WHERE d.workspace_id = $1 AND d.endpoint_id = $2 AND d.id = $3`, int64(s.ws), int64(e), int64(id)))
	return d, classify(err)
}

func (s deliveryStore) Put(ctx context.Context, list []webhook.Delivery) error {
	return putDeliveries(ctx, s.tx, s.ws, list, `DO UPDATE SET status = excluded.status, reason = excluded.reason, tries = excluded.tries,
		next_at = excluded.next_at, ended_at = excluded.ended_at`)
}

// putDeliveries inserts Pending deliveries in one statement; conflict says what happens to
// those whose endpoint has the event already. They are due at once by the database's
// clock, however far ahead this node's is.
func putDeliveries(ctx context.Context, tx *sql.Tx, ws ident.Workspace, list []webhook.Delivery, conflict string) error {
	n := len(list)
	ids, endpoints, events, types, times := make([]int64, n), make([]int64, n), make([]int64, n), make([]string, n), make([]time.Time, n)
	leads, journeys, sequences := make([]*int64, n), make([]*int64, n), make([]*int64, n)
	statuses, reasons, tries := make([]string, n), make([]string, n), make([]int32, n)
	nexts, made, ended := make([]*time.Time, n), make([]time.Time, n), make([]*time.Time, n)
	for i, d := range list {
		ids[i], endpoints[i], events[i], types[i], times[i] = int64(d.ID), int64(d.Endpoint), int64(d.Event), string(d.Type), d.EventAt
		leads[i], journeys[i], sequences[i] = orNull(d.Lead), orNull(d.Journey), orNull(d.Sequence)
		statuses[i], reasons[i], tries[i] = string(d.Status), d.Reason, int32(d.Tries) // #nosec G115 -- at most the schedule's length
		nexts[i], made[i], ended[i] = at(d.NextAt), d.CreatedAt, at(d.EndedAt)
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO webhook_delivery (workspace_id, id, endpoint_id, event_id, type, event_at, lead_id, journey_id, sequence, status, reason,
			tries, next_at, created_at, ended_at)
		SELECT $1, id, endpoint, event, type, event_at, lead, journey, sequence, status, reason, tries, LEAST(next_at, clock_timestamp()), made, ended
		FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::timestamptz[], $7::bigint[], $8::bigint[],
			$9::bigint[], $10::text[], $11::text[], $12::int[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[])
			AS n (id, endpoint, event, type, event_at, lead, journey, sequence, status, reason, tries, next_at, made, ended)
		ON CONFLICT (workspace_id, endpoint_id, event_id) `+conflict, // #nosec G202 -- one of two constants
		int64(ws), ids, endpoints, events, types, times, leads, journeys, sequences, statuses, reasons, tries, nexts, made, ended)
	if err != nil {
		return fmt.Errorf("keeping deliveries: %w", err)
	}
	return nil
}

func (s deliveryStore) Record(ctx context.Context, list []webhook.Delivery, attempts []webhook.Attempt) error {
	n := len(list)
	ids, statuses, reasons := make([]int64, n), make([]string, n), make([]string, n)
	counts, tries, nexts, ended := make([]int32, n), make([]int32, n), make([]*time.Time, n), make([]*time.Time, n)
	for i, d := range list {
		ids[i], statuses[i], reasons[i], nexts[i], ended[i] = int64(d.ID), string(d.Status), d.Reason, at(d.NextAt), at(d.EndedAt)
		counts[i], tries[i] = int32(d.Attempts), int32(d.Tries) // #nosec G115 -- small
	}
	if _, err := s.tx.ExecContext(ctx, `
		UPDATE webhook_delivery d SET status = n.status, reason = n.reason, attempts = n.attempts, tries = n.tries, next_at = n.next_at, ended_at = n.ended_at
		FROM unnest($2::bigint[], $3::text[], $4::text[], $5::int[], $6::int[], $7::timestamptz[], $8::timestamptz[])
			AS n (id, status, reason, attempts, tries, next_at, ended_at)
		WHERE d.workspace_id = $1 AND d.id = n.id`, int64(s.ws), ids, statuses, reasons, counts, tries, nexts, ended); err != nil {
		return fmt.Errorf("writing deliveries: %w", err)
	}
	m := len(attempts)
	of, numbers, times, took := make([]int64, m), make([]int32, m), make([]time.Time, m), make([]int32, m)
	urls, bodies, codes, errs, answers := make([]string, m), make([]string, m), make([]int32, m), make([]string, m), make([][]byte, m)
	for i, a := range attempts {
		of[i], numbers[i], times[i], took[i] = int64(a.Delivery), int32(a.Number), a.At, int32(a.Answer.Took.Milliseconds())     // #nosec G115 -- small
		urls[i], bodies[i], codes[i], errs[i], answers[i] = a.URL, a.Body, int32(a.Answer.Status), a.Answer.Error, a.Answer.Body // #nosec G115 -- an HTTP status
		if answers[i] == nil {
			answers[i] = []byte{}
		}
	}
	if _, err := s.tx.ExecContext(ctx, `
		INSERT INTO webhook_attempt (workspace_id, delivery_id, number, at, took_ms, url, body, status, error, answer)
		SELECT $1, * FROM unnest($2::bigint[], $3::int[], $4::timestamptz[], $5::int[], $6::text[], $7::text[], $8::int[], $9::text[], $10::bytea[])`,
		int64(s.ws), of, numbers, times, took, urls, bodies, codes, errs, answers); err != nil {
		return fmt.Errorf("keeping attempts: %w", err)
	}
	return nil
}

func (s deliveryStore) GiveUp(ctx context.Context, e ident.Webhook, reason string, when time.Time) error {
	_, err := s.tx.ExecContext(ctx, `UPDATE webhook_delivery SET status = 'Failed', reason = $3, next_at = NULL, ended_at = $4
		WHERE workspace_id = $1 AND endpoint_id = $2 AND status = 'Pending'`, int64(s.ws), int64(e), reason, when)
	return err
}

// Deliveries implements webhook.Reader.
func (r *Webhooks) Deliveries(ctx context.Context, f webhook.DeliveryFilter, p page.Request) (page.Of[webhook.Delivery], error) {
	q := newQuery(`SELECT ` + deliveryColumns + ` FROM webhook_delivery d WHERE d.workspace_id = NULLIF(current_setting('app.ws', true), '')::bigint`)
	q.equal("d.endpoint_id", int64(f.Endpoint), true)
	q.equal("d.status", string(f.Status), f.Status != "")
	q.equal("d.type", string(f.Type), f.Type != "")
	q.equal("d.lead_id", int64(f.Lead), f.Lead != 0)
	q.equal("d.journey_id", int64(f.Journey), f.Journey != 0)
	if !f.Since.IsZero() {
		q.where("d.created_at >= $#", f.Since)
	}
	if !f.Till.IsZero() {
		q.where("d.created_at < $#", f.Till)
	}
	return listed(ctx, r.db, q, "created_at", p, scanDelivery, func(d webhook.Delivery) page.Cursor {
		return page.Cursor{Sort: d.CreatedAt.Format(time.RFC3339Nano), ID: int64(d.ID)}
	})
}

// Delivery implements webhook.Reader.
func (r *Webhooks) Delivery(ctx context.Context, e ident.Webhook, id ident.Delivery) (webhook.Delivery, []webhook.Attempt, error) {
	var d webhook.Delivery
	var attempts []webhook.Attempt
	err := r.db.read(ctx, func(tx *sql.Tx) (err error) {
		d, err = scanDelivery(tx.QueryRowContext(ctx, `SELECT `+deliveryColumns+` FROM webhook_delivery d WHERE d.endpoint_id = $1 AND d.id = $2`, int64(e), int64(id)))
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT delivery_id, number, at, took_ms, url, body, status, error, answer FROM webhook_attempt
			WHERE workspace_id = NULLIF(current_setting('app.ws', true), '')::bigint AND delivery_id = $1 ORDER BY number`, int64(id))
		if err != nil {
			return err
		}
		attempts, err = all(rows, func(row interface{ Scan(...any) error }) (webhook.Attempt, error) {
			var a webhook.Attempt
			var ms int64
			err := row.Scan(&a.Delivery, &a.Number, &a.At, &ms, &a.URL, &a.Body, &a.Answer.Status, &a.Answer.Error, &a.Answer.Body)
			a.At, a.Answer.Took = a.At.UTC(), time.Duration(ms)*time.Millisecond
			return a, err
		})
		return err
	})
	return d, attempts, err
}
