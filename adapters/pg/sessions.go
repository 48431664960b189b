package pg

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
	"github.com/kohomai/kohomai/core/session"
)

// SessionTx makes the stores of core/session. Queue binds the job queue to a transaction.
func SessionTx(seal Sealer, queue func(*sql.Tx) job.Queue) func(*sql.Tx, actor.Actor) session.Tx {
	return func(tx *sql.Tx, a actor.Actor) session.Tx {
		return session.Tx{
			Codes: codeStore{tx, a.Workspace, seal}, Links: sessionStore{tx, a.Workspace},
			Drafts: draftStore{tx, a.Workspace}, Jobs: queue(tx),
		}
	}
}

// openerStore is engine.VisitStore.
type openerStore struct{ visitStore }

func (s openerStore) Lock(ctx context.Context, hashes [][]byte) ([]*session.Link, error) {
	rows, err := s.tx.QueryContext(ctx, `SELECT `+linkColumns+` FROM session WHERE workspace_id = $1 AND token_hash = ANY($2)
		ORDER BY id FOR UPDATE`, int64(s.ws), hashes)
	if err != nil {
		return nil, fmt.Errorf("locking links: %w", err)
	}
	defer rows.Close()
	var out []*session.Link
	for rows.Next() {
		l, err := scanLink(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, &l)
	}
	return out, rows.Err()
}

func (s openerStore) Use(ctx context.Context, links []*session.Link) error {
	for _, l := range links {
		if _, err := s.tx.ExecContext(ctx, `UPDATE session SET used_at = $3 WHERE workspace_id = $1 AND id = $2`,
			int64(s.ws), int64(l.ID), l.UsedAt); err != nil {
			return fmt.Errorf("using a link: %w", err)
		}
	}
	return nil
}

const linkColumns = `id, user_id, journey_id, token_hash, redirect_url, created_at, valid_until, used_at`

func scanLink(row interface{ Scan(...any) error }) (session.Link, error) {
	var l session.Link
	var journey *int64
	var used *time.Time
	err := row.Scan(&l.ID, &l.User, &journey, &l.TokenHash, &l.RedirectURL, &l.CreatedAt, &l.ValidUntil, &used)
	l.Journey, l.UsedAt = ident.Journey(deref(journey)), moment(used)
	return l, err
}

type codeStore struct {
	tx   *sql.Tx
	ws   ident.Workspace
	seal Sealer
}

func codePlace(ws ident.Workspace, id ident.Session) string {
	return fmt.Sprintf("access_code|%d|%d", ws, id)
}

func (s codeStore) Put(ctx context.Context, c session.Code) error {
	sealed, err := s.seal.Seal([]byte(c.Digits), codePlace(s.ws, c.ID))
	if err != nil {
		return err
	}
	if _, err := s.tx.ExecContext(ctx, `INSERT INTO access_code
			(workspace_id, user_id, id, journey_id, redirect_url, code_sealed, created_at, valid_until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (workspace_id, user_id) DO UPDATE SET id = excluded.id, journey_id = excluded.journey_id,
			redirect_url = excluded.redirect_url, code_sealed = excluded.code_sealed, tries = 0,
			created_at = excluded.created_at, valid_until = excluded.valid_until, used_at = NULL`,
		int64(s.ws), int64(c.User), int64(c.ID), orNull(c.Journey), c.RedirectURL, sealed, c.CreatedAt, c.ValidUntil); err != nil {
		return fmt.Errorf("keeping a code: %w", err)
	}
	return nil
}

const codeColumns = `c.id, c.user_id, c.journey_id, c.redirect_url, c.code_sealed, c.tries, c.created_at, c.valid_until, c.used_at`

func scanCode(row interface{ Scan(...any) error }, ws ident.Workspace, seal Sealer, more ...any) (session.Code, error) {
	var c session.Code
	var journey *int64
	var sealed []byte
	var used *time.Time
	into := append([]any{&c.ID, &c.User, &journey, &c.RedirectURL, &sealed, &c.Tries, &c.CreatedAt, &c.ValidUntil, &used}, more...)
	if err := row.Scan(into...); err != nil {
		return c, classify(err)
	}
	digits, err := seal.Open(sealed, codePlace(ws, c.ID))
	if err != nil {
		return c, fmt.Errorf("opening a code: %w", err)
	}
	c.Journey, c.Digits, c.UsedAt = ident.Journey(deref(journey)), string(digits), moment(used)
	return c, nil
}

func (s codeStore) Lock(ctx context.Context, user ident.User) (session.Code, error) {
	return scanCode(s.tx.QueryRowContext(ctx, `SELECT `+codeColumns+` FROM access_code c WHERE c.workspace_id = $1 AND c.user_id = $2 FOR UPDATE`,
		int64(s.ws), int64(user)), s.ws, s.seal)
}

func (s codeStore) Save(ctx context.Context, c session.Code) error {
	_, err := s.tx.ExecContext(ctx, `UPDATE access_code SET tries = $4, used_at = $5 WHERE workspace_id = $1 AND user_id = $2 AND id = $3`,
		int64(s.ws), int64(c.User), int64(c.ID), c.Tries, at(c.UsedAt))
	return err
}

type draftStore struct {
	tx *sql.Tx
	ws ident.Workspace
}

func (s draftStore) Save(ctx context.Context, d session.Draft) error {
	_, err := s.tx.ExecContext(ctx, `INSERT INTO draft (workspace_id, run_id, field, value, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (workspace_id, run_id, field) DO UPDATE SET value = excluded.value, at = excluded.at WHERE draft.at <= excluded.at`,
		int64(s.ws), int64(d.Run), d.Field, string(d.Value), d.At)
	return err
}

func (s draftStore) Drop(ctx context.Context, run ident.Run) error {
	_, err := s.tx.ExecContext(ctx, `DELETE FROM draft WHERE workspace_id = $1 AND run_id = $2`, int64(s.ws), int64(run))
	return err
}

// Sessions is session.Reader.
type Sessions struct {
	db   *DB
	seal Sealer
}

// NewSessions makes the reader.
func NewSessions(db *DB, seal Sealer) *Sessions { return &Sessions{db: db, seal: seal} }

// Link implements session.Reader.
func (r *Sessions) Link(ctx context.Context, hash []byte) (session.Found, error) {
	var f session.Found
	err := r.db.sql.QueryRowContext(ctx, `SELECT s.workspace_id, w.name, w.sandbox FROM session_by_hash($1) s
		JOIN workspaces() w ON w.workspace_id = s.workspace_id`, hash).Scan(&f.Workspace, &f.Name, &f.Sandbox)
	if err != nil {
		return f, classify(err)
	}
	err = r.db.read(actor.Systemic(ctx, f.Workspace), func(tx *sql.Tx) (err error) {
		f.Link, err = scanLink(tx.QueryRowContext(ctx, `SELECT `+linkColumns+` FROM session WHERE token_hash = $1`, hash))
		return err
	})
	return f, err
}

// Visitor implements session.Reader.
func (r *Sessions) Visitor(ctx context.Context, hash []byte) (session.Visitor, error) {
	var v session.Visitor
	err := r.db.read(ctx, func(tx *sql.Tx) error {
		var user ident.User
		var journey *int64
		var origins string
		err := tx.QueryRowContext(ctx, `SELECT s.user_id, s.journey_id, s.redirect_url, s.created_at, s.expires_at, w.workspace_id, w.name, w.sandbox,
				array_to_string(w.redirect_origins, E'\n')
			FROM web_session s JOIN workspace w ON w.workspace_id = s.workspace_id
			WHERE s.token_hash = $1 AND s.kind = 'front'`, hash).
			Scan(&user, &journey, &v.RedirectURL, &v.Since, &v.Until, &v.Workspace.ID, &v.Workspace.Name, &v.Workspace.Sandbox, &origins)
		if err != nil {
			return err
		}
		v.Journey, v.Workspace.RedirectOrigins = ident.Journey(deref(journey)), strings.Fields(origins)
		v.User, err = scanUser(tx.QueryRowContext(ctx, `SELECT `+userColumns+` FROM app_user WHERE id = $1`, int64(user)))
		return err
	})
	return v, err
}

// Drafts implements session.Reader.
func (r *Sessions) Drafts(ctx context.Context, run ident.Run) ([]session.Draft, error) {
	var out []session.Draft
	err := r.db.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT run_id, field, value, at FROM draft WHERE run_id = $1 ORDER BY field`, int64(run))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var d session.Draft
			if err := rows.Scan(&d.Run, &d.Field, &d.Value, &d.At); err != nil {
				return err
			}
			d.At = d.At.UTC()
			out = append(out, d)
		}
		return rows.Err()
	})
	return out, err
}

// Letter implements session.Reader.
func (r *Sessions) Letter(ctx context.Context, id ident.Session) (session.Letter, error) {
	var l session.Letter
	err := r.db.read(ctx, func(tx *sql.Tx) (err error) {
		var first, last string
		ws := actor.From(ctx).Workspace
		l.Code, err = scanCode(tx.QueryRowContext(ctx, `SELECT `+codeColumns+`, u.email, u.firstname, u.lastname, w.workspace_id, w.name, w.sandbox
			FROM access_code c JOIN app_user u ON u.workspace_id = c.workspace_id AND u.id = c.user_id
			JOIN workspace w ON w.workspace_id = c.workspace_id WHERE c.id = $1`, int64(id)), ws, r.seal,
			&l.To, &first, &last, &l.Workspace.ID, &l.Workspace.Name, &l.Workspace.Sandbox)
		l.Name = strings.TrimSpace(first + " " + last)
		return err
	})
	return l, err
}
