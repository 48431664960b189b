package pg

import (
	"context"
	"database/sql"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/page"
)

// Mailbox is activity.Mailbox: the mail of sandboxes.
type Mailbox struct {
	db  *DB
	ids *IDs
}

// NewMailbox makes the mailbox.
func NewMailbox(db *DB, ids *IDs) *Mailbox { return &Mailbox{db: db, ids: ids} }

// Put implements activity.Mailbox.
func (m *Mailbox) Put(ctx context.Context, msg activity.Message, when time.Time) error {
	ids, err := m.ids.Reserve(ctx, 1)
	if err != nil {
		return err
	}
	return classify(m.db.scoped(ctx, nil, func(tx *sql.Tx, a actor.Actor) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO mail (workspace_id, id, message_id, recipient, subject, body, at)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (workspace_id, message_id) DO NOTHING`,
			int64(a.Workspace), ids[0], msg.ID, msg.To, msg.Subject, msg.Text, when)
		return err
	}))
}

const mailColumns = `id, recipient, subject, body, at`

func scanMail(row interface{ Scan(...any) error }) (activity.Caught, error) {
	var m activity.Caught
	err := row.Scan(&m.ID, &m.To, &m.Subject, &m.Text, &m.At)
	m.At = m.At.UTC()
	return m, err
}

// List implements activity.MailReader.
func (m *Mailbox) List(ctx context.Context, to string, p page.Request) (page.Of[activity.Caught], error) {
	q := newQuery(`SELECT ` + mailColumns + ` FROM mail WHERE workspace_id = NULLIF(current_setting('app.ws', true), '')::bigint`)
	q.equal("recipient", to, to != "")
	if err := q.keyset("at", "id", p, true); err != nil {
		return page.Of[activity.Caught]{}, err
	}
	var out page.Of[activity.Caught]
	err := m.db.read(ctx, func(tx *sql.Tx) error {
		rows, err := q.run(ctx, tx)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			one, err := scanMail(rows)
			if err != nil {
				return err
			}
			out.Items = append(out.Items, one)
		}
		return rows.Err()
	})
	out.Items, out.Next = cut(out.Items, p, func(c activity.Caught) page.Cursor {
		return page.Cursor{Sort: c.At.Format(time.RFC3339Nano), ID: int64(c.ID)}
	})
	return out, err
}

// Get implements activity.MailReader.
func (m *Mailbox) Get(ctx context.Context, id ident.Mail) (activity.Caught, error) {
	var out activity.Caught
	err := m.db.read(ctx, func(tx *sql.Tx) (err error) {
		out, err = scanMail(tx.QueryRowContext(ctx, `SELECT `+mailColumns+` FROM mail WHERE id = $1`, int64(id)))
		return err
	})
	return out, err
}
