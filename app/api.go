package app

import (
	"context"
	"net/http"
	"time"

	"github.com/kohomai/kohomai/adapters/connectapi"
	"github.com/kohomai/kohomai/adapters/rest"
	"github.com/kohomai/kohomai/core/fault"
)

// API is the HTTP face: REST under /api/v1, Connect beside it, and the pages of browsers.
func (a *App) API(publicURL, frontURL string) (http.Handler, error) {
	site, err := a.site(publicURL, frontURL)
	if err != nil {
		return nil, err
	}
	procedures := connectapi.Handler(connectapi.Options{
		Engine: a.Engine, Directory: a.Directory, Journeys: a.journeys, Leads: a.leads, Users: a.Readers, Funnels: a.funnels,
		Funnel: a.Funnels, DataPoints: a.Directory, Catalog: a.catalog, Unicode: a.Unicode, FrontURL: frontURL, Now: a.Now,
		Log: a.Config.Log, Accounts: a.People.Accounts, Console: site.office, Mails: a.People.Mails,
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
	for _, name := range append(connectapi.ConsoleServices(), connectapi.FrontService) {
		mux.Handle("/"+name+"/", procedures)
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
	return site.handler(a.Keys.Middleware(mux, refuse), refuse)
}
