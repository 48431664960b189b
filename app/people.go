package app

import (
	"context"
	"time"

	"github.com/google/wire"

	"github.com/kohomai/kohomai/adapters/auth"
	"github.com/kohomai/kohomai/adapters/jobs"
	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/core/account"
	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/session"
	"github.com/kohomai/kohomai/core/unit"
)

// People is how persons come in: to the console and to the front-office.
type People struct {
	Visits   *pg.Visits
	Accounts *account.Service
	Sessions *session.Service
	Mails    *pg.Mailbox
}

// peopleSet makes it.
var peopleSet = wire.NewSet(
	pg.NewVisits, pg.NewAccounts, auth.NewPasswords, accountWork, newAccounts,
	pg.NewSessions, sessionWork, newSessions, wire.Struct(new(People), "*"),
)

func accountWork(db *pg.DB, ids *pg.IDs) unit.Work[account.Tx] {
	return pg.NewWork(db, pg.AccountTx(ids))
}

func newAccounts(work unit.Work[account.Tx], reader *pg.Accounts, passwords *auth.Passwords, tokens auth.Credentials,
	ids ident.Source, unicode lead.Unicode, now func() time.Time,
) *account.Service {
	return account.NewService(account.Parts{
		Work: work, Reader: reader, Gate: reader, Passwords: passwords, Tokens: tokens, IDs: ids, Unicode: unicode, Now: now,
	})
}

func sessionWork(db *pg.DB, seal pg.Sealer, queue *jobs.Jobs) unit.Work[session.Tx] {
	return pg.NewWork(db, pg.SessionTx(seal, queue.Queue))
}

// newSessions also gives the queue the worker that mails codes.
func newSessions(c Config, work unit.Work[session.Tx], reader *pg.Sessions, e *engine.Engine, visits *pg.Visits, secrets auth.Credentials,
	ids ident.Source, mailer activity.Mailer, queue *jobs.Jobs, now func() time.Time,
) (*session.Service, error) {
	s := session.NewService(session.Parts{
		Work: work, Reader: reader, Opener: e, Ender: visits, Secrets: secrets, IDs: ids, Mailer: mailer, Now: now,
	})
	return s, jobs.Handle(queue, func(ctx context.Context, j session.CodeJob) error {
		err := s.Mail(ctx, j)
		if fault.Is(err, fault.Provider) {
			// Refused for good: the person sees no mail and asks again.
			c.Log.WarnContext(ctx, "a code could not be mailed", "workspace", j.Workspace, "code", j.Code, "error", err)
			return nil
		}
		return err
	})
}

// site is where browsers find this app.
func (a *App) site(publicURL, frontURL string) (*site, error) {
	return newSite(publicURL, frontURL, a.Config, a.People, a.Now)
}
