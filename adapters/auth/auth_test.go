package auth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kohomai/kohomai/adapters/auth"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/workspace"
)

func TestKey_round_trip(t *testing.T) {
	t.Parallel()
	secret, lookup, hash, err := auth.Credentials{}.Key(workspace.Test)
	if err != nil || !strings.HasPrefix(secret, "koh_test_") {
		t.Fatalf("%q, %v", secret, err)
	}
	if got, ok := auth.ParseKey(secret); !ok || got != lookup {
		t.Errorf("parsed %q, %v", got, ok)
	}
	if !auth.Matches(secret, hash) || auth.Matches(secret+"x", hash) {
		t.Error("the hash matches wrongly")
	}
	broken := secret[:len(secret)-1] + "0"
	if broken == secret {
		broken = secret[:len(secret)-1] + "1"
	}
	for _, bad := range []string{"", "koh", broken, "koh_test_" + lookup, strings.ToUpper(secret)} {
		if _, ok := auth.ParseKey(bad); ok {
			t.Errorf("%q was taken for a key", bad)
		}
	}
}

func TestSealer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sub", "kek")
	s, err := auth.LoadSealer(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v, %v", info, err)
	}
	sealed, err := s.Seal([]byte("secret"), "here")
	if err != nil || strings.Contains(string(sealed), "secret") {
		t.Fatalf("%q, %v", sealed, err)
	}
	again, err := auth.LoadSealer(path)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := again.Open(sealed, "here"); err != nil || string(plain) != "secret" {
		t.Errorf("%q, %v", plain, err)
	}
	if _, err := again.Open(sealed, "there"); err == nil {
		t.Error("it opened in another place")
	}
}

type keys struct {
	key workspace.Key
}

func (k keys) Key(_ context.Context, lookup string) (workspace.Key, bool, error) {
	if lookup != k.key.Lookup {
		return workspace.Key{}, false, fault.New(fault.NotFound, "not_found", "No.")
	}
	return k.key, true, nil
}

func TestAuthenticator(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	secret, lookup, hash, _ := auth.Credentials{}.Key(workspace.Test)
	other, _, _, _ := auth.Credentials{}.Key(workspace.Test)
	key := workspace.Key{Workspace: 7, Name: "k", Lookup: lookup, Hash: hash, Scopes: []string{"leads:write"}}
	expired := key
	expired.ExpiresAt = now
	revoked := key
	revoked.RevokedAt = now.Add(-time.Second)
	for name, c := range map[string]struct {
		key    workspace.Key
		header string
		want   int
	}{
		"good":    {key, "Bearer " + secret, 200},
		"none":    {key, "", 204},
		"unknown": {key, "Bearer " + other, 401},
		"no key":  {key, "Bearer hello", 401},
		"scheme":  {key, "Basic " + secret, 401},
		"expired": {expired, "Bearer " + secret, 401},
		"revoked": {revoked, "Bearer " + secret, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := auth.NewAuthenticator(keys{c.key}, func() time.Time { return now })
			handler := a.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if actor.From(r.Context()).Workspace != 7 {
					w.WriteHeader(http.StatusNoContent)
				}
			}), func(w http.ResponseWriter, _ *http.Request, err error) {
				if !fault.Is(err, fault.Unauthenticated) {
					t.Errorf("refused with %v", err)
				}
				w.WriteHeader(http.StatusUnauthorized)
			})
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			if c.header != "" {
				r.Header.Set("Authorization", c.header)
			}
			handler.ServeHTTP(w, r)
			if w.Code != c.want {
				t.Errorf("got %d, want %d", w.Code, c.want)
			}
		})
	}
}
