package app

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/kohomai/kohomai/adapters/connectapi"
	"github.com/kohomai/kohomai/adapters/observe"
	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/migrations"
)

// horizonEvery is how often the event horizon is looked at, so that its age is known when
// somebody asks.
const horizonEvery = 5 * time.Second

// figures reads what observe publishes.
type figures struct{ db *pg.Figures }

// Standing implements observe.Figures.
func (f figures) Standing(ctx context.Context) (s observe.Standing, err error) {
	if s.Jobs, s.DueJourneys, s.OpenCalls, err = f.db.Count(ctx, migrations.QueueSchema); err != nil {
		return s, err
	}
	s.HorizonAge, err = f.db.Horizon(ctx)
	return s, err
}

func newMetrics(db *pg.Figures) *observe.Metrics {
	version, commit := build()
	return observe.NewMetrics(figures{db}, version, commit)
}

// watchHorizon samples the event horizon until the context ends.
func (a *App) watchHorizon(ctx context.Context) {
	ticker := time.NewTicker(horizonEvery)
	defer ticker.Stop()
	for {
		// A database that is away is told by others.
		_, _ = a.figures.Horizon(ctx)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// routeName tells the figures which route took a request: its pattern, or the procedure.
func routeName() func(r *http.Request) string {
	procedures := map[string]bool{}
	for _, s := range connectapi.Services() {
		for i := range s.Methods().Len() {
			procedures["/"+string(s.FullName())+"/"+string(s.Methods().Get(i).Name())] = true
		}
	}
	return func(r *http.Request) string {
		if procedures[r.URL.Path] {
			return r.URL.Path
		}
		if _, path, spaced := strings.Cut(r.Pattern, " "); spaced {
			return path
		}
		return strings.TrimSuffix(r.Pattern, "/")
	}
}
