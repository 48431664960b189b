package auth

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
)

// Limit is how much an API key may ask: PerSecond in the long run, Burst at once. The zero
// value does not limit.
type Limit struct{ PerSecond, Burst int }

// DefaultLimit is what a key may ask when nothing else is configured.
var DefaultLimit = Limit{PerSecond: 100, Burst: 200}

// ParseLimit reads "100", "100/200" or "off". A burst that is not given is two seconds' worth.
func ParseLimit(text string) (Limit, error) {
	if text == "off" {
		return Limit{}, nil
	}
	rate, burst, given := strings.Cut(text, "/")
	var l Limit
	var err error
	if l.PerSecond, err = strconv.Atoi(rate); err == nil {
		l.Burst = 2 * l.PerSecond
		if given {
			l.Burst, err = strconv.Atoi(burst)
		}
	}
	if err != nil || l.PerSecond < 1 || l.PerSecond > 1_000_000 || l.Burst < l.PerSecond || l.Burst > 10_000_000 {
		return Limit{}, errors.New("expected requests a second and at once, such as 100/200, or off")
	}
	return l, nil
}

// Limiter holds API keys to a limit, each with a token bucket of its own, on this node.
// People with cookies are not limited here; sign-in has limits of its own.
type Limiter struct {
	limit  Limit
	policy string
	now    func() time.Time

	mu      sync.Mutex
	buckets map[ident.Key]bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

// mostBuckets bounds the memory; full buckets are as good as none.
const mostBuckets = 10_000

// NewLimiter makes a limiter. Now is real time.
func NewLimiter(l Limit, now func() time.Time) *Limiter {
	window := 1
	if l.PerSecond > 0 {
		window = (l.Burst + l.PerSecond - 1) / l.PerSecond
	}
	return &Limiter{
		limit: l, policy: fmt.Sprintf(`"key";q=%d;w=%d`, l.Burst, window), now: now, buckets: map[ident.Key]bucket{},
	}
}

// Middleware counts requests of API keys, says in RateLimit and RateLimit-Policy how many
// are left, and answers what is too much by refuse.
func (l *Limiter) Middleware(next http.Handler, refuse func(http.ResponseWriter, *http.Request, error)) http.Handler {
	if l.limit.PerSecond == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := actor.From(r.Context())
		if who.Kind != actor.APIKey {
			next.ServeHTTP(w, r)
			return
		}
		left, wait := l.take(who.Key)
		reset := math.Ceil((float64(l.limit.Burst) - left) / float64(l.limit.PerSecond))
		h := w.Header()
		h.Set("Ratelimit-Policy", l.policy)
		h.Set("Ratelimit", fmt.Sprintf(`"key";r=%d;t=%d`, int(max(left, 0)), int(reset)))
		if wait > 0 {
			refuse(w, r, fault.New(fault.Limited, "rate_limited", "This API key asks too much at once.").Retry(wait))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// take takes a token; wait is how long until there is one, zero when one was taken.
func (l *Limiter) take(key ident.Key) (left float64, wait time.Duration) {
	now, rate, burst := l.now(), float64(l.limit.PerSecond), float64(l.limit.Burst)
	l.mu.Lock()
	defer l.mu.Unlock()
	b, known := l.buckets[key]
	if !known {
		l.forget(now)
		b = bucket{tokens: burst, at: now}
	}
	b.tokens = min(burst, b.tokens+max(now.Sub(b.at).Seconds(), 0)*rate)
	b.at = now
	if b.tokens >= 1 {
		b.tokens--
	} else {
		wait = time.Duration(math.Ceil((1 - b.tokens) / rate * float64(time.Second)))
	}
	l.buckets[key] = b
	return b.tokens, wait
}

// forget makes room: what has been idle for long enough to be full, or all when none is.
func (l *Limiter) forget(now time.Time) {
	if len(l.buckets) < mostBuckets {
		return
	}
	full := time.Duration(float64(l.limit.Burst) / float64(l.limit.PerSecond) * float64(time.Second))
	for key, b := range l.buckets {
		if now.Sub(b.at) >= full {
			delete(l.buckets, key)
		}
	}
	if len(l.buckets) >= mostBuckets {
		clear(l.buckets)
	}
}
