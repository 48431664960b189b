package pg_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/core/account"
	"github.com/kohomai/kohomai/core/account/accounttest"
	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
	"github.com/kohomai/kohomai/core/page"
	"github.com/kohomai/kohomai/core/session"
	"github.com/kohomai/kohomai/core/session/sessiontest"
	"github.com/kohomai/kohomai/core/workspace"
)

// counted are credentials that can be told again.
type counted struct{ n *int }

func (c counted) Key(workspace.Environment) (secret, lookup string, hash []byte, err error) {
	return "s", "l", []byte("h"), nil
}

func (c counted) Token() (token string, hash []byte, err error) {
	*c.n++
	token = fmt.Sprint("token ", *c.n)
	return token, session.HashToken(token), nil
}

// invited is a database with two workspaces and one person in both.
type invited struct {
	dsn    string
	db     *pg.DB
	ids    *pg.IDs
	places [2]account.Place
	tokens [2]string
}

const (
	adaEmail = "ada@example.org"
	oneName  = "One sandbox"
)

// newInvited makes it; sandboxes says which of the two are one.
func newInvited(t *testing.T, names [2]string, sandboxes [2]bool) invited {
	t.Helper()
	dsn := template.Database(t)
	db, err := pg.Open(t.Context(), dsn, pg.Options{Throwaway: true, MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	h := invited{dsn: dsn, db: db, ids: pg.NewIDs(db)}
	people := workspace.NewService(pg.NewWork(db, pg.WorkspaceTx(h.ids, nil)), h.ids, counted{new(int)}, time.Now)
	for i := range h.places {
		ws, err := people.Create(t.Context(), workspace.Workspace{Name: names[i], Sandbox: sandboxes[i]})
		if err != nil {
			t.Fatal(err)
		}
		u, token, err := people.Invite(actor.Systemic(t.Context(), ws.ID), workspace.User{
			Email: adaEmail, DisplayEmail: adaEmail, Role: workspace.Administrator,
		}, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		h.places[i], h.tokens[i] = account.Place{Workspace: ws.ID, User: u.ID, Sandbox: ws.Sandbox}, token
	}
	return h
}

func TestAccounts_Contract(t *testing.T) {
	t.Parallel()
	accounttest.TestStores(t, func(t *testing.T) *accounttest.House {
		h := newInvited(t, [2]string{"One", "Two"}, [2]bool{false, true})
		visits := pg.NewVisits(h.db)
		reader := pg.NewAccounts(visits)
		return &accounttest.House{
			Work: pg.NewWork(h.db, pg.AccountTx(h.ids)), Reader: reader, Gate: reader, IDs: h.ids, Cookie: visits.Cookie,
			Email: adaEmail, Places: h.places, Tokens: h.tokens,
		}
	})
}

// aRun is an activity run without a journey: drafts need no more.
func aRun(t *testing.T, dsn string, ws ident.Workspace) ident.Run {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["session_replication_role"] = "replica" // foreign keys are not asked
	owner := stdlib.OpenDB(*config)
	defer func() { _ = owner.Close() }()
	if _, err := owner.ExecContext(t.Context(), `INSERT INTO kohomai.activity_run
			(workspace_id, id, journey_id, key, name, stage, visit, position, connector, assignee_kind, required, status)
		VALUES ($1, 17, 5, 'k', 'N', 's', 1, 0, 'form', 'Lead', true, 'InProgress')`, int64(ws)); err != nil {
		t.Fatal(err)
	}
	return 17
}

func TestSessions_Contract(t *testing.T) {
	t.Parallel()
	sessiontest.TestStores(t, func(t *testing.T) *sessiontest.House {
		h := newInvited(t, [2]string{oneName, "Two"}, [2]bool{true, false})
		one := h.places[0]
		in := actor.Systemic(t.Context(), one.Workspace)
		return &sessiontest.House{
			Work:   pg.NewWork(h.db, pg.SessionTx(plainSealer{}, func(*sql.Tx) job.Queue { return noQueue{} })),
			Reader: pg.NewSessions(h.db, plainSealer{}), Ender: pg.NewVisits(h.db), IDs: h.ids,
			One: one.Workspace, Two: h.places[1].Workspace, Name: oneName, User: one.User, Email: adaEmail,
			Begin: func(t *testing.T, v session.Visit) {
				t.Helper()
				err := pg.NewWork(h.db, pg.AccountTx(h.ids)).Do(in, func(ctx context.Context, tx account.Tx) error { return tx.Visits.Begin(ctx, v) })
				if err != nil {
					t.Fatal(err)
				}
			},
			Run: aRun(t, h.dsn, one.Workspace),
		}
	})
}

func TestVisits_Seen(t *testing.T) {
	t.Parallel()
	h := newInvited(t, [2]string{"One", "Two"}, [2]bool{false, true})
	visits := pg.NewVisits(h.db)
	in := actor.Systemic(t.Context(), h.places[0].Workspace)
	begun := time.Now().UTC().Truncate(time.Microsecond)
	v := session.NewVisit(1, actor.Front, h.places[0].User, session.HashToken("v"), begun)
	if err := pg.NewWork(h.db, pg.AccountTx(h.ids)).Do(in, func(ctx context.Context, tx account.Tx) error { return tx.Visits.Begin(ctx, v) }); err != nil {
		t.Fatal(err)
	}
	// Two nodes note in any order; a foreign workspace notes nothing.
	for _, c := range []struct {
		ws   ident.Workspace
		at   time.Time
		want time.Time
	}{
		{h.places[0].Workspace, begun.Add(2 * time.Minute), begun.Add(2 * time.Minute)},
		{h.places[0].Workspace, begun.Add(time.Minute), begun.Add(2 * time.Minute)},
		{h.places[1].Workspace, begun.Add(time.Hour), begun.Add(2 * time.Minute)},
	} {
		if err := visits.Seen(actor.Systemic(t.Context(), c.ws), v.TokenHash, c.at); err != nil {
			t.Fatal(err)
		}
		g, err := visits.Cookie(t.Context(), v.TokenHash)
		if err != nil || !g.SeenAt.Equal(c.want) || g.Actor.Kind != actor.Front || g.Actor.Role != "" {
			t.Errorf("%+v, %v", g, err)
		}
	}
}

func TestMailbox(t *testing.T) {
	t.Parallel()
	h := newInvited(t, [2]string{"One", "Two"}, [2]bool{true, true})
	box := pg.NewMailbox(h.db, h.ids)
	one, two := actor.Systemic(t.Context(), h.places[0].Workspace), actor.Systemic(t.Context(), h.places[1].Workspace)
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for i := range 5 {
		m := activity.Message{ID: fmt.Sprint("m", i), To: fmt.Sprintf("p%d@example.org", i%2), Subject: fmt.Sprint("S", i), Text: "T"}
		for range 2 {
			if err := box.Put(one, m, at.Add(time.Duration(i)*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
	}
	var subjects string
	for p := (page.Request{Size: 2}); ; {
		got, err := box.List(one, "", p)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range got.Items {
			subjects += m.Subject
		}
		if p.After = got.Next; got.Next == nil {
			break
		}
	}
	if subjects != "S4S3S2S1S0" {
		t.Errorf("%s", subjects)
	}
	to, err := box.List(one, "p1@example.org", page.Request{})
	if err != nil || len(to.Items) != 2 {
		t.Fatalf("%+v, %v", to, err)
	}
	if got, err := box.Get(one, to.Items[0].ID); err != nil || got.Text != "T" || got.To != "p1@example.org" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := box.Get(two, to.Items[0].ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("another workspace's mail: %v", err)
	}
	if got, err := box.List(two, "", page.Request{}); err != nil || len(got.Items) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}
