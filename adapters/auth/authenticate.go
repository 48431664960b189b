package auth

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/workspace"
)

// Keys finds API keys.
type Keys interface {
	// Key must find a key of any workspace by its public part, or NotFound. Sandbox tells
	// its workspace's kind.
	Key(ctx context.Context, lookup string) (k workspace.Key, sandbox bool, err error)
	// Used must note that a key is used now, to the minute.
	Used(ctx context.Context, lookup string) error
}

// Authenticator turns credentials of a request into an actor. Found keys are kept for
// five seconds: a revoked key is refused everywhere by then.
type Authenticator struct {
	keys Keys
	now  func() time.Time

	looks singleflight.Group
	mu    sync.Mutex
	known map[string]found
}

type found struct {
	key     workspace.Key
	sandbox bool
	until   time.Time
	// noted is when the use of the key was last written down; shared by all that find it.
	noted *atomic.Int64
}

// keepKeys is how long a key is believed; mostKeys bounds what is kept meanwhile.
const (
	keepKeys = 5 * time.Second
	mostKeys = 10_000
)

// NewAuthenticator makes an authenticator. Now is real time.
func NewAuthenticator(keys Keys, now func() time.Time) *Authenticator {
	return &Authenticator{keys: keys, now: now, known: map[string]found{}}
}

// Middleware puts the actor of each request into its context. A request without
// credentials passes with no actor: procedures refuse it by the policy table. Wrong
// credentials are answered by refuse.
func (a *Authenticator) Middleware(next http.Handler, refuse func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := r.Header.Get("Authorization")
		if header == "" {
			next.ServeHTTP(w, r)
			return
		}
		who, err := a.bearer(r.Context(), header)
		if err != nil {
			refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(actor.With(r.Context(), who)))
	})
}

func (a *Authenticator) bearer(ctx context.Context, header string) (actor.Actor, error) {
	scheme, secret, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return actor.Actor{}, unknownKey()
	}
	return a.Check(ctx, strings.TrimSpace(secret))
}

func unknownKey() error {
	return fault.New(fault.Unauthenticated, "invalid_key", "This API key is unknown, expired or revoked.")
}

// Check returns the actor a key stands for, or Unauthenticated.
func (a *Authenticator) Check(ctx context.Context, secret string) (actor.Actor, error) {
	lookup, ok := ParseKey(secret)
	if !ok {
		return actor.Actor{}, unknownKey()
	}
	f, err := a.find(ctx, lookup)
	if fault.Is(err, fault.NotFound) {
		return actor.Actor{}, unknownKey()
	}
	if err != nil {
		return actor.Actor{}, err
	}
	if !Matches(secret, f.key.Hash) || !f.key.Valid(a.now()) {
		return actor.Actor{}, unknownKey()
	}
	a.note(ctx, lookup, f)
	return actor.Actor{
		Kind: actor.APIKey, Workspace: f.key.Workspace, Key: f.key.ID, KeyName: f.key.Name, Origin: f.key.Origin,
		Scopes: f.key.Scopes, Sandbox: f.sandbox,
	}, nil
}

// note writes down once a minute that a key is used. That it cannot be written refuses
// nobody: what the request does next will tell of a database that is away.
func (a *Authenticator) note(ctx context.Context, lookup string, f found) {
	now, last := a.now().Unix(), f.noted.Load()
	if now-last >= 60 && f.noted.CompareAndSwap(last, now) {
		_ = a.keys.Used(context.WithoutCancel(ctx), lookup)
	}
}

func (a *Authenticator) find(ctx context.Context, lookup string) (found, error) {
	a.mu.Lock()
	f, ok := a.known[lookup]
	a.mu.Unlock()
	if ok && a.now().Before(f.until) {
		return f, nil
	}
	shared, err, _ := a.looks.Do(lookup, func() (any, error) { return a.look(context.WithoutCancel(ctx), lookup) })
	if err != nil {
		return found{}, err
	}
	return shared.(found), nil
}

// look asks for a key and keeps it. All who present it meanwhile share the answer.
func (a *Authenticator) look(ctx context.Context, lookup string) (found, error) {
	// The five seconds begin before the question: what is revoked while it is answered
	// counts as revoked after it.
	until := a.now().Add(keepKeys)
	key, sandbox, err := a.keys.Key(ctx, lookup)
	if err != nil {
		return found{}, fmt.Errorf("looking for a key: %w", err)
	}
	f := found{key: key, sandbox: sandbox, until: until, noted: &atomic.Int64{}}
	a.mu.Lock()
	if before, known := a.known[lookup]; known {
		f.noted = before.noted
	}
	if len(a.known) >= mostKeys {
		clear(a.known)
	}
	a.known[lookup] = f
	a.mu.Unlock()
	return f, nil
}
