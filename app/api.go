package app

import (
	"net/http"

	"github.com/kohomai/kohomai/adapters/auth"
	"github.com/kohomai/kohomai/adapters/connectapi"
	"github.com/kohomai/kohomai/adapters/docsite"
	"github.com/kohomai/kohomai/adapters/observe"
	"github.com/kohomai/kohomai/adapters/rest"
	"github.com/kohomai/kohomai/docs"
)

// API is the HTTP face: REST under /api/v1, Connect beside it, and the pages of browsers.
func (a *App) API(publicURL, frontURL string) (http.Handler, error) {
	a.links.set(frontURL, publicURL)
	a.Webhooks.links.set(frontURL, publicURL)
	site, err := a.site(publicURL, frontURL)
	if err != nil {
		return nil, err
	}
	procedures := connectapi.Handler(connectapi.Options{
		Engine: a.Engine, Directory: a.Directory, Journeys: a.journeys, Watching: a.Watching, Events: a.journeys, Leads: a.leads, Users: a.Readers, Keys: a.Workspaces, Funnels: a.funnels,
		Funnel: a.Funnels, Webhooks: a.Webhooks.Service, Hooks: a.Webhooks.reader, DataPoints: a.Directory, Catalog: a.Connectors, Standings: a.Connectors,
		Setup: a.setup, Providers: a.providers, Unicode: a.Unicode, FrontURL: frontURL, Now: a.Now,
		Log: a.Config.Log, Accounts: a.People.Accounts, Console: site.office, Mails: a.People.Mails,
		Visitors: a.People.Sessions, Front: site.leads,
	})
	exchanges, err := docs.Exchanges(docs.Files)
	if err != nil {
		return nil, err
	}
	mapper, err := rest.New(rest.Options{
		Examples: examples(exchanges),
		Connect:  procedures, Services: connectapi.Services(), PublicURL: publicURL, YAML: toJSON, Log: a.Config.Log,
	})
	if err != nil {
		return nil, err
	}
	refuse := func(w http.ResponseWriter, r *http.Request, err error) { rest.WriteProblem(w, r, publicURL, err) }
	mux := http.NewServeMux()
	mux.Handle("/", mapper)
	manual, err := documentation(exchanges, mapper.OpenAPI(), publicURL)
	if err != nil {
		return nil, err
	}
	for _, path := range []string{docsite.Prefix, docsite.Prefix + "/"} {
		mux.Handle(path, manual)
	}
	for _, name := range append(connectapi.ConsoleServices(), connectapi.FrontService) {
		mux.Handle("/"+name+"/", procedures)
	}
	limited := auth.NewLimiter(a.Config.Rate, a.Now).Middleware(observe.Routes(mux, routeName()), mapper.Refuse)
	pages, err := site.handler(a.Keys.Middleware(a.Keys.Lasting(limited, streams), mapper.Refuse), refuse)
	if err != nil {
		return nil, err
	}
	return a.outside(a.besidePages(pages, refuse)), nil
}
