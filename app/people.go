package app

import (
	"net/url"
	"strings"
	"time"

	"github.com/google/wire"

	"github.com/kohomai/kohomai/adapters/auth"
	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/core/account"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/unit"
)

// People is how persons come in: to the console and to the front-office.
type People struct {
	Visits   *pg.Visits
	Accounts *account.Service
	Mails    *pg.Mailbox
}

// peopleSet makes it.
var peopleSet = wire.NewSet(
	pg.NewVisits, pg.NewAccounts, auth.NewPasswords, accountWork, newAccounts, wire.Struct(new(People), "*"),
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

// signInURL is the console's page that asks for a press and then uses a sign-in link's token.
func signInURL(publicURL, token string) string {
	return strings.TrimSuffix(publicURL, "/") + "/p/signin?token=" + url.QueryEscape(token)
}

// site is where browsers find this app.
func (a *App) site(publicURL, frontURL string) (*site, error) {
	return newSite(publicURL, frontURL, a.Config.InsecureHTTP, a.People.Visits, a.Now)
}
