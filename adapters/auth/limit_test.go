package auth

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
)

func TestLimiter(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	l := NewLimiter(Limit{PerSecond: 10, Burst: 20}, func() time.Time { return now })
	var refused *fault.Error
	h := l.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), func(_ http.ResponseWriter, _ *http.Request, err error) {
		refused = fault.As(err)
	})
	ask := func(a actor.Actor) http.Header {
		refused = nil
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil).WithContext(actor.With(context.Background(), a)))
		return w.Header()
	}
	one, other := actor.Actor{Kind: actor.APIKey, Key: 1}, actor.Actor{Kind: actor.APIKey, Key: 2}
	for i := range 20 {
		if ask(one); refused != nil {
			t.Fatalf("request %d was refused", i)
		}
	}
	header := ask(one)
	if refused == nil || refused.Kind != fault.Limited || refused.Code != "rate_limited" || refused.RetryAfter != 100*time.Millisecond {
		t.Fatalf("%v", refused)
	}
	if header.Get("Ratelimit") != `"key";r=0;t=2` || header.Get("Ratelimit-Policy") != `"key";q=20;w=2` {
		t.Errorf("%v", header)
	}
	if ask(other); refused != nil {
		t.Error("another key pays for the first")
	}
	for _, a := range []actor.Actor{{}, {Kind: actor.Console, User: 7}} {
		if header := ask(a); refused != nil || header.Get("Ratelimit") != "" {
			t.Errorf("%v is limited", a)
		}
	}
	now = now.Add(500 * time.Millisecond)
	for i := range 5 {
		if ask(one); refused != nil {
			t.Errorf("request %d after half a second was refused", i)
		}
	}
	if ask(one); refused == nil {
		t.Error("a sixth was taken")
	}
	now = now.Add(time.Hour)
	if header := ask(one); header.Get("Ratelimit") != `"key";r=19;t=1` {
		t.Errorf("the bucket overflows: %v", header)
	}
	for key := range mostBuckets + 10 {
		l.take(ident.Key(100 + key))
	}
	if len(l.buckets) > mostBuckets {
		t.Errorf("%d buckets", len(l.buckets))
	}
}

func TestParseLimit(t *testing.T) {
	for text, want := range map[string]Limit{"off": {}, "50": {50, 100}, "50/60": {50, 60}} {
		if got, err := ParseLimit(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "100/50", "a", "1/b", "100/"} {
		if got, err := ParseLimit(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}
