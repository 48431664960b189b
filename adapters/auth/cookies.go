package auth

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/session"
)

// Cookies finds who is signed in.
type Cookies interface {
	// Cookie must find a web session of any workspace by the hash of its token, or NotFound.
	Cookie(ctx context.Context, hash []byte) (session.Guest, error)
	// Seen must note that the session of a hash was used at a moment, in the workspace of
	// the context's actor.
	Seen(ctx context.Context, hash []byte, at time.Time) error
}

// Door is an entrance for browsers: which cookie it reads, for which kind of actor, and
// after how long without use (zero: never) a visit ends before it expires.
type Door struct {
	Kind   actor.Kind
	Secure bool
	Idle   time.Duration
}

// seenEvery is how exactly the last use is kept.
const seenEvery = time.Minute

// CookieName is the cookie of a door. On https the prefix makes browsers refuse it from
// other hosts, paths and schemes; http has plain names, so that the two never mix.
func (d Door) CookieName() string {
	name := "koh_front"
	if d.Kind == actor.Console {
		name = "koh_console"
	}
	if d.Secure {
		return "__Host-" + name
	}
	return name
}

// Cookie makes the cookie that holds a token until a moment.
func (d Door) Cookie(token string, until time.Time) *http.Cookie {
	return &http.Cookie{ // #nosec G124 -- Secure is set on every door with TLS
		Name: d.CookieName(), Value: token, Path: "/", Expires: until,
		Secure: d.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

// Clear makes the cookie that takes the door's cookie away.
func (d Door) Clear() *http.Cookie {
	c := d.Cookie("", time.Time{}) // #nosec G124 -- the same cookie, ended
	c.MaxAge = -1
	return c
}

// Browsers turns the cookie of one door into an actor.
type Browsers struct {
	cookies Cookies
	door    Door
	cross   *http.CrossOriginProtection
	now     func() time.Time
}

// NewBrowsers makes the middleware of a door. Origins are our own as browsers see them,
// such as "https://app.example.com": they matter behind a proxy that rewrites the host.
// Now is real time.
func NewBrowsers(cookies Cookies, door Door, origins []string, now func() time.Time) (*Browsers, error) {
	cross := http.NewCrossOriginProtection()
	for _, o := range origins {
		if err := cross.AddTrustedOrigin(o); err != nil {
			return nil, fmt.Errorf("the origin %s: %w", o, err)
		}
	}
	return &Browsers{cookies: cookies, door: door, cross: cross, now: now}, nil
}

// Middleware puts the signed-in person into the context of each request that has no actor
// yet. A request without a cookie, or with one that is unknown, expired or of another
// door, passes with no actor: procedures refuse it by the policy table, and signing in
// stays possible. A change asked for by another site under our cookie is answered by
// refuse with Forbidden.
func (b *Browsers) Middleware(next http.Handler, refuse func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(b.door.CookieName())
		if err != nil || cookie.Value == "" || actor.From(r.Context()).Kind != actor.None {
			next.ServeHTTP(w, r)
			return
		}
		if err := b.cross.Check(r); err != nil {
			refuse(w, r, fault.WrapAs(err, fault.Forbidden, "cross_origin", "Another site may not act under this sign-in."))
			return
		}
		who, err := b.visit(r.Context(), session.HashToken(cookie.Value))
		if err != nil {
			refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(actor.With(r.Context(), who)))
	})
}

// Who is signed in at the door with a request's cookie; the zero actor is nobody.
func (b *Browsers) Who(r *http.Request) (actor.Actor, error) {
	cookie, err := r.Cookie(b.door.CookieName())
	if err != nil || cookie.Value == "" {
		return actor.Actor{}, nil
	}
	return b.visit(r.Context(), session.HashToken(cookie.Value))
}

// visit is who is signed in; the zero actor is nobody.
func (b *Browsers) visit(ctx context.Context, hash []byte) (actor.Actor, error) {
	v, err := b.cookies.Cookie(ctx, hash)
	if fault.Is(err, fault.NotFound) {
		return actor.Actor{}, nil
	}
	if err != nil {
		return actor.Actor{}, fmt.Errorf("looking for a sign-in: %w", err)
	}
	now := b.now()
	idle := b.door.Idle > 0 && now.Sub(v.SeenAt) >= b.door.Idle
	if v.Actor.Kind != b.door.Kind || !now.Before(v.ExpiresAt) || idle {
		return actor.Actor{}, nil
	}
	if now.Sub(v.SeenAt) >= seenEvery {
		if err := b.cookies.Seen(actor.With(ctx, v.Actor), hash, now); err != nil {
			return actor.Actor{}, fmt.Errorf("noting a visit: %w", err)
		}
	}
	return v.Actor, nil
}
