package pg

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/webhook"
)

// webhookEvents is webhook.EventLog.
type webhookEvents struct{ eventStore }

// subjectOf is the column of an event that a level's subject is compared with.
var subjectOf = map[webhook.Level]string{
	webhook.OfWorkspace: `0`,
	webhook.OfLead:      `e.lead_id`,
	webhook.OfJourney:   `e.journey_id`,
	webhook.OfFunnel:    `(SELECT j.funnel_id FROM journey j WHERE j.workspace_id = e.workspace_id AND j.id = e.journey_id)`,
}

func (s webhookEvents) Since(ctx context.Context, e webhook.Endpoint, from, to time.Time, after ident.Event, n int) ([]webhook.Past, error) {
	rows, err := s.tx.QueryContext(ctx, `
		SELECT e.id, e.type, e.at, COALESCE(e.lead_id, 0), COALESCE(e.journey_id, 0), COALESCE(e.sequence, 0),
			COALESCE(d.id, 0), COALESCE(d.status, ''), COALESCE(d.attempts, 0), COALESCE(d.created_at, e.at)
		FROM event e LEFT JOIN webhook_delivery d ON d.workspace_id = e.workspace_id AND d.endpoint_id = $2 AND d.event_id = e.id
		WHERE e.workspace_id = $1 AND e.id > $5 AND e.month >= date_trunc('month', $3::timestamptz AT TIME ZONE 'UTC')::date
			AND e.at >= $3 AND e.at < $4 AND `+subjectOf[e.Level]+` = $6
		ORDER BY e.id LIMIT $7`, // #nosec G202 -- constants
		int64(s.ws), int64(e.ID), from, to, int64(after), e.Subject, n)
	if err != nil {
		return nil, fmt.Errorf("reading past events: %w", err)
	}
	return all(rows, func(row interface{ Scan(...any) error }) (webhook.Past, error) {
		var p webhook.Past
		ev, d := &p.Event, &p.Delivery
		err := row.Scan(&ev.ID, &ev.Type, &ev.At, &ev.Lead, &ev.Journey, &ev.Sequence, &d.ID, &d.Status, &d.Attempts, &d.CreatedAt)
		ev.At, d.CreatedAt = ev.At.UTC(), d.CreatedAt.UTC()
		d.Endpoint, d.Event, d.Type, d.EventAt = e.ID, ev.ID, ev.Type, ev.At
		d.Lead, d.Journey, d.Sequence = ev.Lead, ev.Journey, ev.Sequence
		return p, err
	})
}

// statusAfter is what a journey's status is by an event, for those that change it.
const statusAfter = `CASE s.type WHEN 'journey.blocked' THEN 'Blocked' WHEN 'journey.converted' THEN 'Converted'
	WHEN 'journey.not_qualified' THEN 'NotQualified' WHEN 'journey.cancelled' THEN 'Cancelled' ELSE 'InProgress' END`

// Facts implements webhook.Reader. A journey's status just after an event follows from the
// log, so that a message says the same whenever it is sent.
func (r *Webhooks) Facts(ctx context.Context, list []webhook.Delivery) (map[ident.Event]webhook.Fact, error) {
	ids := make([]int64, len(list))
	months := make([]time.Time, len(list))
	for i, d := range list {
		ids[i], months[i] = int64(d.Event), time.Date(d.EventAt.Year(), d.EventAt.Month(), 1, 0, 0, 0, 0, time.UTC)
	}
	var found []webhook.Fact
	err := r.db.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT e.id, e.type, e.at, COALESCE(e.lead_id, 0), COALESCE(e.journey_id, 0), COALESCE(e.sequence, 0), COALESCE(e.data, '{}'),
				COALESCE(CASE WHEN e.journey_id IS NOT NULL THEN (SELECT `+statusAfter+` FROM event s
					WHERE s.workspace_id = e.workspace_id AND s.journey_id = e.journey_id AND s.sequence <= e.sequence
						AND s.type IN ('journey.started', 'journey.blocked', 'journey.unblocked', 'journey.converted', 'journey.not_qualified', 'journey.cancelled')
					ORDER BY s.sequence DESC LIMIT 1) END, 'InProgress'),
				COALESCE(a.id, 0), COALESCE(a.key, ''), COALESCE(a.name, ''), COALESCE(a.connector, ''), COALESCE(a.stage, ''), COALESCE(a.visit, 0)
			FROM unnest($1::bigint[], $2::date[]) AS n (id, month)
			JOIN event e ON e.workspace_id = NULLIF(current_setting('app.ws', true), '')::bigint AND e.id = n.id AND e.month = n.month
			LEFT JOIN activity_run a ON a.workspace_id = e.workspace_id AND a.id = e.run_id`, ids, months)
		if err != nil {
			return err
		}
		found, err = all(rows, func(row interface{ Scan(...any) error }) (webhook.Fact, error) {
			var f webhook.Fact
			var a webhook.Activity
			var data []byte
			err := row.Scan(&f.ID, &f.Type, &f.At, &f.Lead, &f.Journey, &f.Sequence, &data, &f.Status,
				&a.ID, &a.Key, &a.Name, &a.Connector, &a.Stage, &a.Visit)
			if err != nil {
				return f, err
			}
			f.At = f.At.UTC()
			if a.ID != 0 {
				f.Activity = &a
			}
			return f, fromJSON(data, &f.Data)
		})
		return err
	})
	out := make(map[ident.Event]webhook.Fact, len(found))
	for _, f := range found {
		out[f.ID] = f
	}
	return out, err
}
