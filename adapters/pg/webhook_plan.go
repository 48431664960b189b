package pg

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
	"github.com/kohomai/kohomai/core/webhook"
)

// WebhookPlanner is webhook.Planner: it looks across workspaces by definer functions and
// writes in each as that workspace.
type WebhookPlanner struct {
	db    *DB
	queue func(*sql.Tx) job.Queue
}

// NewWebhookPlanner makes the planner. Queue binds the job queue to a transaction.
func NewWebhookPlanner(db *DB, queue func(*sql.Tx) job.Queue) *WebhookPlanner {
	return &WebhookPlanner{db: db, queue: queue}
}

// within runs fn in a transaction that sees no workspace yet.
func (p *WebhookPlanner) within(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := p.db.sql.BeginTx(ctx, nil)
	if err != nil {
		return classify(fmt.Errorf("beginning a transaction: %w", err))
	}
	defer func() { _ = tx.Rollback() }()
	if err := fn(tx); err != nil {
		return classify(err)
	}
	return classify(tx.Commit())
}

// Plan implements webhook.Planner.
func (p *WebhookPlanner) Plan(ctx context.Context, n int, pick func([]webhook.Candidate) ([]webhook.Planned, error)) (bool, error) {
	more := false
	err := p.within(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT workspace_id, event_id, type, at, COALESCE(lead_id, 0), COALESCE(journey_id, 0),
			COALESCE(sequence, 0), endpoint_id, patterns, done FROM webhook_candidates($1)`, n)
		if err != nil {
			return fmt.Errorf("reading events to plan: %w", err)
		}
		candidates, err := all(rows, func(row interface{ Scan(...any) error }) (webhook.Candidate, error) {
			var c webhook.Candidate
			var patterns []byte
			var done bool
			err := row.Scan(&c.Workspace, &c.Event.ID, &c.Event.Type, &c.Event.At, &c.Event.Lead, &c.Event.Journey, &c.Event.Sequence,
				&c.Endpoint, &patterns, &done)
			if err != nil {
				return c, err
			}
			c.Event.At, more = c.Event.At.UTC(), !done
			return c, fromJSON(patterns, &c.Patterns)
		})
		if err != nil {
			return err
		}
		candidates = slices.DeleteFunc(candidates, func(c webhook.Candidate) bool { return c.Endpoint == 0 })
		planned, err := pick(candidates)
		if err != nil {
			return err
		}
		var order []ident.Workspace
		of := map[ident.Workspace][]webhook.Delivery{}
		for _, one := range planned {
			if of[one.Workspace] == nil {
				order = append(order, one.Workspace)
			}
			of[one.Workspace] = append(of[one.Workspace], one.Delivery)
		}
		slices.Sort(order)
		for _, ws := range order {
			if err := plan(ctx, tx, ws, of[ws]); err != nil {
				return err
			}
		}
		return nil
	})
	return more && err == nil, err
}

// plan keeps the deliveries of one workspace and wakes their endpoints.
func plan(ctx context.Context, tx *sql.Tx, ws ident.Workspace, list []webhook.Delivery) error {
	if _, err := tx.ExecContext(ctx, "SELECT set_config('app.ws', $1, true)", strconv.FormatInt(int64(ws), 10)); err != nil {
		return fmt.Errorf("scoping a transaction: %w", err)
	}
	if err := putDeliveries(ctx, tx, ws, list, `DO NOTHING`); err != nil {
		return err
	}
	var endpoints []int64
	for _, d := range list {
		endpoints = append(endpoints, int64(d.Endpoint))
	}
	slices.Sort(endpoints)
	_, err := tx.ExecContext(ctx, `UPDATE webhook_endpoint SET wake_at = now() WHERE workspace_id = $1 AND id IN (
			SELECT id FROM webhook_endpoint WHERE workspace_id = $1 AND id = ANY($2) ORDER BY id FOR UPDATE)
		AND (wake_at IS NULL OR wake_at > now()) AND (open_until IS NULL OR open_until <= now())`, int64(ws), slices.Compact(endpoints))
	if err != nil {
		return fmt.Errorf("waking endpoints: %w", err)
	}
	return nil
}

// Wake implements webhook.Planner.
func (p *WebhookPlanner) Wake(ctx context.Context, n int, item func(webhook.Due) job.Item) (int, error) {
	var jobs []job.Item
	err := p.within(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT workspace_id, id, failing FROM due_webhooks($1)`, n)
		if err != nil {
			return fmt.Errorf("looking for due webhooks: %w", err)
		}
		due, err := all(rows, func(row interface{ Scan(...any) error }) (webhook.Due, error) {
			var d webhook.Due
			err := row.Scan(&d.Workspace, &d.Endpoint, &d.Failing)
			return d, err
		})
		if err != nil || len(due) == 0 {
			return err
		}
		jobs = nil
		for _, d := range due {
			jobs = append(jobs, item(d))
		}
		return p.queue(tx).Enqueue(ctx, jobs...)
	})
	return len(jobs), err
}

// Reap implements webhook.Planner.
func (p *WebhookPlanner) Reap(ctx context.Context, before time.Time, n int) (int, error) {
	var gone int
	err := p.db.sql.QueryRowContext(ctx, `SELECT reap_webhooks($1, $2)`, before, n).Scan(&gone)
	return gone, classify(err)
}
