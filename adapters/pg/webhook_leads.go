package pg

import (
	"context"
	"fmt"

	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/ident"
)

// leadWebhooks is engine.WebhookStore.
type leadWebhooks struct {
	tx transaction
	ws ident.Workspace
}

func (s leadWebhooks) Of(ctx context.Context, leads []ident.User) ([]engine.Subscription, error) {
	ids := make([]int64, len(leads))
	for i, l := range leads {
		ids[i] = int64(l)
	}
	rows, err := s.tx.QueryContext(ctx, `SELECT id, subject_id, url FROM webhook_endpoint
		WHERE workspace_id = $1 AND level = 'Lead' AND subject_id = ANY($2)`, int64(s.ws), ids)
	if err != nil {
		return nil, fmt.Errorf("reading the webhooks of leads: %w", err)
	}
	defer rows.Close()
	var out []engine.Subscription
	for rows.Next() {
		var one engine.Subscription
		if err := rows.Scan(&one.ID, &one.Lead, &one.URL); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, rows.Err()
}

func (s leadWebhooks) Save(ctx context.Context, all []engine.Subscription) error {
	n := len(all)
	ids, leads, urls := make([]int64, n), make([]int64, n), make([]string, n)
	events, sealed := make([]string, n), make([][]byte, n)
	for i, one := range all {
		raw, err := toJSON(one.Events)
		if err != nil {
			return err
		}
		ids[i], leads[i], urls[i], events[i], sealed[i] = int64(one.ID), int64(one.Lead), one.URL, raw, one.Sealed
	}
	if _, err := s.tx.ExecContext(ctx, `
		INSERT INTO webhook_endpoint AS w (workspace_id, id, level, subject_id, url, events, secret_sealed, created_at)
		SELECT $1, id, 'Lead', lead, url, ARRAY(SELECT jsonb_array_elements_text(events)), sealed, now()
		FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::jsonb[], $6::bytea[]) AS n (id, lead, url, events, sealed)
		ON CONFLICT (workspace_id, level, subject_id, url) DO UPDATE SET events = excluded.events
		WHERE w.events IS DISTINCT FROM excluded.events`, int64(s.ws), ids, leads, urls, events, sealed); err != nil {
		return fmt.Errorf("keeping the webhooks of leads: %w", err)
	}
	return nil
}
