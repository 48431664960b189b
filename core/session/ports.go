package session

import (
	"context"
	"time"

	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
	"github.com/kohomai/kohomai/core/workspace"
)

// Tx are the stores of this module's use cases, bound to a transaction of one workspace.
type Tx struct {
	Codes  CodeStore
	Links  LinkStore
	Drafts DraftStore
	Jobs   job.Queue
}

// CodeStore keeps codes.
type CodeStore interface {
	// Put must keep a code, encrypted, in place of an earlier one of its user.
	Put(ctx context.Context, c Code) error
	// Lock must lock and return the code of a user, or NotFound.
	Lock(ctx context.Context, user ident.User) (Code, error)
	// Save must write the tries and the use of a code.
	Save(ctx context.Context, c Code) error
}

// LinkStore keeps links.
type LinkStore interface {
	// Insert must insert the links.
	Insert(ctx context.Context, links []Link) error
}

// DraftStore keeps what people have entered so far.
type DraftStore interface {
	// Save must keep a field's value, replacing the one before.
	Save(ctx context.Context, d Draft) error
	// Drop must forget what was entered for a run.
	Drop(ctx context.Context, run ident.Run) error
}

// Draft is a field of a run as it was last entered. Value is JSON.
type Draft struct {
	Run   ident.Run
	Field string
	Value []byte
	At    time.Time
}

// Reader reads outside a transaction.
type Reader interface {
	// Link must return the link of a token's hash with its workspace, whichever that is,
	// or NotFound.
	Link(ctx context.Context, hash []byte) (Found, error)
	// Visitor must describe the front-office visit of a token's hash in the workspace of
	// the context's actor, or NotFound.
	Visitor(ctx context.Context, hash []byte) (Visitor, error)
	// Drafts must return what was entered for a run, by field.
	Drafts(ctx context.Context, run ident.Run) ([]Draft, error)
	// Letter must return the code of an id with whom it is for, in the workspace of the
	// context's actor, or NotFound when another took its place.
	Letter(ctx context.Context, id ident.Session) (Letter, error)
}

// Found is a link in its workspace.
type Found struct {
	Link
	Workspace ident.Workspace
	Sandbox   bool
	// Name is the workspace's.
	Name string
}

// Visitor is a lead or stakeholder in the front-office.
type Visitor struct {
	User      workspace.User
	Workspace workspace.Workspace
	// Journey is the one whose link they came by; 0 when it was a link of theirs.
	Journey ident.Journey
	// RedirectURL is the one of the link they came by; empty for none.
	RedirectURL string
	// Since and Until are when the visit began and when it ends at the latest.
	Since, Until time.Time
}

// Letter is what the mail with a code needs.
type Letter struct {
	Code      Code
	To, Name  string
	Workspace workspace.Workspace
}

// Opener opens visits: only the engine's commands append to a journey's history.
type Opener interface {
	// Enter must use the link of a token's hash and begin the visit in one commit, telling
	// the journey's history; a link that is used or expired by then is Unauthenticated of
	// code invalid_link. The visit's redirect address is the link's, if still allowed.
	Enter(ctx context.Context, l Link, v Visit) (Visit, error)
}

// Ender ends visits.
type Ender interface {
	// End must end the visit of a token's hash; one that is gone already is no error.
	End(ctx context.Context, hash []byte) error
}

// Secrets draws what nobody may guess.
type Secrets interface {
	// Token must return a new random token with its hash.
	Token() (token string, hash []byte, err error)
	// Digits must return so many random decimal digits.
	Digits(n int) string
}

// CodeJob mails a code, unless another took its place.
type CodeJob struct {
	Workspace ident.Workspace
	Code      ident.Session
	// Language is "fr" or "en".
	Language string
}

// Kind names the job.
func (CodeJob) Kind() string { return "session_code" }
