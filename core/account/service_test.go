package account

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/audit"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/session"
	"github.com/kohomai/kohomai/core/workspace"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// world is everything a Service works with: one person with an account.
type world struct {
	mu       sync.Mutex
	link     Link
	account  Account
	places   []Place
	visits   []session.Visit
	kept     []byte
	checked  []string // what was hashed against
	failures map[string]int
	last     map[string]time.Time
	audited  []string
	now      time.Time
	drawn    int64
}

func newWorld() (*world, *Service) {
	w := &world{
		link: Link{SignInLink: workspace.SignInLink{ID: 1, User: 3, TokenHash: session.HashToken("good"), ValidUntil: noon.Add(time.Hour)}, Role: workspace.Manager},
		// The fake's hash of a password is the password behind an equals sign.
		account: Account{ID: 9, PasswordHash: "=correct horse battery"}, places: []Place{{Workspace: 7, User: 3}},
		failures: map[string]int{}, last: map[string]time.Time{}, now: noon,
	}
	return w, NewService(Parts{Work: w, Reader: reader{w}, Gate: gate{w}, Passwords: w, Tokens: w, IDs: w, Unicode: plain{}, Now: func() time.Time { return w.now }})
}

type plain struct{}

func (plain) NFC(s string) string                  { return s }
func (plain) ASCIIDomain(d string) (string, error) { return strings.ToLower(d), nil }

func (w *world) Do(ctx context.Context, fn func(context.Context, Tx) error) error {
	if a := actor.From(ctx); a.Workspace != 7 || a.User != 3 || a.Kind != actor.Console {
		return fmt.Errorf("acts as %+v", a)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return fn(ctx, Tx{Links: linkStore{w}, Visits: w, Passwords: passwordStore{w}, Audit: w})
}

type linkStore struct{ w *world }

func (s linkStore) Lock(_ context.Context, hash []byte) (Link, error) { return s.w.link, nil }
func (s linkStore) Use(_ context.Context, _ ident.Session, at time.Time) error {
	s.w.link.UsedAt = at
	return nil
}

func (w *world) Begin(_ context.Context, v session.Visit) error {
	w.visits = append(w.visits, v)
	return nil
}

func (w *world) Append(_ context.Context, entries ...audit.Entry) error {
	for _, e := range entries {
		w.audited = append(w.audited, e.Action)
	}
	return nil
}

type passwordStore struct{ w *world }

func (s passwordStore) Of(context.Context, ident.User) (Account, error) { return s.w.account, nil }
func (s passwordStore) Set(_ context.Context, _ ident.Account, hash string) error {
	s.w.account.PasswordHash = hash
	return nil
}

func (s passwordStore) EndVisits(_ context.Context, _ ident.Account, keep []byte) error {
	s.w.kept = keep
	return nil
}

type reader struct{ w *world }

func (r reader) OfLink(_ context.Context, hash []byte) (Place, error) {
	if bytes.Equal(hash, r.w.link.TokenHash) {
		return Place{Workspace: 7, User: 3}, nil
	}
	return Place{}, fault.New(fault.NotFound, "not_found", "")
}

func (r reader) ByEmail(_ context.Context, email string) (Account, error) {
	if email == "ada@example.org" {
		return r.w.account, nil
	}
	return Account{}, fault.New(fault.NotFound, "not_found", "")
}

func (r reader) Places(_ context.Context, id ident.Account) ([]Place, error) {
	if id != r.w.account.ID {
		return nil, nil
	}
	return r.w.places, nil
}

func (r reader) Me(context.Context, []byte) (Me, error) { return Me{User: workspace.User{ID: 3}}, nil }

type gate struct{ w *world }

func (g gate) Try(_ context.Context, subject []byte, at time.Time, delays []time.Duration) (time.Duration, error) {
	g.w.mu.Lock()
	defer g.w.mu.Unlock()
	n := g.w.failures[string(subject)]
	if wait := delays[min(n, len(delays)-1)] - at.Sub(g.w.last[string(subject)]); n > 0 && wait > 0 {
		return wait, nil
	}
	g.w.failures[string(subject)], g.w.last[string(subject)] = n+1, at
	return 0, nil
}

func (g gate) Forget(_ context.Context, subject []byte) error {
	delete(g.w.failures, string(subject))
	return nil
}
func (g gate) End(context.Context, []byte) error { return nil }

func (w *world) Hash(_ context.Context, password string) (string, error) { return "=" + password, nil }

func (w *world) Check(_ context.Context, password, kept string) (ok, weak bool, err error) {
	w.checked = append(w.checked, kept)
	return kept == "="+password || kept == "weak="+password, strings.HasPrefix(kept, "weak"), nil
}

func (w *world) Token() (string, []byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.drawn++
	token := fmt.Sprint("token", w.drawn)
	return token, session.HashToken(token), nil
}

func (w *world) Reserve(_ context.Context, n int) ([]int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.drawn += int64(n)
	return []int64{w.drawn}, nil
}

func TestService_SignInWithLink(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		token  string
		change func(*world)
		ok     bool
	}{
		"fresh":             {"good", func(*world) {}, true},
		"a second early":    {"good", func(w *world) { w.now = noon.Add(time.Hour - time.Second) }, true},
		"expired":           {"good", func(w *world) { w.now = noon.Add(time.Hour) }, false},
		"used":              {"good", func(w *world) { w.link.UsedAt = noon }, false},
		"the role was lost": {"good", func(w *world) { w.link.Role = workspace.NoRole }, false},
		"unknown":           {"other", func(*world) {}, false},
		"empty":             {"", func(*world) {}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, s := newWorld()
			c.change(w)
			in, err := s.SignInWithLink(t.Context(), "net", c.token)
			if c.ok && (err != nil || in.Token == "" || len(w.visits) != 1 || w.visits[0].Kind != actor.Console || w.link.UsedAt.IsZero()) {
				t.Errorf("%+v, %v", in, err)
			}
			if !c.ok && (!fault.HasCode(err, "invalid_link") || len(w.visits) != 0) {
				t.Errorf("%+v, %v", in, err)
			}
		})
	}
	t.Run("once at once", func(t *testing.T) {
		t.Parallel()
		w, s := newWorld()
		var group sync.WaitGroup
		for i := range 100 {
			group.Go(func() { _, _ = s.SignInWithLink(t.Context(), fmt.Sprint(i), "good") })
		}
		group.Wait()
		if len(w.visits) != 1 {
			t.Errorf("%d visits by one link", len(w.visits))
		}
	})
}

func TestService_SignInWithPassword(t *testing.T) {
	t.Parallel()
	const right = "correct horse battery"
	for name, c := range map[string]struct {
		email, password string
		change          func(*world)
		ok              bool
	}{
		"right":            {" Ada@Example.org ", right, func(*world) {}, true},
		"wrong":            {"ada@example.org", "wrong horse battery", func(*world) {}, false},
		"unknown":          {"bo@example.org", right, func(*world) {}, false},
		"no address":       {"ada", right, func(*world) {}, false},
		"without password": {"ada@example.org", "", func(w *world) { w.account.PasswordHash = "" }, false},
		"without a place":  {"ada@example.org", right, func(w *world) { w.places = nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, s := newWorld()
			c.change(w)
			in, err := s.SignInWithPassword(t.Context(), "net", c.email, c.password)
			if c.ok && (err != nil || in.Token == "" || len(w.failures) != 0) {
				t.Errorf("%+v, %v", in, err)
			}
			if !c.ok && (!fault.HasCode(err, "wrong_credentials") || len(w.visits) != 0 || len(w.failures) != 1) {
				t.Errorf("%+v, %v", in, err)
			}
			if len(w.checked) != 1 {
				t.Errorf("hashed %d times: the work tells who is known", len(w.checked))
			}
		})
	}
	t.Run("a weak hash is made anew", func(t *testing.T) {
		t.Parallel()
		w, s := newWorld()
		w.account.PasswordHash = "weak=" + right
		if _, err := s.SignInWithPassword(t.Context(), "net", "ada@example.org", right); err != nil || w.account.PasswordHash != "="+right {
			t.Errorf("%q, %v", w.account.PasswordHash, err)
		}
	})
}

func TestService_guessing_takes_longer_each_time(t *testing.T) {
	t.Parallel()
	w, s := newWorld()
	guess := func(from string) error {
		_, err := s.SignInWithPassword(t.Context(), from, "ada@example.org", "wrong horse battery")
		return err
	}
	hour, tries := 0, 0
	for ; hour < 3600; hour++ {
		if fault.HasCode(guess(fmt.Sprint(hour)), "wrong_credentials") {
			tries++
		}
		w.now = w.now.Add(time.Second)
	}
	if tries < freeAttempts || tries > 30 {
		t.Errorf("%d guesses in an hour from everywhere", tries)
	}
	if err := guess("x"); !fault.Is(err, fault.Limited) || fault.As(err).RetryAfter <= 0 || fault.As(err).RetryAfter > longestDelay {
		t.Errorf("%v", err)
	}
	w.now = w.now.Add(longestDelay)
	if _, err := s.SignInWithPassword(t.Context(), "home", "ada@example.org", "correct horse battery"); err != nil {
		t.Errorf("the person is locked out: %v", err)
	}
	for i := range attemptsAMinute + 1 {
		_, err := s.SignInWithPassword(t.Context(), "one", fmt.Sprintf("p%d@example.org", i), "x")
		if want := i == attemptsAMinute; fault.Is(err, fault.Limited) != want {
			t.Errorf("attempt %d from one place: %v", i, err)
		}
	}
}

func TestService_SetPassword(t *testing.T) {
	t.Parallel()
	ada := func(ctx context.Context) context.Context {
		return actor.With(ctx, actor.Actor{Kind: actor.Console, Workspace: 7, User: 3, Role: "Manager"})
	}
	for name, c := range map[string]struct {
		had, current, password string
		code                   string
	}{
		"first":            {"", "", "twelve chars", ""},
		"changed":          {"=old horse battery", "old horse battery", "twelve chars", ""},
		"too short":        {"", "", "eleven char", "wrong_length"},
		"too long":         {"", "", strings.Repeat("é", MaxPassword+1), "wrong_length"},
		"longest":          {"", "", strings.Repeat("é", MaxPassword), ""},
		"without current":  {"=old horse battery", "", "twelve chars", "wrong_password"},
		"with another one": {"=old horse battery", "new horse battery", "twelve chars", "wrong_password"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, s := newWorld()
			w.account.PasswordHash = c.had
			err := s.SetPassword(ada(t.Context()), c.current, c.password, []byte("mine"))
			if c.code == "" {
				if err != nil || w.account.PasswordHash != "="+c.password || string(w.kept) != "mine" || len(w.audited) != 1 {
					t.Errorf("%v, %+v", err, w.account)
				}
				return
			}
			if f := fault.As(err); len(f.Fields) != 1 || f.Fields[0].Code != c.code || w.account.PasswordHash != c.had || w.kept != nil {
				t.Errorf("%v", err)
			}
		})
	}
}
