package pg

import (
	"context"
	"database/sql"
	"time"

	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/workspace"
)

// LeadOf implements engine.Directory.
func (d *Directory) LeadOf(ctx context.Context, id ident.Journey) (ident.User, error) {
	var l ident.User
	err := d.db.read(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT lead_id FROM journey
			WHERE workspace_id = NULLIF(current_setting('app.ws', true), '')::bigint AND id = $1`, int64(id)).Scan(&l)
	})
	return l, err
}

// Remindings is engine.Remindings.
type Remindings struct{ db *DB }

// NewRemindings makes the reader.
func NewRemindings(db *DB) *Remindings { return &Remindings{db: db} }

// Reminding implements engine.Remindings.
func (r *Remindings) Reminding(ctx context.Context, run ident.Run) (engine.Reminding, error) {
	var w engine.Reminding
	err := r.db.read(ctx, func(tx *sql.Tx) error {
		var role workspace.Role
		var due *time.Time
		err := tx.QueryRowContext(ctx, `
			SELECT r.id, r.journey_id, r.name, f.name, w.name, w.sandbox, u.email, btrim(u.firstname || ' ' || u.lastname), u.role,
				COALESCE(NULLIF(btrim(l.firstname || ' ' || l.lastname), ''), l.email), r.due_at
			FROM activity_run r
			JOIN journey j ON j.workspace_id = r.workspace_id AND j.id = r.journey_id
			JOIN funnel f ON f.workspace_id = j.workspace_id AND f.id = j.funnel_id
			JOIN workspace w ON w.workspace_id = r.workspace_id
			JOIN app_user u ON u.workspace_id = r.workspace_id AND u.id = r.assignee_user
			JOIN app_user l ON l.workspace_id = r.workspace_id AND l.id = j.lead_id
			WHERE r.workspace_id = NULLIF(current_setting('app.ws', true), '')::bigint AND r.id = $1
				AND r.status = 'InProgress' AND r.waiting_on IN ('Lead', 'Team', 'Stakeholder')`, int64(run)).
			Scan(&w.Run, &w.Journey, &w.Activity, &w.Funnel, &w.Workspace, &w.Sandbox, &w.To, &w.Name, &role, &w.Of, &due)
		w.DueAt = moment(due)
		w.BackOffice = role.BackOffice()
		return err
	})
	return w, err
}
