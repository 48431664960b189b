package session

import (
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/ident"
)

// VisitIdle and VisitLife bound a visit: it ends after so long without use, and in any case
// after so long.
const (
	VisitIdle = 30 * time.Minute
	VisitLife = 12 * time.Hour
)

// Visit is a browser that is signed in, to the console or to the front-office. Its token
// is in the browser's cookie and kept as a hash.
type Visit struct {
	ID ident.Session
	// Kind is actor.Console or actor.Front.
	Kind      actor.Kind
	User      ident.User
	TokenHash []byte
	// Journey is the one whose link was used; 0 for a person's link and for the console.
	Journey ident.Journey
	// RedirectURL is where the link leads at the end; it may no longer be allowed.
	RedirectURL                  string
	CreatedAt, SeenAt, ExpiresAt time.Time
}

// NewVisit begins a visit.
func NewVisit(id ident.Session, kind actor.Kind, user ident.User, tokenHash []byte, now time.Time) Visit {
	return Visit{ID: id, Kind: kind, User: user, TokenHash: tokenHash, CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(VisitLife)}
}

// Guest is who a cookie stands for. Its actor's kind is Console or Front.
type Guest struct {
	Actor             actor.Actor
	SeenAt, ExpiresAt time.Time
}
