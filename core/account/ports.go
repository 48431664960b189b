package account

import (
	"context"
	"time"

	"github.com/kohomai/kohomai/core/audit"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/session"
)

// Tx are the stores of this module's use cases, bound to a transaction of one workspace.
type Tx struct {
	Links     LinkStore
	Visits    VisitStore
	Passwords PasswordStore
	Audit     audit.Log
}

// LinkStore keeps sign-in links.
type LinkStore interface {
	// Lock must lock and return the link of a token's hash, or NotFound.
	Lock(ctx context.Context, hash []byte) (Link, error)
	// Use must mark a link as used.
	Use(ctx context.Context, id ident.Session, at time.Time) error
}

// VisitStore keeps visits.
type VisitStore interface {
	// Begin must insert a visit, and may take away those of its user that have expired.
	Begin(ctx context.Context, v session.Visit) error
}

// PasswordStore keeps passwords.
type PasswordStore interface {
	// Of must return the account of a user of this workspace, or NotFound.
	Of(ctx context.Context, user ident.User) (Account, error)
	// Set must set an account's password.
	Set(ctx context.Context, id ident.Account, hash string) error
	// EndVisits must end the account's console visits in every workspace, except the one
	// whose token has the hash keep.
	EndVisits(ctx context.Context, id ident.Account, keep []byte) error
}

// Reader finds people in every workspace, outside a transaction.
type Reader interface {
	// OfLink must return the place of a sign-in link by its token's hash, or NotFound.
	OfLink(ctx context.Context, hash []byte) (Place, error)
	// ByEmail must return the account of a normalized e-mail, or NotFound.
	ByEmail(ctx context.Context, email string) (Account, error)
	// Places must list where an account has a back-office role, last visited first.
	Places(ctx context.Context, id ident.Account) ([]Place, error)
	// Me must describe the console visit of a token's hash in the workspace of the
	// context's actor, or NotFound.
	Me(ctx context.Context, hash []byte) (Me, error)
}

// Gate is what happens at the door, whichever the workspace.
type Gate interface {
	// Try must count an attempt and return zero, or count nothing and return how long to
	// wait yet: the n-th of delays after n attempts, the last one from there on. It must
	// judge and count in one step, also for attempts side by side.
	Try(ctx context.Context, subject []byte, at time.Time, delays []time.Duration) (time.Duration, error)
	// Forget must forget the attempts of a subject.
	Forget(ctx context.Context, subject []byte) error
	// End must end the visit of a token's hash; one that is gone already is no error.
	End(ctx context.Context, hash []byte) error
}

// Passwords hashes and checks passwords, a few at a time.
type Passwords interface {
	// Hash must make the form in which a password is kept.
	Hash(ctx context.Context, password string) (string, error)
	// Check must compare a password with what was kept, with the same work when nothing
	// was. Weak must report a match whose hash should be made anew.
	Check(ctx context.Context, password, kept string) (ok, weak bool, err error)
}

// Tokens draws random tokens.
type Tokens interface {
	// Token must return a new random token with its hash.
	Token() (token string, hash []byte, err error)
}
