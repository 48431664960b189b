package pg

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/account"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/ident"
)

// AccountTx makes the stores of core/account.
func AccountTx(ids *IDs) func(*sql.Tx, actor.Actor) account.Tx {
	return func(tx *sql.Tx, a actor.Actor) account.Tx {
		return account.Tx{
			Links: signInLinkStore{tx, a.Workspace}, Visits: visitStore{tx, a.Workspace},
			Passwords: passwordStore{tx, a.Workspace}, Audit: auditLog{tx, a.Workspace, ids},
		}
	}
}

type signInLinkStore struct {
	tx *sql.Tx
	ws ident.Workspace
}

func (s signInLinkStore) Lock(ctx context.Context, hash []byte) (account.Link, error) {
	var l account.Link
	var used *time.Time
	err := s.tx.QueryRowContext(ctx, `SELECT l.id, l.user_id, l.token_hash, l.created_at, l.valid_until, l.used_at, u.role
		FROM sign_in_link l JOIN app_user u ON u.workspace_id = l.workspace_id AND u.id = l.user_id
		WHERE l.workspace_id = $1 AND l.token_hash = $2 FOR UPDATE OF l`, int64(s.ws), hash).
		Scan(&l.ID, &l.User, &l.TokenHash, &l.CreatedAt, &l.ValidUntil, &used, &l.Role)
	l.UsedAt = moment(used)
	return l, classify(err)
}

func (s signInLinkStore) Use(ctx context.Context, id ident.Session, when time.Time) error {
	_, err := s.tx.ExecContext(ctx, `UPDATE sign_in_link SET used_at = $3 WHERE workspace_id = $1 AND id = $2`, int64(s.ws), int64(id), when)
	return err
}

type passwordStore struct {
	tx *sql.Tx
	ws ident.Workspace
}

func (s passwordStore) Of(ctx context.Context, user ident.User) (account.Account, error) {
	var a account.Account
	err := s.tx.QueryRowContext(ctx, `SELECT a.id, a.password_hash FROM app_user u, account_by_id(u.account_id) a
		WHERE u.workspace_id = $1 AND u.id = $2`, int64(s.ws), int64(user)).Scan(&a.ID, &a.PasswordHash)
	return a, classify(err)
}

func (s passwordStore) Set(ctx context.Context, id ident.Account, hash string) error {
	_, err := s.tx.ExecContext(ctx, `SELECT set_account_password($1, $2)`, int64(id), hash)
	return err
}

func (s passwordStore) EndVisits(ctx context.Context, id ident.Account, keep []byte) error {
	_, err := s.tx.ExecContext(ctx, `SELECT end_account_visits($1, $2)`, int64(id), keep)
	return err
}

// Accounts is account.Reader and account.Gate.
type Accounts struct {
	*Visits
}

// NewAccounts makes the reader.
func NewAccounts(visits *Visits) *Accounts { return &Accounts{visits} }

// OfLink implements account.Reader.
func (r *Accounts) OfLink(ctx context.Context, hash []byte) (account.Place, error) {
	var p account.Place
	err := r.db.sql.QueryRowContext(ctx, `SELECT l.workspace_id, l.user_id, w.sandbox FROM sign_in_link_by_hash($1) l
		JOIN workspaces() w ON w.workspace_id = l.workspace_id`, hash).Scan(&p.Workspace, &p.User, &p.Sandbox)
	return p, classify(err)
}

// ByEmail implements account.Reader.
func (r *Accounts) ByEmail(ctx context.Context, email string) (account.Account, error) {
	var a account.Account
	err := r.db.sql.QueryRowContext(ctx, `SELECT id, password_hash FROM account_by_email($1)`, email).Scan(&a.ID, &a.PasswordHash)
	return a, classify(err)
}

// Places implements account.Reader.
func (r *Accounts) Places(ctx context.Context, id ident.Account) ([]account.Place, error) {
	rows, err := r.db.sql.QueryContext(ctx, `SELECT workspace_id, user_id, sandbox FROM account_places($1)`, int64(id))
	if err != nil {
		return nil, classify(err)
	}
	defer rows.Close()
	var out []account.Place
	for rows.Next() {
		var p account.Place
		if err := rows.Scan(&p.Workspace, &p.User, &p.Sandbox); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, classify(rows.Err())
}

// Me implements account.Reader.
func (r *Accounts) Me(ctx context.Context, hash []byte) (account.Me, error) {
	var me account.Me
	err := r.db.read(ctx, func(tx *sql.Tx) error {
		var user ident.User
		var origins string
		err := tx.QueryRowContext(ctx, `SELECT s.user_id, s.expires_at, w.workspace_id, w.name, w.sandbox, w.created_at,
				array_to_string(w.redirect_origins, E'\n')
			FROM web_session s JOIN workspace w ON w.workspace_id = s.workspace_id
			WHERE s.token_hash = $1 AND s.kind = 'console'`, hash).
			Scan(&user, &me.ValidUntil, &me.Workspace.ID, &me.Workspace.Name, &me.Workspace.Sandbox, &me.Workspace.CreatedAt, &origins)
		if err != nil {
			return err
		}
		me.Workspace.RedirectOrigins = strings.Fields(origins)
		if me.User, err = scanUser(tx.QueryRowContext(ctx, `SELECT `+userColumns+` FROM app_user WHERE id = $1`, int64(user))); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM app_user u, account_by_id(u.account_id) a
			WHERE u.id = $1 AND a.password_hash <> '')`, int64(user)).Scan(&me.HasPassword)
	})
	me.ValidUntil = me.ValidUntil.UTC()
	return me, err
}

// Try implements account.Gate.
func (r *Accounts) Try(ctx context.Context, subject []byte, when time.Time, delays []time.Duration) (time.Duration, error) {
	seconds := make([]float64, len(delays))
	for i, d := range delays {
		seconds[i] = d.Seconds()
	}
	var wait float64
	if err := r.db.sql.QueryRowContext(ctx, `SELECT try_sign_in($1, $2, $3)`, subject, when, seconds).Scan(&wait); err != nil {
		return 0, classify(fmt.Errorf("counting an attempt: %w", err))
	}
	return time.Duration(wait * float64(time.Second)), nil
}

// Forget implements account.Gate.
func (r *Accounts) Forget(ctx context.Context, subject []byte) error {
	_, err := r.db.sql.ExecContext(ctx, `SELECT forget_sign_ins($1)`, subject)
	return classify(err)
}
