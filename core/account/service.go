package account

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/audit"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/session"
	"github.com/kohomai/kohomai/core/unit"
)

// Attempts from one place, links and passwords alike.
const (
	attemptsAMinute = 10
	attemptsWindow  = time.Minute
)

// Parts are what a Service works with.
type Parts struct {
	Work      unit.Work[Tx]
	Reader    Reader
	Gate      Gate
	Passwords Passwords
	Tokens    Tokens
	IDs       ident.Source
	Unicode   lead.Unicode
	// Now is real time.
	Now func() time.Time
}

// Service holds the use cases of signing in to the console.
type Service struct {
	Parts
	attempts *session.Attempts
}

// NewService makes the service.
func NewService(p Parts) *Service {
	return &Service{Parts: p, attempts: session.NewAttempts(attemptsAMinute, attemptsWindow)}
}

// SignInWithLink consumes a sign-in link and begins a visit. A token that is unknown, used
// or expired is Unauthenticated of code invalid_link. From is where the attempt comes from.
func (s *Service) SignInWithLink(ctx context.Context, from, token string) (Entered, error) {
	now := s.Now()
	if err := s.attempts.Try(from, now); err != nil {
		return Entered{}, err
	}
	hash := session.HashToken(token)
	place, err := s.Reader.OfLink(ctx, hash)
	if fault.Is(err, fault.NotFound) {
		return Entered{}, invalidLink()
	}
	if err != nil {
		return Entered{}, fmt.Errorf("looking for a sign-in link: %w", err)
	}
	return s.enter(ctx, place, "link", func(ctx context.Context, tx Tx) error {
		link, err := tx.Links.Lock(ctx, hash)
		if err != nil {
			return err
		}
		if !link.Usable(now) {
			return invalidLink()
		}
		return tx.Links.Use(ctx, link.ID, now)
	})
}

// SignInWithPassword begins a visit in the workspace that was visited last. Whatever is
// wrong is Unauthenticated of code wrong_credentials, after the same work; attempts that
// come too fast are Limited.
func (s *Service) SignInWithPassword(ctx context.Context, from, email, password string) (Entered, error) {
	now := s.Now()
	if err := s.attempts.Try(from, now); err != nil {
		return Entered{}, err
	}
	norm := strings.ToLower(strings.TrimSpace(email))
	if parsed, err := lead.ParseEmail(email, s.Unicode); err == nil {
		norm = parsed.String()
	}
	subject := sha256.Sum256([]byte(norm))
	wait, err := s.Gate.Try(ctx, subject[:], now, delays())
	if err != nil {
		return Entered{}, fmt.Errorf("counting a sign-in: %w", err)
	}
	if wait > 0 {
		return Entered{}, session.TooMany(wait)
	}
	known, err := s.Reader.ByEmail(ctx, norm)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Entered{}, fmt.Errorf("looking for an account: %w", err)
	}
	ok, weak, err := s.Passwords.Check(ctx, password, known.PasswordHash)
	if err != nil {
		return Entered{}, fault.WrapAs(err, fault.Unavailable, "unavailable", "Signing in is not possible now.").Retry(time.Second)
	}
	places, err := s.Reader.Places(ctx, known.ID)
	if err != nil {
		return Entered{}, fmt.Errorf("looking for the workspaces of an account: %w", err)
	}
	if !ok || len(places) == 0 {
		return Entered{}, wrongCredentials()
	}
	if err := s.Gate.Forget(ctx, subject[:]); err != nil {
		return Entered{}, fmt.Errorf("forgetting attempts: %w", err)
	}
	stronger := ""
	if weak {
		if stronger, err = s.Passwords.Hash(ctx, password); err != nil {
			return Entered{}, fmt.Errorf("hashing a password anew: %w", err)
		}
	}
	return s.enter(ctx, places[0], "password", func(ctx context.Context, tx Tx) error {
		if stronger == "" {
			return nil
		}
		return tx.Passwords.Set(ctx, known.ID, stronger)
	})
}

// enter begins a visit where check allows it.
func (s *Service) enter(ctx context.Context, p Place, by string, check func(context.Context, Tx) error) (Entered, error) {
	token, hash, err := s.Tokens.Token()
	if err != nil {
		return Entered{}, err
	}
	ids, err := s.IDs.Reserve(ctx, 1)
	if err != nil {
		return Entered{}, err
	}
	ctx = actor.With(ctx, actor.Actor{Kind: actor.Console, Workspace: p.Workspace, User: p.User, Sandbox: p.Sandbox})
	visit := session.NewVisit(ident.Session(ids[0]), actor.Console, p.User, hash, s.Now())
	err = s.Work.Do(ctx, func(ctx context.Context, tx Tx) error {
		if err := check(ctx, tx); err != nil {
			return err
		}
		if err := tx.Visits.Begin(ctx, visit); err != nil {
			return err
		}
		return s.audit(ctx, tx, "user.sign_in", p.User, map[string]any{"By": by})
	})
	if err != nil {
		return Entered{}, err
	}
	who, err := s.Reader.Me(ctx, hash)
	if err != nil {
		return Entered{}, fmt.Errorf("reading who signed in: %w", err)
	}
	return Entered{Token: token, ValidUntil: visit.ExpiresAt, Me: who}, nil
}

// Me answers who the context's actor is; hash is that of the visit's token.
func (s *Service) Me(ctx context.Context, hash []byte) (Me, error) {
	who, err := s.Reader.Me(ctx, hash)
	if fault.Is(err, fault.NotFound) {
		return Me{}, fault.New(fault.Unauthenticated, "unauthenticated", "Nobody is signed in.")
	}
	return who, err
}

// SetPassword sets the actor's password and ends their other visits; keep is the hash of
// the token of the one that stays. A wrong present password is Invalid on Current.
func (s *Service) SetPassword(ctx context.Context, current, password string, keep []byte) error {
	if err := checkLength(password); err != nil {
		return err
	}
	who := actor.From(ctx)
	var known Account
	err := s.Work.Do(ctx, func(ctx context.Context, tx Tx) (err error) {
		known, err = tx.Passwords.Of(ctx, who.User)
		return err
	})
	if err != nil {
		return fmt.Errorf("reading an account: %w", err)
	}
	if known.PasswordHash != "" {
		if err := s.confirm(ctx, known, current); err != nil {
			return err
		}
	}
	hash, err := s.Passwords.Hash(ctx, password)
	if err != nil {
		return fmt.Errorf("hashing a password: %w", err)
	}
	return s.Work.Do(ctx, func(ctx context.Context, tx Tx) error {
		now, err := tx.Passwords.Of(ctx, who.User)
		if err != nil {
			return err
		}
		if now.PasswordHash != known.PasswordHash {
			return fault.New(fault.Conflict, "password_changed", "The password was changed meanwhile.")
		}
		if err := tx.Passwords.Set(ctx, known.ID, hash); err != nil {
			return err
		}
		if err := tx.Passwords.EndVisits(ctx, known.ID, keep); err != nil {
			return err
		}
		return s.audit(ctx, tx, "user.set_password", who.User, nil)
	})
}

// confirm asks for the present password, as slowly as at the door.
func (s *Service) confirm(ctx context.Context, known Account, current string) error {
	subject := sha256.Sum256([]byte("account/" + ident.String(known.ID)))
	wait, err := s.Gate.Try(ctx, subject[:], s.Now(), delays())
	if err != nil {
		return fmt.Errorf("counting an attempt: %w", err)
	}
	if wait > 0 {
		return session.TooMany(wait)
	}
	ok, _, err := s.Passwords.Check(ctx, current, known.PasswordHash)
	if err != nil {
		return fault.WrapAs(err, fault.Unavailable, "unavailable", "The password cannot be checked now.").Retry(time.Second)
	}
	if !ok {
		return fault.InvalidField("Current", "wrong_password", "This is not the present password.")
	}
	return s.Gate.Forget(ctx, subject[:])
}

// SignOut ends the visit of a token's hash.
func (s *Service) SignOut(ctx context.Context, hash []byte) error { return s.Gate.End(ctx, hash) }

func (s *Service) audit(ctx context.Context, tx Tx, action string, user ident.User, detail map[string]any) error {
	return tx.Audit.Append(ctx, audit.Entry{
		At: s.Now(), Actor: actor.From(ctx), Action: action, Object: "user/" + ident.String(user), Detail: detail,
	})
}
