package workspace

import (
	"context"
	"time"

	"github.com/kohomai/kohomai/core/audit"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/page"
)

// Tx are the stores of this module's use cases, bound to a transaction.
type Tx struct {
	Idem       idem.Store
	Workspaces Store
	Keys       KeyStore
	Users      UserStore
	Audit      audit.Log
}

// Store keeps workspaces.
type Store interface {
	// Insert must insert a workspace with its built-in data points and the policy
	// account-managers.
	Insert(ctx context.Context, w Workspace) error
}

// KeyStore keeps API keys.
type KeyStore interface {
	// Insert must insert a key.
	Insert(ctx context.Context, k Key) error
	// Lock must lock and return a key with its scopes, or NotFound.
	Lock(ctx context.Context, id ident.Key) (Key, error)
	// Save must write expiry and revocation of a locked key.
	Save(ctx context.Context, k Key) error
}

// UserStore keeps the people of the back-office.
type UserStore interface {
	// Invite must find or create the user by normalized e-mail, set the back-office role
	// and link it to the installation-wide account of that e-mail, and return it.
	Invite(ctx context.Context, u User) (User, error)
	// SignIn must insert a single-use console link for a user.
	SignIn(ctx context.Context, l SignInLink) error
}

// SignInLink lets a back-office user in, once. Only the token's hash is kept.
type SignInLink struct {
	ID         ident.Session
	User       ident.User
	TokenHash  []byte
	CreatedAt  time.Time
	ValidUntil time.Time
	UsedAt     time.Time // zero: not used
}

// Reader answers who and what there is, in the workspace of the context's actor.
type Reader interface {
	// Find must return the workspace of an id or exact name, in any workspace's context.
	Find(ctx context.Context, idOrName string) (Workspace, error)
	// Users must list users newest first; role may be any that a user may hold, or empty.
	Users(ctx context.Context, role Role, p page.Request) (page.Of[User], error)
	// User must return one user, or NotFound.
	User(ctx context.Context, id ident.User) (User, error)
	// Keys must list the keys with their last use, newest first.
	Keys(ctx context.Context) ([]Key, error)
}
