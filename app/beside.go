package app

import (
	"embed"
	"net/http"

	"github.com/kohomai/kohomai/adapters/callbacks"
)

//go:embed media/welcome.webm media/welcome.vtt
var media embed.FS

// besidePages puts what neither cookies nor keys concern beside the pages and the API: the
// door of providers' callbacks, and the media of the demo.
func (a *App) besidePages(pages http.Handler, refuse refusal) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.Handle(callbacks.Path, callbacks.Handler(callbacks.Options{
		Runs: a.callbacks, Engine: a.Engine, Catalog: a.Connectors, Refuse: refuse, Now: a.Now, Log: a.Config.Log,
	}))
	files := http.FileServerFS(media)
	types := map[string]string{"/media/welcome.webm": "video/webm", "/media/welcome.vtt": "text/vtt; charset=utf-8"}
	for path, kind := range types {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Type", kind)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Cache-Control", "public, max-age=3600")
			files.ServeHTTP(w, r)
		})
	}
	return mux
}
