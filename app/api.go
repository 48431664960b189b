package app

import (
	"context"
	"net/http"
	"time"

	"github.com/kohomai/kohomai/adapters/auth"
	"github.com/kohomai/kohomai/adapters/connectapi"
	"github.com/kohomai/kohomai/adapters/rest"
	"github.com/kohomai/kohomai/core/fault"
)

// API is the HTTP face: REST under /api/v1, Connect beside it.
func (a *App) API(publicURL, frontURL string) (http.Handler, error) {
	procedures := connectapi.Handler(connectapi.Options{
		Engine: a.Engine, Directory: a.Directory, Journeys: a.journeys, Leads: a.leads, Users: a.Readers, Funnels: a.funnels,
		Funnel: a.Funnels, DataPoints: a.Directory, Catalog: a.catalog, Unicode: a.Unicode, FrontURL: frontURL, Now: a.Now,
		Log: a.Config.Log,
	})
	mapper, err := rest.New(rest.Options{
		Connect: procedures, Services: connectapi.Services(), PublicURL: publicURL, YAML: toJSON,
	})
	if err != nil {
		return nil, err
	}
	refuse := func(w http.ResponseWriter, r *http.Request, err error) { rest.WriteProblem(w, r, publicURL, err) }
	mux := http.NewServeMux()
	mux.Handle("/", mapper)
	for _, s := range connectapi.Services() {
		mux.Handle("/"+string(s.FullName())+"/", procedures)
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if err := a.Database.DB.Ping(ctx); err != nil {
			refuse(w, r, fault.New(fault.Unavailable, "unavailable", "The database does not answer now.").Retry(time.Second))
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
	return identified(a.Keys.Middleware(mux, refuse)), nil
}

// identified gives every answer its Request-Id and the headers that keep browsers safe.
func identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Request-Id", "req_"+auth.UUID{}.Token())
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}
