package account

import (
	"time"
	"unicode/utf8"

	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/workspace"
)

// Account is a person's credentials, one per e-mail in an installation.
type Account struct {
	ID ident.Account
	// PasswordHash is a PHC string; empty without a password.
	PasswordHash string
}

// Place is a workspace in which an account has a back-office user.
type Place struct {
	Workspace ident.Workspace
	User      ident.User
	Sandbox   bool
}

// Link is a sign-in link with the present role of its user.
type Link struct {
	workspace.SignInLink
	Role workspace.Role
}

// Usable reports whether the link still lets its user in at a moment.
func (l Link) Usable(at time.Time) bool {
	return l.UsedAt.IsZero() && at.Before(l.ValidUntil) && l.Role.BackOffice()
}

// Me is a signed-in user of the back-office.
type Me struct {
	User        workspace.User
	Workspace   workspace.Workspace
	HasPassword bool
	// ValidUntil is when the visit ends at the latest.
	ValidUntil time.Time
}

// Entered is a console visit that has begun. Token goes into the cookie and nowhere else.
type Entered struct {
	Token      string
	ValidUntil time.Time
	Me         Me
}

// The length of a password in characters. Nothing is asked of its composition.
const (
	MinPassword = 12
	MaxPassword = 128
)

func checkLength(password string) error {
	if n := utf8.RuneCountInString(password); n < MinPassword || n > MaxPassword {
		return fault.InvalidField("Password", "wrong_length", "A password has %d to %d characters.", MinPassword, MaxPassword)
	}
	return nil
}

// freeAttempts is how often a password may be mistyped before it takes longer each time,
// up to longestDelay. Nobody is locked out for good, and links still work meanwhile.
const (
	freeAttempts = 5
	longestDelay = 5 * time.Minute
)

// delays are how long to wait after 0, 1, 2 … attempts in vain; the last one stays.
func delays() []time.Duration {
	all := make([]time.Duration, freeAttempts, freeAttempts+16)
	for d := time.Second; d < longestDelay; d *= 2 {
		all = append(all, d)
	}
	return append(all, longestDelay)
}

func invalidLink() error {
	return fault.New(fault.Unauthenticated, "invalid_link", "This sign-in link is unknown, was used already or has expired.")
}

func wrongCredentials() error {
	return fault.New(fault.Unauthenticated, "wrong_credentials", "The e-mail or the password is wrong.")
}
