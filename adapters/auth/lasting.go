package auth

import (
	"context"
	"net/http"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
)

// visitStreams is how long a stream under a cookie lasts; its page opens the next one, and
// is asked again who it is.
const visitStreams = 5 * time.Minute

// Lasting ends requests that stay open when who asked may no longer ask: under an API key
// within six seconds after the key is revoked or expires, under a cookie after five
// minutes. It stands behind Middleware; lasts tells which requests stay open.
func (a *Authenticator) Lasting(next http.Handler, lasts func(*http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := actor.From(r.Context())
		if who.Kind == actor.None || !lasts(r) {
			next.ServeHTTP(w, r)
			return
		}
		ctx, end := context.WithCancelCause(r.Context())
		defer end(nil)
		if who.Kind == actor.APIKey {
			go a.guard(ctx, r.Header.Get("Authorization"), end)
		} else {
			timer := time.AfterFunc(visitStreams, func() {
				end(fault.New(fault.Unavailable, "unavailable", "This stream has lasted long enough.").Retry(time.Second))
			})
			defer timer.Stop()
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// guard ends a request once its key is refused. A database that is away refuses nobody.
func (a *Authenticator) guard(ctx context.Context, header string, end context.CancelCauseFunc) {
	ticker := time.NewTicker(keepKeys / 10)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if _, err := a.bearer(ctx, header); fault.Is(err, fault.Unauthenticated) {
				end(err)
				return
			}
		case <-ctx.Done():
			return
		}
	}
}
