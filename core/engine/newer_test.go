package engine

import (
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
)

func TestBatch_KeepsTheLaterJourneyOfALead(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	one := func(id ident.Journey, s journey.Status, at time.Time) journey.Record {
		return journey.Record{ID: id, Lead: 1, Funnel: 2, Status: s, CreatedAt: at}
	}
	for _, c := range []struct {
		name         string
		newer, older journey.Record
	}{
		{"a lower id of another node's block", one(5, journey.InProgress, noon.Add(time.Second)), one(9000, journey.InProgress, noon)},
		{"of one moment the higher id", one(6, journey.Converted, noon), one(5, journey.Cancelled, noon)},
		{"an open one before a later one", one(5, journey.Blocked, noon), one(9000, journey.Cancelled, noon.Add(time.Hour))},
	} {
		for _, order := range [][]journey.Record{{c.newer, c.older}, {c.older, c.newer}} {
			b := &batch{journeys: map[ident.Journey]*journey.Journey{}, newest: map[LeadFunnel]*journey.Journey{}}
			for _, r := range order {
				b.keep(journey.Load(r, nil))
			}
			if got := b.newest[LeadFunnel{Lead: 1, Funnel: 2}].Record().ID; got != c.newer.ID {
				t.Errorf("%s: %d, want %d", c.name, got, c.newer.ID)
			}
		}
	}
}
