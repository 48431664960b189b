package auth_test

import (
	"context"
	"errors"
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

func (keys) Used(context.Context, string) error { return nil }

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

type counted struct {
	keys
	asked, used int
}

func (c *counted) Used(context.Context, string) error {
	c.used++
	return errors.New("the database is away") // and nobody is refused for it
}

func (c *counted) Key(ctx context.Context, lookup string) (workspace.Key, bool, error) {
	c.asked++
	return c.keys.Key(ctx, lookup)
}

func TestAuthenticator_believes_a_key_for_five_seconds(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	secret, lookup, hash, _ := auth.Credentials{}.Key(workspace.Live)
	store := &counted{keys: keys{workspace.Key{Workspace: 7, Lookup: lookup, Hash: hash}}}
	a := auth.NewAuthenticator(store, func() time.Time { return now })
	call := func() int {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", "Bearer "+secret)
		a.Middleware(http.NotFoundHandler(), func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.WriteHeader(http.StatusUnauthorized)
		}).ServeHTTP(w, r)
		return w.Code
	}
	call()
	store.key.RevokedAt = now
	if now = now.Add(4999 * time.Millisecond); call() != http.StatusNotFound || store.asked != 1 {
		t.Errorf("asked %d times within five seconds", store.asked)
	}
	if now = now.Add(time.Millisecond); call() != http.StatusUnauthorized || store.asked != 2 {
		t.Errorf("a revoked key still works after five seconds; asked %d times", store.asked)
	}
}

func TestAuthenticator_notes_the_use_once_a_minute(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	secret, lookup, hash, _ := auth.Credentials{}.Key(workspace.Live)
	store := &counted{keys: keys{workspace.Key{Workspace: 7, Lookup: lookup, Hash: hash}}}
	a := auth.NewAuthenticator(store, func() time.Time { return now })
	for range 130 { // seconds
		if _, err := a.Check(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Second)
	}
	if store.used != 3 {
		t.Errorf("noted %d times in 130 seconds", store.used)
	}
	other, _, _, _ := auth.Credentials{}.Key(workspace.Live)
	if _, err := a.Check(t.Context(), other); err == nil || store.used != 3 {
		t.Error("a key that is none was noted")
	}
}

func TestSealer_keys_are_rotated(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kek")
	old, err := auth.LoadSealer(path)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := old.Seal([]byte("secret"), "here")
	if err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fresh := strings.Repeat("5e", 32) + "\n"
	if err := os.WriteFile(path, append([]byte(fresh), first...), 0o600); err != nil {
		t.Fatal(err)
	}
	both, err := auth.LoadSealer(path)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := both.Open(sealed, "here"); err != nil || string(plain) != "secret" {
		t.Errorf("what the earlier key sealed: %q, %v", plain, err)
	}
	again, err := both.Seal([]byte("secret"), "here")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Open(again, "here"); err == nil {
		t.Error("the new key did not seal")
	}
	for i := range again {
		again[i] ^= 1
		if _, err := both.Open(again, "here"); err == nil {
			t.Errorf("it opened with byte %d changed", i)
		}
		again[i] ^= 1
	}
	for _, short := range [][]byte{nil, {1}, again[:21], again[:len(again)-1]} {
		if _, err := both.Open(short, "here"); err == nil {
			t.Errorf("%d bytes opened", len(short))
		}
	}
}

func TestLoadSealer_refuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty": "\n", "short": "5e5e\n", "no digits": strings.Repeat("zz", 32), "a broken second line": strings.Repeat("5e", 32) + "\nx\n",
	} {
		path := filepath.Join(t.TempDir(), "kek")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := auth.LoadSealer(path); err == nil {
			t.Errorf("%s was taken for keys", name)
		}
		if after, _ := os.ReadFile(path); string(after) != text {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

func TestLoadSealer_processes_that_start_together_share_a_key(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kek")
	made := make(chan *auth.Sealer, 8)
	for range cap(made) {
		go func() {
			s, err := auth.LoadSealer(path)
			if err != nil {
				t.Error(err)
			}
			made <- s
		}()
	}
	var sealed []byte
	for range cap(made) {
		s := <-made
		if s == nil {
			continue
		}
		if sealed == nil {
			sealed, _ = s.Seal([]byte("x"), "")
		}
		if _, err := s.Open(sealed, ""); err != nil {
			t.Errorf("they hold different keys: %v", err)
		}
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}
