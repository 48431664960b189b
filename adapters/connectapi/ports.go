package connectapi

import (
	"context"
	"net/http"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/workspace"
)

// DataPoints lists a workspace's definitions.
type DataPoints interface {
	// DataPoints must list the definitions of the actor's workspace, by key.
	DataPoints(ctx context.Context) ([]datapoint.Definition, error)
}

// Accounts signs back-office people in and out of the console.
type Accounts interface {
	// SignInWithLink must consume the link of a token and begin a visit. A token that is
	// unknown, used or expired is Unauthenticated of code invalid_link.
	SignInWithLink(ctx context.Context, token string) (Visit, error)
	// SignInWithPassword must begin a visit. Whatever is wrong is Unauthenticated of code
	// wrong_credentials, after the same work.
	SignInWithPassword(ctx context.Context, email, password string) (Visit, error)
	// Me must answer who the context's actor is.
	Me(ctx context.Context) (Me, error)
	// SetPassword must set the actor's password and end their other visits; keep is the
	// hash of the token of the one that stays. A wrong present one is Invalid on Current.
	SetPassword(ctx context.Context, current, password string, keep []byte) error
	// SignOut must end the visit of a token's hash; one that is gone already is no error.
	SignOut(ctx context.Context, tokenHash []byte) error
}

// Visit is a console visit that has begun. Token goes into the cookie and nowhere else.
type Visit struct {
	Token      string
	ValidUntil time.Time
	Me         Me
}

// Me is a signed-in user of the back-office.
type Me struct {
	User        workspace.User
	Workspace   workspace.Workspace
	HasPassword bool
	ValidUntil  time.Time
}

// Visitors knows the people who are signed in to the front-office, and what they have
// entered so far.
type Visitors interface {
	// Visitor must answer who the context's actor is.
	Visitor(ctx context.Context) (Visitor, error)
	// SignOut must end the visit of a token's hash; one that is gone already is no error.
	SignOut(ctx context.Context, tokenHash []byte) error
	// Drafts must return what was entered for a run, by field.
	Drafts(ctx context.Context, run ident.Run) ([]Draft, error)
	// SaveDraft must keep a field's value, replacing the one before.
	SaveDraft(ctx context.Context, d Draft) error
}

// Visitor is a lead or stakeholder in the front-office.
type Visitor struct {
	User      workspace.User
	Workspace workspace.Workspace
	// RedirectURL is the one of the link they came by; empty for none.
	RedirectURL string
}

// Draft is a field of a run as it was last entered. Value is JSON.
type Draft struct {
	Run   ident.Run
	Field string
	Value []byte
	At    time.Time
}

// Door makes the cookies of an entrance.
type Door interface {
	// CookieName must be the name of the cookie.
	CookieName() string
	// Cookie must make the cookie that holds a token until a moment.
	Cookie(token string, until time.Time) *http.Cookie
	// Clear must make the cookie that takes it away.
	Clear() *http.Cookie
}
