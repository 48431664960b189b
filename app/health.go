package app

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// outside is what stands before every host: the client's own address behind proxies, the
// figures of requests, and what operators ask.
func (a *App) outside(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", a.Metrics.Requests(next, a.Now))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", a.readyz)
	if a.Config.MetricsAddr == "" {
		mux.Handle("GET /metrics", a.Metrics.Handler())
	}
	return behindProxies(mux, a.Config.Proxies)
}

// readyz says whether to send requests here: not while draining, not without a database.
func (a *App) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	switch {
	case a.draining.Load():
		plain(w, http.StatusServiceUnavailable, "draining")
	case a.Database.DB.Ping(ctx) != nil:
		plain(w, http.StatusServiceUnavailable, "the database does not answer")
	default:
		plain(w, http.StatusOK, "ready")
	}
}

func plain(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // the caller is gone if this fails
}

// behindProxies makes RemoteAddr the client's: the last address of X-Forwarded-For that is
// no trusted proxy, when the connection comes from one. Nobody else's header is believed.
func behindProxies(next http.Handler, trusted []netip.Prefix) http.Handler {
	if len(trusted) == 0 {
		return next
	}
	trusts := func(a netip.Addr) bool {
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if at, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && trusts(at.Addr().Unmap()) {
			hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
			for _, hop := range slices.Backward(hops) {
				client, err := netip.ParseAddr(strings.TrimSpace(hop))
				if err != nil {
					break // what stands before a broken entry is worth nothing
				}
				r.RemoteAddr = net.JoinHostPort(client.Unmap().String(), "0")
				if !trusts(client.Unmap()) {
					break
				}
			}
		}
		next.ServeHTTP(w, r)
	})
}
