package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
	"github.com/kohomai/kohomai/core/unit"
)

// How often codes may be asked for and tried.
const (
	codesALink      = 5
	codesALinkIn    = 15 * time.Minute
	triesAMinute    = 10
	triesWindow     = time.Minute
	exchangedWithin = time.Minute
)

// A press counts once however often its button was hit: within pressedAgain, the same press
// gives the same visit. A press is a random text of at least shortestPress characters.
const (
	pressedAgain  = time.Minute
	shortestPress = 40
)

// Parts are what a Service works with.
type Parts struct {
	Work    unit.Work[Tx]
	Reader  Reader
	Opener  Opener
	Ender   Ender
	Secrets Secrets
	IDs     ident.Source
	Mailer  activity.Mailer
	// Now is real time.
	Now func() time.Time
}

// Service holds the use cases of coming into the front-office and staying there.
type Service struct {
	Parts
	asked *Attempts // codes asked for, by link
	tried *Attempts // codes asked for and tried, by network
}

// NewService makes the service.
func NewService(p Parts) *Service {
	return &Service{Parts: p, asked: NewAttempts(codesALink, codesALinkIn), tried: NewAttempts(triesAMinute, triesWindow)}
}

// Entered is a visit to the front-office that has begun. Token goes into the cookie and
// nowhere else.
type Entered struct {
	Token string
	Visit Visit
}

// InvalidLink refuses a link that is unknown, used or expired.
func InvalidLink() error {
	return fault.New(fault.Unauthenticated, "invalid_link", "This link is unknown, was used already or has expired.")
}

// Look finds a link without using it, or refuses it with InvalidLink; a link that was used
// or has expired is returned beside the refusal.
func (s *Service) Look(ctx context.Context, token string) (Found, error) {
	found, err := s.Reader.Link(ctx, HashToken(token))
	if fault.Is(err, fault.NotFound) {
		return Found{}, InvalidLink()
	}
	if err != nil {
		return Found{}, fmt.Errorf("looking for a link: %w", err)
	}
	if !found.Usable(s.Now()) {
		return found, InvalidLink()
	}
	return found, nil
}

// Enter uses a link and begins a visit. Press is what the page that asked for it drew: who
// hits its button twice gets the visit of the first time twice, instead of a refusal in the
// place of a visit. It may be empty.
func (s *Service) Enter(ctx context.Context, token, press string) (Entered, error) {
	found, err := s.Look(ctx, token)
	if err != nil && found.User == 0 {
		return Entered{}, err
	}
	if len(press) < shortestPress {
		if err != nil {
			return Entered{}, err
		}
		return s.enter(ctx, found)
	}
	sum := sha256.Sum256([]byte("visit\x00" + token + "\x00" + press))
	visitToken := hex.EncodeToString(sum[:])
	if err == nil {
		var in Entered
		if in, err = s.begin(ctx, found, visitToken); err == nil {
			return in, nil
		}
	}
	if fault.HasCode(err, "invalid_link") {
		v, again := s.Reader.Visitor(within(ctx, found), HashToken(visitToken))
		if again == nil && s.Now().Sub(v.Since) < pressedAgain {
			return Entered{Token: visitToken, Visit: Visit{Kind: actor.Front, User: v.User.ID, Journey: v.Journey, ExpiresAt: v.Until}}, nil
		}
	}
	return Entered{}, err
}

func (s *Service) enter(ctx context.Context, found Found) (Entered, error) {
	token, _, err := s.Secrets.Token()
	if err != nil {
		return Entered{}, err
	}
	return s.begin(ctx, found, token)
}

// begin uses a link for the visit of a token.
func (s *Service) begin(ctx context.Context, found Found, token string) (Entered, error) {
	ids, err := s.IDs.Reserve(ctx, 1)
	if err != nil {
		return Entered{}, err
	}
	visit := NewVisit(ident.Session(ids[0]), actor.Front, found.User, HashToken(token), s.Now())
	visit.Journey = found.Journey
	if visit, err = s.Opener.Enter(within(ctx, found), found.Link, visit); err != nil {
		return Entered{}, err
	}
	return Entered{Token: token, Visit: visit}, nil
}

// within acts as the person of a link in their workspace.
func within(ctx context.Context, f Found) context.Context {
	return actor.With(ctx, actor.Actor{Kind: actor.Front, Workspace: f.Workspace, User: f.User, Sandbox: f.Sandbox})
}

// SendCode mails a new code to the person of a link, used or expired as it may be, in a
// language ("en" or "fr"). Nothing tells whether the link was ever one; asked too often,
// it is Limited. From is the network the request comes from.
func (s *Service) SendCode(ctx context.Context, from, token, language string) error {
	now := s.Now()
	hash := HashToken(token)
	if err := s.tried.Try(from, now); err != nil {
		return err
	}
	if err := s.asked.Try(hex.EncodeToString(hash), now); err != nil {
		return err
	}
	found, err := s.Reader.Link(ctx, hash)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for a link: %w", err)
	}
	ids, err := s.IDs.Reserve(ctx, 1)
	if err != nil {
		return err
	}
	code := Code{
		ID: ident.Session(ids[0]), User: found.User, Journey: found.Journey, RedirectURL: found.RedirectURL,
		Digits: s.Secrets.Digits(CodeDigits), CreatedAt: now, ValidUntil: now.Add(CodeLife),
	}
	return s.Work.Do(within(ctx, found), func(ctx context.Context, tx Tx) error {
		if err := tx.Codes.Put(ctx, code); err != nil {
			return err
		}
		return tx.Jobs.Enqueue(ctx, job.Item{Job: CodeJob{Workspace: found.Workspace, Code: code.ID, Language: language}})
	})
}

// EnterCode begins a visit by the code that was mailed to the person of a link. Whatever is
// wrong is Unauthenticated of code wrong_code.
func (s *Service) EnterCode(ctx context.Context, from, token, digits string) (Entered, error) {
	now := s.Now()
	if err := s.tried.Try(from, now); err != nil {
		return Entered{}, err
	}
	wrong := fault.New(fault.Unauthenticated, "wrong_code", "This code is wrong, was used already or has expired.")
	found, err := s.Reader.Link(ctx, HashToken(token))
	if fault.Is(err, fault.NotFound) {
		return Entered{}, wrong
	}
	if err != nil {
		return Entered{}, fmt.Errorf("looking for a link: %w", err)
	}
	_, hash, err := s.Secrets.Token()
	if err != nil {
		return Entered{}, err
	}
	ids, err := s.IDs.Reserve(ctx, 1)
	if err != nil {
		return Entered{}, err
	}
	// The code is exchanged for a link of its own, so that people enter in one way only.
	right := false
	err = s.Work.Do(within(ctx, found), func(ctx context.Context, tx Tx) error {
		code, err := tx.Codes.Lock(ctx, found.User)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		right = code.Try(digits, now)
		if err := tx.Codes.Save(ctx, code); err != nil || !right {
			return err
		}
		found.Link = Link{
			ID: ident.Session(ids[0]), TokenHash: hash, User: code.User, Journey: code.Journey, RedirectURL: code.RedirectURL,
			CreatedAt: now, ValidUntil: now.Add(exchangedWithin),
		}
		return tx.Links.Insert(ctx, []Link{found.Link})
	})
	if err != nil {
		return Entered{}, err
	}
	if !right {
		return Entered{}, wrong
	}
	return s.enter(ctx, found)
}

// Visitor answers who the context's actor is; hash is that of the visit's token. The
// addresses they may be sent to are judged anew.
func (s *Service) Visitor(ctx context.Context, hash []byte) (Visitor, error) {
	v, err := s.Reader.Visitor(ctx, hash)
	if fault.Is(err, fault.NotFound) {
		return Visitor{}, fault.New(fault.Unauthenticated, "unauthenticated", "Nobody is signed in.")
	}
	if err != nil {
		return Visitor{}, fmt.Errorf("reading who is signed in: %w", err)
	}
	v.RedirectURL = v.Allowed(v.RedirectURL)
	return v, nil
}

// Allowed is an address the visitor may be sent to now, or empty.
func (v Visitor) Allowed(address string) string {
	if CheckRedirect(address, v.Workspace.RedirectOrigins, v.Workspace.Sandbox) != nil {
		return ""
	}
	return address
}

// SignOut ends the visit of a token's hash.
func (s *Service) SignOut(ctx context.Context, hash []byte) error { return s.Ender.End(ctx, hash) }

// Drafts returns what was entered for a run, by field.
func (s *Service) Drafts(ctx context.Context, run ident.Run) ([]Draft, error) {
	return s.Reader.Drafts(ctx, run)
}

// SaveDraft keeps a field as it is entered.
func (s *Service) SaveDraft(ctx context.Context, d Draft) error {
	return s.Work.Do(ctx, func(ctx context.Context, tx Tx) error { return tx.Drafts.Save(ctx, d) })
}

// DropDrafts forgets what was entered for a run that has been handed in.
func (s *Service) DropDrafts(ctx context.Context, run ident.Run) error {
	return s.Work.Do(ctx, func(ctx context.Context, tx Tx) error { return tx.Drafts.Drop(ctx, run) })
}
