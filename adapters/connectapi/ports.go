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
