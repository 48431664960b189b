package app

import "github.com/kohomai/kohomai/adapters/pg"

// handleHousekeeping adds the periodic work on the tables themselves: the event log gets its coming
// months, and what was kept long enough is deleted.
func (a *App) handleHousekeeping() {
	a.Jobs.Every(pg.MonthsEvery, nil, pg.NewMonths(a.Database.DB, a.Now).Make)
	a.Jobs.Every(pg.RetainEvery, nil, pg.NewRetention(a.Database.DB, a.Now).Forget)
}
