package auth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kohomai/kohomai/adapters/auth"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/workspace"
)

// revocable finds one key until it is revoked.
type revocable struct {
	keys
	key     workspace.Key
	revoked atomic.Bool
}

func (r *revocable) Key(context.Context, string) (workspace.Key, bool, error) {
	k := r.key
	if r.revoked.Load() {
		k.RevokedAt = time.Unix(1, 0)
	}
	return k, true, nil
}

func TestAuthenticator_Lasting(t *testing.T) {
	t.Parallel()
	refuse := func(http.ResponseWriter, *http.Request, error) { t.Error("refused") }
	streams := func(r *http.Request) bool { return r.URL.Path == "/stream" }
	synctest.Test(t, func(t *testing.T) {
		secret, lookup, hash, err := auth.Credentials{}.Key(workspace.Test)
		if err != nil {
			t.Fatal(err)
		}
		store := &revocable{key: workspace.Key{ID: 3, Workspace: 1, Lookup: lookup, Hash: hash}}
		a := auth.NewAuthenticator(store, time.Now)
		ended := make(chan error)
		held := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			ended <- context.Cause(r.Context())
		})
		handler := a.Middleware(a.Lasting(held, streams), refuse)
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/stream", nil)
		r.Header.Set("Authorization", "Bearer "+secret)
		go handler.ServeHTTP(httptest.NewRecorder(), r)
		select {
		case err := <-ended:
			t.Fatalf("ended under a good key: %v", err)
		case <-time.After(time.Hour):
		}
		store.revoked.Store(true)
		began := time.Now()
		if err := <-ended; !fault.Is(err, fault.Unauthenticated) || time.Since(began) > 6*time.Second {
			t.Errorf("ended %v after the key was revoked: %v", time.Since(began), err)
		}

		// Somebody signed in by cookie.
		r = httptest.NewRequestWithContext(actor.With(t.Context(), actor.Actor{Kind: actor.Console, Workspace: 1, User: 2}), "GET", "/stream", nil)
		go handler.ServeHTTP(httptest.NewRecorder(), r)
		began = time.Now()
		if err := <-ended; !fault.Is(err, fault.Unavailable) || time.Since(began) != 5*time.Minute {
			t.Errorf("ended after %v: %v", time.Since(began), err)
		}

		// What does not last is left alone.
		plain := a.Lasting(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.Context().Err() != nil {
				t.Error("ended at once")
			}
		}), streams)
		plain.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/other", nil))
	})
}
