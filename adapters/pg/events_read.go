package pg

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"

	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/page"
)

// EventsOf implements journey.EventReader. Events are ordered by transaction and id, and
// read below the oldest transaction that still runs: nothing can appear there any more.
func (r *Journeys) EventsOf(ctx context.Context, f journey.EventFilter, p page.Request) (journey.EventPage, error) {
	var out journey.EventPage
	after := page.Cursor{Sort: "0"}
	if p.After != nil {
		after = *p.After
		if _, err := strconv.ParseUint(after.Sort, 10, 64); err != nil {
			return out, errToken
		}
	}
	var horizon string
	var places []page.Cursor
	err := r.db.read(ctx, func(tx *sql.Tx) error {
		// The horizon is older than what the list sees, never younger.
		if err := tx.QueryRowContext(ctx, `SELECT pg_snapshot_xmin(pg_current_snapshot())::text`).Scan(&horizon); err != nil {
			return fmt.Errorf("reading the horizon: %w", err)
		}
		q := newQuery(`SELECT id, type, at, lead_id, journey_id, sequence, run_id, by_user, data, xid::text FROM event_in_full
			WHERE workspace_id = NULLIF(current_setting('app.ws', true), '')::bigint`)
		q.where(`xid >= $#::text::xid8 AND xid < $#::text::xid8`, after.Sort, horizon)
		q.where(`(xid > $#::text::xid8 OR id > $#)`, after.Sort, after.ID)
		if len(f.Types) > 0 {
			q.where(`type = ANY($#)`, texts(f.Types))
		}
		q.equal("journey_id", int64(f.Journey), f.Journey != 0)
		q.equal("lead_id", int64(f.Lead), f.Lead != 0)
		if !f.Since.IsZero() {
			q.where(`at >= $# AND month >= date_trunc('month', $#::timestamptz AT TIME ZONE 'UTC')::date`, f.Since, f.Since)
		}
		q.text.WriteString(` ORDER BY xid, id LIMIT ` + strconv.Itoa(p.Limit()+1))
		rows, err := q.run(ctx, tx)
		if err != nil {
			return fmt.Errorf("reading events: %w", err)
		}
		out.Items, err = all(rows, func(row interface{ Scan(...any) error }) (event.Event, error) {
			var e event.Event
			var lead, of, sequence, run, by *int64
			var data []byte
			var xid string
			if err := row.Scan(&e.ID, &e.Type, &e.At, &lead, &of, &sequence, &run, &by, &data, &xid); err != nil {
				return e, err
			}
			e.At, e.Lead, e.Journey, e.Sequence = e.At.UTC(), ident.User(deref(lead)), ident.Journey(deref(of)), deref(sequence)
			e.Run, e.By = ident.Run(deref(run)), ident.User(deref(by))
			places = append(places, page.Cursor{Sort: xid, ID: int64(e.ID)})
			return e, fromJSON(data, &e.Data)
		})
		return err
	})
	if err != nil {
		return journey.EventPage{}, err
	}
	if n := p.Limit(); len(out.Items) > n {
		out.Items, out.Follow, out.More = out.Items[:n], places[n-1], true
		return out, nil
	}
	// All below the horizon is told: go on from there, and not from the last event that
	// the filter let through.
	out.Follow = page.Cursor{Sort: horizon}
	if !later(horizon, after.Sort) {
		out.Follow = after
	}
	return out, nil
}

// later compares two transactions, written in decimal.
func later(a, b string) bool { return len(a) > len(b) || len(a) == len(b) && a > b }

var _ journey.EventReader = (*Journeys)(nil)
