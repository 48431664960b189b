package pg

import (
	"context"
	"database/sql"
	"time"

	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/page"
)

// Journeys is journey.Reader.
type Journeys struct{ db *DB }

// NewJourneys makes the reader.
func NewJourneys(db *DB) *Journeys { return &Journeys{db: db} }

const summaryFrom = ` , l.id, l.email, l.firstname, l.lastname, o.email, o.firstname, o.lastname, f.name, g.name, g.ref,
	c.done, c.total, c.due_at
	FROM journey j
	JOIN app_user l ON l.workspace_id = j.workspace_id AND l.id = j.lead_id
	LEFT JOIN app_user o ON o.workspace_id = j.workspace_id AND o.id = j.owner_id
	JOIN funnel f ON f.workspace_id = j.workspace_id AND f.id = j.funnel_id
	JOIN origin g ON g.workspace_id = j.workspace_id AND g.id = j.origin_id
	CROSS JOIN LATERAL (
		SELECT count(*) FILTER (WHERE r.status IN ('Completed', 'Skipped')) AS done, count(*) AS total,
			min(r.due_at) FILTER (WHERE r.status IN ('InProgress', 'Blocked')) AS due_at
		FROM activity_run r WHERE r.workspace_id = j.workspace_id AND r.journey_id = j.id) c
	WHERE true`

func scanSummary(row interface{ Scan(...any) error }) (journey.Summary, error) {
	var s journey.Summary
	var email, first, last *string
	var due *time.Time
	var err error
	s.Record, err = journeyRow(row, &s.Lead.ID, &s.Lead.Email, &s.Lead.Firstname, &s.Lead.Lastname, &email, &first, &last,
		&s.FunnelName, &s.OriginName, &s.OriginRef, &s.Completed, &s.Total, &due)
	s.DueAt = moment(due)
	if s.Record.Owner != 0 {
		s.Owner = &journey.Name{ID: s.Record.Owner, Email: deref(email), Firstname: deref(first), Lastname: deref(last)}
	}
	return s, err
}

// Get implements journey.Reader.
func (r *Journeys) Get(ctx context.Context, id ident.Journey) (journey.View, error) {
	v := journey.View{People: map[ident.User]journey.Name{}}
	err := r.db.read(ctx, func(tx *sql.Tx) error {
		var err error
		v.Summary, err = scanSummary(tx.QueryRowContext(ctx, `SELECT `+journeyColumns+summaryFrom+` AND j.id = $1`, int64(id)))
		if err != nil {
			return err
		}
		runs, err := runsOf(ctx, tx, runState{}, []int64{int64(id)})
		if err != nil {
			return err
		}
		v.Runs = runs[id]
		var people []int64
		for _, run := range v.Runs {
			if run.Assignee.User != 0 {
				people = append(people, int64(run.Assignee.User))
			}
		}
		for _, user := range v.Record.State.Participants {
			people = append(people, int64(user))
		}
		rows, err := tx.QueryContext(ctx, `SELECT id, email, firstname, lastname FROM app_user WHERE id = ANY($1)`, people)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var n journey.Name
			if err := rows.Scan(&n.ID, &n.Email, &n.Firstname, &n.Lastname); err != nil {
				return err
			}
			v.People[n.ID] = n
		}
		return rows.Err()
	})
	return v, err
}

// List implements journey.Reader.
func (r *Journeys) List(ctx context.Context, f journey.Filter, p page.Request) (page.Of[journey.Summary], error) {
	q := newQuery(`SELECT ` + journeyColumns + summaryFrom)
	if len(f.Status) > 0 {
		q.where("j.status = ANY($#)", texts(f.Status))
	}
	if len(f.WaitingOn) > 0 {
		q.where("j.waiting_on = ANY($#)", texts(f.WaitingOn))
	}
	q.equal("j.funnel_id", int64(f.Funnel), f.Funnel != 0)
	q.equal("j.version", f.Version, f.Version != 0)
	q.equal("j.lead_id", int64(f.Lead), f.Lead != 0)
	q.equal("j.origin_id", int64(f.Origin), f.Origin != 0)
	q.equal("j.external_id", f.ExternalID, f.ExternalID != "")
	q.equal("j.state->>'Position'", f.Stage, f.Stage != "")
	if f.Search != "" {
		q.where(`(strpos(l.email, lower($#)) > 0 OR strpos(lower(l.firstname || ' ' || l.lastname), lower($#)) > 0)`, f.Search, f.Search)
	}
	if !f.CreatedAfter.IsZero() {
		q.where("j.created_at >= $#", f.CreatedAfter)
	}
	if !f.CreatedBefore.IsZero() {
		q.where("j.created_at < $#", f.CreatedBefore)
	}
	if err := q.keyset("j.created_at", "j.id", p, true); err != nil {
		return page.Of[journey.Summary]{}, err
	}
	items, err := collect(ctx, r.db, scanSummary, q.text.String(), q.args...)
	var out page.Of[journey.Summary]
	out.Items, out.Next = cut(items, p, func(s journey.Summary) page.Cursor {
		return page.Cursor{Sort: s.Record.CreatedAt.Format(time.RFC3339Nano), ID: int64(s.Record.ID)}
	})
	return out, err
}

// Events implements journey.Reader.
func (r *Journeys) Events(ctx context.Context, id ident.Journey, p page.Request) (page.Of[event.Event], error) {
	after := int64(0)
	if p.After != nil {
		after = p.After.ID
	}
	var out page.Of[event.Event]
	err := r.db.read(ctx, func(tx *sql.Tx) error {
		var exists bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM journey WHERE id = $1)`, int64(id)).Scan(&exists); err != nil {
			return err
		}
		if !exists {
			return notFound()
		}
		rows, err := tx.QueryContext(ctx, `SELECT id, type, at, lead_id, sequence, run_id, by_user, data FROM event_in_full
			WHERE workspace_id = NULLIF(current_setting('app.ws', true), '')::bigint AND journey_id = $1 AND sequence > $2
			ORDER BY sequence LIMIT $3`, int64(id), after, p.Limit()+1)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			e := event.Event{Journey: id}
			var lead, run, by *int64
			var data []byte
			if err := rows.Scan(&e.ID, &e.Type, &e.At, &lead, &e.Sequence, &run, &by, &data); err != nil {
				return err
			}
			e.At, e.Lead, e.Run, e.By = e.At.UTC(), ident.User(deref(lead)), ident.Run(deref(run)), ident.User(deref(by))
			if err := fromJSON(data, &e.Data); err != nil {
				return err
			}
			out.Items = append(out.Items, e)
		}
		return rows.Err()
	})
	out.Items, out.Next = cut(out.Items, p, func(e event.Event) page.Cursor { return page.Cursor{ID: e.Sequence} })
	return out, err
}

// OpenRuns implements journey.Reader.
func (r *Journeys) OpenRuns(ctx context.Context, f journey.RunFilter, p page.Request) (page.Of[journey.OpenRun], error) {
	q := newQuery(`SELECT ` + runColumns + `, l.id, l.email, l.firstname, l.lastname, f.name, j.funnel_id, j.version, j.status, j.created_at
		FROM activity_run r
		JOIN journey j ON j.workspace_id = r.workspace_id AND j.id = r.journey_id
		JOIN app_user l ON l.workspace_id = j.workspace_id AND l.id = j.lead_id
		JOIN funnel f ON f.workspace_id = j.workspace_id AND f.id = j.funnel_id
		WHERE r.status IN ('InProgress', 'Blocked')`)
	q.equal("r.assignee_user", int64(f.Assignee), f.Assignee != 0)
	q.equal("r.waiting_on", string(f.WaitingOn), f.WaitingOn != "")
	if err := q.keyset("COALESCE(r.due_at, r.started_at + interval '10 years')", "r.id", p, false); err != nil {
		return page.Of[journey.OpenRun]{}, err
	}
	items, err := collect(ctx, r.db, func(row interface{ Scan(...any) error }) (journey.OpenRun, error) {
		var o journey.OpenRun
		var err error
		o.Run, err = scanRun(row, runState{}, &o.Lead.ID, &o.Lead.Email, &o.Lead.Firstname, &o.Lead.Lastname, &o.FunnelName, &o.Funnel,
			&o.Version, &o.Status, &o.CreatedAt)
		if err == nil {
			o.Journey = o.Run.Journey
		}
		return o, err
	}, q.text.String(), q.args...)
	var out page.Of[journey.OpenRun]
	out.Items, out.Next = cut(items, p, func(o journey.OpenRun) page.Cursor {
		due := o.Run.DueAt
		if due.IsZero() {
			due = o.Run.StartedAt.AddDate(10, 0, 0)
		}
		return page.Cursor{Sort: due.Format(time.RFC3339Nano), ID: int64(o.Run.ID)}
	})
	return out, err
}

func texts[T ~string](in []T) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = string(s)
	}
	return out
}

// Standings implements journey.Log.
func (r *Journeys) Standings(ctx context.Context, ids []ident.Journey) (map[ident.Journey]journey.Standing, error) {
	out := make(map[ident.Journey]journey.Standing, len(ids))
	err := r.db.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT id, sequence, status FROM journey
			WHERE workspace_id = NULLIF(current_setting('app.ws', true), '')::bigint AND id = ANY($1)`, numbers(ids))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id ident.Journey
			var at journey.Standing
			var status journey.Status
			if err := rows.Scan(&id, &at.Sequence, &status); err != nil {
				return err
			}
			at.Open = status.Open()
			out[id] = at
		}
		return rows.Err()
	})
	return out, err
}
