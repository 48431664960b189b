package app

import "github.com/kohomai/kohomai/adapters/pg"

// handleRetention adds the periodic work that deletes what was kept long enough.
func (a *App) handleRetention() {
	a.Jobs.Every(pg.RetainEvery, nil, pg.NewRetention(a.Database.DB, a.Now).Forget)
}
