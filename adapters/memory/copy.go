package memory

import (
	"maps"
	"slices"

	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
)

// What is kept shares nothing with what callers hold. Values of data points, explanations
// and screens are never changed once made, so they may be shared.

func copyLead(l *lead.Lead) *lead.Lead {
	c := *l
	c.Data = maps.Clone(l.Data)
	return &c
}

func copyRecord(r journey.Record) journey.Record {
	r.Data = maps.Clone(r.Data)
	s := &r.State
	s.Visits, s.Wanted, s.Participants = maps.Clone(s.Visits), maps.Clone(s.Wanted), maps.Clone(s.Participants)
	s.Decisions, s.Path = slices.Clone(s.Decisions), slices.Clone(s.Path)
	return r
}

func copyRun(r *journey.Run) *journey.Run {
	c := *r
	c.State, c.Result = slices.Clone(r.State), maps.Clone(r.Result)
	return &c
}

func copyRuns(runs []*journey.Run) []*journey.Run {
	out := make([]*journey.Run, len(runs))
	for i, r := range runs {
		out[i] = copyRun(r)
	}
	return out
}

// shownRun is a run for those who read: without the connector's state.
func shownRun(r *journey.Run) *journey.Run {
	c := copyRun(r)
	c.State = nil
	return c
}

func copyEvent(e event.Event) event.Event {
	e.Data = maps.Clone(e.Data)
	return e
}
