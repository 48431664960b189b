package memory

import (
	"context"
	"strings"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
)

// Remindings is engine.Remindings. It knows leads only, so nobody is of the back-office.
type Remindings struct{ db *DB }

// NewRemindings makes the reader.
func NewRemindings(db *DB) Remindings { return Remindings{db} }

// Reminding implements engine.Remindings.
func (r Remindings) Reminding(ctx context.Context, id ident.Run) (engine.Reminding, error) {
	return looked(ctx, r.db, func(t *tenant) (engine.Reminding, error) {
		run := t.run(id)
		if run == nil || run.Status != journey.RunInProgress || t.leads[run.Assignee.User] == nil {
			return engine.Reminding{}, notFound()
		}
		switch run.WaitingOn {
		case activity.Lead, activity.Team, activity.Stakeholder:
		case activity.Nobody, activity.Provider, activity.System:
			return engine.Reminding{}, notFound()
		}
		s := t.summary(t.journeys[run.Journey])
		of := func(n journey.Name) string { return strings.TrimSpace(n.Firstname + " " + n.Lastname) }
		who := t.name(run.Assignee.User)
		w := engine.Reminding{
			Run: id, Journey: run.Journey, Activity: run.Name, Funnel: s.FunnelName, Workspace: t.workspace.Name, Sandbox: t.workspace.Sandbox,
			To: who.Email, Name: of(who), Of: of(s.Lead), DueAt: run.DueAt,
		}
		if w.Of == "" {
			w.Of = s.Lead.Email
		}
		return w, nil
	})
}
