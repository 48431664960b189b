package auth_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/kohomai/kohomai/adapters/auth"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/session"
)

type visits struct {
	token string
	visit session.Guest
	err   error

	mu   sync.Mutex
	seen []time.Time
}

func (v *visits) Cookie(_ context.Context, hash []byte) (session.Guest, error) {
	if v.err != nil {
		return session.Guest{}, v.err
	}
	if !bytes.Equal(hash, session.HashToken(v.token)) {
		return session.Guest{}, fault.New(fault.NotFound, "not_found", "No.")
	}
	return v.visit, nil
}

func (v *visits) Seen(_ context.Context, _ []byte, at time.Time) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.seen = append(v.seen, at)
	return nil
}

func TestBrowsers(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	token, _, _ := auth.Credentials{}.Token()
	console := auth.Door{Kind: actor.Console, Secure: true, Idle: session.VisitIdle}
	visit := session.Guest{
		Actor:  actor.Actor{Kind: actor.Console, Workspace: 7, User: 3, Role: "Manager"},
		SeenAt: now.Add(-30 * time.Second), ExpiresAt: now.Add(time.Hour),
	}
	with := func(change func(*session.Guest)) session.Guest {
		v := visit
		change(&v)
		return v
	}
	for name, c := range map[string]struct {
		visit  session.Guest
		err    error
		method string
		value  string
		cookie string
		site   string
		origin string
		key    bool
		want   actor.Kind
		refuse fault.Kind
		seen   int
	}{
		"signed in":             {visit: visit, value: token, want: actor.Console},
		"seen long ago":         {visit: with(func(v *session.Guest) { v.SeenAt = now.Add(-time.Minute) }), value: token, want: actor.Console, seen: 1},
		"no cookie":             {visit: visit},
		"unknown":               {visit: visit, value: token + "0"},
		"expired":               {visit: with(func(v *session.Guest) { v.ExpiresAt = now }), value: token},
		"idle":                  {visit: with(func(v *session.Guest) { v.SeenAt = now.Add(-session.VisitIdle) }), value: token},
		"a lead's sign-in":      {visit: with(func(v *session.Guest) { v.Actor.Kind = actor.Front }), value: token},
		"the front's cookie":    {visit: visit, value: token, cookie: "__Host-koh_front"},
		"the plain cookie":      {visit: visit, value: token, cookie: "koh_console"},
		"a key comes first":     {visit: visit, value: token, key: true, want: actor.APIKey},
		"change, same origin":   {visit: visit, value: token, method: http.MethodPost, site: "same-origin", want: actor.Console},
		"change, cross site":    {visit: visit, value: token, method: http.MethodPost, site: "cross-site", refuse: fault.Forbidden},
		"change, other origin":  {visit: visit, value: token, method: http.MethodPost, origin: "https://evil.example", refuse: fault.Forbidden},
		"change, public origin": {visit: visit, value: token, method: http.MethodPost, site: "cross-site", origin: "https://app.example", want: actor.Console},
		"database away":         {visit: visit, value: token, err: errors.New("away"), refuse: fault.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cookies := &visits{token: token, visit: c.visit, err: c.err}
			b, err := auth.NewBrowsers(cookies, console, []string{"https://app.example"}, func() time.Time { return now })
			if err != nil {
				t.Fatal(err)
			}
			var reached bool
			var refused error
			handler := b.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				reached = true
				if got := actor.From(r.Context()); got.Kind != c.want || got.Kind == actor.Console && got.User != 3 {
					t.Errorf("acts as %+v, want kind %d", got, c.want)
				}
			}), func(_ http.ResponseWriter, _ *http.Request, err error) { refused = err })
			method, name := c.method, c.cookie
			if method == "" {
				method = http.MethodGet
			}
			if name == "" {
				name = console.CookieName()
			}
			r := httptest.NewRequest(method, "/", nil)
			if c.value != "" {
				r.AddCookie(&http.Cookie{Name: name, Value: c.value})
			}
			if c.site != "" {
				r.Header.Set("Sec-Fetch-Site", c.site)
			}
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			if c.key {
				r = r.WithContext(actor.With(r.Context(), actor.Actor{Kind: actor.APIKey, Workspace: 9}))
			}
			handler.ServeHTTP(httptest.NewRecorder(), r)
			if shut := c.refuse != 0 || c.err != nil; shut == reached || shut && !fault.Is(refused, c.refuse) {
				t.Errorf("reached %v, refused with %v", reached, refused)
			}
			if len(cookies.seen) != c.seen {
				t.Errorf("noted %v", cookies.seen)
			}
		})
	}
}

func TestDoor_cookies(t *testing.T) {
	t.Parallel()
	until := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		door auth.Door
		want string
	}{
		{auth.Door{Kind: actor.Console, Secure: true}, "__Host-koh_console"},
		{auth.Door{Kind: actor.Front, Secure: true}, "__Host-koh_front"},
		{auth.Door{Kind: actor.Console}, "koh_console"},
		{auth.Door{Kind: actor.Front}, "koh_front"},
	} {
		set, gone := c.door.Cookie("t", until), c.door.Clear()
		if set.Name != c.want || gone.Name != c.want || set.Secure != c.door.Secure || !set.HttpOnly || set.Path != "/" ||
			set.Domain != "" || set.SameSite != http.SameSiteLaxMode || gone.MaxAge >= 0 {
			t.Errorf("%s: %v, %v", c.want, set, gone)
		}
		if err := set.Valid(); err != nil {
			t.Error(err)
		}
	}
}
