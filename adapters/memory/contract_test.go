package memory_test

import (
	"testing"
	"time"

	"github.com/kohomai/kohomai/adapters/memory"
	"github.com/kohomai/kohomai/core/engine/enginetest"
	"github.com/kohomai/kohomai/core/funnel/funneltest"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/session"
	"github.com/kohomai/kohomai/core/workspace"
)

func TestStores_Contract(t *testing.T) {
	t.Parallel()
	enginetest.TestStores(t, func(t *testing.T) *enginetest.House {
		db := memory.New(time.Now)
		db.AddWorkspace(workspace.Workspace{ID: 1, Name: "One", Sandbox: true}, funneltest.Policy)
		db.AddWorkspace(workspace.Workspace{ID: 2, Name: "Two"}, funneltest.Policy)
		members := []ident.User{31, 32, 33}
		for _, m := range members {
			db.AddMember(1, funneltest.Policy, m)
		}
		plan := funneltest.Plan(t, enginetest.Definition).For(5, 1)
		db.Publish(1, plan)
		db.AddOrigin(workspace.Origin{ID: 6, Workspace: 1, Funnel: 5, Name: "API", Ref: "api"})
		return &enginetest.House{
			Work: db.Engine(), IDs: db, One: 1, Two: 2, Plan: plan, Origin: 6, Members: members,
			Journeys: memory.NewJourneys(db), Log: memory.NewJourneys(db), Leads: memory.NewLeads(db), Directory: memory.NewDirectory(db),
			Sweeper: memory.NewSweeper(db), Calls: memory.NewCalls(db), Remindings: memory.NewRemindings(db),
			Links:  func(*testing.T) []session.Link { return db.Links(1) },
			Offset: func(_ *testing.T, d time.Duration) { db.SetClockOffset(1, d) },
		}
	})
}
