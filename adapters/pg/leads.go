package pg

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/page"
)

type leadStore struct {
	tx transaction
	ws ident.Workspace
}

const leadColumns = `id, email, display_email, firstname, lastname, phone, external_id, lead_since, stakeholder, facts, created_at, changed_at`

func scanLead(row interface{ Scan(...any) error }) (*lead.Lead, error) {
	var l lead.Lead
	var email, display string
	var external *string
	var since *time.Time
	var facts []byte
	err := row.Scan(&l.ID, &email, &display, &l.Person.Firstname, &l.Person.Lastname, &l.Person.Phone, &external,
		&since, &l.Stakeholder, &facts, &l.CreatedAt, &l.ChangedAt)
	if err != nil {
		return nil, err
	}
	l.Email, l.ExternalID, l.RegisteredAt = lead.LoadEmail(email, display), deref(external), moment(since)
	l.CreatedAt, l.ChangedAt = l.CreatedAt.UTC(), l.ChangedAt.UTC()
	l.Data = datapoint.Data{}
	return &l, fromJSON(facts, &l.Data)
}

func (s leadStore) Lock(ctx context.Context, emails []string, ids []ident.User) ([]*lead.Lead, error) {
	rows, err := s.tx.QueryContext(ctx, `SELECT `+leadColumns+` FROM app_user
		WHERE workspace_id = $1 AND (email = ANY($2) OR id = ANY($3)) ORDER BY email FOR UPDATE`,
		int64(s.ws), emails, numbers(ids))
	if err != nil {
		return nil, fmt.Errorf("locking leads: %w", err)
	}
	defer rows.Close()
	var out []*lead.Lead
	for rows.Next() {
		l, err := scanLead(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

func numbers[T ~int64](ids []T) []int64 {
	out := make([]int64, len(ids))
	for i, id := range ids {
		out[i] = int64(id)
	}
	return out
}

func (s leadStore) Save(ctx context.Context, leads []*lead.Lead) error {
	var fresh, changed []*lead.Lead
	for _, l := range leads {
		if l.New {
			fresh = append(fresh, l)
		} else {
			changed = append(changed, l)
		}
	}
	if len(fresh) > 0 {
		args, err := leadArrays(s.ws, fresh)
		if err != nil {
			return err
		}
		if _, err := s.tx.ExecContext(ctx, `
			INSERT INTO app_user (workspace_id, id, email, display_email, firstname, lastname, phone, external_id, lead_since, stakeholder, facts, created_at, changed_at)
			SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
				$9::timestamptz[], $10::boolean[], $11::jsonb[], $12::timestamptz[], $13::timestamptz[])`, args...); err != nil {
			return classify(fmt.Errorf("inserting leads: %w", err))
		}
	}
	if len(changed) > 0 {
		args, err := leadArrays(s.ws, changed)
		if err != nil {
			return err
		}
		if _, err := s.tx.ExecContext(ctx, `
			UPDATE app_user u SET display_email = n.display_email, firstname = n.firstname, lastname = n.lastname,
				phone = n.phone, external_id = n.external_id, lead_since = n.lead_since, stakeholder = n.stakeholder, facts = n.facts, changed_at = n.changed_at
			FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
				$9::timestamptz[], $10::boolean[], $11::jsonb[], $12::timestamptz[], $13::timestamptz[])
				AS n (id, email, display_email, firstname, lastname, phone, external_id, lead_since, stakeholder, facts, created_at, changed_at)
			WHERE u.workspace_id = $1 AND u.id = n.id`, args...); err != nil {
			return classify(fmt.Errorf("updating leads: %w", err))
		}
	}
	return nil
}

func leadArrays(ws ident.Workspace, leads []*lead.Lead) ([]any, error) {
	n := len(leads)
	ids, emails, displays := make([]int64, n), make([]string, n), make([]string, n)
	firsts, lasts, phones := make([]string, n), make([]string, n), make([]string, n)
	externals, since, facts := make([]*string, n), make([]*time.Time, n), make([]string, n)
	created, changed, takesPart := make([]time.Time, n), make([]time.Time, n), make([]bool, n)
	var buffer []byte
	for i, l := range leads {
		var err error
		if buffer, err = appendData(buffer[:0], l.Data); err != nil {
			return nil, err
		}
		ids[i], emails[i], displays[i] = int64(l.ID), l.Email.String(), l.Email.Display()
		firsts[i], lasts[i], phones[i] = l.Person.Firstname, l.Person.Lastname, l.Person.Phone
		externals[i], since[i], facts[i] = textOrNull(l.ExternalID), at(l.RegisteredAt), string(buffer)
		created[i], changed[i], takesPart[i] = l.CreatedAt, l.ChangedAt, l.Stakeholder
	}
	return []any{int64(ws), ids, emails, displays, firsts, lasts, phones, externals, since, takesPart, facts, created, changed}, nil
}

// Leads is lead.Reader.
type Leads struct{ db *DB }

// NewLeads makes the reader.
func NewLeads(db *DB) *Leads { return &Leads{db: db} }

// Get implements lead.Reader.
func (r *Leads) Get(ctx context.Context, id ident.User) (lead.Lead, error) {
	var out lead.Lead
	err := r.db.read(ctx, func(tx *sql.Tx) error {
		l, err := scanLead(tx.QueryRowContext(ctx, `SELECT `+leadColumns+` FROM app_user WHERE id = $1 AND lead_since IS NOT NULL`, int64(id)))
		if err == nil {
			out = *l
		}
		return err
	})
	return out, err
}

// List implements lead.Reader.
func (r *Leads) List(ctx context.Context, f lead.Filter, p page.Request) (page.Of[lead.Lead], error) {
	q := newQuery(`SELECT ` + leadColumns + ` FROM app_user WHERE lead_since IS NOT NULL`)
	q.equal("email", f.Email, f.Email != "")
	q.equal("external_id", f.ExternalID, f.ExternalID != "")
	if f.Search != "" {
		q.where(`(strpos(email, lower($#)) > 0 OR strpos(lower(firstname || ' ' || lastname), lower($#)) > 0)`, f.Search, f.Search)
	}
	if err := q.keyset("lead_since", "id", p, true); err != nil {
		return page.Of[lead.Lead]{}, err
	}
	var out page.Of[lead.Lead]
	err := r.db.read(ctx, func(tx *sql.Tx) error {
		rows, err := q.run(ctx, tx)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			l, err := scanLead(rows)
			if err != nil {
				return err
			}
			out.Items = append(out.Items, *l)
		}
		return rows.Err()
	})
	out.Items, out.Next = cut(out.Items, p, func(l lead.Lead) page.Cursor {
		return page.Cursor{Sort: l.RegisteredAt.Format(time.RFC3339Nano), ID: int64(l.ID)}
	})
	return out, err
}

var errToken = fault.New(fault.Malformed, "invalid_page_token", "This page token belongs to no such list.")
