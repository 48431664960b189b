package pg

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
	"github.com/kohomai/kohomai/core/page"
	"github.com/kohomai/kohomai/core/webhook"
)

// WebhookTx makes the stores of core/webhook.
func WebhookTx(ids *IDs, seal Sealer, queue func(*sql.Tx) job.Queue) func(*sql.Tx, actor.Actor) webhook.Tx {
	return func(tx *sql.Tx, a actor.Actor) webhook.Tx {
		return webhook.Tx{
			Idem: idemStore{tx, a.Workspace, seal}, Subjects: webhookSubjects{tx, a.Workspace}, Endpoints: webhookStore{tx, a.Workspace},
			Deliveries: deliveryStore{tx, a.Workspace}, Events: webhookEvents{eventStore{tx, a.Workspace}},
			Audit: auditLog{tx, a.Workspace, ids}, Jobs: queue(tx),
		}
	}
}

// webhookSubjects is webhook.Subjects.
type webhookSubjects struct {
	tx *sql.Tx
	ws ident.Workspace
}

func (s webhookSubjects) Lock(ctx context.Context, l webhook.Level, subject int64) (bool, error) {
	var row *sql.Row
	// The engine makes webhooks of leads under the lead's lock; the others have but this one.
	switch l {
	case webhook.OfWorkspace:
		row = s.tx.QueryRowContext(ctx, `SELECT true FROM workspace WHERE workspace_id = $1 FOR NO KEY UPDATE`, int64(s.ws))
	case webhook.OfFunnel:
		row = s.tx.QueryRowContext(ctx, `SELECT true FROM funnel WHERE workspace_id = $1 AND id = $2 FOR NO KEY UPDATE`, int64(s.ws), subject)
	case webhook.OfJourney:
		row = s.tx.QueryRowContext(ctx, `SELECT true FROM journey WHERE workspace_id = $1 AND id = $2 FOR NO KEY UPDATE`, int64(s.ws), subject)
	case webhook.OfLead:
		row = s.tx.QueryRowContext(ctx, `SELECT lead_since IS NOT NULL FROM app_user WHERE workspace_id = $1 AND id = $2 FOR NO KEY UPDATE`, int64(s.ws), subject)
	default:
		return false, fmt.Errorf("there is no level %q", l)
	}
	var there bool
	err := row.Scan(&there)
	if fault.Is(classify(err), fault.NotFound) {
		return false, nil
	}
	return there, err
}

func (s webhookSubjects) Now(ctx context.Context) (time.Time, error) {
	var now time.Time
	err := s.tx.QueryRowContext(ctx, `SELECT clock_timestamp()`).Scan(&now)
	return now.UTC(), err
}

// webhookStore is webhook.Store.
type webhookStore struct {
	tx *sql.Tx
	ws ident.Workspace
}

const endpointColumns = `id, level, subject_id, url, to_jsonb(events), description, ordered, etag, secret_sealed, previous_sealed,
	previous_until, disabled_at, disabled_reason, failures, failing_since, succeeded_at, open_until, wake_at, leased_until, created_at, changed_at`

func scanEndpoint(row interface{ Scan(...any) error }) (webhook.Endpoint, error) {
	var e webhook.Endpoint
	var events []byte
	var previous, disabled, failing, succeeded, open, wake, leased *time.Time
	err := row.Scan(&e.ID, &e.Level, &e.Subject, &e.URL, &events, &e.Description, &e.Ordered, &e.Etag, &e.Sealed, &e.Previous,
		&previous, &disabled, &e.DisabledReason, &e.Failures, &failing, &succeeded, &open, &wake, &leased, &e.CreatedAt, &e.ChangedAt)
	if err != nil {
		return e, err
	}
	e.PreviousUntil, e.DisabledAt, e.FailingSince, e.SucceededAt = moment(previous), moment(disabled), moment(failing), moment(succeeded)
	e.OpenUntil, e.WakeAt, e.LeasedUntil = moment(open), moment(wake), moment(leased)
	e.CreatedAt, e.ChangedAt = e.CreatedAt.UTC(), e.ChangedAt.UTC()
	return e, fromJSON(events, &e.Events)
}

func (s webhookStore) Of(ctx context.Context, l webhook.Level, subject int64) ([]webhook.Endpoint, error) {
	rows, err := s.tx.QueryContext(ctx, `SELECT `+endpointColumns+` FROM webhook_endpoint
		WHERE workspace_id = $1 AND level = $2 AND subject_id = $3`, int64(s.ws), string(l), subject)
	if err != nil {
		return nil, fmt.Errorf("reading webhook endpoints: %w", err)
	}
	return all(rows, scanEndpoint)
}

// all reads the rows of a list and closes them.
func all[T any](rows *sql.Rows, scan func(interface{ Scan(...any) error }) (T, error)) ([]T, error) {
	defer func() { _ = rows.Close() }()
	var out []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, rows.Err()
}

func (s webhookStore) Insert(ctx context.Context, e webhook.Endpoint) error {
	events, err := toJSON(e.Events)
	if err != nil {
		return err
	}
	_, err = s.tx.ExecContext(ctx, `
		INSERT INTO webhook_endpoint (workspace_id, id, level, subject_id, url, events, description, ordered, etag, secret_sealed, created_at, changed_at)
		VALUES ($1, $2, $3, $4, $5, ARRAY(SELECT jsonb_array_elements_text($6::jsonb)), $7, $8, $9, $10, $11, $12)`,
		int64(s.ws), int64(e.ID), string(e.Level), e.Subject, e.URL, events, e.Description, e.Ordered, e.Etag, e.Sealed, e.CreatedAt, e.ChangedAt)
	return classify(err)
}

func (s webhookStore) Lock(ctx context.Context, id ident.Webhook) (webhook.Endpoint, error) {
	e, err := scanEndpoint(s.tx.QueryRowContext(ctx, `SELECT `+endpointColumns+` FROM webhook_endpoint
		WHERE workspace_id = $1 AND id = $2 FOR UPDATE`, int64(s.ws), int64(id)))
	return e, classify(err)
}

func (s webhookStore) Save(ctx context.Context, e webhook.Endpoint) error {
	events, err := toJSON(e.Events)
	if err != nil {
		return err
	}
	_, err = s.tx.ExecContext(ctx, `
		UPDATE webhook_endpoint SET url = $3, events = ARRAY(SELECT jsonb_array_elements_text($4::jsonb)), description = $5, ordered = $6,
			etag = $7, secret_sealed = $8, previous_sealed = $9, previous_until = $10, disabled_at = $11, disabled_reason = $12,
			failures = $13, failing_since = $14, succeeded_at = $15, open_until = $16, wake_at = $17, leased_until = $18, changed_at = $19
		WHERE workspace_id = $1 AND id = $2`,
		int64(s.ws), int64(e.ID), e.URL, events, e.Description, e.Ordered, e.Etag, e.Sealed, e.Previous, at(e.PreviousUntil),
		at(e.DisabledAt), e.DisabledReason, e.Failures, at(e.FailingSince), at(e.SucceededAt), at(e.OpenUntil), at(e.WakeAt),
		at(e.LeasedUntil), e.ChangedAt)
	return classify(err)
}

func (s webhookStore) Delete(ctx context.Context, id ident.Webhook) error {
	_, err := s.tx.ExecContext(ctx, `DELETE FROM webhook_endpoint WHERE workspace_id = $1 AND id = $2`, int64(s.ws), int64(id))
	return err
}

// Webhooks is webhook.Reader.
type Webhooks struct{ db *DB }

// NewWebhooks makes the reader.
func NewWebhooks(db *DB) *Webhooks { return &Webhooks{db: db} }

// Get implements webhook.Reader.
func (r *Webhooks) Get(ctx context.Context, id ident.Webhook) (webhook.Endpoint, error) {
	var e webhook.Endpoint
	err := r.db.read(ctx, func(tx *sql.Tx) (err error) {
		e, err = scanEndpoint(tx.QueryRowContext(ctx, `SELECT `+endpointColumns+` FROM webhook_endpoint WHERE id = $1`, int64(id)))
		return err
	})
	return e, err
}

// List implements webhook.Reader.
func (r *Webhooks) List(ctx context.Context, f webhook.Filter, p page.Request) (page.Of[webhook.Endpoint], error) {
	q := newQuery(`SELECT ` + endpointColumns + ` FROM webhook_endpoint WHERE workspace_id = NULLIF(current_setting('app.ws', true), '')::bigint`)
	q.equal("level", string(f.Level), f.Level != "")
	q.equal("subject_id", f.Subject, f.Subject != 0)
	if f.Disabled != nil {
		q.where("(disabled_at IS NOT NULL) = $#", *f.Disabled)
	}
	return listed(ctx, r.db, q, "created_at", p, scanEndpoint, func(e webhook.Endpoint) page.Cursor {
		return page.Cursor{Sort: e.CreatedAt.Format(time.RFC3339Nano), ID: int64(e.ID)}
	})
}

// listed reads a page, newest first by a time and the id.
func listed[T any](ctx context.Context, db *DB, q *query, sort string, p page.Request,
	scan func(interface{ Scan(...any) error }) (T, error), cursor func(T) page.Cursor,
) (page.Of[T], error) {
	var out page.Of[T]
	if err := q.keyset(sort, "id", p, true); err != nil {
		return out, err
	}
	err := db.read(ctx, func(tx *sql.Tx) error {
		rows, err := q.run(ctx, tx)
		if err != nil {
			return err
		}
		out.Items, err = all(rows, scan)
		return err
	})
	out.Items, out.Next = cut(out.Items, p, cursor)
	return out, err
}
