package pg

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/audit"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/page"
	"github.com/kohomai/kohomai/core/workspace"
)

// WorkspaceTx makes the stores of core/workspace.
func WorkspaceTx(ids *IDs, seal Sealer) func(*sql.Tx, actor.Actor) workspace.Tx {
	return func(tx *sql.Tx, a actor.Actor) workspace.Tx {
		return workspace.Tx{
			Idem:       idemStore{tx, a.Workspace, seal},
			Workspaces: workspaceStore{tx, ids}, Keys: keyStore{tx, a.Workspace},
			Users: userStore{tx, a.Workspace, ids}, Audit: auditLog{tx, a.Workspace, ids},
		}
	}
}

type workspaceStore struct {
	tx  *sql.Tx
	ids *IDs
}

func (s workspaceStore) Insert(ctx context.Context, w workspace.Workspace) error {
	origins := w.RedirectOrigins
	if origins == nil {
		origins = []string{}
	}
	if _, err := s.tx.ExecContext(ctx, `INSERT INTO workspace (workspace_id, name, sandbox, sandbox_of, redirect_origins, created_at)
		VALUES ($1, $2, $3, $4, $5, $6)`, int64(w.ID), w.Name, w.Sandbox, orNull(w.SandboxOf), origins, w.CreatedAt); err != nil {
		return fmt.Errorf("inserting a workspace: %w", err)
	}
	if _, err := s.tx.ExecContext(ctx, `INSERT INTO policy (workspace_id, name) VALUES ($1, 'account-managers')`, int64(w.ID)); err != nil {
		return fmt.Errorf("inserting a policy: %w", err)
	}
	defs := datapoint.Builtin()
	ids, err := s.ids.Reserve(ctx, len(defs))
	if err != nil {
		return err
	}
	for i := range defs {
		defs[i].ID = ident.DataPoint(ids[i])
	}
	return insertDataPoints(ctx, s.tx, w.ID, defs)
}

func insertDataPoints(ctx context.Context, tx *sql.Tx, ws ident.Workspace, defs []datapoint.Definition) error {
	for _, d := range defs {
		options := d.Options
		if options == nil {
			options = []string{}
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO data_point (workspace_id, id, key, name, type, options, builtin)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, int64(ws), int64(d.ID), d.Key, d.Name, d.Type.String(), options, d.Builtin); err != nil {
			return fmt.Errorf("inserting a data point: %w", err)
		}
	}
	return nil
}

type keyStore struct {
	tx *sql.Tx
	ws ident.Workspace
}

func (s keyStore) Insert(ctx context.Context, k workspace.Key) error {
	_, err := s.tx.ExecContext(ctx, `INSERT INTO api_key (workspace_id, id, name, lookup, hash, env, scopes, origin_id, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		int64(s.ws), int64(k.ID), k.Name, k.Lookup, k.Hash, string(k.Env), k.Scopes, orNull(k.Origin), k.CreatedAt, at(k.ExpiresAt))
	return classify(err)
}

const keyColumns = `id, name, lookup, env, array_to_string(scopes, ','), COALESCE(origin_id, 0), created_at, expires_at, revoked_at, last_used_at`

func scanKey(row interface{ Scan(...any) error }) (workspace.Key, error) {
	var k workspace.Key
	var scopes string
	var expires, revoked, used *time.Time
	err := row.Scan(&k.ID, &k.Name, &k.Lookup, &k.Env, &scopes, &k.Origin, &k.CreatedAt, &expires, &revoked, &used)
	k.Scopes, k.CreatedAt = strings.Split(scopes, ","), k.CreatedAt.UTC()
	k.ExpiresAt, k.RevokedAt, k.LastUsedAt = moment(expires), moment(revoked), moment(used)
	return k, err
}

func (s keyStore) Lock(ctx context.Context, id ident.Key) (workspace.Key, error) {
	return scanKey(s.tx.QueryRowContext(ctx, `SELECT `+keyColumns+` FROM api_key WHERE workspace_id = $1 AND id = $2 FOR UPDATE`,
		int64(s.ws), int64(id)))
}

func (s keyStore) Save(ctx context.Context, k workspace.Key) error {
	_, err := s.tx.ExecContext(ctx, `UPDATE api_key SET expires_at = $3, revoked_at = $4 WHERE workspace_id = $1 AND id = $2`,
		int64(s.ws), int64(k.ID), at(k.ExpiresAt), at(k.RevokedAt))
	return err
}

type userStore struct {
	tx  *sql.Tx
	ws  ident.Workspace
	ids *IDs
}

const userColumns = `id, email, display_email, firstname, lastname, phone, role, COALESCE(external_id, ''), lead_since, stakeholder, created_at, changed_at`

func scanUser(row interface{ Scan(...any) error }) (workspace.User, error) {
	var u workspace.User
	var since *time.Time
	err := row.Scan(&u.ID, &u.Email, &u.DisplayEmail, &u.Firstname, &u.Lastname, &u.Phone, &u.Role, &u.ExternalID, &since,
		&u.Stakeholder, &u.CreatedAt, &u.ChangedAt)
	u.LeadSince, u.CreatedAt, u.ChangedAt = moment(since), u.CreatedAt.UTC(), u.ChangedAt.UTC()
	return u, err
}

func (s userStore) Invite(ctx context.Context, u workspace.User) (workspace.User, error) {
	fresh, err := s.ids.Reserve(ctx, 1)
	if err != nil {
		return u, err
	}
	var account int64
	if err := s.tx.QueryRowContext(ctx, `SELECT account_of($1, $2)`, u.Email, fresh[0]).Scan(&account); err != nil {
		return u, fmt.Errorf("finding the account: %w", err)
	}
	u, err = scanUser(s.tx.QueryRowContext(ctx, `
		INSERT INTO app_user (workspace_id, id, account_id, email, display_email, firstname, lastname, role, created_at, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
		ON CONFLICT (workspace_id, email) DO UPDATE SET account_id = excluded.account_id, role = excluded.role, changed_at = excluded.changed_at
		RETURNING `+userColumns,
		int64(s.ws), int64(u.ID), account, u.Email, u.DisplayEmail, u.Firstname, u.Lastname, string(u.Role), u.CreatedAt))
	if err != nil {
		return u, fmt.Errorf("inviting a user: %w", err)
	}
	_, err = s.tx.ExecContext(ctx, `INSERT INTO policy_member (workspace_id, policy, user_id, position)
		SELECT $1, 'account-managers', $2, COALESCE((SELECT max(position) + 1 FROM policy_member WHERE workspace_id = $1 AND policy = 'account-managers'), 0)
		WHERE EXISTS (SELECT FROM policy WHERE workspace_id = $1 AND name = 'account-managers') ON CONFLICT DO NOTHING`, int64(s.ws), int64(u.ID))
	return u, err
}

func (s userStore) SignIn(ctx context.Context, l workspace.SignInLink) error {
	_, err := s.tx.ExecContext(ctx, `INSERT INTO sign_in_link (workspace_id, id, user_id, token_hash, created_at, valid_until)
		VALUES ($1, $2, $3, $4, $5, $6)`, int64(s.ws), int64(l.ID), int64(l.User), l.TokenHash, l.CreatedAt, l.ValidUntil)
	return err
}

type auditLog struct {
	tx  *sql.Tx
	ws  ident.Workspace
	ids *IDs
}

func (s auditLog) Append(ctx context.Context, entries ...audit.Entry) error {
	ids, err := s.ids.Reserve(ctx, len(entries))
	if err != nil {
		return err
	}
	for i, e := range entries {
		detail, err := toJSON(e.Detail)
		if err != nil {
			return err
		}
		if _, err := s.tx.ExecContext(ctx, `INSERT INTO audit (workspace_id, id, at, actor_kind, actor_user, actor_key, action, object, detail)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, int64(s.ws), ids[i], e.At, int16(e.Actor.Kind), orNull(e.Actor.User),
			orNull(e.Actor.Key), e.Action, e.Object, detail); err != nil {
			return fmt.Errorf("keeping the audit: %w", err)
		}
	}
	return nil
}

// Workspaces is workspace.Reader and the look-ups of credentials.
type Workspaces struct{ db *DB }

// NewWorkspaces makes the reader.
func NewWorkspaces(db *DB) *Workspaces { return &Workspaces{db: db} }

// Find implements workspace.Reader.
func (r *Workspaces) Find(ctx context.Context, idOrName string) (workspace.Workspace, error) {
	rows, err := r.db.sql.QueryContext(ctx, `SELECT workspace_id, name, sandbox FROM workspaces()`)
	if err != nil {
		return workspace.Workspace{}, classify(err)
	}
	defer rows.Close()
	for rows.Next() {
		var w workspace.Workspace
		if err := rows.Scan(&w.ID, &w.Name, &w.Sandbox); err != nil {
			return w, err
		}
		if ident.String(w.ID) == idOrName || w.Name == idOrName {
			return w, nil
		}
	}
	if err := rows.Err(); err != nil {
		return workspace.Workspace{}, classify(err)
	}
	return workspace.Workspace{}, fault.New(fault.NotFound, "not_found", "There is no workspace %q.", idOrName)
}

// Users implements workspace.Reader.
func (r *Workspaces) Users(ctx context.Context, role workspace.Role, p page.Request) (page.Of[workspace.User], error) {
	q := newQuery(`SELECT ` + userColumns + ` FROM app_user WHERE true`)
	switch role {
	case workspace.NoRole:
	case workspace.Lead:
		q.where(`lead_since IS NOT NULL`)
	case workspace.Stakeholder:
		q.where(`stakeholder`)
	case workspace.Administrator, workspace.Manager:
		q.equal("role", string(role), true)
	}
	if err := q.keyset("created_at", "id", p, true); err != nil {
		return page.Of[workspace.User]{}, err
	}
	var out page.Of[workspace.User]
	err := r.db.read(ctx, func(tx *sql.Tx) error {
		rows, err := q.run(ctx, tx)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			u, err := scanUser(rows)
			if err != nil {
				return err
			}
			out.Items = append(out.Items, u)
		}
		return rows.Err()
	})
	out.Items, out.Next = cut(out.Items, p, func(u workspace.User) page.Cursor {
		return page.Cursor{Sort: u.CreatedAt.Format(time.RFC3339Nano), ID: int64(u.ID)}
	})
	return out, err
}

// User implements workspace.Reader.
func (r *Workspaces) User(ctx context.Context, id ident.User) (workspace.User, error) {
	var u workspace.User
	err := r.db.read(ctx, func(tx *sql.Tx) error {
		var err error
		u, err = scanUser(tx.QueryRowContext(ctx, `SELECT `+userColumns+` FROM app_user WHERE id = $1`, int64(id)))
		return err
	})
	return u, err
}

// Keys implements workspace.Reader.
func (r *Workspaces) Keys(ctx context.Context) ([]workspace.Key, error) {
	return collect(ctx, r.db, scanKey, `SELECT `+keyColumns+` FROM api_key ORDER BY created_at DESC, id DESC`)
}

// Used implements auth.Keys.
func (r *Workspaces) Used(ctx context.Context, lookup string) error {
	_, err := r.db.sql.ExecContext(ctx, `SELECT key_used($1)`, lookup)
	return classify(err)
}

// Key finds a key in any workspace by its public part. Sandbox tells its workspace's kind.
func (r *Workspaces) Key(ctx context.Context, lookup string) (k workspace.Key, sandbox bool, err error) {
	var scopes string
	var origin *int64
	var expires, revoked *time.Time
	err = r.db.sql.QueryRowContext(ctx, `SELECT workspace_id, id, name, hash, env, array_to_string(scopes, ','), origin_id, expires_at, revoked_at, sandbox
		FROM key_by_lookup($1)`, lookup).Scan(&k.Workspace, &k.ID, &k.Name, &k.Hash, &k.Env, &scopes, &origin, &expires, &revoked, &sandbox)
	if err != nil {
		return k, false, classify(err)
	}
	k.Lookup, k.Scopes, k.Origin = lookup, strings.Split(scopes, ","), ident.Origin(deref(origin))
	k.ExpiresAt, k.RevokedAt = moment(expires), moment(revoked)
	return k, sandbox, nil
}
