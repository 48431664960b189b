package pg

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/session"
)

// visitKinds are the kinds of visit as the table names them.
var visitKinds = map[actor.Kind]string{actor.Console: "console", actor.Front: "front"}

// visitStore keeps visits in a transaction.
type visitStore struct {
	tx transaction
	ws ident.Workspace
}

// Begin implements account.VisitStore.
func (s visitStore) Begin(ctx context.Context, v session.Visit) error {
	kind, known := visitKinds[v.Kind]
	if !known {
		return fmt.Errorf("a visit of kind %d cannot be kept", v.Kind)
	}
	if _, err := s.tx.ExecContext(ctx, `DELETE FROM web_session WHERE workspace_id = $1 AND user_id = $2 AND expires_at <= $3`,
		int64(s.ws), int64(v.User), v.CreatedAt); err != nil {
		return fmt.Errorf("clearing expired visits: %w", err)
	}
	if _, err := s.tx.ExecContext(ctx, `INSERT INTO web_session
		(workspace_id, id, kind, user_id, token_hash, journey_id, redirect_url, created_at, seen_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		int64(s.ws), int64(v.ID), kind, int64(v.User), v.TokenHash, orNull(v.Journey), v.RedirectURL, v.CreatedAt, v.SeenAt, v.ExpiresAt); err != nil {
		return fmt.Errorf("inserting a visit: %w", err)
	}
	return nil
}

// Visits finds who is signed in, in every workspace.
type Visits struct{ db *DB }

// NewVisits makes the reader.
func NewVisits(db *DB) *Visits { return &Visits{db: db} }

// Cookie finds the visit of a token's hash, or NotFound.
func (v *Visits) Cookie(ctx context.Context, hash []byte) (session.Guest, error) {
	var g session.Guest
	var kind string
	err := v.db.sql.QueryRowContext(ctx, `SELECT workspace_id, kind, user_id, role, seen_at, expires_at, sandbox FROM web_session_by_hash($1)`, hash).
		Scan(&g.Actor.Workspace, &kind, &g.Actor.User, &g.Actor.Role, &g.SeenAt, &g.ExpiresAt, &g.Actor.Sandbox)
	if err != nil {
		return g, classify(err)
	}
	g.Actor.Kind = actor.Console
	if kind == visitKinds[actor.Front] {
		// The front-office never grants what a back-office role does.
		g.Actor.Kind, g.Actor.Role = actor.Front, ""
	}
	return g, nil
}

// Seen notes that a visit goes on.
func (v *Visits) Seen(ctx context.Context, hash []byte, at time.Time) error {
	return classify(v.db.scoped(ctx, nil, func(tx *sql.Tx, a actor.Actor) error {
		_, err := tx.ExecContext(ctx, `UPDATE web_session SET seen_at = GREATEST(seen_at, $3) WHERE workspace_id = $1 AND token_hash = $2`,
			int64(a.Workspace), hash, at)
		return err
	}))
}

// End ends a visit, if it goes on.
func (v *Visits) End(ctx context.Context, hash []byte) error {
	_, err := v.db.sql.ExecContext(ctx, `SELECT end_visit($1)`, hash)
	return classify(err)
}
