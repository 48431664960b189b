package app

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/kohomai/kohomai/adapters/jobs"
	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/fault"
)

// addresses are where people reach the product. Without configuration they are known only
// once the server listens.
type addresses struct{ front, console atomic.Value }

func (a *addresses) set(front, console string) {
	a.front.Store(strings.TrimSuffix(front, "/"))
	a.console.Store(strings.TrimSuffix(console, "/"))
}

func (a *addresses) get() (front, console string) {
	front, _ = a.front.Load().(string)
	console, _ = a.console.Load().(string)
	return front, console
}

// handleLeads adds the jobs about leads and those they wait for.
func (a *App) handleLeads() error {
	front := a.Config.FrontURL
	if front == "" {
		front = a.Config.PublicURL
	}
	a.links.set(front, a.Config.PublicURL)
	reminder := engine.NewReminder(pg.NewRemindings(a.Database.DB), a.post, a.links.get, a.Now)
	return errors.Join(
		jobs.Handle(a.Jobs.Jobs, func(ctx context.Context, j engine.SpreadJob) error {
			if err := a.Engine.Spread(ctx, j); err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
			return nil
		}),
		jobs.Handle(a.Jobs.Jobs, func(ctx context.Context, j engine.RemindJob) error {
			err := reminder.Remind(ctx, j)
			if fault.Is(err, fault.Provider) {
				a.Config.Log.WarnContext(ctx, "a reminder was not delivered", "run", j.Run, "error", err)
				return nil
			}
			return err
		}),
	)
}
